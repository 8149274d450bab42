import pytest

from service.dimensions import Dimension
from service.intake.agents import Agent, Device
from service.intake.payloads import Payload
from service.intake.sources import Campaign, Channel, Source
from service.intake.values import are_cut, language, screen, tags, values


def test_the_values_stand_in_the_order_of_the_dimensions() -> None:
    payload = Payload(event="buy", width=400, section="Tin", author="An", tags=["x", "y"])
    what = Agent(False, "Chrome", "Linux", Device.DESKTOP)
    where = Source("zalo", Channel.CAMPAIGN, "zalo.me/", internal=False)
    came = Campaign("zalo", "chat", "tet", "a", "b")

    told = values(payload, what, where, came, "VN", "vi")

    expected = {
        Dimension.SOURCE: ("zalo",),
        Dimension.CHANNEL: ("campaign",),
        Dimension.REFERRER_PAGE: ("zalo.me/",),
        Dimension.CAMPAIGN: ("tet",),
        Dimension.CAMPAIGN_MEDIUM: ("chat",),
        Dimension.CAMPAIGN_TERM: ("a",),
        Dimension.CAMPAIGN_CONTENT: ("b",),
        Dimension.COUNTRY: ("VN",),
        Dimension.LANGUAGE: ("vi",),
        Dimension.BROWSER: ("Chrome",),
        Dimension.SYSTEM: ("Linux",),
        Dimension.DEVICE: ("desktop",),
        Dimension.SCREEN: ("phone",),
        Dimension.EVENT: ("buy",),
        Dimension.SECTION: ("Tin",),
        Dimension.AUTHOR: ("An",),
        Dimension.TAG: ("x", "y"),
    }
    assert expected == dict(zip(Dimension, told, strict=True))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("vi-VN,vi;q=0.9", "vi"),
        ("EN_us", "en"),
        (" fil ", "fil"),
        *((bad, "(unknown)") for bad in ("", "*", "x", "engl", "12", "é", "<b>", ";q=1", ",vi")),
    ],
)
def test_a_language_is_kept_without_its_region(given: str, kept: str) -> None:
    assert language(given) == kept


@pytest.mark.parametrize(
    ("width", "name"),
    [
        *((None, "(unknown)"), (1, "phone"), (599, "phone"), (600, "tablet"), (1023, "tablet")),
        *((1024, "desktop"), (1599, "desktop"), (1600, "wide"), (16_384, "wide")),
    ],
)
def test_a_screen_belongs_to_a_class(width: int | None, name: str) -> None:
    assert screen(width) == name


def test_tags_are_ten_short_ones_each_once() -> None:
    given = ["a", "a ", "\n", "b" * 65, *(str(n) for n in range(20))]

    assert tags(Payload(tags=given)) == ("a", "b" * 64, "0", "1", "2", "3", "4", "5")


@pytest.mark.parametrize(
    ("told", "expected"),
    [(["a"] * 10, False), (["a"] * 11, True), (["b" * 64], False), (["b" * 65], True)],
)
def test_tags_are_cut_when_they_are_too_many_or_too_long(
    told: list[str], *, expected: bool
) -> None:
    assert expected is are_cut(told)


def test_a_header_too_long_to_be_remembered_tells_the_same() -> None:
    assert language(200 * " " + "vi-VN") == "vi"
