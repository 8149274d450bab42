"""
What arrives at a door becomes a hit, or a reason why it is none.

The order is the cheapest refusal first: the site, whose page it was, the path; then the filters
for readers who opted out, for prefetching and for machines; only then what costs something, the
visitor's hash and what the user agent and the referrer say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from service.dimensions import NONE, UNKNOWN, Dimension
from service.errors import Reason, Rejected
from service.hosts import host_of
from service.intake.addresses import network
from service.intake.agents import Agent, agent
from service.intake.countries import Countries
from service.intake.days import VISIT_GAP_MS, SiteDay, day_before
from service.intake.hits import Filter, Filtered, Hit, Kind, Moment, Taken
from service.intake.paths import PagePath, cut, page_path, page_url
from service.intake.payloads import ENGAGEMENT, Payload
from service.intake.sites import Site
from service.intake.sources import Campaign, Source, campaign, source
from service.intake.text import printable
from service.intake.visitors import id_digest, page_digest, visitor
from service.settings import SITE_ID

#: The salt of a site-day; raises ``StoreUnavailable`` when none can be had.
Salts = Callable[[str, SiteDay], bytes]

#: Widths in CSS pixels from which a screen belongs to the next class.
SCREENS = ((600, "phone"), (1024, "tablet"), (1600, "desktop"))

#: Bytes of a referrer that are read; the rest is cut and counted as such.
REFERRER_BYTES = 2_048


@dataclass(frozen=True, slots=True)
class Sender:
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


@dataclass(frozen=True, slots=True)
class Arrival:
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


@dataclass(frozen=True, slots=True)
class Page:
    """
    The page that a payload is about.
    """

    path: PagePath
    #: The query string of its URL, where campaigns stand.
    query: str


def site_of(payload: Payload, sites: Mapping[str, Site]) -> Site:
    """
    The site that a payload names.

    :raises Rejected: malformed, when that is no site's id; site, when there is none of that id
    """
    if payload.site is None or not SITE_ID.match(payload.site):
        raise Rejected(Reason.MALFORMED, "site")
    site = sites.get(payload.site)
    if site is None:
        raise Rejected(Reason.SITE, "site", 404)
    return site


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
        hit = self._hit(payload, site, sender, arrival, page, moment)
        return Taken(hit, asked, _truncated(payload, page))

    def _hit(  # the parts are named where they are made
        self,
        payload: Payload,
        site: Site,
        sender: Sender,
        arrival: Arrival,
        page: Page,
        moment: Moment,
    ) -> Hit:
        came = campaign(page.query)
        where = source(_referrer(payload), came.source, site.hosts.matches)
        return Hit(
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
            title=printable(payload.title or "")[:256],
            values=self._values(payload, sender, where, came),
            internal=where.internal,
            seconds=payload.seconds or 0,
        )

    def _visitor(self, site: Site, day: SiteDay, sender: Sender) -> str:
        salt = self._salts(site.id, day)
        return visitor(salt, site.id, network(sender.address), sender.user_agent or "")

    def _visitor_before(self, site: Site, moment: Moment, sender: Sender) -> str:
        # A visit may reach over midnight; half an hour later it can no longer.
        if moment.ms - moment.day.start_ms >= VISIT_GAP_MS:
            return ""
        return self._visitor(site, day_before(moment.day, site.zone), sender)

    def _values(
        self, payload: Payload, sender: Sender, where: Source, came: Campaign
    ) -> tuple[tuple[str, ...], ...]:
        what = agent(sender.user_agent) if sender.user_agent else Agent(False, *3 * (UNKNOWN,))
        said: dict[Dimension, tuple[str, ...]] = {
            Dimension.SOURCE: (where.name,),
            Dimension.CHANNEL: (where.channel,),
            Dimension.REFERRER_PAGE: (where.page,),
            Dimension.CAMPAIGN: (came.name or NONE,),
            Dimension.CAMPAIGN_MEDIUM: (came.medium or NONE,),
            Dimension.CAMPAIGN_TERM: (came.term or NONE,),
            Dimension.CAMPAIGN_CONTENT: (came.content or NONE,),
            Dimension.COUNTRY: (self._countries.country(sender.address, payload.timezone),),
            Dimension.LANGUAGE: (language(payload.language or sender.languages),),
            Dimension.BROWSER: (what.browser,),
            Dimension.SYSTEM: (what.system,),
            Dimension.DEVICE: (what.device,),
            Dimension.SCREEN: (screen(payload.width),),
            Dimension.EVENT: event_name(payload),
            Dimension.SECTION: (printable(payload.section or "")[:128] or NONE,),
            Dimension.AUTHOR: (printable(payload.author or "")[:128] or NONE,),
            Dimension.TAG: tags(payload),
        }
        return tuple(said[dimension] for dimension in Dimension)


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
    if payload.path is not None:
        return Page(page_path(payload.path, site.paths), url.query)
    return Page(page_path(url.target, site.paths, "url"), url.query)


def filter_of(site: Site, sender: Sender) -> Filter | None:
    """
    Why a sender is not to be counted, if there is a reason.
    """
    if sender.opts_out_by_gpc and site.respect_gpc:
        return Filter.OPTOUT
    if sender.opts_out_by_dnt and site.respect_dnt:
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


def event_name(payload: Payload) -> tuple[str, ...]:
    """
    The name of an event; nothing for a view or for attention.
    """
    return (payload.event,) if payload.event and payload.event != ENGAGEMENT else ()


def language(tags: str) -> str:
    """
    The first language of a tag or of an ``Accept-Language`` header, without its region.
    """
    first = tags.partition(",")[0].partition(";")[0].strip()
    primary = first.replace("_", "-").partition("-")[0].lower()
    return (
        primary if primary.isascii() and primary.isalpha() and len(primary) in {2, 3} else UNKNOWN
    )


def screen(width: int | None) -> str:
    """
    The class of a screen by its width in CSS pixels.
    """
    if width is None:
        return UNKNOWN
    return next((name for below, name in SCREENS if width < below), "wide")


def tags(payload: Payload) -> tuple[str, ...]:
    """
    The page's tags: the first ten, each cut to 64 characters, each once.
    """
    kept = (printable(tag)[:64] for tag in (payload.tags or [])[:10])
    return tuple(dict.fromkeys(tag for tag in kept if tag))


def _referrer(payload: Payload) -> str:
    return cut(payload.referrer or "", REFERRER_BYTES)


def _truncated(payload: Payload, page: Page) -> tuple[str, ...]:
    """
    The names of the parts that were cut.
    """
    is_cut = {
        "path": page.path.truncated,
        "referrer": _referrer(payload) != (payload.referrer or ""),
        "title": len(payload.title or "") > 256,
        "section": len(payload.section or "") > 128,
        "author": len(payload.author or "") > 128,
        "tags": len(payload.tags or ()) > 10 or any(len(tag) > 64 for tag in payload.tags or ()),
        "campaign": campaign(page.query).truncated,
    }
    return tuple(name for name, was_cut in is_cut.items() if was_cut)
