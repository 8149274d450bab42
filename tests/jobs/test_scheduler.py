"""
One scheduler works at a time, and a failure is no end.
"""

from dataclasses import replace

from service.errors import StoreUnavailable
from service.jobs.scheduler import lead
from service.jobs.table import Job, jobs
from service.runtime import Runtime
from tests.conftest import Luot

SNAPSHOT = next(job for job in jobs(60) if job.name == "snapshot")


def counting(ran: list[str]) -> Job:
    def run(_runtime: Runtime) -> None:
        ran.append("ran")

    return replace(SNAPSHOT, run=run)


def test_a_job_waits_while_another_scheduler_runs_it(luot: Luot) -> None:
    ran: list[str] = []
    token = luot.runtime.store.lock(60, "luot:leader:snapshot")
    assert token
    lead(counting(ran), luot.runtime)
    while_locked = list(ran)
    luot.runtime.store.unlock(token, "luot:leader:snapshot")
    lead(counting(ran), luot.runtime)

    assert [] == while_locked
    assert ["ran"] == ran


def test_nobody_frees_the_lock_of_another(luot: Luot) -> None:
    store = luot.runtime.store
    held = store.lock(60, "luot:leader:snapshot")
    store.unlock("somebody else's token", "luot:leader:snapshot")

    assert held
    assert store.lock(60, "luot:leader:snapshot") is None


def test_a_job_that_fails_frees_its_lock_and_the_next_run_comes(luot: Luot) -> None:
    def fails(_runtime: Runtime) -> None:
        raise StoreUnavailable("gone")

    ran: list[str] = []
    lead(replace(SNAPSHOT, run=fails), luot.runtime)
    lead(counting(ran), luot.runtime)

    assert ["ran"] == ran
