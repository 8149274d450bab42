"""
How long answers take over a year of 10,000 pages: ``python -m bench.asking [--postgresql]``.

A program of its own: it makes the year in a new SQLite file or in a PostgreSQL of its own, and
then puts every question of the API to the application, in this process and without a network
between. What is told of each is its first answer, and median and p95 of those after it. The
dashboard's questions are added up. Bounds: p95 of every call at most 100 ms, the dashboard's
questions together at most 35 ms.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median

from werkzeug.test import Client

from bench.databases import postgresql
from bench.samples import percentile
from bench.years import Year, path_of, write
from service.archive.migrating import migrate
from service.archive.tokens import Scope, create_token
from service.runtime import Runtime
from service.settings import Settings
from service.web.app import create_app
from tests.servers import valkey

SITE = "portal"

#: ms that an answer, and the dashboard's questions together, may take.
ALLOWED, ALLOWED_TOGETHER = 100.0, 35.0

#: What a dashboard's first page asks.
DASHBOARD = (
    "totals?compare=previous_period",
    "series?unit=day",
    "pages?limit=10",
    "breakdown/entry_page?limit=10",
    "breakdown/source?limit=10",
    "breakdown/campaign?limit=10",
    "breakdown/country?limit=10",
    "breakdown/browser?limit=10",
    "breakdown/system?limit=10",
    "breakdown/device?limit=10",
    "breakdown/event?limit=10",
    "filtered",
    "realtime?limit=10",
)

#: Everything else that can be asked, also of a whole year.
OTHERS = (
    "totals?period=last_365_days&compare=previous_year",
    "totals?period=all",
    f"totals?path={path_of(5)}&compare=previous_period",
    "series?period=last_365_days&unit=day",
    "series?period=last_365_days&unit=week",
    "series?period=last_90_days&unit=hour",
    f"series?period=last_365_days&unit=month&path={path_of(5)}",
    "pages?period=today",
    "pages?period=last_365_days",
    "pages?period=last_90_days",
    "pages?period=this_month&sort=exits",
    "pages?limit=100",
    "breakdown/exit_page?period=last_365_days",
    "breakdown/referrer_page?period=last_365_days",
    f"breakdown/source?path={path_of(5)}",
    f"breakdown/source?period=last_365_days&path={path_of(5)}",
    "breakdown/source/pages?value=v2",
    "breakdown/source/pages?value=v2&period=last_90_days",
    "filtered?period=last_365_days",
    f"curve?path={path_of(9990)}",
    "snapshots",
    "counter-report",
    "counter-report?period=last_365_days",
)


@dataclass(frozen=True, slots=True)
class Waits:
    """
    Ms that the answers to one question took, the first one apart.
    """

    question: str
    first: float
    others: list[float]

    @property
    def p95(self) -> float:
        """
        What 95 of 100 answers stay under.
        """
        return percentile(self.others, 0.95)


def main() -> int:
    """
    Measures and prints; 1 when a bound is not met.
    """
    parser = argparse.ArgumentParser("python -m bench.asking", description=__doc__)
    parser.add_argument("--postgresql", action="store_true", help="instead of SQLite")
    parser.add_argument("--answers", type=int, default=40, help="for each question (40)")
    parser.add_argument("--pages", type=int, default=10_000, help="(10,000)")
    parser.add_argument("--keep", type=Path, help="a folder whose year is used again")
    told = parser.parse_args()
    with _asker(told) as (client, token):
        found = []
        for question in (*DASHBOARD, *OTHERS):
            row = _waits(client, token, question, told.answers)
            found.append(row)
            said = f"{row.first:8.1f} {median(row.others):8.1f} {row.p95:8.1f}  {question}"
            sys.stdout.write(f"{said}\n")
            sys.stdout.flush()
    together = sum(median(row.others) for row in found[: len(DASHBOARD)])
    sys.stdout.write(f"the dashboard's {len(DASHBOARD)} questions together: {together:.1f} ms\n")
    is_met = together <= ALLOWED_TOGETHER and all(row.p95 <= ALLOWED for row in found)
    return 0 if is_met else 1


@contextmanager
def _asker(told: argparse.Namespace) -> Iterator[tuple[Client, str]]:
    with ExitStack() as stack:
        folder = told.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="la")))
        folder.mkdir(exist_ok=True)
        settings = Settings(
            sites={SITE: {"name": "Portal", "hosts": ["portal.example"]}},
            redis_url=stack.enter_context(valkey()).url,
            database_url=stack.enter_context(postgresql()) if told.postgresql else "",
            data_dir=folder,
            access_log=False,
        )
        runtime = Runtime(settings)
        stack.callback(runtime.close)
        is_new = told.postgresql or not (folder / "luot.sqlite3").exists()
        migrate(runtime.database)
        if is_new:
            _make(runtime, told.pages)
        runtime.open_site(SITE)
        token = create_token(runtime.database, "*", Scope.READ, runtime.clock.now_ms())
        yield create_app(runtime).test_client(), token


def _make(runtime: Runtime, pages: int) -> None:
    began = time.monotonic()
    today = date.fromisoformat(runtime.sites[SITE].day(runtime.clock.now_ms()).label)
    rows = write(runtime.database, Year(SITE, pages=pages), today)
    sys.stdout.write(f"{rows:,} rows in {time.monotonic() - began:.0f} s\n")
    sys.stdout.flush()


def _waits(client: Client, token: str, question: str, answers: int) -> Waits:
    def wait() -> float:
        began = time.perf_counter()
        answer = client.get(
            f"/api/v1/sites/{SITE}/{question}", headers={"Authorization": f"Bearer {token}"}
        )
        if answer.status_code != 200:
            raise RuntimeError(f"{question}: {answer.status_code} {answer.data!r}")
        return (time.perf_counter() - began) * 1000

    return Waits(question, wait(), [wait() for _ in range(answers)])


if __name__ == "__main__":
    sys.exit(main())
