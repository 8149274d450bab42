"""
What is told of Redis and SQL to whoever looks at the metrics.
"""

import pytest

from service.jobs.table import jobs, run_job
from tests import metrics_page
from tests.conftest import Luot
from tests.servers import Valkey


def looked(luot: Luot, accept: str = "") -> str:
    answer = luot.http.get(
        "/metrics", headers={"Authorization": f"Bearer {luot.token}", "Accept": accept}
    )
    assert 200 == answer.status_code
    return str(answer.get_data(as_text=True))


def test_the_page_about_metrics_is_as_the_code_says() -> None:
    assert metrics_page.page() == metrics_page.PAGE.read_text(encoding="utf-8")


def test_numbers_of_a_site_are_told(luot: Luot) -> None:
    luot.hit("/a")
    luot.hit("/b", address="203.0.113.8")
    text = looked(luot)

    for line in (
        'luot_views_total{site="s1"} 2.0',
        'luot_visits_total{site="s1"} 2.0',
        'luot_visitors_total{site="s1"} 2.0',
        'luot_online{site="s1"} 2.0',
        'luot_pages{site="s1"} 2.0',
        'luot_site_open{site="s1"} 1.0',
        'luot_site_epoch{site="s1"} 1.0',
        "luot_redis_up 1.0",
        "luot_sql_up 1.0",
    ):
        assert line in text.splitlines()


def test_what_the_scheduler_did_is_told_by_the_web(luot: Luot) -> None:
    luot.hit("/a")
    snapshot = next(job for job in jobs(60) if job.name == "snapshot")
    run_job(snapshot, luot.runtime)
    text = looked(luot)
    told = dict(line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")
    when = luot.clock.ms / 1000

    assert when == float(told['luot_job_last_success_timestamp_seconds{name="snapshot"}'])
    assert when == float(told['luot_snapshot_last_timestamp_seconds{site="s1"}'])
    assert 'luot_snapshot_rows_total{site="s1"}' in text
    assert 'luot_deltas_waiting{site="s1"} 0.0' in text


def test_without_redis_its_numbers_are_left_out_and_not_told_as_zero(
    luot: Luot, valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    luot.hit("/a")
    with valkey.client as client:
        client.execute_command("CLIENT", "PAUSE", 1500, "ALL")
    text = looked(luot)

    assert "luot_redis_up 0.0" in text
    assert "luot_views_total" not in text
    assert "metrics without Redis" in caplog.messages


def test_whoever_takes_openmetrics_is_told_in_it(luot: Luot) -> None:
    text = looked(luot, "application/openmetrics-text; version=1.0.0")

    assert text.endswith("# EOF\n")
    assert "_created" not in text
