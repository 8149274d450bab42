"""
The demo: a site named demo with a past, and the settings that go with it.
"""

from service.archive.baselines import Baseline, push_baselines, set_baselines
from service.archive.databases import Database
from service.archive.sites import create_site
from service.archive.titles import pin_title
from service.clock import Clock
from service.counting.store import Store
from service.demo_articles import ARTICLES, SITE_NAME, SITE_VIEWS, SITE_VISITS
from service.intake.sites import Site
from service.settings import Settings, SiteSettings

#: The id of the demo's site.
SITE = "demo"


def with_demo(settings: Settings) -> Settings:
    """
    The settings, and the demo's site if they ask for it and have none of that name.
    """
    if not settings.demo or SITE in settings.sites:
        return settings
    # Other sites may have the same hosts: the demo's pages name their site, and are Luot's own.
    row = SiteSettings(
        name=SITE_NAME,
        hosts=("localhost", "127.0.0.1", "[::1]"),
        timezone="Asia/Ho_Chi_Minh",
        locale="vi",
    )
    return settings.model_copy(update={"sites": {**settings.sites, SITE: row}})


def page_path(slug: str) -> str:
    """
    The path of an article of the demo, as the site's rules make it.
    """
    return f"/demo/{slug}" if slug else "/demo"


def seed_demo(store: Store, database: Database, site: Site, clock: Clock) -> None:
    """
    The demo's site has the past of a portal that moved from an older counter, once.
    """
    if create_site(database, site)[0].baseline_version == 0:
        pages = [Baseline(page_path(a.slug), a.views, a.visits) for a in ARTICLES]
        past = [Baseline("", SITE_VIEWS, SITE_VISITS), *pages]
        set_baselines(database, site, past, clock, "demo")
        # Titles need two visitors, and whoever tries the demo is one.
        for article in ARTICLES:
            path, now = page_path(article.slug), clock.now_ms()
            pin_title(database, site.id, path, article.title, now, "demo")
    push_baselines(store, database, site.id)
