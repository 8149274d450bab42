"""
What Redis holds is counted by kind, and each has its bytes.
"""

from bench.holding import PAGE, PAIR, REMEMBERED, VISITOR, Held, holding, used, watching
from tests.conftest import Luot
from tests.servers import Valkey

ID = "01JDF0000000000000000000A"


def test_readers_pages_pairs_and_ids_are_counted(luot: Luot, valkey: Valkey) -> None:
    for number, (path, address) in enumerate(
        [("/a", "203.0.113.7"), ("/b", "203.0.113.7"), ("/a", "203.0.113.8")]
    ):
        assert luot.hit(path, address=address, id=f"{ID}{number}").status_code == 204

    held = holding(valkey)

    # The day's pairs have one field more: how many pages are new.
    assert held == Held(visitors=2, pages=2, pairs=4, remembered=3)


def test_what_may_be_used_grows_by_what_was_added() -> None:
    before = Held(visitors=1, pages=1, pairs=1, remembered=1)

    grown = Held(visitors=3, pages=2, pairs=4, remembered=5).allowed_since(before)

    assert 2 * VISITOR + PAGE + 3 * PAIR + 4 * REMEMBERED == grown


def test_the_largest_moment_is_kept(luot: Luot, valkey: Valkey) -> None:
    with watching(valkey) as watch:
        luot.hit("/a")
        watch.look(valkey)
        waiting = watch.waiting
        luot.snapshot()

    assert waiting > 0
    assert waiting == watch.waiting
    assert used(valkey) <= watch.largest + 2**20
