"""
What is going on at a site at this moment: the strip on top of its dashboard.
"""

from dataclasses import dataclass

from service.archive.databases import Database
from service.counting.numbers import Tally
from service.counting.presences import Presence, read_presence
from service.errors import LuotError
from service.intake.days import day_before
from service.languages import Tongue
from service.reporting.realtime import PageNow, pages_now, sources_now
from service.runtime import Shown
from service.web.charts import share
from service.web.labels import value_label
from service.web.looks import Look

#: Pages and sources that are named.
NAMED = 3


@dataclass(frozen=True, slots=True)
class Moment:
    """
    The live numbers, as far as they can be had.
    """

    #: ``None`` when there are no numbers anywhere.
    shown: Shown | None
    #: Visitors who are there; ``None`` when only Redis could say.
    online: int | None
    today: Tally
    #: Views of each of the last minutes, as heights of 100.
    minutes: tuple[float, ...]
    #: Their sum.
    views: int
    pages: tuple[PageNow, ...]
    #: What each source is called, and how many are there from it.
    sources: tuple[tuple[str, int], ...]


def moment(look: Look, database: Database, tongue: Tongue) -> Moment:
    """
    This moment at a site.
    """
    shown = look.runtime.shown(look.site, ())
    today = shown.numbers.days.get(look.today.isoformat()) if shown else None
    there = _presence(look) if shown and not shown.stale else None
    if there is None:
        return Moment(shown, None, today or Tally(), (), 0, (), ())
    most = max((views for _, views in there.minutes), default=0)
    return Moment(
        shown=shown,
        online=there.online,
        today=today or Tally(),
        minutes=tuple(share(views, most) for _, views in there.minutes),
        views=sum(views for _, views in there.minutes),
        pages=tuple(pages_now(database, look.site.id, there, NAMED)),
        sources=tuple(
            (value_label("source", row.source, tongue), row.online)
            for row in sources_now(there, NAMED)
        ),
    )


def _presence(look: Look) -> Presence | None:
    here, site = look.runtime, look.site
    now = here.clock.now_ms()
    today = site.day(now)
    yesterday = day_before(today, site.zone)
    try:
        return read_presence(here.store, site.id, today, yesterday, here.online_since_ms(), now)
    except LuotError:
        return None
