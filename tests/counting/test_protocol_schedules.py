"""
Schedules that are worth being played every time: each fails without the rule that it is about.
"""

from collections.abc import Callable, Iterator

import pytest

from tests import servers
from tests.ablations import RULES
from tests.puppets import Fate
from tests.stages import Stage
from tests.verdicts import judge
from tests.worlds import Violation, World


def scheduled(world: World, job: str, host: int = 0, steps: int = 1_000) -> None:
    """
    A scheduler has taken so many steps of a job for the site a.
    """
    world.schedule(host, "a", job)
    for played in [p for p in world.played if p.held is None and p.host == host]:
        world.advance(played, Fate.OK, steps)


def hit(world: World, worker: int = 0, visitor: int = 0) -> None:
    """
    A hit of the site a is counted.
    """
    world.hit(world.workers[worker], "a", visitor)
    world.rush()


def a_tail_is_lost_that_no_lane_noticed(world: World) -> None:
    hit(world)
    world.bookmark()
    hit(world)
    world.lose_tail(0)
    scheduled(world, "confirm")
    world.hit(world.workers[0], "a", 0)
    for _ in range(3):
        world.rush(1)


def a_reply_is_lost(world: World) -> None:
    hit(world)
    world.hit(world.workers[0], "a", 0)
    record = next(held for held in world.held if held.name == "record")
    world.answer(record, Fate.LATE)
    world.rush()
    world.arrive_late(0)


def two_schedulers_have_read_one_delta(world: World) -> None:
    hit(world)
    scheduled(world, "snapshot", steps=6)
    scheduled(world, "snapshot", host=1)
    scheduled(world, "snapshot")


def a_scheduler_wakes_up_after_a_restore(world: World) -> None:
    hit(world)
    scheduled(world, "snapshot", steps=6)
    world.flush()
    scheduled(world, "confirm", host=1)
    world.calm()
    scheduled(world, "snapshot")


def a_rebuild_dies_between_sql_and_redis(world: World, steps: int) -> None:
    hit(world)
    scheduled(world, "rebuild", steps=steps)
    for played in list(world.played):
        world.advance(played, Fate.DIES)
    hit(world, visitor=1)


def redis_is_emptied_after_two_days(world: World) -> None:
    hit(world)
    world.pass_day()
    world.pass_day()
    for worker in world.alive:
        world.trim(worker)
        world.crash(worker)
    world.wipe()


def another_worker_has_seen_the_visitor(world: World) -> None:
    hit(world)
    world.calm()
    world.wipe()
    hit(world, worker=2)


SCHEDULES: dict[str, Callable[[World], None]] = {
    "a gap is not refused": a_tail_is_lost_that_no_lane_noticed,
    "a repeat is not refused": a_reply_is_lost,
    "deltas are added wherever SQL stands": two_schedulers_have_read_one_delta,
    "a restore takes no new epoch": a_scheduler_wakes_up_after_a_restore,
    "segments go before SQL has them": redis_is_emptied_after_two_days,
    "lanes do not remember": another_worker_has_seen_the_visitor,
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with servers.valkey() as server:
        stage = Stage(server, tmp_path_factory.mktemp("worlds"))
        yield stage
        stage.close()


@pytest.fixture
def world(stage: Stage) -> Iterator[World]:
    world = World(stage)
    world.calm()
    yield world
    world.close()


def _play(world: World, schedule: Callable[[World], None]) -> None:
    schedule(world)
    judge(world)


@pytest.mark.parametrize("rule", SCHEDULES)
def test_a_schedule_ends_well(world: World, rule: str) -> None:
    _play(world, SCHEDULES[rule])


@pytest.mark.parametrize("rule", SCHEDULES)
def test_a_schedule_ends_badly_without_its_rule(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    world = World(stage)
    try:
        world.calm()
        RULES[rule](monkeypatch, stage)
        with pytest.raises(Violation):
            _play(world, SCHEDULES[rule])
    finally:
        world.close()
        monkeypatch.undo()
        stage.load()


@pytest.mark.parametrize("steps", range(1, 24))
def test_a_rebuild_that_dies_at_any_call_is_made_good(world: World, steps: int) -> None:
    a_rebuild_dies_between_sql_and_redis(world, steps)

    judge(world)


def test_a_worker_that_dies_before_its_producer_is_retired_leaves_nobody_waiting(
    world: World,
) -> None:
    hit(world)
    world.calm()
    world.pass_day()
    world.pass_day()
    world.calm()
    world.is_up = False
    for worker in world.alive * 2:
        world.trim(worker)
    for worker in list(world.alive):
        world.crash(worker)

    judge(world)


def test_a_lane_that_hears_late_where_it_stands_does_not_outlive_its_journal(world: World) -> None:
    worker = world.workers[0]
    hit(world)
    world.calm()
    world.pass_day()
    world.pass_day()
    world.calm()
    world.trim(worker)
    world.restart()
    world.look(worker)
    while not worker.house_work["look"].done():
        world.answer(next(held for held in world.held if held.name == "standings"))
    scheduled(world, "confirm")
    # Its lane has asked again where it stands, and the producer is retired meanwhile.
    world.trim(worker)
    world.rush()

    judge(world)
