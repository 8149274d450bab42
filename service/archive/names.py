"""
Texts that are kept once and pointed to by number: paths of pages, values of dimensions.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import Column, Connection, Table, select

from service.archive import schema
from service.archive.databases import upsert
from service.counting.wire import PAIR
from service.intake.visitors import page_digest

#: Texts that one question names; SQLite and PostgreSQL take at least 32,766 bound values.
_CHUNK = 1_000


def page_ids(connection: Connection, site_id: int, paths: Collection[str]) -> dict[str, int]:
    """
    The numbers of these pages of a site; pages that are new get one.
    """
    keys = [schema.page.c.site_id, schema.page.c.path]
    return _numbers(connection, schema.page, keys, paths, {"site_id": site_id}, _digest_of)


def _digest_of(path: str) -> dict[str, str]:
    return {"digest": page_digest(path)[: PAIR[1]]}


def _nothing_more(_text: str) -> dict[str, str]:
    return {}


def value_ids(connection: Connection, texts: Collection[str]) -> dict[str, int]:
    """
    The numbers of these values; values that are new get one.
    """
    return _numbers(connection, schema.value, [schema.value.c.text], texts, {})


def known_value_ids(connection: Connection, texts: Collection[str]) -> dict[str, int]:
    """
    The numbers of those of these values that have one.
    """
    return _known(connection, schema.value, schema.value.c.text, texts, {})


def _numbers(
    connection: Connection,
    table: Table,
    keys: list[Column[Any]],
    texts: Collection[str],
    fixed: Mapping[str, Any],
    besides: Callable[[str], dict[str, str]] = _nothing_more,
) -> dict[str, int]:
    name = keys[-1]
    known = _known(connection, table, name, texts, fixed)
    missing = [text for text in texts if text not in known]
    # Sorted, so that two writers that make the same rows take them in one order.
    rows = [{**fixed, name.name: text, **besides(text)} for text in sorted(missing)]
    upsert(connection, table, rows, None, conflict=keys)
    return known | _known(connection, table, name, missing, fixed)


def _known(
    connection: Connection,
    table: Table,
    name: Column[Any],
    texts: Collection[str],
    fixed: Mapping[str, Any],
) -> dict[str, int]:
    found: dict[str, int] = {}
    for chunk in _chunks(list(texts)):
        question = select(name, table.c.id).where(name.in_(chunk))
        for column, value in fixed.items():
            question = question.where(table.c[column] == value)
        found.update((text, number) for text, number in connection.execute(question))
    return found


def _chunks(texts: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(texts), _CHUNK):
        yield texts[first : first + _CHUNK]
