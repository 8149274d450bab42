import pytest

from service.errors import Reason, Rejected
from service.web.requests import Answer, Request, json_answer, refusal, refusal_headers


def test_a_header_that_is_absent_is_empty() -> None:
    request = Request({"origin": "https://s1.example"}, b"", b"", "127.0.0.1")

    assert (request.header("origin"), request.header("dnt")) == ("https://s1.example", "")


def test_an_answer_in_json_says_so() -> None:
    answer = json_answer(200, {"a": 2**53 - 1}, {"ETag": "x"})

    assert answer == Answer(
        200, b'{"a":9007199254740991}', {"Content-Type": "application/json", "ETag": "x"}
    )


def test_a_refusal_says_what_is_wrong_and_where_and_is_never_kept() -> None:
    answer = refusal(Rejected(Reason.MALFORMED, "id"))

    assert (answer.status, answer.body) == (400, b'{"error":"malformed","field":"id"}')
    assert answer.headers["Luot-Result"] == "rejected; reason=malformed"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_refusal_of_the_whole_names_no_field() -> None:
    assert refusal(Rejected(Reason.SIZE, status=413)).body == b'{"error":"size"}'


@pytest.mark.parametrize(
    ("reason", "status", "seconds"),
    [
        (Reason.RATE, 429, "1"),
        (Reason.STORAGE, 503, "5"),
        (Reason.MALFORMED, 400, None),
        (Reason.SITE, 404, None),
    ],
)
def test_whoever_may_come_back_is_told_when(
    reason: Reason, status: int, seconds: str | None
) -> None:
    assert refusal_headers(Rejected(reason, status=status)).get("Retry-After") == seconds


def test_after_a_body_that_is_too_long_nothing_follows() -> None:
    assert refusal_headers(Rejected(Reason.SIZE, status=413))["Connection"] == "close"
