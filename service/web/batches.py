"""
The door for servers: ``POST /api/v1/hits``, up to 500 hits with their own time and address.
"""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, request

from service import metrics
from service.archive.tokens import Grant, Scope
from service.counting.wire import LARGEST_BATCH, Result
from service.errors import LuotError, Reason, Rejected
from service.intake.addresses import client_address
from service.intake.beacons import Arrival, Sender, site_of
from service.intake.hits import Filtered, Taken
from service.intake.payloads import BatchItem, item_payload, items
from service.intake.sites import Site
from service.intake.visitors import id_digest
from service.runtime import Runtime
from service.web.fronts import door_request, read_body, refusing, runtime
from service.web.problems import json_response, problem
from service.web.questions import check_host
from service.web.requests import Answer
from service.web.tokens import bearer, require

blueprint = Blueprint("batches", __name__)

#: Largest body, in bytes.
LARGEST_BODY = 524_288

#: How far a hit's own time may lie from now, in ms: 31 days back, 5 minutes ahead.
OLDEST_MS, NEWEST_MS = 31 * 86_400_000, 5 * 60_000

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)

_KEY = re.compile(r"[\x21-\x7e]{1,255}\Z")


@dataclass(frozen=True, slots=True)
class Waiting:
    """
    An item that was taken in, and its place in the batch.
    """

    place: int
    taken: Taken


@blueprint.post("/api/v1/hits")
def hits() -> Response:
    """
    Counts what a server tells; the answer says for each item what became of it.
    """
    here = runtime()
    said = refusing("batch", request.path, lambda: _answer(here))
    if isinstance(said, Rejected):
        return problem(said)
    response = json_response(None, said.status)
    response.set_data(said.body)
    return response


def _answer(here: Runtime) -> Answer:
    check_host(here, door_request())
    grant = require(Scope.WRITE)
    told = _items()
    name = batch_name()
    outcomes: list[dict[str, str]] = [{} for _ in told]
    waiting: dict[str, list[Waiting]] = defaultdict(list)
    for place, raw in enumerate(told):
        try:
            site, taken = _take(here, grant, raw, name)
        except Rejected as error:
            outcomes[place] = _rejection(error)
        else:
            waiting[site.id].append(Waiting(place, taken))
    for site_id, group in waiting.items():
        _record(here, here.sites[site_id], group, outcomes)
    return _summary(outcomes)


def _items() -> list[bytes]:
    if request.mimetype != "application/json":
        raise Rejected(Reason.TYPE, "content-type", 415)
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Rejected(Reason.TYPE, "content-encoding", 415)
    body = read_body(LARGEST_BODY)
    if len(body) > LARGEST_BODY:
        raise Rejected(Reason.SIZE, status=413)
    told = items(body)
    if not told:
        raise Rejected(Reason.MALFORMED)
    if len(told) > LARGEST_BATCH:
        raise Rejected(Reason.SIZE, status=413)
    return told


def batch_name() -> str:
    """
    The digest of ``Idempotency-Key``, apart for each token; empty without one.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return ""
    if not _KEY.match(key):
        raise Rejected(Reason.MALFORMED, "idempotency-key")
    return id_digest(f"{bearer()}\0{key}")


def _take(here: Runtime, grant: Grant, raw: bytes, name: str) -> tuple[Site, Taken]:
    payload = item_payload(raw)
    site = site_of(payload, here.sites)
    if not grant.is_for(site.id):
        raise Rejected(Reason.TOKEN, "site", 403)
    now = here.clock.now_ms()
    time = time_of(payload, now)
    arrival = Arrival(now, now if time is None else time, trusted=True, batch=name)
    sender = Sender(address=address_of(payload), user_agent=payload.user_agent)
    return site, here.intake.take(payload, site, sender, arrival)


def time_of(payload: BatchItem, now_ms: int) -> int | None:
    """
    A hit's own time in ms since 1970, when it tells one.

    :raises Rejected: malformed, also when that is too far from now
    """
    if payload.time is None:
        return None
    if not _TIME.fullmatch(payload.time):
        raise Rejected(Reason.MALFORMED, "time")
    try:
        time = round(datetime.fromisoformat(payload.time.upper()).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Rejected(Reason.MALFORMED, "time") from None
    if not now_ms - OLDEST_MS <= time <= now_ms + NEWEST_MS:
        raise Rejected(Reason.MALFORMED, "time")
    return time


def address_of(payload: BatchItem) -> str | None:
    """
    A reader's address, when the hit tells one.

    :raises Rejected: malformed
    """
    if payload.ip is None:
        return None
    address = client_address(payload.ip, "", 0)
    if address is None:
        raise Rejected(Reason.MALFORMED, "ip")
    return address


def _record(
    here: Runtime, site: Site, group: list[Waiting], outcomes: list[dict[str, str]]
) -> None:
    """
    Counts the items of one site in one step, and says for each what became of it.
    """
    try:
        recorded = here.recorder.record(site, [waiting.taken.item for waiting in group])
    except LuotError:
        for waiting in group:
            outcomes[waiting.place] = _rejection(Rejected(Reason.STORAGE, status=503))
        return
    for waiting, result in zip(group, recorded.results, strict=True):
        outcomes[waiting.place] = _outcome(site, waiting.taken, result)


def _outcome(site: Site, taken: Taken, result: Result) -> dict[str, str]:
    if result is Result.LIMIT:
        return _rejection(Rejected(Reason.LIMIT, status=503))
    word, reason = str(result), ""
    if isinstance(taken.item, Filtered) and result is Result.FILTERED:
        word, reason = "filtered", str(taken.item.reason)
    elif result in {Result.FLOOD, Result.DOUBLE_CLICK}:
        word, reason = "filtered", str(result)
    metrics.hits.labels(site.id, "batch", word).inc()
    for field in taken.truncated:
        metrics.truncated.labels(field).inc()
    if not reason:
        return {"result": word}
    metrics.filtered.labels(site.id, reason).inc()
    return {"result": word, "reason": reason}


def _rejection(error: Rejected) -> dict[str, str]:
    metrics.rejected.labels("batch", error.reason).inc()
    field = {"field": error.field} if error.field else {}
    return {"result": "rejected", "reason": str(error.reason), **field}


def _summary(outcomes: list[dict[str, str]]) -> Answer:
    """
    What became of the items, and a status that sums it up.

    200 when nothing was rejected, 202 when some of it waits for Redis, 207 when some of it was
    rejected; 503 when nothing at all was kept.
    """
    rejected = [o.get("reason") for o in outcomes if o["result"] == "rejected"]
    if len(rejected) == len(outcomes) and set(rejected) == {str(Reason.STORAGE)}:
        raise Rejected(Reason.STORAGE, status=503)
    is_queued = any(outcome["result"] == "queued" for outcome in outcomes)
    body = json_response({"results": outcomes}).get_data()
    return Answer(207 if rejected else 202 if is_queued else 200, body)
