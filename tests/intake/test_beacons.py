from typing import Any
from zoneinfo import ZoneInfo

import pytest

from service.dimensions import Dimension
from service.errors import Reason, Rejected
from service.intake.beacons import (
    Arrival,
    Intake,
    Sender,
    check_origin,
    filter_of,
    site_of,
)
from service.intake.countries import Countries
from service.intake.days import SiteDay
from service.intake.hits import Filter, Filtered, Hit, Kind, Taken
from service.intake.payloads import Payload
from service.intake.sites import Site
from service.settings import SiteSettings
from tests.conftest import CHROME

#: 2026-11-22, noon in UTC.
NOON_MS = 1_795_348_800_000


def salt(site: str, day: SiteDay) -> bytes:
    return f"{site} {day.label}".encode()


def a_site(**changes: Any) -> Site:
    return Site.of("s1", SiteSettings(name="S", hosts=("s1.example",), **changes))


SITE = a_site()
READER = Sender(address="203.0.113.7", user_agent=CHROME)
INTAKE = Intake(Countries(None), salt)


def take(payload: Payload, sender: Sender = READER, ms: int = NOON_MS) -> Taken:
    return INTAKE.take(payload, SITE, sender, Arrival(ms, ms))


def hit(payload: Payload, ms: int = NOON_MS) -> Hit:
    item = take(payload, ms=ms).item
    assert isinstance(item, Hit)
    return item


def test_a_view_is_taken_in_with_everything_it_tells() -> None:
    taken = hit(
        Payload(
            site="s1",
            url="https://s1.example/a/?utm_source=mail&utm_medium=x&id=3",
            id="0123456789abcdef",
            title=" A  title\n",
            width=400,
            language="vi-VN",
            section="Tin",
            tags=["x", "x", " "],
        )
    )

    assert (taken.path, taken.kind, taken.title) == ("/a?id=3", Kind.VIEW, "A  title")
    told = {d: taken.value(d) for d in Dimension}
    assert told[Dimension.SOURCE] == ("mail",)
    assert told[Dimension.SCREEN] == ("phone",)
    assert told[Dimension.LANGUAGE] == ("vi",)
    assert (told[Dimension.SECTION], told[Dimension.TAG]) == (("Tin",), ("x",))
    assert (told[Dimension.BROWSER], told[Dimension.EVENT]) == (("Chrome",), ())
    assert "203.0.113" not in repr(taken)
    assert "Mozilla" not in repr(taken)


@pytest.mark.parametrize(
    ("event", "kind", "name"),
    [(None, Kind.VIEW, ()), ("play", Kind.EVENT, ("play",)), ("engagement", Kind.ENGAGEMENT, ())],
)
def test_an_event_s_name_says_what_a_hit_is(
    event: str | None, kind: Kind, name: tuple[str, ...]
) -> None:
    taken = hit(Payload(path="/a", event=event))

    assert (taken.kind, taken.value(Dimension.EVENT)) == (kind, name)


def test_only_in_a_day_s_first_half_hour_a_visitor_may_be_yesterday_s() -> None:
    midnight = NOON_MS - 12 * 3_600_000

    assert hit(Payload(path="/a"), midnight).visitor_before
    assert hit(Payload(path="/a"), midnight + 1_799_999).visitor_before
    assert hit(Payload(path="/a"), midnight + 1_800_000).visitor_before == ""
    last = hit(Payload(path="/a"), midnight - 1)
    assert hit(Payload(path="/a"), midnight).visitor_before == last.visitor


@pytest.mark.parametrize(
    ("payload", "reason", "field"),
    [
        (Payload(), Reason.MALFORMED, "url"),
        (Payload(url="/a"), Reason.MALFORMED, "url"),
        (Payload(path="/\0"), Reason.MALFORMED, "path"),
        (Payload(url="https://evil.example/"), Reason.ORIGIN, "url"),
        (Payload(url="https://evil.example/", path="/a"), Reason.ORIGIN, "url"),
    ],
)
def test_a_hit_without_a_page_of_this_site_is_refused(
    payload: Payload, reason: Reason, field: str
) -> None:
    with pytest.raises(Rejected) as refused:
        take(payload)

    assert (refused.value.reason, refused.value.field) == (reason, field)


