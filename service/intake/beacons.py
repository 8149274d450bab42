"""
What arrives at a door becomes a hit, or a reason why it is none.

The order is the cheapest refusal first: the site, whose page it was, the path; then the filters
for readers who opted out, for prefetching and for machines; only then what costs something, the
visitor's hash and what the user agent and the referrer say.
"""

from collections.abc import Callable, Mapping

import msgspec

from service.errors import Reason, Rejected
from service.hosts import host_of
from service.intake.addresses import network
from service.intake.agents import UNTOLD, agent
from service.intake.countries import Countries
from service.intake.days import VISIT_GAP_MS, SiteDay, day_before
from service.intake.hits import Filter, Filtered, Hit, Kind, Moment, Taken
from service.intake.paths import PagePath, cut, page_path, page_url
from service.intake.payloads import ENGAGEMENT, Payload
from service.intake.sites import Site
from service.intake.sources import Campaign, campaign, source
from service.intake.text import printable
from service.intake.values import NAME_CHARACTERS, are_cut, language, values
from service.intake.visitors import id_digest, page_digest, visitor
from service.settings import SITE_ID

#: The salt of a site-day; raises ``StoreUnavailable`` when none can be had.
Salts = Callable[[str, SiteDay], bytes]

#: Bytes of a referrer that are read; the rest is cut and counted as such.
REFERRER_BYTES = 2_048

#: Characters of a title; the rest is cut and counted as such.
TITLE_CHARACTERS = 256

#: How the user agent of ``luot doctor`` begins; its hits are followed and never counted.
DOCTOR = "luot-doctor/"


class Sender(msgspec.Struct, frozen=True):
    """
    Who sent a request, as the connection and its headers tell.
    """

    #: The client's address in canonical form; ``None`` when it is not known.
    address: str | None
    #: ``None`` when a server that may speak for readers does not say.
    user_agent: str | None
    #: The ``Accept-Language`` header.
    languages: str = ""
    opts_out_by_gpc: bool = False
    opts_out_by_dnt: bool = False
    is_prefetch: bool = False
    #: What a sender that may speak for readers calls this one; it stands for address and agent.
    reader: str = ""


class Arrival(msgspec.Struct, frozen=True):
    """
    When a hit came, and what its sender may say about that.
    """

    arrival_ms: int
    #: The hit's own time, which is that of its arrival but for senders that are trusted.
    time_ms: int
    #: Whether the sender was let in by a token or is an import.
    trusted: bool = False
    #: Digest of the name of the batch.
    batch: str = ""


class Page(msgspec.Struct, frozen=True):
    """
    The page that a payload is about.
    """

    path: PagePath
    #: The query string of its URL, where campaigns stand.
    query: str
    #: Its host, where that is another than the site's first.
    host: str = ""


def site_of(payload: Payload, sites: Mapping[str, Site]) -> Site:
    """
    The site that a payload names.

    :raises Rejected: malformed, when that is no site's id; site, when there is none of that id
    """
    site = None if payload.site is None else sites.get(payload.site)
    if site is not None:
        return site
    if payload.site is None or not SITE_ID.match(payload.site):
        raise Rejected(Reason.MALFORMED, "site")
    raise Rejected(Reason.SITE, "site", 404)


def check_origin(site: Site, origin: str | None) -> None:
    """
    Nothing, when ``Origin`` or ``Referer`` is one of the site's pages.

    :raises Rejected: origin, when it is missing or another's
    """
    host = host_of(origin) if origin else None
    if host is None or not site.hosts.matches(host):
        raise Rejected(Reason.ORIGIN, status=403)


