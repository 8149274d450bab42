"""
A month's report as text for a terminal or a mail, and as CSV, in the reader's language.
"""

from collections.abc import Callable, Iterable

from service.intake.sites import Site
from service.languages import Tongue, marked
from service.reporting.formats import Table, csv_parts
from service.reporting.months import Month

#: Why requests were filtered, as the report calls it.
REASONS = {
    "bot": marked("Robots"),
    "optout": marked("Opted out"),
    "prefetch": marked("Loaded ahead"),
    "excluded": marked("Excluded addresses"),
    "flood": marked("Floods"),
    "double_click": marked("Double clicks"),
    "late": marked("Late hits"),
}


def text_of(site: Site, found: Month, tongue: Tongue) -> str:
    """
    The report for a terminal or a mail.
    """
    say, number = tongue.say, tongue.number
    lines = [f"{site.name}: {tongue.month(found.month)}"]
    if not found.is_over:
        lines.append(say("up to %(day)s") % {"day": tongue.day(found.span.last)})
    lines.append("")
    for name, now, before in _headline(found, say):
        change = f"{now / before - 1:+.0%}" if before else "\u2013"
        lines.append(f"{number(now):>14}  {name}  ({number(before)}, {change})")
    lines += ["", say("Most read"), ""]
    for place, row in enumerate(found.pages, 1):
        lines.append(f"{place:>4}. {number(row.views):>10}  {row.title or row.path}")
    if not found.pages:
        lines.append(f"      {say('No page was viewed.')}")
    lines += ["", say("Filtered, counted in none of these numbers"), ""]
    lines += [f"{number(n):>14}  {_reason(reason, say)}" for reason, n in found.filtered.items()]
    return "\n".join(lines)


def csv_of(site: Site, found: Month, tongue: Tongue) -> Iterable[bytes]:
    """
    The report as one table that spreadsheets open.
    """
    say = tongue.say
    month = found.month.isoformat()[:7]
    columns = [say("Month"), say("What"), say("Name"), say("Path"), say("Number")]
    columns.append(say("Month before"))
    rows: list[tuple[str | int | None, ...]] = [
        (month, say("Site"), f"{site.name}: {name}", None, now, before)
        for name, now, before in _headline(found, say)
    ]
    rows += [
        (month, say("Most read"), row.title or row.path, row.path, row.views, None)
        for row in found.pages
    ]
    rows += [
        (month, say("Filtered"), _reason(reason, say), None, number, None)
        for reason, number in found.filtered.items()
    ]
    return csv_parts(Table("report", tuple(columns), rows))


def _headline(found: Month, say: Callable[[str], str]) -> list[tuple[str, int, int]]:
    now, before = found.totals, found.totals_before
    return [
        (say("views"), now.views, before.views),
        (say("visits"), now.visits, before.visits),
        (say("visitor-days"), now.visitors, before.visitors),
    ]


def _reason(reason: str, say: Callable[[str], str]) -> str:
    return say(REASONS[reason]) if reason in REASONS else reason
