from collections import Counter, defaultdict
from itertools import islice

from bench import traffic
from service.intake.agents import agent
from service.intake.payloads import hit_payload


def test_each_reader_sends_four_hits_on_three_pages() -> None:
    pages: dict[tuple[str, str], list[int]] = defaultdict(list)
    for hit in islice(traffic.hits(1), traffic.AT_ONCE * len(traffic.VISIT) * 2):
        pages[hit.address, hit.agent].append(hit.page)

    assert {len(traffic.VISIT)} == {len(seen) for seen in pages.values()}
    assert all(seen[0] == seen[3] for seen in pages.values())


def test_no_id_comes_twice_whatever_the_run() -> None:
    ids = Counter(hit.id for seed in (1, 2) for hit in islice(traffic.hits(seed), 2_000))

    assert {1} == set(ids.values())


def test_a_seed_says_which_hits_come() -> None:
    assert list(islice(traffic.hits(7), 50)) == list(islice(traffic.hits(7), 50))


def test_the_request_of_a_hit_carries_what_a_page_sends() -> None:
    hit = next(traffic.hits(1))
    head, _, body = hit.request().partition(b"\r\n\r\n")

    payload = hit_payload(body)
    assert (payload.site, payload.id) == (traffic.SITE, hit.id)
    assert f"Content-Length: {len(body)}".encode() in head.split(b"\r\n")
    assert f"X-Forwarded-For: {hit.address}".encode() in head.split(b"\r\n")


def test_every_browser_is_a_person() -> None:
    found = {agent(text) for text in traffic.agents()}

    assert not any(one.bot for one in found)
    assert len(set(traffic.agents())) == len(traffic.agents())


def test_the_lists_for_wrk_name_every_part() -> None:
    names = [line.partition(" = ")[0] for line in traffic.lua_lists().splitlines()[1:-1]]

    expected = ["agents", "referrers", "networks", "visit", "site", "host", "pages", "at_once"]
    assert expected == names
