"""
What is asked of the doors that show numbers, and what they are told.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from service.counting.counters import counters_body
from service.counting.numbers import LARGEST_QUESTION
from service.errors import Reason, Rejected
from service.hosts import host_header
from service.intake.paths import page_path
from service.intake.queries import query_value, query_values
from service.intake.sites import Site
from service.runtime import Runtime, Shown
from service.settings import SITE_ID
from service.web.requests import Answer, Request


@dataclass(frozen=True, slots=True)
class Question:
    """
    A site and some of its pages whose numbers somebody may see.
    """

    site: Site
    #: As they were asked, which is how the answer names them.
    paths: tuple[str, ...]
    #: As they are counted.
    pages: tuple[str, ...]


def check_host(runtime: Runtime, request: Request) -> None:
    """
    Nothing, when Luot was called by one of its own names.

    :raises Rejected: host
    """
    host, names = host_header(request.header("host")), runtime.settings.public_hosts
    if host is None or (names and host not in names):
        raise Rejected(Reason.HOST, "host")


def counters_answer(
    runtime: Runtime, request: Request, may_see_private: Callable[[str], bool]
) -> Answer:
    """
    The answer of ``GET /counters``: numbers of a site and of up to 200 of its pages.

    :raises Rejected: as ``question`` does; storage, when there are no numbers
    """
    asked = question(runtime, request, may_see_private)
    return shown_answer(asked, msgspec.json.encode(numbers_of(runtime, asked)))


def shown_answer(asked: Question, body: bytes) -> Answer:
    """
    The answer that shows numbers, with how long others may show it again.

    :param body: JSON
    """
    caching = "public, max-age=5" if asked.site.public else "private, no-store"
    headers = {
        "Content-Type": "application/json",
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": caching,
    }
    return Answer(200, body, headers)


def question(
    runtime: Runtime, request: Request, may_see_private: Callable[[str], bool]
) -> Question:
    """
    Whose numbers are asked for.

    :param may_see_private: whether the asker's token lets them read a site that is not public
    :raises Rejected: malformed; site, also for a private one
    """
    site = site_asked(runtime, request, may_see_private)
    asked = query_values(request.query, "path")
    if len(asked) > LARGEST_QUESTION:
        raise Rejected(Reason.MALFORMED, "path")
    asked = list(dict.fromkeys(asked))
    return Question(site, tuple(asked), tuple(page_path(path, site.paths).path for path in asked))


def site_asked(runtime: Runtime, request: Request, may_see_private: Callable[[str], bool]) -> Site:
    """
    The site that the parameter ``site`` names.

    :param may_see_private: whether the asker's token lets them read a site that is not public
    :raises Rejected: malformed; site, also for a private one
    """
    check_host(runtime, request)
    return visible_site(runtime, query_value(request.query, "site") or "", may_see_private)


def visible_site(runtime: Runtime, name: str, may_see_private: Callable[[str], bool]) -> Site:
    """
    The site of this id, when the asker may see its numbers.

    :raises Rejected: malformed; site, also for a private one
    """
    if not SITE_ID.match(name):
        raise Rejected(Reason.MALFORMED, "site")
    site = runtime.sites.get(name)
    # A site that is not there is asked about, too, so that it takes what a private one takes.
    allowed = (site is not None and site.public) or may_see_private(name)
    if site is None or not allowed:
        raise Rejected(Reason.SITE, "site", 404)
    return site


def numbers_of(runtime: Runtime, asked: Question) -> dict[str, object]:
    """
    The body of ``/counters``.

    :raises Rejected: storage, when there are no numbers anywhere
    """
    shown = runtime.shown(asked.site, asked.pages)
    if shown is None:
        raise Rejected(Reason.STORAGE, status=503)
    return body_of(runtime, asked.site, shown, asked.paths)


def body_of(runtime: Runtime, site: Site, shown: Shown, asked: Sequence[str]) -> dict[str, object]:
    """
    Numbers of a site and of pages, as they are told.

    :param asked: the pages' paths, as they are to be named
    """
    now = runtime.clock.now_ms()
    return counters_body(site, shown.numbers, asked, runtime.caps, now, stale=shown.stale)
