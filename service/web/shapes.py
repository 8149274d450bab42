"""
The shapes of the reports' answers; ``/openapi.json`` is made from them.

Counts are whole numbers and have no unit in their name; anything else has. A row of one site-day
has ``visitors``; one that sums several days has ``visitor_days`` in its place, because a person
who came on two days is in it twice.
"""

from datetime import date, datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

Count = Annotated[int, Meta(ge=0)]
VisitorsOfDay = Annotated[Count | UnsetType, Meta(description="Only of one site-day.")]
VisitorDays = Annotated[
    Count | UnsetType, Meta(description="The sum of the days' visitors, when there are several.")
]
Title = Annotated[str | None, Meta(description="Null while no title is known.")]
Cursor = Annotated[
    str | None, Meta(description="Give it back as cursor to get what follows; null at the end.")
]
Percent = Annotated[float | None, Meta(description="Null when there was nothing to compare with.")]


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Anything that is answered.
    """


class Frame(Shape, frozen=True, kw_only=True):
    """
    Which site and days an answer is about.
    """

    site: str
    timezone: str
    from_: date = field(name="from")
    to: date


class Measures(Shape, frozen=True, kw_only=True):
    """
    What happened in a period.
    """

    views: Count
    visits: Count
    #: Here also over several days, where it is the same as ``visitor_days``.
    visitors: Count
    visitor_days: VisitorDays = UNSET
    bounces: int
    engaged_seconds: Count
    events: Count


class Changes(Shape, frozen=True, kw_only=True):
    """
    By how many percent a period has more than the one it is compared with.
    """

    views: Percent
    visits: Percent
    visitors: Percent
    bounces: Percent
    engaged_seconds: Percent
    events: Percent


class Compared(Measures, frozen=True, kw_only=True):
    """
    The period that another is compared with.
    """

    from_: date = field(name="from")
    to: date
    change_percent: Changes


class Totals(Frame, frozen=True, kw_only=True):
    """
    What happened in a period, and in the one that it is compared with.
    """

    views: Count
    visits: Count
    #: As in ``Measures``.
    visitors: Count
    visitor_days: VisitorDays = UNSET
    bounces: int
    engaged_seconds: Count
    events: Count
    #: Null when no comparison was asked for.
    comparison: Compared | None = None


class Interval(Shape, frozen=True, kw_only=True):
    """
    One hour, day, week or month, or what of it is in the period.
    """

    label: Annotated[
        str, Meta(description="Local: 2026-11-22T13:00, 2026-11-22, 2026-W47, 2026-11")
    ]
    begins: Annotated[datetime, Meta(description="Its first instant, with the local offset.")]
    day: date
    last_day: date
    #: The site-day's hour from its first instant; null for whole days.
    hour: Annotated[int, Meta(ge=0, le=25)] | None
    views: Count
    visits: Count
    visitors: VisitorsOfDay = UNSET
    visitor_days: VisitorDays = UNSET
    bounces: int
    engaged_seconds: Count
    events: Count


class Series(Frame, frozen=True, kw_only=True):
    """
    A period, divided.
    """

    unit: str
    series: list[Interval]


class PageRow(Shape, frozen=True, kw_only=True):
    """
    A page and all that is counted on it.
    """

    path: str
    title: Title
    views: Count
    visits: Count
    visitors: VisitorsOfDay = UNSET
    visitor_days: VisitorDays = UNSET
    entries: int
    exits: int
    bounces: int
    engaged_seconds: Count
    events: Count


class Pages(Frame, frozen=True, kw_only=True):
    """
    Pages, those with the most first.
    """

    pages: list[PageRow]
    next_cursor: Cursor


class ValueRow(Shape, frozen=True, kw_only=True):
    """
    A value of a dimension. Of an entry or exit page there are only views and visits.
    """

    value: str
    views: Count
    visits: Count
    visitors: VisitorsOfDay = UNSET
    visitor_days: VisitorDays = UNSET
    events: Count | UnsetType = UNSET


class Breakdown(Frame, frozen=True, kw_only=True):
    """
    A period by the values of a dimension.
    """

    dimension: str
    values: list[ValueRow]
    next_cursor: Cursor


class ValuePageRow(Shape, frozen=True, kw_only=True):
    """
    A page and what was counted on it under one value.
    """

    path: str
    title: Title
    views: Count
    visits: Count
    visitors: VisitorsOfDay = UNSET
    visitor_days: VisitorDays = UNSET
    events: Count


class ValuePages(Frame, frozen=True, kw_only=True):
    """
    The pages behind one value of a dimension.
    """

    dimension: str
    value: str
    pages: list[ValuePageRow]


class Filtered(Frame, frozen=True, kw_only=True):
    """
    Requests that count in no other number, by reason.
    """

    filtered: dict[str, Count]


class Problem(Shape, frozen=True, kw_only=True):
    """
    Why a question was not answered (RFC 9457).
    """

    type: str
    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    code: str
    field: str | UnsetType = UNSET
    detail: str | UnsetType = UNSET
