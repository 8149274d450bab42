"""
Random hits, corrections, undos, snapshots and losses of Redis: at the end Redis, SQL and a simple
reference have the same numbers.
"""

import os
from collections import Counter
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.archive.removing import Wave
from service.dimensions import Dimension
from service.errors import CorrectionRefused
from service.jobs.correcting import By, merge_pages, remove_wave, undo_correction
from tests.agreement import assert_agreement
from tests.conftest import NOON, Luot, MakeLuot, SetClock
from tests.servers import Valkey, until

PAGES = ("/a", "/b", "/c", "/d")
TODAY = date(2026, 11, 22)
BY = By("a test", "because")

LONG = bool(os.environ.get("LUOT_LONG"))

page = st.sampled_from(PAGES)
step = st.one_of(
    st.tuples(st.just("hit"), page, st.integers(1, 3), st.sampled_from(["vi", "zu"])),
    st.tuples(st.just("hit"), page, st.integers(1, 3), st.sampled_from(["vi", "zu"])),
    st.tuples(st.just("merge"), page, page),
    st.tuples(st.just("remove"), page),
    st.tuples(st.just("value"), st.sampled_from(["vi", "zu"])),
    st.tuples(st.just("undo"), st.integers(0, 5)),
    st.tuples(st.just("snapshot")),
    st.tuples(st.just("wipe")),
    st.tuples(st.just("minutes"), st.integers(1, 40)),
)


class Reference:
    """
    Views of pages, each a list of languages, and where pages have moved.
    """

    def __init__(self) -> None:
        self.views: dict[str, Counter[str]] = {path: Counter() for path in PAGES}
        self.moved: dict[str, str] = {}
        self.made: dict[int, Any] = {}

    def now(self, path: str) -> str:
        while path in self.moved:
            path = self.moved[path]
        return path

    def hit(self, path: str, language: str) -> None:
        self.views[self.now(path)][language] += 1

    def merge(self, number: int, old: str, new: str) -> None:
        target, had = self.now(new), self.views[old].copy()
        self.moved[old] = new
        self.add(target, had)
        self.views[old] = Counter()
        self.made[number] = ("merge", old, target, had)

    def remove(self, number: int, gone: dict[str, Counter[str]]) -> None:
        for path, had in gone.items():
            self.take(path, had)
        self.made[number] = ("remove", gone)

    def undo(self, number: int) -> None:
        kind, *told = self.made.pop(number)
        if kind == "merge":
            old, target, had = told
            del self.moved[old]
            self.take(self.now(target), had)
            self.add(old, had)
        else:
            for path, had in told[0].items():
                self.add(self.now(path), had)

    def add(self, path: str, had: Counter[str]) -> None:
        self.views[path].update(had)

    def take(self, path: str, had: Counter[str]) -> None:
        self.views[path].subtract(had)

    def totals(self) -> dict[str, int]:
        return {path: sum(had.values()) for path, had in self.views.items()}


class Play:
    """
    Does the steps, to Luot and to the reference.
    """

    def __init__(self, luot: Luot) -> None:
        self.luot, self.reference = luot, Reference()
        self.site = luot.runtime.sites["s1"]
        luot.runtime.open_site("s1")

    def hit(self, path: str, reader: int, language: str) -> None:
        address = f"203.0.113.{reader}"
        until(lambda: self.luot.hit(path, address=address, language=language).status_code == 204)
        self.reference.hit(path, language)

    def merge(self, old: str, new: str) -> None:
        try:
            made = merge_pages(self.luot.runtime, self.site, old, new, BY)
        except CorrectionRefused:
            is_circle = self.reference.now(new) == old
            assert old in self.reference.moved or old == new or is_circle
            return
        self.reference.merge(made.id, old, new)

    def remove(self, path: str) -> None:
        where = self.reference.now(path)
        had = self.reference.views[where].copy()
        self._remove(Wave(TODAY, TODAY, path), {where: had})

    def value(self, language: str) -> None:
        wave = Wave(TODAY, TODAY, dimension=Dimension.LANGUAGE, value=language)
        views = self.reference.views.items()
        gone = {p: Counter({language: had[language]}) for p, had in views if had[language]}
        self._remove(wave, gone)

    def _remove(self, wave: Wave, gone: dict[str, Counter[str]]) -> None:
        try:
            made = remove_wave(self.luot.runtime, self.site, wave, BY)
        except CorrectionRefused:
            return
        self.reference.remove(made.id, gone)

    def undo(self, place: int) -> None:
        made = sorted(self.reference.made)
        if place >= len(made):
            return
        number = made[-1 - place]
        try:
            undo_correction(self.luot.runtime, self.site, number, BY)
        except CorrectionRefused:
            # Only the newest can always be taken back.
            assert place
            return
        self.reference.undo(number)

    def snapshot(self) -> None:
        self.luot.snapshot()

    def wipe(self) -> None:
        here = self.luot.runtime
        if not here.has_journals:
            # Without a journal only what is in SQL comes back.
            self.luot.snapshot()
        here.store.commands.flushall()
        here.open_site("s1")
        until(lambda: here.store.status("s1").is_open and not self.luot.counters()["stale"])

    def minutes(self, many: int) -> None:
        if self.luot.clock.now_ms() % 86_400_000 + many * 60_000 < 86_000_000:
            self.luot.clock.forward(many * 60)


@settings(
    max_examples=60 if LONG else 12,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(steps=st.lists(step, min_size=5, max_size=25))
def test_redis_and_sql_and_the_reference_agree(
    valkey_server: Valkey, steps: list[tuple[Any, ...]]
) -> None:
    valkey_server.client.flushall()
    clock = SetClock()
    clock.set(NOON)
    with TemporaryDirectory() as folder:
        make = MakeLuot(Path(folder), valkey_server.url, clock)
        # Journals are heard in seconds, so the short form goes without.
        luot = make(durability="journal" if LONG else "redis")
        try:
            play = Play(luot)
            for name, *told in steps:
                getattr(play, name)(*told)
            luot.snapshot()
            live = luot.counters(*PAGES)
            expected = play.reference.totals()

            assert sum(expected.values()) == live["views"]["total"] == live["views"]["today"]
            assert {p: expected[play.reference.now(p)] for p in PAGES} == {
                p: row["views"] for p, row in live["pages"].items()
            }
            assert_agreement(luot)
        finally:
            make.close()
