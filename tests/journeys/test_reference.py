"""
A hundred thousand hits of ten thousand visitors, against a counter that shares no code.
"""

import random
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from tests.agreement import assert_agreement
from tests.conftest import CHROME, Luot
from tests.reference import DAY, Sent, count
from tests.servers import until

HITS, VISITORS, PAGES = 100_000, 10_000, 500

#: 2026-11-21T00:00:00Z, the day before the tests' day.
BEGIN = 1_795_219_200


def sent_hits(chance: random.Random) -> list[Sent]:
    """
    Hits in the order of their sending: each visitor's in the order of time, visitors mixed, one
    in a hundred close to midnight, three in a hundred sent twice.
    """
    moments = sorted(
        chance.randrange(DAY - 1_500, DAY + 1_500)
        if chance.random() < 0.01
        else chance.randrange(0, 2 * DAY - DAY // 2)
        for _ in range(HITS)
    )
    hits = [
        Sent(
            f"{number:022d}",
            BEGIN + moment,
            (f"10.{who % 200}.{who // 200}.1", f"{CHROME} n/{who % 3}"),
            f"/p/{int(PAGES * chance.random() ** 2)}",
        )
        for number, moment in enumerate(moments)
        for who in [chance.randrange(VISITORS)]
    ]
    # A window of the list is shuffled by visitor, which keeps the order of each one's own hits.
    mixed = sorted(hits, key=lambda hit: (hit.time // 3_600, hash_of(hit.who), hit.time))
    twice = chance.sample(mixed, HITS * 3 // 100)
    return mixed + twice


def hash_of(who: tuple[str, str]) -> int:
    return random.Random(who[0] + who[1]).randrange(1_000_000)


def test_a_hundred_thousand_hits_give_the_reference_counters_numbers(luot: Luot) -> None:
    # Given hits of two days, sent by a server within the ten minutes in which ids are known
    sent = sent_hits(random.Random(20261122))
    items = (
        {
            "site": "s1",
            "id": hit.id,
            "path": hit.path,
            "ip": hit.who[0],
            "user_agent": hit.who[1],
            "time": datetime.fromtimestamp(hit.time, UTC).isoformat(),
        }
        for hit in sent
    )
    results: dict[str, int] = {}
    while batch := list(islice(items, 500)):
        answer = luot.http.post(
            "/api/v1/hits", json=batch, headers={"Authorization": f"Bearer {luot.token}"}
        )
        # On a machine that is busy Redis may answer late; then they are queued, and counted soon.
        assert answer.status_code in {200, 202}, answer.data
        for row in answer.get_json()["results"]:
            results[row["result"]] = results.get(row["result"], 0) + 1
    until(lambda: HITS == luot.counters()["views"]["total"], 60)
    luot.snapshot()

    # Then every number is the one that the plain counter finds
    assert HITS * 103 // 100 == sum(results.values())
    assert set(results) <= {"counted", "duplicate", "queued"}
    assert_agreement(luot)
    days, pages = count(sent)
    for number, expected in days.items():
        day = date(1970, 1, 1) + timedelta(days=number)
        assert (expected.views, expected.visits, expected.visitors) == luot.totals(str(day))
    live = luot.counters(*(path for path, _ in islice(pages.items(), 200)))["pages"]
    for path, numbers in live.items():
        expected = pages[path]
        assert (expected.views, expected.visits, expected.visitors) == (
            numbers["views"],
            numbers["visits"],
            numbers["visitors"],
        )
