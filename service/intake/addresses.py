"""
Who sent a request: the client's address, believed only as far as the proxies are known.

Each proxy writes at the right end of ``X-Forwarded-For`` whom it was called by. What stands
further left than the trusted hops was written by the client and may say anything.
"""

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import msgspec

#: The longest text that can hold an address with brackets, zone and port, in characters.
ADDRESS_CHARACTERS = 100

#: Addresses that a process remembers reading, so that one is read once for all that is asked of it.
REMEMBERED = 4_096

_BRACKETED = re.compile(r"\[([^\]]*+)\](?::[0-9]{0,5})?")
_WITH_PORT = re.compile(r"([0-9.]++):[0-9]{0,5}")

# Python's own is_private also holds the documentation networks, and not the carriers' 100.64/10,
# from which the load balancers of some clouds call.
_PRIVATE = {
    (network.version, byte): network
    for network in map(
        ip_network,
        (
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "::1/128",
            "fc00::/7",
            "fe80::/10",
        ),
    )
    # No two of them begin with the same byte, so an address is held against one at most.
    for byte in range(network[0].packed[0], network[-1].packed[0] + 1)
}


class _Address(msgspec.Struct, frozen=True):
    """
    What is asked of an address.
    """

    text: str
    network: bytes
    is_private: bool


@dataclass(frozen=True, slots=True)
class AddressSet:
    """
    The addresses of some networks; made by ``AddressSet.of``.
    """

    networks: tuple[IPv4Network | IPv6Network, ...]

    @classmethod
    def of(cls, texts: Iterable[str]) -> "AddressSet":
        """
        The set for addresses and networks such as ``203.0.113.0/24``.

        :raises ValueError: with a sentence that names the first that is neither
        """
        return cls(tuple(_network(text) for text in texts))

    def matches(self, address: str | None) -> bool:
        """
        Whether the address lies in one of the networks; no address lies in none.
        """
        if not self.networks:
            return False
        parsed = _parsed(address)
        return parsed is not None and any(parsed in network for network in self.networks)


def client_address(peer: str, forwarded: str, trusted_proxies: int) -> str | None:
    """
    The address that stands so many trusted hops away, as ``ipaddress`` writes it.

    ``peer`` is the other end of the socket, ``forwarded`` the raw ``X-Forwarded-For``. A list
    shorter than the hops gives its leftmost entry; an entry that is no address gives the peer;
    a peer that is none either, as with a Unix socket, gives none.
    """
    entry = None
    if trusted_proxies > 0:
        entries = [text for text in forwarded.split(",") if text.strip()]
        entry = _address(entries[-trusted_proxies:][0]) if entries else None
    address = entry or _address(peer)
    return address.text if address else None


def network(address: str | None) -> bytes:
    """
    What counts as one household or office: the packed /32 of IPv4, the packed /64 of IPv6.

    Empty when there is no address.
    """
    known = _address(address)
    return known.network if known else b""


def is_private(address: str | None) -> bool:
    """
    Whether the address is one of a local network, a machine or a link; true without address.
    """
    known = _address(address)
    return known is None or known.is_private


def _address(text: str | None) -> _Address | None:
    if not text or len(text) > ADDRESS_CHARACTERS:
        return None
    return _remembered(text)


@lru_cache(maxsize=REMEMBERED)
def _remembered(text: str) -> _Address | None:
    parsed = plain(text) or _parsed(text)
    if parsed is None:
        return None
    packed = parsed.packed
    private = _PRIVATE.get((parsed.version, packed[0]))
    return _Address(str(parsed), packed[:8], private is not None and parsed in private)


def plain(text: str) -> IPv4Address | None:
    """
    An IPv4 address in its usual form, which the system reads faster than Python; else none.
    """
    try:
        packed = socket.inet_pton(socket.AF_INET, text)
    except (OSError, ValueError):
        return None
    # Systems differ in what else they take for an address, such as octets with a zero in front.
    return IPv4Address(packed) if socket.inet_ntoa(packed) == text else None


def _parsed(text: str | None) -> IPv4Address | IPv6Address | None:
    if not text or len(text) > ADDRESS_CHARACTERS:
        return None
    text = text.strip()
    match = _BRACKETED.fullmatch(text) or _WITH_PORT.fullmatch(text)
    try:
        address = ip_address((match[1] if match else text).partition("%")[0])
    except ValueError:
        return None
    # Sockets that serve both families show an IPv4 client as ::ffff:1.2.3.4.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        found = ip_network(text.strip(), strict=False)
    except ValueError:
        message = f"{text!r} is no address or network, such as 203.0.113.0/24"
        raise ValueError(message) from None
    mapped = found.network_address.ipv4_mapped if isinstance(found, IPv6Network) else None
    if mapped is None or found.prefixlen < 96:
        return found
    return IPv4Network((int(mapped), found.prefixlen - 96))
