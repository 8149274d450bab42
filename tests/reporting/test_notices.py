"""
What is said about the day of the move.
"""

import pytest

from service.door_settings import Door
from service.intake.sites import Site
from service.reporting.notices import NAMES, moving_notices
from service.settings import SiteSettings


def site(**told: object) -> Site:
    row = {"name": "Site one", "hosts": ["s1.example"], **told}
    return Site.of("s1", SiteSettings.model_validate(row))


def test_a_site_that_has_not_moved_is_told_nothing() -> None:
    assert moving_notices(site()) == ()


@pytest.mark.parametrize("door", Door)
@pytest.mark.parametrize(("locale", "word"), [("en", "robots"), ("vi", "rô-bốt")])
def test_each_door_has_a_sentence_in_the_sites_language(door: Door, locale: str, word: str) -> None:
    [notice] = moving_notices(site(doors=[door], locale=locale))

    assert notice.door is door
    assert notice.text.startswith(f"{NAMES[door]}: ")
    assert word in notice.text


def test_reloads_are_told_as_the_site_counts_them() -> None:
    [counted] = moving_notices(site(doors=["busuanzi"]))
    [left_out] = moving_notices(site(doors=["busuanzi"], double_click_seconds=30))

    assert "Reloads are views in both" in counted.text
    assert "not in the new one" in left_out.text
