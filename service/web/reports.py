"""
Reports for programs: ``/api/v1/sites/S/…``, from SQL, with a read token.
"""

import re
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from typing import Any

from flask import Blueprint, Response, request

from service.archive.tokens import Scope
from service.clock import instant
from service.dimensions import Dimension
from service.errors import LuotError, Reason, Rejected
from service.intake.days import HOUR_MS, day_of
from service.intake.paths import page_path
from service.intake.queries import query_names, query_value
from service.intake.sites import Site
from service.reporting import answers
from service.reporting.periods import Period, period
from service.web.fronts import door_request, runtime
from service.web.problems import json_response, problem
from service.web.questions import check_host
from service.web.tokens import require

blueprint = Blueprint("reports", __name__, url_prefix="/api/v1/sites/<name>")

#: Rows that a question gets without asking for more, and those it gets at most.
USUAL_LIMIT, LARGEST_LIMIT = 20, 1_000

#: Hours that a series may have: a quarter of a year.
LARGEST_HOURS = 2_300

#: Parameters that a question may have. Any other is refused: passed over, a slip of the pen in
#: ``period`` would be answered with the numbers of other days.
PARAMETERS = frozenset({"period", "from", "to", "path", "unit", "limit"})

_WHOLE = re.compile(r"[0-9]{1,9}\Z", re.ASCII)


@blueprint.get("/totals")
def totals(name: str) -> Response:
    """
    What happened in a period.
    """

    def answer(site: Site) -> Any:
        span, path = _period(site), _path(site)
        found = answers.totals(runtime().database, site.id, span, path)
        return {**_frame(site, span), **asdict(found)}

    return _respond(name, answer)


@blueprint.get("/series")
def series(name: str) -> Response:
    """
    A period by ``unit=day`` or ``unit=hour``.
    """

    def answer(site: Site) -> Any:
        span, path = _period(site), _path(site)
        unit = _once("unit") or "day"
        if unit == "day":
            rows = answers.days(runtime().database, site.id, span, path)
        elif unit == "hour":
            rows = answers.hours(runtime().database, site.id, _hours(site, span), path)
        else:
            raise Rejected(Reason.MALFORMED, "unit")
        return {**_frame(site, span), "unit": unit, "series": [_bucket(site, r) for r in rows]}

    return _respond(name, answer)


@blueprint.get("/pages")
def pages(name: str) -> Response:
    """
    The most read pages of a period.
    """

    def answer(site: Site) -> Any:
        span = _period(site)
        rows = answers.pages(runtime().database, site.id, span, _limit())
        return {**_frame(site, span), "pages": [asdict(row) for row in rows]}

    return _respond(name, answer)


@blueprint.get("/breakdown/<dimension>")
def breakdown(name: str, dimension: str) -> Response:
    """
    A period by the values of a dimension, for the site or, with ``path``, for a page.
    """

    def answer(site: Site) -> Any:
        span, path, limit = _period(site), _path(site), _limit()
        asked = dimension.replace("-", "_")
        return {
            **_frame(site, span),
            "dimension": asked,
            "values": _values(site, asked, span, limit, path),
        }

    return _respond(name, answer)


@blueprint.get("/filtered")
def filtered(name: str) -> Response:
    """
    What was not counted in a period, by reason.
    """

    def answer(site: Site) -> Any:
        span = _period(site)
        found = answers.filtered(runtime().database, site.id, span)
        return {**_frame(site, span), "filtered": found}

    return _respond(name, answer)


def _respond(name: str, answer: Callable[[Site], Any]) -> Response:
    try:
        check_host(runtime(), door_request())
        require(Scope.READ, name)
        if not PARAMETERS.issuperset(query_names(request.query_string)):
            raise Rejected(Reason.MALFORMED, "query")  # noqa: TRY301 - one place answers refusals
        site = runtime().sites.get(name)
        if site is None:
            raise Rejected(Reason.SITE, "site", 404)  # noqa: TRY301 - as above
        return json_response(answer(site))
    except Rejected as error:
        return problem(error)
    except LuotError:
        return problem(Rejected(Reason.STORAGE, status=503))


def _values(
    site: Site, dimension: str, span: Period, limit: int, path: str
) -> list[dict[str, Any]]:
    database = runtime().database
    if dimension in set(answers.PageDimension) and not path:
        is_entry = dimension == answers.PageDimension.ENTRY_PAGE
        ranked = (answers.entry_pages if is_entry else answers.exit_pages)(
            database, site.id, span, limit
        )
        return [
            {
                "value": row.path,
                "views": row.views,
                "visits": row.entries if is_entry else row.exits,
            }
            for row in ranked
        ]
    if dimension not in set(Dimension):
        raise Rejected(Reason.MALFORMED, "dimension", 404)
    rows = answers.breakdown(database, site.id, Dimension(dimension), span, limit, path)
    return [asdict(row) for row in rows]


def _once(name: str) -> str | None:
    given = query_value(request.query_string, name)
    if given == "":
        raise Rejected(Reason.MALFORMED, name)
    return given


def _period(site: Site) -> Period:
    today = date.fromisoformat(site.day(runtime().clock.now_ms()).label)
    return period(_once("period"), _once("from"), _once("to"), today)


def _path(site: Site) -> str:
    path = _once("path")
    return page_path(path, site.paths).path if path else ""


def _limit() -> int:
    given = _once("limit")
    if given is None:
        return USUAL_LIMIT
    if not _WHOLE.match(given) or not 1 <= int(given) <= LARGEST_LIMIT:
        raise Rejected(Reason.MALFORMED, "limit")
    return int(given)


def _hours(site: Site, span: Period) -> list[tuple[date, int]]:
    found = [(day, hour) for day in span.days for hour in range(day_of(day, site.zone).hours)]
    if len(found) > LARGEST_HOURS:
        raise Rejected(Reason.MALFORMED, "unit")
    return found


def _frame(site: Site, span: Period) -> dict[str, Any]:
    return {
        "site": site.id,
        "timezone": site.zone.key,
        "from": span.first.isoformat(),
        "to": span.last.isoformat(),
    }


def _bucket(site: Site, row: answers.Bucket) -> dict[str, Any]:
    """
    A bucket with the local time it begins at; two of one label differ in their offset.
    """
    numbers = {"views": row.views, "visits": row.visits, "visitors": row.visitors}
    day = day_of(row.day, site.zone)
    if row.hour is None:
        return {"day": day.label, **numbers}
    begins = instant(day.start_ms + row.hour * HOUR_MS).astimezone(site.zone)
    return {"begins": begins.isoformat(), "day": day.label, "hour": row.hour, **numbers}
