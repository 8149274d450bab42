"""
The Flask application: ``create_app`` joins its parts, and nothing else does.
"""

from flask import Flask

from service.configuration import load
from service.intake.agents import agent
from service.logs import prepare_logs
from service.runtime import Runtime
from service.web import (
    assets,
    badges,
    batches,
    boxes,
    corrections,
    counters,
    dashboard,
    demo,
    foreign_doors,
    hits,
    lists,
    month_pages,
    operations,
    reports,
    scripts,
    sharing,
    signing,
)
from service.web.manners import add_manners
from service.web.tongues import add_tongues

#: A user agent that makes every pattern be needed.
WARMING = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36"


def create_app(runtime: Runtime | None = None) -> Flask:
    """
    The application, ready to be served by any WSGI server.

    Without a runtime it makes one from the settings that are in force.
    """
    if runtime is None:
        settings = load()
        prepare_logs(settings)
        runtime = Runtime(settings)
    # The first reader shall not wait until the patterns are compiled.
    agent(WARMING)
    app = Flask("service.web", static_folder=None)
    # A path with two slashes is another path; sending a client away costs an answer of its own.
    app.url_map.merge_slashes = False
    app.extensions["luot"] = runtime
    parts = (hits, counters, lists, badges, boxes, scripts, batches, reports, operations, assets)
    for part in (*parts, corrections, signing):
        app.register_blueprint(part.blueprint)
    # Three modules, one set of pages.
    for pages in {part.blueprint for part in (dashboard, month_pages, sharing)}:
        app.register_blueprint(pages)
    foreign_doors.add_foreign_doors(app)
    if runtime.settings.demo:
        app.register_blueprint(demo.blueprint)
    add_tongues(app)
    add_manners(app)
    return app
