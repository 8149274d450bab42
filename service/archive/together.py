"""
Which pages were read by the same readers, added up by weeks.

Each pair of pages stands twice, once for each. How many others a page may have is bounded, so
rows are; and a pair that few readers made is forgotten with its week, so that nobody's reading
can be put together from pairs that are one reader's alone.
"""

from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, ScalarSelect, delete, func, select, update
from sqlalchemy import bindparam as bound

from service.archive import schema
from service.archive.databases import add_to
from service.clock import instant

#: Readers below which a pair of pages is never shown, and not kept past its week.
FLOOR = 5

#: Weeks that are kept, the present one included.
WEEKS = 5

#: Other pages that a page may have in one week.
OTHERS = 100

#: Pages that one question names.
_CHUNK = 1_000

#: (site-day, page, page) -> readers; a page is the beginning of its digest.
Together = dict[tuple[str, str, str], int]


def week_of(day: date) -> date:
    """
    The Monday of a day's week.
    """
    return day - timedelta(days=day.weekday())


def oldest_week(today: date) -> date:
    """
    The Monday of the oldest week that is kept.
    """
    return week_of(today) - timedelta(weeks=WEEKS - 1)


def add_together(connection: Connection, site_id: int, together: Together, now_ms: int) -> None:
    """
    The pairs are added, but for those that would give a page too many others.
    """
    oldest = oldest_week(instant(now_ms).date())
    sums: dict[tuple[date, str, str], int] = {}
    for (label, one, other), readers in together.items():
        week = week_of(date.fromisoformat(label))
        if week >= oldest:
            sums[week, one, other] = sums.get((week, one, other), 0) + readers
    pages = _pages(connection, site_id, {page for _, *both in sums for page in both})
    rows = [
        {"page_id": pages[a], "week": week, "other_id": pages[b], "readers": readers}
        for (week, one, other), readers in sums.items()
        if one in pages and other in pages
        for a, b in ((one, other), (other, one))
    ]
    full = _full(connection, set(pages.values()))
    add_to(
        connection,
        schema.related_count,
        [row for row in rows if (row["page_id"], row["week"]) not in full],
        ["readers"],
    )
    _add_known(connection, [row for row in rows if (row["page_id"], row["week"]) in full])


def forget_together(connection: Connection, site_id: ScalarSelect[int], today: date) -> None:
    """
    Pairs of old weeks are gone, and those of few readers whose week is over.
    """
    count = schema.related_count.c
    of_site = select(schema.page.c.id).where(schema.page.c.site_id == site_id)
    # A week that has just ended may still get hits that waited in journals.
    ended = week_of(today - timedelta(days=2))
    for old in (
        count.week < oldest_week(today),
        (count.week < ended) & (count.readers < FLOOR),
    ):
        connection.execute(delete(schema.related_count).where(count.page_id.in_(of_site), old))


def _pages(connection: Connection, site_id: int, digests: Collection[str]) -> dict[str, int]:
    page = schema.page.c
    found: dict[str, int] = {}
    for chunk in _chunks(sorted(digests)):
        asked = select(page.digest, page.id).where(
            page.site_id == site_id, page.digest.in_(chunk), page.path != ""
        )
        found.update((digest, number) for digest, number in connection.execute(asked))
    return found


def _full(connection: Connection, pages: Collection[int]) -> set[tuple[int, date]]:
    """
    Pages and weeks that may get no other page more.
    """
    count = schema.related_count.c
    found: set[tuple[int, date]] = set()
    for chunk in _chunks(sorted(pages)):
        asked = (
            select(count.page_id, count.week)
            .where(count.page_id.in_(chunk))
            .group_by(count.page_id, count.week)
            .having(func.count() >= OTHERS)
        )
        found.update((page, week) for page, week in connection.execute(asked))
    return found


def _add_known(connection: Connection, rows: list[dict[str, Any]]) -> None:
    count = schema.related_count.c
    if rows:
        connection.execute(
            update(schema.related_count)
            .where(
                count.page_id == bound("of_page"),
                count.week == bound("of_week"),
                count.other_id == bound("of_other"),
            )
            .values(readers=count.readers + bound("more")),
            [
                {
                    "of_page": row["page_id"],
                    "of_week": row["week"],
                    "of_other": row["other_id"],
                    "more": row["readers"],
                }
                for row in rows
            ],
        )


def _chunks(rows: list[Any]) -> Iterator[list[Any]]:
    for first in range(0, len(rows), _CHUNK):
        yield rows[first : first + _CHUNK]
