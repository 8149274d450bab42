"""
The demo that somebody tries alone.
"""

from service.archive.snapshots import snapshot
from service.demo import SITE, seed_demo, with_demo
from service.demo_articles import ARTICLES
from tests.conftest import CHROME, MakeLuot


def test_its_lists_have_titles_although_its_only_reader_is_one_visitor(
    make_luot: MakeLuot,
) -> None:
    luot = make_luot(demo=True)
    runtime = luot.runtime
    runtime.open_site(SITE)
    seed_demo(runtime.store, runtime.database, runtime.sites[SITE], runtime.clock)
    body = {"site": SITE, "url": "http://localhost/demo/"}
    answer = luot.http.post(
        "/hit", json=body, headers={"Origin": "http://localhost", "User-Agent": CHROME}
    )
    assert "counted" == answer.headers["Luot-Result"]
    snapshot(runtime.store, runtime.database, SITE, runtime.clock)

    told = luot.http.get(f"/popular?site={SITE}").get_json()

    assert [ARTICLES[0].title] == [row["title"] for row in told["pages"]]


def test_it_is_not_there_unless_it_is_asked_for(make_luot: MakeLuot) -> None:
    assert SITE not in with_demo(make_luot().runtime.settings).sites
