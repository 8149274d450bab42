"""
Numbers that were counted are corrected, in Redis and SQL alike, and corrections are taken back.
"""

from datetime import date

import pytest
from sqlalchemy import func, select

from service.archive import schema
from service.archive.corrections import corrections
from service.archive.removing import Wave
from service.dimensions import Dimension
from service.errors import CorrectionRefused
from service.jobs.correcting import By, merge_pages, remove_wave, undo_correction
from service.reporting.live import archived_numbers
from tests.agreement import assert_agreement
from tests.conftest import Luot, MakeLuot
from tests.servers import until

BY = By("a test", "because")
TODAY = date(2026, 11, 22)


def merge(luot: Luot, old: str, new: str) -> int:
    return merge_pages(luot.runtime, luot.runtime.sites["s1"], old, new, BY).id


def remove(luot: Luot, path: str = "", **told: object) -> int:
    wave = Wave(TODAY, TODAY, path, **told)  # type: ignore[arg-type]
    return remove_wave(luot.runtime, luot.runtime.sites["s1"], wave, BY).id


def undo(luot: Luot, number: int) -> None:
    undo_correction(luot.runtime, luot.runtime.sites["s1"], number, BY)


def numbers(luot: Luot, path: str) -> tuple[int, ...]:
    page = luot.counters(path)["pages"][path]
    return page["views"], page["visits"], page["visitors"], page["today"]


def test_a_page_that_has_moved_is_counted_with_all_it_had(luot: Luot) -> None:
    luot.hit("/old", address="203.0.113.1")
    luot.hit("/new", address="203.0.113.2")
    luot.snapshot()
    luot.hit("/old", address="203.0.113.3")
    merge(luot, "/old", "/new")
    both = [numbers(luot, path) for path in ("/old", "/new")]
    luot.hit("/old", address="203.0.113.4")
    luot.hit("/new", address="203.0.113.4")
    after = [numbers(luot, path) for path in ("/old", "/new")]

    assert [(3, 3, 3, 3)] * 2 == both
    assert [(5, 4, 4, 5)] * 2 == after
    assert (5, 4, 4) == luot.totals("2026-11-22")
    assert {"/new"} == {row["path"] for row in luot.report("pages", period="today")["pages"]}
    assert_agreement(luot)


def test_an_undone_merge_leaves_what_came_since_where_it_was_counted(luot: Luot) -> None:
    luot.hit("/old", address="203.0.113.1")
    luot.hit("/new", address="203.0.113.2")
    made = merge(luot, "/old", "/new")
    luot.hit("/old", address="203.0.113.3")
    undo(luot, made)
    luot.hit("/old", address="203.0.113.4")

    assert (2, 2, 2, 2) == numbers(luot, "/old")
    assert (2, 2, 2, 2) == numbers(luot, "/new")
    luot.snapshot()
    assert_agreement(luot)
    with pytest.raises(CorrectionRefused, match="is undone already"):
        undo(luot, made)


def test_a_page_of_a_wave_is_in_no_number_and_comes_back_when_undone(luot: Luot) -> None:
    for reader in range(5):
        luot.hit("/wave", address=f"198.51.100.{reader}")
    luot.hit("/a", address="203.0.113.1")
    luot.hit("/wave", address="203.0.113.1")
    before = luot.totals("2026-11-22"), luot.counters("/wave", "/a")
    made = remove(luot, "/wave")
    live = luot.counters("/wave", "/a")
    after = luot.totals("2026-11-22")
    assert_agreement(luot)
    undo(luot, made)

    assert (7, 6, 6) == before[0]
    assert (1, 1, 1) == after
    assert (1, 0, 1) == (
        live["views"]["total"],
        live["pages"]["/wave"]["views"],
        live["visitors"]["today"],
    )
    assert before == (luot.totals("2026-11-22"), luot.counters("/wave", "/a"))
    assert_agreement(luot)


def test_what_cannot_be_known_is_shown_as_removed(luot: Luot) -> None:
    for reader in range(4):
        luot.hit("/wave", address=f"198.51.100.{reader}", width=1000)
    luot.hit("/a", address="203.0.113.1", width=400)
    luot.snapshot()
    remove(luot, "/wave")
    screens = luot.report("breakdown/screen", period="today")["values"]
    browsers = luot.report("breakdown/browser", period="today")["values"]

    assert 1 == sum(row["views"] for row in screens) == sum(row["views"] for row in browsers)
    assert {"(removed)": -4} == {row["value"]: row["views"] for row in screens if row["views"] < 0}
    assert 1 == sum(row["visits"] for row in browsers)
    assert_agreement(luot)


def test_a_value_of_a_wave_goes_from_every_page(luot: Luot) -> None:
    for reader in range(4):
        for path in ("/a", "/b"):
            luot.hit(path, address=f"198.51.100.{reader}", language="zu")
    luot.hit("/a", address="203.0.113.1", language="vi")
    luot.snapshot()
    made = remove(luot, dimension=Dimension.LANGUAGE, value="zu")

    assert (1, 1, 1) == luot.totals("2026-11-22")
    assert (1, 1, 1, 1) == numbers(luot, "/a")
    assert (0, 0, 0, 0) == numbers(luot, "/b")
    assert_agreement(luot)
    undo(luot, made)
    assert (9, 5, 5) == luot.totals("2026-11-22")
    assert_agreement(luot)


