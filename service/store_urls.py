"""
Where Redis and SQL are, as a URL says it, checked before anything is opened.

A Redis may stand alone, behind Sentinels that know which server is the primary now, or be a
cluster in which each site lives on one node; the scheme says which.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

#: What a rediss:// URL may say behind ``?``, besides ``db``: how its certificates are checked.
REDIS_OPTIONS = frozenset(
    "ssl_ca_certs ssl_ca_path ssl_cert_reqs ssl_certfile ssl_check_hostname ssl_keyfile".split()  # noqa: SIM905 - a word list
)

#: What a URL with Sentinels may say besides: who Luot is to them, where that is somebody else.
SENTINEL_OPTIONS = frozenset({"sentinel_username", "sentinel_password"})

_PORTS = {"sentinel": 26379, "cluster": 6379}

_NODE = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]++\]|[^\s\[\]:,/@]++)(?::(?P<port>[0-9]{1,5}))?\Z")


class Layout(StrEnum):
    """
    How the Redis servers stand to each other.
    """

    ALONE = "alone"
    SENTINEL = "sentinel"
    CLUSTER = "cluster"


@dataclass(frozen=True, slots=True)
class StorePlace:
    """
    Where Redis is.
    """

    layout: Layout
    #: For a Redis that stands alone.
    url: str = ""
    #: Sentinels, or nodes of the cluster by which the others are found.
    nodes: tuple[tuple[str, int], ...] = ()
    #: What the Sentinels call the primary.
    service: str = ""
    #: What every connection is given, besides its deadline: user, password, certificates.
    options: dict[str, object] = field(default_factory=dict)
    #: The same for connections to Sentinels.
    sentinel_options: dict[str, object] = field(default_factory=dict)


def _url_parts(url: str) -> SplitResult:
    """
    The parts of a URL that may hold a password; no message repeats any of it.
    """
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it is the check
    except ValueError:
        raise ValueError(
            "cannot be read as a URL: its port is a number up to 65535, and other characters than "
            "letters and digits of a password are written as % and two digits"
        ) from None
    if parts.netloc.count("@") > 1:
        raise ValueError("has an @ inside its password: write it as %40")
    if parts.fragment:
        raise ValueError("has a # in it: in a password it is written as %23")
    return parts


def checked_redis_url(url: str) -> str:
    """
    The URL of a Redis, or nothing.

    :raises ValueError: it cannot be used, and why
    """
    if not url:
        return url
    if re.match(r"rediss?\+", url):
        store_place(url)
        return url
    parts = _url_parts(url)
    if parts.scheme not in {"redis", "rediss", "unix"}:
        raise ValueError(
            "must begin with redis://, rediss:// or unix://, with redis+sentinel:// or "
            "redis+cluster://, or be empty"
        )
    if parts.scheme != "unix" and not re.fullmatch(r"/?|/([0-9]|1[0-5])", parts.path):
        raise ValueError("must end in a database number from 0 to 15, or in none")
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name == "db" and not re.fullmatch("[0-9]|1[0-5]", value):
            raise ValueError("must have a db from 0 to 15, or none")
        if name != "db" and (name not in REDIS_OPTIONS or parts.scheme != "rediss"):
            raise ValueError("has an option behind ? that Luot does not know")
    return url


def store_place(url: str) -> StorePlace:
    """
    Where the Redis of a URL is.

    :raises ValueError: it cannot be used, and why; the message repeats none of it
    """
    scheme, _, rest = url.partition("://")
    protocol, _, kind = scheme.partition("+")
    if not kind:
        return StorePlace(Layout.ALONE, url)
    if protocol not in {"redis", "rediss"} or kind not in _PORTS:
        raise ValueError("must begin with redis+sentinel://, redis+cluster:// or one of rediss+…")
    place, _, query = rest.partition("?")
    if "#" in rest or place.count("@") > 1:
        raise ValueError("has an @ or # inside its password: write it as %40 or %23")
    told, _, hosts = place.rpartition("@")
    hosts, _, path = hosts.partition("/")
    nodes = tuple(_node(text, _PORTS[kind]) for text in hosts.split(","))
    options, own = _options(query, protocol, kind)
    options |= _credentials(told) | ({"ssl": True} if protocol == "rediss" else {})
    if kind == "cluster":
        if path not in {"", "0"}:
            raise ValueError("must end in no database: a cluster has only one")
        return StorePlace(Layout.CLUSTER, nodes=nodes, options=options)
    found = re.fullmatch(r"(?P<service>[A-Za-z0-9._-]+)(/(?P<db>[0-9]|1[0-5]))?", path)
    if found is None:
        raise ValueError(
            "must end in the name that the Sentinels have for the primary, and perhaps a database "
            "number from 0 to 15: redis+sentinel://host:26379,host:26379/mymaster/0"
        )
    if protocol == "rediss":
        own["ssl"] = True
        own |= {name: value for name, value in options.items() if name in REDIS_OPTIONS}
    options["db"] = int(found["db"] or 0)
    return StorePlace(Layout.SENTINEL, "", nodes, found["service"], options, own)


def _node(text: str, port: int) -> tuple[str, int]:
    found = _NODE.match(text)
    number = int(found["port"] or port) if found else 0
    if found is None or not 0 < number <= 65_535:
        raise ValueError("must name its servers as host:port with commas between")
    return found["host"].strip("[]"), number


def _credentials(told: str) -> dict[str, object]:
    if not told:
        return {}
    user, _, password = told.partition(":")
    named = {"username": unquote(user), "password": unquote(password)}
    return {name: value for name, value in named.items() if value}


def _options(query: str, protocol: str, kind: str) -> tuple[dict[str, object], dict[str, object]]:
    """
    What stands behind ``?``: for the servers, and for Sentinels.
    """
    options: dict[str, object] = {}
    own: dict[str, object] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name in SENTINEL_OPTIONS and kind == "sentinel":
            own[name.removeprefix("sentinel_")] = value
        elif name in REDIS_OPTIONS and protocol == "rediss":
            is_flag = name == "ssl_check_hostname"
            options[name] = value.lower() in {"1", "true", "yes"} if is_flag else value
        else:
            raise ValueError("has an option behind ? that Luot does not know")
    return options, own


def checked_database_url(url: str) -> str:
    """
    The URL of a PostgreSQL, or nothing.

    :raises ValueError: it cannot be used, and why
    """
    if not url:
        return url
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError("must begin with postgresql://, or be empty for SQLite")
    _url_parts(url)
    return url
