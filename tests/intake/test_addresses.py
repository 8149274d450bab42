import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.intake.addresses import AddressSet, client_address, is_private, network

PEER = "192.0.2.1"


@pytest.mark.parametrize(
    ("hops", "expected"),
    [(0, PEER), (-1, PEER), (1, "10.0.0.3"), (2, "10.0.0.2"), (3, "10.0.0.1"), (9, "10.0.0.1")],
)
def test_the_client_is_counted_from_the_right(hops: int, expected: str) -> None:
    assert expected == client_address(PEER, "10.0.0.1, 10.0.0.2,10.0.0.3", hops)


def test_what_a_client_wrote_itself_is_not_believed() -> None:
    assert client_address(PEER, "1.2.3.4, 203.0.113.9", 1) == "203.0.113.9"


@pytest.mark.parametrize("forwarded", ["", " ", ",", " , ,"])
def test_without_entries_the_peer_is_the_client(forwarded: str) -> None:
    assert client_address(PEER, forwarded, 2) == PEER


def test_empty_entries_are_no_hops() -> None:
    assert client_address(PEER, ",1.2.3.4,, ,", 1) == "1.2.3.4"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("1.2.3.4:55", "1.2.3.4"),
        ("1.2.3.4:", "1.2.3.4"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:DB8:0:0::1]", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:80", "fe80::1"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("[::FFFF:102:304]:80", "1.2.3.4"),
        ("\t1.2.3.4 ", "1.2.3.4"),
    ],
)
def test_an_address_is_written_in_one_way(entry: str, expected: str) -> None:
    assert expected == client_address(PEER, entry, 1)
    assert expected == client_address(entry, "", 0)


@pytest.mark.parametrize(
    "entry",
    [
        "01.2.3.4",
        "localhost",
        "unknown",
        "_hidden",
        "1.2.3",
        "16909060",
        "1.2.3.4/32",
        "1.2.3.4:abc",
        "\uff11.2.3.4",
        "[::1",
        "::1]",
        "[]",
        "%",
        "\ud800",
        "9" * 8192,
    ],
)
def test_an_entry_that_is_no_address_gives_the_peer(entry: str) -> None:
    assert client_address(PEER, entry, 1) == PEER


@pytest.mark.parametrize("peer", ["", "unix:", "@", "/run/luot.sock"])
def test_a_peer_that_is_no_address_gives_none(peer: str) -> None:
    assert client_address(peer, "1.2.3.4", 0) is None


def test_a_list_of_eight_kilobytes_is_read_from_its_end() -> None:
    assert client_address(PEER, "1.1.1.1," * 1023 + "2.2.2.2", 1) == "2.2.2.2"


@settings(max_examples=200)
@given(st.text(st.characters()), st.text(st.characters()), st.integers(-1, 9))
def test_no_text_whatever_breaks_the_reading_of_addresses(
    peer: str, forwarded: str, hops: int
) -> None:
    address = client_address(peer, forwarded, hops)

    assert len(network(address)) in {0, 4, 8}
    assert network(peer) == network(client_address(peer, "", 0))
    assert is_private(address) in {True, False}


@settings(max_examples=100)
@given(st.ip_addresses())
def test_every_address_comes_through_unchanged(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    mapped = getattr(address, "ipv4_mapped", None)

    assert str(mapped or address) == client_address(PEER, str(address), 1)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("1.2.3.4", b"\x01\x02\x03\x04"),
        ("::ffff:1.2.3.4", b"\x01\x02\x03\x04"),
        ("2001:db8:1:2:3:4:5:6", b"\x20\x01\x0d\xb8\x00\x01\x00\x02"),
        (None, b""),
        ("junk", b""),
    ],
)
def test_a_network_is_what_one_connection_has(address: str | None, expected: bytes) -> None:
    assert expected == network(address)


def test_an_address_that_changes_inside_its_64_stays_in_its_network() -> None:
    assert network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff::9")
    assert network("2001:db8:1:2::1") != network("2001:db8:1:3::1")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (None, True),
        ("127.0.0.1", True),
        ("::1", True),
        ("10.1.2.3", True),
        ("172.31.255.255", True),
        ("192.168.0.1", True),
        ("100.64.0.1", True),
        ("169.254.1.1", True),
        ("fe80::1", True),
        ("fd00::1", True),
        ("::ffff:10.0.0.1", True),
        ("172.32.0.1", False),
        ("203.0.113.7", False),
        ("14.160.0.1", False),
        ("2001:db8::1", False),
    ],
)
def test_addresses_of_local_networks_are_private(address: str | None, *, expected: bool) -> None:
    assert expected == is_private(address)


@settings(max_examples=300)
@given(st.ip_addresses())
def test_no_other_address_is_private(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    address = getattr(address, "ipv4_mapped", None) or address
    # Python calls the documentation networks private, and the carriers' neither private nor global.
    if address.is_global:
        assert not is_private(str(address))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.200", True),
        ("203.0.114.1", False),
        ("198.51.100.7", True),
        ("198.51.100.8", False),
        ("2001:db8:ffff::1", True),
        ("2001:db9::1", False),
        ("192.0.2.9", True),
        ("junk", False),
        (None, False),
    ],
)
def test_excluded_addresses_are_found_by_their_networks(
    address: str | None, *, expected: bool
) -> None:
    excluded = AddressSet.of(
        ["203.0.113.9/24", " 198.51.100.7 ", "2001:db8::/32", "::ffff:192.0.2.0/120"]
    )

    assert expected == excluded.matches(address)


def test_a_set_without_networks_holds_nothing() -> None:
    assert not AddressSet.of([]).matches("1.2.3.4")


@pytest.mark.parametrize("text", ["", "1.2.3", "1.2.3.4/33", "example.vn", "1.2.3.4-9", "\ud800"])
def test_a_network_that_is_none_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no address or network, such as 203\.0\.113\.0/24"):
        AddressSet.of(["1.2.3.4", text])
