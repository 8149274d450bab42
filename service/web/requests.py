"""
A request as the busy doors see it, whichever front took it off the wire.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from service.errors import Reason, Rejected


@dataclass(frozen=True, slots=True)
class Request:
    """
    What a door needs to know of a request.
    """

    #: Header names in lower case.
    headers: Mapping[str, str]
    query: bytes
    #: As much of the body as the door asked for, and one byte more when there was more.
    body: bytes
    #: The address that the connection came from.
    peer: str

    def header(self, name: str) -> str:
        """
        A header's value; empty when it is absent.
        """
        return self.headers.get(name, "")


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What is said back.
    """

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def json_answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """
    An answer whose body is JSON.
    """
    told = {"Content-Type": "application/json", **(headers or {})}
    return Answer(status, msgspec.json.encode(body), told)


def refusal(error: Rejected, headers: Mapping[str, str] | None = None) -> Answer:
    """
    The answer of a door that counts nothing: what is wrong, and with which part.
    """
    body = {"error": str(error.reason), **({"field": error.field} if error.field else {})}
    return json_answer(error.status, body, {**refusal_headers(error), **(headers or {})})


def refusal_headers(error: Rejected) -> dict[str, str]:
    """
    The headers that say the same; with ``Retry-After`` where coming back helps.
    """
    told = {"Luot-Result": f"rejected; reason={error.reason}", "Cache-Control": "no-store"}
    if error.status in {429, 503}:
        told["Retry-After"] = "1" if error.reason is Reason.RATE else "5"
    if error.reason is Reason.SIZE or error.status == 408:
        # What is left of the body is not read, so nothing can follow it on this connection.
        told["Connection"] = "close"
    return told
