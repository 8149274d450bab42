"""
Pages that have moved: whose numbers stand under another path, now and from now on.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from service.archive import schema
from service.counting.deltas import Delta

#: How often a page may have moved; the library in Redis looks no further either.
MOST_MOVES = 8

#: Pages that one question names.
_CHUNK = 1_000


def pages_now(connection: Connection, pages: Collection[int]) -> dict[int, int]:
    """
    For each of these pages that has moved, the page that it is now.
    """
    now: dict[int, int] = {}
    asked = {page: page for page in pages}
    for _ in range(MOST_MOVES):
        further = _moved(connection, set(asked.values()))
        asked = {page: further[at] for page, at in asked.items() if at in further}
        if not asked:
            break
        now.update(asked)
    return now


def paths_now(connection: Connection, site_id: int, paths: Collection[str]) -> dict[str, str]:
    """
    For each of these paths of a site whose page has moved, the path that it is counted under.
    """
    page, moved = schema.page.c, dict[str, int]()
    for chunk in _chunks(list(paths)):
        asked = select(page.path, page.id).where(
            page.site_id == site_id, page.path.in_(chunk), page.moved_to.is_not(None)
        )
        moved.update((path, number) for path, number in connection.execute(asked))
    now = pages_now(connection, moved.values())
    names = paths_of(connection, now.values())
    return {path: names[now[number]] for path, number in moved.items() if number in now}


def paths_of(connection: Connection, pages: Collection[int]) -> dict[int, str]:
    """
    The paths of pages.
    """
    page, found = schema.page.c, dict[int, str]()
    for chunk in _chunks(sorted(set(pages))):
        asked = select(page.id, page.path).where(page.id.in_(chunk))
        found.update((number, path) for number, path in connection.execute(asked))
    return found


def renamed(delta: Delta, now: dict[str, str]) -> Delta:
    """
    The delta with the hits of pages that have moved under the paths that they are counted under.
    """
    if not now:
        return delta
    told = replace(delta, hits={}, moves={}, seconds={}, titles={})
    for (day, hour, what, path, values), n in delta.hits.items():
        _add(told.hits, (day, hour, what, now.get(path, path), values), n)
    for (day, hour, what, before, after), n in delta.moves.items():
        _add(told.moves, (day, hour, what, now.get(before, before), now.get(after, after)), n)
    for (day, hour, path), n in delta.seconds.items():
        _add(told.seconds, (day, hour, now.get(path, path)), n)
    told.titles.update((now.get(path, path), title) for path, title in delta.titles.items())
    return told


def paths_in(delta: Delta) -> set[str]:
    """
    Every path that a delta names.
    """
    paths = {path for _, _, _, path, _ in delta.hits} | {path for _, _, path in delta.seconds}
    paths |= {path for _, _, _, *both in delta.moves for path in both}
    return (paths | delta.titles.keys()) - {""}


def _add(rows: dict[Any, int], key: object, n: int) -> None:
    rows[key] = rows.get(key, 0) + n


def _moved(connection: Connection, pages: set[int]) -> dict[int, int]:
    page, found = schema.page.c, dict[int, int]()
    for chunk in _chunks(sorted(pages)):
        asked = select(page.id, page.moved_to).where(page.id.in_(chunk), page.moved_to.is_not(None))
        found.update((number, to) for number, to in connection.execute(asked))
    return found


def _chunks(rows: list[Any]) -> list[list[Any]]:
    return [rows[first : first + _CHUNK] for first in range(0, len(rows), _CHUNK)]
