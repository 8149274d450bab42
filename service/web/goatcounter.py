"""
GoatCounter's door: ``/count`` for its script and pixel, ``/api/v0/count`` for servers.

A site is known by the name under which Luot is called, because the protocol has no other. Where
one name serves several sites, the page that calls says whose it is.
"""

from base64 import b64decode
from binascii import Error as NotBase64
from dataclasses import replace

from flask import Blueprint, Response, request
from werkzeug.exceptions import MethodNotAllowed

from service.archive.tokens import Scope
from service.counting.wire import LARGEST_BATCH
from service.door_settings import Door
from service.errors import Reason, Rejected
from service.hosts import host_header, host_of
from service.intake.addresses import AddressSet
from service.intake.beacons import Sender
from service.intake.goatcounter import api_call, api_payload, count_payload
from service.intake.hits import Filter
from service.intake.sites import Site
from service.runtime import Runtime
from service.web import doors, foreign
from service.web.batches import LARGEST_BODY, batch_name
from service.web.foreign import OPEN, Settled, Told
from service.web.fronts import door_request, read_body, respond, runtime
from service.web.questions import check_host
from service.web.requests import Answer, Request, json_answer
from service.web.scripting import own_script
from service.web.tokens import bearer_of, granted

blueprint = Blueprint("goatcounter", __name__)

#: What only this door says besides, and pages may read.
HEADERS = {
    **OPEN,
    "Access-Control-Expose-Headers": "Luot-Result, Retry-After, X-Goatcounter, "
    "X-Goatcounter-Filter",
}

_API = {
    **HEADERS,
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key",
    "Access-Control-Max-Age": "86400",
}


@blueprint.route("/count", methods=["GET", "POST"])
def count() -> Response:
    """
    Counts what ``count.js`` tells, by ``sendBeacon`` or as a pixel.
    """
    if request.method == "HEAD":
        # Whoever only asks about the image shows no page.
        raise MethodNotAllowed(["GET", "POST"])
    here, asked = runtime(), door_request()

    def act() -> Answer:
        settled = foreign.settle(here, _told(here, asked))
        said = foreign.result_header(settled.word)
        if settled.filtered_as is Filter.EXCLUDED:
            return doors.pixel(202, {**said, **HEADERS, "X-Goatcounter": "ignored address"})
        return doors.pixel(200, {**said, **HEADERS})

    def refuse(error: Rejected) -> Answer:
        return doors.pixel(error.status, {**HEADERS, "X-Goatcounter": str(error)})

    return foreign.answer(Door.GOATCOUNTER, act, refuse)


@blueprint.get("/count.js")
def script() -> Response:
    """
    luot.js, which finds the site by the page's host.
    """
    return respond(own_script(runtime(), door_request(), Door.GOATCOUNTER))


@blueprint.post("/api/v0/count", provide_automatic_options=False)
def api() -> Response:
    """
    Counts up to 500 hits of a server, with their own time and reader.
    """
    here = runtime()
    return foreign.answer(Door.GOATCOUNTER, lambda: _count_all(here), _refuse_api)


@blueprint.route("/api/v0/count", methods=["OPTIONS"])
def api_options() -> Response:
    """
    Any page may ask; only a token lets it count.
    """
    return respond(Answer(204, headers=dict(_API)))


def site_asked(here: Runtime, asked: Request) -> Site:
    """
    The site that a request is about: by Luot's name, else by the page, else the only one.

    :raises Rejected: site
    """
    called = host_header(asked.header("host"))
    page = host_of(asked.header("origin")) or host_of(asked.header("referer"))
    sites = foreign.open_sites(here, Door.GOATCOUNTER)
    for site in sites:
        if called in site.goatcounter_hosts:
            return site
    for site in sites:
        if page is not None and site.hosts.matches(page):
            return site
    if len(sites) != 1:
        raise Rejected(Reason.SITE, "host", 404)
    return sites[0]


def _told(here: Runtime, asked: Request) -> Told:
    check_host(here, asked)
    sender = doors.sender_of(here, asked)
    payload = count_payload(asked.query, asked.header("referer"))
    site = site_asked(here, asked)
    foreign.check_page(site, asked)
    return foreign.told(here, Door.GOATCOUNTER, site, payload, sender)


def _count_all(here: Runtime) -> Answer:
    asked = door_request()
    check_host(here, asked)
    # The rate is asked before the token, so that tokens cannot be guessed faster.
    doors.sender_of(here, asked)
    site = _granted_site(here, asked)
    if request.mimetype != "application/json":
        raise Rejected(Reason.TYPE, "content-type", 400)
    body = read_body(LARGEST_BODY)
    if len(body) > LARGEST_BODY:
        raise Rejected(Reason.SIZE, status=413)
    call = api_call(body)
    if not 0 < len(call.hits) <= LARGEST_BATCH:
        raise Rejected(Reason.MALFORMED, "hits")
    if call.filter == []:
        site = replace(site, excluded=AddressSet.of(()))
    name, outcomes, hits = batch_name(), {}, {}
    for place, raw in enumerate(call.hits):
        try:
            payload = api_payload(bytes(raw), needs_session=not call.no_sessions)
            hits[place] = foreign.believed(
                here, Door.GOATCOUNTER, site, payload, Sender(None, None), name
            )
        except Rejected as error:
            outcomes[place] = foreign.noted(Door.GOATCOUNTER, error)
    return _summary({**outcomes, **foreign.settle_all(here, hits)})


def _summary(outcomes: dict[int, Settled | Rejected]) -> Answer:
    errors = {n: error for n, error in sorted(outcomes.items()) if isinstance(error, Rejected)}
    ignored = [
        str(place)
        for place, settled in sorted(outcomes.items())
        if isinstance(settled, Settled) and settled.filtered_as is Filter.EXCLUDED
    ]
    said = {**foreign.result_header(foreign.words(outcomes)), **_API}
    if ignored:
        said["X-Goatcounter-Filter"] = ", ".join(ignored)
    if not errors:
        return json_answer(202, {"status": "ok"}, said)
    if error := foreign.none_kept(outcomes):
        return foreign.refused_as(_refuse_api, error)
    told = {str(place): _sentence(error) for place, error in errors.items()}
    return json_answer(400, {"errors": told}, said)


def _granted_site(here: Runtime, asked: Request) -> Site:
    """
    The site that a token may count for.

    :raises Rejected: token; site
    """
    token = _token(asked.header("authorization"))
    grant = granted(here, token, Scope.WRITE)
    sites = foreign.open_sites(here, Door.GOATCOUNTER)
    own = [site for site in sites if grant.site == site.id]
    site = own[0] if own else site_asked(here, asked)
    if not grant.is_for(site.id):
        raise Rejected(Reason.TOKEN, status=403)
    return site


def _token(header: str) -> str | None:
    """
    The token of a header, which may also be the password of ``Basic``.
    """
    kind, _, told = header.partition(" ")
    if kind.lower() != "basic":
        return bearer_of(header)
    try:
        text = b64decode(told.strip(), validate=True).decode("utf-8")
    except (NotBase64, ValueError):
        return None
    return text.partition(":")[2] or None


def _refuse_api(error: Rejected) -> Answer:
    return json_answer(error.status, {"error": _sentence(error)}, _API)


def _sentence(error: Rejected) -> str:
    return f"{error.reason}: {error.field}" if error.field else str(error.reason)
