"""
Umami's door: ``/api/send``, ``/api/batch``, and its script's name for luot.js.

Its answers carry a session and a visit. Luot hands out nothing by which a reader is known again,
so these are drawn anew for each answer.
"""

from uuid import uuid4

from flask import Blueprint, Response

from service.counting.wire import LARGEST_BATCH
from service.door_settings import Door
from service.errors import Reason, Rejected
from service.hosts import host_header
from service.intake.beacons import Sender
from service.intake.hits import Filter
from service.intake.payloads import items
from service.intake.sites import Site
from service.intake.umami import Sent, message
from service.runtime import Runtime
from service.web import doors, foreign
from service.web.batches import LARGEST_BODY as LARGEST_LIST
from service.web.foreign import LARGEST_BODY, OPEN, Settled, Told
from service.web.fronts import door_request, read_body, respond, runtime
from service.web.questions import check_host
from service.web.requests import Answer, Request, json_answer
from service.web.scripting import own_script
from service.web.tokens import bearer_of

blueprint = Blueprint("umami", __name__)

_HEADERS = {
    **OPEN,
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Allow-Methods": "GET, DELETE, POST, PUT",
    "Access-Control-Max-Age": "86400",
}

#: What statuses are called in its answers.
_CODES = {400: "bad-request", 403: "forbidden"}

#: What its script is told about a machine.
_BOT = {"beep": "boop"}


@blueprint.post("/api/send", provide_automatic_options=False)
@blueprint.post("/api/collect", provide_automatic_options=False, endpoint="collect")
def send() -> Response:
    """
    Counts what the script tells.
    """
    here = runtime()
    return foreign.answer(Door.UMAMI, lambda: _send(here), _refuse)


@blueprint.post("/api/batch", provide_automatic_options=False)
def batch() -> Response:
    """
    Counts up to 500 messages, one after another.
    """
    here = runtime()
    return foreign.answer(Door.UMAMI, lambda: _batch(here), _refuse)


@blueprint.route("/api/send", methods=["OPTIONS"])
@blueprint.route("/api/collect", methods=["OPTIONS"], endpoint="collect_options")
@blueprint.route("/api/batch", methods=["OPTIONS"], endpoint="batch_options")
def options() -> Response:
    """
    Any page may ask.
    """
    return respond(Answer(204, headers=dict(_HEADERS)))


@blueprint.get("/script.js")
def script() -> Response:
    """
    luot.js, which is told the site that an Umami tag names.
    """
    return respond(own_script(runtime(), door_request(), Door.UMAMI))


def _send(here: Runtime) -> Answer:
    asked = door_request()
    check_host(here, asked)
    # The sender is asked for first: it is what the rate counts.
    sender = doors.sender_of(here, asked)
    body = read_body(LARGEST_BODY)
    if len(body) > LARGEST_BODY:
        raise Rejected(Reason.SIZE, status=413)
    settled = foreign.settle(here, _told(here, asked, sender, body))
    said = {**foreign.result_header(settled.word), **_HEADERS}
    if settled.filtered_as is Filter.EXCLUDED:
        return json_answer(403, {"error": _error("blocked", 403)}, said)
    return json_answer(200, _body(settled), said)


def _batch(here: Runtime) -> Answer:
    asked = door_request()
    check_host(here, asked)
    sender = doors.sender_of(here, asked)
    body = read_body(LARGEST_LIST)
    if len(body) > LARGEST_LIST:
        raise Rejected(Reason.SIZE, status=413)
    sent = items(body)
    if not 0 < len(sent) <= LARGEST_BATCH:
        raise Rejected(Reason.SIZE if sent else Reason.MALFORMED, status=400)
    outcomes: dict[int, Settled | Rejected] = {}
    hits: dict[int, Told] = {}
    for place, raw in enumerate(sent):
        try:
            hits[place] = _told(here, asked, sender, raw)
        except Rejected as error:
            outcomes[place] = foreign.noted(Door.UMAMI, error)
    return _summary({**outcomes, **foreign.settle_all(here, hits)})


def _summary(outcomes: dict[int, Settled | Rejected]) -> Answer:
    failed = {n: error for n, error in sorted(outcomes.items()) if isinstance(error, Rejected)}
    if error := foreign.none_kept(outcomes):
        return foreign.refused_as(_refuse, error)
    body = {
        "size": len(outcomes),
        "processed": len(outcomes) - len(failed),
        "errors": len(failed),
        "details": [
            {"index": place, "response": {"error": _error(str(error), _status(error))}}
            for place, error in failed.items()
        ],
        "cache": _cache(),
    }
    said = {**foreign.result_header(foreign.words(outcomes)), **_HEADERS}
    return json_answer(200, body, said)


def _told(here: Runtime, asked: Request, sender: Sender, body: bytes) -> Told:
    sent = message(body)
    site = foreign.site_where(
        here,
        Door.UMAMI,
        lambda site: bool(site.umami_id) and site.umami_id == sent.website,
        "website",
    )
    foreign.check_page(site, asked)
    _check_host_of(site, sent)
    if foreign.is_believed(here, bearer_of(asked.header("authorization")), site):
        return foreign.believed(here, Door.UMAMI, site, sent.payload, sender)
    return foreign.told(here, Door.UMAMI, site, sent.payload, sender)


def _check_host_of(site: Site, sent: Sent) -> None:
    host = host_header(sent.host) if sent.host else None
    if sent.host and (host is None or not site.hosts.matches(host)):
        raise Rejected(Reason.ORIGIN, "hostname", 403)


def _body(settled: Settled) -> dict[str, str]:
    if settled.filtered_as is Filter.BOT:
        return _BOT
    return {"cache": _cache(), "sessionId": str(uuid4()), "visitId": str(uuid4())}


def _cache() -> str:
    # Its script sends this back with the next hit; there is nothing that Luot would need.
    return "luot"


def _refuse(error: Rejected) -> Answer:
    status = _status(error)
    return json_answer(status, {"error": _error(str(error), status)}, _HEADERS)


def _status(error: Rejected) -> int:
    # An unknown site is a mistake in the message there, not an address that is not found.
    return 400 if error.reason is Reason.SITE else error.status


def _error(message: str, status: int) -> dict[str, object]:
    code = _CODES.get(status, message.partition(":")[0])
    return {"message": message, "code": code, "status": status}
