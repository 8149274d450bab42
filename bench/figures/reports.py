"""
The dashboard's first answer for 30 days of a year with 10,000 pages, against an empty answer.

The dashboard is asked when the front has one at ``/``. Until then its place is taken by the
questions that a first page has to put, one after the other: totals, days, most read pages and four
breakdowns. Each number is the p95 of a round; SQLite, one question at a time. Beside it stands the
p95 of ``/healthz``, which is what a request costs when nothing is asked. Bound: p95 at most 50 ms.
"""

import time
import urllib.request
from collections.abc import Callable
from datetime import datetime
from statistics import median
from zoneinfo import ZoneInfo

from bench import traffic
from bench.history import write_year
from bench.homes import Front, deployed_front, home
from bench.plans import Plan
from bench.rounds import Pairs, alternate
from bench.rows import Bound, Row, Side, Subject
from bench.samples import percentile

#: ms that the first answer may take.
ALLOWED = 50.0

#: Answers of one round, and of one question by itself.
ANSWERS, LOOKS = 20, 5

QUESTIONS = (
    "totals",
    "series",
    "pages",
    "breakdown/source",
    "breakdown/country",
    "breakdown/browser",
    "breakdown/device",
)


def measure(plan: Plan) -> list[Row]:
    """
    One row.
    """
    today = datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")).date()
    with home(plan, "home") as at, deployed_front(at) as front:
        written = write_year(at.data, today)
        token = at.token("read")
        notes = [f"{written:,} rows of history"]
        what, paths = "the dashboard's first answer", ["/"]
        if not _has_dashboard(front, token):
            what, paths = "a dashboard's questions, one after the other", _questions()
            notes += ["the dashboard itself is not there yet", _single(front, token, paths)]
        pairs = _pairs(plan, front, token, paths)
    return [
        Row(
            "reports",
            f"p95 of {what}, 30 days of a year",
            "p95 of /healthz",
            "ms",
            Bound(Side.AT_MOST, ALLOWED, Subject.OURS),
            pairs.ours,
            pairs.beside,
            notes=notes,
        )
    ]


def _questions() -> list[str]:
    door = f"/api/v1/sites/{traffic.SITE}/"
    return [f"{door}{name}?period=last_30_days" for name in QUESTIONS]


def _single(front: Front, token: str, paths: list[str]) -> str:
    """
    What each question takes by itself, so that the slow one is known.
    """
    # The first answer of a worker also opens its connection to SQL.
    _wait(front, token, paths)
    waits = [median(_wait(front, token, [path]) for _ in range(LOOKS)) for path in paths]
    told = (f"{name} {wait:.0f} ms" for name, wait in zip(QUESTIONS, waits, strict=True))
    return f"median of each: {', '.join(told)}"


def _has_dashboard(front: Front, token: str) -> bool:
    request = urllib.request.Request(f"{front.base}/", headers=_bearer(token))
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return str(answer.headers.get_content_type()) == "text/html"
    except OSError:
        return False


def _pairs(plan: Plan, front: Front, token: str, paths: list[str]) -> Pairs:
    def p95(asked: list[str]) -> Callable[[], float]:
        return lambda: percentile([_wait(front, token, asked) for _ in range(ANSWERS)], 0.95)

    return alternate(plan.few_rounds, p95(paths), p95(["/healthz"]))


def _wait(front: Front, token: str, paths: list[str]) -> float:
    """
    Ms until all of these were answered, one after the other.
    """
    began = time.monotonic()
    for path in paths:
        request = urllib.request.Request(front.base + path, headers=_bearer(token))
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()
    return (time.monotonic() - began) * 1000


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
