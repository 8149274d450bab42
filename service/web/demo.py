"""
The demo: a news portal's pages, with numbers that move.
"""

from flask import Blueprint, Response, abort, render_template, send_from_directory

from service.demo import SITE
from service.demo_articles import ARTICLES, SITE_NAME

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
    An article, the list of the others, and the box at its foot.
    """
    found = next((a for a in ARTICLES if a.slug == slug), None)
    if found is None:
        abort(404)
    others = [a for a in ARTICLES if a is not found]
    page = render_template(
        "demo/article.html", article=found, others=others, site=SITE, site_name=SITE_NAME
    )
    return Response(page, headers={"Content-Security-Policy": POLICY})


@blueprint.get("/demo.js", defaults={"name": "demo.js"})
@blueprint.get("/demo.css", defaults={"name": "demo.css"})
def asset(name: str) -> Response:
    """
    The script and the style of the pages.
    """
    return send_from_directory("static", name, max_age=0)
