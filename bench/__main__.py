"""
The command: ``python -m bench [FIGURE ...]``, ``python -m bench profile``.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from bench import profiles, report
from bench.figures import FIGURES
from bench.load import LoadError, find_wrk
from bench.machines import this_machine
from bench.plans import Plan
from bench.rows import Row

OUT = Path("bench-report")


def main() -> int:
    """
    Measures what is asked for; the exit status is 1 when a bound is not met or a figure failed.
    """
    asked = _arguments()
    for name in [name for name in os.environ if name.startswith("LUOT_")]:
        # What is measured shall not depend on who measures it.
        del os.environ[name]
    asked.out.mkdir(parents=True, exist_ok=True)
    try:
        find_wrk()
        if asked.figures == ["profile"]:
            with _plan(asked, "profile") as plan:
                profiles.show(plan, asked.out, asked.front)
            return 0
        return _measure(asked)
    except LoadError as error:
        sys.stderr.write(f"bench: {error}\n")
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m bench", description="Measures Luot's figures.")
    parser.add_argument(
        "figures",
        nargs="*",
        metavar="FIGURE",
        help=f"{', '.join(FIGURES)}; none: all of them; profile: where a worker's time goes",
    )
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each figure (5)")
    parser.add_argument("--seconds", type=float, default=3, help="length of a round (3)")
    parser.add_argument("--hits", type=int, default=0, help="hits of redis, rss and paths")
    parser.add_argument("--connections", type=int, default=64, help="of the hardest load (64)")
    parser.add_argument("--full", action="store_true", help="reports: of a year, not 120 days")
    parser.add_argument("--access-log", action="store_true", help="fronts log each request")
    parser.add_argument("--front", choices=("deployed", "flask"), default="deployed")
    parser.add_argument("--out", type=Path, default=OUT, help="where the report goes")
    parser.add_argument("--paste", type=Path, help="a page that the table is put into")
    asked = parser.parse_args()
    unknown = [name for name in asked.figures if name not in FIGURES]
    if unknown and asked.figures != ["profile"]:
        parser.error(f"{unknown[0]}: there is no such figure; there are {', '.join(FIGURES)}")
    return asked


def _measure(asked: argparse.Namespace) -> int:
    machine = this_machine()
    rows: list[Row] = []
    failed: list[str] = []
    for name in asked.figures or list(FIGURES):
        began = time.monotonic()
        try:
            with _plan(asked, name) as plan:
                found = FIGURES[name](plan)
        except Exception as error:  # noqa: BLE001 - the other figures can still be measured
            failed.append(name)
            sys.stderr.write(f"bench: {name} failed: {type(error).__name__}: {error}\n")
            continue
        rows += found
        sys.stdout.write(f"{name}: {time.monotonic() - began:.0f} s\n")
        sys.stdout.flush()
    table = report.markdown(rows, machine)
    document = json.dumps(report.document(rows, machine), ensure_ascii=False, indent=1)
    (asked.out / "report.json").write_text(document + "\n", encoding="utf-8")
    (asked.out / "report.md").write_text(table, encoding="utf-8")
    sys.stdout.write(f"\n{report.terminal(rows)}\n\n{table}\n")
    if asked.paste:
        report.paste(asked.paste, table)
    return 1 if failed or any(row.is_met is False for row in rows) else 0


@contextmanager
def _plan(asked: argparse.Namespace, name: str) -> Iterator[Plan]:
    """
    What a figure is told, with a folder on the disk of the report that is gone afterwards.
    """
    with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=asked.out) as folder:
        plan = Plan(Path(folder).absolute(), asked.rounds, asked.seconds, asked.connections)
        yield replace(plan, hits=asked.hits, access_log=asked.access_log, is_full=asked.full)


if __name__ == "__main__":
    sys.exit(main())
