"""
What histories do to the sums in SQL, as whole statements: adding one, taking earlier ones back.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    Table,
    case,
    delete,
    func,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from service.archive import import_tables, schema
from service.archive.history import UNDATED

#: Days that one statement names.
_CHUNK = 500

_COUNT, _VALUE = import_tables.history_count, import_tables.history_value


def count_history(connection: Connection, site_id: int, number: int, version: int) -> None:
    """
    Everything that is staged under this number is in the days, the totals and the values.
    """
    _change(connection, site_id, [number], version, 1, None)


def take_back(
    connection: Connection, site_id: int, number: int, days: Sequence[date], version: int
) -> None:
    """
    Histories before this one add nothing to these days any more.
    """
    history = import_tables.history.c
    asked = select(history.id).where(
        history.site_id == site_id, history.id != number, history.added_ms.is_not(None)
    )
    earlier = list(connection.execute(asked).scalars())
    for chunk in _chunks(days):
        _change(connection, site_id, earlier, version, -1, chunk)
        for table in (_COUNT, _VALUE):
            gone = table.c.history_id.in_(earlier) & table.c.day.in_(chunk)
            connection.execute(delete(table).where(gone))


def keep_the_larger(connection: Connection, site_id: int, number: int) -> None:
    """
    A day that has numbers gets the larger of both: what was measured and shown never falls.
    """
    day, page, value = schema.day_count.c, schema.page.c, schema.value_count.c
    for name in schema.MEASURES:
        known = select(day[name]).where(day.site_id == site_id, day.page_id == _COUNT.c.page_id)
        _lower(connection, _COUNT, number, name, known.where(day.day == _COUNT.c.day))
    for name in ("views", "visits"):
        known = select(page[f"baseline_{name}"]).where(page.id == _COUNT.c.page_id)
        _lower(connection, _COUNT, number, name, known.where(_COUNT.c.day == UNDATED))
    for name in schema.VALUE_MEASURES:
        known = select(value[name]).where(
            value.page_id == _site_page(site_id),
            value.day == _VALUE.c.day,
            value.dimension == _VALUE.c.dimension,
            value.value_id == _VALUE.c.value_id,
        )
        _lower(connection, _VALUE, number, name, known)


def _lower(
    connection: Connection, table: Table, number: int, name: str, known: Select[tuple[int]]
) -> None:
    column, had = table.c[name], func.coalesce(known.scalar_subquery(), 0)
    left = case((had >= column, 0), else_=column - had)
    connection.execute(update(table).where(table.c.history_id == number).values({name: left}))


def _change(
    connection: Connection,
    site_id: int,
    numbers: list[int],
    version: int,
    sign: int,
    days: Sequence[date] | None,
) -> None:
    """
    What these histories have of the days, or of all days, is added to the sums, ``sign`` times.
    """
    sums = [(func.sum(_COUNT.c[m]) * sign).label(m) for m in schema.MEASURES]
    of_days = (
        select(literal(site_id).label("site_id"), _COUNT.c.day, _COUNT.c.page_id, *sums)
        .where(_these(_COUNT, numbers, days), _COUNT.c.day != UNDATED)
        .group_by(_COUNT.c.day, _COUNT.c.page_id)
    )
    _add_sums(connection, schema.day_count, of_days, schema.MEASURES)
    _change_pages(connection, numbers, version, sign, days)
    sums = [(func.sum(_VALUE.c[m]) * sign).label(m) for m in schema.VALUE_MEASURES]
    keys = [_VALUE.c.dimension, _VALUE.c.day, _VALUE.c.value_id]
    of_values = (
        select(_site_page(site_id).label("page_id"), *keys, *sums)
        .where(_these(_VALUE, numbers, days))
        .group_by(*keys)
    )
    _add_sums(connection, schema.value_count, of_values, schema.VALUE_MEASURES)


def _change_pages(
    connection: Connection, numbers: list[int], version: int, sign: int, days: Sequence[date] | None
) -> None:
    these, page = _these(_COUNT, numbers, days), schema.page.c
    changed: dict[str, Any] = {"baseline_version": version}
    for name in ("views", "visits"):
        # The sum keeps SQLite from reading a whole history again for every page.
        mine = (_COUNT.c.history_id + 0).in_(numbers) & (_COUNT.c.page_id == page.id)
        mine = mine if days is None else mine & _COUNT.c.day.in_(days)
        sums = select(func.sum(_COUNT.c[name])).where(mine)
        changed[f"history_{name}"] = page[f"history_{name}"] + sums.scalar_subquery() * sign
    touched = page.id.in_(select(_COUNT.c.page_id).where(these))
    connection.execute(update(schema.page).where(touched).values(changed))


def _add_sums(
    connection: Connection, table: Table, sums: Select[Any], measures: Sequence[str]
) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).from_select([c.name for c in sums.selected_columns], sums)
    added = {m: table.c[m] + statement.excluded[m] for m in measures}
    keys = list(table.primary_key.columns)
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=added))


def _these(table: Table, numbers: list[int], days: Sequence[date] | None) -> ColumnElement[bool]:
    of_days = true() if days is None else table.c.day.in_(days)
    return table.c.history_id.in_(numbers) & of_days


def _site_page(site_id: int) -> ScalarSelect[int]:
    page = schema.page.c
    return select(page.id).where(page.site_id == site_id, page.path == "").scalar_subquery()


def _chunks(days: Sequence[date]) -> Iterator[Sequence[date]]:
    for first in range(0, len(days), _CHUNK):
        yield days[first : first + _CHUNK]
