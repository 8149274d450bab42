"""
Formats of access logs beside the common and the combined one: JSON, W3C, and one's own.

A reader is told one line after the other, because a W3C log says in a line of its own what stands
in those below it. Every expression takes each character once, so no line takes long.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from service.errors import ImportRefused
from service.intake.logs import LINE_CHARACTERS, LogLine, line_of, local_time, log_line

#: The formats that have a name; anything else with a ``$`` in it is nginx's notation.
FORMATS = ("auto", "combined", "json", "w3c")

_VARIABLE = re.compile(r"\$(?:\{([a-z0-9_]++)\}|([a-z0-9_]++))", re.ASCII)

#: Names under which a field may stand, in nginx's words first.
_NAMES: dict[str, tuple[str, ...]] = {
    "address": ("remote_addr", "remote_ip", "client_ip", "ip", "c-ip"),
    "time": ("time_iso8601", "time_local", "msec", "ts", "time", "timestamp", "@timestamp"),
    "request": ("request",),
    "method": ("request_method", "method", "cs-method"),
    "target": ("request_uri", "uri", "url", "path"),
    "status": ("status", "sc-status"),
    "referrer": ("http_referer", "referer", "referrer", "cs(referer)"),
    "user_agent": ("http_user_agent", "user_agent", "agent", "cs(user-agent)"),
}
_PLACES = {name: field for field, names in _NAMES.items() for name in names}

LineReader = Callable[[str], LogLine | None]


def log_reader(format_: str) -> LineReader:
    """
    A reader of the lines of one log, from its first line on.

    :raises ImportRefused: it is no format, or one that leaves out what a view needs
    """
    if "$" in format_:
        return _own(format_)
    if format_ not in FORMATS:
        raise ImportRefused(
            f"--format: has to be one of {', '.join(FORMATS)}, or a format in nginx's notation"
        )
    w3c = _W3c()
    if format_ == "combined":
        return log_line
    if format_ == "json":
        return _json_line
    if format_ == "w3c":
        return w3c

    def by_looks(text: str) -> LogLine | None:
        if text.startswith("{"):
            return _json_line(text)
        if text.startswith("#") or w3c.has_fields:
            return w3c(text)
        return log_line(text)

    return by_looks


def _own(format_: str) -> LineReader:
    parts: list[str] = []
    fields: list[str] = []
    last = 0
    for match in _VARIABLE.finditer(format_):
        between = format_[last : match.start()]
        if fields and not between:
            raise ImportRefused(f"--format: something has to stand before {match[0]}")
        parts.append(re.escape(between))
        last = match.end()
        behind = format_[last : last + 1]
        # Up to the character behind it, and never back: a line is read once.
        parts.append(f"([^{re.escape(behind)}]*+)" if behind not in {"", "$"} else "(.*+)")
        fields.append(match[1] or match[2])
    known = [_PLACES.get(name) for name in fields]
    has_request = "request" in known or {"method", "target"} <= set(known)
    if not {"time", "status", "address"} <= set(known) or not has_request:
        raise ImportRefused("--format: needs $remote_addr, a time, $request and $status")
    line = re.compile("".join(parts) + re.escape(format_[last:]) + ".*+", re.DOTALL)

    def read(text: str) -> LogLine | None:
        if len(text) > LINE_CHARACTERS:
            return None
        match = line.fullmatch(text.rstrip("\r\n"))
        return _from(dict(zip(fields, match.groups(), strict=True))) if match else None

    return read


def _json_line(text: str) -> LogLine | None:
    if len(text) > LINE_CHARACTERS:
        return None
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    request = told.get("request")
    if isinstance(request, dict):
        headers = request.get("headers")
        caddy = {**told, **request, "request": None}
        if isinstance(headers, dict):
            caddy["http_user_agent"] = _first(headers.get("User-Agent"))
            caddy["http_referer"] = _first(headers.get("Referer"))
        caddy["remote_addr"] = request.get("client_ip") or request.get("remote_ip")
        return _from(caddy)
    return _from(told)


def _first(value: Any) -> str:
    return str(value[0]) if isinstance(value, list) and value else ""


class _W3c:
    """
    The extended log format of the W3C, which IIS writes; times are UTC.
    """

    def __init__(self) -> None:
        self._fields: list[str] = []

    @property
    def has_fields(self) -> bool:
        """
        Whether a line has said what stands in those below it.
        """
        return bool(self._fields)

    def __call__(self, text: str) -> LogLine | None:
        text = text.rstrip("\r\n")
        if text.startswith("#Fields:"):
            self._fields = text.removeprefix("#Fields:").lower().split()
        cells = text.split(" ")
        if text.startswith("#") or len(text) > LINE_CHARACTERS or len(cells) != len(self._fields):
            return None
        told: dict[str, Any] = dict(zip(self._fields, cells, strict=True))
        query = told.get("cs-uri-query", "-")
        told["uri"] = told.get("cs-uri-stem", "") + ("" if query == "-" else f"?{query}")
        told["time_iso8601"] = f"{told.get('date', '')}T{told.get('time', '')}+00:00"
        told["cs(user-agent)"] = told.get("cs(user-agent)", "").replace("+", " ")
        return _from(told)


def _from(told: Mapping[str, Any]) -> LogLine | None:
    found = {}
    for field, names in _NAMES.items():
        values = (told.get(name) for name in names)
        found[field] = next(
            (v for v in values if isinstance(v, str | int | float) and v != ""), None
        )
    time = _time(found["time"])
    status = str(found["status"])
    if time is None or not re.fullmatch(r"[0-9]{3}", status, re.ASCII):
        return None
    request = found["request"] or f"{found['method'] or ''} {found['target'] or ''} HTTP/1.1"
    agent = found["user_agent"]
    return line_of(
        str(found["address"] or ""),
        time,
        str(request),
        int(status),
        str(found["referrer"] or ""),
        "" if agent is None else str(agent),
    )


def _time(value: Any) -> datetime | None:
    try:
        if isinstance(value, int | float) or re.fullmatch(
            r"[0-9]{9,13}(\.[0-9]{1,9})?", str(value), re.ASCII
        ):
            number = float(value)
            # Some servers write milliseconds.
            return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)
        text = str(value)
        if re.match(r"[0-9]{2}/", text, re.ASCII):
            return local_time(text)
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else None
    except (ValueError, OverflowError, OSError):
        return None
