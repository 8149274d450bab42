"""
Matomo's door: ``/matomo.php``, also under its old name, for one request or many.

Address, user agent, time and reader are believed with a write token in the body, never with one in
an address, which stands in logs and histories.
"""

from flask import Blueprint, Response, request
from werkzeug.exceptions import MethodNotAllowed

from service.counting.wire import LARGEST_BATCH
from service.door_settings import Door
from service.errors import Reason, Rejected
from service.intake.beacons import Sender
from service.intake.matomo import (
    OLDEST_UNTOLD,
    Parameters,
    Sent,
    bulk,
    bulk_parameters,
    parameters,
    sent,
)
from service.runtime import Runtime
from service.web import doors, foreign
from service.web.batches import LARGEST_BODY
from service.web.foreign import Settled, Told
from service.web.fronts import door_request, read_body, respond, runtime
from service.web.questions import check_host
from service.web.requests import Answer, Request, json_answer

blueprint = Blueprint("matomo", __name__)

#: Said to a browser that comes by and asks nothing.
_INFO = b"This is where pages that carry Matomo's script send their views.\n"


@blueprint.get("/matomo.php", provide_automatic_options=False)
@blueprint.get("/piwik.php", endpoint="old_pixel", provide_automatic_options=False)
def pixel() -> Response:
    """
    Counts what is asked for as an image.
    """
    if request.method == "HEAD":
        raise MethodNotAllowed(["GET", "POST"])
    here, asked = runtime(), door_request()
    if not asked.query:
        return respond(Answer(200, _INFO, {"Content-Type": "text/plain; charset=utf-8"}))

    def act() -> Answer:
        check_host(here, asked)
        sender = doors.sender_of(here, asked)
        told = parameters(asked.query)
        hit = _told(here, asked, sender, told, "")
        return _image(told.get("send_image"), foreign.settle(here, hit).word)

    return foreign.answer(Door.MATOMO, act, lambda error: doors.pixel(_status(error), {}))


@blueprint.post("/matomo.php", provide_automatic_options=False)
@blueprint.post("/piwik.php", provide_automatic_options=False, endpoint="old_post")
def post() -> Response:
    """
    Counts what is sent as a form, or many requests as JSON.
    """
    here, asked = runtime(), door_request()
    response = foreign.answer(Door.MATOMO, lambda: _post(here, asked), _refuse)
    response.headers.update(_pages_headers(here, asked))
    return response


@blueprint.route("/matomo.php", methods=["OPTIONS"])
@blueprint.route("/piwik.php", methods=["OPTIONS"], endpoint="old_options")
def options() -> Response:
    """
    Whether a page may send what is no plain form.
    """
    allowed = _pages_headers(runtime(), door_request())
    if "Access-Control-Allow-Origin" in allowed:
        allowed["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        allowed["Access-Control-Allow-Headers"] = "Content-Type"
        allowed["Access-Control-Max-Age"] = "86400"
    return respond(Answer(204, headers=allowed))


def _post(here: Runtime, asked: Request) -> Answer:
    check_host(here, asked)
    sender = doors.sender_of(here, asked)
    body = read_body(LARGEST_BODY)
    if len(body) > LARGEST_BODY:
        raise Rejected(Reason.SIZE, status=413)
    if body.lstrip()[:1] == b"{":
        return _bulk(here, asked, sender, body)
    if len(body) > foreign.LARGEST_BODY:
        raise Rejected(Reason.SIZE, status=413)
    form = parameters(body)
    told = {**parameters(asked.query), **form}
    hit = _told(here, asked, sender, told, form.get("token_auth", ""))
    return _image(told.get("send_image"), foreign.settle(here, hit).word)


def _bulk(here: Runtime, asked: Request, sender: Sender, body: bytes) -> Answer:
    told = bulk(body)
    if not told.requests:
        raise Rejected(Reason.MALFORMED, "requests")
    if len(told.requests) > LARGEST_BATCH:
        raise Rejected(Reason.SIZE, "requests", 413)
    outcomes: dict[int, Settled | Rejected] = {}
    hits: dict[int, Told] = {}
    # One token speaks for a body; more would be a way to try many.
    token = told.token_auth or ""
    for place, raw in enumerate(told.requests):
        try:
            one = bulk_parameters(bytes(raw))
            token = token or one.get("token_auth", "")
            shown = told.token_auth or one.get("token_auth", "")
            hits[place] = _told(here, asked, sender, one, token if shown == token else "")
        except Rejected as error:
            outcomes[place] = foreign.noted(Door.MATOMO, error)
    outcomes |= foreign.settle_all(here, hits)
    if told.wants_no_answer and not foreign.none_kept(outcomes):
        return Answer(204, headers=foreign.result_header(foreign.words(outcomes)))
    return _summary(outcomes, with_places=_is_grant(here, told.token_auth))


def _summary(outcomes: dict[int, Settled | Rejected], *, with_places: bool) -> Answer:
    invalid = {n: error for n, error in sorted(outcomes.items()) if isinstance(error, Rejected)}
    if error := foreign.none_kept(outcomes):
        return foreign.refused_as(_refuse, error)
    said = foreign.result_header(foreign.words(outcomes))
    body: dict[str, object] = {
        "status": "success",
        "tracked": len(outcomes) - len(invalid),
        "invalid": len(invalid),
    }
    if with_places:
        body["invalid_indices"] = list(invalid)
    return json_answer(200, body, said)


def _told(here: Runtime, asked: Request, sender: Sender, told: Parameters, token: str) -> Told:
    """
    One request as a hit.

    :param token: that its body shows
    :raises Rejected: malformed; site; origin
    """
    one: Sent = sent(told)
    site = foreign.site_where(
        here, Door.MATOMO, lambda site: site.matomo_id == one.idsite, "idsite"
    )
    foreign.check_page(site, asked)
    if foreign.is_believed(here, token, site):
        return foreign.believed(here, Door.MATOMO, site, one.payload, sender)
    now = here.clock.now_ms() / 1000
    if one.claimed is not None and one.claimed < now - OLDEST_UNTOLD:
        # It would be counted today, which is worse than not at all.
        raise Rejected(Reason.MALFORMED, "cdt")
    # What a page says of its language is believed; of its reader, nothing.
    return foreign.told(here, Door.MATOMO, site, one.payload, sender)


def _is_grant(here: Runtime, token: str | None) -> bool:
    sites = foreign.open_sites(here, Door.MATOMO)
    return any(foreign.is_believed(here, token, site) for site in sites)


def _image(wanted: str | None, word: str) -> Answer:
    if wanted == "0":
        return Answer(204, headers=foreign.result_header(word))
    return doors.pixel(200, foreign.result_header(word))


def _refuse(error: Rejected) -> Answer:
    body = {"status": "error", "tracked": 0, "invalid": 0, "message": str(error)}
    return json_answer(_status(error), body)


def _status(error: Rejected) -> int:
    # An unknown site is a mistake in a parameter there.
    return 400 if error.reason is Reason.SITE else error.status


def _pages_headers(here: Runtime, asked: Request) -> dict[str, str]:
    allowed = doors.allowed_origin(here, asked)
    if "Access-Control-Allow-Origin" in allowed:
        # Its script sends along cookies, of which there are none, and reads no answer without this.
        allowed["Access-Control-Allow-Credentials"] = "true"
    return allowed
