"""
Adding the values of dimensions to SQL, inside their caps.

Anybody can invent values, so those of an open-ended dimension that get a name of their own are
counted for each page and day, and what is new beyond the cap counts under ``(other)``; sums stay
exact. A value that has a name keeps it. Of values that come with one delta those with the most
views are named first, so what is named does not depend on the order of hits in it. A page names
no value that the site does not name that day.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select, tuple_

from service.archive import schema
from service.archive.breakdown_rows import BreakdownRows, Value
from service.archive.databases import add_to
from service.archive.names import known_value_ids, value_ids
from service.counting.breakdowns import PLACES, Rules
from service.dimensions import OPEN, OTHER, REMOVED

#: Values that Luot itself gives; they are few, so no cap ever takes their names.
OWN = ("(none)", "(direct)", "(internal)", "(invalid)", "(unknown)", OTHER, REMOVED)

#: Pages, or rows, that one question names.
_CHUNK = 1_000

_OPEN_PLACES = frozenset(PLACES[dimension] for dimension in OPEN)

#: Number of a page, of a dimension, and a day: the values of these are counted against a cap.
_Group = tuple[int, int, date]


def add_breakdowns(
    connection: Connection, rows: BreakdownRows, pages: dict[str, int], rules: Rules
) -> None:
    """
    Every row is in SQL, under its value or under ``(other)``.

    :param pages: the number of each page
    """
    of_site = {key: values for key, values in rows.items() if not key[1]}
    refused = _refused(connection, of_site, pages, rules.values_per_site)
    _put_under_other(of_site, refused)
    of_pages = {key: values for key, values in rows.items() if key[1]}
    by_site = {(day, value) for (day, _), values in refused.items() for value in values}
    _put_under_other(
        of_pages,
        {key: {v for v in values if (key[0], v) in by_site} for key, values in of_pages.items()}
        if by_site
        else {},
    )
    refused = _refused(connection, of_pages, pages, rules.values_per_page)
    _put_under_other(of_pages, refused)
    _add(connection, rows, pages)


def _add(connection: Connection, rows: BreakdownRows, pages: dict[str, int]) -> None:
    ids = value_ids(connection, sorted({text for values in rows.values() for _, text in values}))
    counts = []
    for (label, path), values in rows.items():
        page, day = pages[path], date.fromisoformat(label)
        counts += [
            {
                "page_id": page,
                "dimension": dimension,
                "day": day,
                "value_id": ids[text],
                "views": row[0],
                "visits": row[1],
                "visitors": row[2],
                "events": row[3],
            }
            for (dimension, text), row in values.items()
        ]
    add_to(connection, schema.value_count, counts, schema.VALUE_MEASURES)


def _put_under_other(
    rows: BreakdownRows, refused: dict[tuple[str, str], Collection[Value]]
) -> None:
    """
    What is refused is added up under ``(other)``.
    """
    for key, values in refused.items():
        for dimension, text in values:
            row = rows[key].pop((dimension, text))
            other = rows[key].setdefault((dimension, OTHER), [0, 0, 0, 0])
            other[:] = [a + b for a, b in zip(other, row, strict=True)]


def _refused(
    connection: Connection, rows: BreakdownRows, pages: dict[str, int], cap: int
) -> dict[tuple[str, str], Collection[Value]]:
    """
    For each page and day the values that have no name yet and get none.
    """
    groups: dict[_Group, list[str]] = {}
    keys: dict[_Group, tuple[str, str]] = {}
    for key, values in rows.items():
        page, day = pages[key[1]], date.fromisoformat(key[0])
        for dimension, text in values:
            if dimension in _OPEN_PLACES and text not in OWN:
                groups.setdefault((page, dimension, day), []).append(text)
                keys[page, dimension, day] = key
    many = _counted(connection, groups)
    full = {g: texts for g, texts in groups.items() if many.get(g, 0) + len(texts) > cap}
    known = _known(connection, full)
    refused: dict[tuple[str, str], list[Value]] = defaultdict(list)
    for group, texts in full.items():
        of_key = rows[keys[group]]
        new = [(group[1], text) for text in texts if (group, text) not in known]
        new.sort(key=lambda value: (-of_key[value][0], -of_key[value][3], value[1]))
        refused[keys[group]] += new[max(0, cap - many.get(group, 0)) :]
    return dict(refused)


def _counted(connection: Connection, groups: Collection[_Group]) -> dict[_Group, int]:
    """
    How many values each group has in SQL, without Luot's own.
    """
    count = schema.value_count.c
    own = list(known_value_ids(connection, OWN).values())
    days = sorted({day for _, _, day in groups})
    dimensions = sorted({dimension for _, dimension, _ in groups})
    found: dict[_Group, int] = {}
    for pages in _chunks(sorted({page for page, _, _ in groups})):
        asked = (
            select(count.page_id, count.dimension, count.day, func.count())
            .where(
                count.page_id.in_(pages),
                count.dimension.in_(dimensions),
                count.day.in_(days),
                count.value_id.not_in(own),
            )
            .group_by(count.page_id, count.dimension, count.day)
        )
        found.update({(p, d, day): many for p, d, day, many in connection.execute(asked)})
    return found


def _known(connection: Connection, groups: dict[_Group, list[str]]) -> set[tuple[_Group, str]]:
    """
    Which of these values their groups have in SQL.
    """
    count = schema.value_count.c
    columns = (count.page_id, count.dimension, count.day, count.value_id)
    texts = sorted({text for texts in groups.values() for text in texts})
    ids = known_value_ids(connection, texts)
    rows = {
        (*group, ids[text]): (group, text)
        for group, texts in groups.items()
        for text in texts
        if text in ids
    }
    known = set()
    for chunk in _chunks(list(rows)):
        asked = select(*columns).where(tuple_(*columns).in_(chunk))
        known |= {rows[p, d, day, value] for p, d, day, value in connection.execute(asked)}
    return known


def _chunks(rows: list[Any]) -> Iterator[list[Any]]:
    for first in range(0, len(rows), _CHUNK):
        yield rows[first : first + _CHUNK]
