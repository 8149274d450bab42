"""
``python -m tests.faults``: breaks everything that can be broken, and says whether a hit was lost.
"""

import argparse
import signal
import sys
import time
from pathlib import Path

from tests.faults import report
from tests.faults.runner import rows_named, run_row
from tests.faults.runs import Outcome, Worlds


def main() -> int:
    """
    0 when every row that could be tried holds.
    """
    asked = _asked()
    # Whoever ends this run leaves no process of it behind either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    worlds = Worlds(asked.out / "kept")
    outcomes: list[Outcome] = []
    print(report.head(), flush=True)  # noqa: T201 - its answer
    try:
        for row in rows_named(asked.rows):
            count = max(1, round(row.full * asked.scale))
            outcomes.append(run_row(row, count, asked.seed, worlds, asked.out))
            print(report.line(outcomes[-1]), flush=True)  # noqa: T201 - its answer
            report.save(outcomes, asked.out)
    finally:
        worlds.end_all()
    print(report.summary(outcomes))  # noqa: T201 - its answer
    return int(any(outcome.state in {"BROKEN", "FAILED"} for outcome in outcomes))


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--rows", default="", help="such as F1,F6; default: all")
    parser.add_argument("--scale", type=float, default=1.0, help="how many injections, as a factor")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--out", type=Path, default=Path("faults-report"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
