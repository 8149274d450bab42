import os
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.dimensions import UNKNOWN
from service.errors import SettingsError
from service.intake.countries import Countries, _public

#: An address of a provider in Vietnam, and one of a company in the United States.
VIETNAMESE = "14.160.0.1"
AMERICAN = "8.8.8.8"


def encoded(value: object) -> bytes:
    """
    A value as a MaxMind database writes it; maps and texts of fewer than 29 parts, empty lists.
    """
    match value:
        case bytes():
            return value
        case dict():
            parts = b"".join(encoded(key) + encoded(part) for key, part in value.items())
            return bytes([7 << 5 | len(value)]) + parts
        case str():
            return bytes([2 << 5 | len(value)]) + value.encode()
        case int():
            return bytes([5 << 5 | 2]) + value.to_bytes(2, "big")
        case _:
            return bytes([0, 11 - 7])


def database(path: Path, networks: dict[str, Any], damage: int = 0) -> Path:
    """
    A MaxMind database of IPv4 networks; ``damage`` lets its tree point that far beside the data.
    """
    tree: list[list[int | None]] = [[None, None]]
    pointers: dict[int, tuple[int, int]] = {}
    data = b""
    for text, record in networks.items():
        network = IPv4Network(text)
        bits = [int(network.network_address) >> (31 - at) & 1 for at in range(network.prefixlen)]
        node = 0
        for bit in bits[:-1]:
            following = tree[node][bit]
            if following is None:
                following = len(tree)
                tree.append([None, None])
                tree[node][bit] = following
            node = following
        pointers[len(data)] = (node, bits[-1])
        data += encoded(record)
    for offset, (node, bit) in pointers.items():
        tree[node][bit] = len(tree) + 16 + offset + damage
    nodes = b"".join(
        (len(tree) if side is None else side).to_bytes(3, "big") for pair in tree for side in pair
    )
    metadata = encoded(
        {
            "node_count": bytes([6 << 5 | 4]) + len(tree).to_bytes(4, "big"),
            "record_size": 24,
            "ip_version": 4,
            "database_type": "Country",
            "languages": [],
            "binary_format_major_version": 2,
            "binary_format_minor_version": 0,
            "build_epoch": bytes([4, 9 - 7]) + (1_790_000_000).to_bytes(4, "big"),
            "description": {},
        }
    )
    path.write_bytes(nodes + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + metadata)
    return path


@pytest.fixture(scope="module")
def countries() -> Countries:
    return Countries(None)


@pytest.mark.parametrize(
    ("address", "country"),
    [
        (VIETNAMESE, "VN"),
        ("2405:4800::1", "VN"),
        (f"::ffff:{VIETNAMESE}", "VN"),
        (AMERICAN, "US"),
    ],
)
def test_an_address_is_looked_up_in_the_registries_table(
    countries: Countries, address: str, country: str
) -> None:
    assert country == countries.country(address, "Europe/Paris")


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "127.0.0.1",
        "10.0.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "::1",
        "::ffff:10.0.0.1",
        "fe80::1%eth0",
        "fd00::1",
        "localhost",
        "1.2.3.4:80",
        "01.2.3.4",
        "\ud800",
        "1" * 5_000,
    ],
)
def test_an_address_in_no_table_leaves_the_country_to_the_time_zone(
    countries: Countries, address: str | None
) -> None:
    assert countries.country(address, "Asia/Ho_Chi_Minh") == "VN"


@pytest.mark.parametrize(
    ("timezone", "country"),
    [
        ("Asia/Saigon", "VN"),
        ("Asia/Calcutta", "IN"),
        ("Europe/Kiev", "UA"),
        ("US/Pacific", "US"),
        ("America/Argentina/Buenos_Aires", "AR"),
        ("Singapore", "SG"),
        ("PRC", "CN"),
        ("Iceland", "IS"),
        ("Africa/Timbuktu", "ML"),
        ("America/Virgin", "VI"),
    ],
)
def test_a_former_name_of_a_zone_is_still_in_its_country(
    countries: Countries, timezone: str, country: str
) -> None:
    assert country == countries.country(None, timezone)


