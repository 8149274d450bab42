"""
What a site's owner is told where numbers of before and after a move stand side by side.

A number that jumps on one day is taken for a mistake of the new tool. So whoever opens a door for
another tracker's pages is told what had been in the old number, and is not in the new one.
"""

from collections.abc import Collection
from dataclasses import dataclass

from service.door_settings import Door
from service.intake.sites import Site


@dataclass(frozen=True, slots=True)
class Notice:
    """
    A sentence about one of the trackers that a site has moved from.
    """

    door: Door
    #: In the language of the site's pages, as plain text.
    text: str


#: What each tracker calls itself.
NAMES = {
    Door.GOATCOUNTER: "GoatCounter",
    Door.PLAUSIBLE: "Plausible",
    Door.UMAMI: "Umami",
    Door.MATOMO: "Matomo",
    Door.BUSUANZI: "busuanzi",
    Door.VERCOUNT: "vercount",
}

#: Said of all of them, with the tracker's name in front.
_ALL = {
    "en": "robots and readers who opted out were in its number as far as it did not know them; "
    "here they are counted apart, under what was filtered.",
    "vi": "con số cũ có cả rô-bốt và người đã từ chối theo dõi mà công cụ ấy không nhận ra; "
    "ở đây họ được đếm riêng, trong mục đã lọc.",
}

#: What a page's number was there, and is here.
_OWN = {
    Door.GOATCOUNTER: {
        "en": "It counted a page once for each visitor and session; here each reading counts.",
        "vi": "Nó đếm mỗi trang một lần cho mỗi phiên của một người; ở đây mỗi lượt xem đều tính.",
    },
    Door.PLAUSIBLE: {
        "en": "Its first number was visitors of the day; the number beside a page is views.",
        "vi": "Con số đầu tiên của nó là số người trong ngày; con số cạnh bài là lượt xem.",
    },
    Door.UMAMI: {
        "en": "Its visitors were known again for a month; here for one day.",
        "vi": "Nó nhận ra một người trong cả tháng; ở đây chỉ trong một ngày.",
    },
    Door.MATOMO: {
        "en": "It knew returning visitors by a cookie; here nobody is known after a day.",
        "vi": "Nó nhận ra người quay lại nhờ cookie; ở đây sau một ngày không ai bị nhận ra.",
    },
    Door.BUSUANZI: {
        "en": "Every loading of a page was in its number, whoever asked; the site's visitors are "
        "visits here.",
        "vi": "Mọi lần tải trang đều nằm trong con số cũ, bất kể ai tải; số người của trang mạng "
        "ở đây là lượt truy cập.",
    },
    Door.VERCOUNT: {
        "en": "The script itself said who was new; here nobody is believed about that, and the "
        "site's visitors are visits.",
        "vi": "Chính đoạn mã tự khai ai là người mới; ở đây lời khai ấy không được tin, và số "
        "người của trang mạng là lượt truy cập.",
    },
}

#: How reloads count, which the site may choose.
_RELOADS = {
    "en": {
        True: "Reloads within half a minute were in the old number and are not in the new one.",
        False: "Reloads are views in both; double_click_seconds = 30 would leave them out.",
    },
    "vi": {
        True: "Tải lại trong vòng nửa phút có trong số cũ và không có trong số mới.",
        False: "Tải lại trang đều tính ở cả hai; double_click_seconds = 30 sẽ không tính nữa.",
    },
}


def moving_notices(
    site: Site, also: Collection[Door] = (), language: str = ""
) -> tuple[Notice, ...]:
    """
    For each door that is open for a site what changes on the day of the move; empty without one.

    :param also: trackers without an open door whose numbers were taken over
    :param language: ``vi`` or ``en``; the site's own if empty
    """
    language = "vi" if (language or site.locale) == "vi" else "en"
    reloads = _RELOADS[language][site.double_click_ms > 0]
    return tuple(
        Notice(door, f"{NAMES[door]}: {_ALL[language]} {_OWN[door][language]} {reloads}")
        for door in Door
        if door in site.doors or door in also
    )
