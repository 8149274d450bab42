"""
The jobs: what is done again and again, each a row.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from service.archive.baselines import push_baselines
from service.archive.corrections import push_corrections
from service.archive.folding import Folded, Retention, fold
from service.archive.snapshots import snapshot
from service.archive.tidying import forget_old, old_producers
from service.clock import instant
from service.counting.keys import SiteKeys
from service.counting.notes import Note, add_note, set_notes
from service.errors import LuotError, SiteNotOpen
from service.intake.days import SiteDay, day_of
from service.intake.sites import Site
from service.jobs.repairing import repair_site
from service.runtime import Runtime

log = logging.getLogger(__name__)

#: Site-days that are open: today, and yesterday until it ended 24 hours ago.
OPEN_DAYS = 2

#: Producers that one call retires.
_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Job:
    """
    One job: its name, what it does, how often, and what becomes of a run that was missed.
    """

    name: str
    does: str
    #: Seconds between two runs.
    every: int
    if_missed: str
    run: Callable[[Runtime], None]


class JobFailed(LuotError):
    """
    A job could not do all it had to do; each site that it failed for was logged.
    """


def jobs(snapshot_seconds: int) -> list[Job]:
    """
    All jobs.
    """
    return [*_of_numbers(snapshot_seconds), *_of_time()]


def _of_numbers(snapshot_seconds: int) -> list[Job]:
    return [
        Job(
            "snapshot",
            "adds what was counted to SQL",
            snapshot_seconds,
            "the next one adds all that has come together",
            take_snapshots,
        ),
        Job(
            "confirm",
            "opens or restores sites after a restart or a loss of Redis",
            1,
            "a web process that needs the site opens it",
            confirm_sites,
        ),
        Job(
            "reconcile",
            "compares the numbers in Redis with those in SQL, and restores a site that lost some",
            300,
            "the next run compares them",
            reconcile_sites,
        ),
    ]


def _of_time() -> list[Job]:
    return [
        Job(
            "salts",
            "draws the salts of today and tomorrow",
            3_600,
            "a salt is drawn by the first hit that needs it",
            draw_salts,
        ),
        Job(
            "close_days",
            "removes who was seen on days that ended a day ago",
            3_600,
            "the keys go by themselves at that time",
            close_days,
        ),
        Job(
            "tidy",
            "forgets tokens of deltas and producers that are two days old",
            86_400,
            "they are forgotten by the next run",
            tidy,
        ),
        Job(
            "retention",
            "folds hours, rare values and days that are older than they are kept",
            86_400,
            "they are folded by the next run",
            fold_old,
        ),
    ]


def run_job(job: Job, runtime: Runtime) -> None:
    """
    The job has run, and its metric says when it last did all it had to do.

    :raises LuotError: it could not
    """
    began = time.perf_counter()
    try:
        job.run(runtime)
    except LuotError:
        with suppress(LuotError):
            add_note(runtime.store, Note("failures", job.name), 1)
        raise
    told = {
        Note("success", job.name): runtime.clock.now_ms() / 1000,
        Note("seconds", job.name): time.perf_counter() - began,
    }
    set_notes(runtime.store, told)


def take_snapshots(runtime: Runtime) -> None:
    """
    Everything that was counted until now is in SQL.
    """
    _for_each_site(runtime, "snapshot", _snapshot_site)
    runtime.guard.note()


def confirm_sites(runtime: Runtime) -> None:
    """
    Every site counts and shows its numbers.
    """
    _for_each_site(runtime, "confirm", _confirm_site)


def reconcile_sites(runtime: Runtime) -> None:
    """
    No site has less in Redis than in SQL, or it is being restored.
    """
    _for_each_site(runtime, "reconcile", repair_site)


def draw_salts(runtime: Runtime) -> None:
    """
    The salts of today and tomorrow are drawn, so that midnight needs nothing new.
    """
    _for_each_site(runtime, "salts", _draw_salts_of_site)


def close_days(runtime: Runtime) -> None:
    """
    Nobody who was seen on a day that ended 24 hours ago is known any more.
    """
    if _believes_clock(runtime, "close_days"):
        _for_each_site(runtime, "close_days", _close_day_of_site)


def tidy(runtime: Runtime) -> None:
    """
    Old tokens and producers are forgotten.
    """
    if _believes_clock(runtime, "tidy"):
        _for_each_site(runtime, "tidy", _tidy_site)


def fold_old(runtime: Runtime) -> None:
    """
    What is older than the settings keep it is folded.
    """
    if _believes_clock(runtime, "retention"):
        _for_each_site(runtime, "retention", _fold_site)


def _believes_clock(runtime: Runtime, job: str) -> bool:
    """
    Whether it is as late as it seems; if not, what is old and may go cannot be told.
    """
    doubt = runtime.guard.doubt()
    if doubt:
        log.critical("nothing is removed", extra={"job": job, "why": doubt})
    return not doubt


def _for_each_site(runtime: Runtime, name: str, act: Callable[[Runtime, Site], None]) -> None:
    """
    One site's trouble is told, and does not stop the others.
    """
    failed: dict[str, str] = {}
    for site in runtime.sites.values():
        try:
            act(runtime, site)
        except LuotError as error:
            log.error("job failed", extra={"job": name, "site": site.id, "why": str(error)})  # noqa: TRY400 - the reason says it
            failed[site.id] = str(error)
    if failed:
        why = next(iter(failed.values()))
        raise JobFailed(f"{name} failed for {', '.join(failed)}: {why}")


def _snapshot_site(runtime: Runtime, site: Site) -> None:
    asked, began = (runtime.store, runtime.database, site.id, runtime.clock), time.perf_counter()
    try:
        done = snapshot(*asked)
    except SiteNotOpen:
        runtime.open_site(site.id)
        done = snapshot(*asked)
    push_corrections(runtime.store, runtime.database, site, runtime.clock.now_ms())
    push_baselines(runtime.store, runtime.database, site.id)
    told = {
        Note("snapshot", site.id): runtime.clock.now_ms() / 1000,
        Note("took", site.id): time.perf_counter() - began,
    }
    set_notes(runtime.store, told)
    add_note(runtime.store, Note("rows", site.id), done.rows)
    log.debug("snapshot taken", extra={"site": site.id, "deltas": done.deltas, "rows": done.rows})


def _confirm_site(runtime: Runtime, site: Site) -> None:
    if not runtime.store.status(site.id).is_open:
        runtime.open_site(site.id)


def _draw_salts_of_site(runtime: Runtime, site: Site) -> None:
    today = site.day(runtime.clock.now_ms())
    for day in (today, _shifted(site, today, 1)):
        runtime.salts(site.id, day)


def _close_day_of_site(runtime: Runtime, site: Site) -> None:
    keys, store = SiteKeys(site.id), runtime.store
    epoch = store.status(site.id).epoch
    today = site.day(runtime.clock.now_ms())
    for back in range(OPEN_DAYS, OPEN_DAYS + 7):
        closed = _shifted(site, today, -back)
        store.call("close_day", [keys.state, *keys.of_day(closed.label)], [epoch])


def _tidy_site(runtime: Runtime, site: Site) -> None:
    now = runtime.clock.now_ms()
    here = runtime.journals.producers()
    retired = old_producers(runtime.database, site.id, now, here)
    epoch = runtime.store.status(site.id).epoch
    for chunk in _chunks(retired):
        runtime.store.call("retire", [SiteKeys(site.id).state], [epoch, *chunk])
    forget_old(runtime.database, site.id, now, retired)


def _fold_site(runtime: Runtime, site: Site) -> None:
    today = date.fromisoformat(site.day(runtime.clock.now_ms()).label)
    folded = fold(runtime.database, site.id, Retention.of(runtime.settings, today))
    if folded != Folded():
        told = {"hours": folded.hours, "values": folded.values, "days": folded.days}
        log.info("old rows were folded", extra={"site": site.id, **told})


def _chunks(rows: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(rows), _CHUNK):
        yield rows[first : first + _CHUNK]


def _shifted(site: Site, day: SiteDay, days: int) -> SiteDay:
    noon = instant((day.start_ms + day.end_ms) // 2).astimezone(site.zone)
    return day_of(noon.date() + timedelta(days=days), site.zone)
