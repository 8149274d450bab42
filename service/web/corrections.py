"""
Corrections for programs: ``/api/v1/sites/S/corrections``, with an administrator's token.
"""

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import msgspec
from flask import Blueprint, Response, request

from service.archive.baselines import Baseline, push_baselines, set_baselines
from service.archive.corrections import Correction, correction, corrections
from service.archive.tokens import Scope
from service.clock import rfc3339
from service.errors import CorrectionRefused, LuotError, Reason, Rejected
from service.intake.paths import page_path
from service.intake.sites import Site
from service.jobs.correcting import By, merge_pages, remove_wave, undo_correction, wave_of
from service.web.correction_shapes import Merge, Order, Remove
from service.web.fronts import door_request, read_body, runtime
from service.web.problems import json_response, problem, problem_response
from service.web.questions import check_host
from service.web.tokens import bearer, require

blueprint = Blueprint("corrections", __name__, url_prefix="/api/v1/sites/<site>/corrections")

#: Largest body, in bytes.
LARGEST_BODY = 65_536


_orders = msgspec.json.Decoder(Order)


@blueprint.get("")
def list_all(site: str) -> Response:
    """
    The newest corrections: who, when, why.
    """

    def answer(site: Site) -> Response:
        rows = corrections(runtime().database, site.id)
        return json_response({"site": site.id, "corrections": [_shown(row) for row in rows]})

    return _respond(site, answer)


@blueprint.get("/<int:number>")
def show(site: str, number: int) -> Response:
    """
    One correction.
    """

    def answer(site: Site) -> Response:
        return json_response(_shown(_known(site, number)))

    return _respond(site, answer)


@blueprint.post("")
def make(site: str) -> Response:
    """
    Makes a correction: ``{"kind": "merge" | "remove" | "baseline", "why": …}``.
    """
    return _respond(site, lambda site: json_response(_shown(_made(site, _order())), 201))


@blueprint.delete("/<int:number>")
def undo(site: str, number: int) -> Response:
    """
    Takes a correction back; it stays in the list.
    """

    def answer(site: Site) -> Response:
        _known(site, number)
        undone = undo_correction(runtime(), site, number, _by("undone by the API"))
        return json_response(_shown(undone))

    return _respond(site, answer)


def _respond(name: str, answer: Callable[[Site], Response]) -> Response:
    try:
        check_host(runtime(), door_request())
        require(Scope.ADMIN, name)
        site = runtime().sites.get(name)
        if site is None:
            raise Rejected(Reason.SITE, "site", 404)  # noqa: TRY301 - one place answers refusals
        return answer(site)
    except Rejected as error:
        return problem(error)
    except CorrectionRefused as error:
        response = problem_response(409, "conflict")
        body = {**msgspec.json.decode(response.get_data()), "detail": str(error)}
        response.set_data(msgspec.json.encode(body))
        return response
    except LuotError:
        return problem(Rejected(Reason.STORAGE, status=503))


def _order() -> Order:
    if request.mimetype != "application/json":
        raise Rejected(Reason.TYPE, "content-type", 415)
    body = read_body(LARGEST_BODY)
    if len(body) > LARGEST_BODY:
        raise Rejected(Reason.SIZE, status=413)
    try:
        order: Order = _orders.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Rejected(Reason.MALFORMED) from None
    return order


def _made(site: Site, order: Order) -> Correction:
    here, by = runtime(), _by(order.why)
    if isinstance(order, Merge):
        return merge_pages(here, site, order.old, order.new, by)
    if isinstance(order, Remove):
        told = order.first, order.last, order.path, order.dimension, order.value
        return remove_wave(here, site, wave_of(site, *told), by)
    path = page_path(order.path, site.paths).path if order.path else ""
    row = Baseline(path, order.views, order.visits)
    set_baselines(here.database, site, [row], here.clock, by.actor, by.why)
    here.open_site(site.id)
    push_baselines(here.store, here.database, site.id)
    return corrections(here.database, site.id, 1)[0]


def _known(site: Site, number: int) -> Correction:
    try:
        return correction(runtime().database, site.id, number)
    except CorrectionRefused:
        raise Rejected(Reason.MALFORMED, "number", 404) from None


def _by(why: str) -> By:
    # Tokens have no names that all of them have; the beginning of the hash tells which it was.
    told = hashlib.sha256((bearer() or "").encode("utf-8", "replace")).hexdigest()[:12]
    return By(f"token {told}", why)


def _shown(row: Correction) -> dict[str, Any]:
    told = asdict(row)
    undone = told.pop("undone_ms")
    at = rfc3339(told.pop("at_ms"))
    return {**told, "at": at, "undone_at": rfc3339(undone) if undone is not None else None}
