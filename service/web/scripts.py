"""
The two scripts that pages load, as they are served.

The sources are written to be read; what is sent is made from them once, at start: minified,
compressed and tagged. The first file names the second with a digest of its content, so that
no cache pairs files of two versions.
"""

import gzip
import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Blueprint, Response
from rjsmin import jsmin

from service.web.fronts import door_request, respond
from service.web.requests import Answer, Request

blueprint = Blueprint("scripts", __name__)

#: What every page loads, and what only some need besides.
FIRST, MORE = "luot.js", "luot-more.js"

#: Names under which scripts are served.
NAMES = (FIRST, MORE)

#: An hour for a mended script to arrive everywhere; while it is fetched the old one still serves.
CACHING = "public, max-age=3600, stale-while-revalidate=86400"

#: Characters of the digest that names a version of the second file.
DIGEST_CHARACTERS = 6

# Gzip, or anything, unless its weight is nothing.
_GZIP = re.compile(r"(?:gzip|\*)(?:\s*+;\s*+q=(?:1(?:\.0{0,3})?|0\.0*+[1-9]\d*+))?")

_SOURCES = Path(__file__).with_name("static")


@dataclass(frozen=True, slots=True)
class Script:
    """
    A script in both forms in which it is sent.
    """

    plain: bytes
    gzipped: bytes
    tag: str


@cache
def script_bytes(name: str) -> bytes:
    """
    What is served under a name, uncompressed; an integrity digest is made of this.

    :raises KeyError: when there is no script of that name
    """
    if name not in NAMES:
        raise KeyError(name)
    source = (_SOURCES / name).read_text(encoding="utf-8")
    if name == FIRST:
        digest = sha256(script_bytes(MORE)).hexdigest()[:DIGEST_CHARACTERS]
        source = source.replace(MORE, f"{MORE}?{digest}")
    return str(jsmin(source)).encode()


@cache
def script(name: str) -> Script:
    """
    A script, ready to be sent.
    """
    plain = script_bytes(name)
    return Script(plain, gzip.compress(plain, 9, mtime=0), sha256(plain).hexdigest()[:16])


def script_answer(request: Request, name: str) -> Answer:
    """
    The answer to a request for a script: compressed where that is understood, or not at all.
    """
    found = script(name)
    is_gzipped = _takes_gzip(request.header("accept-encoding"))
    # The two forms are two entities, so each has a tag of its own.
    tag = f'"{found.tag}-gzip"' if is_gzipped else f'"{found.tag}"'
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": CACHING,
        "Cross-Origin-Resource-Policy": "cross-origin",
        "ETag": tag,
        "Vary": "Accept-Encoding",
    }
    if _knows(request.header("if-none-match"), found.tag):
        return Answer(304, headers=headers)
    headers["Content-Type"] = "text/javascript; charset=utf-8"
    if is_gzipped:
        headers["Content-Encoding"] = "gzip"
    return Answer(200, found.gzipped if is_gzipped else found.plain, headers)


@blueprint.get("/luot.js", defaults={"name": FIRST})
@blueprint.get("/luot-more.js", defaults={"name": MORE})
def served(name: str) -> Response:
    """
    A script that pages load.
    """
    return respond(script_answer(door_request(), name))


def _takes_gzip(accepted: str) -> bool:
    return any(_GZIP.fullmatch(part.strip()) for part in accepted.lower().split(","))


def _knows(asked: str, tag: str) -> bool:
    known = {part.strip().removeprefix("W/") for part in asked.split(",")}
    return bool(known & {"*", f'"{tag}"', f'"{tag}-gzip"'})
