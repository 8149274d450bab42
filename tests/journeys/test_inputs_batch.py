"""
Hostile and odd batches, and what each, and each item, is answered.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.archive.tokens import Scope, create_token
from service.errors import Reason
from tests import servers
from tests.conftest import CHROME, Luot, MakeLuot, SetClock
from tests.outcomes import Watched, metric_values, short, watched

DAY = "2026-11-22"


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with watched(tmp_path_factory.mktemp("luot")) as running:
        yield running


def post(luot: Luot, body: Any, **headers: str) -> TestResponse:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return luot.http.post(
        "/api/v1/hits",
        data=body if isinstance(body, bytes) else json.dumps(body).encode(),
        headers={
            "Content-Type": "application/json",
            "Authorization": f"Bearer {luot.token}",
            **told,
        },
    )


def item(**told: Any) -> dict[str, Any]:
    return {"site": "s1", "path": "/a", "user_agent": CHROME, "ip": "203.0.113.7", **told}


def each(field: str, *values: Any) -> list[tuple[dict[str, Any], str]]:
    return [(item(**{field: value}), field) for value in values]


NO_ITEMS: tuple[Any, ...] = (None, [], 1, "x", True)
NO_LISTS: tuple[Any, ...] = ([], {}, None, 1, "x", True, item())


def results(answer: TestResponse) -> list[str]:
    return [row["result"] for row in answer.get_json()["results"]]


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        *((bad, 400, "malformed") for bad in NO_LISTS),
        *((bad, 400, "malformed") for bad in (b"", b"[", b"[{}]x", b"\xe9", b"[1,]", b"[NaN]")),
        *((b"[" * 50_000, 400, "malformed"), (b"\xef\xbb\xbf[]", 400, "malformed")),
        (item(site=",".join("abc" * 300)), 400, "malformed"),
        (b"\n\n".join([json.dumps(item()).encode()] * 2), 400, "malformed"),
        (501 * [{}], 413, "size"),
        (b"[" + b" " * 525_312 + b"]", 413, "size"),
    ],
    ids=short,
)
def test_a_body_that_is_no_batch_is_refused_whole(
    seen: Watched, body: Any, status: int, reason: str
) -> None:
    seen.check("batch", lambda: post(seen.luot, body), status, f"rejected; reason={reason}")


@pytest.mark.parametrize(
    ("header", "value", "status", "reason"),
    [
        ("Content-Type", "application/x-ndjson", 415, "type"),
        ("Content-Type", "text/plain", 415, "type"),
        ("Content-Type", "", 415, "type"),
        ("Content-Encoding", "gzip", 415, "type"),
        *(("Authorization", bad, 401, "token") for bad in ("", "Bearer", "Bearer luot_x", "x")),
        *(
            ("Authorization", bad, 401, "token")
            for bad in ("Basic %%%", "Bearer \xff", "Bearer a b")
        ),
        *(("Idempotency-Key", bad, 400, "malformed") for bad in ("", "a b", "x" * 256, "\xe9")),
    ],
    ids=short,
)
def test_a_batch_with_a_wrong_header_is_refused_whole(
    seen: Watched, header: str, value: str, status: int, reason: str
) -> None:
    told = {header.replace("-", "_"): value}
    said = f"rejected; reason={reason}"
    seen.check("batch", lambda: post(seen.luot, [item()], **told), status, said)


def test_a_token_in_the_url_is_no_token(seen: Watched) -> None:
    url = f"/api/v1/hits?token={seen.luot.token}&access_token={seen.luot.token}"
    seen.check(
        "batch", lambda: seen.luot.http.post(url, json=[item()]), 401, "rejected; reason=token"
    )

    assert seen.luot.token not in repr([vars(record) for record in seen.lines.records])


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        *each("time", "2026-11-22T12:10:00Z", "2026-10-13T12:00:00Z"),
        *each("time", "2026-11-22", "2026-11-22T11:00:00", "now", ""),
        *each("time", "2026-02-30T00:00:00Z", "0000-00-00T00:00:00Z"),
        *each("time", "9999-12-31T23:59:59Z", "1970-01-01T00:00:00-23:59"),
        *each("time", "２026-11-22T11:00:00Z", 1795348800, "\n"),
        *each("time", "2026-11-22T11:00:00+99:99", "2026-11-22T11:00:00Z "),
        *each("ip", "", "localhost", "1.2.3", "999.1.1.1", 7, "1.2.3.4,5.6.7.8"),
        *each("user_agent", 7, []),
        *each("path", "/\0", "/%ff", 7),
        *each("site", "", "*", "s1 ", ",".join("abc" * 300), None),
        *((bad, None) for bad in NO_ITEMS),
    ],
    ids=short,
)
def test_a_bad_item_stops_no_other(seen: Watched, bad: Any, field: str | None) -> None:
    views, metrics = seen.views(), metric_values()
    items = [*(item(path=f"/{n}") for n in range(4)), bad, *(item(path=f"/{n}") for n in range(5))]
    answer = post(seen.luot, items)

    expected = [{"result": "counted"} for _ in range(10)]
    expected[4] = {
        "result": "rejected",
        "reason": "malformed",
        **({"field": field} if field else {}),
    }
    assert (answer.status_code, answer.get_json()["results"]) == (207, expected)
    assert metric_values() - metrics == {"hits s1 batch counted": 9, "rejected batch malformed": 1}
    assert seen.views() - views == 9


def test_batches_of_rejects_only_make_no_key(seen: Watched) -> None:
    keys = seen.keys()
    answer = post(seen.luot, [item(site="nope"), item(site="S1"), {}, item(path=8_200 * "x")])

    reasons = [row["reason"] for row in answer.get_json()["results"]]
    assert (answer.status_code, reasons) == (207, ["site", "malformed", "malformed", "size"])
    assert seen.keys() == keys


@pytest.mark.parametrize("time", ["2026-11-22T11:00:00Z", "2026-11-22t18:00:00.5+07:00"])
def test_a_server_may_say_when_it_was(seen: Watched, time: str) -> None:
    assert results(post(seen.luot, [item(time=time)])) == ["counted"]


def test_an_id_twice_in_a_batch_counts_once(seen: Watched) -> None:
    views = seen.views()
    twice = item(id="batch-id-00000001")
    answer = post(seen.luot, [twice, item(), twice])

    assert (answer.status_code, results(answer)) == (200, ["counted", "counted", "duplicate"])
    assert results(post(seen.luot, [twice])) == ["duplicate"]
    assert seen.views() - views == 2


def test_a_client_that_lost_the_reply_may_send_again(luot: Luot) -> None:
    items = [item(path=f"/{n}") for n in range(3)]
    first, second = (post(luot, items, Idempotency_Key="night-1") for _ in range(2))

    assert (results(first), results(second)) == (3 * ["counted"], 3 * ["duplicate"])
    assert luot.totals(DAY)[0] == 3


def test_a_token_of_one_site_counts_on_no_other(make_luot: MakeLuot) -> None:
    luot = make_luot(sites={"s2": {"name": "Site two", "hosts": ["s2.example"]}})
    token = create_token(luot.runtime.database, "s1", Scope.WRITE, luot.clock.now_ms())
    bearer = f"Bearer {token}"
    answer = post(luot, [item(), item(site="s2"), item(site="nope")], Authorization=bearer)

    own, other, unknown = answer.get_json()["results"]
    assert (answer.status_code, own["result"], other["reason"]) == (207, "counted", "token")
    assert unknown["reason"] == "site"
    assert luot.totals(DAY)[0] == 1
    luot.site = "s2"
    assert luot.counters()["views"]["total"] == 0


@pytest.mark.parametrize("scope", [Scope.READ])
def test_a_token_to_read_is_none_to_write(luot: Luot, scope: Scope) -> None:
    token = create_token(luot.runtime.database, "*", scope, luot.clock.now_ms())
    answer = post(luot, [item()], Authorization=f"Bearer {token}")

    assert (answer.status_code, answer.get_json()["code"]) == (403, Reason.TOKEN)
    assert luot.counters()["views"]["total"] == 0


def test_hits_that_come_in_any_order_count_on_their_own_days(luot: Luot) -> None:
    luot.clock.set(f"{DAY}T00:30:00Z")
    times = ("22T00:05:00", "21T23:59:59.999", "22T00:00:00", "20T12:00:00", "21T23:00:00")
    answer = post(luot, [item(time=f"2026-11-{time}Z") for time in times])

    assert (answer.status_code, results(answer)) == (200, 5 * ["counted"])
    days = ("2026-11-20", "2026-11-21", DAY)
    assert [luot.totals(day)[0] for day in days] == [1, 2, 2]


def test_with_redis_away_a_batch_is_queued_whole_and_may_be_sent_again(
    tmp_path: Path, clock: SetClock
) -> None:
    items = [item(id=f"batch-id-{n:08}") for n in range(10)]
    with servers.valkey("--appendonly", "yes", "--appendfsync", "always") as valkey:
        make = MakeLuot(tmp_path, valkey.url, clock)
        luot = make()
        assert luot.hit().status_code == 204
        valkey.kill()
        queued = post(luot, items)
        valkey.start()
        servers.until(lambda: luot.runtime.store.status("s1").is_open)
        servers.until(lambda: luot.counters()["views"]["total"] == 11)
        # The process may not have heard yet that all is well again, and queues once more.
        servers.until(lambda: post(luot, items).status_code == 200)
        repeated = post(luot, items)
        make.close()

    assert (202, 10 * ["queued"]) == (queued.status_code, results(queued))
    assert 10 * ["duplicate"] == results(repeated)


def test_without_journals_a_batch_is_refused_whole_while_redis_is_away(
    tmp_path: Path, clock: SetClock
) -> None:
    items = [item(id=f"batch-id-{n:08}") for n in range(10)]
    with servers.valkey("--appendonly", "yes", "--appendfsync", "always") as valkey:
        make = MakeLuot(tmp_path, valkey.url, clock)
        luot = make(durability="redis")
        assert luot.hit().status_code == 204
        valkey.kill()
        refused = post(luot, items)
        valkey.start()
        accepted, repeated = post(luot, items), post(luot, items)
        views = luot.counters()["views"]["total"]
        make.close()

    assert (refused.status_code, refused.get_json()["code"]) == (503, Reason.STORAGE)
    assert refused.headers["Retry-After"] == "5"
    assert (results(accepted), results(repeated)) == (10 * ["counted"], 10 * ["duplicate"])
    assert views == 11
