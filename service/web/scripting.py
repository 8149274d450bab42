"""
The scripts that pages of other trackers load, as they are served.
"""

import json
from functools import cache
from pathlib import Path

from rjsmin import jsmin

from service.door_settings import Door
from service.intake.sites import Site
from service.runtime import Runtime
from service.web.foreign import open_sites
from service.web.requests import Answer, Request
from service.web.scripts import FIRST, script_bytes
from service.web.tags import conditional, tagged

#: What fills the places of busuanzi and vercount.
PLACES = "busuanzi.js"

_SOURCE = Path(__file__).with_name("static") / PLACES

_HEADERS = {
    "Content-Type": "text/javascript; charset=utf-8",
    # As long as the scripts whose names these are.
    "Cache-Control": "public, max-age=86400",
    # The whole world may run it: it is a script.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
}


def places_script(asked: Request) -> Answer:
    """
    The script for pages with busuanzi's places, without what only its readers need.
    """
    return conditional(tagged(Answer(200, _places(), dict(_HEADERS))), asked)


def own_script(here: Runtime, asked: Request, door: Door) -> Answer:
    """
    luot.js for a tag that was another script's: it is told which site that tag names.

    A tag that names none has the site that its page's host belongs to. 404 where
    the door is open for nobody.
    """
    names = _names(open_sites(here, door))
    if not names:
        return Answer(404)
    # Everything in here is public: each tag names its site to whoever reads the page.
    prelude = _PRELUDE % json.dumps(names).encode()
    return conditional(tagged(Answer(200, prelude + script_bytes(FIRST), dict(_HEADERS))), asked)


def _names(sites: list[Site]) -> dict[str, str]:
    """
    Sites by what other trackers' tags call them, and by their hosts.
    """
    names: dict[str, str] = {}
    for site in sites:
        called = {*site.hosts.names, *site.plausible_domains, site.umami_id} - {""}
        names |= dict.fromkeys(sorted(called), site.id)
    return names


#: Tells luot.js the site, in the attribute where it looks for it. It takes its own folder for
#: Luot's; a script that is running already is not fetched again when its address changes.
_PRELUDE = (
    b"(function(s,m){if(!s)return;var d=s.dataset;"
    b"d.site=d.site||m[d.websiteId]||m[(d.domain||'').split(',')[0]]||m[location.hostname]||'';"
    rb"if(/\/js\/[^/]*$/.test(s.src))s.src=new URL('../luot.js',s.src)"
    b"})(document.currentScript,%s);"
)


@cache
def _places() -> bytes:
    return str(jsmin(_SOURCE.read_text(encoding="utf-8"))).encode()
