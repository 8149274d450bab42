"""
The scripts that pages of other trackers load, as they are served.
"""

from functools import cache
from pathlib import Path

from service.web.requests import Answer

#: Where the sources of scripts lie.
FOLDER = Path(__file__).parent / "static"

_HEADERS = {
    "Content-Type": "text/javascript; charset=utf-8",
    "Cache-Control": "public, max-age=86400",
    # The whole world may run it: it is a script.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}


def script_answer(name: str, prelude: bytes = b"") -> Answer:
    """
    A script, with something that runs before it; 404 when there is none of that name.
    """
    code = _code(name)
    if code is None:
        return Answer(404)
    return Answer(200, prelude + code, dict(_HEADERS))


@cache
def _code(name: str) -> bytes | None:
    try:
        from service.web.scripts import script_bytes  # type: ignore[import-untyped,unused-ignore]  # noqa: PLC0415 - may not be there
    except ImportError:
        path = FOLDER / name
        return path.read_bytes() if path.is_file() else None
    return bytes(script_bytes(name))
