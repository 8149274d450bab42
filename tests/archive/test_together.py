from datetime import date

from sqlalchemy import select

from service.archive import schema
from service.archive.together import OTHERS, week_of
from service.jobs.table import tidy
from tests.conftest import Luot


def read(luot: Luot, paths: list[str], *readers: int) -> None:
    for reader in readers:
        for path in paths:
            luot.hit(path, address=f"198.51.{reader // 250}.{reader % 250}")


def rows(luot: Luot) -> dict[tuple[str, str], int]:
    """
    Readers of each pair of pages, as SQL has them.
    """
    page, other, count = schema.page.alias(), schema.page.alias(), schema.related_count.c
    asked = (
        select(page.c.path, other.c.path, count.readers)
        .join(page, page.c.id == count.page_id)
        .join(other, other.c.id == count.other_id)
    )
    with luot.runtime.database.read() as connection:
        return {(one, two): readers for one, two, readers in connection.execute(asked)}


def listed(luot: Luot, path: str) -> list[str]:
    luot.clock.forward(60)
    answer = luot.http.get("/related", query_string={"site": "s1", "path": path})
    return [page["path"] for page in answer.get_json()["pages"]]


def test_a_pair_is_counted_once_for_each_reader_of_a_day_in_both_directions(luot: Luot) -> None:
    read(luot, ["/a", "/b", "/a", "/b"], 1, 2)
    read(luot, ["/b", "/c"], 1)
    luot.snapshot()

    pairs = {("/a", "/b"): 2, ("/a", "/c"): 1, ("/b", "/c"): 1}
    assert rows(luot) == pairs | {(b, a): n for (a, b), n in pairs.items()}


def test_the_next_day_nobody_knows_what_was_read_before(luot: Luot) -> None:
    read(luot, ["/a"], 1)
    luot.clock.forward(86_400)
    read(luot, ["/b"], 1)
    luot.snapshot()

    assert rows(luot) == {}


def test_only_the_first_ten_pages_of_a_reader_make_pairs(luot: Luot) -> None:
    read(luot, [f"/{n}" for n in range(15)], 1)
    luot.snapshot()

    assert len(rows(luot)) == 10 * 9


def test_most_readers_come_first_and_fewer_than_five_not_at_all(luot: Luot) -> None:
    read(luot, ["/a", "/b"], *range(1, 8))
    read(luot, ["/a", "/c"], *range(11, 16))
    read(luot, ["/a", "/d"], *range(21, 25))
    luot.snapshot()

    assert listed(luot, "/a") == ["/b", "/c"]
    # What four have read with a page, a fifth makes public; nothing says who or how many.
    read(luot, ["/a", "/d"], 25)
    luot.snapshot()
    answer = luot.http.get("/related?site=s1&path=/a&limit=3").get_json()
    assert [set(page) for page in answer["pages"]] == [{"path", "url", "title"}] * 2
    assert listed(luot, "/a") == ["/b", "/c", "/d"]


def test_weeks_add_up_and_small_numbers_go_with_their_week(luot: Luot) -> None:
    # Given a Sunday with five and with four readers of two pairs
    read(luot, ["/a", "/b"], *range(1, 6))
    read(luot, ["/a", "/c"], *range(11, 15))
    luot.snapshot()

    # When the week is over
    luot.clock.set("2026-11-24T12:00:00Z")
    tidy(luot.runtime)
    early = rows(luot)
    luot.clock.set("2026-11-25T12:00:00Z")
    tidy(luot.runtime)

    # Then what few have read together is forgotten, but not while hits may still wait
    assert early[("/a", "/c")] == 4
    assert rows(luot) == {("/a", "/b"): 5, ("/b", "/a"): 5}
    assert listed(luot, "/a") == ["/b"]

    # And after five weeks everything is
    luot.clock.set("2026-12-22T12:00:00Z")
    assert listed(luot, "/a") == []
    tidy(luot.runtime)
    assert rows(luot) == {}


def test_a_page_has_a_hundred_others_at_most_and_known_ones_go_on(luot: Luot) -> None:
    for number in range(OTHERS + 10):
        read(luot, ["/hub", f"/{number}"], number + 1)
        if number % 20 == 0:
            luot.snapshot()
    luot.snapshot()
    others = [other for page, other in rows(luot) if page == "/hub"]
    read(luot, ["/hub", "/0"], 900)
    read(luot, ["/hub", "/new"], 901)
    luot.snapshot()

    assert OTHERS <= len(others) < OTHERS + 20
    assert rows(luot)["/hub", "/0"] == 2
    assert ("/hub", "/new") not in rows(luot)


def test_a_site_can_do_without(make_luot: object) -> None:
    luot: Luot = make_luot(site={"related": False, "trending": False})  # type: ignore[operator]
    read(luot, ["/a", "/b"], *range(1, 8))
    luot.snapshot()

    assert rows(luot) == {}
    assert listed(luot, "/a") == []
    assert luot.http.get("/trending?site=s1").get_json()["pages"] == []
    assert not luot.runtime.store.commands.exists("luot:{s1}:trending")


def test_a_week_begins_on_monday() -> None:
    assert week_of(date(2026, 11, 22)) == week_of(date(2026, 11, 16)) == date(2026, 11, 16)
