import time

import pytest

from service.errors import Reason, Rejected
from service.intake.payloads import (
    LARGEST_HIT,
    BatchItem,
    Payload,
    checked,
    hit_payload,
    item_payload,
    items,
)


def refusal(body: bytes) -> tuple[Reason, str | None, int]:
    with pytest.raises(Rejected) as refused:
        hit_payload(body)
    return refused.value.reason, refused.value.field, refused.value.status


def test_null_is_absent_the_last_key_wins_and_others_are_passed_over() -> None:
    payload = hit_payload(b' {"site":"a","site":"s1","path":null,"x":{"y":[1e999]},"width":320}\n')

    assert payload == Payload(site="s1", width=320)


def test_what_only_a_server_may_say_is_nothing_in_a_page_s_mouth() -> None:
    body = b'{"site":"s1","ip":"1.2.3.4","time":"2026-11-22T12:00:00Z","user_agent":"x"}'

    assert hit_payload(body) == Payload(site="s1")
    assert item_payload(body) == BatchItem(
        site="s1", ip="1.2.3.4", time="2026-11-22T12:00:00Z", user_agent="x"
    )


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"width":"1"}', "width"),
        (b'{"tags":[1]}', "tags"),
        (b'{"props":{"a":{}}}', "props"),
        (b'{"id":"short"}', "id"),
        (b'{"event":"a\\nb"}', "event"),
        (b'{"scroll":30}', "scroll"),
        (b"{", None),
        (b'"{}"', None),
        (b'{"x":"\xff"}', None),
    ],
)
def test_a_refusal_names_what_is_wrong(body: bytes, field: str | None) -> None:
    assert refusal(body) == (Reason.MALFORMED, field, 400)


def test_the_largest_body_is_read_and_a_larger_one_is_not() -> None:
    assert hit_payload(b"{}".ljust(LARGEST_HIT)) == Payload()
    assert refusal(b"{}".ljust(LARGEST_HIT + 1)) == (Reason.SIZE, None, 413)


@pytest.mark.parametrize("body", [b"[" * 50_000, b'{"x":' + b"[" * 8_000, b'{"a":' * 1_600])
def test_depth_costs_nothing(body: bytes) -> None:
    took = []
    for _ in range(5):
        began = time.perf_counter()
        assert refusal(body) == (Reason.MALFORMED, None, 400)
        took.append(time.perf_counter() - began)

    assert min(took) < 0.005


@pytest.mark.parametrize(
    "payload",
    [
        Payload(id="a" * 16, view="-_" * 32, event="é" * 64, language="x" * 35, timezone="y" * 64),
        Payload(width=1, seconds=0, scroll=0, props={}),
        Payload(width=16_384, seconds=1_800, scroll=100, props={"k" * 64: "v" * 256}),
        Payload(props={str(n): None for n in range(30)}),
    ],
)
def test_a_value_on_its_bound_is_within_it(payload: Payload) -> None:
    assert checked(payload) is payload


def test_items_of_a_batch_are_handed_on_undecoded() -> None:
    assert items(b'[{"a":1}, null,"x"]') == [b'{"a":1}', b"null", b'"x"']


@pytest.mark.parametrize("body", [b"", b"{}", b"[", b"[{}]x", b"[" * 100_000, b'["\xff"]'])
def test_a_batch_that_is_no_list_is_refused(body: bytes) -> None:
    with pytest.raises(Rejected, match="malformed"):
        items(body)
