"""
Pages as items of a COUNTER report, for libraries and those who publish for them.

The shape is that of an item report of COUNTER's Code of Practice, release 5. A total item
investigation is a view; a unique one is a visit with at least one view of the page. The code's
30-second rule is the site's ``double_click_seconds``; where it is off, the report says so.
"""

from collections.abc import Iterator
from datetime import date

from msgspec import UNSET, UnsetType

from service.clock import rfc3339
from service.intake.sites import Site
from service.reporting.investigations import Item, item_investigations
from service.reporting.periods import Period
from service.reporting.pieces import Place
from service.runtime import Runtime
from service.web.parameters import LARGEST_LIMIT, Asked
from service.web.reported import next_cursor, place_of
from service.web.shapes import Count, Cursor, Shape

TOTAL, UNIQUE = "Total_Item_Investigations", "Unique_Item_Investigations"

_NO_RULE = "double_click_seconds is 0: repeated views within 30 seconds are counted"


def _named(name: str) -> str:
    """
    A field's name as COUNTER writes it.
    """
    if name == "next_cursor":
        return name
    return "_".join("ID" if word == "id" else word.capitalize() for word in name.split("_"))


class NamedValue(Shape, frozen=True, kw_only=True, rename=_named):
    """
    A filter of the report.
    """

    name: str
    value: str


class ItemId(Shape, frozen=True, kw_only=True, rename=_named):
    """
    What an item is called elsewhere.
    """

    type: str
    value: str


class Warned(Shape, frozen=True, kw_only=True, rename=_named):
    """
    Something that a reader of the report has to know.
    """

    code: int
    severity: str
    message: str


class Header(Shape, frozen=True, kw_only=True, rename=_named):
    """
    What the report is of.
    """

    created: str
    created_by: str
    report_id: str
    release: str
    report_name: str
    institution_name: str
    report_filters: list[NamedValue]
    exceptions: list[Warned] | UnsetType = UNSET


class Dates(Shape, frozen=True, kw_only=True, rename=_named):
    """
    A month, or what of it was asked for.
    """

    begin_date: date
    end_date: date


class Instance(Shape, frozen=True, kw_only=True, rename=_named):
    """
    One metric and its number.
    """

    metric_type: str
    count: Count


class Performance(Shape, frozen=True, kw_only=True, rename=_named):
    """
    The metrics of a month.
    """

    period: Dates
    instance: list[Instance]


class ReportItem(Shape, frozen=True, kw_only=True, rename=_named):
    """
    A page.
    """

    item: str
    item_id: list[ItemId]
    platform: str
    data_type: str
    access_method: str
    performance: list[Performance]


class ItemReport(Shape, frozen=True, kw_only=True, rename=_named):
    """
    An item report.
    """

    report_header: Header
    report_items: list[ReportItem]
    next_cursor: Cursor


def counter_report(asked: Asked) -> ItemReport:
    """
    The pages with the most investigations, month by month.
    """
    span = asked.span
    items, last = item_investigations(
        asked.runtime.database, asked.site.id, span, asked.limit(), place_of(asked)
    )
    return ItemReport(
        report_header=_header(asked, span),
        report_items=[_item(asked.site.name, item) for item in items],
        next_cursor=next_cursor(last),
    )


def _header(asked: Asked, span: Period) -> Header:
    filters = {
        "Begin_Date": span.first.isoformat(),
        "End_Date": span.last.isoformat(),
        "Metric_Type": f"{TOTAL}|{UNIQUE}",
    }
    warning = Warned(code=1, severity="Warning", message=_NO_RULE)
    return Header(
        created=rfc3339(asked.runtime.clock.now_ms()),
        created_by="Luot",
        report_id="IR",
        release="5",
        report_name="Item Master Report",
        institution_name=asked.site.name,
        report_filters=[NamedValue(name=name, value=value) for name, value in filters.items()],
        exceptions=UNSET if asked.site.double_click_ms else [warning],
    )


def _item(platform: str, item: Item) -> ReportItem:
    months = [
        Performance(
            period=Dates(begin_date=month.span.first, end_date=month.span.last),
            instance=[
                Instance(metric_type=TOTAL, count=month.total),
                Instance(metric_type=UNIQUE, count=month.unique),
            ],
        )
        for month in item.months
    ]
    return ReportItem(
        item=item.title or item.path,
        item_id=[ItemId(type="Proprietary", value=item.path)],
        platform=platform,
        data_type="Article",
        access_method="Regular",
        performance=months,
    )


#: The columns of the same as a table.
COLUMNS = ("item", "path", "platform", "begin_date", "end_date", "metric_type", "count")


def counter_rows(asked: Asked) -> Iterator[tuple[object, ...]]:
    """
    The report as a table: a row for each page, month and metric, of all pages unless so many.

    What was asked is read now, not when the first row is wanted: by then the answer has begun.
    """
    is_part = bool(asked.once("limit") or asked.once("cursor"))
    limit = asked.limit() if is_part else LARGEST_LIMIT
    return _rows(asked.runtime, asked.site, asked.span, place_of(asked), limit, is_part=is_part)


def _rows(
    here: Runtime, site: Site, span: Period, place: Place | None, limit: int, *, is_part: bool
) -> Iterator[tuple[object, ...]]:
    while True:
        items, place = item_investigations(here.database, site.id, span, limit, place)
        for item in items:
            for month in item.months:
                told = (item.title or item.path, item.path, site.name)
                dates = (month.span.first, month.span.last)
                yield (*told, *dates, TOTAL, month.total)
                yield (*told, *dates, UNIQUE, month.unique)
        if is_part or place is None:
            return
