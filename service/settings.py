"""
What an operator may set: each row is a name, its default and a sentence.

Flags win over ``LUOT_…`` variables, these over the TOML file, the file over the defaults.
Values are checked here and never printed, because one of them may be a password.
How they are found and how mistakes are told stands in ``configuration``.
"""

import json
import re
import zoneinfo
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from service.dimensions import PAGE_DEFAULT, Dimension
from service.door_settings import Door, twice_named
from service.door_settings import umami_id as _umami_id
from service.hosts import host_pattern
from service.store_urls import checked_database_url, checked_redis_url

#: What a site may be called: it stands inside Redis keys, so it can hold no brace or colon.
SITE_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")

#: The largest number that Redis' Lua, JSON readers and browsers all hold exactly: 2^53 - 1.
LARGEST = 9_007_199_254_740_991


def _list(value: Any) -> Any:
    """
    A list as an environment variable writes it: JSON, or words with commas between.
    """
    if not isinstance(value, str):
        return value
    if not value.startswith("["):
        return [word for part in value.split(",") if (word := part.strip())]
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise ValueError("is no JSON list; words with commas between will do") from None


def _absent(value: Any) -> Any:
    # TOML and the environment have no other way to say: none.
    return None if value == "" else value


def _path(path: Path) -> Path:
    if "\0" in str(path):
        raise ValueError("has a NUL character in it")
    return path


def _named(value: Any) -> Any:
    # An empty variable would otherwise mean the folder that somebody stands in.
    if value == "":
        raise ValueError("is empty: name a folder, or leave it out")
    return value


def _timezone(name: str) -> str:
    if name not in zoneinfo.available_timezones():
        raise ValueError("is no time zone of the IANA database, such as Asia/Ho_Chi_Minh")
    return name


def _pattern(text: str) -> str:
    return text if text == "*" else host_pattern(text)


def _own_name(text: str) -> str:
    name = host_pattern(text)
    if name.startswith("*"):
        raise ValueError("must be one name, such as stats.example.vn")
    return name


def _network(text: str) -> str:
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        raise ValueError("is no address or network, such as 203.0.113.0/24") from None


Words = Annotated[tuple[str, ...], BeforeValidator(_list)]
Hosts = Annotated[
    tuple[Annotated[str, AfterValidator(_pattern)], ...],
    BeforeValidator(_list),
    Field(min_length=1),
]
Names = Annotated[tuple[Annotated[str, AfterValidator(_own_name)], ...], BeforeValidator(_list)]
Networks = Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], BeforeValidator(_list)]


