"""
Writes ``docs/metrics.md``: what every metric is called, what it says, and under which labels.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import REGISTRY

from service import metrics
from service.reporting import scraped

PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"

_HEAD = """\
# Metrics

This page is written from the code: `make pages`.

`/metrics` answers in the text format of Prometheus, and in OpenMetrics to whoever asks for it.
From this machine and its network anyone may read it; else it takes a `read` token of `*`.
[`config/prometheus.yml`](../config/prometheus.yml) is how Prometheus asks, [`config/alerts.yml`](../config/alerts.yml) says when somebody has to look, and [`config/grafana/luot.json`](../config/grafana/luot.json) is a board.

Every label has a bound: `site` is one of the settings' sites, and all others have few values that are known beforehand.
No address, path, token or user agent is in any of them.

## Of each host

Add them up over hosts. They begin at 0 when the web is started, and never fall while it runs, however many workers are replaced.

| metric | kind | labels | what it says |
|---|---|---|---|
"""  # noqa: E501 - a line of the page is a sentence

_SHARED = """
## Of all hosts together

Redis and SQL are asked for them when somebody looks, so every host tells the same: take the largest (`max by (site)`), not the sum.
What cannot be had is left out.
The scheduler may run anywhere; what it does is told by every host.

| metric | kind | labels | what it says |
|---|---|---|---|
"""  # noqa: E501 - a line of the page is a sentence


def page() -> str:
    """
    The whole page.
    """
    own = [
        (family.name, family.type, _labels(family.name), family.documentation)
        for family in REGISTRY.collect()
        if family.name.startswith("luot_")
    ]
    return _HEAD + _rows(own) + _SHARED + _rows(_asked())


def names() -> set[str]:
    """
    Every name under which a sample may be told.
    """
    found = set()
    for line in page().splitlines():
        if line.startswith("| `luot_"):
            name, kind = line.split("|")[1].strip(" `"), line.split("|")[2].strip()
            ends = ("_bucket", "_count", "_sum") if kind == "histogram" else ("",)
            found |= {name + end for end in ends}
    return found


def _labels(name: str) -> list[str]:
    for held in vars(metrics).values():
        metric = getattr(held, "counter", None) or getattr(held, "histogram", None) or held
        if getattr(metric, "_name", "") == name:
            return list(metric._labelnames)
    raise LookupError(name)


def _asked() -> Iterable[tuple[str, str, list[str], str]]:
    yield "luot_build_info", "info", ["version", "python"], scraped.BUILD
    for name, says in scraped.OF_HOST.items():
        yield name, "gauge", [], says
    for family in scraped.OF_SITES:
        yield family.name, "counter" if family.is_counter else "gauge", ["site"], family.says
    yield "luot_deltas_waiting", "gauge", ["site"], scraped.WAITING
    for noted in scraped.NOTED.values():
        kind = "counter" if noted.is_counter else "gauge"
        yield noted.name, kind, [noted.label], noted.says


def _rows(found: Iterable[tuple[str, str, list[str], str]]) -> str:
    lines = []
    for name, kind, labels, says in sorted(found):
        shown = f"{name}_total" if kind == "counter" else name
        told = ", ".join(f"`{label}`" for label in labels)
        lines.append(f"| `{shown}` | {kind} | {told} | {says} |\n")
    return "".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE} is written\n")