class Intake:
    """
    Turns requests into hits; keeps nothing of them.
    """

    def __init__(self, countries: Countries, salts: Salts) -> None:
        self._countries = countries
        self._salts = salts

    def take(self, payload: Payload, site: Site, sender: Sender, arrival: Arrival) -> Taken:
        """
        The hit that a payload of this site is, or why it is filtered.

        :raises Rejected: when its page is malformed or another site's
        :raises StoreUnavailable: when no salt can be had
        """
        page = page_of(payload, site)
        moment = site.moment(arrival.time_ms)
        asked = payload.path if payload.path is not None else page.path.path
        reason = filter_of(site, sender)
        if reason is not None:
            return Taken(Filtered(site.id, reason, moment, arrival.batch), asked)
        came = campaign(page.query)
        referrer = cut(payload.referrer or "", REFERRER_BYTES)
        where = source(referrer, came.source, site.hosts.matches)
        country = self._countries.country(sender.address, payload.timezone)
        what = agent(sender.user_agent) if sender.user_agent else UNTOLD
        spoken = language(payload.language or sender.languages)
        hit = Hit(
            site=site.id,
            kind=kind_of(payload),
            moment=moment,
            arrival_ms=arrival.arrival_ms,
            trusted=arrival.trusted,
            id=id_digest(payload.id) if payload.id else "",
            batch=arrival.batch,
            visitor=self._visitor(site, moment.day, sender),
            visitor_before=self._visitor_before(site, moment, sender),
            path=page.path.path,
            page=page_digest(page.path.path),
            title=printable(payload.title or "")[:TITLE_CHARACTERS],
            values=values(payload, what, where, came, country, spoken),
            internal=where.internal,
            seconds=payload.seconds or 0,
            host=page.host,
        )
        referrer_cut = referrer != (payload.referrer or "")
        return Taken(hit, asked, _truncated(payload, page, came, referrer_cut=referrer_cut))

    def _visitor(self, site: Site, day: SiteDay, sender: Sender) -> str:
        salt = self._salts(site.id, day)
        if sender.reader:
            return visitor(salt, site.id, b"", f"reader:{sender.reader}")
        return visitor(salt, site.id, network(sender.address), sender.user_agent or "")

    def _visitor_before(self, site: Site, moment: Moment, sender: Sender) -> str:
        # A visit may reach over midnight; half an hour later it can no longer.
        if moment.ms - moment.day.start_ms >= VISIT_GAP_MS:
            return ""
        return self._visitor(site, day_before(moment.day, site.zone), sender)


def page_of(payload: Payload, site: Site) -> Page:
    """
    The page that a payload is about: its ``path`` if it has one, else that of its ``url``.

    :raises Rejected: malformed, or origin when the URL is another site's
    """
    if payload.url is None:
        if payload.path is None:
            raise Rejected(Reason.MALFORMED, "url")
        return Page(page_path(payload.path, site.paths), payload.path.partition("?")[2])
    url = page_url(payload.url)
    if not site.hosts.matches(url.host):
        raise Rejected(Reason.ORIGIN, "url", 403)
    host = "" if url.host.removeprefix("www.") == site.host.removeprefix("www.") else url.host
    if payload.path is not None:
        return Page(page_path(payload.path, site.paths), url.query, host)
    return Page(page_path(url.target, site.paths, "url"), url.query, host)


def filter_of(site: Site, sender: Sender) -> Filter | None:
    """
    Why a sender is not to be counted, if there is a reason.
    """
    if sender.user_agent is not None and sender.user_agent.startswith(DOCTOR):
        return Filter.TEST
    by_gpc = sender.opts_out_by_gpc and site.respect_gpc
    if by_gpc or (sender.opts_out_by_dnt and site.respect_dnt):
        return Filter.OPTOUT
    if sender.is_prefetch:
        return Filter.PREFETCH
    if sender.address is not None and site.excluded.matches(sender.address):
        return Filter.EXCLUDED
    if sender.user_agent is not None and agent(sender.user_agent).bot:
        return Filter.BOT
    return None


def kind_of(payload: Payload) -> Kind:
    """
    What a payload says: a view, an event, or attention under its reserved name.
    """
    if payload.event is None:
        return Kind.VIEW
    return Kind.ENGAGEMENT if payload.event == ENGAGEMENT else Kind.EVENT


def _truncated(
    payload: Payload, page: Page, came: Campaign, *, referrer_cut: bool
) -> tuple[str, ...]:
    """
    The names of the parts that were cut.
    """
    is_cut = (
        (page.path.truncated, "path"),
        (referrer_cut, "referrer"),
        (len(payload.title or "") > TITLE_CHARACTERS, "title"),
        (len(payload.section or "") > NAME_CHARACTERS, "section"),
        (len(payload.author or "") > NAME_CHARACTERS, "author"),
        (payload.tags is not None and are_cut(payload.tags), "tags"),
        (came.truncated, "campaign"),
    )
    return tuple([name for was_cut, name in is_cut if was_cut])
