"""
The report of a month as a page that is printed.
"""

from itertools import zip_longest

from flask import Response, request

from service.intake.queries import query_value
from service.reporting.month_texts import csv_of
from service.reporting.months import month, month_after, month_before, month_of
from service.web import labels
from service.web.boards import below_site, blueprint
from service.web.charts import Point, chart
from service.web.looks import Look
from service.web.overviews import tiles
from service.web.pages import page
from service.web.tongues import speaking

__all__ = ["blueprint", "report", "report_csv"]


@below_site("/report")
def report(look: Look) -> Response:
    """
    The report of a month.
    """
    first = month_of(query_value(request.query_string, "month"), look.today)
    found = month(look.runtime.database, look.site.id, first, look.today, look.site.zone)
    tongue = speaking()
    points = [
        Point(
            tongue.short_day(row.first),
            tongue.long_day(row.first),
            row.views,
            before.views if before else None,
        )
        for row, before in zip_longest(found.days, found.days_before[: len(found.days)])
    ]
    after = month_after(first)
    return page(
        "report.html",
        look=look,
        viewer=look.viewer,
        labels=labels,
        found=found,
        tiles=tiles(
            found.totals, found.totals_before, found.totals.visits, found.totals_before.visits
        ),
        chart=chart(points, is_growing=not found.is_over),
        earlier=month_before(first),
        later=after if after <= look.today else None,
        made=look.today,
    )


@below_site("/report.csv")
def report_csv(look: Look) -> Response:
    """
    The same as a file for a spreadsheet.
    """
    first = month_of(query_value(request.query_string, "month"), look.today)
    found = month(look.runtime.database, look.site.id, first, look.today, look.site.zone)
    response = Response(
        csv_of(look.site, found, speaking()), content_type="text/csv; charset=utf-8"
    )
    name = f"{look.site.id}-{first.isoformat()[:7]}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
