"""
Where Redis and SQL are, as a URL says it, checked before anything is opened.
"""

import re
from urllib.parse import SplitResult, parse_qsl, urlsplit

#: What a rediss:// URL may say behind ``?``, besides ``db``: how its certificates are checked.
REDIS_OPTIONS = frozenset(
    "ssl_ca_certs ssl_ca_path ssl_cert_reqs ssl_certfile ssl_check_hostname ssl_keyfile".split()  # noqa: SIM905 - a word list
)


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
    parts = _url_parts(url)
    if parts.scheme not in {"redis", "rediss", "unix"}:
        raise ValueError("must begin with redis://, rediss:// or unix://, or be empty")
    if parts.scheme != "unix" and not re.fullmatch(r"/?|/([0-9]|1[0-5])", parts.path):
        raise ValueError("must end in a database number from 0 to 15, or in none")
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name == "db" and not re.fullmatch("[0-9]|1[0-5]", value):
            raise ValueError("must have a db from 0 to 15, or none")
        if name != "db" and (name not in REDIS_OPTIONS or parts.scheme != "rediss"):
            raise ValueError("has an option behind ? that Luot does not know")
    return url


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
