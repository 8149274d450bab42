"""
The doors that list pages: ``/popular``, ``/trending`` and ``/related``.

Lists are of what snapshots have added to SQL; only what is read now is asked of Redis.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, Response, current_app, request
from flask.blueprints import BlueprintSetupState

from service.clock import rfc3339
from service.counting.trends import Trends, read_trends
from service.errors import ArchiveError, Reason, Rejected
from service.intake.paths import page_path
from service.intake.queries import query_value
from service.intake.sites import Site
from service.reporting import lists
from service.reporting.lists import Named, PageList
from service.runtime import Runtime
from service.web.fronts import door_request, door_response, runtime
from service.web.questions import site_asked
from service.web.requests import Answer, json_answer
from service.web.shelves import Shelf
from service.web.tokens import bearer, may_read

blueprint = Blueprint("lists", __name__)

#: Pages of a list that is asked for without a limit.
USUAL = 10

#: Seconds that a shared cache may show a list.
MAX_AGE = 30

_WHOLE = re.compile(r"[0-9]{1,4}\Z", re.ASCII)

_CORS = {"Access-Control-Allow-Origin": "*"}


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What every list is asked.
    """

    here: Runtime
    site: Site
    query: bytes
    limit: int
    shelf: Shelf[Any]

    @property
    def today(self) -> date:
        """
        The site's day.
        """
        return date.fromisoformat(self.site.day(self.here.clock.now_ms()).label)

    def kept(self, make: Callable[[], Any], *asked: object) -> tuple[Any, bool]:
        """
        What was made for this a moment ago, or now, and whether it is stale.
        """
        return self.shelf.of((self.site.id, *asked), make)


@blueprint.record_once
def _begin(state: BlueprintSetupState) -> None:
    shelf: Shelf[Any] = Shelf(state.app.extensions["luot"].clock)
    state.app.extensions["luot.lists"] = shelf


@blueprint.get("/popular")
def popular() -> Response:
    """
    The most read pages of today, of this week or of this month.
    """

    def body(asked: Asked) -> dict[str, Any]:
        told = query_value(asked.query, "period")
        period = "day" if told is None else told
        try:
            span = lists.list_span(period, asked.today)
        except KeyError:
            raise Rejected(Reason.MALFORMED, "period") from None
        database, site = asked.here.database, asked.site
        found, stale = asked.kept(lambda: lists.popular(database, site, span), period, span)
        return {
            **_frame(asked, found, stale=stale),
            "period": period,
            "from": span.first.isoformat(),
            "to": span.last.isoformat(),
            "pages": [
                {**_page(site, row.path, row.named), "views": row.views}
                for row in found.pages[: asked.limit]
            ],
        }

    return _respond("popular", body)


@blueprint.get("/trending")
def trending() -> Response:
    """
    The pages that are read most now.
    """

    def body(asked: Asked) -> dict[str, Any]:
        here, site = asked.here, asked.site
        (found, named), stale = asked.kept(lambda: _trends(here, site), "trending")
        return {
            "site": site.id,
            "as_of": rfc3339(found.changed_ms or _midnight(asked)),
            "stale": stale,
            "half_life_seconds": here.settings.trending_half_life_seconds,
            "pages": [
                {
                    **_page(site, row.path, named.get(row.path, Named(row.path))),
                    "score": round(row.score, 2),
                }
                for row in found.pages[: asked.limit]
            ],
        }

    return _respond("trending", body)


@blueprint.get("/related")
def related() -> Response:
    """
    The pages that most readers of a page have read on the same day.
    """

    def body(asked: Asked) -> dict[str, Any]:
        site, told = asked.site, query_value(asked.query, "path")
        if not told:
            raise Rejected(Reason.MALFORMED, "path")
        path, today = page_path(told, site.paths).path, asked.today

        def make() -> PageList:
            return lists.related(asked.here.database, site, path, today)

        found, stale = asked.kept(make, "related", path)
        pages = found.pages[: asked.limit] if site.related else ()
        return {
            **_frame(asked, found, stale=stale),
            "path": told,
            "pages": [_page(site, row.path, row.named) for row in pages],
        }

    return _respond("related", body)


def _respond(door: str, body: Callable[[Asked], dict[str, Any]]) -> Response:
    here, told = runtime(), door_request()

    def show() -> Answer:
        site = site_asked(here, told, lambda name: may_read(here, bearer(), name))
        shelf = current_app.extensions["luot.lists"]
        asked = Asked(here, site, told.query, _limit(told.query), shelf)
        caching = f"public, max-age={MAX_AGE}" if site.public else "private, no-store"
        return json_answer(200, body(asked), {"Cache-Control": caching})

    response = door_response(door, show, _CORS)
    if response.status_code == 200:
        response.add_etag()
        response.make_conditional(request)
    return response


def _limit(query: bytes) -> int:
    given = query_value(query, "limit")
    if given is None:
        return USUAL
    if not _WHOLE.match(given) or not 1 <= int(given) <= lists.LONGEST:
        raise Rejected(Reason.MALFORMED, "limit")
    return int(given)


def _frame(asked: Asked, found: PageList, *, stale: bool) -> dict[str, Any]:
    as_of = rfc3339(found.as_of_ms or _midnight(asked))
    return {"site": asked.site.id, "as_of": as_of, "stale": stale}


def _midnight(asked: Asked) -> int:
    # Where nothing is known to have changed for days, nothing has changed today.
    return asked.site.day(asked.here.clock.now_ms()).start_ms


def _page(site: Site, path: str, named: Named) -> dict[str, Any]:
    return {"path": path, "url": lists.address(site, path, named.host), "title": named.title}


def _trends(here: Runtime, site: Site) -> tuple[Trends, dict[str, Named]]:
    """
    What is read now, and what those pages are called; without SQL they are called by their paths.
    """
    if not site.trending:
        return Trends(0, 1), {}
    found = here.from_store(site, lambda: read_trends(here.store, site.id))
    shown = tuple(row for row in found.pages if row.views >= site.floor)[: lists.LONGEST]
    try:
        named = lists.names(here.database, site, [row.path for row in shown])
    except ArchiveError:
        named = {}
    return Trends(found.changed_ms, found.half_life_ms, shown), named
