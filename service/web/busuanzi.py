"""
The door for pages with busuanzi's places.

It speaks the first service's JSONP, its successor's ``/api``, and what ``/busuanzi.js`` says. All
of them count a page and tell its numbers in one answer. Those that learn the page from ``Referer``
see only its host in today's browsers, unless the page says otherwise; the script tells the whole
address.
"""

from flask import Blueprint, Response, request
from werkzeug.exceptions import MethodNotAllowed

from service.door_settings import Door
from service.errors import Reason, Rejected
from service.hosts import host_of
from service.intake.busuanzi import callback, called, page_payload
from service.intake.foreign import Foreign
from service.intake.paths import page_url
from service.intake.payloads import LARGEST_HIT
from service.runtime import Runtime
from service.web import doors, foreign
from service.web.fronts import door_request, read_body, respond, runtime
from service.web.page_numbers import counted, numbers_at, public_site
from service.web.questions import check_host
from service.web.requests import Answer, Request, json_answer
from service.web.scripting import places_script

blueprint = Blueprint("busuanzi", __name__)

#: What the first service called itself last; its script hands this on with the numbers.
VERSION = 2.4

#: What the successor's script may send.
_SCRIPT_HEADERS = "Authorization, Content-Type, x-bsz-referer"

#: What the successor's script is told with 200, because it looks at the body only.
_SENTENCES = {
    Reason.MALFORMED: "unable to parse referer",
    Reason.SITE: "invalid referer",
    Reason.ORIGIN: "invalid referer",
}


@blueprint.get("/busuanzi")
@blueprint.get("/jsonp", endpoint="jsonp")
def jsonp() -> Response:
    """
    Counts the page that asks, and calls its function with the numbers.
    """
    if request.method == "HEAD":
        raise MethodNotAllowed(["GET"])
    here, asked = runtime(), door_request()

    def act() -> Answer:
        check_host(here, asked)
        function = callback(asked.query, "jsonpCallback", "callback")
        payload = Foreign(url=asked.header("referer"))
        settled, numbers = counted(here, Door.BUSUANZI, asked, payload, "referer")
        said = foreign.result_header(settled.word)
        if numbers is None:
            # The places stay as they are.
            return Answer(202, headers=said)
        said["Content-Type"] = "application/javascript; charset=utf-8"
        # Other sites' pages load it: that is what it is for.
        said["Cross-Origin-Resource-Policy"] = "cross-origin"
        return Answer(200, called(function, {**numbers, "version": VERSION}), said)

    return foreign.answer(Door.BUSUANZI, act, _refuse)


@blueprint.route("/api", methods=["POST", "GET", "PUT"], provide_automatic_options=False)
def api() -> Response:
    """
    POST counts and tells, GET tells, PUT counts.
    """
    here, asked = runtime(), door_request()
    acts = {"GET": _shown, "HEAD": _shown, "POST": _counted_and_shown, "PUT": _counted}

    def refuse(error: Rejected) -> Answer:
        if error.reason not in _SENTENCES or request.method == "PUT":
            return _refuse(error)
        has_host = host_of(asked.header("x-bsz-referer")) is not None
        sentence = _SENTENCES[error.reason] if has_host else "invalid referer"
        return _told({}, {}, sentence)

    response = foreign.answer(Door.BUSUANZI, lambda: acts[request.method](here, asked), refuse)
    response.headers.update(doors.allowed_origin(here, asked))
    return response


@blueprint.route("/api", methods=["OPTIONS"])
def api_options() -> Response:
    """
    Whether a page may send its address in a header.
    """
    here, asked = runtime(), door_request()
    allowed = doors.allowed_origin(here, asked)
    if "Access-Control-Allow-Origin" not in allowed:
        return respond(Answer(403, headers=allowed))
    allowed["Access-Control-Allow-Methods"] = "GET, POST, PUT, HEAD, OPTIONS"
    allowed["Access-Control-Allow-Headers"] = _SCRIPT_HEADERS
    allowed["Access-Control-Max-Age"] = "86400"
    return respond(Answer(204, headers=allowed))


@blueprint.get("/ping")
def ping() -> Response:
    """
    This process answers; nothing else is asked.
    """
    return respond(json_answer(200, {"success": True, "message": "pong", "data": {}}))


@blueprint.get("/busuanzi.js")
@blueprint.get("/js", endpoint="js")
@blueprint.get("/js/<any(jsonp, lite, lite_pjax):_kind>", endpoint="js_kind")
def script(_kind: str = "") -> Response:
    """
    The script that fills such pages' places, also under its predecessors' names.
    """
    return respond(places_script(door_request()))


@blueprint.post("/busuanzi", provide_automatic_options=False, endpoint="own")
def own() -> Response:
    """
    Counts what ``/busuanzi.js`` tells, and answers with the numbers.
    """
    here, asked = runtime(), door_request()

    def act() -> Answer:
        check_host(here, asked)
        body = read_body(LARGEST_HIT)
        if len(body) > LARGEST_HIT:
            raise Rejected(Reason.SIZE, status=413)
        payload = page_payload(body)
        settled, numbers = counted(here, _own_door(here, payload), asked, payload, "url")
        said = foreign.result_header(settled.word)
        return json_answer(202, {}, said) if numbers is None else json_answer(200, numbers, said)

    response = foreign.answer(Door.BUSUANZI, act, _refuse)
    response.headers.update(doors.allowed_origin(here, asked))
    return response


def _own_door(here: Runtime, payload: Foreign) -> Door:
    """
    The door by whose leave the script counts: pages with either's places carry it.
    """
    host = page_url(payload.url or "").host
    sites = foreign.open_sites(here, Door.VERCOUNT)
    is_vercount = any(site.hosts.matches(host) for site in sites)
    return Door.VERCOUNT if is_vercount else Door.BUSUANZI


def _counted_and_shown(here: Runtime, asked: Request) -> Answer:
    check_host(here, asked)
    payload = Foreign(url=asked.header("x-bsz-referer"))
    settled, numbers = counted(here, Door.BUSUANZI, asked, payload, "x-bsz-referer")
    said = foreign.result_header(settled.word)
    if numbers is None:
        return _told(said, {}, "numbers are not at hand", status=202)
    return _told(said, numbers, "ok")


def _shown(here: Runtime, asked: Request) -> Answer:
    check_host(here, asked)
    doors.sender_of(here, asked)
    url = asked.header("x-bsz-referer")
    site = public_site(here, Door.BUSUANZI, url, "x-bsz-referer")
    return _told({}, numbers_at(here, site, page_url(url).target or "/"), "ok")


def _counted(here: Runtime, asked: Request) -> Answer:
    check_host(here, asked)
    payload = Foreign(url=asked.header("x-bsz-referer"))
    settled, _ = counted(here, Door.BUSUANZI, asked, payload, "x-bsz-referer")
    return Answer(204, headers=foreign.result_header(settled.word))


def _told(
    said: dict[str, str], numbers: dict[str, object], message: str, status: int = 200
) -> Answer:
    body = {"success": bool(numbers), "message": message, "data": numbers}
    return json_answer(status, body, {**said, "Cache-Control": "no-store"})


def _refuse(error: Rejected) -> Answer:
    return json_answer(error.status, {"success": False, "message": str(error), "data": {}})
