"""
A site as the intake needs it: its settings, turned into things that can be asked.
"""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from service.door_settings import Door
from service.hosts import HostSet
from service.intake.addresses import AddressSet
from service.intake.days import SiteDay, site_day
from service.intake.hits import Moment
from service.intake.paths import PathRules
from service.settings import SiteSettings


@dataclass(frozen=True, slots=True)
class Site:
    """
    The policy of one site.
    """

    id: str
    name: str
    hosts: HostSet
    zone: ZoneInfo
    locale: str
    paths: PathRules
    #: 0 or 30: how long a second request for a page is the first one's double click, in ms.
    double_click_ms: int
    respect_gpc: bool
    respect_dnt: bool
    excluded: AddressSet
    public: bool
    #: Numbers of a page below this are not shown.
    floor: int
    #: The host of its pages unless they say another; empty when the settings name none in full.
    host: str
    #: Whether scores of pages that are read now are kept, and which pages are read together.
    trending: bool
    related: bool
    #: Other trackers' protocols that are spoken for it, and what it is called there.
    doors: frozenset[Door] = frozenset()
    goatcounter_hosts: frozenset[str] = frozenset()
    plausible_domains: frozenset[str] = frozenset()
    umami_id: str = ""
    matomo_id: int = 0

    @classmethod
    def of(cls, site: str, row: SiteSettings) -> "Site":
        """
        The policy that a table ``[sites.S]`` describes.
        """
        return cls(
            id=site,
            name=row.name,
            hosts=HostSet.of(row.hosts),
            zone=ZoneInfo(row.timezone),
            locale=row.locale,
            paths=PathRules(row.path_query, row.trailing_slash, row.lower_case, row.hash_routing),
            double_click_ms=row.double_click_seconds * 1000,
            respect_gpc=row.respect_gpc,
            respect_dnt=row.respect_dnt,
            excluded=AddressSet.of(row.exclude),
            public=row.public,
            floor=row.floor,
            host=next((host for host in row.hosts if not host.startswith("*")), ""),
            trending=row.trending,
            related=row.related,
            doors=frozenset(row.doors),
            goatcounter_hosts=frozenset(row.goatcounter_hosts),
            plausible_domains=frozenset(row.plausible_domains),
            umami_id=row.umami_id,
            matomo_id=row.matomo_id,
        )

    def day(self, ms: int) -> SiteDay:
        """
        The site-day of a moment.
        """
        return site_day(ms, self.zone)

    def moment(self, ms: int) -> Moment:
        """
        A moment in this site's terms.
        """
        return Moment(ms, self.day(ms))
