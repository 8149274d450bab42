"""
How large a machine has to be: ``python -m bench.capacity`` writes the table of docs/operations.md.

A day is simulated hour by hour from what was measured for one hit, one visitor, one page. Readers
come as to a news site: most in the evening, the busiest minute of the busiest hour with half as
many again, four views to a visitor, pages read by Zipf's law. What an hour leaves in Redis, on disk
and in SQL is kept for as long as Luot keeps it, and the largest moment of the day is told.
``python -m bench.capacity measure`` measures first and says what came out.
"""

import json
import math
import re
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import traffic
from bench.feeding import feed
from bench.figures.redis import cpu_us
from bench.holding import sql_rows, sqlite_bytes
from bench.homes import deployed_front, home
from bench.plans import Plan

PAGE = Path(__file__).parents[1] / "docs" / "operations.md"

#: Share of a day's views in each hour, as a Vietnamese news site has them.
HOURS = (
    *(1.4, 0.8, 0.5, 0.4, 0.5, 1.2, 3.0, 5.2, 6.4, 6.6, 6.2, 6.3),
    *(5.6, 4.6, 4.8, 5.0, 4.9, 4.6, 4.8, 5.6, 6.6, 6.8, 5.2, 3.0),
)

#: The busiest minute against the mean of its hour.
PEAK = 1.5

#: Views of a visitor on a day, and pages among them.
VIEWS_EACH, PAGES_EACH = 4.0, 3.0

#: How much of a processor is used at the busiest minute, so that there is room for a surprise.
USED = 0.6

#: Hours that ids stay: a slot goes an hour after its last write.
ID_HOURS = 1.2

#: Days of which Redis knows who was seen, and of which journals are kept.
DAYS_OPEN = 2.0

#: Views of one day that worked sizes are told for.
DAILY = (10_000, 1_000_000, 100_000_000, 1_000_000_000)


@dataclass(frozen=True, slots=True)
class Measured:
    """
    What one of everything costs; bytes, and µs of a processor.
    """

    web_us: float
    redis_us: float
    redis_us_of_many: float
    visitor: float
    visitor_page: float
    remembered: float
    page: float
    delta_row: float
    journal_hit: float
    sql_row: float
    snapshot_row_us: float


#: What came out on two cores of an Intel Xeon, Valkey 9.1.2, SQLite; see docs/performance.md.
MEASURED = Measured(
    web_us=224,
    redis_us=52.8,
    redis_us_of_many=30,
    visitor=112,
    visitor_page=43.6,
    remembered=40.7,
    page=84.9,
    delta_row=160,
    journal_hit=198,
    sql_row=75,
    snapshot_row_us=17.8,
)


@dataclass(frozen=True, slots=True)
class Size:
    """
    What so many views a day need at their busiest.
    """

    views: int
    peak: float
    workers: int
    redis: float
    sites: int
    memory: float
    journal: float
    rows: float
    sql: float
    snapshot: float


def pages_read(views: float) -> float:
    """
    Different pages among so many views of a day: few are read by many, many by few.
    """
    return min(50_000.0, 12.0 * math.sqrt(views))


