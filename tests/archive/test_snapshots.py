"""
Snapshots, stopped at every step, doubled, and late.
"""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from service.archive.snapshots import snapshot
from service.errors import ArchiveBehind, SiteNotOpen
from service.runtime import Runtime
from tests.agreement import assert_agreement
from tests.conftest import Luot, MakeLuot

STEPS = ("begun", "closed", "read", "moved", "added", "committed", "forgotten")


@pytest.fixture
def luot(make_luot: MakeLuot, database_url: str) -> Luot:
    return make_luot(database_url=database_url)


def in_a_child(luot: Luot, act: Callable[[Runtime], None]) -> int:
    """
    The exit status of a process that acts with connections of its own.
    """
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            act(Runtime(luot.runtime.settings, luot.clock))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return status


def stopping_at(step: str) -> Callable[[Runtime], None]:
    """
    A snapshot that is killed as soon as it reaches a step.
    """

    def at(reached: str) -> None:
        if reached == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def act(runtime: Runtime) -> None:
        snapshot(runtime.store, runtime.database, "s1", runtime.clock, at)

    return act


def some_hits(luot: Luot, many: int) -> None:
    for number in range(many):
        address = f"203.0.113.{number % 7}"
        luot.hit(f"/p{number % 5}", address=address, title=f"Page {number % 5}")
        luot.clock.forward(241)


@pytest.mark.parametrize("step", STEPS)
def test_a_snapshot_killed_at_any_step_is_made_good_by_the_next(luot: Luot, step: str) -> None:
    for _ in range(20):
        some_hits(luot, 6)
        assert os.WTERMSIG(in_a_child(luot, stopping_at(step))) == signal.SIGKILL
    luot.snapshot()

    assert_agreement(luot)
    assert luot.counters()["views"]["total"] == 120
    assert luot.snapshot() == 0


def test_two_schedulers_at_once_add_every_delta_once(luot: Luot) -> None:
    for _ in range(10):
        some_hits(luot, 5)
        seen: list[str] = []

        def meanwhile(step: str, seen: list[str] = seen) -> None:
            # At each step of one, the other does all there is to do.
            if step not in {"moved", "added"} and step not in seen:
                seen.append(step)
                luot.snapshot()

        runtime = luot.runtime
        snapshot(runtime.store, runtime.database, "s1", luot.clock, meanwhile)
    luot.snapshot()

    assert_agreement(luot)
    assert luot.counters()["views"]["total"] == 50


def test_schedulers_in_many_processes_add_every_delta_once(luot: Luot) -> None:
    def act(runtime: Runtime) -> None:
        for _ in range(25):
            snapshot(runtime.store, runtime.database, "s1", runtime.clock)

    some_hits(luot, 1)
    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            with suppress(BaseException):
                act(Runtime(luot.runtime.settings, luot.clock))
            os._exit(0)
        children.append(child)
    some_hits(luot, 200)
    for child in children:
        os.waitpid(child, 0)
    luot.snapshot()

    assert_agreement(luot)
    assert luot.counters()["views"]["total"] == 201


def test_a_snapshot_without_hits_changes_nothing(luot: Luot) -> None:
    some_hits(luot, 3)
    luot.snapshot()

    assert luot.snapshot() == 0
    assert_agreement(luot)


def test_nothing_is_snapshotted_from_a_redis_that_nobody_confirmed(luot: Luot) -> None:
    some_hits(luot, 3)
    luot.runtime.store.commands.hset("luot:{s1}:state", "server", "another process")

    with pytest.raises(SiteNotOpen):
        luot.snapshot()


def test_a_database_that_lost_its_end_is_not_added_to(luot: Luot) -> None:
    some_hits(luot, 3)
    luot.snapshot()
    with luot.runtime.database.write() as connection:
        connection.exec_driver_sql("UPDATE site SET head = 'an older one'")
        connection.exec_driver_sql("DELETE FROM delta")
    some_hits(luot, 1)

    with pytest.raises(ArchiveBehind):
        luot.snapshot()


def test_a_title_changes_once_an_hour(luot: Luot) -> None:
    titles = []
    for title, seconds in (("One", 0), ("Two", 60), ("Three", 3600)):
        luot.clock.forward(seconds)
        luot.hit("/a", title=title)
        luot.snapshot()
        pages: list[dict[str, Any]] = luot.report("pages")["pages"]
        titles.append(pages[0]["title"])

    assert titles == ["One", "One", "Three"]
