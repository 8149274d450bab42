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

#: Answers of one round.
ANSWERS = 30

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
    A row for the first answer, and one for each question while there is no dashboard.
    """
    today = datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")).date()
    with home(plan, "home") as at, deployed_front(at) as front:
        written = write_year(at.data, today)
        token = at.token("read")
        front.ask(f"/api/v1/sites/{traffic.SITE}/totals", Authorization=f"Bearer {token}")
        note = f"{written:,} rows of history"
        if _has_dashboard(front, token):
            asked = {"dashboard's first answer": ["/"]}
        else:
            asked = _questions()
            note += "; the dashboard itself is not there yet"
        pairs = {what: _pairs(plan, front, token, paths) for what, paths in asked.items()}
    return [
        _row(what, found, [note] if place == 0 else [])
        for place, (what, found) in enumerate(pairs.items())
    ]


def _questions() -> dict[str, list[str]]:
    door = f"/api/v1/sites/{traffic.SITE}/"
    paths = {name: f"{door}{name}?period=last_30_days" for name in QUESTIONS}
    together = {"the dashboard's questions, one after the other": list(paths.values())}
    return together | {name: [path] for name, path in paths.items()}


def _row(what: str, found: Pairs, notes: list[str]) -> Row:
    return Row(
        "reports",
        f"p95 of {what}, 30 days of a year",
        "p95 of /healthz",
        "ms",
        Bound(Side.AT_MOST, ALLOWED, Subject.OURS),
        found.ours,
        found.beside,
        notes=notes,
    )


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
