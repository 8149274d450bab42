"""
What other parts of Luot have to say stands on the dashboard, warnings first.
"""

from collections.abc import Iterable, Iterator

import pytest

from service.archive.baselines import Baseline, set_baselines
from service.web import notices
from service.web.notices import Glance, Notice, add_notices
from tests.conftest import Luot, MakeLuot
from tests.web.test_dashboard import page


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = notices._SOURCES[:]
    yield
    notices._SOURCES[:] = before


def said(glance: Glance) -> Iterable[Notice]:
    yield Notice(f"A word about {glance.look.site.id} <b>")
    yield Notice("A warning", is_warning=True)


def test_a_part_that_has_something_to_say_adds_it_once(luot: Luot) -> None:
    add_notices(said)
    add_notices(said)
    told = page(luot, "/sites/s1")

    assert told.count("A word about s1 &lt;b&gt;") == 1
    assert told.index("A warning") < told.index("A word")


def test_the_day_of_the_move_is_told_on_the_periods_that_have_it(luot: Luot) -> None:
    luot.hit()
    luot.snapshot()
    site = luot.runtime.sites["s1"]
    set_baselines(luot.runtime.database, site, [Baseline("", 4_000, 100)], luot.clock, "me")
    sentence = "On 22 Nov 2026 the numbers of an older counter were taken over."

    assert sentence in page(luot, "/sites/s1?period=today")
    assert sentence not in page(luot, "/sites/s1?period=yesterday")


def test_the_move_is_explained_for_a_month(make_luot: MakeLuot) -> None:
    luot = make_luot(site={"doors": ["umami"]})
    assert "Umami: " not in page(luot, "/sites/s1")
    luot.hit()
    luot.snapshot()
    first = page(luot, "/sites/s1")
    luot.clock.forward(29 * 86_400)
    last = page(luot, "/sites/s1?lang=vi")
    luot.clock.forward(86_400)

    assert "Umami: robots and readers who opted out" in first
    assert "GoatCounter: " not in first
    assert "Umami: con số cũ" in last
    assert "Umami: " not in page(luot, "/sites/s1")
