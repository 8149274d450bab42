"""
The scripts that pages of other trackers load, as they are served.
"""

from functools import cache
from pathlib import Path

from rjsmin import jsmin

from service.web.answered import conditional, tagged
from service.web.requests import Answer, Request

#: What fills the places of busuanzi and vercount.
PLACES = "busuanzi.js"

_SOURCE = Path(__file__).with_name("static") / PLACES

_HEADERS = {
    "Content-Type": "text/javascript; charset=utf-8",
    # As long as the scripts whose names these are.
    "Cache-Control": "public, max-age=86400",
    # The whole world may run it: it is a script.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}


def places_script(asked: Request) -> Answer:
    """
    The script for pages with busuanzi's places, without what only its readers need.
    """
    return conditional(tagged(Answer(200, _places(), dict(_HEADERS))), asked)


def own_script(asked: Request, prelude: bytes) -> Answer:
    """
    luot.js, with something that runs before it; 404 where there is none.
    """
    code = _own()
    if code is None:
        return Answer(404)
    return conditional(tagged(Answer(200, prelude + code, dict(_HEADERS))), asked)


@cache
def _places() -> bytes:
    return str(jsmin(_SOURCE.read_text(encoding="utf-8"))).encode()


@cache
def _own() -> bytes | None:
    try:
        from service.web.scripts import script_bytes  # type: ignore[import-untyped,unused-ignore]  # noqa: PLC0415 - it may not be there
    except ImportError:
        return None
    return bytes(script_bytes("luot.js"))
