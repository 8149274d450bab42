"""
The reports that there are, in one table: how each is asked for, and what it answers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET

from service.dimensions import Dimension
from service.reporting.answers import PageDimension
from service.reporting.breakdowns import LONGEST
from service.reporting.formats import MEDIA_TYPES, Format, Table
from service.reporting.periods import Period
from service.web import counter_report, reported, reported_live, shapes, shapes_live
from service.web.openapi import Operation
from service.web.parameters import (
    COMPARE,
    CURSOR,
    LIMIT,
    ONE_PATH,
    PATH,
    PUBLISHED,
    SORT,
    SPAN,
    UNIT,
    VALUE,
    Asked,
    Parameter,
)

#: Where the reports of a site are.
PREFIX = "/api/v1/sites/{site}"

SITE = ("site", {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,62}$"})
_DIMENSION = {"type": "string", "enum": [str(name) for name in (*Dimension, *PageDimension)]}
_VALUED = {"type": "string", "enum": [str(name) for name in Dimension]}

FORMAT = Parameter(
    "format",
    "How the answer is written; else the Accept header says it.",
    {"type": "string", "enum": [str(one) for one in Format], "default": str(Format.JSON)},
)


@dataclass(frozen=True, slots=True)
class Report:
    """
    One report of a site.
    """

    #: Behind the site; ``{dimension}`` is variable.
    path: str
    summary: str
    parameters: tuple[Parameter, ...]
    answer: Callable[[Asked], shapes.Shape]
    shape: type[shapes.Shape]
    #: The same as a table.
    table: Callable[[Asked], Table]

    @property
    def name(self) -> str:
        """
        A word for it: what its files and its operation are called.
        """
        return self.path.replace("/{dimension}", "").replace("/", "-")

    @property
    def known(self) -> tuple[Parameter, ...]:
        """
        Every parameter that it may be asked with.
        """
        return (*self.parameters, FORMAT)

    @property
    def operation(self) -> Operation:
        """
        The same for ``/openapi.json``.
        """
        valued = self.path.endswith("/pages")
        return Operation(
            path=f"{PREFIX}/{self.path}",
            name=self.name.replace("-", "_"),
            summary=self.summary,
            parameters=self.known,
            shape=self.shape,
            media_types=tuple(MEDIA_TYPES[f] for f in Format if f is not Format.JSON),
            parts=(SITE, ("dimension", _VALUED if valued else _DIMENSION)),
        )


def _listed(member: str, row: type[shapes.Shape]) -> Callable[..., Callable[[Asked], Table]]:
    """
    A table made of a list in the answer.
    """

    def of(answer: Callable[[Asked], shapes.Shape]) -> Callable[[Asked], Table]:
        def table(asked: Asked) -> Table:
            rows = getattr(answer(asked), member)
            first = rows[0] if rows else None
            return Table(member, columns_of(row, first), cells_of(rows))

        return table

    return of


def _single(answer: Callable[[Asked], shapes.Shape]) -> Callable[[Asked], Table]:
    """
    A table of one row: the answer's own members that are no list and no other shape.
    """

    def table(asked: Asked) -> Table:
        found = answer(asked)
        told = msgspec.structs.asdict(found)
        names = {f.name: f.encode_name for f in msgspec.structs.fields(found)}
        plain = {
            names[name]: value
            for name, value in told.items()
            if value is not UNSET and not isinstance(value, list | dict | shapes.Shape)
        }
        return Table("row", tuple(plain), [tuple(plain.values())])

    return table


def _totals(asked: Asked) -> Table:
    found = reported.totals(asked)
    rows: list[Any] = [found, *([found.comparison] if found.comparison else [])]
    columns = ["from", "to", *columns_of(shapes.Measures, found)]
    cells = [
        (row.from_, row.to, *cells) for row in rows for cells in cells_of([row], shapes.Measures)
    ]
    return Table("totals", tuple(columns), cells)


def _pages(asked: Asked) -> Table:
    columns = _day_columns(shapes.PageRow, asked.span)
    if asked.once("limit") or asked.once("cursor"):
        return Table("pages", columns, cells_of(reported.pages(asked).pages))
    return Table("pages", columns, cells_of(reported.every_page(asked)))


def _breakdown(asked: Asked) -> Table:
    if asked.once("limit") or asked.once("cursor"):
        rows: Any = reported.breakdown(asked).values
    else:
        rows = reported.every_value(asked)
    is_page = asked.rest.replace("-", "_") in set(PageDimension)
    columns = _day_columns(shapes.ValueRow, asked.span)
    return Table("values", ("value", "views", "visits") if is_page else columns, cells_of(rows))


def _value_pages(asked: Asked) -> Table:
    rows = reported.value_pages(asked).pages
    return Table("pages", _day_columns(shapes.ValuePageRow, asked.span), cells_of(rows))


def _filtered(asked: Asked) -> Table:
    rows = reported.filtered(asked).filtered.items()
    return Table("filtered", ("reason", "requests"), rows)


def _counter(asked: Asked) -> Table:
    return Table("items", counter_report.COLUMNS, counter_report.counter_rows(asked))


def _day_columns(shape: type[shapes.Shape], span: Period) -> tuple[str, ...]:
    missing = "visitor_days" if span.first == span.last else "visitors"
    return tuple(name for name in columns_of(shape, None) if name != missing)


def columns_of(shape: type[shapes.Shape], row: shapes.Shape | None) -> tuple[str, ...]:
    """
    The names of a shape's members, without those that a row has not.
    """
    return tuple(
        member.encode_name
        for member in msgspec.structs.fields(shape)
        if row is None or getattr(row, member.name) is not UNSET
    )


def cells_of(rows: Any, shape: type[shapes.Shape] | None = None) -> Iterator[tuple[Any, ...]]:
    """
    The values of each row, without those that it has not.
    """
    for row in rows:
        members = msgspec.structs.fields(shape or row)
        values = (getattr(row, member.name) for member in members)
        yield tuple(value for value in values if value is not UNSET)


#: Every report; the order is that of the documentation.
REPORTS = (
    Report(
        "totals",
        "What happened in a period, and how that compares with another.",
        (*SPAN, PATH, COMPARE),
        reported.totals,
        shapes.Totals,
        _totals,
    ),
    Report(
        "series",
        "A period by hours, days, weeks or months.",
        (*SPAN, PATH, UNIT),
        reported.series_of,
        shapes.Series,
        _listed("series", shapes.Interval)(reported.series_of),
    ),
    Report(
        "pages",
        "The pages with the most views, entries or exits.",
        (*SPAN, SORT, LIMIT, CURSOR),
        reported.pages,
        shapes.Pages,
        _pages,
    ),
    Report(
        "breakdown/{dimension}",
        "A period by the values of a dimension, for the site or for a page.",
        (*SPAN, PATH, LIMIT, CURSOR),
        reported.breakdown,
        shapes.Breakdown,
        _breakdown,
    ),
    Report(
        "breakdown/{dimension}/pages",
        f"The pages behind one value of a dimension, of at most {LONGEST} days.",
        (*SPAN, VALUE, LIMIT),
        reported.value_pages,
        shapes.ValuePages,
        _value_pages,
    ),
    Report(
        "filtered",
        "Requests that were not counted, by reason.",
        SPAN,
        reported.filtered,
        shapes.Filtered,
        _filtered,
    ),
    Report(
        "realtime",
        "Who is there now, and the last thirty minutes.",
        (LIMIT,),
        reported_live.realtime,
        shapes_live.Realtime,
        _listed("minutes", shapes_live.Minute)(reported_live.realtime),
    ),
    Report(
        "curve",
        "A page's first hour, day and week.",
        (ONE_PATH, PUBLISHED),
        reported_live.curve_of,
        shapes_live.Curve,
        _listed("hours", shapes_live.Step)(reported_live.curve_of),
    ),
    Report(
        "snapshots",
        "How far reports are behind the live counters.",
        (),
        reported_live.snapshots,
        shapes_live.Snapshots,
        _single(reported_live.snapshots),
    ),
    Report(
        "counter-report",
        "Pages as items of a COUNTER report, release 5.",
        (*SPAN, LIMIT, CURSOR),
        counter_report.counter_report,
        counter_report.ItemReport,
        _counter,
    ),
)

#: A whole site, which no JSON answers.
EXPORT = Operation(
    path=f"{PREFIX}/export",
    name="export",
    summary="A whole site: a ZIP of tables as CSV, or its pages by day as one table.",
    parameters=(
        *SPAN,
        Parameter(
            "format",
            "A ZIP of all tables, or the pages by day.",
            {"type": "string", "enum": ["zip", "csv", "jsonl", "parquet"], "default": "zip"},
        ),
    ),
    shape=None,
    media_types=("application/zip", "text/csv", "application/jsonl", MEDIA_TYPES[Format.PARQUET]),
    parts=(SITE,),
)
