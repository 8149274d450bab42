"""
Random schedules of hits, crashes and losses: every hit that was kept is counted, once.
"""

import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests import servers
from tests.ablations import RULES
from tests.puppets import Fate
from tests.stages import Stage
from tests.verdicts import judge
from tests.worlds import HOSTS, JOBS, SITES, Violation, World

#: Schedules of the long form, by ``make protocol-long``; none: the short form, and its schedules.
LONG, EXAMPLES = int(os.environ.get("LUOT_LONG", "0")), 60

NUMBERS = st.integers(0, 11)
#: Most calls go well.
FATES = st.sampled_from([Fate.OK] * 5 + [Fate.LOST, Fate.REFUSED, Fate.LATE, Fate.HELD])
STEPS = st.sampled_from([1, 2, 3, 5, 8, 1000, 1000])
#: How many calls of lanes go well at once.
CALLS = st.sampled_from([0, 1, 3, 100, 100])


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with servers.valkey() as server:
        stage = Stage(server, tmp_path_factory.mktemp("worlds"))
        yield stage
        stage.close()


class Schedule(RuleBasedStateMachine):
    """
    One thing after the other happens to a world.
    """

    stage: Stage

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.stage)
        self.world.calm()

    def teardown(self) -> None:
        try:
            # After a step that failed there is nothing left to judge.
            if sys.exc_info()[0] is None:
                judge(self.world)
        finally:
            self.world.close()

    @precondition(lambda self: self.world.alive)
    @rule(
        worker=NUMBERS,
        sites=st.sampled_from(["a", "a", "a", "b", "ab"]),
        visitor=st.integers(0, 2),
        calls=CALLS,
    )
    def hit(self, worker: int, sites: str, visitor: int, calls: int) -> None:
        alive = self.world.alive
        self.world.bookmark()
        self.world.hit(alive[worker % len(alive)], sites, visitor)
        self.world.rush(calls)

    @precondition(lambda self: self.world.alive and self.world.sent)
    @rule(worker=NUMBERS, number=NUMBERS, calls=CALLS)
    def hit_again(self, worker: int, number: int, calls: int) -> None:
        alive = self.world.alive
        self.world.again(alive[worker % len(alive)], number)
        self.world.rush(calls)

    @precondition(lambda self: self.world.held)
    @rule(number=NUMBERS, fate=FATES)
    def answer(self, number: int, fate: Fate) -> None:
        held = self.world.held
        self.world.answer(held[number % len(held)], fate)

    @precondition(lambda self: self.world.held)
    @rule(calls=CALLS)
    def rush(self, calls: int) -> None:
        self.world.rush(calls)

    @precondition(lambda self: self.world.alive)
    @rule(worker=NUMBERS, calls=CALLS)
    def look(self, worker: int, calls: int) -> None:
        alive = self.world.alive
        self.world.look(alive[worker % len(alive)])
        self.world.rush(calls)

    @rule(
        host=st.sampled_from(HOSTS),
        site=st.sampled_from("aaab"),
        job=st.sampled_from([*JOBS, *["snapshot", "confirm"] * 3]),
        steps=STEPS,
    )
    def schedule(self, host: int, site: str, job: str, steps: int) -> None:
        self.world.schedule(host, site, job)
        for played in self.world.played:
            if (played.host, played.site) == (host, site):
                self.world.advance(played, Fate.OK, steps)
                break

    @precondition(lambda self: self.world.played)
    @rule(number=NUMBERS, fate=FATES | st.just(Fate.DIES), steps=STEPS)
    def advance(self, number: int, fate: Fate, steps: int) -> None:
        played = self.world.played
        self.world.advance(played[number % len(played)], fate, steps)

    @precondition(lambda self: self.world.late)
    @rule(number=NUMBERS)
    def arrive_late(self, number: int) -> None:
        self.world.arrive_late(number)

    @rule(
        what=st.sampled_from(["restart", "flush", "wipe", "lose", "lose", "away", "locks"]),
        is_noticed=st.booleans(),
    )
    def redis(self, what: str, is_noticed: bool) -> None:
        match what:
            case "lose":
                self.world.lose_tail(2)
            case "away":
                self.world.is_up = False
            case "locks":
                self.world.expire_locks()
            case _:
                getattr(self.world, what)()
        if is_noticed:
            self.schedule(0, "a", "confirm", 1_000)

    @precondition(lambda self: self.world.alive)
    @rule(worker=NUMBERS, writes=st.sampled_from(["", "", "half", "whole"]))
    def crash(self, worker: int, writes: str) -> None:
        alive = self.world.alive
        self.world.crash(alive[worker % len(alive)], writes)

    @precondition(lambda self: all(self.world.host_is_up.values()))
    @rule(host=st.sampled_from(HOSTS))
    def take_down(self, host: int) -> None:
        self.world.take_down(host)

    @precondition(lambda self: self.world.is_disturbed)
    @rule()
    def recover(self) -> None:
        self.world.recover()

    @rule()
    def calm(self) -> None:
        self.world.calm()

    @rule(what=st.sampled_from(["pass_minutes", "pass_minutes", "pass_day"]))
    def time(self, what: str) -> None:
        getattr(self.world, what)()

    @precondition(lambda self: self.world.alive)
    @rule()
    def trim(self) -> None:
        for worker in self.world.alive:
            self.world.trim(worker)

    @rule(site=st.sampled_from(SITES))
    def read(self, site: str) -> None:
        self.world.read(site)


def run(stage: Stage, examples: int, **how: Any) -> None:
    """
    So many schedules end well.
    """
    told = settings(
        max_examples=examples,
        stateful_step_count=60,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        **how,
    )
    run_state_machine_as_test(type("Schedule", (Schedule,), {"stage": stage}), settings=told)


def test_every_hit_that_was_kept_is_counted_once_whatever_happens(stage: Stage) -> None:
    run(stage, LONG or EXAMPLES)


@pytest.mark.skipif(not LONG, reason="the long form; some are played as schedules every time")
@pytest.mark.parametrize("rule", RULES)
def test_without_a_rule_schedules_fail(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    RULES[rule](monkeypatch, stage)
    try:
        with pytest.raises(Violation):
            run(stage, LONG, database=None, phases=[Phase.generate], report_multiple_bugs=False)
    finally:
        monkeypatch.undo()
        stage.load()
