"""
ETags: an answer that the asker has already is not sent again.
"""

from hashlib import sha1

from werkzeug.http import is_resource_modified

from service.web.requests import Answer, Request


def tagged(answer: Answer) -> Answer:
    """
    The answer with an ETag of its body.
    """
    tag = sha1(answer.body, usedforsecurity=False).hexdigest()
    return Answer(answer.status, answer.body, {**answer.headers, "ETag": f'"{tag}"'})


def conditional(answer: Answer, request: Request) -> Answer:
    """
    The answer, or only its headers when the asker has its body already.
    """
    known, wanted = request.header("if-none-match"), request.header("if-match")
    if not (known or wanted):
        return answer
    told = {"REQUEST_METHOD": "GET", "HTTP_IF_NONE_MATCH": known, "HTTP_IF_MATCH": wanted}
    if is_resource_modified({k: v for k, v in told.items() if v}, answer.headers["ETag"]):
        return answer
    headers = {k: v for k, v in answer.headers.items() if k != "Content-Type"}
    return Answer(412 if wanted else 304, b"", headers)
