"""
Style and script of the dashboard, under addresses that change with what they hold.
"""

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, abort, request

blueprint = Blueprint("assets", __name__, url_prefix="/dashboard", static_folder=None)

#: Each file and its type.
TYPES = {
    "dashboard.css": "text/css; charset=utf-8",
    "dashboard.js": "text/javascript; charset=utf-8",
    "dashboard.svg": "image/svg+xml",
}

_FOLDER = Path(__file__).with_name("static")

#: Seconds that an address with the right version is kept: a year.
KEPT_SECONDS = 31_536_000


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """
    The address of each file, by its name.
    """
    return {name: f"/dashboard/{name}?v={_digest(name)}" for name in TYPES}


@blueprint.get("/<name>")
def asset(name: str) -> Response:
    """
    One of the files.
    """
    if name not in TYPES:
        abort(404)
    response = Response(_content(name), content_type=TYPES[name])
    is_current = request.args.get("v") == _digest(name)
    kept = f"public, max-age={KEPT_SECONDS}, immutable" if is_current else "no-cache"
    response.headers["Cache-Control"] = kept
    response.set_etag(_digest(name))
    response.make_conditional(request)
    return response


@lru_cache(maxsize=len(TYPES))
def _content(name: str) -> bytes:
    return (_FOLDER / name).read_bytes()


@lru_cache(maxsize=len(TYPES))
def _digest(name: str) -> str:
    return hashlib.sha256(_content(name)).hexdigest()[:16]
