"""
What is said to and by ``/api/v1/sites/S/corrections``; ``/openapi.json`` is made from it.
"""

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, field

from service.settings import LARGEST
from service.web.openapi import Operation
from service.web.report_table import PREFIX, SITE
from service.web.shapes import Count, Shape

Why = Annotated[str, Meta(description="The reason; it stays in the list.")]
Total = Annotated[int, Meta(ge=0, le=LARGEST)]


class Merge(msgspec.Struct, frozen=True, tag_field="kind", tag="merge", forbid_unknown_fields=True):
    """
    A page that has moved: it is counted as another from now on, with all it had.
    """

    why: Why
    old: str = field(name="from")
    new: str = field(name="to")


class Remove(
    msgspec.Struct, frozen=True, tag_field="kind", tag="remove", forbid_unknown_fields=True
):
    """
    A wave of robots: days of a page, of a value of a dimension, or of both.
    """

    why: Why
    first: date = field(name="from")
    last: date = field(name="to")
    path: str = ""
    dimension: str = ""
    value: str = ""


class SetBaseline(
    msgspec.Struct, frozen=True, tag_field="kind", tag="baseline", forbid_unknown_fields=True
):
    """
    What an older counter had, of a page or, without a path, of the site.
    """

    why: Why
    views: Total
    visits: Total
    path: str = ""


Order = Merge | Remove | SetBaseline


class Correction(Shape, frozen=True, kw_only=True):
    """
    A correction that was made.
    """

    id: Count
    kind: str
    at: datetime
    actor: str
    why: str
    asked: dict[str, Any]
    sums: Annotated[dict[str, int], Meta(description="What it added to the site's numbers.")]
    undone_at: datetime | None
    undone_by: str | None
    undone_why: str | None


class Corrections(Shape, frozen=True, kw_only=True):
    """
    The newest corrections of a site.
    """

    site: str
    corrections: list[Correction]


_ALL, _ONE = f"{PREFIX}/corrections", f"{PREFIX}/corrections/{{number}}"
_NUMBER = ("number", {"type": "integer", "minimum": 0, "maximum": 2**31 - 1})

OPERATIONS = (
    Operation(
        path=_ALL,
        name="corrections",
        summary="The newest corrections: who, when, why.",
        shape=Corrections,
        parts=(SITE,),
    ),
    Operation(
        path=_ALL,
        name="correct",
        summary="Makes a correction.",
        shape=Correction,
        parts=(SITE,),
        method="post",
        body=Order,
        status=201,
    ),
    Operation(
        path=_ONE,
        name="correction",
        summary="One correction.",
        shape=Correction,
        parts=(SITE, _NUMBER),
    ),
    Operation(
        path=_ONE,
        name="undo_correction",
        summary="Takes a correction back; it stays in the list.",
        shape=Correction,
        parts=(SITE, _NUMBER),
        method="delete",
    ),
)
