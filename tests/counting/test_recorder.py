"""
Whoever hands in hits gets an answer, and what is answered with 2xx is on disk.
"""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec.structs import replace

from service.counting.journal import Journal
from service.counting.recorder import LARGEST_QUEUE
from service.counting.wire import Item, Result
from service.errors import JournalFailed, StoreUnavailable
from tests import servers
from tests.conftest import Luot, MakeLuot, SetClock
from tests.counting.builders import a_hit
from tests.counting.worlds import a_moment
from tests.servers import until


@pytest.fixture
def own_valkey() -> Iterator[servers.Valkey]:
    with servers.valkey("--appendonly", "yes") as server:
        yield server


def record(luot: Luot, *items: Item) -> tuple[Result, ...]:
    return luot.runtime.recorder.record(luot.runtime.sites["s1"], items).results


def views(luot: Luot) -> int:
    found = luot.counters()["views"]["total"]
    assert isinstance(found, int)
    return found


def told(waiting: "Future[tuple[Result, ...]]") -> str:
    """
    What somebody heard within five seconds.
    """
    error = waiting.exception(5)
    return str(error) if error else str(waiting.result()[0])


def journals(luot: Luot) -> list[Path]:
    return sorted(luot.runtime.journals.folder.glob("?" * 32))


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_hits_that_come_together_share_batches(luot: Luot) -> None:
    hit = a_hit(luot, "/a")
    record(luot, hit)
    with ThreadPoolExecutor(32) as pool:
        said = list(pool.map(lambda _: record(luot, hit), range(250)))
    (journal,) = journals(luot)
    luot.runtime.close()
    (left,) = luot.runtime.journals.adopt(set())
    batches = left.last("s1")
    left.close()

    assert {(Result.COUNTED,)} == set(said)
    assert 251 == views(luot)
    assert batches < 125
    assert journal.name == left.producer


def test_a_full_journal_refuses_hits_and_takes_them_when_it_has_room(luot: Luot) -> None:
    hit = a_hit(luot, "/a")
    record(luot, hit)
    luot.runtime.journals.capacity = luot.runtime.journals.size()
    answer = luot.hit("/a")

    assert (503, "rejected; reason=storage") == (answer.status_code, answer.headers["Luot-Result"])
    assert "Retry-After" in answer.headers
    luot.runtime.journals.capacity *= 10
    assert 204 == luot.hit("/a").status_code
    assert (2, 1) == (views(luot), len(journals(luot)))


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """
    While it is set the disk does not sync.
    """
    is_broken, real = threading.Event(), __import__("os").fdatasync

    def sync(descriptor: int) -> None:
        if is_broken.is_set():
            raise OSError(5, "Input/output error")
        real(descriptor)

    monkeypatch.setattr("os.fdatasync", sync)
    return is_broken


def test_after_a_refusal_of_the_disk_another_producer_goes_on(
    luot: Luot, refusing: threading.Event
) -> None:
    hit = a_hit(luot, "/a")
    record(luot, hit)
    refusing.set()
    with pytest.raises(JournalFailed, match="Input/output error"):
        record(luot, hit)
    refusing.clear()

    assert (Result.COUNTED,) == record(luot, hit)
    assert (2, 2) == (views(luot), len(journals(luot)))


def test_a_disk_that_refuses_all_night_fills_neither_disk_nor_process(
    luot: Luot, refusing: threading.Event
) -> None:
    hit = a_hit(luot, "/a")
    record(luot, hit)
    refusing.set()
    with pytest.raises(JournalFailed):
        record(luot, hit)
    before = open_files()
    for _ in range(40):
        with pytest.raises(JournalFailed):
            record(luot, hit)

    assert open_files() - before < 10
    assert 2 == len(journals(luot))