@pytest.mark.parametrize(
    "timezone",
    [
        None,
        "",
        "UTC",
        "Etc/GMT+7",
        "EST",
        "CET",
        "PST8PDT",
        "Mars/X",
        "../../etc/passwd",
        "asia/saigon",
        "\ud800",
    ],
)
def test_a_zone_of_no_country_leaves_it_unknown(countries: Countries, timezone: str | None) -> None:
    assert countries.country(None, timezone) == UNKNOWN


@settings(max_examples=200)
@given(st.none() | st.text() | st.ip_addresses().map(str), st.none() | st.text())
def test_any_text_has_an_answer(address: str | None, timezone: str | None) -> None:
    told = Countries(None).country(address, timezone)

    assert told == UNKNOWN or (len(told) == 2 and told.isupper())


@pytest.mark.parametrize(
    ("record", "country"),
    [
        ({"country_code": "LA"}, "LA"),
        ({"country_code": "la"}, "LA"),
        ({"country": {"iso_code": "LA"}}, "LA"),
        ({"country_code": "XK"}, "XK"),
    ],
)
def test_the_operators_own_database_comes_first(
    tmp_path: Path, record: dict[str, Any], country: str
) -> None:
    countries = Countries(database(tmp_path / "own.mmdb", {"14.160.0.0/16": record}))

    assert country == countries.country(VIETNAMESE, "Europe/Paris")


@pytest.mark.parametrize(
    "record",
    [
        {"country_code": "EU"},
        {"country_code": "<b>"},
        {"country_code": 7},
        {"country": "LA"},
        {"country": {"names": {}}},
        {},
        "LA",
    ],
)
def test_a_record_without_a_country_leaves_it_to_the_next_table(
    tmp_path: Path, record: Any
) -> None:
    countries = Countries(database(tmp_path / "own.mmdb", {"14.160.0.0/16": record}))

    assert countries.country(VIETNAMESE, "Europe/Paris") == "VN"


@pytest.mark.parametrize("address", [AMERICAN, "2001:4860:4860::8888"])
def test_an_address_that_the_database_lacks_is_left_to_the_next_table(
    tmp_path: Path, address: str
) -> None:
    countries = Countries(database(tmp_path / "own.mmdb", {"14.160.0.0/16": {}}))

    assert countries.country(address, None) == "US"


def test_a_private_address_is_looked_up_nowhere(tmp_path: Path) -> None:
    countries = Countries(database(tmp_path / "own.mmdb", {"10.0.0.0/8": {"country_code": "LA"}}))

    assert countries.country("10.0.0.1", None) == UNKNOWN


def test_damage_found_while_reading_leaves_it_to_the_next_table(tmp_path: Path) -> None:
    row = {"14.160.0.0/16": {"country_code": "LA"}}
    countries = Countries(database(tmp_path / "own.mmdb", row, damage=100_000))

    assert countries.country(VIETNAMESE, None) == "VN"


@pytest.mark.parametrize("content", [b"", b"country,code\n", bytes(4_096)])
def test_a_file_that_is_no_database_is_a_mistake_in_the_settings(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "own.mmdb"
    path.write_bytes(content)

    with pytest.raises(SettingsError) as refused:
        Countries(path)

    assert [f"country_database: {path} is no MaxMind database"] == refused.value.mistakes


def test_what_is_no_file_is_a_mistake_in_the_settings(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    for path in (tmp_path, tmp_path / "missing", pipe):
        with pytest.raises(SettingsError, match="country_database: there is no file"):
            Countries(path)


@pytest.mark.parametrize("first", range(256))
def test_a_country_is_asked_for_every_address_that_is_the_whole_internet_s(first: int) -> None:
    for second, third in [
        (0, 0),
        (0, 2),
        (18, 0),
        (51, 100),
        (64, 0),
        (88, 99),
        (168, 0),
        (254, 9),
    ]:
        address = IPv4Address(bytes([first, second, third, 9]))

        expected = address if address.is_global else None
        assert expected == _public(str(address))
