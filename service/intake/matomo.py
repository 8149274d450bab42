"""
Matomo's words: parameters in a query, in a form, or many times over in one JSON body.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import msgspec

from service.errors import Reason, Rejected
from service.intake.foreign import Foreign, event_name, language, moment, width, with_campaign
from service.intake.payloads import ENGAGEMENT, decoded
from service.intake.queries import query_value

#: A hit that claims to be older than this needs a token there, in seconds.
OLDEST_UNTOLD = 86_400

#: Parameters of actions that are no page views, and the event that each is.
_ACTIONS = {"download": "download", "link": "outbound", "search": "search", "c_n": "content"}

_PAGE_ID, _VISITOR_ID = re.compile(r"[0-9A-Za-z]{6}\Z"), re.compile(r"[0-9a-fA-F]{16}\Z")
_SECONDS = re.compile(r"[0-9]{1,12}\Z", re.ASCII)
_WRITTEN = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\Z", re.ASCII)

#: Every parameter that is read here.
_READ = frozenset(
    b"idsite rec url action_name urlref res lang cip cdt ua uid cid token_auth send_image ping "
    b"e_c e_a link download search c_n idgoal ec_id ec_items ca _rcn _rck pv_id _id".split()
)

_NAMES = frozenset(map(bytes.decode, _READ))

Parameters = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sent:
    """
    One request for the tracker.
    """

    #: The number of the site.
    idsite: int
    payload: Foreign
    #: When its sender says that it was, in seconds since 1970.
    claimed: float | None
    token: str


class Bulk(msgspec.Struct, kw_only=True):
    """
    The body of many requests.
    """

    requests: list[msgspec.Raw] = []
    token_auth: str | None = None
    send_image: int | str | bool | None = 1

    @property
    def wants_no_answer(self) -> bool:
        """
        Whether nothing is to be said of what became of them.
        """
        return str(self.send_image).lower() in {"0", "false"}


_bulk_decoder = msgspec.json.Decoder(Bulk)
_one_decoder = msgspec.json.Decoder(str | dict[str, Any])

#: How a request in a bulk begins that is written as an address.
_ADDRESS = ("?", "/", "http://", "https://")


def parameters(encoded: bytes) -> dict[str, str]:
    """
    The parameters of a query or a form that are read here; any other is passed over unseen.

    :raises Rejected: malformed
    """
    # Of what is said twice the last stands, as in PHP.
    pairs = (part.partition(b"=") for part in encoded.split(b"&"))
    last = {name: value for name, _, value in pairs if name in _READ}
    return {
        name.decode(): query_value(name + b"=" + value, name.decode()) or ""
        for name, value in last.items()
    }


def bulk(body: bytes) -> Bulk:
    """
    The body of many requests.

    :raises Rejected: malformed
    """
    return decoded(_bulk_decoder, body)


def bulk_parameters(raw: bytes) -> dict[str, str]:
    """
    The parameters of one request in a bulk, which is a query string or an object.

    :raises Rejected: malformed
    """
    one = decoded(_one_decoder, raw)
    if isinstance(one, str):
        query = one.partition("?")[2] if one.startswith(_ADDRESS) else one
        return parameters(query.partition("#")[0].encode())
    # What is passed over, such as custom variables, may be of any kind.
    told = {name: value for name, value in one.items() if name in _NAMES}
    for name, value in told.items():
        if not isinstance(value, str | int | float | None):
            raise Rejected(Reason.MALFORMED, name)
    return {name: _text(value) for name, value in told.items() if value is not None}


def sent(told: Parameters) -> Sent:
    """
    What a request for the tracker says.

    :raises Rejected: malformed, naming the parameter
    """
    number = told.get("idsite", "")
    if not (_SECONDS.match(number) and int(number)):
        raise Rejected(Reason.MALFORMED, "idsite")
    if told.get("rec") != "1":
        raise Rejected(Reason.MALFORMED, "rec")
    url = told.get("url", "")
    payload = Foreign(
        id=_id(told),
        url=with_campaign(url, _campaign(told)) if url else None,
        path=None if url else "/",
        title=told.get("action_name") or None,
        referrer=told.get("urlref") or None,
        width=width(told.get("res", "")),
        language=language(told.get("lang", "")),
        ip=told.get("cip") or None,
        user_agent=told.get("ua") or None,
        reader=told.get("uid") or told.get("cid") or None,
    )
    payload.event = _event(told)
    if payload.event == ENGAGEMENT:
        payload.seconds = 0
    if payload.event is None and not url:
        raise Rejected(Reason.MALFORMED, "url")
    claimed = _claimed(told)
    payload.time = None if claimed is None else moment(claimed)
    return Sent(int(number), payload, claimed, told.get("token_auth", ""))


def _event(told: Parameters) -> str | None:
    """
    The event that a request is; ``None`` for a page view, attention for a heartbeat.
    """
    if told.get("ping") == "1":
        return ENGAGEMENT
    if told.get("e_c") or told.get("e_a"):
        return event_name(f"{told.get('e_c', '')}: {told.get('e_a', '')}", "e_a")
    for parameter, name in _ACTIONS.items():
        if told.get(parameter):
            return name
    if told.get("idgoal", "") not in {"", "0"}:
        return event_name(f"goal {told['idgoal']}", "idgoal")
    if told.get("ec_id") or told.get("ec_items") or told.get("idgoal") == "0":
        return "order"
    return "custom" if told.get("ca") == "1" else None


def _campaign(told: Parameters) -> str:
    return "&".join(
        f"{name}={told[key].replace('&', '%26')}"
        for key, name in (("_rcn", "utm_campaign"), ("_rck", "utm_term"))
        if told.get(key)
    )


def _id(told: Parameters) -> str | None:
    """
    The id of a view, by which its copies are known: Matomo numbers views, and only views.
    """
    page, visitor = told.get("pv_id", ""), told.get("_id", "")
    if not (_PAGE_ID.match(page) and _VISITOR_ID.match(visitor)) or _event(told) is not None:
        return None
    return sha256(f"matomo\0{visitor}\0{page}\0{told.get('url', '')}".encode()).hexdigest()[:40]


def _claimed(told: Parameters) -> float | None:
    text = told.get("cdt", "")
    if not text:
        return None
    if _SECONDS.match(text):
        return float(text)
    if not _WRITTEN.match(text):
        raise Rejected(Reason.MALFORMED, "cdt")
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise Rejected(Reason.MALFORMED, "cdt") from None


def _text(value: str | float) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)
