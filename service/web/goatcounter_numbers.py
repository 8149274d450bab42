"""
GoatCounter's numbers: ``/counter/PATH.json``, ``.html``, ``.svg`` and ``.png``.

An unknown page is answered 404 with 0 in the body, because the pages that ask read it there. Both
numbers are the page's views, as the pages' own number is; texts, with a narrow space between
thousands, as they are there.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import quote

from flask import Blueprint, Response

from service.door_settings import Door
from service.errors import Reason, Rejected
from service.intake.paths import page_path
from service.intake.queries import query_value
from service.intake.sites import Site
from service.reporting.answers import totals
from service.reporting.periods import Period
from service.runtime import Runtime
from service.web import doors, foreign
from service.web.foreign import OPEN
from service.web.fronts import door_request, runtime
from service.web.goatcounter import site_asked
from service.web.number_images import html, png, svg
from service.web.questions import check_host
from service.web.requests import Answer, Request, json_answer

blueprint = Blueprint("goatcounter_numbers", __name__)

#: Asks for the whole site.
TOTAL = "TOTAL"

#: Between thousands: a narrow space that does not break.
SEPARATOR = "\u202f"

#: Days that the named spans reach back.
SPANS = {"week": 7, "month": 30, "year": 365}

_LABELS = {"vi": "lượt xem", "en": "views"}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_TYPES = {"html": "text/html; charset=utf-8", "svg": "image/svg+xml", "png": "image/png"}

#: Before it nothing was counted by anybody who is asked.
_FIRST_DAY = date(1990, 1, 1)


@dataclass(frozen=True, slots=True)
class Question:
    """
    Whose number is wanted, and of which days.
    """

    #: Empty for the whole site.
    path: str
    kind: str
    span: Period | None


# What a script has percent-encoded arrives with a second slash.
@blueprint.get("/counter/<path:name>", merge_slashes=False)
@blueprint.get("/counter//<path:name>", merge_slashes=False, endpoint="encoded")
def counter(name: str) -> Response:
    """
    The number of a page.
    """
    here, asked = runtime(), door_request()

    def refuse(error: Rejected) -> Answer:
        # A private number and an unknown site look the same.
        status = 403 if error.reason is Reason.SITE else error.status
        return json_answer(status, {"error": str(error)}, OPEN)

    return foreign.answer(Door.GOATCOUNTER, lambda: _answer(here, asked, name), refuse)


def _answer(here: Runtime, asked: Request, name: str) -> Answer:
    check_host(here, asked)
    doors.sender_of(here, asked)
    site = site_asked(here, asked)
    if not site.public:
        raise Rejected(Reason.SITE, status=403)
    question = _question(here, site, asked, name)
    known, number = _number(here, site, question)
    text = "" if number is None else f"{number:,}".replace(",", SEPARATOR)
    headers = {"Cache-Control": "public, max-age=5"}
    status = 200 if known else 404
    if question.kind == "json":
        body = {"count": text, "count_unique": text}
        return json_answer(status, body, {**headers, "Access-Control-Allow-Origin": "*"})
    headers["Content-Type"] = _TYPES[question.kind]
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if question.kind == "png":
        return Answer(status, png(text), headers)
    draw = html if question.kind == "html" else svg
    return Answer(status, draw(text, _LABELS[site.locale]), headers)


def _question(here: Runtime, site: Site, asked: Request, name: str) -> Question:
    stem, dot, kind = name.rpartition(".")
    if not dot or kind not in {"json", *_TYPES}:
        raise Rejected(Reason.MALFORMED, "extension")
    today = date.fromisoformat(site.day(here.clock.now_ms()).label)
    first = _day(query_value(asked.query, "start"), "start", today)
    last = _day(query_value(asked.query, "end"), "end", today)
    span = (
        Period(first or _FIRST_DAY, last or max(first or today, today)) if first or last else None
    )
    if span and span.last < span.first:
        raise Rejected(Reason.MALFORMED, "end")
    # A server has decoded the path once; what was a mark of its own in there must stay one.
    path = "" if stem == TOTAL else page_path(quote(stem, safe="/%?&=#"), site.paths).path
    return Question(path, kind, span)


def _number(here: Runtime, site: Site, question: Question) -> tuple[bool, int | None]:
    """
    Whether the page is known, and its number; ``None`` for one that is not shown.
    """
    body = foreign.numbers(here, site, question.path or "/")
    shown = body["pages"][question.path] if question.path else body["views"]
    if shown is None:
        return False, None
    all_time: int = shown["views" if question.path else "total"]
    known = bool(all_time) or not question.path
    if question.span is None:
        return known, all_time
    return known, _views_in(here, site, question, question.span, shown["today"])


def _views_in(here: Runtime, site: Site, question: Question, span: Period, today: int) -> int:
    """
    The views of a span of days; SQL learns of today's only now and then.

    :param today: views of today, of the page or the site
    """
    views = totals(here.database, site.id, span, question.path).views
    now = date.fromisoformat(site.day(here.clock.now_ms()).label)
    if not span.first <= now <= span.last:
        return views
    known = totals(here.database, site.id, Period(now, now), question.path).views
    return views + max(0, today - known)


def _day(text: str | None, field: str, today: date) -> date | None:
    if not text:
        return None
    if field == "start" and text in SPANS:
        return today - timedelta(days=SPANS[text] - 1)
    if not _DAY.match(text):
        raise Rejected(Reason.MALFORMED, field)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Rejected(Reason.MALFORMED, field) from None
