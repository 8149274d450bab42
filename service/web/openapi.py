"""
OpenAPI 3.1 from the code: the table of reports, their parameters and the shapes of their answers.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from service import __version__
from service.web.parameters import Parameter
from service.web.shapes import Problem, Shape

_DESCRIPTION = (
    "Reports come from SQL, so the newest minute is not in them, and baselines never are; realtime "
    "comes from the live counters. Days are site-days in the site's own time zone."
)

#: Why a question may be refused, by status.
REFUSALS = {
    400: "A parameter is not right, or there is no such parameter; field names it.",
    401: "No valid token.",
    403: "The token has not the scope: read for questions, admin for corrections.",
    404: "There is no such site or dimension, or it is another's.",
    406: "This cannot be had in the format that was asked for.",
    414: "The query is too long.",
    503: "Redis or SQL is away.",
}


#: Why an order may be refused besides.
REFUSED_ORDERS = {
    409: "It cannot be done; detail says why.",
    413: "The body is too long.",
    415: "The body is no application/json.",
}

_ETAG = {"ETag": {"schema": {"type": "string"}, "description": "For If-None-Match."}}


@dataclass(frozen=True, slots=True)
class Operation:
    """
    One question that can be asked, or one order that can be given.
    """

    #: With ``{name}`` for each part that is variable.
    path: str
    name: str
    summary: str
    #: ``None`` when it is never answered in JSON.
    shape: type[Shape] | None
    parameters: tuple[Parameter, ...] = ()
    #: Other media types that the answer can have.
    media_types: tuple[str, ...] = ()
    #: What the variable parts of the path may be, by name.
    parts: tuple[tuple[str, dict[str, Any]], ...] = ()
    method: str = "get"
    #: The type of a body in JSON.
    body: Any = None
    status: int = 200


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """
    The document that describes these.
    """
    answers = [operation.shape for operation in operations if operation.shape]
    bodies = [operation.body for operation in operations if operation.body]
    shapes: list[Any] = [Problem, *dict.fromkeys(answers), *bodies]
    references, components = msgspec.json.schema_components(
        shapes, ref_template="#/components/schemas/{name}"
    )
    known = dict(zip(shapes, references, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        told = paths.setdefault(operation.path, {})
        told[operation.method] = _operation(operation, known)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Luot", "version": __version__, "description": _DESCRIPTION},
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(operation: Operation, known: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if operation.shape:
        content["application/json"] = {"schema": known[operation.shape]}
    content |= {kind: {} for kind in operation.media_types}
    refused = {"application/problem+json": {"schema": known[Problem]}}
    answer: dict[str, Any] = {"description": "The answer.", "content": content}
    told = {str(operation.status): answer}
    if operation.parameters:
        answer["headers"] = _ETAG
        told["304"] = {"description": "It is as If-None-Match says.", "headers": _ETAG}
    refusals = REFUSALS if operation.method == "get" else REFUSALS | REFUSED_ORDERS
    told |= {str(n): {"description": why, "content": refused} for n, why in refusals.items()}
    described = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*_parts(operation), *map(_parameter, operation.parameters)],
        "responses": told,
    }
    if operation.body:
        body = {"application/json": {"schema": known[operation.body]}}
        described["requestBody"] = {"required": True, "content": body}
    return described


def _parts(operation: Operation) -> Iterable[dict[str, Any]]:
    schemas = dict(operation.parts)
    for name in re.findall(r"{(\w+)}", operation.path):
        schema = schemas.get(name, {"type": "string"})
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": "query",
        "description": parameter.description,
        "required": parameter.required,
        "schema": parameter.schema,
    }
