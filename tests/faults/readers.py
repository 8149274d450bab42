"""
Independent readers of the numbers: Redis, SQL and the API, each by its own client and by hand.

Nothing of the service is used here but what its numbers look like from outside.
"""

import contextlib
import http.client
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import redis

#: Views, visits, visitors.
Three = tuple[int, int, int]

NOTHING: Three = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Numbers:
    """
    A site's numbers in one place: in all, of its pages, of its days and of its hours' days.
    """

    site: Three = NOTHING
    pages: dict[str, Three] = field(default_factory=dict)
    days: dict[str, Three] = field(default_factory=dict)
    hours: dict[str, Three] = field(default_factory=dict)

    @property
    def views(self) -> int:
        """
        Views in all.
        """
        return self.site[0]

    @property
    def page_views(self) -> int:
        """
        The views of all pages together.
        """
        return sum(page[0] for page in self.pages.values())


def of_redis(client: "redis.Redis", site: str) -> Numbers:
    """
    What stands in Redis, from the hashes themselves.
    """
    tag = f"luot:{{{site}}}"
    state, pages, days = (_hash(client, f"{tag}:{name}") for name in ("state", "pages", "days"))
    return Numbers(
        (int(state.get("views", 0)), int(state.get("visits", 0)), int(state.get("visitors", 0))),
        {path: _three(row) for path, row in pages.items()},
        {day: _three(row) for day, row in days.items()},
    )


def views_in_redis(client: "redis.Redis", site: str) -> int:
    """
    The site's views in Redis, 0 when there is nothing.
    """
    return int(client.hget(f"luot:{{{site}}}:state", "views") or 0)


def _hash(client: "redis.Redis", key: str) -> dict[str, str]:
    return {str(name): str(value) for name, value in client.hgetall(key).items()}


def _three(row: str) -> Three:
    views, visits, visitors = row.split()[:3]
    return int(views), int(visits), int(visitors)


class Sql:
    """
    The tables, read through the database's own driver.
    """

    def __init__(self, url: str, data_dir: Path) -> None:
        self._url, self._file = url, data_dir / "luot.sqlite3"

    def numbers(self, site: str) -> Numbers:
        """
        What stands in SQL, all of one moment.
        """
        with self._connected() as ask:
            pages = {
                str(path): (int(v), int(s), int(u))
                for path, v, s, u in ask(
                    "SELECT page.path, page.views, page.visits, page.visitors FROM page "
                    "JOIN site ON site.id = page.site_id WHERE site.name = {}",
                    site,
                )
            }
            whole = pages.pop("", NOTHING)
            return Numbers(whole, pages, *(self._by_day(ask, t, site) for t in _BY_DAY))

    def pages_by_table(self, site: str) -> dict[str, dict[str, int]]:
        """
        For hours and for days: each page's views in all; the empty path is the site.
        """
        with self._connected() as ask:
            return {
                table: {
                    str(path): int(views)
                    for path, views in ask(
                        f"SELECT page.path, SUM(t.views) FROM {table} t "  # noqa: S608 - own names
                        "JOIN page ON page.id = t.page_id JOIN site ON site.id = page.site_id "
                        "WHERE site.name = {} GROUP BY page.path",
                        site,
                    )
                }
                for table in _BY_DAY
            }

    def one(self, question: str, *given: object) -> Any:
        """
        The first column of the first row of a question, whose ``{}`` is replaced.
        """
        with self._connected() as ask:
            rows = ask(question, *given)
        return rows[0][0] if rows else None

    def lost_known(self, site: str) -> int:
        """
        Hits that the service itself says it has lost; one for a batch of which it knows no more.
        """
        return int(
            self.one(
                "SELECT SUM(f.requests) FROM filtered_count f JOIN site ON site.id = f.site_id "
                "WHERE site.name = {} AND f.reason LIKE 'lost%'",
                site,
            )
            or 0
        )

    def views(self, site: str) -> int:
        """
        The site's views in SQL.
        """
        return int(
            self.one(
                "SELECT page.views FROM page JOIN site ON site.id = page.site_id "
                "WHERE site.name = {} AND page.path = ''",
                site,
            )
            or 0
        )

    def _by_day(self, ask: Any, table: str, site: str) -> dict[str, Three]:
        rows = ask(
            f"SELECT t.day, SUM(t.views), SUM(t.visits), SUM(t.visitors) FROM {table} t "  # noqa: S608 - own names
            "JOIN page ON page.id = t.page_id JOIN site ON site.id = page.site_id "
            "WHERE site.name = {} AND page.path = '' GROUP BY t.day",
            site,
        )
        return {str(day): (int(v), int(s), int(u)) for day, v, s, u in rows}

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Any]:
        if self._url:
            with psycopg.connect(self._url, connect_timeout=5) as connection:
                yield lambda text, *given: connection.execute(
                    text.replace("{}", "%s").encode(), given
                ).fetchall()
            return
        light = sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=10)
        try:
            light.execute("BEGIN")
            yield lambda text, *given: light.execute(text.replace("{}", "?"), given).fetchall()
        finally:
            light.close()


_BY_DAY = ("day_count", "hour_count")


class Api:
    """
    The doors for readers, over HTTP.
    """

    def __init__(self, port: int, token: str, timeout: float = 5.0) -> None:
        self._port, self._token, self._timeout = port, token, timeout
        self._connection: http.client.HTTPConnection | None = None

    def get(self, path: str) -> tuple[int, Any]:
        """
        Status and body of a question; status 0 when nobody answered.
        """
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", self._port, timeout=self._timeout
            )
        try:
            self._connection.request(
                "GET", path, headers={"Authorization": f"Bearer {self._token}"}
            )
            answer = self._connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return 0, None
        if self._connection.sock is None:
            # The server has closed it: the next answer may be another process's.
            self.close()
        try:
            return answer.status, json.loads(body)
        except ValueError:
            return answer.status, body.decode("utf-8", "replace")

    def counters(self, site: str) -> dict[str, Any] | None:
        """
        The numbers that pages are shown; ``None``: there were none.
        """
        status, body = self.get(f"/counters?site={site}")
        return body if status == 200 and isinstance(body, dict) else None

    def totals(self, site: str, first: str, last: str) -> Three | None:
        """
        What reports say of some days.
        """
        status, body = self.get(f"/api/v1/sites/{site}/totals?from={first}&to={last}")
        if status != 200 or not isinstance(body, dict):
            return None
        return int(body["views"]), int(body["visits"]), int(body["visitors"])

    def close(self) -> None:
        """
        The next question goes over a new connection.
        """
        if self._connection is not None:
            self._connection.close()
            self._connection = None
