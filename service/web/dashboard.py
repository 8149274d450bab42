"""
The dashboard: ``/`` and everything below ``/sites/S`` and below a share link.
"""

from typing import Any

from flask import Response, request

from service.archive.databases import Database
from service.dimensions import Dimension
from service.errors import Reason, Rejected
from service.intake.paths import page_path
from service.intake.queries import query_value
from service.reporting import answers
from service.reporting.breakdowns import pages_of_value
from service.reporting.facts import added_ms, page_facts
from service.web import labels
from service.web.asked import CARDS, LISTED, PAGES, Metric, View
from service.web.boards import below_site, blueprint
from service.web.cards import cards, list_of
from service.web.charts import share
from service.web.fronts import runtime
from service.web.looks import Look, look_at_site
from service.web.moments import moment
from service.web.notices import Glance, notices
from service.web.overviews import course, drawn, tiles
from service.web.pages import for_people, page
from service.web.tongues import speaking
from service.web.values import Behind, behind, value_chart
from service.web.viewers import viewer

#: Rows of a list that has a page of its own.
LONG = 200

#: Pages behind a value that are shown.
BEHIND = 50


@blueprint.get("/")
@for_people
def home() -> Response:
    """
    The sites that somebody may read, or the only one's dashboard.
    """
    found = viewer()
    if found is None:
        raise Rejected(Reason.TOKEN, status=401)
    sites = [site for name, site in runtime().sites.items() if found.grant.is_for(name)]
    if len(sites) == 1:
        return site(look_at_site(sites[0].id))
    looks = [look_at_site(site.id) for site in sites]
    rows = [(look, look.runtime.shown(look.site, ()), look.today.isoformat()) for look in looks]
    return page("sites.html", rows=rows, viewer=found, **_frame())


@below_site("")
def site(look: Look) -> Response:
    """
    A site's dashboard.
    """
    view, tongue = look.view(), speaking()
    with look.runtime.database.held() as database:
        found = course(look, view, database)
        totals, before = found.totals, found.totals_before
        return page(
            "site.html",
            **_told(look, view, database),
            tiles=tiles(totals, before, totals.visits, before.visits if before else 0),
            chart=drawn(look, view, tongue, found),
            cards=cards(look, view, tongue, database, CARDS, totals),
            filtered=_filtered(look, view, database),
            totals=totals,
        )


@below_site("/page")
def one_page(look: Look) -> Response:
    """
    Everything about a page.
    """
    view, tongue, name = look.view(), speaking(), look.site.id
    told = query_value(request.query_string, "path")
    if not told:
        raise Rejected(Reason.MALFORMED, "path")
    path = page_path(told, look.site.paths).path
    with look.runtime.database.held() as database:
        facts = page_facts(database, name, path, view.span)
        if facts is None:
            raise Rejected(Reason.SITE, "path", 404)
        found = course(look, view, database, path)
        kept = set(look.runtime.settings.page_dimensions)
        tabs = {str(what): (str(what),) for what in Dimension if what in kept}
        return page(
            "page.html",
            **{
                **_told(look, view, database, path),
                "extra": {"path": path},
                "path": f"{look.root}/page",
            },
            facts=facts,
            tiles=tiles(found.totals, found.totals_before, facts.entries, 0),
            chart=drawn(look, view, tongue, found),
            cards=cards(look, view, tongue, database, tabs, found.totals, path),
            absent=[labels.TITLES[each] for each in Dimension if each not in kept],
            totals=found.totals,
        )


@below_site("/value")
def one_value(look: Look) -> Response:
    """
    Everything about a value of a dimension, and the pages behind it.
    """
    view, tongue, name = look.view(), speaking(), look.site.id
    what = query_value(request.query_string, "dimension") or ""
    value = query_value(request.query_string, "value") or ""
    if what not in set(Dimension) or not value:
        raise Rejected(Reason.MALFORMED, "dimension" if value else "value")
    dimension = Dimension(what)
    with look.runtime.database.held() as database:
        found = behind(look, view, database, dimension, value)
        kept = dimension in look.runtime.settings.page_dimensions
        rows = pages_of_value(database, name, dimension, value, view.span, BEHIND) if kept else []
        return page(
            "value.html",
            **{
                **_told(look, view, database),
                "extra": {"dimension": what, "value": value},
                "path": f"{look.root}/value",
            },
            what=what,
            label=labels.value_label(what, value, tongue),
            value=value,
            found=found,
            chart=value_chart(look, view, tongue, found),
            kept=kept,
            rows=rows,
            most=max((_counted(found, row) for row in rows), default=0),
            share=share,
        )


def _counted(found: Behind, row: object) -> int:
    return int(getattr(row, found.counts))


@below_site("/top/<what>")
def top(look: Look) -> Response:
    """
    A list in full.
    """
    what = str((request.view_args or {})["what"])
    if what not in LISTED:
        raise Rejected(Reason.SITE, "what", 404)
    view = look.view()
    with look.runtime.database.held() as database:
        totals = answers.totals(database, look.site.id, view.span)
        rows = list_of(look, view, speaking(), database, what, totals, LONG)
        told = {**_told(look, view, database), "path": f"{look.root}/top/{what}"}
        return page("top.html", **told, what=what, rows=rows, most=LONG, totals=totals)


@below_site("/now")
def now(look: Look) -> Response:
    """
    The strip of this moment, for the page's script.
    """
    with look.runtime.database.held() as database:
        return page("now.html", look=look, moment=moment(look, database, speaking()))


def _told(look: Look, view: View, held: Database, path: str = "") -> dict[str, Any]:
    """
    What every page below a site says.
    """
    name = look.site.id
    at = moment(look, held, speaking())
    ever = answers.all_time(held, name, path)
    site_ever = answers.all_time(held, name) if path else ever
    added = added_ms(held, name)
    baseline = at.shown.numbers.baseline_views if at.shown else 0
    glance = Glance(look, view.span, at.shown, added, site_ever.views - baseline, held)
    return {
        "look": look,
        "view": view,
        "viewer": look.viewer,
        "moment": at,
        "ever": ever,
        "notices": notices(glance),
        "extra": {},
        "path": look.root,
        **_frame(),
    }


def _filtered(look: Look, view: View, held: Database) -> list[tuple[str, int, float]]:
    found = answers.filtered(held, look.site.id, view.span)
    most = max(found.values(), default=0)
    ranked = sorted(found.items(), key=lambda row: (-row[1], row[0]))
    return [(reason, number, share(number, most)) for reason, number in ranked]


def _frame() -> dict[str, Any]:
    return {
        "labels": labels,
        "metrics": Metric,
        "pages_list": PAGES,
    }
