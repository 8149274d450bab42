"""
vercount's door: its script's log, in three versions.

Whether a visitor is new is told by the script there; here nobody who asks is believed about that.
"""

from typing import Any

from flask import Blueprint, Response, request

from service.door_settings import Door
from service.errors import Reason, Rejected
from service.intake.busuanzi import logged_url, vercount_page
from service.intake.foreign import Foreign
from service.intake.paths import page_url
from service.intake.queries import query_value
from service.runtime import Runtime
from service.web import doors, foreign
from service.web.foreign import OPEN
from service.web.fronts import door_request, read_body, respond, runtime
from service.web.page_numbers import counted, numbers_at, public_site
from service.web.questions import check_host
from service.web.requests import Answer, Request, json_answer

blueprint = Blueprint("vercount", __name__)

_HEADERS = {
    **OPEN,
    "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
    # The second is a fingerprint that its hook for React sends; it is not looked at.
    "Access-Control-Allow-Headers": "Content-Type, X-Browser-Token",
    "Access-Control-Max-Age": "86400",
}

#: The numbers that this protocol knows.
_NAMES = ("site_uv", "site_pv", "page_pv")

#: Largest body, in bytes.
LARGEST = 8_192


@blueprint.route("/log", methods=["GET", "POST"], provide_automatic_options=False)
@blueprint.route(
    "/api/v1/log", methods=["GET", "POST"], endpoint="first", provide_automatic_options=False
)
@blueprint.route(
    "/api/v2/log", methods=["GET", "POST"], endpoint="second", provide_automatic_options=False
)
def log() -> Response:
    """
    POST counts and tells, GET tells.
    """
    here, asked = runtime(), door_request()
    speak = _Second() if request.path.startswith("/api/v2") else _First()

    def act() -> Answer:
        check_host(here, asked)
        if request.method != "POST":
            return _shown(here, asked, speak)
        body = read_body(LARGEST)
        if len(body) > LARGEST:
            raise Rejected(Reason.SIZE, status=413)
        page = vercount_page(logged_url(body))
        return _counted(here, asked, page, speak) if page else _unusable(here, asked, speak)

    return foreign.answer(Door.VERCOUNT, act, speak.refusal)


@blueprint.route("/log", methods=["OPTIONS"])
@blueprint.route("/api/v1/log", methods=["OPTIONS"], endpoint="first_options")
@blueprint.route("/api/v2/log", methods=["OPTIONS"], endpoint="second_options")
def options() -> Response:
    """
    Any page may ask.
    """
    speak = _Second() if request.path.startswith("/api/v2") else _First()
    return respond(speak.numbers({"message": "OK"}, {}))


class _First:
    """
    The words of ``/log`` and ``/api/v1/log``.
    """

    def numbers(self, told: dict[str, Any], said: dict[str, str]) -> Answer:
        return json_answer(200, told, {**_HEADERS, **said})

    def mistake(self, status: int, code: str, said: dict[str, str]) -> Answer:
        zeros = dict.fromkeys(_NAMES, 0) if status == 200 else {}
        return json_answer(status, {"error": code, **zeros}, {**_HEADERS, **said})

    def refusal(self, error: Rejected) -> Answer:
        return self.mistake(error.status, str(error), {})


class _Second(_First):
    """
    The words of ``/api/v2/log``.
    """

    def numbers(self, told: dict[str, Any], said: dict[str, str]) -> Answer:
        body = {"status": "success", "message": "ok", "data": told}
        return json_answer(200, body, {**_HEADERS, **said})

    def mistake(self, status: int, code: str, said: dict[str, str]) -> Answer:
        if status == 200:
            zeros = dict.fromkeys(_NAMES, 0)
            body: dict[str, Any] = {"status": "success", "message": code, "data": zeros}
            return json_answer(200, body, {**_HEADERS, **said})
        # How many are allowed is told with the one refusal that coming back later helps.
        details = {"limit": runtime().settings.rate_per_second, "remaining": 0}
        told = details if status == 429 else {}
        body = {"status": "error", "message": code, "code": status, "details": told}
        return json_answer(status, body, {**_HEADERS, **said})


def _counted(here: Runtime, asked: Request, page: str, speak: _First) -> Answer:
    settled, numbers = counted(here, Door.VERCOUNT, asked, Foreign(url=page), "url")
    said = foreign.result_header(settled.word)
    if numbers is None:
        return speak.mistake(202, "numbers are not at hand", said)
    return speak.numbers({name: numbers[name] for name in _NAMES}, said)


def _shown(here: Runtime, asked: Request, speak: _First) -> Answer:
    doors.sender_of(here, asked)
    url = (query_value(asked.query, "url") or "").strip()
    if not url:
        raise Rejected(Reason.MALFORMED, "url")
    page = vercount_page(url)
    if page is None:
        return speak.mistake(200, "malformed: url", {"Cache-Control": "no-store"})
    site = public_site(here, Door.VERCOUNT, page, "url")
    numbers = numbers_at(here, site, page_url(page).target)
    return speak.numbers({name: numbers[name] for name in _NAMES}, {"Cache-Control": "no-store"})


def _unusable(here: Runtime, asked: Request, speak: _First) -> Answer:
    """
    The answer to an address that is none: zeros, as its script expects.
    """
    doors.sender_of(here, asked)
    error = foreign.noted(Door.VERCOUNT, Rejected(Reason.MALFORMED, "url"))
    said = foreign.result_header(f"rejected; reason={error.reason}")
    return speak.mistake(200, str(error), said)