def test_who_is_in_a_batch_when_the_recorder_stops_is_answered(
    luot: Luot, monkeypatch: pytest.MonkeyPatch
) -> None:
    hit, writing, go_on = a_hit(luot, "/a"), threading.Event(), threading.Event()
    record(luot, hit)
    real = Journal.append

    def slowly(*asked: object) -> list[int]:
        writing.set()
        assert go_on.wait(10)
        return real(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr(Journal, "append", slowly)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(record, luot, hit)
        assert writing.wait(10)
        second = pool.submit(record, luot, hit)
        closing = pool.submit(luot.runtime.recorder.close)
        go_on.set()
        closing.result(10)

        assert first.result(5)[0] in {Result.QUEUED, Result.COUNTED}
        assert told(second) in {"queued", "counted", "this process ends"}


def test_who_comes_after_the_end_is_refused(luot: Luot) -> None:
    hit, recorder, site = a_hit(luot, "/a"), luot.runtime.recorder, luot.runtime.sites["s1"]

    async def live() -> None:
        recorder.start()
        await recorder.take(site, [hit])
        await recorder.stop()
        with pytest.raises(StoreUnavailable, match="this process ends"):
            await asyncio.wait_for(recorder.take(site, [hit]), 5)

    asyncio.run(live())


def test_more_hits_than_can_wait_are_refused(luot: Luot) -> None:
    hit, recorder, site = a_hit(luot, "/a"), luot.runtime.recorder, luot.runtime.sites["s1"]

    async def flood() -> list[object]:
        recorder.start()
        waiting = [recorder.take(site, [hit] * 500) for _ in range(LARGEST_QUEUE // 500 + 3)]
        tasks = [asyncio.ensure_future(work) for work in waiting]
        await a_moment()
        refused = [task for task in tasks if task.done()]
        await recorder.stop()
        await asyncio.gather(*tasks, return_exceptions=True)
        return [type(task.exception()) for task in refused]

    assert [StoreUnavailable] * 3 == asyncio.run(flood())


@pytest.mark.parametrize("durability", ["journal", "redis"])
def test_a_mistake_of_ours_leaves_nobody_waiting(make_luot: MakeLuot, durability: str) -> None:
    luot = make_luot(durability=durability)
    hit = a_hit(luot, "/a")
    record(luot, hit)

    with pytest.raises(StoreUnavailable, match="recorder: "):
        record(luot, replace(hit, moment=None))
    assert (Result.COUNTED,) == record(luot, hit)


def test_without_a_journal_hits_are_counted_and_no_file_is_made(make_luot: MakeLuot) -> None:
    luot = make_luot(durability="redis")
    hit = a_hit(luot, "/a")
    with ThreadPoolExecutor(16) as pool:
        said = list(pool.map(lambda _: record(luot, hit), range(100)))

    assert {(Result.COUNTED,)} == set(said)
    assert 100 == views(luot)
    assert not luot.runtime.journals.folder.exists()


def test_a_redis_that_is_full_queues_hits_and_is_not_pressed(
    own_valkey: servers.Valkey, tmp_path: Path, clock: SetClock
) -> None:
    make = MakeLuot(tmp_path, own_valkey.url, clock)
    luot = make()
    luot.hit("/a")
    own_valkey.client.config_set("maxmemory", "1mb")
    said = {luot.hit("/a").headers["Luot-Result"] for _ in range(4)}
    before = calls(own_valkey)
    for _ in range(3):
        luot.hit("/a")
    pressed = calls(own_valkey) - before
    own_valkey.client.config_set("maxmemory", "0")
    until(lambda: luot.hit("/b").headers["Luot-Result"] == "counted")
    until(lambda: luot.counters("/a")["pages"]["/a"]["views"] == 8)
    make.close()

    assert {"queued"} == said
    assert pressed < 100


def calls(server: servers.Valkey) -> int:
    stats = server.client.info("commandstats")
    assert isinstance(stats, dict)
    return sum(row["calls"] for name, row in stats.items() if "fcall" in name)
