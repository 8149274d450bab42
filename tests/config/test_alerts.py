"""
The rules of alerts: each fires when it should, and stops when what it is about is over.
"""

import re
from pathlib import Path

from tests.tools import program, runs

CONFIG = Path(__file__).parents[2] / "config"
CASES = Path(__file__).with_name("alerts.test.yml")


def test_each_alert_fires_and_stops_and_no_other_does(tmp_path: Path) -> None:
    for file in (CONFIG / "alerts.yml", CASES):
        (tmp_path / file.name).write_bytes(file.read_bytes())

    said = runs(program("promtool", "prometheus"), "test", "rules", CASES.name, folder=tmp_path)

    assert "SUCCESS" in said


def test_each_alert_has_a_case() -> None:
    alerts = re.findall(r"alert: (\w+)", (CONFIG / "alerts.yml").read_text(encoding="utf-8"))
    cases = re.findall(r"name: (\w+)", CASES.read_text(encoding="utf-8"))

    assert alerts
    assert sorted(alerts) == sorted(cases)


def test_the_settings_of_prometheus_are_right() -> None:
    said = runs(
        program("promtool", "prometheus"), "check", "config", str(CONFIG / "prometheus.yml")
    )

    assert "SUCCESS" in said
