"""
The door that shows: ``GET /counters``.
"""

from flask import Blueprint, Response, request

from service.archive.tokens import Scope
from service.errors import Rejected
from service.web import doors
from service.web.fronts import door_request, door_response, runtime
from service.web.requests import Answer
from service.web.tokens import bearer, require

blueprint = Blueprint("counters", __name__)


@blueprint.get("/counters")
def counters() -> Response:
    """
    The numbers of a site and of some of its pages; reading never counts.
    """
    here, asked = runtime(), door_request()

    def show() -> Answer:
        return doors.counters_answer(here, asked, _may_see)

    response = door_response("counters", show, {})
    response.headers["Access-Control-Allow-Origin"] = "*"
    if response.status_code == 200:
        response.add_etag()
        response.make_conditional(request)
    return response


def _may_see(site: str) -> bool:
    if not bearer():
        return False
    try:
        require(Scope.READ, site)
    except Rejected:
        return False
    return True
