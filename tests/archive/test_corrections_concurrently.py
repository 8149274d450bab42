"""
Corrections while hits, snapshots and other corrections go on at the same time, on both databases.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.archive.corrections import corrections
from service.archive.restoring import restore
from service.errors import LuotError
from tests.agreement import assert_agreement
from tests.archive.test_corrections import merge, remove, undo
from tests.conftest import CHROME, Luot, MakeLuot

THREADS, HITS = 4, 60


@pytest.fixture
def luot(make_luot: MakeLuot, database_url: str) -> Luot:
    return make_luot(database_url=database_url)


def read_on(luot: Luot, reader: int) -> None:
    for number in range(HITS):
        answer = luot.hit(
            f"/{number % 3}", address=f"203.0.113.{reader}", agent=f"{CHROME} {reader}"
        )
        assert answer.status_code in {202, 204}


def test_numbers_agree_when_pages_move_and_come_back_under_hits(luot: Luot) -> None:
    luot.hit("/0")
    luot.snapshot()
    done = threading.Event()

    def again(act: Callable[[], object]) -> None:
        while not done.is_set():
            try:
                act()
            except LuotError:
                # Another one was quicker.
                continue

    def correct() -> None:
        undo(luot, merge(luot, "/0", "/1"))

    with ThreadPoolExecutor(THREADS + 2) as pool:
        others = [pool.submit(again, act) for act in (correct, luot.snapshot)]
        for future in [pool.submit(read_on, luot, reader) for reader in range(THREADS)]:
            future.result()
        done.set()
        for future in others:
            future.result()
    luot.snapshot()

    assert corrections(luot.runtime.database, "s1")
    assert 1 + THREADS * HITS == luot.counters()["views"]["total"]
    assert_agreement(luot)


def test_a_removal_and_its_undo_leave_what_came_between(luot: Luot) -> None:
    for reader in range(5):
        luot.hit("/wave", address=f"198.51.100.{reader}", width=700)
    made = remove(luot, "/wave")
    luot.hit("/wave", address="198.51.100.9")
    once = luot.totals("2026-11-22")
    assert_agreement(luot)
    undo(luot, made)

    assert (1, 1, 1) == once
    assert (6, 6, 6) == luot.totals("2026-11-22")
    assert_agreement(luot)


def test_a_restore_in_the_middle_of_a_correction_gives_the_corrected_numbers(
    luot: Luot, monkeypatch: pytest.MonkeyPatch
) -> None:
    luot.hit("/old", address="203.0.113.1")
    luot.hit("/new", address="203.0.113.2")
    luot.snapshot()
    # Given a correction that Redis was never told, because it went away
    with monkeypatch.context() as patch:
        patch.setattr("service.archive.corrections._tell", lambda *_: None)
        merge(luot, "/old", "/new")
    untold = luot.runtime.store.status("s1").corrected
    here = luot.runtime
    restore(here.store, here.database, here.sites["s1"], luot.clock.now_ms(), lambda _: None)
    here.recorder.close()
    luot.clock.forward(120)
    here.open_site("s1")
    luot.clock.forward(120)
    here.open_site("s1")

    assert (0, 1) == (untold, here.store.status("s1").corrected)
    page = luot.counters("/old")["pages"]["/old"]
    assert (2, 2, 2) == (page["views"], page["visits"], page["visitors"])
    assert_agreement(luot)
