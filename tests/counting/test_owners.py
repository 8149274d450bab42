"""
Every journal has an owner until nobody will ask for it: adopted, registered, trimmed, retired.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from service.counting.desks import Group
from service.counting.entries import DaySalt, Entry
from service.counting.journal import Journal
from service.counting.journals import OLDEST_MS, Journals
from service.counting.owners import JOURNAL_MS, Owner
from service.counting.segments import KEPT_MS
from service.errors import ArchiveUnavailable, JournalFailed, LuotError
from tests.conftest import SetClock
from tests.counting.worlds import World, a_moment
from tests.servers import until


@dataclass
class Archive:
    """
    What SQL would know.
    """

    registered: list[str] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    marks: dict[str, dict[str, int]] = field(default_factory=dict)
    refusals: list[LuotError] = field(default_factory=list)

    def register(self, producer: str) -> None:
        for error in self.refusals[:1]:
            self.refusals.remove(error)
            raise error
        self.registered.append(producer)

    def watermarks(self, site: str) -> dict[str, int]:
        return self.marks.get(site, {})

    def purged(self) -> dict[str, int]:
        return {}

    def clock_doubt(self) -> str:
        return ""

    def retire(self, producers: Sequence[str]) -> None:
        self.retired += producers


@dataclass
class Host:
    """
    A process with an owner, a world of its own and a clock that stands still.
    """

    folder: Path
    clock: SetClock
    world: World = field(default_factory=lambda: World(most=1_000_000))
    archive: Archive = field(default_factory=Archive)

    def __post_init__(self) -> None:
        self.world.on_pause = a_moment
        self.journals = Journals(self.folder, 2**20)
        self.owner = Owner(self.world, self.journals, ["s1", "s2"], self.archive, self.clock)

    def live(self, test: Callable[[], Coroutine[Any, Any, None]]) -> None:
        async def lived() -> None:
            self.owner.start(lambda: None)
            try:
                await test()
            finally:
                await self.owner.stop()

        asyncio.run(asyncio.wait_for(lived(), 20))

    async def append(self, body: bytes = b"hits", site: str = "s1", end_ms: int = 0) -> None:
        now = self.clock.ms
        salt = DaySalt(site, "2026-11-22", end_ms or now, b"salt")
        entry = Entry(site, now, 1, body, (salt,))
        await self.owner.append([entry], [Group(None, [])])  # type: ignore[arg-type]

    def folders(self) -> list[Path]:
        return sorted(self.journals.folder.glob("?" * 32))

    def left_behind(self, *bodies: bytes, site: str = "s1") -> Journal:
        """
        A journal whose process has ended.
        """
        journal = self.journals.create()
        for body in bodies:
            journal.append([Entry(site, self.clock.ms, 1, body)])
        journal.close()
        return journal


async def becomes(holds: Callable[[], object]) -> None:
    await asyncio.to_thread(until, holds, 10)


@pytest.fixture
def host(tmp_path: Path, clock: SetClock) -> Host:
    return Host(tmp_path, clock)


def test_what_a_dead_process_left_is_sent(host: Host) -> None:
    host.left_behind(b"1", b"2")

    async def test() -> None:
        await becomes(lambda: host.world.applied == [b"1", b"2"])

    host.live(test)


def test_what_comes_is_sent_and_its_producer_registered(host: Host) -> None:
    host.archive.refusals.append(ArchiveUnavailable("SQL is away"))

    async def test() -> None:
        await host.append(b"1")
        await host.append(b"2")
        await becomes(lambda: host.world.applied == [b"1", b"2"])
        await becomes(lambda: host.archive.registered)

    host.live(test)
    assert [path.name for path in host.folders()] == host.archive.registered


def test_a_producer_arrives_for_sites_that_it_has_no_hits_of(host: Host) -> None:
    async def test() -> None:
        host.world.standing = host.world.standing.__class__(True, 1, "count", "7", 0, 0)
        await host.append(b"1", "s1")
        (producer,) = (path.name for path in host.folders())
        await becomes(lambda: ("arrive", "s2", producer, "7") in host.world.said)
        host.world.standing = host.world.standing.__class__(True, 1, "open", "7", 9, 0)

    host.live(test)


def test_a_journal_takes_hits_for_a_day(host: Host) -> None:
    async def test() -> None:
        for forward in (0, JOURNAL_MS - 1, 1, 1):
            host.clock.ms += forward
            await host.append()

    host.live(test)
    assert 2 == len(host.folders())


def test_a_full_directory_takes_nothing_and_loses_nothing(host: Host) -> None:
    async def test() -> None:
        await host.append(b"1")
        with pytest.raises(JournalFailed, match="it is full, and drops nothing"):
            await host.append(bytes(2**20))
        await host.append(b"2")
        await becomes(lambda: host.world.applied == [b"1", b"2"])

    host.live(test)


def test_a_journal_goes_when_nobody_will_ask_for_it_and_then_its_producer(host: Host) -> None:
    left = host.left_behind(b"1")

    async def test() -> None:
        await becomes(lambda: host.world.applied == [b"1"])
        host.clock.ms += KEPT_MS
        await host.owner.trim()
        kept = host.folders()
        host.archive.marks["s1"] = {left.producer: 1}
        await host.owner.trim()

        assert [left.folder] == kept
        assert ([], [left.producer]) == (host.folders(), host.archive.retired)

    host.live(test)


def test_the_journal_in_use_goes_when_it_is_empty_and_another_takes_its_place(host: Host) -> None:
    async def test() -> None:
        await host.append(b"1")
        (first,) = host.folders()
        host.archive.marks["s1"] = {first.name: 1}
        host.clock.ms += KEPT_MS
        for _ in range(3):
            await host.owner.trim()
        await host.append(b"2")
        (second,) = host.folders()

        assert [first.name] == host.archive.retired
        assert first != second

    host.live(test)


def test_a_foreign_file_in_a_journal_stops_nothing(host: Host) -> None:
    left = [host.left_behind(b"1"), host.left_behind(b"1")]
    for journal in left:
        (journal.folder / "notes.txt").write_text("not ours")
    host.archive.marks["s1"] = {journal.producer: 1 for journal in left}

    async def test() -> None:
        await host.owner.look()
        host.clock.ms += KEPT_MS
        await host.owner.trim()
        await host.owner.trim()

        assert sorted(journal.producer for journal in left) == sorted(host.archive.retired)
        assert [] == host.folders()

    host.live(test)


def test_hits_of_a_site_that_was_removed_are_kept_and_not_sent(host: Host) -> None:
    left = host.left_behind(b"1", site="removed")
    host.archive.marks["removed"] = {left.producer: 1}

    async def test() -> None:
        await host.owner.look()
        host.clock.ms += 2 * KEPT_MS
        await host.owner.trim()

    host.live(test)
    assert ([], [left.folder], []) == (host.world.applied, host.folders(), host.archive.retired)


def test_a_journal_of_thirty_days_is_set_aside(host: Host) -> None:
    left = host.left_behind(b"1", site="removed")

    async def test() -> None:
        await host.owner.look()
        host.clock.ms += OLDEST_MS
        await host.owner.trim()

    host.live(test)
    assert [] == host.folders()
    assert (host.journals.folder / "quarantine" / left.producer).is_dir()


def test_when_it_stops_others_may_adopt_everything(host: Host) -> None:
    left = host.left_behind(b"1")

    async def test() -> None:
        await host.append(b"2")
        await host.owner.look()

    host.live(test)
    found = host.journals.adopt(set())
    assert {left.producer, *(path.name for path in host.folders())} == {j.producer for j in found}
    assert 2 == len(found)
    for journal in found:
        journal.close()
