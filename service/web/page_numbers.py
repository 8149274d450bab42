"""
Counting a page and telling its numbers at once, as busuanzi and vercount do.

Such a door is of use for sites only whose numbers anybody may see.
"""

from typing import Any

from service.door_settings import Door
from service.errors import LuotError, Reason, Rejected
from service.intake.busuanzi import page_numbers
from service.intake.foreign import Foreign
from service.intake.sites import Site
from service.runtime import Runtime
from service.web import doors, foreign
from service.web.foreign import Settled
from service.web.requests import Request

Numbers = dict[str, Any]


def public_site(here: Runtime, door: Door, url: str, field: str) -> Site:
    """
    The site that an address is a page of, when its numbers are public.

    :raises Rejected: malformed; site
    """
    site = foreign.site_of_page(here, door, url, field)
    if not site.public:
        raise Rejected(Reason.SITE, field, 404)
    return site


def counted(
    here: Runtime, door: Door, asked: Request, payload: Foreign, field: str
) -> tuple[Settled, Numbers | None]:
    """
    What became of a page's view, and the numbers afterwards, if they are at hand.

    :param field: where the address stood
    :raises LuotError: the view was not kept
    """
    sender = doors.sender_of(here, asked)
    url = payload.url or ""
    site = public_site(here, door, url, field)
    foreign.check_page(site, asked)
    settled = foreign.settle(here, foreign.told(here, door, site, payload, sender))
    try:
        return settled, numbers_at(here, site, settled.visit.taken.path)
    except LuotError:
        # The view is kept all the same.
        return settled, None


def numbers_at(here: Runtime, site: Site, path: str) -> Numbers:
    """
    The numbers of a site and one of its pages.

    :raises LuotError: there are none
    """
    return page_numbers(foreign.numbers(here, site, path), path)
