"""
``GET /badge/S.svg``: one number as a picture, for places that take nothing else.

A picture is no hit: whoever shows it, however often, counts nothing.
"""

from dataclasses import dataclass

from flask import Blueprint, Response, request

from service.errors import Reason, Rejected
from service.intake.paths import page_path
from service.intake.queries import query_names, query_value
from service.intake.sites import Site
from service.intake.text import printable
from service.runtime import Runtime
from service.web.drawings import Badge, badge_svg, color_of, label_of
from service.web.figures import (
    NO_NUMBER,
    PAGE_FIGURES,
    SITE_FIGURES,
    page_figure,
    site_figure,
    written,
)
from service.web.fronts import door_request, refusing, respond, runtime
from service.web.questions import Question, numbers_of, visible_site
from service.web.requests import Answer, Request, refusal, refusal_headers
from service.web.tokens import bearer, may_read

blueprint = Blueprint("badges", __name__)

#: Parameters of a badge. Any other is refused: there is no style and no logo to be fetched.
PARAMETERS = frozenset({"path", "metric", "label", "color"})

#: Seconds that a cache may show a badge.
MAX_AGE = 60

#: The label of a badge that names none, by locale and metric.
_LABELS = {
    "vi": {"online": "đang truy cập", "visits": "lượt truy cập", "visitors": "khách"},
    "en": {"online": "online", "visits": "visits", "visitors": "visitors"},
}

_VIEWS = {"vi": "lượt xem", "en": "views"}

_HEADERS = {
    "Content-Type": "image/svg+xml; charset=utf-8",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    What a badge is to show.
    """

    site: Site
    #: As it was asked; empty for the site.
    path: str
    metric: str
    label: str
    color: str


@blueprint.get("/badge/<name>.svg")
def badge(name: str) -> Response:
    """
    The picture; one with a dash where there is no number to be shown.
    """
    here, told = runtime(), door_request()
    said = refusing("badge", "/badge", lambda: _answer(here, told, name))
    if isinstance(said, Rejected):
        return respond(_refusal(said))
    response = respond(said)
    response.add_etag()
    response.make_conditional(request)
    return response


def _answer(here: Runtime, told: Request, name: str) -> Answer:
    asked = _wanted(here, told, name)
    site, path = asked.site, asked.path
    pages = (page_path(path, site.paths).path,) if path else ()
    body = numbers_of(here, Question(site, (path,) if path else (), pages))
    number = page_figure(body, path, asked.metric) if path else site_figure(body, asked.metric)
    drawn = badge_svg(Badge(asked.label, written(number, site.locale), asked.color))
    caching = f"public, max-age={MAX_AGE}" if site.public else "private, no-store"
    return Answer(200, drawn, {**_HEADERS, "Cache-Control": caching})


def _wanted(here: Runtime, told: Request, name: str) -> Wanted:
    site = visible_site(here, name, lambda asked: may_read(here, bearer(), asked))
    unknown = query_names(told.query) - PARAMETERS
    if unknown:
        raise Rejected(Reason.MALFORMED, "query")
    path, metric, label, color = (
        query_value(told.query, part) for part in ("path", "metric", "label", "color")
    )
    if path == "":
        raise Rejected(Reason.MALFORMED, "path")
    metric = "views" if metric is None else metric
    if metric not in (PAGE_FIGURES if path else SITE_FIGURES):
        raise Rejected(Reason.MALFORMED, "metric")
    if label is None:
        label = _LABELS[site.locale].get(metric.partition(".")[0], _VIEWS[site.locale])
    try:
        painted = color_of("blue" if color is None else color)
    except ValueError:
        raise Rejected(Reason.MALFORMED, "color") from None
    return Wanted(site, path or "", metric, label_of(printable(label)), painted)


def _refusal(no: Rejected) -> Answer:
    """
    A badge without a number where an image is looked for; what is wrong where somebody wrote it.
    """
    if no.status not in {404, 503}:
        return refusal(no, {"Access-Control-Allow-Origin": "*"})
    label = "404" if no.status == 404 else "luot"
    drawn = badge_svg(Badge(label, NO_NUMBER, color_of("grey")))
    return Answer(no.status, drawn, {**_HEADERS, **refusal_headers(no)})
