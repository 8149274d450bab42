"""
The busy doors, without a web framework: what is done with a request, and what is answered.

Each front brings a ``Request`` and sends the ``Answer``. In between stands the recorder, which is
the only part that waits; so taking in and answering are functions of their own.
"""

import logging

import msgspec

from service import metrics
from service.counting.outcomes import Recorded, Wish
from service.counting.wire import Item, Result
from service.errors import LuotError, Reason, Rejected
from service.hosts import host_of
from service.intake.addresses import client_address
from service.intake.beacons import Arrival, Sender, check_origin, site_of
from service.intake.hits import Filter, Filtered, Taken
from service.intake.paths import page_path
from service.intake.payloads import Payload, hit_payload
from service.intake.queries import pixel_payload, query_value
from service.intake.sites import Site
from service.runtime import Runtime, Shown
from service.web.questions import body_of, check_host
from service.web.requests import Answer, Request, json_answer

log = logging.getLogger(__name__)

#: Types of a body that may be JSON; ``sendBeacon`` sends text.
BODY_TYPES = frozenset({"", "application/json", "text/plain"})

#: A transparent GIF of one pixel, 43 bytes.
PIXEL = bytes.fromhex(
    "47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b"
)

_REASONS = {Result.FLOOD: Filter.FLOOD, Result.DOUBLE_CLICK: Filter.DOUBLE_CLICK}


class Heard(msgspec.Struct, frozen=True):
    """
    A request that is well formed and allowed, before its visitor is known.
    """

    door: str
    site: Site
    payload: Payload
    sender: Sender
    wants_numbers: bool = False


class Visit(msgspec.Struct, frozen=True):
    """
    A request that was taken in and waits to be counted.
    """

    door: str
    site: Site
    taken: Taken
    wants_numbers: bool = False

    @property
    def page(self) -> str:
        """
        The path of the page whose numbers are wanted.
        """
        return page_path(self.taken.path, self.site.paths).path


def sender_of(runtime: Runtime, request: Request) -> Sender:
    """
    Who sent a request.

    :raises Rejected: rate
    """
    told, hops = request.headers.get, runtime.settings.trusted_proxies
    address = client_address(request.peer, told("x-forwarded-for", ""), hops)
    runtime.proxies.note(address)
    if not runtime.rates.allow(address):
        raise Rejected(Reason.RATE, status=429)
    purpose = told("sec-purpose") or told("purpose") or told("x-moz")
    return Sender(
        address=address,
        user_agent=told("user-agent", ""),
        languages=told("accept-language", ""),
        opts_out_by_gpc=_wishes(request, "sec-gpc", "gpc"),
        opts_out_by_dnt=_wishes(request, "dnt", "dnt"),
        is_prefetch=purpose is not None and "prefetch" in purpose.lower(),
    )


def _wishes(request: Request, header: str, word: str) -> bool:
    # Some browsers tell a page of the wish and send no header; the page's script then passes it on.
    return request.header(header).strip() == "1" or query_value(request.query, word) == "1"


def take_hit(runtime: Runtime, request: Request) -> Visit:
    """
    What ``POST /hit`` is asked to count.

    :raises Rejected: with the reason
    :raises StoreError: no salt can be had
    """
    return taken(runtime, hear_hit(runtime, request))


