"""
Following a test hit from the public URL to the report, to name the step where it stops.

The hit says by its user agent that it is one of ``luot doctor``, so it is filtered under a reason
of its own, ``test``: it takes the way of every hit through the door, the journal, Redis, the delta,
SQL and the report, and is in none of the numbers, also when it stops half way and goes on later.
"""

import http.client
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from service import __version__
from service.counting.following import is_in_deltas, is_in_journals
from service.counting.journals import Journals
from service.errors import LuotError
from service.intake.beacons import DOCTOR
from service.intake.hits import Filter
from service.intake.sites import Site
from service.reporting.answers import filtered
from service.reporting.periods import Period
from service.runtime import Runtime

#: Seconds that an answer of the public URL may take.
ANSWER_SECONDS = 10.0

#: Seconds between two looks at whether the hit has come further.
LOOK_SECONDS = 0.2

#: Bytes of an answer that are read.
_LARGEST = 65_536


@dataclass(frozen=True, slots=True)
class Step:
    """
    One step of the way, and whether the hit came there.
    """

    name: str
    is_reached: bool
    #: What was seen, or what to do.
    said: str


class Follower:
    """
    Sends one hit and looks for it, step by step; what it looks for is that a number has grown.

    :param patience: seconds that the scheduler is waited for
    """

    def __init__(self, runtime: Runtime, site: Site, url: str, patience: float) -> None:
        self._runtime = runtime
        self._site = site
        self._url = url.rstrip("/")
        self._patience = patience
        self._sent_ms = runtime.clock.now_ms()
        self._day = site.day(self._sent_ms).label
        self._before = 0

    def follow(self, tell: Callable[[Step], None]) -> bool:
        """
        Whether the hit came to the report.

        :param tell: is told each step; the last one is where it stopped
        """
        try:
            self._before = self._filtered()
        except LuotError as error:
            tell(Step("SQL", is_reached=False, said=str(error)))
            return False
        ways = (self._door, self._journal, self._redis, self._delta, self._sql, self._report)
        for way in ways:
            try:
                step = way()
            except LuotError as error:
                step = Step(way.__name__.removeprefix("_"), is_reached=False, said=str(error))
            tell(step)
            if not step.is_reached:
                return False
        return True

    def _door(self) -> Step:
        """
        The public URL answers the hit.
        """
        try:
            status, result = self._send()
        except (OSError, http.client.HTTPException, ValueError) as error:
            what = f"{type(error).__name__}: {error}"
            return Step(
                "door",
                False,
                f"{self._url} does not answer ({what}): is Luot running, and "
                f"does the proxy, the name and the certificate lead to it?",
            )
        if result != f"filtered; reason={Filter.TEST}":
            return Step(
                "door",
                False,
                f"{self._url}/hit answered {status} with Luot-Result: "
                f"{result or 'none'}; {_advice(status, result)}",
            )
        return Step("door", True, f"{self._url}/hit answered {status}")

    def _send(self) -> tuple[int, str]:
        told = urlsplit(self._url)
        if told.scheme not in {"http", "https"} or not told.hostname:
            raise ValueError("the URL has to begin with http:// or https://")
        told_host = told.hostname, told.port
        connection = (
            http.client.HTTPSConnection(
                *told_host, timeout=ANSWER_SECONDS, context=ssl.create_default_context()
            )
            if told.scheme == "https"
            else http.client.HTTPConnection(*told_host, timeout=ANSWER_SECONDS)
        )
        try:
            body = json.dumps({"site": self._site.id, "path": "/luot-doctor"})
            headers = {
                "Content-Type": "text/plain",
                "Origin": f"https://{_host(self._site)}",
                "User-Agent": f"{DOCTOR}{__version__}",
            }
            connection.request("POST", f"{told.path}/hit", body, headers)
            answer = connection.getresponse()
            answer.read(_LARGEST)
            return answer.status, answer.headers.get("Luot-Result", "")
        finally:
            connection.close()

    def _journal(self) -> Step:
        """
        The journal of this host has the hit, if Luot writes it on this host.
        """
        journals: Journals = self._runtime.journals
        if not self._runtime.has_journals:
            return Step("journal", True, 'there is none with durability = "redis"')
        if not journals.producers():
            return Step("journal", True, "there is none on this machine, so nobody looked into it")
        if is_in_journals(journals, self._site.id, Filter.TEST, self._sent_ms):
            return Step("journal", True, "it is on disk")
        return Step(
            "journal",
            False,
            f"it is in no journal under {journals.folder}: is this the "
            f"data directory of the web processes, and has their disk room?",
        )

    def _redis(self) -> Step:
        """
        Redis counts for the site.
        """
        status = self._runtime.store.status(self._site.id)
        if status.counts:
            return Step("Redis", True, f"it counts; the site is in phase {status.phase}")
        return Step(
            "Redis",
            False,
            f"the site is in phase {status.phase or 'none'} and counts "
            f"nothing: see what luot check says, and whether luot scheduler runs",
        )

    def _delta(self) -> Step:
        """
        Redis has the hit, or SQL has it already.
        """

        def is_there() -> bool:
            delta = is_in_deltas(self._runtime.store, self._site.id, self._day, Filter.TEST)
            return delta or self._filtered() > self._before

        if self._until(is_there, min(self._patience, ANSWER_SECONDS)):
            return Step("delta", True, "it waits for the next snapshot, or is in SQL")
        return Step(
            "delta",
            False,
            "Redis has not been told of it: the log of the web processes "
            "says why; it stays in the journal until then",
        )

    def _sql(self) -> Step:
        """
        A snapshot has added the hit.
        """
        if self._until(lambda: self._filtered() > self._before, self._patience):
            return Step("SQL", True, "a snapshot has added it")
        return Step(
            "SQL",
            False,
            f"no snapshot has added it in {self._patience:.0f} seconds: does "
            f"luot scheduler run? luot snapshot takes one by hand and says what fails",
        )

    def _report(self) -> Step:
        """
        The report shows the hit, under its own reason.
        """
        many = self._filtered()
        return Step(
            "report",
            many > self._before,
            f"filtered as {Filter.TEST}: {many} today, in none of the numbers",
        )

    def _filtered(self) -> int:
        day = date.fromisoformat(self._day)
        found = filtered(self._runtime.database, self._site.id, Period(day, day))
        return found.get(Filter.TEST, 0)

    @staticmethod
    def _until(holds: Callable[[], bool], seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                return False
            time.sleep(LOOK_SECONDS)
        return True


def _host(site: Site) -> str:
    named = sorted(name for name in site.hosts.names if not name.startswith("www."))
    if named:
        return named[0]
    # Only patterns: any name below one is a page's host.
    suffix = next(iter(site.hosts.suffixes), "")
    return f"luot-doctor{suffix}" if suffix else "luot-doctor.example"


def _advice(status: int, result: str) -> str:
    if status == 404:
        return "does that Luot have this site in its settings?"
    if status == 403:
        return "is the host of the site's pages the first one in its settings?"
    if status == 503:
        return "hits cannot be kept: GET /readyz says why"
    if not result:
        return "that is not Luot: another program answers under this URL"
    return "GET /readyz and the log of the web processes say more"
