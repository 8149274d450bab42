"""
A year of a site, written straight into SQL: into SQLite as into PostgreSQL.

Every page has numbers on every day. Most pages are articles: read for some days after they
appeared and hardly at all later, so that each day has other pages at its top; a few are read
evenly. The first thousand have the dimensions that pages have by default, and hours of the last
five weeks like all others; the site as a whole has all dimensions and the hours of the year.
Nothing here went through a front: it is only there to be asked about.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, text

from service.archive import schema
from service.archive.databases import Database
from service.dimensions import PAGE_DEFAULT, Dimension

#: Days whose hours are kept for pages.
PAGE_HOURS_DAYS = 35

#: Pages that are read in every hour; any other is read in so many hours of a day.
BUSY_PAGES, HOURS_OF_OTHERS = 200, 3


@dataclass(frozen=True, slots=True)
class Year:
    """
    How much of it there is.
    """

    site: str
    pages: int = 10_000
    days: int = 365
    #: Pages that have dimensions, and the values of each of these on a day.
    top_pages: int = 1_000
    values: int = 3
    #: Values of each dimension of the site on a day.
    site_values: int = 60


def path_of(place: int) -> str:
    """
    The path of the page at this place, from 1.
    """
    return f"/tin/bai-{place}"


def write(database: Database, year: Year, today: date) -> int:
    """
    The site has a year behind it, today the last day; returns how many rows that is.

    :param database: with tables, and without pages of this site
    """
    with database.write() as connection:
        site = _site(connection, year)
        _helpers(connection, year, site, today)
        summed, others = _statements(year, site)[:3], _statements(year, site)[3:]
        rows = sum(connection.execute(text(told)).rowcount for told in summed)
        if connection.dialect.name == "postgresql":
            # Foreign keys are right by construction; the triggers of months have done their work.
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        rows += sum(connection.execute(text(told)).rowcount for told in others)
        for name in ("days", "hours", "dimensions", "told", "ranked", "shares"):
            connection.execute(text(f"DROP TABLE {name}_"))
    with database.read() as connection:
        plain = connection.execution_options(isolation_level="AUTOCOMMIT")
        # What the database does by itself within a day or so.
        is_postgresql = plain.dialect.name == "postgresql"
        plain.execute(text("VACUUM (ANALYZE)" if is_postgresql else "ANALYZE"))
    return rows


def _site(connection: Connection, year: Year) -> int:
    row = {"name": year.site, "timezone": "Asia/Ho_Chi_Minh", "epoch": 1, "head": "0" * 32}
    known = connection.execute(text("SELECT id FROM site WHERE name = :name"), row).scalar()
    if known is None:
        connection.execute(schema.site.insert(), [row])
        known = connection.execute(text("SELECT id FROM site WHERE name = :name"), row).scalar()
    return int(known or 0)


def _helpers(connection: Connection, year: Year, site: int, today: date) -> None:
    """
    Small tables that the large ones are multiplied from.
    """
    days = [{"day": today - timedelta(days=year.days - 1 - n), "n": n} for n in range(year.days)]
    _table(connection, "days_", "day DATE, n INTEGER", days)
    _table(connection, "hours_", "n INTEGER", [{"n": n} for n in range(24)])
    places = [
        {"n": n, "of_page": int(dimension in PAGE_DEFAULT)}
        for n, dimension in enumerate(Dimension, 1)
    ]
    _table(connection, "dimensions_", "n INTEGER, of_page INTEGER", places)
    pages = [{"site_id": site, "path": "", "title": None}] + [
        {"site_id": site, "path": path_of(n), "title": f"Bài viết số {n}"}
        for n in range(1, year.pages + 1)
    ]
    connection.execute(schema.page.insert(), pages)
    connection.execute(schema.value.insert(), [{"text": f"v{n}"} for n in range(year.site_values)])
    connection.execute(
        text(
            "CREATE TABLE told_ AS SELECT id, row_number() OVER (ORDER BY id) AS place "
            "FROM value WHERE text LIKE 'v%'"
        )
    )
    connection.execute(
        text(
            "CREATE TABLE ranked_ AS SELECT id, row_number() OVER (ORDER BY id) AS place "
            f"FROM page WHERE site_id = {site} AND path <> ''"
        )
    )
    # What each page has on each day, once for all tables.
    age = f"(d.n - r.place * {year.days} / {year.pages})"
    burst = f"CASE WHEN {age} BETWEEN 0 AND 30 THEN (400 + r.place * 7919 % 3000) / (1 + {age}) END"
    connection.execute(
        text(
            "CREATE TABLE shares_ AS SELECT r.id, r.place, d.day, d.n, "
            f"1 + 2000 / (20 + r.place) + COALESCE({burst}, 0) AS views "
            "FROM days_ d, ranked_ r"
        )
    )


def _table(
    connection: Connection, name: str, columns: str, rows: Sequence[Mapping[str, object]]
) -> None:
    connection.execute(text(f"CREATE TABLE {name} ({columns})"))
    names = [column.split()[0] for column in columns.split(", ")]
    told = ", ".join(f":{column}" for column in names)
    statement = text(f"INSERT INTO {name} VALUES ({told})")
    connection.execute(
        statement, [{k: str(v) if k == "day" else v for k, v in row.items()} for row in rows]
    )


def _statements(year: Year, site: int) -> list[str]:
    measures = ", ".join(schema.MEASURES)
    counts = "{0}, {0} / 2, {0} / 3, {0} / 4, {0} / 4, {0} / 8, {0} * 30, 0"
    sums = ", ".join(f"SUM({measure})" for measure in schema.MEASURES)
    whole = f"(SELECT id FROM page WHERE site_id = {site} AND path = '')"
    first = year.days - PAGE_HOURS_DAYS
    values = ", ".join(schema.VALUE_MEASURES)
    return [
        (
            f"INSERT INTO day_count (site_id, day, page_id, {measures}) "
            f"SELECT {site}, day, id, {counts.format('views')} FROM shares_ ORDER BY day, id"
        ),
        (
            f"INSERT INTO day_count (site_id, day, page_id, {measures}) "
            f"SELECT {site}, day, {whole}, {sums} FROM day_count WHERE site_id = {site} "
            "GROUP BY day"
        ),
        (
            f"INSERT INTO value_count (page_id, dimension, day, value_id, {values}) "
            f"SELECT {whole}, m.n, d.day, v.id, 1000 + v.place, 500, 400, 0 "
            "FROM dimensions_ m, days_ d, told_ v ORDER BY m.n, d.day, v.id"
        ),
        (
            f"INSERT INTO hour_count (page_id, day, hour, {measures}) SELECT s.id, s.day, h.n, "
            f"{counts.format('(1 + s.views / 24)')} FROM shares_ s, hours_ h "
            f"WHERE s.n >= {first} AND (s.place <= {BUSY_PAGES} OR (h.n + s.place) % 24 < "
            f"{HOURS_OF_OTHERS}) ORDER BY s.id, s.day, h.n"
        ),
        (
            f"INSERT INTO hour_count (page_id, day, hour, {measures}) SELECT {whole}, d.day, h.n, "
            f"{counts.format('(50000 + h.n)')} FROM days_ d, hours_ h ORDER BY d.day, h.n"
        ),
        (
            f"INSERT INTO value_count (page_id, dimension, day, value_id, {values}) "
            "SELECT r.id, m.n, d.day, v.id, 10 + v.place, 5, 4, 0 "
            "FROM ranked_ r, dimensions_ m, days_ d, told_ v "
            f"WHERE r.place <= {year.top_pages} AND m.of_page = 1 AND v.place <= {year.values} "
            "ORDER BY r.id, m.n, d.day, v.id"
        ),
        (
            "INSERT INTO filtered_count (site_id, day, hour, reason, requests) "
            f"SELECT {site}, d.day, h.n, 'bot', 900 FROM days_ d, hours_ h"
        ),
    ]
