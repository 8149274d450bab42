"""
The shapes of answers that are about now or about a beginning.
"""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from service.web.shapes import Count, Shape, Title


class Minute(Shape, frozen=True, kw_only=True):
    """
    A minute and the views in it.
    """

    begins: datetime
    views: Count


class PageNow(Shape, frozen=True, kw_only=True):
    """
    A page that visitors who are online viewed last.
    """

    path: str
    title: Title
    online: Count


class SourceNow(Shape, frozen=True, kw_only=True):
    """
    Where visitors who are online came from.
    """

    source: str
    channel: str
    online: Count


class Realtime(Shape, frozen=True, kw_only=True):
    """
    What is going on now, from the live counters.
    """

    site: str
    timezone: str
    as_of: datetime
    online: Count
    online_minutes: Annotated[Count, Meta(description="So long after a hit one is online.")]
    #: Visitors whose pages and sources are told: all, unless there are more than 20,000.
    online_looked_up: Count
    minutes: list[Minute]
    pages: list[PageNow]
    sources: list[SourceNow]


class Step(Shape, frozen=True, kw_only=True):
    """
    One hour of a curve.
    """

    hour: Annotated[int, Meta(ge=1, description="Since the beginning, from 1.")]
    begins: datetime
    views: Count
    views_so_far: Count


class Curve(Shape, frozen=True, kw_only=True):
    """
    How a page was read from its beginning on; a sum is null as long as its time is not over.
    """

    site: str
    timezone: str
    path: str
    title: Title
    begins: datetime | None
    first_hour_views: Count | None
    first_day_views: Count | None
    first_week_views: Count | None
    hours: list[Step]


class Snapshots(Shape, frozen=True, kw_only=True):
    """
    How far reports are behind the live counters.
    """

    site: str
    timezone: str
    #: Deltas that were added in the site's whole life.
    number: Count
    last_added: Annotated[datetime | None, Meta(description="Null: not in the last two days.")]
    age_seconds: Count | None
    added_last_hour: Count
    added_last_day: Count
    epoch: Count
    is_open: Annotated[bool | None, Meta(description="Null while Redis is away.")]
    waiting_deltas: Annotated[Count | None, Meta(description="Null while Redis is away.")]
