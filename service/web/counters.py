"""
The doors that show: ``GET /counters``, and ``GET /live`` for servers that hold no stream open.
"""

from flask import Blueprint, Response, request

from service.web import questions
from service.web.events import HEADERS, event, opening
from service.web.fronts import door_request, door_response, runtime
from service.web.requests import Answer
from service.web.tokens import bearer, may_read

blueprint = Blueprint("counters", __name__)


@blueprint.get("/counters")
def counters() -> Response:
    """
    The numbers of a site and of some of its pages; reading never counts.
    """
    here, asked = runtime(), door_request()

    def show() -> Answer:
        return questions.counters_answer(here, asked, _may_see)

    response = door_response("counters", show, {})
    response.headers["Access-Control-Allow-Origin"] = "*"
    if response.status_code == 200:
        response.add_etag()
        response.make_conditional(request)
    return response


@blueprint.get("/live")
def live() -> Response:
    """
    The same numbers as one event; the page comes back for the next.
    """
    here, asked = runtime(), door_request()

    def show() -> Answer:
        numbers = questions.numbers_of(here, questions.question(here, asked, _may_see))
        return Answer(200, opening() + event(numbers), dict(HEADERS))

    return door_response("live", show, {"Access-Control-Allow-Origin": "*"})


def _may_see(site: str) -> bool:
    return may_read(runtime(), bearer(), site)