def size(views: int, cost: Measured = MEASURED) -> Size:
    """
    A day of so many views, hour by hour.
    """
    total = sum(HOURS)
    seen = largest = ids = 0.0
    peak = max(HOURS) / total * views / 3600 * PEAK
    pages = pages_read(views)
    for share in HOURS:
        of_hour = views * share / total
        seen += of_hour / VIEWS_EACH
        ids = of_hour * ID_HOURS
        # Hits of a minute that are not like another one are rows of the delta.
        delta = min(of_hour / 60 * PEAK, 200_000.0)
        day_before = (DAYS_OPEN - 1) * views / VIEWS_EACH
        people = seen + day_before
        held = (
            people * (cost.visitor + PAGES_EACH * cost.visitor_page)
            + ids * cost.remembered
            + min(pages * 30, 1_000_000) * cost.page
            + 2 * delta * cost.delta_row
        )
        largest = max(largest, held)
    each = cost.redis_us if peak < 2_000 else cost.redis_us_of_many
    rows = pages * (6 + 20 * math.log10(max(views / pages, 1)))
    busiest = min(peak * 60, 200_000.0)
    redis = peak * each / 1e6 / USED
    return Size(
        views=views,
        peak=peak,
        workers=max(2, math.ceil(peak * cost.web_us / 1e6 / USED)),
        redis=redis,
        sites=max(1, math.ceil(redis)),
        # Half as much again while a table doubles, the file is rewritten, and for the rest.
        memory=largest * 1.5 + 10e6,
        journal=views * DAYS_OPEN * cost.journal_hit,
        rows=rows,
        sql=rows * cost.sql_row * 365,
        snapshot=busiest * cost.snapshot_row_us / 1e6,
    )


def table(cost: Measured = MEASURED) -> str:
    """
    The worked sizes as the page shows them.
    """
    head = (
        "| views a day | busiest minute | web workers | Redis, cores | memory of Redis | journals "
        "| rows a day | SQL in a year | snapshot of the busiest minute |\n"
        "|---|---|---|---|---|---|---|---|---|\n"
    )
    return head + "".join(_line(size(views, cost)) for views in DAILY)


def _line(of: Size) -> str:
    cells = (
        f"{of.views:,}",
        f"{of.peak:,.1f}/s" if of.peak < 10 else f"{of.peak:,.0f}/s",
        f"{of.workers}",
        f"{of.redis:.2f}" if of.sites == 1 else f"{of.redis:.1f}: {of.sites} sites or more",
        _bytes(of.memory),
        _bytes(of.journal),
        f"{of.rows:,.0f}",
        _bytes(of.sql),
        f"{of.snapshot:.1f} s",
    )
    return f"| {' | '.join(cells)} |\n"


def _bytes(many: float) -> str:
    for unit, power in (("TB", 12), ("GB", 9), ("MB", 6)):
        if many >= 10**power:
            return f"{many / 10**power:,.1f} {unit}"
    return f"{many / 1e3:,.0f} kB"


def measure(hits: int = 20_000) -> dict[str, float]:
    """
    What a hit leaves in the journal, a row in SQL, and what Redis computes for many at once.
    """
    with tempfile.TemporaryDirectory(prefix="lc") as folder:
        plan = Plan(folder=Path(folder))
        with home(plan, "home") as at, deployed_front(at) as front:
            before = cpu_us(at.store)
            feed(front, at.token("write"), traffic.hits(7), hits)
            spent = cpu_us(at.store) - before
            journal = sum(f.stat().st_size for f in (at.data / "journal").rglob("*") if f.is_file())
            with at.store.client as client:
                key = f"luot:{{{traffic.SITE}}}:delta"
                delta = int(client.memory_usage(key, samples=0) or 0) / client.hlen(key)
            empty = sqlite_bytes(at.data)
            at.luot("snapshot")
            grown, rows = sqlite_bytes(at.data) - empty, sql_rows(at.data)
    return {
        "journal_hit": journal / hits,
        "delta_row": delta,
        "redis_us_of_many": spent / hits,
        "sql_row": grown / rows,
        "rows": rows,
    }


def written(page: str) -> str:
    """
    The page with the table of now.
    """
    marks = r"(<!-- capacity: begin -->\n).*?(<!-- capacity: end -->)"
    return re.sub(marks, lambda m: m[1] + table() + m[2], page, flags=re.DOTALL)


def main() -> None:
    """
    The page has the table; with ``measure`` it is said what was measured, and nothing is written.
    """
    if sys.argv[1:] == ["measure"]:
        sys.stdout.write(json.dumps({**asdict(MEASURED), **measure()}, indent=1) + "\n")
        return
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(table())


if __name__ == "__main__":
    main()
