"""
What ``/openapi.json`` says is what the application does, whatever it is asked.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import DataObject, booleans, data, sampled_from
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.web.app import create_app
from service.web.correction_shapes import OPERATIONS
from service.web.report_table import EXPORT, REPORTS
from tests import servers
from tests.conftest import NOON, Luot, MakeLuot, SetClock

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
)

#: What is asked more often than chance would.
QUESTIONS: list[dict[str, str]] = [
    {"path": "/a"},
    {"period": "today", "format": "csv"},
    {"period": "all", "format": "jsonl"},
    {"from": "2026-11-01", "to": "2026-11-22"},
    {"value": "Google"},
    {"limit": "1"},
    {"format": "parquet"},
]

#: Questions that are asked of each report by chance.
EXAMPLES = 12


@pytest.fixture(scope="module")
def luot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Luot]:
    clock = SetClock()
    clock.set(NOON)
    with servers.valkey() as valkey:
        make = MakeLuot(tmp_path_factory.mktemp("luot"), valkey.url, clock)
        luot = make()
        for path in ("/", "/a", "/tin/bài"):
            luot.hit(path, referrer="https://www.google.com/", title=f"Title of {path}")
        luot.hit("/a", event="play", address="203.0.113.8")
        luot.hit("/a", headers={"DNT": "1"})
        luot.snapshot()
        yield luot
        make.close()


@pytest.fixture(scope="module")
def schema(luot: Luot) -> Any:
    return schemathesis.openapi.from_wsgi("/openapi.json", create_app(luot.runtime))


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize(
    ("path", "method"),
    [
        *((EXPORT.path, "GET"), *((report.operation.path, "GET") for report in REPORTS)),
        *((operation.path, operation.method.upper()) for operation in OPERATIONS),
    ],
)
def test_no_answer_is_one_that_the_document_does_not_know(
    luot: Luot, schema: Any, path: str, method: str, mode: GenerationMode
) -> None:
    bearer = {"Authorization": f"Bearer {luot.token}"}
    operation = schema[path][method]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(data())
    def ask(drawn: DataObject) -> None:
        case = drawn.draw(operation.as_strategy(generation_mode=mode))
        # Strings that are made by chance name no site, and nearly no page.
        if drawn.draw(booleans()):
            case.path_parameters["site"] = luot.site
        if drawn.draw(booleans()) and isinstance(case.query, dict):
            case.query |= drawn.draw(sampled_from(QUESTIONS))
        case.call_and_validate(headers=bearer, checks=list(CHECKS))

    ask()


def test_the_document_is_made_from_the_routes(luot: Luot) -> None:
    told = luot.http.get("/openapi.json").get_json()
    routes = {
        rule.rule.replace("<int:", "<").replace("<", "{").replace(">", "}")
        for rule in create_app(luot.runtime).url_map.iter_rules()
        if rule.rule.startswith("/api/v1/sites/")
    }

    assert told["openapi"] == "3.1.0"
    assert routes == set(told["paths"])


def test_every_report_has_an_answer_that_fits_its_shape(luot: Luot) -> None:
    for report in REPORTS:
        question = report.path.replace("{dimension}", "source")
        more = {"path": "/a"} if "path" in {p.name for p in report.parameters} else {}
        value = {"value": "Google"} if question.endswith("/pages") else {}
        body = luot.report(question, **more, **value)
        assert isinstance(msgspec.convert(body, report.shape), report.shape)


def test_an_answer_that_is_known_is_not_sent_again(luot: Luot) -> None:
    address = f"/api/v1/sites/{luot.site}/totals"
    bearer = {"Authorization": f"Bearer {luot.token}"}
    first = luot.http.get(address, headers=bearer)
    again = luot.http.get(address, headers={**bearer, "If-None-Match": first.headers["ETag"]})

    assert (200, 304, b"") == (first.status_code, again.status_code, again.data)
    assert first.headers["Cache-Control"] == "private, no-cache"
