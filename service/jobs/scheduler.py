"""
The process that runs the jobs. Several may run; one works at a time.

A lock in Redis keeps two schedulers from doing the same work at once. It is not what keeps the
numbers right: a snapshot adds a delta once, whoever takes it and however often.
"""

import logging
import signal
from types import FrameType

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler

from service.archive.sites import note_timezones
from service.clock import instant
from service.counting.keys import LEADER
from service.errors import LuotError
from service.jobs.table import Job, jobs, run_job, take_snapshots
from service.runtime import Runtime

log = logging.getLogger(__name__)

#: Seconds after which the lock of a scheduler that died is free again.
LOCK_SECONDS = 60.0


def run_scheduler(runtime: Runtime) -> None:
    """
    Runs the jobs until SIGTERM or SIGINT; what was counted by then is in SQL afterwards.
    """
    scheduler = BlockingScheduler(
        executors={"default": ThreadPoolExecutor(1)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        timezone="UTC",
    )

    def stop(_signal: int, _frame: FrameType | None) -> None:
        scheduler.shutdown(wait=False)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    _note_timezones(runtime)
    begin = instant(runtime.clock.now_ms())
    for job in jobs(runtime.settings.snapshot_seconds):
        scheduler.add_job(
            lead, "interval", [job, runtime], seconds=job.every, id=job.name, next_run_time=begin
        )
    log.info("scheduler started")
    scheduler.start()
    _finish(runtime)


def lead(job: Job, runtime: Runtime) -> None:
    """
    The job has run, unless another scheduler runs it just now; its failure was logged.
    """
    lock = f"{LEADER}:{job.name}"
    try:
        token = runtime.store.lock(LOCK_SECONDS, lock)
        if token is None:
            return
        try:
            run_job(job, runtime)
        finally:
            runtime.store.unlock(token, lock)
    except LuotError as error:
        log.error("job failed", extra={"job": job.name, "why": str(error)})  # noqa: TRY400 - the reason says it


def _note_timezones(runtime: Runtime) -> None:
    try:
        now = runtime.clock.now_ms()
        for said in note_timezones(runtime.database, runtime.sites.values(), now):
            log.warning(said)
    except LuotError as error:
        log.error("time zones not noted", extra={"why": str(error)})  # noqa: TRY400 - as above


def _finish(runtime: Runtime) -> None:
    try:
        take_snapshots(runtime)
        log.info("scheduler stopped")
    except LuotError as error:
        log.error("last snapshot failed", extra={"why": str(error)})  # noqa: TRY400 - as above
