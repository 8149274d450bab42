"""
What the box *Thống kê truy cập* says, in Vietnamese and English. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from service.web.figures import site_figure, written

#: Rows of the box: its name and, but for who is online, the period of its number.
ROWS = ("online", "today", "yesterday", "this_week", "this_month", "total")

_WORDS: dict[str, dict[str, str]] = {
    "vi": {
        "heading": "Thống kê truy cập",
        "views": "Lượt xem",
        "visits": "Lượt truy cập",
        "online": "Đang truy cập",
        "today": "Hôm nay",
        "yesterday": "Hôm qua",
        "this_week": "Tuần này",
        "this_month": "Tháng này",
        "total": "Tổng",
        "unknown": "chưa có số liệu",
        "as_of": "Số liệu lúc {:%H:%M} ngày {:%d/%m/%Y}",
        "nothing": "Tạm thời chưa có số liệu",
    },
    "en": {
        "heading": "Site statistics",
        "views": "Page views",
        "visits": "Visits",
        "online": "Online now",
        "today": "Today",
        "yesterday": "Yesterday",
        "this_week": "This week",
        "this_month": "This month",
        "total": "Total",
        "unknown": "not known",
        "as_of": "As of {:%H:%M}, {:%d/%m/%Y}",
        "nothing": "No numbers at the moment",
    },
}


@dataclass(frozen=True, slots=True)
class Row:
    """
    One line of the box.
    """

    name: str
    label: str
    number: str
    is_known: bool


@dataclass(frozen=True, slots=True)
class Box:
    """
    The whole box, in words.
    """

    lang: str
    heading: str
    metric: str
    unknown: str
    rows: tuple[Row, ...]
    #: Why numbers are missing or old; empty when they are of now.
    note: str


def box_of(body: Mapping[str, Any] | None, lang: str, metric: str, zone: ZoneInfo) -> Box:
    """
    The box for the body of ``/counters``; with dashes for all numbers when there is none.

    :param metric: ``views`` or ``visits``
    """
    words = _WORDS[lang]
    rows = []
    for name in ROWS:
        number = _number(body, name, metric)
        rows.append(Row(name, words[name], written(number, lang), number is not None))
    return Box(
        lang,
        words["heading"],
        words[metric],
        words["unknown"],
        tuple(rows),
        _note(body, lang, zone),
    )


def _number(body: Mapping[str, Any] | None, name: str, metric: str) -> int | None:
    if body is None:
        return None
    if name == "online":
        # Who was there when the numbers were new says nothing of who is there now.
        return None if body["stale"] else site_figure(body, name)
    return site_figure(body, f"{metric}.{name}")


def _note(body: Mapping[str, Any] | None, lang: str, zone: ZoneInfo) -> str:
    if body is None:
        return _WORDS[lang]["nothing"]
    if not body["stale"]:
        return ""
    at = datetime.fromisoformat(body["as_of"]).astimezone(zone)
    return _WORDS[lang]["as_of"].format(at, at)
