"""
Changes of numbers that were counted: signed rows, which are added, kept, and taken back.

Whatever a correction does is a sum of such rows, so that undoing it is adding them once more with
the other sign, and neither hits nor other corrections between the two make a difference.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select, update
from sqlalchemy import bindparam as bound

from service.archive import administration, schema
from service.archive.databases import add_to
from service.dimensions import REMOVED
from service.errors import CorrectionRefused

#: An hour that is not known: its row makes the hours of a day add up to the day.
UNKNOWN_HOUR = -1

#: Rows of a correction that stand together in one text.
_CHUNK = 2_000

#: Pages that one question names.
_PAGES = 1_000

_EIGHT, _FOUR = len(schema.MEASURES), len(schema.VALUE_MEASURES)

#: Measures that are never below zero; exits are signed while visits go on.
_NEVER_NEGATIVE = ("views", "visits", "visitors", "engaged_visits", "engaged_seconds", "events")


def _eight() -> dict[Any, list[int]]:
    return defaultdict(lambda: [0] * _EIGHT)


def _four() -> dict[Any, list[int]]:
    return defaultdict(lambda: [0] * _FOUR)


@dataclass(slots=True)
class Changes:
    """
    Signed rows. Pages and values are told by their numbers in SQL.
    """

    #: (page, day, hour) -> the measures of an hour.
    hours: dict[tuple[int, date, int], list[int]] = field(default_factory=_eight)
    #: (page, dimension, day, value) -> the measures of a value.
    values: dict[tuple[int, int, date, int], list[int]] = field(default_factory=_four)
    #: page -> views and visits of an older counter.
    baselines: dict[int, list[int]] = field(default_factory=dict)
    #: (page, page that it is counted as from now on).
    moved: list[tuple[int, int]] = field(default_factory=list)
    #: page -> measures that come to it and that Redis knew as somebody's baseline.
    untold: dict[int, list[int]] = field(default_factory=_eight)

    def add_hour(self, page: int, day: date, hour: int, measures: Iterable[int]) -> None:
        """
        These measures are added to an hour of a page, and so to its day and its total.
        """
        _add(self.hours[page, day, hour], measures)

    def add_value(
        self, page: int, dimension: int, day: date, value: int, measures: Iterable[int]
    ) -> None:
        """
        These measures are added to a value of a dimension on a page and day.
        """
        _add(self.values[page, dimension, day, value], measures)

    def days(self) -> dict[tuple[int, date], list[int]]:
        """
        (page, day) -> the measures of the day, which are those of its hours.
        """
        days = _eight()
        for (page, day, _), measures in self.hours.items():
            _add(days[page, day], measures)
        return days

    def totals(self) -> dict[int, list[int]]:
        """
        Page -> its measures in all.
        """
        totals = _eight()
        for (page, _, _), measures in self.hours.items():
            _add(totals[page], measures)
        return totals

    def taken_back(self, where: dict[int, int]) -> "Changes":
        """
        The same with the other sign.

        :param where: for a page that has moved since, the page that it is now
        """
        back = Changes()
        for (page, day, hour), measures in self.hours.items():
            back.add_hour(where.get(page, page), day, hour, [-n for n in measures])
        for (page, dimension, day, value), measures in self.values.items():
            told = where.get(page, page), dimension, day, value
            back.add_value(*told, [-n for n in measures])
        for page, (views, visits) in self.baselines.items():
            had = back.baselines.get(where.get(page, page), [0, 0])
            back.baselines[where.get(page, page)] = [had[0] - views, had[1] - visits]
        return back


def _add(row: list[int], measures: Iterable[int]) -> None:
    row[:] = [a + b for a, b in zip(row, measures, strict=True)]


def apply_changes(connection: Connection, site_id: int, changes: Changes) -> None:
    """
    Every row is added; days and totals of pages follow.

    :raises CorrectionRefused: a number would fall below zero; the caller's transaction must end
    """
    days, totals = changes.days(), changes.totals()
    hours = [{"page_id": p, "day": d, "hour": h, **_named(n)} for (p, d, h), n in _told(changes)]
    add_to(connection, schema.hour_count, hours, schema.MEASURES)
    of_days = [
        {"site_id": site_id, "day": day, "page_id": page, **_named(numbers)}
        for (page, day), numbers in days.items()
    ]
    add_to(connection, schema.day_count, of_days, schema.MEASURES)
    values = [
        {"page_id": page, "dimension": dimension, "day": day, "value_id": value}
        | dict(zip(schema.VALUE_MEASURES, numbers, strict=True))
        for (page, dimension, day, value), numbers in changes.values.items()
    ]
    add_to(connection, schema.value_count, values, schema.VALUE_MEASURES)
    _add_totals(connection, totals)
    _drop_empty(connection, totals, sorted({day for _, day in days}))
    _refuse_negative(connection, days)


def _told(changes: Changes) -> Iterator[tuple[tuple[int, date, int], list[int]]]:
    return iter(changes.hours.items())


def _named(numbers: list[int]) -> dict[str, int]:
    return dict(zip(schema.MEASURES, numbers, strict=True))


def _add_totals(connection: Connection, totals: dict[int, list[int]]) -> None:
    page = schema.page.c
    rows = [{"number": p, "v": n[0], "s": n[1], "u": n[2]} for p, n in totals.items()]
    if rows:
        connection.execute(
            update(schema.page)
            .where(page.id == bound("number"))
            .values(
                views=page.views + bound("v"),
                visits=page.visits + bound("s"),
                visitors=page.visitors + bound("u"),
            ),
            rows,
        )


def _drop_empty(connection: Connection, totals: dict[int, list[int]], days: list[date]) -> None:
    """
    Rows of these pages and days without any number are gone.
    """
    if not days:
        return
    for table, measures in (
        (schema.hour_count, schema.MEASURES),
        (schema.day_count, schema.MEASURES),
        (schema.value_count, schema.VALUE_MEASURES),
    ):
        c = table.c
        nothing = and_(*(c[m] == 0 for m in measures))
        connection.execute(
            delete(table).where(
                c.page_id == bound("page"), c.day.between(days[0], days[-1]), nothing
            ),
            [{"page": page} for page in totals],
        )


def _refuse_negative(connection: Connection, days: dict[tuple[int, date], list[int]]) -> None:
    """
    Nothing, when no page's day or hour is below zero; ``(removed)`` is, on purpose.
    """
    if not days:
        return
    page, pages = schema.page.c, sorted({number for number, _ in days})
    first, last = min(day for _, day in days), max(day for _, day in days)
    for table in (schema.day_count, schema.hour_count):
        c = table.c
        below: ColumnElement[bool] = or_(*(c[measure] < 0 for measure in _NEVER_NEGATIVE))
        if table is schema.hour_count:
            below = below & (c.hour > UNKNOWN_HOUR)
        for at in range(0, len(pages), _PAGES):
            asked = (
                select(page.path)
                .join(table, page.id == c.page_id)
                .where(page.path != REMOVED, c.page_id.in_(pages[at : at + _PAGES]))
                .where(c.day.between(first, last), below)
            )
            if (path := connection.execute(asked.limit(1)).scalar()) is not None:
                raise CorrectionRefused(
                    f"{path or 'the site'} would have fewer than 0 on a day between {first} and "
                    f"{last}: what this needs was changed since; undo later corrections first"
                )


def keep_changes(connection: Connection, correction: int, changes: Changes) -> None:
    """
    The rows stand in SQL with their correction.
    """
    rows: list[list[Any]] = [["m", *pair] for pair in changes.moved]
    rows += [["b", page, *numbers] for page, numbers in changes.baselines.items()]
    rows += [["h", p, d.isoformat(), h, *n] for (p, d, h), n in changes.hours.items()]
    rows += [["v", p, x, d.isoformat(), v, *n] for (p, x, d, v), n in changes.values.items()]
    told = [
        {"correction_id": correction, "place": place, "rows": json.dumps(rows[at : at + _CHUNK])}
        for place, at in enumerate(range(0, len(rows), _CHUNK))
    ]
    if told:
        connection.execute(insert(administration.correction_change), told)


def kept_changes(connection: Connection, correction: int) -> Changes:
    """
    The rows that a correction added.
    """
    kept, changes = administration.correction_change.c, Changes()
    asked = select(kept.rows).where(kept.correction_id == correction).order_by(kept.place)
    for text in connection.execute(asked).scalars().all():
        for kind, *told in json.loads(text):
            if kind == "m":
                changes.moved.append((told[0], told[1]))
            elif kind == "b":
                changes.baselines[told[0]] = told[1:]
            elif kind == "h":
                changes.add_hour(told[0], date.fromisoformat(told[1]), told[2], told[3:])
            else:
                day = date.fromisoformat(told[2])
                changes.add_value(told[0], told[1], day, told[3], told[4:])
    return changes
