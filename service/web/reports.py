"""
Reports for programs: ``/api/v1/sites/S/…``, with a read token; ``/openapi.json`` describes them.
"""

import hashlib
from collections.abc import Callable, Iterator
from itertools import chain
from tempfile import TemporaryFile
from typing import Any

import msgspec
from flask import Blueprint, Response, request

from service.archive.tokens import Scope
from service.errors import LuotError, Reason, Rejected
from service.reporting.formats import (
    MEDIA_TYPES,
    Format,
    Table,
    csv_parts,
    json_line_parts,
)
from service.reporting.parquet import write_parquet
from service.reporting.whole import page_days, tables, zip_parts
from service.web.correction_shapes import OPERATIONS
from service.web.fronts import door_request, runtime
from service.web.openapi import document
from service.web.parameters import Asked, asked_of
from service.web.problems import problem
from service.web.questions import check_host
from service.web.report_table import EXPORT, REPORTS, Report
from service.web.tokens import require

blueprint = Blueprint("reports", __name__)

_DOCUMENT = msgspec.json.encode(
    document([*(report.operation for report in REPORTS), EXPORT, *OPERATIONS])
)

#: Bytes that are sent at once of a file that was written before.
_BLOCK = 65_536


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """
    What can be asked, as OpenAPI 3.1 writes it.
    """
    return _tagged(Response(_DOCUMENT, content_type="application/json"), "public, max-age=300")


@blueprint.get("/api/v1/sites/<site>/export")
def export(site: str) -> Response:
    """
    A whole site: a ZIP of tables, or its pages by day as one.
    """

    def answer() -> Response:
        check_host(runtime(), door_request())
        require(Scope.READ, site)
        asked = asked_of(runtime(), site, request.query_string, EXPORT.parameters)
        form, span = asked.once("format") or "zip", asked.span
        name = f"{site}-{span.first}-{span.last}"
        if form != "zip":
            told = asked.choice("format", Format)
            if told in {None, Format.JSON}:
                raise Rejected(Reason.MALFORMED, "format")
            return file_response(
                page_days(asked.runtime.database, site, span), told or Format.CSV, name
            )
        parts = zip_parts(tables(asked.runtime.database, site, span))
        return _attachment(parts, "application/zip", f"{name}.zip")

    return responding(answer)


def _view(report: Report) -> Callable[..., Response]:
    def view(site: str, dimension: str = "") -> Response:
        return responding(lambda: _answer(report, site, dimension))

    return view


for _report in REPORTS:
    _rule = f"/api/v1/sites/<site>/{_report.path}".replace("{", "<").replace("}", ">")
    blueprint.add_url_rule(_rule, _report.name, _view(_report), methods=["GET"])


def responding(answer: Callable[[], Response]) -> Response:
    """
    What ``answer`` says, or the problem that it met.
    """
    try:
        return answer()
    except Rejected as error:
        return problem(error)
    except LuotError:
        return problem(Rejected(Reason.STORAGE, status=503))


def _answer(report: Report, site: str, dimension: str) -> Response:
    check_host(runtime(), door_request())
    require(Scope.READ, site)
    asked = asked_of(runtime(), site, request.query_string, report.known, dimension)
    form = format_of(asked)
    if form is Format.JSON:
        body = msgspec.json.encode(report.answer(asked))
        return _tagged(Response(body, content_type="application/json"), "private, no-cache")
    return file_response(report.table(asked), form, f"{asked.site.id}-{report.name}")


def format_of(asked: Asked) -> Format:
    """
    How an answer is to be written: as ``format`` says, else as the Accept header prefers.
    """
    given = asked.choice("format", Format)
    if given is not None:
        return given
    kinds = {kind: form for form, kind in MEDIA_TYPES.items()}
    wanted = request.accept_mimetypes.best_match(list(kinds), MEDIA_TYPES[Format.JSON])
    return kinds[wanted or MEDIA_TYPES[Format.JSON]]


def file_response(table: Table, form: Format, name: str) -> Response:
    """
    A table as a file of this name, sent while it is read.

    :raises LuotError: when its first row cannot be had
    """
    if form is Format.PARQUET:
        parts = _written(table)
    else:
        parts = csv_parts(table) if form is Format.CSV else json_line_parts(table)
    return _attachment(parts, _content_type(form), f"{name}.{form}")


def _attachment(parts: Iterator[bytes], content_type: str, name: str) -> Response:
    # Once the first part is there, what can be refused was refused.
    started = chain([next(parts, b"")], parts)
    response = Response(started, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _content_type(form: Format) -> str:
    charset = "; charset=utf-8" if form is Format.CSV else ""
    return f"{MEDIA_TYPES[form]}{charset}"


def _written(table: Table) -> Iterator[bytes]:
    with TemporaryFile() as file:
        write_parquet(table, file)
        file.seek(0)
        while block := file.read(_BLOCK):
            yield block


def _tagged(response: Response, caching: str) -> Response:
    """
    The response, or 304 when the asker has the same already.
    """
    body: Any = response.get_data()
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.headers["Cache-Control"] = caching
    response.headers["Vary"] = "Accept, Authorization"
    response.make_conditional(request)
    return response
