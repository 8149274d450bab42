"""
The busy doors, without a web framework: what is done with a request, and what is answered.

Each front brings a ``Request`` and sends the ``Answer``. In between stands the recorder, which is
the only part that waits; so taking in and answering are functions of their own.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service import metrics
from service.counting.counters import counters_body
from service.counting.numbers import LARGEST_QUESTION
from service.counting.recorder import Recorded, Wish
from service.counting.wire import Item, Result
from service.errors import LuotError, Reason, Rejected
from service.hosts import host_header, host_of
from service.intake.addresses import client_address
from service.intake.beacons import Arrival, Sender, check_origin, site_of
from service.intake.hits import Filtered, Taken
from service.intake.paths import page_path
from service.intake.payloads import hit_payload
from service.intake.queries import pixel_payload, query_value, query_values
from service.intake.sites import Site
from service.runtime import Runtime, Shown
from service.settings import SITE_ID
from service.web.requests import Answer, Request, json_answer

log = logging.getLogger(__name__)

#: Types of a body that may be JSON; ``sendBeacon`` sends text.
BODY_TYPES = frozenset({"", "application/json", "text/plain"})

#: A transparent GIF of one pixel, 43 bytes.
PIXEL = bytes.fromhex(
    "47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b"
)

_RESULTS = {
    Result.COUNTED: "counted",
    Result.DUPLICATE: "duplicate",
    Result.FLOOD: "filtered; reason=flood",
    Result.DOUBLE_CLICK: "filtered; reason=double_click",
}


@dataclass(frozen=True, slots=True)
class Visit:
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


@dataclass(frozen=True, slots=True)
class Question:
    """
    A site and some of its pages whose numbers somebody may see.
    """

    site: Site
    #: As they were asked, which is how the answer names them.
    paths: tuple[str, ...]
    #: As they are counted.
    pages: tuple[str, ...]


def check_host(runtime: Runtime, request: Request) -> None:
    """
    Nothing, when Luot was called by one of its own names.

    :raises Rejected: host
    """
    host, names = host_header(request.header("host")), runtime.settings.public_hosts
    if host is None or (names and host not in names):
        raise Rejected(Reason.HOST, "host")


def sender_of(runtime: Runtime, request: Request) -> Sender:
    """
    Who sent a request.

    :raises Rejected: rate
    """
    forwarded = request.header("x-forwarded-for")
    address = client_address(request.peer, forwarded, runtime.settings.trusted_proxies)
    if not runtime.rates.allow(address):
        raise Rejected(Reason.RATE, status=429)
    purpose = request.header("sec-purpose") or request.header("purpose") or request.header("x-moz")
    return Sender(
        address=address,
        user_agent=request.header("user-agent"),
        languages=request.header("accept-language"),
        opts_out_by_gpc=request.header("sec-gpc").strip() == "1",
        opts_out_by_dnt=request.header("dnt").strip() == "1",
        is_prefetch="prefetch" in purpose.lower(),
    )


def take_hit(runtime: Runtime, request: Request) -> Visit:
    """
    What ``POST /hit`` is asked to count.

    :raises Rejected: with the reason
    :raises StoreError: no salt can be had
    """
    check_host(runtime, request)
    kind = request.header("content-type").partition(";")[0].strip().lower()
    if kind not in BODY_TYPES:
        raise Rejected(Reason.TYPE, "content-type", 415)
    if request.header("content-encoding").strip().lower() not in {"", "identity"}:
        raise Rejected(Reason.TYPE, "content-encoding", 415)
    sender = sender_of(runtime, request)
    payload = hit_payload(request.body)
    site = site_of(payload, runtime.sites)
    check_origin(site, request.header("origin"))
    taken = runtime.intake.take(payload, site, sender, _now(runtime))
    return Visit("hit", site, taken, query_value(request.query, "counters") == "1")


def take_pixel(runtime: Runtime, request: Request) -> Visit:
    """
    What ``GET /hit.gif`` is asked to count.

    :raises Rejected: with the reason
    :raises StoreError: no salt can be had
    """
    check_host(runtime, request)
    sender = sender_of(runtime, request)
    payload = pixel_payload(request.query)
    site = site_of(payload, runtime.sites)
    for name in ("origin", "referer"):
        if request.header(name):
            check_origin(site, request.header(name))
    return Visit("pixel", site, runtime.intake.take(payload, site, sender, _now(runtime)))


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
    said = f"filtered; reason={item.reason}" if isinstance(item, Filtered) else _RESULTS[result]
    word, _, reason = said.partition("; reason=")
    metrics.hits.labels(site, visit.door, word).inc()
    if reason:
        metrics.filtered.labels(site, reason).inc()
    for field in visit.taken.truncated:
        metrics.truncated.labels(field).inc()
    return said


def hit_answer(runtime: Runtime, visit: Visit, recorded: Recorded) -> Answer:
    """
    The answer of ``POST /hit``: 204, or 200 with the numbers of the page.
    """
    said = {"Luot-Result": result_of(visit, recorded), "Cache-Control": "no-store"}
    if not visit.wants_numbers:
        return Answer(204, headers=said)
    page = visit.page
    if recorded.numbers is not None and not isinstance(visit.taken.item, Filtered):
        shown: Shown | None = Shown(recorded.numbers, stale=False)
    else:
        shown = runtime.shown(visit.site, [page])
    if shown is None:
        return Answer(202, headers=said)
    return json_answer(200, _body(runtime, visit.site, shown, [visit.taken.path]), said)


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


def counters_answer(
    runtime: Runtime, request: Request, may_see_private: Callable[[str], bool]
) -> Answer:
    """
    The answer of ``GET /counters``: numbers of a site and of up to 200 of its pages.

    :raises Rejected: as ``question`` does; storage, when there are no numbers
    """
    asked = question(runtime, request, may_see_private)
    caching = "public, max-age=5" if asked.site.public else "private, no-store"
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": caching}
    return json_answer(200, numbers_of(runtime, asked), headers)


def question(
    runtime: Runtime, request: Request, may_see_private: Callable[[str], bool]
) -> Question:
    """
    Whose numbers are asked for.

    :param may_see_private: whether the asker's token lets them read a site that is not public
    :raises Rejected: malformed; site, also for a private one
    """
    check_host(runtime, request)
    name = query_value(request.query, "site") or ""
    if not SITE_ID.match(name):
        raise Rejected(Reason.MALFORMED, "site")
    site = runtime.sites.get(name)
    # A site that is not there is asked about, too, so that it takes what a private one takes.
    allowed = (site is not None and site.public) or may_see_private(name)
    if site is None or not allowed:
        raise Rejected(Reason.SITE, "site", 404)
    asked = query_values(request.query, "path")
    if len(asked) > LARGEST_QUESTION:
        raise Rejected(Reason.MALFORMED, "path")
    asked = list(dict.fromkeys(asked))
    return Question(site, tuple(asked), tuple(page_path(path, site.paths).path for path in asked))


def numbers_of(runtime: Runtime, asked: Question) -> dict[str, object]:
    """
    The body of ``/counters``.

    :raises Rejected: storage, when there are no numbers anywhere
    """
    shown = runtime.shown(asked.site, asked.pages)
    if shown is None:
        raise Rejected(Reason.STORAGE, status=503)
    return _body(runtime, asked.site, shown, asked.paths)


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


def _body(runtime: Runtime, site: Site, shown: Shown, asked: Sequence[str]) -> dict[str, object]:
    now = runtime.clock.now_ms()
    return counters_body(site, shown.numbers, asked, runtime.caps, now, stale=shown.stale)
