"""
From which country a hit comes: by a table of addresses, or else by the browser's time zone.

The operator's own MaxMind database is asked first, then the registries' assignments in iptocc,
which tell where an address was assigned and not where its holder is. The time zone is a hint of
the browser, good for addresses in no table, such as those of a private network.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import resources
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any

import maxminddb
from iptocc import country_code

from service.dimensions import UNKNOWN
from service.errors import SettingsError
from service.intake.addresses import ADDRESS_CHARACTERS, REMEMBERED, plain

#: Kosovo, which tables write as everybody does although ISO has assigned no code to it.
_KOSOVO = "XK"

# First numbers of the IPv4 networks that are not the whole internet's (RFC 6890): the other
# addresses need not be compared with each of those.
_SPECIAL = frozenset({0, 10, 100, 127, 169, 172, 192, 198, 203, *range(224, 256)})

# Names such as EST or CET span many countries; the database links each to a city in one of them.
_NO_PLACE = re.compile(r"[A-Z]{3}(?:\d[A-Z]{3})?")
_PLACES = frozenset({"PRC", "ROC", "ROK"})

#: Old names that the database links to a city across a border, with their countries.
_ACROSS_BORDERS = {
    "Africa/Asmera": "ER",
    "Africa/Timbuktu": "ML",
    "America/Coral_Harbour": "CA",
    "America/Virgin": "VI",
    "Antarctica/South_Pole": "AQ",
    "Atlantic/Jan_Mayen": "SJ",
    "Iceland": "IS",
    "Pacific/Johnston": "UM",
    "Pacific/Ponape": "FM",
    "Pacific/Truk": "FM",
    "Pacific/Yap": "FM",
}


class Countries:
    """
    Tells the country of a hit.
    """

    def __init__(self, mmdb: Path | None) -> None:
        """
        Opens the operator's own database, if there is one.

        :raises SettingsError: when that is no MaxMind database
        """
        self._database = _database(mmdb) if mmdb else None
        self._remembered = lru_cache(maxsize=REMEMBERED)(self._of_address)

    def country(self, address: str | None, timezone: str | None) -> str:
        """
        The country as two capital letters of ISO 3166, or ``(unknown)``; any text has an answer.
        """
        known = ""
        if address and len(address) <= ADDRESS_CHARACTERS:
            known = self._remembered(address)
        return known or _assigned(_zones().get(timezone or "", "")) or UNKNOWN

    def _of_address(self, address: str) -> str:
        for code in self._told(address):
            if assigned := _assigned(code):
                return assigned
        return ""

    def _told(self, address: str) -> Iterator[str]:
        """
        What each that could know says, in the order of belief; asked only as far as needed.
        """
        public = _public(address)
        if public is not None:
            if self._database is not None:
                yield self._by_database(self._database, public)
            yield country_code(str(public)) or ""

    def _by_database(self, database: maxminddb.Reader, address: IPv4Address | IPv6Address) -> str:
        try:
            record: Any = database.get(address)
        except (maxminddb.InvalidDatabaseError, ValueError):
            # Damage found while reading, or a database without IPv6: the next one is asked.
            return ""
        return _code(record)


def _database(mmdb: Path) -> maxminddb.Reader:
    # Opening anything but a file might wait for ever, as a pipe does.
    if not mmdb.is_file():
        raise SettingsError([f"country_database: there is no file {mmdb}"])
    try:
        return maxminddb.open_database(mmdb)
    except (OSError, maxminddb.InvalidDatabaseError, ValueError) as error:
        raise SettingsError([f"country_database: {mmdb} is no MaxMind database"]) from error


def _code(record: Any) -> str:
    """
    The country in a record, as DB-IP or as MaxMind writes it.
    """
    if not isinstance(record, dict):
        return ""
    country = record.get("country")
    nested = country.get("iso_code") if isinstance(country, dict) else None
    code = record.get("country_code") or nested
    return code if isinstance(code, str) else ""


def _assigned(code: str) -> str:
    """
    The code in capitals; empty when it is no country's.
    """
    capitals = code.upper()
    return capitals if capitals in _codes() else ""


def _public(address: str) -> IPv4Address | IPv6Address | None:
    """
    The address, if it is one that somebody holds in the whole internet.
    """
    quick = plain(address)
    if quick is not None and quick.packed[0] not in _SPECIAL:
        return quick
    try:
        found = ip_address(address)
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return found if found.is_global else None


@cache
def _codes() -> frozenset[str]:
    return frozenset(row[0] for row in _table("iso3166.tab")) | {_KOSOVO}


@cache
def _zones() -> dict[str, str]:
    """
    The country of each time zone, under its present and its former names.
    """
    zones = {row[2]: row[0] for row in _table("zone.tab")}
    for line in _text("tzdata.zi").splitlines():
        kind, *names = line.split(" ")
        if kind == "L" and names[0] in zones and _is_place(names[1]):
            zones.setdefault(names[1], zones[names[0]])
    return zones | _ACROSS_BORDERS


def _is_place(zone: str) -> bool:
    return zone in _PLACES or not _NO_PLACE.fullmatch(zone)


def _table(name: str) -> list[list[str]]:
    return [line.split("\t") for line in _text(name).splitlines() if not line.startswith("#")]


def _text(name: str) -> str:
    return (resources.files("tzdata") / "zoneinfo" / name).read_text("utf-8")
