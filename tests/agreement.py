"""
Whether everything that holds numbers holds the same ones.
"""

from datetime import date

from sqlalchemy import func, select

from service.archive import schema
from service.counting.keys import SiteKeys
from tests.conftest import Luot


def assert_agreement(luot: Luot) -> None:
    """
    Redis, pages, days, hours and dimensions of SQL agree on the site's views, visits, visitors.
    """
    redis = luot.runtime.store.commands
    keys = SiteKeys(luot.site)
    whole = tuple(
        int(redis.hget(keys.state, name) or 0) for name in ("views", "visits", "visitors")
    )
    live_pages = {
        path: tuple(map(int, row.split()[:3]))
        for path, row in redis.hgetall(keys.pages).items()
        # One that has moved says where instead.
        if str(row)[0] != ">"
    }
    live_days = {
        date.fromisoformat(str(day)): tuple(map(int, row.split()))
        for day, row in redis.hgetall(keys.days).items()
    }
    with luot.runtime.database.read() as connection:
        page = schema.page.c
        rows = connection.execute(select(page.path, page.views, page.visits, page.visitors)).all()
        archived = {row[0]: tuple(row[1:]) for row in rows}
        sums = {}
        for table in (schema.hour_count, schema.day_count):
            count = table.c
            asked = (
                select(count.day, *(func.sum(count[m]) for m in ("views", "visits", "visitors")))
                .join(schema.page, page.id == count.page_id)
                .where(page.path == "")
                .group_by(count.day)
            )
            sums[table.name] = {
                row[0]: tuple(map(int, row[1:])) for row in connection.execute(asked)
            }
        value = schema.value_count.c
        of_site = (
            select(*(func.sum(value[m]) for m in ("views", "visits", "visitors")))
            .join(schema.page, page.id == value.page_id)
            .where(page.path == "", value.dimension == 1)
        )
        sources = tuple(int(n or 0) for n in connection.execute(of_site).one())
    assert whole == archived.pop("", (0, 0, 0))
    assert whole == sources
    assert {p: n for p, n in live_pages.items() if any(n)} == {
        p: n for p, n in archived.items() if any(n) and p != "(removed)"
    }
    assert whole[0] == sum(numbers[0] for numbers in archived.values())
    # A day whose numbers were all removed may stand there with none.
    of_days = {day: n for day, n in sums["day_count"].items() if any(n)}
    assert of_days == {day: n for day, n in live_days.items() if any(n)}
    assert of_days == {day: n for day, n in sums["hour_count"].items() if any(n)}
