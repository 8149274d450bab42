"""
The report: one line for each row on the terminal, everything as JSON in a folder.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.faults.runs import Outcome

_HEAD = (
    f"{'row':<13}{'state':<8}{'inj':>5}{'sent':>7}{'acked':>7}{'unans':>6}{'ambig':>6}{'refus':>6}{'count':>7}"
    f"{'lost':>5}{'dup':>4}{'phan':>5}{'p99ms':>7}{'stall':>7}{'recov':>6}{'jpeakK':>7}{'secs':>6}"
    f"  seed"
)


def head() -> str:
    """
    The head of the table.
    """
    return _HEAD


def line(outcome: Outcome) -> str:
    """
    The row's line, and below it what it has to say.
    """
    v = outcome.verdict
    told = (
        f"{outcome.row:<13}{outcome.state:<8}{outcome.injected:>5}{v.sent:>7}{v.acked:>7}"
        f"{outcome.unanswered:>6}{v.ambiguous:>6}{v.refused:>6}{v.counted:>7}{v.lost:>5}{v.doubled:>4}{v.phantom:>5}"
        f"{outcome.p99_ms:>7.0f}{outcome.longest_stall_ms:>7.0f}{outcome.recover_s:>6.1f}"
        f"{outcome.journal_peak // 1024:>7}{outcome.seconds:>6.0f}  {outcome.seed}"
    )
    figures = ", ".join(f"{name} {value}" for name, value in outcome.figures.items())
    below = [f"    {outcome.title}{'; ' + figures if figures else ''}"]
    below += [f"    ! {said}" for said in v.broken] + [f"    - {note}" for note in outcome.notes]
    return "\n".join([told, *below])


def summary(outcomes: Sequence[Outcome]) -> str:
    """
    Everything in one line.
    """
    by_state = {
        state: [o.row for o in outcomes if o.state == state]
        for state in ("ok", "BROKEN", "FAILED", "SKIPPED")
    }
    sums = [sum(getattr(o.verdict, n) for o in outcomes) for n in ("lost", "doubled", "phantom")]
    told = "; ".join(
        f"{len(rows)} {state}{': ' + ' '.join(rows) if rows and state != 'ok' else ''}"
        for state, rows in by_state.items()
    )
    injected = sum(o.injected for o in outcomes)
    return f"{injected} faults, lost {sums[0]}, doubled {sums[1]}, phantom {sums[2]}; rows: {told}"


def save(outcomes: Sequence[Outcome], folder: Path) -> None:
    """
    ``report.json`` and ``report.txt`` hold everything.
    """
    folder.mkdir(parents=True, exist_ok=True)
    told = json.dumps([asdict(outcome) for outcome in outcomes], indent=1, default=str)
    (folder / "report.json").write_text(told, encoding="utf-8")
    text = "\n".join([head(), *map(line, outcomes), summary(outcomes), ""])
    (folder / "report.txt").write_text(text, encoding="utf-8")
