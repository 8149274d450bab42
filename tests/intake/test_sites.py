from service.intake.sites import Site
from service.settings import SiteSettings


def test_a_site_can_be_asked_what_its_settings_say() -> None:
    row = SiteSettings(
        name="Cổng thông tin",
        hosts=("tin.vn", "*.tin.vn"),
        timezone="Asia/Ho_Chi_Minh",
        locale="vi",
        path_query=("id",),
        trailing_slash=True,
        double_click_seconds=30,
        exclude=("203.0.113.0/24",),
        public=False,
        floor=10,
    )
    site = Site.of("portal", row)

    assert (site.id, site.name, site.locale) == ("portal", "Cổng thông tin", "vi")
    assert [site.hosts.matches(h) for h in ("www.tin.vn", "a.b.tin.vn", "tin.vn.evil")] == [
        True,
        True,
        False,
    ]
    assert (site.paths.query, site.paths.trailing_slash, site.paths.lower_case) == (
        ("id",),
        True,
        False,
    )
    assert [site.excluded.matches(a) for a in ("203.0.113.9", "203.0.114.9")] == [True, False]
    assert (site.double_click_ms, site.public, site.floor) == (30_000, False, 10)
    assert (site.respect_gpc, site.respect_dnt) == (True, True)


def test_a_moment_is_told_in_the_site_s_own_time() -> None:
    site = Site.of("s1", SiteSettings(name="S", hosts=("tin.vn",), timezone="Asia/Ho_Chi_Minh"))
    moment = site.moment(1_795_366_800_000)

    assert (moment.day.label, moment.hour) == ("2026-11-23", 0)
    assert site.day(moment.ms - 1).label == "2026-11-22"
