"""
A year of a site with 10,000 pages, written straight into SQLite.

Every page has numbers on every day; the thousand most read have their eight dimensions too, with
three values each. Nothing here went through a front: it is only there to be asked about.
"""

import sqlite3
from datetime import date, timedelta
from pathlib import Path

from bench import traffic
from service.archive.databases import SQLITE_FILE
from service.dimensions import PAGE_DEFAULT, Dimension

#: Pages of the site, those with dimensions, and the values that each dimension has on a page.
PAGES, TOP_PAGES, VALUES = 10_000, 1_000, 3

#: Values that each dimension has for the site as a whole.
SITE_VALUES = 40

#: Days that the history has, today the last.
DAYS = 365


def write_year(data: Path, today: date) -> int:
    """
    The site has a year behind it; returns how many rows that is.

    :param data: the data directory, with tables and with the site in them
    """
    connection = sqlite3.connect(data / SQLITE_FILE)
    try:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("CREATE TEMP TABLE days (day TEXT)")
        days = [((today - timedelta(days=back)).isoformat(),) for back in range(DAYS)]
        connection.executemany("INSERT INTO days VALUES (?)", days)
        site = connection.execute("SELECT id FROM site WHERE name = ?", [traffic.SITE]).fetchone()
        with connection:
            rows = _write(connection, site[0])
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
    return rows


def _write(connection: sqlite3.Connection, site: int) -> int:
    connection.executemany(
        "INSERT OR IGNORE INTO page (site_id, path, title) VALUES (?, ?, ?)",
        [(site, traffic.path_of(page), f"Bài viết số {page}") for page in range(PAGES)],
    )
    connection.execute("INSERT OR IGNORE INTO page (site_id, path) VALUES (?, '')", [site])
    connection.executemany(
        "INSERT OR IGNORE INTO value (text) VALUES (?)", [(f"v{n}",) for n in range(SITE_VALUES)]
    )
    # A page's place among the others; the site itself has more than all of them.
    connection.execute(
        "CREATE TEMP TABLE ranked AS SELECT id, CASE path WHEN '' THEN 0 ELSE "
        "row_number() OVER (ORDER BY path = '' DESC, id) END AS place FROM page WHERE site_id = ?",
        [site],
    )
    rows = 0
    for statement, told in _statements(site):
        rows += connection.execute(statement, told).rowcount
    return rows


def _statements(site: int) -> list[tuple[str, list[int]]]:
    views = "(CASE r.place WHEN 0 THEN 500000 ELSE 1 + 200000 / (100 + r.place) END)"
    counts = f"{views}, {views} / 2, {views} / 3, {views} / 4, {views} / 4, {views} / 8, {views}, 0"
    of_pages = ",".join(str(n) for n, d in enumerate(Dimension, 1) if d in PAGE_DEFAULT)
    of_days = (
        "INSERT OR IGNORE INTO day_count (site_id, day, page_id, views, visits, visitors, "
        "entries, exits, engaged_visits, engaged_seconds, events) "
        f"SELECT ?, d.day, r.id, {counts} FROM days d, ranked r ORDER BY d.day, r.id"
    )
    return [
        (of_days, [site]),
        (_values(f"d.n IN ({of_pages})", "r.place BETWEEN 1 AND ?", VALUES), [TOP_PAGES]),
        (_values("1", "r.place = ?", SITE_VALUES), [0]),
    ]


def _values(dimensions: str, pages: str, values: int) -> str:
    numbers = ",".join(f"({n})" for n, _ in enumerate(Dimension, 1))
    return (
        "INSERT OR IGNORE INTO value_count (page_id, dimension, day, value_id, views, visits, "
        "visitors, events) SELECT r.id, d.n, days.day, v.id, v.id + 1, v.id, 1, 0 "
        f"FROM ranked r, (SELECT column1 AS n FROM (VALUES {numbers})) d, days, "
        f"(SELECT id FROM value WHERE text LIKE 'v%' ORDER BY id LIMIT {values}) v "
        f"WHERE {pages} AND {dimensions} ORDER BY r.id, d.n, days.day, v.id"
    )
