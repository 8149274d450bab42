"""
The doors for pages that carry another tracker, and what a site is called at each.

Each of those protocols names a site in its own way. A name belongs to one site, or a view would
have to guess.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Protocol


class Door(StrEnum):
    """
    The protocols that are spoken besides Luot's own.
    """

    GOATCOUNTER = "goatcounter"
    PLAUSIBLE = "plausible"
    UMAMI = "umami"
    MATOMO = "matomo"
    BUSUANZI = "busuanzi"
    VERCOUNT = "vercount"


class Mapped(Protocol):
    """
    What other trackers call a site.
    """

    @property
    def umami_id(self) -> str:
        """
        Its UUID.
        """

    @property
    def matomo_id(self) -> int:
        """
        Its number.
        """

    @property
    def goatcounter_hosts(self) -> tuple[str, ...]:
        """
        Names under which Luot is called for it.
        """

    @property
    def plausible_domains(self) -> tuple[str, ...]:
        """
        Its names besides its hosts.
        """


_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


def umami_id(text: str) -> str:
    """
    A site's id at Umami in lower case; may be empty.

    :raises ValueError: with a sentence that wants the setting's name in front
    """
    name = text.lower()
    if name and not _UUID.match(name):
        raise ValueError("is no UUID, such as the data-website-id of the old script")
    return name


def twice_named(sites: Mapping[str, Mapped]) -> str | None:
    """
    A sentence about the first name that two sites have; ``None`` when each has its own.
    """
    owners: dict[tuple[str, str], str] = {}
    for site, row in sites.items():
        for name in _names(row):
            other = owners.setdefault(name, site)
            if other != site:
                return f"sites.{site}.{name[0]}: {other} has the same"
    return None


def _names(row: Mapped) -> Iterable[tuple[str, str]]:
    if row.umami_id:
        yield "umami_id", row.umami_id
    if row.matomo_id:
        yield "matomo_id", str(row.matomo_id)
    for host in row.goatcounter_hosts:
        yield "goatcounter_hosts", host
    for domain in row.plausible_domains:
        yield "plausible_domains", domain
