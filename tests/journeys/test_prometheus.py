"""
A real Prometheus looks at a running Luot, whose workers are replaced again and again.
"""

import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from service.embedded import tied_to_parent
from tests import metrics_page
from tests.journeys.serving import Served, free_port
from tests.servers import until
from tests.tools import program, runs

CONFIG = Path(__file__).parents[2] / "config"

#: How often both workers are replaced; the long form replaces 200 workers.
ROUNDS = 100 if os.environ.get("LUOT_LONG") else 3

#: What never falls while the web runs: counters, and the parts of histograms.
GROWING = '{__name__=~"luot_.*(_total|_bucket|_sum|_count)"}'


class Prometheus:
    """
    Prometheus with the settings that Luot ships, asking each second.
    """

    def __init__(self, folder: Path, served: Served) -> None:
        self.base = f"http://127.0.0.1:{free_port()}"
        told = (CONFIG / "prometheus.yml").read_text(encoding="utf-8")
        told = told.replace("localhost:8000", f"localhost:{served.port}")
        told = re.sub("_interval: 15s", "_interval: 1s", told)
        (folder / "prometheus.yml").write_text(told, encoding="utf-8")
        (folder / "alerts.yml").write_bytes((CONFIG / "alerts.yml").read_bytes())
        self.process = subprocess.Popen(
            [
                program("prometheus", "prometheus"),
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'tsdb'}",
                f"--web.listen-address={self.base.removeprefix('http://')}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=tied_to_parent(),  # noqa: PLW1509 - it calls one system call
        )

    def get(self, path: str, **asked: str) -> Any:
        with urllib.request.urlopen(
            f"{self.base}/api/v1/{path}?{urllib.parse.urlencode(asked)}", timeout=10
        ) as answer:
            return json.load(answer)["data"]

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """
        What an expression is now: rows with labels and a value.
        """
        found: list[dict[str, Any]] = self.get("query", query=expression)["result"]
        return found

    def has(self, expression: str) -> bool:
        try:
            return bool(self.ask(expression))
        except (OSError, urllib.error.HTTPError):
            return False


def wait_for(prometheus: Prometheus, expression: str) -> None:
    until(lambda: prometheus.has(expression), 40)


def traffic(served: Served) -> None:
    """
    Hits with every kind of result, and questions for numbers.
    """
    for number in range(5):
        assert served.hit(f"/demo/{number}") in {202, 204}
    served.hit(id="a" * 20)
    served.hit(id="a" * 20)
    served.hit(site="nobody")
    served.counters()
    for agent, count in (("curl/8", 2),):
        for _ in range(count):
            asked = urllib.request.Request(
                f"{served.base}/hit.gif?site=demo&path=/demo/", headers={"User-Agent": agent}
            )
            urllib.request.urlopen(asked, timeout=10).close()


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Prometheus]]:
    folder = tmp_path_factory.mktemp("watched")
    served = Served(folder / "data")
    served.start()
    prometheus = Prometheus(folder, served)
    try:
        traffic(served)
        wait_for(prometheus, 'luot_snapshot_rows_total{site="demo"} > 0')
        yield served, prometheus
    finally:
        prometheus.process.kill()
        prometheus.process.wait(20)
        served.stop()


def metrics_of(served: Served) -> str:
    with urllib.request.urlopen(f"{served.base}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


def test_counters_never_fall_while_workers_are_replaced(
    watched: tuple[Served, Prometheus],
) -> None:
    served, prometheus = watched
    master = served.child("gunicorn")
    for _ in range(ROUNDS):
        before = set(_workers(master))
        traffic(served)
        os.kill(master, signal.SIGHUP)
        until(lambda old=before: not old & set(_workers(master)), 60)
    traffic(served)
    sent = (ROUNDS + 2) * 7
    told = 'sum(luot_hits_total{site="demo",door="hit"})'
    wait_for(prometheus, f"{told} >= {sent}")
    fell = [
        row["metric"]
        for row in prometheus.ask(f"{GROWING}[2h]")
        if any(
            float(later) < float(earlier) for (_, earlier), (_, later) in pairwise(row["values"])
        )
    ]
    files = list((served.folder / "metrics").glob("*.db"))

    assert [] == fell
    assert sent == int(prometheus.ask(told)[0]["value"][1])
    # Two workers, as many again while they are replaced, the master and the scheduler.
    assert len(files) <= 6 * 4


def _workers(master: int) -> list[int]:
    from tests.journeys.serving import _children  # noqa: PLC0415

    return [pid for _, pid in _children(master)]


def test_every_series_is_documented_and_clean(watched: tuple[Served, Prometheus]) -> None:
    served, prometheus = watched
    text = metrics_of(served)
    told = {line.partition("{")[0].split()[0] for line in text.splitlines() if line[:1] != "#"}
    known = metrics_page.names()
    scraped = {name for name in prometheus.get("label/__name__/values") if name.startswith("luot_")}

    assert set() == told - known
    assert set() == scraped - known
    assert "" == runs(program("promtool", "prometheus"), "check", "metrics", text=text)


def test_every_query_of_the_board_has_data(watched: tuple[Served, Prometheus]) -> None:
    served, prometheus = watched
    board = json.loads((CONFIG / "grafana" / "luot.json").read_text(encoding="utf-8"))
    asked = [
        target["expr"].replace("$site", ".*").replace("$__rate_interval", "1m")
        for panel in board["panels"]
        for target in panel.get("targets", [])
    ]
    # A rate needs two looks.
    traffic(served)
    wait_for(prometheus, 'sum(rate(luot_hits_total{result="counted"}[1m])) > 0')
    empty = [query for query in asked if not prometheus.ask(query)]

    assert len(asked) > 20
    assert [] == empty


def test_alerts_are_evaluated_and_none_fires(watched: tuple[Served, Prometheus]) -> None:
    _, prometheus = watched
    until(lambda: all(r["health"] == "ok" for r in prometheus.get("rules")["groups"][0]["rules"]))
    rules = prometheus.get("rules")["groups"][0]["rules"]

    assert 18 == len(rules)
    assert [] == [rule["name"] for rule in rules if rule["state"] == "firing"]


def test_a_look_at_the_metrics_is_cheap(watched: tuple[Served, Prometheus]) -> None:
    served, _ = watched
    began = time.perf_counter()
    text = metrics_of(served)

    assert "luot_views_total" in text
    assert time.perf_counter() - began < 2
