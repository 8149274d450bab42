"""
The demo: a news portal's pages, with numbers that move.
"""

from flask import Blueprint, Response, abort, render_template, request, send_from_directory

from service.demo import SITE
from service.demo_articles import ARTICLES, SITE_NAME
from service.demo_words import WORDS

blueprint = Blueprint("demo", __name__, url_prefix="/demo", static_folder=None)

#: What the pages of the demo may load: what Luot itself serves.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@blueprint.get("/", defaults={"slug": ""})
@blueprint.get("/<slug>")
def article(slug: str) -> Response:
    """
    An article, lists of others, and the box at its foot; with ``?lang=en`` in English around it.
    """
    found = next((a for a in ARTICLES if a.slug == slug), None)
    if found is None:
        abort(404)
    others = [a for a in ARTICLES if a is not found]
    words = WORDS.get(request.args.get("lang", ""), WORDS["vi"])
    told = {"article": found, "others": others, "words": words}
    page = render_template("demo/article.html", **told, site=SITE, site_name=SITE_NAME)
    return Response(page, headers={"Content-Security-Policy": POLICY})


@blueprint.get("/demo.css")
def style() -> Response:
    """
    The style of the pages; their script is the one that every page loads.
    """
    return send_from_directory("static", "demo.css", max_age=0)
