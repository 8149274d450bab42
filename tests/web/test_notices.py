"""
What other parts of Luot have to say stands on the dashboard, warnings first.
"""

from collections.abc import Iterable, Iterator

import pytest

from service.archive.baselines import Baseline, push_baselines, set_baselines
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


def test_a_site_without_a_view_says_what_to_do_first(luot: Luot) -> None:
    sentence = "luot snippet --site s1 prints what to paste into pages"
    first = page(luot, "/sites/s1")
    luot.hit()

    assert sentence in first
    assert sentence not in page(luot, "/sites/s1")


def test_a_site_with_a_past_needs_no_first_steps(luot: Luot) -> None:
    site = luot.runtime.sites["s1"]
    set_baselines(luot.runtime.database, site, [Baseline("", 4_000, 100)], luot.clock, "me")
    luot.runtime.open_site("s1")
    push_baselines(luot.runtime.store, luot.runtime.database, "s1")

    assert "luot snippet" not in page(luot, "/sites/s1")


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
