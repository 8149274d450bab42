"""
The line of notices on the dashboard: what a reader of the numbers should know first.

Any part of Luot may have something to say: it adds a function with ``add_notices``, which is
asked for each page of the dashboard and should be quick.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import gettext as _

from service.archive.databases import Database
from service.clock import instant
from service.intake.days import day_of
from service.reporting.facts import notes
from service.reporting.moves import first_measured, histories_of
from service.reporting.notices import moving_notices
from service.reporting.periods import Period
from service.runtime import Shown
from service.web.looks import Look
from service.web.tongues import speaking

#: Views that SQL may lack before that is said: more than a minute of a busy site has.
WAITING_SECONDS = 300

#: Days from the first measured one on which the move is explained.
MOVING_DAYS = 30


@dataclass(frozen=True, slots=True)
class Notice:
    """
    A sentence, and whether somebody has to do something about it.
    """

    text: str
    is_warning: bool = False


@dataclass(frozen=True, slots=True)
class Glance:
    """
    What is on the page that notices are asked for.
    """

    look: Look
    span: Period
    #: The live numbers; ``None`` when there are none.
    shown: Shown | None
    #: When something was last added to SQL, in ms since 1970.
    added_ms: int | None
    #: All views that SQL has measured.
    views: int
    database: Database


Source = Callable[[Glance], Iterable[Notice]]


def stale_numbers(glance: Glance) -> Iterable[Notice]:
    """
    Redis is away, or the scheduler is late.
    """
    if glance.shown is None or glance.shown.stale:
        yield Notice(
            _("The live numbers cannot be read at this moment; hits are kept and counted later."),
            is_warning=True,
        )
        return
    waiting = glance.shown.numbers.total.views - glance.views
    now = glance.look.runtime.clock.now_ms()
    if waiting <= 0 or now - (glance.added_ms or 0) < WAITING_SECONDS * 1000:
        return
    if glance.added_ms is None:
        told = _("%(number)s views have not reached the reports yet. Is the scheduler running?")
        yield Notice(told % {"number": speaking().number(waiting)}, is_warning=True)
        return
    at = instant(glance.added_ms).astimezone(glance.look.site.zone)
    told = _("The reports end at %(time)s; %(number)s views wait. Is the scheduler running?")
    words = {"time": f"{at.hour:02}:{at.minute:02}", "number": speaking().number(waiting)}
    yield Notice(told % words, is_warning=True)


def first_steps(glance: Glance) -> Iterable[Notice]:
    """
    Nothing was counted or taken over yet: what makes a page count.
    """
    shown = glance.shown
    if shown is None or shown.stale or glance.views:
        return
    if shown.numbers.total.views or shown.numbers.baseline_views:
        return
    told = _(
        "No page has been viewed yet. %(snippet)s prints what to paste into pages, and "
        "%(doctor)s follows a test hit to these reports."
    )
    site = glance.look.site.id
    words = {"snippet": f"luot snippet --site {site}", "doctor": f"luot doctor --site {site}"}
    yield Notice(told % words)


def undeclared_proxy(glance: Glance) -> Iterable[Notice]:
    """
    Nearly all hits come from one address, which is no reader's.
    """
    if glance.look.runtime.proxies.is_told():
        told = _(
            "Nine of ten hits come from one private address, as if a proxy stood in front that "
            "the setting %(setting)s does not count. Until it does, readers are told apart by "
            "their browsers alone."
        )
        yield Notice(told % {"setting": "trusted_proxies"}, is_warning=True)


def moves(glance: Glance) -> Iterable[Notice]:
    """
    The day on which an older counter's numbers were taken over.
    """
    zone = glance.look.site.zone
    begins, ends = day_of(glance.span.first, zone).start_ms, day_of(glance.span.last, zone).end_ms
    told: set[date] = set()
    for note in notes(glance.database, glance.look.site.id, begins, ends):
        day = instant(note.at_ms).astimezone(zone).date()
        if note.action.startswith("baseline") and day not in told:
            told.add(day)
            text = _(
                "On %(day)s the numbers of an older counter were taken over. They are in the "
                "totals of all time and in no day."
            )
            yield Notice(text % {"day": speaking().day(day)})


def the_move(glance: Glance) -> Iterable[Notice]:
    """
    For a month what is in the numbers of the tracker before and not in these.
    """
    site, database = glance.look.site, glance.database
    also = histories_of(database, site.id)
    if not (also or site.doors):
        return
    first = first_measured(database, site.id)
    if first is not None and glance.look.today < first + timedelta(days=MOVING_DAYS):
        for notice in moving_notices(site, also, speaking().code):
            yield Notice(notice.text)


_SOURCES: list[Source] = [stale_numbers, first_steps, undeclared_proxy, moves, the_move]


def add_notices(source: Source) -> None:
    """
    What this function says stands on every page of the dashboard from here on.
    """
    if source not in _SOURCES:
        _SOURCES.append(source)


def notices(glance: Glance) -> list[Notice]:
    """
    Everything that is to be said, warnings first.
    """
    said = [notice for source in _SOURCES for notice in source(glance)]
    return sorted(said, key=lambda notice: not notice.is_warning)
