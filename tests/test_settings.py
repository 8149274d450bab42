import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from pydantic import ValidationError

from service.dimensions import Dimension
from service.settings import Settings, SiteSettings

SITE = {"name": "Site one", "hosts": ["s1.example"]}


def mistakes(**told: Any) -> dict[str, str]:
    """
    What is wrong with these settings: key and sentence.
    """
    with pytest.raises(ValidationError) as caught:
        Settings(**told)
    rows = caught.value.errors(include_url=False, include_context=False, include_input=False)
    return {".".join(map(str, row["loc"])): str(row["msg"]) for row in rows}


def mistake_of_site(**told: Any) -> str:
    [(key, said)] = mistakes(sites={"s1": {**SITE, **told}}).items()
    return f"{key.removeprefix('sites.s1.')}: {said}"


def test_nothing_has_to_be_set() -> None:
    found = Settings()

    assert (found.data_dir, found.redis_url, found.database_url) == (Path("data"), "", "")
    assert (found.trusted_proxies, found.durability, found.sites) == (0, "journal", {})


def test_a_site_needs_a_name_and_its_hosts() -> None:
    assert set(mistakes(sites={"s1": {}})) == {"sites.s1.name", "sites.s1.hosts"}


def test_every_setting_says_what_it_does() -> None:
    fields = {**Settings.model_fields, **SiteSettings.model_fields}

    assert [name for name, field in fields.items() if not field.description] == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("snapshot_seconds", 0),
        ("snapshot_seconds", -1),
        ("snapshot_seconds", "5 minutes"),
        ("snapshot_seconds", 1e9),
        ("snapshot_seconds", 3_601),
        ("durability", "waitaof"),
        ("trusted_proxies", -1),
        ("trusted_proxies", 65),
        ("online_minutes", 31),
        ("workers", 0),
        ("threads", ""),
        ("rate_burst", 0),
        ("pages_total", 10_000_001),
        ("log_level", "trace"),
        ("demo", "perhaps"),
        ("data_dir", ""),
        ("data_dir", "a\0b"),
        ("database_url", "mysql://localhost/luot"),
        ("database_url", "sqlite:///luot.db"),
        ("sites", 3),
        ("sites", ""),
    ],
)
def test_a_value_out_of_range_is_a_mistake(key: str, value: object) -> None:
    assert [key] == list(mistakes(**{key: value}))


def test_an_unknown_key_is_a_mistake() -> None:
    assert list(mistakes(trusted_proxyes=1)) == ["trusted_proxyes"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.example,b.example", ("a.example", "b.example")),
        (" a.example , b.example,", ("a.example", "b.example")),
        ('["a.example", "b.example"]', ("a.example", "b.example")),
        (["A.example"], ("a.example",)),
        ("", ()),
        ("[]", ()),
    ],
)
def test_a_list_is_words_with_commas_or_json(text: object, expected: tuple[str, ...]) -> None:
    assert expected == Settings(public_hosts=text).public_hosts


@pytest.mark.parametrize("text", ["[", "[1,]", "[" * 100_000, '["a"'])
def test_a_broken_list_is_a_mistake(text: str) -> None:
    assert "no JSON list" in mistakes(public_hosts=text)["public_hosts"]


@pytest.mark.parametrize("name", ["http://stats.example", "stats.example:80", "*.example.vn", "*"])
def test_a_public_host_is_one_name(name: str) -> None:
    assert list(mistakes(public_hosts=[name])) == ["public_hosts.0"]


def test_page_dimensions_are_named() -> None:
    asked = Settings(page_dimensions="source,country")

    assert asked.page_dimensions == (Dimension.SOURCE, Dimension.COUNTRY)
    assert list(mistakes(page_dimensions=["colour"])) == ["page_dimensions.0"]


def test_an_empty_country_database_is_none() -> None:
    assert Settings(country_database="").country_database is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "redis://localhost",
        "redis://localhost/",
        "redis://localhost:6379/15",
        "redis://luot:p%40ss@localhost/0",
        "redis://localhost?db=3",
        "rediss://localhost/0?ssl_ca_certs=/etc/ca.pem&ssl_cert_reqs=required",
        "unix:///run/valkey.sock?db=1",
    ],
)
def test_a_redis_url_is_taken(url: str) -> None:
    assert url == Settings(redis_url=url).redis_url


