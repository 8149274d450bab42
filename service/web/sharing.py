"""
Share links, for administrators: make one, open a site to everybody, revoke.
"""

import re

from flask import Response

from service.archive.share_links import create_link, links_of, open_to_all, revoke_link
from service.clock import instant
from service.errors import Reason, Rejected
from service.web.boards import blueprint
from service.web.looks import Look, look_at_site
from service.web.pages import for_people, moved, page
from service.web.viewers import form, viewer

#: Longest name of a link, in characters.
LONGEST_NAME = 128

_NUMBER = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)


@blueprint.get("/sites/<name>/sharing")
@for_people
def links(name: str) -> Response:
    """
    The links of a site.
    """
    return _page(_managed(name))


@blueprint.post("/sites/<name>/sharing")
@for_people
def change(name: str) -> Response:
    """
    A link is made or revoked.
    """
    found = viewer()
    if found is None or not found.secret:
        raise Rejected(Reason.TOKEN, status=401)
    fields = form(found.secret)
    look = _managed(name)
    database, now = look.runtime.database, look.runtime.clock.now_ms()
    act = fields.get("act", "")
    if act == "create":
        told = " ".join(fields.get("name", "").split())[:LONGEST_NAME]
        return _page(look, create_link(database, name, told, now))
    if act == "open":
        open_to_all(database, name, now)
    elif act == "revoke" and _NUMBER.fullmatch(fields.get("number", "")):
        revoke_link(database, name, int(fields["number"]))
    else:
        raise Rejected(Reason.MALFORMED, "act")
    return moved(f"/sites/{name}/sharing")


def _managed(name: str) -> Look:
    look = look_at_site(name)
    if not look.may_manage:
        raise Rejected(Reason.TOKEN, status=403)
    return look


def _page(look: Look, secret: str = "") -> Response:
    rows = [
        (link, instant(link.created_ms).astimezone(look.site.zone).date())
        for link in links_of(look.runtime.database, look.site.id)
    ]
    return page(
        "sharing.html",
        look=look,
        viewer=look.viewer,
        rows=rows,
        secret=secret,
        is_open=any(link.is_open for link, _ in rows),
        longest=LONGEST_NAME,
    )