def test_a_value_that_pages_do_not_tell_leaves_a_page_that_is_called_removed(luot: Luot) -> None:
    luot.hit("/a", address="198.51.100.1", width=1000)
    luot.hit("/a", address="203.0.113.1", width=400)
    luot.snapshot()
    value = luot.report("breakdown/screen", period="today")["values"][0]["value"]
    remove(luot, dimension=Dimension.SCREEN, value=value)

    assert (1, 1, 1) == luot.totals("2026-11-22")
    page = schema.page.c
    with luot.runtime.database.read() as connection:
        of_pages = select(func.sum(page.views)).where(page.path != "")
        assert 1 == connection.execute(of_pages).scalar()


def test_corrections_say_who_when_and_why(luot: Luot) -> None:
    luot.hit("/a")
    made = remove(luot, "/a")
    undo(luot, made)
    row = corrections(luot.runtime.database, "s1")[0]

    assert ("remove", "a test", "because", luot.clock.now_ms()) == (
        row.kind,
        row.actor,
        row.why,
        row.at_ms,
    )
    assert {"views": -1, "visits": -1, "visitors": -1, "events": 0} == row.sums
    assert (luot.clock.now_ms(), "a test") == (row.undone_ms, row.undone_by)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("/a", "/a", "are one page"),
        ("/gone", "/b", "has moved already"),
        ("/b", "/gone", "are one page"),
    ],
)
def test_pages_are_not_merged_in_circles(luot: Luot, old: str, new: str, why: str) -> None:
    luot.hit("/a")
    merge(luot, "/gone", "/b")

    with pytest.raises(CorrectionRefused, match=why):
        merge(luot, old, new)
    assert 1 == len(corrections(luot.runtime.database, "s1"))


def test_an_old_address_is_answered_from_sql_as_well(luot: Luot) -> None:
    luot.hit("/old")
    merge(luot, "/old", "/new")
    archived = archived_numbers(luot.runtime.database, "s1", ["/old", "/new"])

    assert archived is not None
    assert [1, 1] == [page.total.views for page in archived.pages if page]
    assert 1 == luot.report("totals", period="today", path="/old")["views"]


def test_a_page_moves_on_and_both_old_addresses_follow(luot: Luot) -> None:
    for number, path in enumerate(("/first", "/second", "/third")):
        luot.hit(path, address=f"203.0.113.{number}")
    merge(luot, "/first", "/second")
    made = merge(luot, "/second", "/third")
    luot.hit("/first", address="203.0.113.9")
    whole = [numbers(luot, path)[0] for path in ("/first", "/second", "/third")]
    undo(luot, made)
    halves = [numbers(luot, path)[0] for path in ("/first", "/second", "/third")]

    assert [4, 4, 4] == whole
    # What came since stays where it was counted.
    assert [2, 2, 2] == halves
    luot.snapshot()
    assert_agreement(luot)


def test_a_merge_that_was_built_on_is_not_taken_back(luot: Luot) -> None:
    luot.hit("/old", address="203.0.113.1")
    luot.hit("/new", address="203.0.113.2")
    first = merge(luot, "/old", "/new")
    later = remove(luot, "/new")
    with pytest.raises(CorrectionRefused, match="undo later corrections first"):
        undo(luot, first)
    undo(luot, later)
    undo(luot, first)

    assert (1, 1, 1, 1) == numbers(luot, "/old")
    assert_agreement(luot)


def test_visitors_of_a_moved_page_are_still_known_after_a_wipe(luot: Luot) -> None:
    luot.hit("/old", address="203.0.113.1", id="a" * 16)
    luot.snapshot()
    merge(luot, "/old", "/new")
    luot.hit("/old", address="203.0.113.2", id="b" * 16)
    luot.snapshot()
    luot.runtime.store.commands.flushall()
    until(lambda: luot.runtime.store.status("s1").is_open and not luot.counters()["stale"])
    until(lambda: luot.hit("/new", address="203.0.113.2", id="c" * 16).status_code == 204)

    assert (3, 2, 2, 3) == numbers(luot, "/new")
    luot.snapshot()
    assert_agreement(luot)


def test_a_moved_page_takes_part_in_double_clicks(make_luot: MakeLuot) -> None:
    luot = make_luot(site={"double_click_seconds": 30})
    luot.hit("/old")
    merge(luot, "/old", "/new")
    luot.clock.forward(60)
    results = [luot.hit(path).headers["Luot-Result"] for path in ("/old", "/old", "/new")]

    assert ["counted", *["filtered; reason=double_click"] * 2] == results
    assert 2 == numbers(luot, "/new")[0]
    luot.snapshot()
    assert_agreement(luot)
