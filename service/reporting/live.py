"""
SQL's numbers in the form of the live ones, for the time when Redis is away.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select

from service.archive import schema
from service.archive.databases import Database
from service.archive.moves import paths_now
from service.counting.numbers import PageNumbers, SiteNumbers, Tally
from service.counting.wire import DAYS_KEPT
from service.reporting.asking import page_number


def archived_numbers(database: Database, site: str, paths: Sequence[str]) -> SiteNumbers | None:
    """
    The numbers as of the last snapshot; ``None`` when SQL has none of the site.
    """
    page, day = schema.page.c, schema.day_count.c
    with database.read() as connection:
        number = page_number(connection, site)
        if number is None:
            return None
        whole = connection.execute(select(schema.page).where(page.id == number)).one()
        newest = select(func.max(day.day)).where(day.page_id == number).scalar_subquery()
        last = connection.execute(select(newest)).scalar()
        since = last - timedelta(days=DAYS_KEPT) if last else None
        of_days = select(day.day, day.views, day.visits, day.visitors).where(
            day.page_id == number, day.day > since
        )
        days = connection.execute(of_days).all() if last else []
        now = paths_now(connection, whole.site_id, paths)
        wanted = {now.get(path, path) for path in paths}
        of_pages = select(schema.page).where(page.site_id == whole.site_id, page.path.in_(wanted))
        known = {row.path: row for row in connection.execute(of_pages)}
        today = select(day.page_id, day.views).where(
            day.page_id.in_([row.id for row in known.values()]), day.day == last
        )
        views_today = {row.page_id: row.views for row in connection.execute(today)}
        added = schema.delta.c
        changed = select(func.max(added.added_ms)).where(added.site_id == whole.site_id)
        changed_ms = connection.execute(changed).scalar() or 0
    return SiteNumbers(
        total=Tally(whole.views, whole.visits, whole.visitors),
        baseline_views=whole.baseline_views + whole.history_views,
        baseline_visits=whole.baseline_visits + whole.history_visits,
        changed_ms=changed_ms,
        online=None,
        days={row.day.isoformat(): Tally(row.views, row.visits, row.visitors) for row in days},
        pages=tuple(
            PageNumbers(
                Tally(row.views, row.visits, row.visitors),
                last.isoformat() if last else "",
                views_today.get(row.id, 0),
                0,
                row.baseline_views + row.history_views,
                row.baseline_visits + row.history_visits,
            )
            if (row := known.get(now.get(path, path)))
            else None
            for path in paths
        ),
    )
