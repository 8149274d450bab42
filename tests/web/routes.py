"""
Every route of the application, and what each kind of bearer is answered there.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from service.web.report_table import REPORTS
from tests.doors import MATOMO, UMAMI


class Bearer(StrEnum):
    """
    What is shown in ``Authorization``.
    """

    NONE = "none"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    READ = "read of s1"
    WRITE = "write of s1"
    ADMIN = "admin of s1"
    OTHER_READ = "read of s2"
    OTHER_WRITE = "write of s2"
    OTHER_ADMIN = "admin of s2"
    READ_ALL = "read of all"


def table(**statuses: int) -> dict[Bearer, int]:
    return {Bearer[name.upper()]: status for name, status in statuses.items()}


def everybody(status: int) -> dict[Bearer, int]:
    return dict.fromkeys(Bearer, status)


NOBODY = table(none=401, unknown=401, expired=401)

#: Reports of s1.
READERS = NOBODY | table(read=200, write=403, admin=200, read_all=200)
READERS |= table(other_read=404, other_write=403, other_admin=404)

#: A batch with one hit of s1.
WRITERS = NOBODY | table(read=403, write=200, admin=200, read_all=403)
WRITERS |= table(other_read=403, other_write=207, other_admin=207)

#: What belongs to all sites, asked from a public address.
ALL_SITES = NOBODY | table(read=404, write=403, admin=404, read_all=200)
ALL_SITES |= table(other_read=404, other_write=403, other_admin=404)


@dataclass(frozen=True)
class Route:
    """
    One route: for each verb that it has, the status that each bearer is answered.
    """

    verbs: dict[str, dict[Bearer, int]]
    #: Values of the variable parts of its address, and of the question.
    parts: dict[str, str] = field(default_factory=dict)
    query: str = ""
    #: What else a request is given, such as a body.
    told: dict[str, Any] = field(default_factory=dict)
    #: The same for a single verb; a question that begins with ``?`` is under ``query``.
    by_verb: dict[str, dict[str, Any]] = field(default_factory=dict)


def reading(statuses: dict[Bearer, int], **other: Any) -> Route:
    return Route({"GET": statuses, "HEAD": statuses}, **other)


#: What a report is asked for that it cannot be without.
QUERIES = {"curve": "?path=/a", "breakdown/{dimension}/pages": "?value=x"}

_OWN: dict[str, Route] = {
    "/hit": Route(
        {"POST": everybody(204)},
        told={
            "data": b'{"site":"s1","path":"/a"}',
            "content_type": "text/plain",
            "headers": {"Origin": "https://s1.example"},
        },
    ),
    "/hit.gif": Route({"GET": everybody(200)}, query="?site=s1&path=/a"),
    "/counters": Route({"GET": everybody(200)}, query="?site=s1"),
    "/live": Route({"GET": everybody(200)}, query="?site=s1"),
    "/healthz": reading(everybody(200)),
    "/readyz": reading(everybody(200)),
    "/openapi.json": reading(everybody(200)),
    "/metrics": reading(ALL_SITES, told={"headers": {"X-Forwarded-For": "203.0.113.9"}}),
    "/api/v1/sites/<site>/export": reading(READERS, parts={"site": "s1"}),
    "/api/v1/hits": Route(
        {"POST": WRITERS},
        told={"data": b'[{"site":"s1","path":"/a"}]', "content_type": "application/json"},
    ),
    **{
        f"/api/v1/sites/<site>/{report.path}".replace("{", "<").replace("}", ">"): reading(
            READERS,
            parts={"site": "s1", "dimension": "source"},
            query=QUERIES.get(report.path, ""),
        )
        for report in REPORTS
    },
}

#: A page of s1, as a browser tells where it is.
PAGE = {"headers": {"Origin": "https://s1.example", "Referer": "https://s1.example/a"}}


def sent(body: str, kind: str = "application/json") -> dict[str, Any]:
    return {"data": body.encode(), "content_type": kind, **PAGE}


#: Corrections of s1, which administrators make and nobody else sees.
ADMINS = NOBODY | table(read=403, write=403, admin=200, read_all=403)
ADMINS |= table(other_read=403, other_write=403, other_admin=404)


def admins(status: int) -> dict[Bearer, int]:
    return ADMINS | {Bearer.ADMIN: status}


_UMAMI = '{"type": "event", "payload": {"website": "%s", "url": "/a", "hostname": "s1.example"}}'
_UMAMI %= UMAMI
_MATOMO = f"idsite={MATOMO}&rec=1&url=https%3A%2F%2Fs1.example%2Fa"
_VERCOUNT = '{"url": "https://s1.example/a"}'
_BASELINE = '{"kind": "baseline", "why": "moved", "views": 5, "visits": 2}'

#: A batch with one hit, by the door that answers 202.
_BATCH = WRITERS | table(admin=202, write=202, other_write=403, other_admin=403)

_DOORS: dict[str, Route] = {
    "/count": Route({"GET": everybody(200), "POST": everybody(200)}, query="?p=/a", told=PAGE),
    "/api/v0/count": Route(
        {"POST": _BATCH},
        told=sent('{"hits": [{"path": "/a", "ip": "192.0.2.1", "user_agent": "Mozilla/5.0"}]}'),
    ),
    "/counter/<path:name>": reading(everybody(404), parts={"path:name": "x.json"}, told=PAGE),
    "/counter//<path:name>": reading(everybody(404), parts={"path:name": "x.json"}, told=PAGE),
    "/api/event": Route(
        {"POST": everybody(202)},
        told=sent('{"n": "pageview", "d": "s1.example", "u": "https://s1.example/a"}'),
    ),
    "/api/v1/stats/realtime/visitors": reading(READERS, query="?site_id=s1.example"),
    "/api/send": Route({"POST": everybody(200)}, told=sent(_UMAMI)),
    "/api/collect": Route({"POST": everybody(200)}, told=sent(_UMAMI)),
    "/api/batch": Route({"POST": everybody(200)}, told=sent(f"[{_UMAMI}]")),
    **{
        name: Route(
            {"GET": everybody(200), "POST": everybody(200)},
            query=f"?{_MATOMO}",
            told=PAGE,
            by_verb={"POST": sent(_MATOMO, "application/x-www-form-urlencoded")},
        )
        for name in ("/matomo.php", "/piwik.php")
    },
    "/api": Route(
        {"GET": everybody(200), "POST": everybody(200), "PUT": everybody(204)},
        told={"headers": {**PAGE["headers"], "x-bsz-referer": "https://s1.example/a"}},
    ),
    "/busuanzi": Route(
        {"GET": everybody(200), "POST": everybody(200)},
        query="?jsonpCallback=f",
        told=PAGE,
        by_verb={"POST": sent('{"url": "https://s1.example/a"}', "text/plain")},
    ),
    "/jsonp": Route({"GET": everybody(200)}, query="?callback=f", told=PAGE),
    "/ping": reading(everybody(200)),
    **{
        name: Route(
            {"GET": everybody(200), "POST": everybody(200)},
            query="?url=https%3A%2F%2Fs1.example%2Fa",
            told=PAGE,
            by_verb={"POST": sent(_VERCOUNT)},
        )
        for name in ("/log", "/api/v1/log", "/api/v2/log")
    },
}

#: Files, and numbers that everybody may see.
_OPEN: dict[str, Route] = {
    **{
        f"/{name}": reading(everybody(200))
        for name in ("luot.js", "luot-more.js", "count.js", "script.js", "busuanzi.js", "js")
    },
    "/js/<any(jsonp, lite, lite_pjax):_kind>": reading(
        everybody(200), parts={"any(jsonp, lite, lite_pjax):_kind": "lite"}
    ),
    "/js/plausible.<path:_kind>": reading(everybody(200), parts={"path:_kind": "js"}),
    "/js/script.<path:_kind>": reading(everybody(200), parts={"path:_kind": "js"}),
    "/dashboard/<name>": reading(everybody(200), parts={"name": "dashboard.css"}),
    "/badge/<name>.svg": reading(everybody(200), parts={"name": "s1"}),
    "/box/<name>": reading(everybody(200), parts={"name": "s1"}),
    "/popular": reading(everybody(200), query="?site=s1"),
    "/trending": reading(everybody(200), query="?site=s1"),
    "/related": reading(everybody(200), query="?site=s1&path=/a"),
}

#: Pages of s1 for a program; what browsers with cookies get is in ``test_page_access``.
PAGE_READERS = READERS | table(none=303, unknown=303, expired=303)

_SHARING = PAGE_READERS | table(read=403, admin=403, read_all=403)

_NO_FORM = everybody(401) | table(write=403, other_write=403)

_PAGE_PARTS: dict[str, tuple[dict[str, str], str]] = {
    "": ({}, ""),
    "/now": ({}, ""),
    "/page": ({}, "?path=/a"),
    "/report": ({}, ""),
    "/report.csv": ({}, ""),
    "/top/<what>": ({"what": "pages"}, ""),
    "/value": ({}, "?dimension=source&value=x"),
}

_PAGES: dict[str, Route] = {
    "/": reading(
        table(none=303, unknown=303, expired=303, read=200, write=403, admin=200)
        | table(other_read=200, other_write=403, other_admin=200, read_all=200)
    ),
    "/sign-in": Route({"GET": everybody(200), "HEAD": everybody(200), "POST": everybody(415)}),
    # There is no session that this could end.
    "/sign-out": Route({"POST": everybody(303) | table(write=403, other_write=403)}),
    # Links are made in a browser by whoever is signed in there, and by no program.
    "/sites/<name>/sharing": Route(
        {"GET": _SHARING, "HEAD": _SHARING, "POST": _NO_FORM}, parts={"name": "s1"}
    ),
    **{
        f"/sites/<name>{tail}": reading(PAGE_READERS, parts={"name": "s1", **parts}, query=query)
        for tail, (parts, query) in _PAGE_PARTS.items()
    },
    **{
        f"/share/<secret>{tail}": reading(
            everybody(404), parts={"secret": "x" * 32, **parts}, query=query
        )
        for tail, (parts, query) in _PAGE_PARTS.items()
    },
}

_CORRECTIONS: dict[str, Route] = {
    "/api/v1/sites/<site>/corrections": Route(
        {"GET": admins(200), "HEAD": admins(200), "POST": admins(201)},
        parts={"site": "s1"},
        told=sent(_BASELINE),
    ),
    # There is none of this number; with one, see the tests of the corrections.
    "/api/v1/sites/<site>/corrections/<int:number>": Route(
        {"GET": admins(404), "HEAD": admins(404), "DELETE": admins(404)},
        parts={"site": "s1", "int:number": "999"},
    ),
}

ROUTES = _OWN | _DOORS | _OPEN | _PAGES | _CORRECTIONS
