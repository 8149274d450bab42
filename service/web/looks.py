"""
Which site a page shows to whom: signed in, with a share link, or because it is open to everybody.

A share link's secret is a part of the path and nothing is kept in the browser for it, so that it
opens the pages below it and no other.
"""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from flask import g, request

from service.archive.share_links import is_open, site_of_link
from service.errors import Reason, Rejected
from service.intake.sites import Site
from service.reporting.answers import first_day
from service.reporting.periods import PeriodName
from service.runtime import Runtime
from service.web.asked import View, read_view
from service.web.fronts import runtime
from service.web.viewers import Viewer, viewer


@dataclass(frozen=True, slots=True)
class Look:
    """
    A site, as somebody may see it.
    """

    runtime: Runtime
    site: Site
    #: The path that all its pages begin with.
    root: str
    #: ``None``: somebody with a link, or anybody.
    viewer: Viewer | None

    @property
    def may_manage(self) -> bool:
        """
        Whether they may make and revoke links.
        """
        return self.viewer is not None and self.viewer.may_manage(self.site.id)

    @property
    def today(self) -> date:
        """
        The site's day at this moment.
        """
        return date.fromisoformat(self.site.day(self.runtime.clock.now_ms()).label)

    def view(self) -> View:
        """
        What the address asks for.

        :raises Rejected: malformed
        """
        begun = None
        if request.args.get("period") == PeriodName.ALL:
            begun = first_day(self.runtime.database, self.site.id)
        return read_view(request.query_string, self.today, begun)

    def page_link(self, view: View, path: str) -> str:
        """
        Where everything about a page stands.
        """
        return f"{self.root}/page{_and(view, path=path)}"

    def value_link(self, view: View, what: str, value: str) -> str:
        """
        Where everything about a value stands.
        """
        return f"{self.root}/value{_and(view, dimension=what, value=value)}"


def _and(view: View, **told: str) -> str:
    return f"{view.query()}{'&' if view.given else ''}{urlencode(told)}"


def look_at_site(name: str) -> Look:
    """
    A site for somebody who may read it.

    :raises Rejected: token, 401, for anybody whom it is not open to; site, 404, for readers of
        other sites, so that nobody learns which sites there are
    """
    here, found = runtime(), viewer()
    site = here.sites.get(name)
    is_theirs = found is not None and found.grant.is_for(name)
    if site is None or not (is_theirs or is_open(here.database, name)):
        if found is None:
            raise Rejected(Reason.TOKEN, status=401)
        raise Rejected(Reason.SITE, "site", 404)
    g.site_locale = site.locale
    return Look(here, site, f"/sites/{name}", found if is_theirs else None)


def look_by_link(secret: str) -> Look:
    """
    The site of a share link.

    :raises Rejected: site, 404, when there is no such link, or its site is gone
    """
    here = runtime()
    name = site_of_link(here.database, secret) if len(secret) <= 64 else None
    site = here.sites.get(name) if name else None
    if site is None:
        raise Rejected(Reason.SITE, "site", 404)
    g.site_locale = site.locale
    return Look(here, site, f"/share/{secret}", None)
