"""
The dashboard and the API over a year of 10,000 pages, on SQLite and on PostgreSQL.

The front is the deployed one and is asked over the loopback, one question at a time: the dashboard
for every period that it offers, each with its comparison, and every question of the API. What is
judged is the p95 of the slowest of them; the others are notes. Nothing is kept between answers, so
each is a first one. Beside it stands the p95 of ``/healthz``, which is what a request costs when
nothing is asked. Where others compute on the same machine, waits say how many they are; so the
processor time of front and database for an answer is noted, too. Bounds: the dashboard at most
50 ms, a call of the API at most 100 ms.

Without ``--full`` there are 120 days instead of a year, so that the history is made in a minute;
questions about longer periods are then about these.
"""

import time
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from bench import traffic
from bench.asking import DASHBOARD, OTHERS
from bench.databases import backends, postgresql
from bench.homes import Front, deployed_front, home
from bench.plans import Plan
from bench.processes import cpu_seconds
from bench.rounds import alternate
from bench.rows import Bound, Row, Side, Subject
from bench.samples import percentile
from bench.years import Year, write
from service.archive.databases import Database
from service.reporting.periods import PeriodName

#: ms that the dashboard's first answer, and a call of the API, may take.
DASHBOARD_ALLOWED, CALL_ALLOWED = 50.0, 100.0

#: Answers of one question in one round.
ANSWERS = 20

#: Days of the history, and of the short one.
DAYS, FEW_DAYS = 365, 120


def measure(plan: Plan) -> list[Row]:
    """
    For each database a row for the dashboard and one for the API.
    """
    return [*_rows(plan, "SQLite"), *_rows(plan, "PostgreSQL")]


def _rows(plan: Plan, name: str) -> list[Row]:
    year = Year(traffic.SITE, days=DAYS if plan.is_full else FEW_DAYS)
    today = datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")).date()
    with ExitStack() as stack:
        url = stack.enter_context(postgresql()) if name == "PostgreSQL" else ""
        told: dict[str, Any] = {"database_url": url} if url else {}
        at = stack.enter_context(home(plan, name.lower(), **told))
        database, began = Database(url, at.data), time.monotonic()
        written = write(database, year, today)
        database.close()
        made = f"{written:,} rows of {year.days} days, made in {time.monotonic() - began:.0f} s"
        front, token = stack.enter_context(deployed_front(at)), at.token("read")
        door, calls = f"/api/v1/sites/{traffic.SITE}/", (*DASHBOARD, *OTHERS)
        pages = [f"/sites/{traffic.SITE}?period={period}" for period in PeriodName]
        looks = _Asker(front, url, token, pages)
        asked = _Asker(front, url, token, [door + call for call in calls])
        return [
            _row(
                plan,
                f"the dashboard's first answer, slowest period, {name}",
                DASHBOARD_ALLOWED,
                looks,
                made,
            ),
            _row(plan, f"the slowest call of the API, {name}", CALL_ALLOWED, asked, made),
        ]


def _row(plan: Plan, what: str, allowed: float, asker: "_Asker", made: str) -> Row:
    beside = _Asker(asker.front, asker.url, asker.token, ["/healthz"])
    pairs = alternate(plan.few_rounds, asker.slowest, beside.slowest)
    return Row(
        "reports",
        f"p95 of {what}",
        "p95 of /healthz",
        "ms",
        Bound(Side.AT_MOST, allowed, Subject.OURS),
        pairs.ours,
        pairs.beside,
        notes=[made, asker.told()],
    )


class _Asker:
    """
    Questions that are asked in turns.
    """

    def __init__(self, front: Front, url: str, token: str, paths: Sequence[str]) -> None:
        self.front, self.url, self.token = front, url, token
        #: Path -> ms of its answers, and ms of processor time that they took together.
        self._waits: dict[str, list[float]] = {path: [] for path in paths}
        self._cpu = dict.fromkeys(paths, 0.0)
        for _ in front.workers():
            # The first answer of a worker also opens its connections.
            for path in paths:
                self._wait(path)

    def slowest(self) -> float:
        """
        The p95 of the slowest question in another round.
        """
        found = []
        for path, waits in self._waits.items():
            began = self._computed()
            round_ = [self._wait(path) for _ in range(ANSWERS)]
            self._cpu[path] += self._computed() - began
            waits.extend(round_)
            found.append(percentile(round_, 0.95))
        return max(found)

    def told(self) -> str:
        """
        Processor time, median and p95 of the slowest questions.
        """
        ranked = sorted(self._waits.items(), key=lambda row: -median(row[1]))[:11]
        each = (
            f"{path.split('/')[-1]} {self._cpu[path] / len(waits):.0f}/{median(waits):.0f}/"
            f"{percentile(waits, 0.95):.0f}"
            for path, waits in ranked
        )
        return f"ms of processor time/median/p95: {', '.join(each)}"

    def _computed(self) -> float:
        answering = self.front.workers() + (backends(self.url) if self.url else [])
        return cpu_seconds(answering) * 1000

    def _wait(self, path: str) -> float:
        headers = {"Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(self.front.base + path, headers=headers)
        began = time.monotonic()
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()
        return (time.monotonic() - began) * 1000
