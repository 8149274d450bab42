"""
The parameters of questions: what each may be, for ``/openapi.json``, and how it is read.

A parameter that a question does not have is refused: passed over, a slip of the pen in ``period``
would be answered with the numbers of other days.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

import msgspec

from service.errors import Reason, Rejected
from service.intake.paths import page_path
from service.intake.queries import query_names, query_value
from service.intake.sites import Site
from service.reporting.answers import first_day
from service.reporting.periods import EARLIEST, LATEST, Comparison, Period, PeriodName, period
from service.reporting.rankings import Rank
from service.reporting.series import Unit
from service.runtime import Runtime
from service.settings import SITE_ID

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")

#: Rows that a question gets without asking for more, and those it gets at most.
USUAL_LIMIT, LARGEST_LIMIT = 20, 1_000

#: Bytes of the longest query.
LARGEST_QUERY = 8_192

_WHOLE = re.compile(r"[0-9]{1,9}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Parameter:
    """
    Something that may stand in the query of a question, once.
    """

    name: str
    description: str
    schema: dict[str, Any] = field(default_factory=lambda: {"type": "string", "minLength": 1})
    required: bool = False


def _choice(name: str, description: str, words: Iterable[str], default: str = "") -> Parameter:
    schema: dict[str, Any] = {"type": "string", "enum": [str(word) for word in words]}
    return Parameter(name, description, schema | ({"default": default} if default else {}))


_DAY = {"type": "string", "format": "date"}

PERIOD = _choice("period", "A period by its name; not with from and to.", PeriodName)
FROM = Parameter("from", f"First site-day, {EARLIEST} to {LATEST}; only with to.", _DAY)
TO = Parameter("to", "Last site-day, included; only with from.", _DAY)
PATH = Parameter("path", "A page, by its path; without it the whole site.")
ONE_PATH = Parameter("path", "The page, by its path.", required=True)
COMPARE = _choice("compare", "Another period to compare with.", Comparison)
UNIT = _choice("unit", "How the period is divided.", Unit, Unit.DAY)
SORT = _choice("sort", "What pages are ranked by.", Rank, Rank.VIEWS)
VALUE = Parameter("value", "The value of the dimension.", required=True)
CURSOR = Parameter("cursor", "The next_cursor of the part before.")
PUBLISHED = Parameter(
    "published",
    "When the page was published, RFC 3339 with offset; else its first view counts.",
    {"type": "string", "format": "date-time"},
)
LIMIT = Parameter(
    "limit",
    f"How many rows; {USUAL_LIMIT} without it, in a table that is no JSON all of them.",
    {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT},
)

#: The parameters of every question about a period.
SPAN = (PERIOD, FROM, TO)


@dataclass(frozen=True, slots=True)
class Asked:
    """
    A question about a site, its parameters still as they were written.
    """

    runtime: Runtime
    site: Site
    query: bytes
    #: The part of the address behind the report's name.
    rest: str = ""

    def once(self, name: str) -> str | None:
        """
        The value of a parameter; ``None`` when it is not there.

        :raises Rejected: malformed, also when it is empty or there twice
        """
        given = query_value(self.query, name)
        # PostgreSQL has no text with a NUL in it.
        if given is not None and (given == "" or "\0" in given):
            raise Rejected(Reason.MALFORMED, name)
        return given

    @property
    def today(self) -> date:
        """
        The present site-day.
        """
        return date.fromisoformat(self.site.day(self.runtime.clock.now_ms()).label)

    @property
    def span(self) -> Period:
        """
        The period that is asked for.
        """
        name = self.once("period")
        begun = first_day(self.runtime.database, self.site.id) if name == PeriodName.ALL else None
        return period(name, self.once("from"), self.once("to"), self.today, begun)

    @property
    def path(self) -> str:
        """
        The page that is asked for; empty for the site.
        """
        path = self.once("path")
        return page_path(path, self.site.paths).path if path else ""

    @property
    def one_path(self) -> str:
        """
        The page that has to be asked for.
        """
        return self.path or _missing("path")

    def limit(self, usual: int = USUAL_LIMIT) -> int:
        """
        How many rows are wanted.
        """
        given = self.once("limit")
        if given is None:
            return usual
        if not _WHOLE.match(given) or not 1 <= int(given) <= LARGEST_LIMIT:
            raise Rejected(Reason.MALFORMED, "limit")
        return int(given)

    def choice(self, name: str, words: type[E]) -> E | None:
        """
        One of a closed set of words; ``None`` when the parameter is not there.
        """
        given = self.once(name)
        if given is None:
            return None
        if given not in set(words):
            raise Rejected(Reason.MALFORMED, name)
        return words(given)

    def instant_ms(self, name: str) -> int | None:
        """
        A moment in ms since 1970; ``None`` when the parameter is not there.
        """
        given = self.once(name)
        if given is None:
            return None
        # In a query a plus is a blank, and offsets begin with it more often than not.
        try:
            moment = msgspec.convert(given.replace(" ", "+"), datetime)
        except msgspec.ValidationError:
            raise Rejected(Reason.MALFORMED, name) from None
        if moment.tzinfo is None or not EARLIEST <= moment.date() <= LATEST:
            raise Rejected(Reason.MALFORMED, name)
        return round(moment.timestamp() * 1000)

    def cursor(self, shape: type[T]) -> T | None:
        """
        The place behind which rows are wanted; ``None`` for the first ones.
        """
        given = self.once("cursor")
        return None if given is None else cursor_of(given, shape)


def asked_of(
    runtime: Runtime, name: str, query: bytes, known: Collection[Parameter], rest: str = ""
) -> Asked:
    """
    A question about a site.

    :raises Rejected: malformed, when the query has a parameter that is not known; site
    """
    if len(query) > LARGEST_QUERY:
        raise Rejected(Reason.SIZE, "query", 414)
    if not {parameter.name for parameter in known}.issuperset(query_names(query)):
        raise Rejected(Reason.MALFORMED, "query")
    site = runtime.sites.get(name) if SITE_ID.match(name) else None
    if site is None:
        raise Rejected(Reason.SITE, "site", 404)
    return Asked(runtime, site, query, rest)


def cursor_text(place: Any) -> str:
    """
    A place as it is handed out; nobody is to look into it.
    """
    return msgspec.json.encode(place).hex()


def cursor_of(text: str, shape: type[T]) -> T:
    """
    The place in a cursor.

    :raises Rejected: malformed, when it is none
    """
    try:
        return msgspec.json.decode(bytes.fromhex(text), type=shape)
    except (ValueError, msgspec.MsgspecError):
        raise Rejected(Reason.MALFORMED, "cursor") from None


def _missing(name: str) -> NoReturn:
    raise Rejected(Reason.MALFORMED, name)
