"""
What the reports answer that are about now or about a beginning: realtime, curves, snapshots.
"""

from datetime import datetime

from service.clock import instant
from service.counting.presences import read_presence
from service.intake.days import day_before
from service.intake.sites import Site
from service.reporting.curves import curve
from service.reporting.health import snapshot_health
from service.reporting.realtime import pages_now, sources_now, titles_of
from service.web import shapes_live as shapes
from service.web.parameters import Asked

MINUTE_MS = 60_000


def realtime(asked: Asked) -> shapes.Realtime:
    """
    Who is there, what they read and where they came from, and the last thirty minutes.

    :raises SiteNotOpen, StoreUnavailable: there is nothing live to tell
    """
    runtime, site = asked.runtime, asked.site
    now = runtime.clock.now_ms()
    today = site.day(now)
    found = read_presence(
        runtime.store,
        site.id,
        today,
        day_before(today, site.zone),
        runtime.online_since_ms(),
        now,
    )
    limit = asked.limit()
    return shapes.Realtime(
        site=site.id,
        timezone=site.zone.key,
        as_of=instant(now - now % 1000),
        online=found.online,
        online_minutes=runtime.settings.online_minutes,
        online_looked_up=found.looked_up,
        minutes=[
            shapes.Minute(begins=_local(site, minute * MINUTE_MS), views=views)
            for minute, views in found.minutes
        ],
        pages=[
            shapes.PageNow(path=row.path, title=row.title, online=row.online)
            for row in pages_now(runtime.database, site.id, found, limit)
        ],
        sources=[
            shapes.SourceNow(source=row.source, channel=row.channel, online=row.online)
            for row in sources_now(found, limit)
        ],
    )


def curve_of(asked: Asked) -> shapes.Curve:
    """
    The first week of a page.
    """
    runtime, site, path = asked.runtime, asked.site, asked.one_path
    now, published = runtime.clock.now_ms(), asked.instant_ms("published")
    found = curve(runtime.database, site.id, path, site.zone, now, published)
    return shapes.Curve(
        site=site.id,
        timezone=site.zone.key,
        path=path,
        title=titles_of(runtime.database, site.id, [path]).get(path),
        begins=None if found.begins_ms is None else _local(site, found.begins_ms),
        first_hour_views=found.first_hour_views,
        first_day_views=found.first_day_views,
        first_week_views=found.first_week_views,
        hours=[
            shapes.Step(
                hour=step.hour,
                begins=_local(site, step.begins_ms),
                views=step.views,
                views_so_far=step.views_so_far,
            )
            for step in found.steps
        ],
    )


def snapshots(asked: Asked) -> shapes.Snapshots:
    """
    How far SQL is behind.
    """
    runtime, site = asked.runtime, asked.site
    now = runtime.clock.now_ms()
    found = snapshot_health(runtime.database, runtime.store, site.id, now)
    last = found.last_added_ms
    return shapes.Snapshots(
        site=site.id,
        timezone=site.zone.key,
        number=found.number,
        last_added=None if last is None else instant(last - last % 1000),
        age_seconds=None if last is None else max(0, now - last) // 1000,
        added_last_hour=found.added_last_hour,
        added_last_day=found.added_last_day,
        epoch=found.epoch,
        is_open=found.is_open,
        waiting_deltas=found.waiting,
    )


def _local(site: Site, ms: int) -> datetime:
    return instant(ms).astimezone(site.zone)
