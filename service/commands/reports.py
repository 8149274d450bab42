"""
``luot report``: a site's numbers in the terminal.
"""

import json
from dataclasses import asdict
from datetime import date

import click

from service.commands.options import opened, site_in, site_option, with_settings
from service.errors import Rejected, SettingsError
from service.languages import LANGUAGES, language_of, tongue
from service.reporting import answers
from service.reporting.month_texts import csv_of, text_of
from service.reporting.months import month, month_of
from service.reporting.periods import LONGEST, Period, last_days
from service.runtime import Runtime
from service.settings import Settings

#: Pages that are listed.
TOP = 10

#: Bars in a line; a longer period has several days in each.
WIDTH = 60

_BARS = "▁▂▃▄▅▆▇█"


@click.command("report")
@site_option
@click.option(
    "--days",
    type=click.IntRange(1, LONGEST),
    default=30,
    show_default=True,
    help="Site-days up to today.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--month", "named", default="", help="A month instead, such as 2026-11.")
@click.option(
    "--csv",
    "as_csv",
    is_flag=True,
    help="Print the month as CSV; without --month the one that is over.",
)
@click.option("--lang", type=click.Choice(LANGUAGES), help="The month's language; else the site's.")
@with_settings
def report(  # a command has as many parts as it has
    settings: Settings,
    site: str,
    days: int,
    as_json: bool,  # noqa: FBT001 - a flag
    named: str,
    as_csv: bool,  # noqa: FBT001 - a flag
    lang: str | None,
) -> None:
    """
    Prints totals, a line of the days, and the most read pages; or the report of a month.
    """
    if as_json and (named or as_csv):
        raise SettingsError(["--json: is for --days; a month is text or --csv"])
    if named or as_csv:
        _month(settings, site, named, lang, as_csv)
        return
    runtime = opened(settings)
    found = site_in(runtime, site)
    today = date.fromisoformat(found.day(runtime.clock.now_ms()).label)
    span = last_days(days, today)
    told = _json if as_json else _text
    click.echo(told(runtime, site, span))


def _month(settings: Settings, name: str, named: str, lang: str | None, as_csv: bool) -> None:  # noqa: FBT001 - a flag
    runtime = opened(settings)
    site = site_in(runtime, name)
    today = date.fromisoformat(site.day(runtime.clock.now_ms()).label)
    try:
        first = month_of(named or None, today)
    except Rejected:
        raise SettingsError(["--month: must be a month that has begun, such as 2026-11"]) from None
    found = month(runtime.database, site.id, first, today, site.zone)
    spoken = tongue(lang or language_of(site.locale) or LANGUAGES[0])
    if as_csv:
        for part in csv_of(site, found, spoken):
            click.echo(part, nl=False)
    else:
        click.echo(text_of(site, found, spoken))


def _json(runtime: Runtime, site: str, span: Period) -> str:
    database = runtime.database
    body = {
        "site": site,
        "from": span.first.isoformat(),
        "to": span.last.isoformat(),
        "totals": asdict(answers.totals(database, site, span)),
        "all_time": asdict(answers.all_time(database, site)),
        "days": [
            {"day": row.day.isoformat(), "views": row.views, "visits": row.visits}
            for row in answers.days(database, site, span)
        ],
        "pages": [asdict(row) for row in answers.pages(database, site, span, TOP)],
        "filtered": answers.filtered(database, site, span),
    }
    return json.dumps(body, ensure_ascii=False)


def _text(runtime: Runtime, site: str, span: Period) -> str:
    database = runtime.database
    totals, ever = answers.totals(database, site, span), answers.all_time(database, site)
    views = [row.views for row in answers.days(database, site, span)]
    many = -(-len(views) // WIDTH)
    unit = "day" if many == 1 else f"{many} days"
    columns = [sum(views[first : first + many]) for first in range(0, len(views), many)]
    lines = [
        f"{runtime.sites[site].name} ({site}), {span.first} to {span.last}",
        "",
        f"{totals.views:>14,}  views      {ever.views:>14,} in all",
        f"{totals.visits:>14,}  visits     {ever.visits:>14,} in all",
        f"{totals.visitors:>14,}  visitor-days",
        f"{totals.bounces:>14,}  bounces",
        "",
        f"  {spark(columns)}  views by {unit}, up to {max(columns):,}",
        "",
    ]
    rows = answers.pages(database, site, span, TOP)
    lines += [f"{row.views:>14,}  {row.path}  {row.title or ''}".rstrip() for row in rows]
    return "\n".join(lines if rows else [*lines, "  no page was viewed in these days"])


def spark(numbers: list[int]) -> str:
    """
    A line with a bar for each number, the highest for the largest.
    """
    most = max(numbers, default=0) or 1
    return "".join(_BARS[(number * (len(_BARS) - 1) + most - 1) // most] for number in numbers)
