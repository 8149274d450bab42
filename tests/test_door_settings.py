"""
What a site is called by other trackers.
"""

from typing import Any

import pytest
from pydantic import ValidationError

from service.door_settings import Door
from service.intake.sites import Site
from service.settings import Settings, SiteSettings

UUID = "b59e9c65-ae32-47f1-8400-119fcf4861c4"


def row(host: str = "s1.example", **told: Any) -> dict[str, Any]:
    return {"name": "Site", "hosts": [host], **told}


def test_no_door_is_open_by_default() -> None:
    assert Site.of("s1", SiteSettings(**row())).doors == frozenset()


def test_doors_are_named_in_a_list_or_between_commas() -> None:
    site = Site.of("s1", SiteSettings(**row(doors="umami, matomo", umami_id=UUID.upper())))

    assert site.doors == {Door.UMAMI, Door.MATOMO}
    assert site.umami_id == UUID


@pytest.mark.parametrize(
    "told",
    [
        *({"doors": ["hitcounter"]}, {"umami_id": "portal"}, {"umami_id": UUID + "0"}),
        *({"matomo_id": -1}, {"matomo_id": "x"}, {"goatcounter_hosts": ["*.example"]}),
        {"goatcounter_hosts": ["https://stats.example"]},
    ],
)
def test_what_cannot_be_is_a_mistake(told: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SiteSettings(**row(**told))


@pytest.mark.parametrize(
    "told",
    [
        {"umami_id": UUID},
        {"matomo_id": 7},
        {"goatcounter_hosts": ["a.stats.example"]},
        {"plausible_domains": ["portal"]},
    ],
)
def test_a_name_belongs_to_one_site(told: dict[str, Any]) -> None:
    [name] = told
    with pytest.raises(ValidationError, match=rf"sites\.s2\.{name}: s1 has the same"):
        Settings(sites={"s1": row(**told), "s2": row("s2.example", **told)})


def test_a_site_without_a_name_shares_none() -> None:
    settings = Settings(sites={"s1": row(), "s2": row("s2.example")})

    assert set(settings.sites) == {"s1", "s2"}
