"""
Where the pages of the dashboard are joined: below a site, and below each share link of it.
"""

from collections.abc import Callable

from flask import Blueprint, Response

from service.web.looks import Look, look_at_site, look_by_link
from service.web.pages import for_people

blueprint = Blueprint("dashboard", __name__)

Shown = Callable[[Look], Response]


def below_site(tail: str) -> Callable[[Shown], Shown]:
    """
    The view answers for a site and for share links of it.
    """

    def register(shown: Shown) -> Shown:
        @for_people
        def of_site(name: str, **_rest: str) -> Response:
            return shown(look_at_site(name))

        @for_people
        def of_link(secret: str, **_rest: str) -> Response:
            return shown(look_by_link(secret))

        name = shown.__name__
        blueprint.add_url_rule(f"/sites/<name>{tail}", f"{name}_of_site", of_site)
        blueprint.add_url_rule(f"/share/<secret>{tail}", f"{name}_of_link", of_link)
        return shown

    return register
