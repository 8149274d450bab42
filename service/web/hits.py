"""
The doors that count: ``POST /hit`` and ``GET /hit.gif``.
"""

from dataclasses import replace

from flask import Blueprint, Response, request
from werkzeug.exceptions import MethodNotAllowed

from service.errors import Rejected
from service.intake.payloads import LARGEST_HIT
from service.web import doors
from service.web.fronts import door_request, door_response, read_body, refusing, respond, runtime
from service.web.requests import Answer, refusal_headers

blueprint = Blueprint("hits", __name__)


# Flask's own answer to OPTIONS would come before the one that lets pages in.
@blueprint.post("/hit", provide_automatic_options=False)
def hit() -> Response:
    """
    Counts what a page tells.
    """
    here, asked = runtime(), door_request()

    def count() -> Answer:
        visit = doors.take_hit(here, replace(asked, body=read_body(LARGEST_HIT)))
        return doors.hit_answer(here, visit, doors.record(here, visit))

    return door_response("hit", count, doors.allowed_origin(here, asked))


@blueprint.route("/hit", methods=["OPTIONS"])
def preflight() -> Response:
    """
    Whether a page may send JSON.
    """
    return respond(doors.preflight_answer(runtime(), door_request()))


@blueprint.get("/hit.gif")
def pixel() -> Response:
    """
    Counts a page that runs no script; whatever is wrong, the answer is the pixel.
    """
    if request.method == "HEAD":
        # Whoever only asks about the image shows no page.
        raise MethodNotAllowed(["GET"])
    here, asked = runtime(), door_request()

    def count() -> Answer:
        visit = doors.take_pixel(here, asked)
        return doors.pixel_answer(visit, doors.record(here, visit))

    said = refusing("pixel", request.path, count)
    if isinstance(said, Rejected):
        said = doors.pixel(said.status, refusal_headers(said))
    return respond(said)
