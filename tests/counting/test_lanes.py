"""
A lane sends each batch once, in order, whatever its world does; the world is the test's own.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.counting.entries import DaySalt, Entry
from service.counting.journal import Journal
from service.counting.journals import Journals
from service.counting.lanes import PROBE, RECENT, Lane
from service.errors import LuotError, SiteNotOpen, StoreError, StoreUnavailable
from tests.counting.worlds import OPEN, World, away

NOW = 1_700_000_000_000

SALT = DaySalt("s1", "2026-11-22", NOW, b"0123456789abcdef")


class Heard:
    """
    Somebody who waits for batches.
    """

    def __init__(self) -> None:
        self.settled_seqs: list[int] = []
        self.replies: list[list[Any]] = []
        self.aways = 0
        self.last_known = 0

    def settled(self, seq: int, reply: list[Any]) -> None:
        self.settled_seqs.append(seq)
        self.replies.append(reply)

    def known(self, last: int) -> None:
        self.last_known = last

    def away(self) -> None:
        self.aways += 1


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journals(tmp_path, 2**30).create()


def fill(journal: Journal, *bodies: bytes, site: str = "s1") -> None:
    for body in bodies:
        journal.append([Entry(site, NOW, 2, body, (SALT,))])


def run(world: World, journal: Journal, heard: Heard | None = None) -> Lane:
    lane = Lane(world, journal, "s1", heard)
    asyncio.run(asyncio.wait_for(lane.run(), 10))
    return lane


def test_batches_go_in_order_and_each_is_told(journal: Journal) -> None:
    fill(journal, b"1", b"2", b"3")
    fill(journal, b"of another site", site="s2")
    heard, world = Heard(), World()
    lane = run(world, journal, heard)

    assert [b"1", b"2", b"3"] == world.applied
    assert [1, 2, 3] == heard.settled_seqs
    assert lane.is_drained


def test_what_redis_has_is_not_sent(journal: Journal) -> None:
    fill(journal, b"1", b"2", b"3")
    world = World(replace(OPEN, last=2))
    run(world, journal)

    assert [b"3"] == world.applied
    assert ["standings", "record"] == world.names()


def test_a_batch_from_memory_wants_numbers_and_one_from_the_journal_does_not(
    journal: Journal,
) -> None:
    fill(journal, b"1", b"2")
    world = World()
    lane = Lane(world, journal, "s1", None)
    lane.add(2, b"2", 77)
    asyncio.run(lane.run())

    assert [("record", 1, b"1", None), ("record", 2, b"2", None)] == world.said[1:]
    fill(journal, b"3")
    lane.add(3, b"3", 78)
    asyncio.run(lane.run())
    assert ("record", 3, b"3", 78) == world.said[-1]


def test_more_batches_than_memory_holds_come_from_the_journal(journal: Journal) -> None:
    bodies = [b"%d" % number for number in range(RECENT + 10)]
    fill(journal, *bodies)
    world = World()
    lane = Lane(world, journal, "s1", None)
    for seq, body in enumerate(bodies, 1):
        lane.add(seq, body, 5)
    asyncio.run(lane.run())

    assert bodies == world.applied


def test_a_lost_reply_is_asked_for_under_the_same_number(journal: Journal) -> None:
    fill(journal, b"1", b"2")
    world, heard = World(), Heard()

    def applied_and_reply_lost() -> None:
        world.applied.append(b"1")
        world.standing = replace(world.standing, last=1)
        raise StoreUnavailable("Redis: TimeoutError")

    world.instead["record"] = [applied_and_reply_lost]
    run(world, journal, heard)

    assert [b"1", b"2"] == world.applied
    assert 0 == heard.aways


def test_a_batch_that_redis_knows_is_settled(journal: Journal) -> None:
    fill(journal, b"1", b"2")
    world, heard = World(), Heard()
    # Somebody else has sent both since the lane asked.
    world.instead["record"] = [lambda: setattr(world, "standing", replace(OPEN, last=2))]
    run(world, journal, heard)

    assert ([1, 2], ["known", "2"]) == (heard.settled_seqs, heard.replies[0])
    assert [] == world.applied


def test_what_redis_has_lost_is_sent_again(journal: Journal) -> None:
    fill(journal, b"1", b"2", b"3")
    world = World(replace(OPEN, last=2))
    world.instead["record"] = [lambda: setattr(world, "standing", OPEN)]
    run(world, journal)

    assert [b"1", b"2", b"3"] == world.applied


def test_batches_that_nobody_has_are_skipped_and_told(journal: Journal) -> None:
    fill(journal, b"1", b"two", b"3")
    (path,) = journal.folder.glob("*.journal")
    path.write_bytes(path.read_bytes().replace(b"two", b"owt"))
    world = World()
    run(world, journal)

    assert [b"1", b"3"] == world.applied
    assert ("skip", 1, 2, 2, 0) in world.said


def test_batches_that_come_while_a_lane_catches_up_are_sent(journal: Journal) -> None:
    fill(journal, b"1", b"2")
    world = World()
    world.instead["record"] = [lambda: fill(journal, b"3")]
    run(world, journal)

    assert [b"1", b"2", b"3"] == world.applied
    assert "skip" not in world.names()


def test_while_redis_is_away_somebody_is_told_once_and_it_is_probed(journal: Journal) -> None:
    fill(journal, b"1")
    world, heard = World(instead={"standings": away(5)}), Heard()
    lane = run(world, journal, heard)

    assert ["standings", *["standings", "pause"] * 4, "standings", "record"] == world.names()
    assert {PROBE} == {said[1] for said in world.said if said[0] == "pause"}
    assert (4, False) == (heard.aways, lane.is_away)
    assert [b"1"] == world.applied


def test_a_restart_that_is_over_keeps_nobody_waiting(journal: Journal) -> None:
    fill(journal, b"1")
    world, heard = World(instead={"standings": away(1)}), Heard()
    run(world, journal, heard)

    assert (0, [1]) == (heard.aways, heard.settled_seqs)
    assert "pause" not in world.names()


@pytest.mark.parametrize("error", [StoreUnavailable("OOM"), StoreError("LUOTBATCH it is none")])
def test_a_redis_that_reads_and_does_not_write_is_not_pressed(
    journal: Journal, error: LuotError
) -> None:
    # Where it stands can be asked of a full Redis, of a replica, and while the disk is full.
    fill(journal, b"1")
    world, heard = World(instead={"record": [error] * 5}, most=30), Heard()
    run(world, journal, heard)

    assert 4 == world.names().count("pause")
    assert 4 == heard.aways
    assert [b"1"] == world.applied


@pytest.mark.parametrize(
    "closed",
    [
        replace(OPEN, is_confirmed=False),
        replace(OPEN, epoch=0, phase=""),
        replace(OPEN, phase="load"),
    ],
)
def test_a_site_that_is_not_confirmed_is_opened_first(journal: Journal, closed: Any) -> None:
    fill(journal, b"1")
    world = World(closed, opening=lambda _: OPEN)
    run(world, journal)

    assert ["standings", "open", "standings", "record"] == world.names()


def test_what_was_seen_is_told_before_what_is_new(journal: Journal) -> None:
    fill(journal, b"1", b"2", b"3")
    phases = iter(["count", "open"])

    def forward(standing: Any) -> Any:
        return replace(standing, phase=next(phases), round=standing.round + "1", owed=0)

    world = World(replace(OPEN, phase="remember", last=2, owed=2), opening=forward)
    run(world, journal)

    assert [
        ("put_salt", "s1", SALT.day, SALT.salt, SALT.end_ms),
        ("remember", 1, b"1"),
        ("remember", 2, b"2"),
        ("arrive", "s1", journal.producer, "1 r1"),
    ] == world.said[1:5]
    assert [b"3"] == world.applied
    assert world.names().index("record") < len(world.said) - world.names()[::-1].index("arrive")


def test_who_comes_too_late_to_remember_does_so_all_the_same(journal: Journal) -> None:
    fill(journal, b"1", b"2")
    world = World(replace(OPEN, last=1, owed=1))
    run(world, journal)

    assert ["standings", "put_salt", "remember", "arrive", "record"] == world.names()
    assert ("arrive", "s1", journal.producer, "0 r1") in world.said


def test_telling_who_was_seen_goes_on_where_it_was_cut_off(journal: Journal) -> None:
    fill(journal, *(b"%d" % seq for seq in range(1, 10)))
    world = World(replace(OPEN, last=9, owed=9))
    fine: list[Callable[[], None] | LuotError] = [lambda: None] * 5
    world.instead["remember"] = fine + away(1)
    run(world, journal)

    assert [1, 2, 3, 4, 5, 6, 6, 7, 8, 9] == [s[1] for s in world.said if s[0] == "remember"]


@pytest.mark.parametrize("phase", ["remember", "count"])
def test_a_phase_that_takes_its_time_is_looked_at_now_and_then(
    journal: Journal, phase: str
) -> None:
    fill(journal, b"1")
    world = World(replace(OPEN, phase=phase), most=20_000)
    slept: list[float] = []

    def nap() -> None:
        slept.append(world.said[-1][1])
        if len(slept) == 2_000:
            world.standing = replace(world.standing, phase="open")

    world.on_pause = nap
    lane = run(world, journal)

    assert [0.1, 0.2, 0.4, 0.8, 1.0, 1.0] == slept[:6]
    assert (2_000, 1.0) == (len(slept), slept[-1])
    assert lane.is_drained


def test_a_site_that_begins_another_life_while_it_opens_is_asked_anew(journal: Journal) -> None:
    fill(journal, b"1")
    world = World(replace(OPEN, phase="count", last=1))
    lives = iter([replace(OPEN, epoch=2, phase="remember", round="5", owed=1), OPEN])
    world.opening = lambda _: next(lives, OPEN)
    run(world, journal)

    assert ("remember", 1, b"1") in world.said


def test_a_site_that_cannot_be_opened_keeps_nobody_waiting(journal: Journal) -> None:
    fill(journal, b"1")
    closed = replace(OPEN, is_confirmed=False)
    world, heard = World(closed, instead={"open": [SiteNotOpen("s1")] * 3}), Heard()
    world.opening = lambda _: OPEN
    run(world, journal, heard)

    assert 2 == heard.aways
    assert [b"1"] == world.applied


@pytest.mark.parametrize(
    ("changed", "asks"),
    [
        (lambda s: s, False),
        (lambda s: replace(s, epoch=2), True),
        (lambda s: replace(s, is_confirmed=False), True),
        (lambda s: replace(s, round="2"), True),
        (lambda _: None, True),
    ],
)
def test_an_idle_lane_asks_again_when_redis_is_not_what_it_was(
    journal: Journal, changed: Callable[[Any], Any], asks: bool
) -> None:
    fill(journal, b"1")
    lane = run(World(), journal)
    lane.doubt(changed(replace(OPEN, last=1)))

    assert asks is not lane.is_drained