@pytest.mark.parametrize(
    "url",
    [
        "redis://luot:hunter2@ss@localhost/0",
        "redis://luot:hunter2@localhost/99",
        "redis://luot:hunter2@localhost/-1",
        "redis://luot:hunter2@localhost/x",
        "redis://luot:hunter2@localhost:99999/0",
        "redis://luot:hunter2@localhost:port/0",
        "redis://luot:hunter2/x@localhost/0",
        "redis://luot:12#hunter2@localhost/0",
        "redis://luot:hunter2[@localhost/0",
        # The standard library's own message for this one repeats user and password.
        "redis://luot:hunter2\N{ACCOUNT OF}@localhost/0",
        "redis://luot:hunter2@localhost/0?timeout=hunter2",
        "redis://luot:hunter2@localhost/0?db=16",
        "redis://luot:hunter2@localhost/0?ssl_ca_certs=/hunter2",
        "http://luot:hunter2@localhost/0",
        "luot:hunter2@localhost",
        "hunter2",
    ],
)
def test_a_redis_url_that_cannot_work_is_refused_without_its_password(url: str) -> None:
    found = mistakes(redis_url=url)

    assert list(found) == ["redis_url"]
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://luot:hunter2@localhost:port/luot",
        "postgresql://luot:hunter2@ss@localhost/luot",
        "postgresql://luot:hunter2#@localhost/luot",
        "postgres://luot:hunter2[@localhost/luot",
        "mysql://luot:hunter2@localhost/luot",
    ],
)
def test_a_database_url_that_cannot_work_is_refused_without_its_password(url: str) -> None:
    found = mistakes(database_url=url)

    assert list(found) == ["database_url"]
    assert "hunter2" not in str(found)


@hypothesis(max_examples=200)
@given(st.text(max_size=40), st.sampled_from(["redis_url", "database_url", "public_hosts"]))
def test_any_text_is_a_value_or_a_mistake(text: str, key: str) -> None:
    for told in (text, f"redis://u:{text}@h/0", f"postgresql://u:{text}@h/d"):
        with suppress(ValidationError):
            Settings.model_validate({key: told})


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"hosts": []}, "hosts: "),
        ({"hosts": ["*.com"]}, "hosts.0: Value error, has a * over names of different owners"),
        ({"hosts": ["http://a"]}, "hosts.0: Value error, must be a host without scheme"),
        ({"hosts": ["a.vn:80"]}, "hosts.0: Value error, must be a host without port"),
        ({"name": ""}, "name: "),
        ({"timezone": "Mars/Olympus"}, "timezone: Value error, is no time zone"),
        ({"timezone": "../../etc/passwd"}, "timezone: Value error, is no time zone"),
        ({"timezone": "/etc/localtime"}, "timezone: Value error, is no time zone"),
        ({"locale": "fr"}, "locale: "),
        ({"double_click_seconds": 10}, "double_click_seconds: "),
        ({"exclude": ["203.0.113.0/99"]}, "exclude.0: Value error, is no address or network"),
        ({"floor": -1}, "floor: "),
        ({"floor": 2**53}, "floor: "),
        ({"colour": "red"}, "colour: "),
    ],
)
def test_a_site_with_a_mistake_names_it(told: dict[str, Any], sentence: str) -> None:
    assert mistake_of_site(**told).startswith(sentence)


@pytest.mark.parametrize("zone", ["Asia/Ho_Chi_Minh", "Asia/Saigon", "Asia/Calcutta", "UTC"])
def test_old_names_of_time_zones_are_taken(zone: str) -> None:
    site = SiteSettings(name="a", hosts=("a.example",), timezone=zone)

    assert zone == site.timezone


def test_every_host_may_be_let_in_by_a_star() -> None:
    assert SiteSettings(name="a", hosts=("*",)).hosts == ("*",)


def test_excluded_addresses_are_written_as_networks() -> None:
    site = SiteSettings(name="a", hosts=("a.example",), exclude=("203.0.113.7/24", "2001:DB8::1"))

    assert site.exclude == ("203.0.113.0/24", "2001:db8::1/128")


@pytest.mark.parametrize("name", ["", "S1", "a_b", "-a", "a.b", "a:b", "{a}", "*", "a\n", "a" * 64])
def test_a_site_is_not_called_anything(name: str) -> None:
    assert f"sites.{name}: a site's id has" in mistakes(sites={name: SITE})["sites"]


@pytest.mark.parametrize("name", ["a", "0", "a-b", "a" * 63])
def test_a_site_may_be_called(name: str) -> None:
    assert [name] == list(Settings(sites={name: SITE}).sites)


@pytest.mark.parametrize("host", ["s1.example", "S1.Example.", "www.s1.example"])
def test_two_sites_do_not_share_a_host(host: str) -> None:
    said = mistakes(sites={"s1": SITE, "s2": {"name": "Site two", "hosts": [host]}})

    assert "sites.s2.hosts: s1 has the same host" in said["sites"]


def test_one_site_may_name_a_host_with_and_without_www() -> None:
    hosts = ["s1.example", "www.s1.example"]

    assert Settings(sites={"s1": {**SITE, "hosts": hosts}}).sites["s1"].hosts == tuple(hosts)


def test_settings_do_not_read_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "LUOT_WORKERS", "7")

    assert Settings().workers == 2
