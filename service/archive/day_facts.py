"""
Everything that SQL knows of pages on one site-day, read at once.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection, select

from service.archive import schema

#: Pages that one question names.
_CHUNK = 1_000


@dataclass(slots=True)
class PageDay:
    """
    A page on a day; the site is one, too.
    """

    number: int
    #: The day's measures.
    measures: list[int] = field(default_factory=lambda: [0] * len(schema.MEASURES))
    #: hour -> its measures.
    hours: dict[int, list[int]] = field(default_factory=dict)
    #: (dimension, value) -> views, visits, visitors, events.
    values: dict[tuple[int, int], list[int]] = field(default_factory=dict)

    def sums(self) -> dict[int, list[int]]:
        """
        For each dimension the sum over its values.
        """
        sums: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for (dimension, _), had in self.values.items():
            sums[dimension] = [a + b for a, b in zip(sums[dimension], had, strict=True)]
        return sums


def days_of(connection: Connection, page: int, first: date, last: date) -> list[date]:
    """
    The days of a span on which a page has numbers.
    """
    c = schema.day_count.c
    asked = select(c.day).where(c.page_id == page, c.day.between(first, last)).order_by(c.day)
    return list(connection.execute(asked).scalars())


def pages_with_value(
    connection: Connection, site_id: int, dimension: int, value: int, day: date
) -> list[int]:
    """
    The pages of a site that have a value of a dimension on a day.
    """
    of_day, of_value, page = schema.day_count.c, schema.value_count.c, schema.page.c
    asked = (
        select(of_value.page_id)
        .join(schema.day_count, of_day.page_id == of_value.page_id)
        .join(schema.page, page.id == of_value.page_id)
        .where(of_day.site_id == site_id, of_day.day == day, page.path != "")
        .where(of_value.dimension == dimension, of_value.day == day, of_value.value_id == value)
    )
    return list(connection.execute(asked).scalars())


def page_days(connection: Connection, pages: Collection[int], day: date) -> dict[int, PageDay]:
    """
    What is known of these pages on a day, for those that have numbers then.
    """
    numbers, found = sorted(pages), dict[int, PageDay]()
    for at in range(0, len(numbers), _CHUNK):
        chunk = numbers[at : at + _CHUNK]
        c = schema.day_count.c
        asked = select(c.page_id, *(c[m] for m in schema.MEASURES))
        for page, *counts in connection.execute(asked.where(c.page_id.in_(chunk), c.day == day)):
            found[page] = PageDay(page, counts)
        h = schema.hour_count.c
        asked = select(h.page_id, h.hour, *(h[m] for m in schema.MEASURES))
        rows = asked.where(h.page_id.in_(chunk), h.day == day)
        for page, hour, *counts in connection.execute(rows):
            found.setdefault(page, PageDay(page)).hours[hour] = counts
        v = schema.value_count.c
        told = select(v.page_id, v.dimension, v.value_id, *(v[m] for m in schema.VALUE_MEASURES))
        rows = told.where(v.page_id.in_(chunk), v.day == day)
        for page, dimension, value, *counts in connection.execute(rows):
            found.setdefault(page, PageDay(page)).values[dimension, value] = counts
    return found