def hear_hit(runtime: Runtime, request: Request) -> Heard:
    """
    What ``POST /hit`` was told; nobody was waited for.

    :raises Rejected: with the reason
    """
    check_host(runtime, request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in BODY_TYPES:
        raise Rejected(Reason.TYPE, "content-type", 415)
    encoding = request.headers.get("content-encoding")
    if encoding and encoding.strip().lower() not in {"", "identity"}:
        raise Rejected(Reason.TYPE, "content-encoding", 415)
    sender = sender_of(runtime, request)
    payload = hit_payload(request.body)
    site = site_of(payload, runtime.sites)
    check_origin(site, request.header("origin"))
    wants_numbers = query_value(request.query, "counters") == "1"
    return Heard("hit", site, payload, sender, wants_numbers)


def take_pixel(runtime: Runtime, request: Request) -> Visit:
    """
    What ``GET /hit.gif`` is asked to count.

    :raises Rejected: with the reason
    :raises StoreError: no salt can be had
    """
    return taken(runtime, hear_pixel(runtime, request))


def hear_pixel(runtime: Runtime, request: Request) -> Heard:
    """
    What ``GET /hit.gif`` was told; nobody was waited for.

    :raises Rejected: with the reason
    """
    check_host(runtime, request)
    sender = sender_of(runtime, request)
    payload = pixel_payload(request.query)
    site = site_of(payload, runtime.sites)
    for name in ("origin", "referer"):
        if request.header(name):
            check_origin(site, request.header(name))
    return Heard("pixel", site, payload, sender)


def taken(runtime: Runtime, heard: Heard) -> Visit:
    """
    The hit that a request is; the first of a site-day waits for its salt.

    :raises Rejected: its page is malformed or another site's
    :raises StoreError: no salt can be had
    """
    item = runtime.intake.take(heard.payload, heard.site, heard.sender, _now(runtime))
    return Visit(heard.door, heard.site, item, heard.wants_numbers)


def record(runtime: Runtime, visit: Visit) -> Recorded:
    """
    What became of a visit's item.

    A filtered request is settled even when it cannot be noted.
    :raises StoreError, ArchiveError: a hit could not be counted for certain
    """
    try:
        return kept(runtime, visit, runtime.recorder.record(*to_record(runtime, visit)))
    except LuotError as error:
        return settled(visit, error)


def to_record(runtime: Runtime, visit: Visit) -> tuple[Site, list[Item], Wish | None]:
    """
    What the recorder is asked for a visit.
    """
    return visit.site, [visit.taken.item], runtime.wish() if visit.wants_numbers else None


def settled(visit: Visit, error: LuotError) -> Recorded:
    """
    What became of a visit that could not be recorded: a filtered request is settled all the same.

    :raises LuotError: the error, when it was a hit
    """
    if not isinstance(visit.taken.item, Filtered):
        raise error
    metrics.unsettled.labels(visit.site.id).inc()
    return Recorded((Result.FILTERED,))


def kept(runtime: Runtime, visit: Visit, recorded: Recorded) -> Recorded:
    """
    The same; its numbers can be shown when Redis is away.
    """
    item = visit.taken.item
    if recorded.numbers is not None and not isinstance(item, Filtered):
        runtime.keep(visit.site, [item.path], recorded.numbers)
    return recorded


def result_of(visit: Visit, recorded: Recorded) -> str:
    """
    The words of ``Luot-Result``; the metrics have been told.

    :raises Rejected: limit, when a number would have passed 2^53 - 1
    """
    item, result = visit.taken.item, recorded.results[0]
    site = visit.site.id
    if result is Result.LIMIT:
        log.critical("a total has reached 2^53 - 1", extra={"site": site})
        raise Rejected(Reason.LIMIT, status=503)
    reason = item.reason if isinstance(item, Filtered) else _REASONS.get(result)
    word = Result.FILTERED if reason else result
    metrics.hits_of(site, visit.door, word).inc()
    if reason:
        metrics.filtered.labels(site, reason).inc()
    for field in visit.taken.truncated:
        metrics.truncated.labels(field).inc()
    return f"filtered; reason={reason}" if reason else word.value


def hit_answer(runtime: Runtime, visit: Visit, recorded: Recorded) -> Answer:
    """
    The answer of ``POST /hit``: 204, or 200 with the numbers of the page; 202 when it is queued.

    What is queued is in no number yet, so those that are shown with it are old.
    """
    said = {"Luot-Result": result_of(visit, recorded), "Cache-Control": "no-store"}
    is_queued = recorded.results[0] is Result.QUEUED
    if not visit.wants_numbers:
        return Answer(202 if is_queued else 204, headers=said)
    page = visit.page
    if recorded.numbers is not None and not isinstance(visit.taken.item, Filtered):
        shown: Shown | None = Shown(recorded.numbers, stale=False)
    else:
        shown = runtime.shown(visit.site, [page])
    if shown is None:
        return Answer(202, headers=said)
    if is_queued:
        shown = Shown(shown.numbers, stale=True)
    body = body_of(runtime, visit.site, shown, [visit.taken.path])
    return json_answer(202 if is_queued else 200, body, said)


def pixel_answer(visit: Visit, recorded: Recorded) -> Answer:
    """
    The answer of ``GET /hit.gif``: the pixel, always whole and never from a cache.
    """
    return pixel(200, {"Luot-Result": result_of(visit, recorded)})


def pixel(status: int, headers: dict[str, str]) -> Answer:
    """
    The pixel, with a status and headers that say what became of the request.
    """
    fixed = {
        "Content-Type": "image/gif",
        "Cache-Control": "no-store",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return Answer(status, PIXEL, {**fixed, **headers})


def allowed_origin(runtime: Runtime, request: Request) -> dict[str, str]:
    """
    The headers that let a page read the answer, when it is a page of any of the sites.
    """
    origin = request.header("origin")
    host = host_of(origin) if origin else None
    if host is None or not any(site.hosts.matches(host) for site in runtime.sites.values()):
        return {"Vary": "Origin"}
    return {
        "Vary": "Origin",
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "Luot-Result, Retry-After",
    }


def preflight_answer(runtime: Runtime, request: Request) -> Answer:
    """
    What a browser asks before it sends JSON: whether this page may.
    """
    allowed = allowed_origin(runtime, request)
    if "Access-Control-Allow-Origin" in allowed:
        allowed["Access-Control-Allow-Methods"] = "POST"
        allowed["Access-Control-Allow-Headers"] = "Content-Type"
        allowed["Access-Control-Max-Age"] = "86400"
    return Answer(204, headers=allowed)


def _now(runtime: Runtime) -> Arrival:
    now = runtime.clock.now_ms()
    return Arrival(arrival_ms=now, time_ms=now)