def test_a_path_names_the_page_and_the_url_its_campaign() -> None:
    taken = take(Payload(url="https://s1.example/b?utm_source=x", path="/A/?q=1"))

    assert isinstance(taken.item, Hit)
    assert (taken.path, taken.item.path) == ("/A/?q=1", "/A")
    assert taken.item.value(Dimension.SOURCE) == ("x",)


@pytest.mark.parametrize(
    ("sender", "reason"),
    [
        (READER, None),
        (Sender(READER.address, CHROME, opts_out_by_gpc=True), Filter.OPTOUT),
        (Sender(READER.address, CHROME, opts_out_by_dnt=True), Filter.OPTOUT),
        (Sender(READER.address, CHROME, is_prefetch=True), Filter.PREFETCH),
        (Sender("198.51.100.9", CHROME), Filter.EXCLUDED),
        (Sender(READER.address, ""), Filter.BOT),
        (Sender(READER.address, None), None),
        (Sender(None, CHROME), None),
    ],
)
def test_who_is_no_reader_or_wants_not_to_be_is_filtered(
    sender: Sender, reason: Filter | None
) -> None:
    assert filter_of(a_site(exclude=("198.51.100.0/24",)), sender) == reason


def test_a_site_may_count_those_who_opt_out() -> None:
    site = a_site(respect_gpc=False, respect_dnt=False)

    both = Sender(READER.address, CHROME, opts_out_by_gpc=True, opts_out_by_dnt=True)
    assert filter_of(site, both) is None


def test_of_a_filtered_request_only_site_and_reason_are_kept() -> None:
    taken = take(Payload(path="/a", title="x" * 300), Sender("203.0.113.7", "curl/8"))

    assert taken.item == Filtered("s1", Filter.BOT, SITE.moment(NOON_MS))
    assert taken.truncated == ()


def test_what_was_cut_is_named() -> None:
    payload = Payload(
        url="https://s1.example/?utm_term=" + "t" * 129,
        path="/" + "é" * 1_100,
        referrer="https://o.example/" + "é" * 1_100,
        title="x" * 257,
        section="x" * 129,
        author="x" * 129,
        tags=["x"] * 11,
    )

    cut = ("path", "referrer", "title", "section", "author", "tags", "campaign")
    assert take(payload).truncated == cut


@pytest.mark.parametrize(
    ("given", "reason", "status"),
    [
        (None, Reason.MALFORMED, 400),
        ("S1", Reason.MALFORMED, 400),
        ("s1:d", Reason.MALFORMED, 400),
        ("s2", Reason.SITE, 404),
    ],
)
def test_a_site_that_is_none_is_malformed_and_one_that_is_not_there_unknown(
    given: str | None, reason: Reason, status: int
) -> None:
    with pytest.raises(Rejected) as refused:
        site_of(Payload(site=given), {"s1": SITE})

    assert (refused.value.reason, refused.value.status) == (reason, status)


@pytest.mark.parametrize("origin", [None, "", "null", "https://evil.example", "s1.example"])
def test_only_the_site_s_pages_may_send_hits(origin: str | None) -> None:
    check_origin(SITE, "https://www.s1.example:8443")
    with pytest.raises(Rejected, match="origin"):
        check_origin(SITE, origin)


def test_a_site_elsewhere_has_its_own_midnight() -> None:
    site = a_site(timezone="Asia/Ho_Chi_Minh")
    taken = INTAKE.take(Payload(path="/a"), site, READER, Arrival(NOON_MS, NOON_MS))

    assert site.zone == ZoneInfo("Asia/Ho_Chi_Minh")
    assert taken.item.moment.hour == 19
