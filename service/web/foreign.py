"""
What the doors for other trackers have in common: whose site it is, who is believed, counting.

A door says a protocol's words and keeps its status codes; who may speak, what is counted and when
2xx may be said are Luot's own rules, here as in every door.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from flask import Response, request

from service.archive.tokens import PREFIX, Scope
from service.counting.counters import counters_body
from service.counting.outcomes import Recorded
from service.counting.wire import Result
from service.door_settings import Door
from service.errors import LuotError, Reason, Rejected
from service.hosts import host_of
from service.intake.beacons import Arrival, Sender, check_origin
from service.intake.foreign import Foreign
from service.intake.hits import Filter, Filtered
from service.intake.paths import page_path
from service.intake.payloads import checked
from service.intake.sites import Site
from service.runtime import Runtime
from service.web import doors
from service.web.batches import address_of, time_of
from service.web.doors import Visit
from service.web.fronts import refused, refusing, respond
from service.web.requests import Answer, Request, refusal_headers

#: Largest body of one hit, in bytes; a title and two addresses fit many times.
LARGEST_BODY = 65_536

#: What a page of any origin may read.
OPEN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Luot-Result, Retry-After",
}


class Told(msgspec.Struct, frozen=True):
    """
    One hit of a request, with all that decides how it counts.
    """

    door: Door
    site: Site
    payload: Foreign
    sender: Sender
    arrival: Arrival


class Settled(msgspec.Struct, frozen=True):
    """
    What became of a hit.
    """

    #: The value of ``Luot-Result``.
    word: str
    visit: Visit
    recorded: Recorded

    @property
    def filtered_as(self) -> Filter | None:
        """
        Why it counts in no number, if it does not.
        """
        item = self.visit.taken.item
        return item.reason if isinstance(item, Filtered) else None


def open_sites(here: Runtime, door: Door) -> list[Site]:
    """
    The sites for which a door is open.
    """
    return [site for site in here.sites.values() if door in site.doors]


def site_where(here: Runtime, door: Door, fits: Callable[[Site], bool], field: str) -> Site:
    """
    The first site with this door that fits.

    :raises Rejected: site
    """
    for site in open_sites(here, door):
        if fits(site):
            return site
    raise Rejected(Reason.SITE, field, 404)


def site_of_page(here: Runtime, door: Door, url: str, field: str) -> Site:
    """
    The site that an address is a page of.

    :raises Rejected: malformed, when it is no address; site
    """
    host = host_of(url)
    if host is None:
        raise Rejected(Reason.MALFORMED, field)
    return site_where(here, door, lambda site: site.hosts.matches(host), field)


def check_page(site: Site, asked: Request) -> None:
    """
    Nothing, unless the request says that it comes from a page of another site.

    Servers and old browsers say nothing, as these protocols allow.
    :raises Rejected: origin
    """
    for name in ("origin", "referer"):
        if asked.header(name):
            check_origin(site, asked.header(name))


def is_believed(here: Runtime, token: str | None, site: Site) -> bool:
    """
    Whether a token lets its bearer say when a hit was, and whose.

    :raises ArchiveError: the token looks like one, and nobody can be asked
    """
    # Pages that have moved go on showing tokens of where they came from, in every hit.
    if not token or not token.startswith(PREFIX):
        return False
    grant = here.grants.of(token)
    return grant is not None and grant.scope.covers(Scope.WRITE) and grant.is_for(site.id)


def told(here: Runtime, door: Door, site: Site, payload: Foreign, sender: Sender) -> Told:
    """
    A hit of a sender that may say nothing about readers: what it says about them is passed over.

    :raises Rejected: malformed
    """
    now = here.clock.now_ms()
    checked(payload)
    if payload.is_bot:
        sender = msgspec.structs.replace(sender, user_agent="")
    return Told(door, site, payload, sender, Arrival(arrival_ms=now, time_ms=now))


def believed(
    here: Runtime, door: Door, site: Site, payload: Foreign, sender: Sender, batch: str = ""
) -> Told:
    """
    A hit of a sender with a write token, who says when it was, and whose.

    :param batch: digest of the name of the batch
    :raises Rejected: malformed
    """
    now = here.clock.now_ms()
    time = time_of(checked(payload), now)
    agent = payload.user_agent if payload.user_agent is not None else sender.user_agent
    reader = msgspec.structs.replace(
        sender,
        address=address_of(payload) or sender.address,
        user_agent="" if payload.is_bot else agent,
        reader=payload.reader or "",
    )
    arrival = Arrival(now, now if time is None else time, trusted=True, batch=batch)
    return Told(door, site, payload, reader, arrival)


def settle(here: Runtime, hit: Told) -> Settled:
    """
    A hit is counted, queued or filtered.

    :raises Rejected: its page is malformed or another site's
    :raises StoreError, ArchiveError: it could not be kept
    """
    visit = _taken(here, hit)
    recorded = doors.record(here, visit)
    return Settled(doors.result_of(visit, recorded), visit, recorded)


def settle_all(here: Runtime, hits: Mapping[int, Told]) -> dict[int, Settled | Rejected]:
    """
    What became of each of the hits of one request, which are kept together for each site.
    """
    outcomes: dict[int, Settled | Rejected] = {}
    groups: dict[tuple[str, str], list[tuple[int, Visit]]] = defaultdict(list)
    for place, hit in hits.items():
        try:
            visit = _taken(here, hit)
        except LuotError as error:
            outcomes[place] = refused(hit.door, request.path, error)
        else:
            groups[hit.site.id, hit.door].append((place, visit))
    for group in groups.values():
        outcomes |= _settled(here, group)
    return outcomes


def _settled(here: Runtime, group: Sequence[tuple[int, Visit]]) -> dict[int, Settled | Rejected]:
    failure: LuotError | None = None
    results: Sequence[Result] = ()
    try:
        items = [visit.taken.item for _, visit in group]
        results = here.recorder.record(group[0][1].site, items).results
    except LuotError as error:
        failure = error
    outcomes: dict[int, Settled | Rejected] = {}
    for n, (place, visit) in enumerate(group):
        try:
            # A filtered request is settled, also when it cannot be noted.
            alone = doors.settled(visit, failure) if failure else Recorded((results[n],))
            outcomes[place] = Settled(doors.result_of(visit, alone), visit, alone)
        except LuotError as error:
            outcomes[place] = refused(visit.door, request.path, error)
    return outcomes


def _taken(here: Runtime, hit: Told) -> Visit:
    item = here.intake.take(hit.payload, hit.site, hit.sender, hit.arrival)
    return Visit(hit.door, hit.site, item, wants_numbers=False)


def numbers(here: Runtime, site: Site, path: str) -> dict[str, Any]:
    """
    The body of ``/counters`` for one page of a public site.

    :raises Rejected: site, when its numbers are nobody's business; storage, when there are none
    """
    if not site.public:
        raise Rejected(Reason.SITE, status=404)
    shown = here.shown(site, [page_path(path, site.paths).path])
    if shown is None:
        raise Rejected(Reason.STORAGE, status=503)
    now = here.clock.now_ms()
    return counters_body(site, shown.numbers, [path], here.caps, now, stale=shown.stale)


def answer(door: Door, act: Callable[[], Answer], refuse: Callable[[Rejected], Answer]) -> Response:
    """
    The response of a door; ``refuse`` says a refusal in the words of its protocol.
    """
    said = refusing(door, request.path, act)
    return respond(refused_as(refuse, said) if isinstance(said, Rejected) else said)


def refused_as(refuse: Callable[[Rejected], Answer], error: Rejected) -> Answer:
    """
    A refusal in the words of a protocol, with the headers that it has at every door.
    """
    refusal = refuse(error)
    return Answer(refusal.status, refusal.body, {**refusal_headers(error), **refusal.headers})


def none_kept(outcomes: Mapping[int, Settled | Rejected]) -> Rejected | None:
    """
    Why nothing at all could be kept, when that is so: the request may come again as it was.
    """
    for outcome in outcomes.values():
        if not (isinstance(outcome, Rejected) and outcome.status == 503):
            return None
    return next((o for o in outcomes.values() if isinstance(o, Rejected)), None)


def noted(door: Door, error: Rejected) -> Rejected:
    """
    The refusal of one hit among several; the metrics know it.
    """
    return refused(door, request.path, error)


def words(outcomes: Mapping[int, Settled | Rejected]) -> str:
    """
    The value of ``Luot-Result`` for several hits: each word that one of them got, once.
    """
    said = [
        f"rejected; reason={outcome.reason}" if isinstance(outcome, Rejected) else outcome.word
        for _, outcome in sorted(outcomes.items())
    ]
    return ", ".join(dict.fromkeys(said))


def result_header(word: str) -> dict[str, str]:
    """
    The headers that say what became of a hit.
    """
    return {"Luot-Result": word, "Cache-Control": "no-store"}
