"""
One value of a dimension over the days of a period.
"""

from sqlalchemy import select

from service.archive import schema
from service.archive.databases import Database
from service.dimensions import Dimension
from service.reporting.asking import page_number, within
from service.reporting.breakdowns import PLACES
from service.reporting.periods import Period
from service.reporting.series import Interval, Unit, parts_of


def value_series(
    database: Database, site: str, dimension: Dimension, value: str, span: Period, unit: Unit
) -> list[Interval]:
    """
    A period of one value, the oldest first. Hours of values are not kept: those are days, too.

    Bounces and attention are not kept either and are 0.
    """
    count = schema.value_count.c
    of_value = select(schema.value.c.id).where(schema.value.c.text == value).scalar_subquery()
    with database.read() as connection:
        page = page_number(connection, site)
        asked = select(count.day, *(count[m] for m in schema.VALUE_MEASURES)).where(
            count.page_id == page,
            count.dimension == PLACES[dimension],
            within(schema.value_count, span),
            count.value_id == of_value,
        )
        rows = {row[0]: row[1:] for row in connection.execute(asked)}
    found = []
    for part in parts_of(span, Unit.DAY if unit is Unit.HOUR else unit):
        there = [rows[day] for day in part.days if day in rows]
        views, visits, visitors, events = map(sum, zip(*there, strict=True)) if there else (0,) * 4
        found.append(Interval(part.first, part.last, None, views, visits, visitors, 0, 0, events))
    return found