class SiteSettings(BaseModel):
    """
    The table ``[sites.S]``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str = Field(min_length=1, max_length=256, description="What people call the site.")
    hosts: Hosts = Field(description="Hosts of its pages, without scheme or port; www. is added.")
    timezone: Annotated[str, AfterValidator(_timezone)] = Field(
        "UTC", description="Where its days begin, as the IANA database names it."
    )
    locale: Literal["vi", "en"] = Field("en", description="The language of its pages.")
    path_query: Words = Field(
        ("id", "p", "itemid", "newsid", "articleid"),
        description="Query parameters that make a page; all others are dropped.",
    )
    trailing_slash: bool = Field(False, description="Whether /a/ is another page than /a.")
    lower_case: bool = Field(False, description="Whether /A and /a are one page.")
    hash_routing: bool = Field(False, description="Whether the part behind # makes a page.")
    double_click_seconds: Literal[0, 30] = Field(
        0, description="30: a page asked for again within 30 seconds is one view."
    )
    respect_gpc: bool = Field(True, description="Whether Sec-GPC: 1 keeps a reader uncounted.")
    respect_dnt: bool = Field(True, description="Whether DNT: 1 keeps a reader uncounted.")
    exclude: Networks = Field((), description="Addresses and networks that are not counted.")
    public: bool = Field(True, description="Whether anyone may read the numbers.")
    floor: int = Field(0, ge=0, le=LARGEST, description="Below this a page's number is not shown.")
    trending: bool = Field(True, description="Whether /trending knows what is read now.")
    related: bool = Field(True, description="Whether /related knows what is read together.")
    doors: Annotated[tuple[Door, ...], BeforeValidator(_list)] = Field(
        (), description="Other trackers' protocols that are spoken for it."
    )
    goatcounter_hosts: Names = Field(
        (), description="Names of Luot under which GoatCounter's script calls for this site."
    )
    plausible_domains: Words = Field(
        (), description="What Plausible's script calls the site, besides its hosts."
    )
    umami_id: Annotated[str, AfterValidator(_umami_id)] = Field(
        "", description="The site's website id at Umami."
    )
    matomo_id: int = Field(0, ge=0, le=LARGEST, description="The site's idsite at Matomo; 0: none.")


def _default_sites() -> dict[str, SiteSettings]:
    return {}


class Settings(BaseSettings):
    """
    Everything that can be set, checked; made from what is given and from nothing else.
    """

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    data_dir: Annotated[Path, BeforeValidator(_named), AfterValidator(_path)] = Field(
        Path("data"), description="Where Luot keeps what it must not lose."
    )
    redis_url: Annotated[str, AfterValidator(checked_redis_url)] = Field(
        "",
        description="Redis 7 or Valkey, also Sentinels or a cluster; empty: one of Luot's own.",
    )
    database_url: Annotated[str, AfterValidator(checked_database_url)] = Field(
        "", description="postgresql://…; empty: SQLite under data_dir."
    )
    database_connections: int = Field(
        5, ge=1, le=100, description="Connections that each process may have to PostgreSQL."
    )
    durability: Literal["journal", "redis"] = Field(
        "journal",
        description="What keeps an acknowledged hit: a journal on disk, or the Redis you run.",
    )
    journal_bytes: int = Field(
        4 * 1024**3,
        ge=1024**2,
        description="Bytes of all journals of a host; then hits are refused until Redis is back.",
    )
    redis_wait_ms: int = Field(
        200, ge=10, le=10_000, description="How long a hit waits for Redis; then it is queued."
    )
    restore_wait_seconds: int = Field(
        60, ge=0, le=3600, description="How long a restore waits for a host that is away."
    )
    snapshot_seconds: int = Field(
        60, ge=1, le=3600, description="How often the numbers are added to SQL."
    )
    hours_kept_months: int = Field(
        0, ge=0, le=1_200, description="Months after which hours become days; 0: never."
    )
    values_floor: int = Field(
        0, ge=0, le=1_000_000, description="Rarer values become (other) with their hours."
    )
    days_kept_years: int = Field(
        0, ge=0, le=100, description="Years after which days become months; 0: never."
    )
    trusted_proxies: int = Field(
        0, ge=0, le=64, description="How many hops of X-Forwarded-For to believe, from the right."
    )
    public_hosts: Names = Field(
        (), description="Names under which Luot itself is reached; empty: any."
    )
    unsafe: Annotated[tuple[Literal["any_host", "many_proxies"], ...], BeforeValidator(_list)] = (
        Field((), description="Unsafe trust that serve shall accept, by name.")
    )
    workers: int = Field(2, ge=1, le=64, description="Web processes.")
    threads: int = Field(4, ge=1, le=256, description="Threads of each web process.")
    online_minutes: int = Field(
        5, ge=1, le=30, description="How long after the last hit a visitor counts as online."
    )
    flood_per_minute: int = Field(
        300, ge=0, le=1_000_000, description="Hits a minute of one visitor that count; 0: all."
    )
    rate_per_second: int = Field(
        100, ge=0, le=1_000_000, description="Requests a second from one address; 0: no limit."
    )
    rate_burst: int = Field(
        500, ge=1, le=1_000_000, description="Requests that one address may send at once."
    )
    pages_per_day: int = Field(
        50_000, ge=1, le=1_000_000, description="New pages of a site in a day; then (other)."
    )
    pages_total: int = Field(
        1_000_000, ge=1, le=10_000_000, description="Pages of a site in all; then (other)."
    )
    trending_half_life_seconds: int = Field(
        10_800, ge=60, le=2_592_000, description="After so long a view is worth half in trending."
    )
    values_per_site: int = Field(
        5_000, ge=1, le=60_000, description="Values of one dimension in a day; then (other)."
    )
    values_per_page: int = Field(
        200, ge=1, le=5_000, description="Values of one dimension of a page in a day."
    )
    page_dimensions: Annotated[tuple[Dimension, ...], BeforeValidator(_list)] = Field(
        PAGE_DEFAULT, description="Dimensions that are kept for each page, not for the site only."
    )
    country_database: Annotated[Path | None, BeforeValidator(_absent)] = Field(
        None, description="An .mmdb file; without it a built-in table tells the country."
    )
    access_log: bool = Field(True, description="Whether each request is logged, without address.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least important line that is logged."
    )
    demo: bool = Field(False, description="Whether /demo/ and a site named demo exist.")
    sites: dict[str, SiteSettings] = Field(
        default_factory=_default_sites, description="The sites that are counted, by id."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """
        Only what the caller gives: ``configuration.load`` reads the environment, openly.
        """
        return (init_settings,)

    @field_validator("sites")
    @classmethod
    def _site_ids(cls, sites: dict[str, SiteSettings]) -> dict[str, SiteSettings]:
        for site in sites:
            if not SITE_ID.match(site):
                raise ValueError(
                    f"sites.{site}: a site's id has 1 to 63 characters of a-z, 0-9 and -, and no - "
                    f"in front"
                )
        return sites

    @field_validator("sites")
    @classmethod
    def _one_site_for_a_host(cls, sites: dict[str, SiteSettings]) -> dict[str, SiteSettings]:
        owners: dict[str, str] = {}
        for site, row in sites.items():
            for host in row.hosts:
                # With and without www. in front it is one host.
                other = owners.setdefault(host.removeprefix("www."), site)
                if other != site and host != "*":
                    raise ValueError(f"sites.{site}.hosts: {other} has the same host {host}")
        return sites

    @field_validator("sites")
    @classmethod
    def _one_site_for_a_name(cls, sites: dict[str, SiteSettings]) -> dict[str, SiteSettings]:
        if mistake := twice_named(sites):
            raise ValueError(mistake)
        return sites
