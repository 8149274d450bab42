"""
Plausible's door: ``/api/event``, and the number of those who are on the site now.

Whoever is not counted is told ``ok``, as its script expects; a header says how many sites have
dropped the event, and ``Luot-Result`` why.
"""

from dataclasses import replace

from flask import Blueprint, Response

from service.archive.tokens import Scope
from service.door_settings import Door
from service.errors import Reason, Rejected
from service.hosts import host_header, host_of
from service.intake.plausible import Told as Event
from service.intake.plausible import event
from service.intake.queries import query_value
from service.intake.sites import Site
from service.runtime import Runtime
from service.web import doors, foreign
from service.web.foreign import LARGEST_BODY, OPEN, Settled, Told
from service.web.fronts import door_request, read_body, respond, runtime
from service.web.questions import check_host
from service.web.requests import Answer, json_answer
from service.web.scripting import own_script
from service.web.tokens import bearer, granted

blueprint = Blueprint("plausible", __name__)

_HEADERS = {
    **OPEN,
    "Access-Control-Expose-Headers": "Luot-Result, Retry-After, x-plausible-dropped",
}

_OPTIONS = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "86400",
}

#: What costs a site the event, and not the client an error.
_DROPPED = frozenset({Reason.SITE, Reason.ORIGIN})


@blueprint.post("/api/event", provide_automatic_options=False)
def api_event() -> Response:
    """
    Counts what the script tells, for each site that it names.
    """
    here = runtime()
    return foreign.answer(Door.PLAUSIBLE, lambda: _answer(here), _refuse)


@blueprint.route("/api/event", methods=["OPTIONS"])
def api_event_options() -> Response:
    """
    Any page may ask.
    """
    return respond(Answer(204, headers={**_HEADERS, **_OPTIONS}))


@blueprint.get("/api/v1/stats/realtime/visitors")
def visitors() -> Response:
    """
    The bare number of those who are on the site now, with a read token.
    """
    here, asked = runtime(), door_request()

    def act() -> Answer:
        check_host(here, asked)
        grant = granted(here, bearer(), Scope.READ)
        site = _site(here, query_value(asked.query, "site_id") or "")
        if not grant.is_for(site.id):
            raise Rejected(Reason.SITE, "site_id", 404)
        shown = here.shown(site, [])
        if shown is None or shown.numbers.online is None:
            raise Rejected(Reason.STORAGE, status=503)
        return json_answer(200, shown.numbers.online, {"Cache-Control": "private, no-store"})

    def refuse(error: Rejected) -> Answer:
        return json_answer(error.status, {"error": str(error)}, OPEN)

    return foreign.answer(Door.PLAUSIBLE, act, refuse)


@blueprint.get("/js/script.<path:_kind>")
@blueprint.get("/js/plausible.<path:_kind>", endpoint="old_script")
def script(_kind: str) -> Response:
    """
    luot.js, which is told the site that a Plausible tag names, whatever extensions it asks for.
    """
    return respond(own_script(runtime(), door_request(), Door.PLAUSIBLE))


def _answer(here: Runtime) -> Answer:
    asked = door_request()
    check_host(here, asked)
    sender = doors.sender_of(here, asked)
    body = read_body(LARGEST_BODY)
    if len(body) > LARGEST_BODY:
        raise Rejected(Reason.SIZE, status=413)
    told = event(body)
    outcomes: dict[int, Settled | Rejected] = {}
    hits: dict[int, Told] = {}
    known: set[str] = set()
    for place, name in enumerate(_names(told)):
        try:
            site = _site(here, name)
            if site.id in known:
                # One site by two names is one view.
                continue
            known.add(site.id)
            foreign.check_page(site, asked)
            if told.by_hash:
                site = replace(site, paths=replace(site.paths, hash_routing=True))
            hits[place] = foreign.told(here, Door.PLAUSIBLE, site, told.payload, sender)
        except Rejected as error:
            outcomes[place] = foreign.noted(Door.PLAUSIBLE, error)
    return _summary({**outcomes, **foreign.settle_all(here, hits)})


def _summary(outcomes: dict[int, Settled | Rejected]) -> Answer:
    refused = [error for error in outcomes.values() if isinstance(error, Rejected)]
    hard = [error for error in refused if error.reason not in _DROPPED]
    filtered = [o for o in outcomes.values() if isinstance(o, Settled) and o.filtered_as]
    dropped = len(refused) + len(filtered)
    said = {**foreign.result_header(foreign.words(outcomes)), **_HEADERS}
    if dropped:
        said["x-plausible-dropped"] = str(dropped)
    # 2xx may be said when no hit is in doubt: none was lost, or one at least was kept.
    if hard and len(refused) == len(outcomes):
        refusal = foreign.refused_as(_refuse, hard[0])
        return Answer(refusal.status, refusal.body, {**refusal.headers, **said})
    return Answer(202, b"ok", {**said, "Content-Type": "text/plain; charset=utf-8"})


def _refuse(error: Rejected) -> Answer:
    field = error.field or "request"
    return json_answer(error.status, {"errors": {field: [str(error.reason)]}}, _HEADERS)


def _names(told: Event) -> tuple[str, ...]:
    if told.domains:
        return told.domains
    host = host_of(told.payload.url or "")
    if host is None:
        raise Rejected(Reason.MALFORMED, "url")
    return (host,)


def _site(here: Runtime, name: str) -> Site:
    """
    The site that a domain names: one that is called so, else one with that host.

    :raises Rejected: site
    """
    sites = foreign.open_sites(here, Door.PLAUSIBLE)
    for site in sites:
        if name in site.plausible_domains:
            return site
    host = host_header(name)
    return foreign.site_where(
        here,
        Door.PLAUSIBLE,
        lambda site: host is not None and site.hosts.matches(host),
        "domain",
    )
