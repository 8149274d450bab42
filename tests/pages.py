"""
Pages of a site and a Luot beside them, each on a port of its own, for browsers and scripts.
"""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import uvicorn

from service.archive.migrating import migrate
from service.archive.snapshots import snapshot
from service.archive.tokens import Scope, create_token
from service.clock import process_clock
from service.dimensions import Dimension
from service.reporting import answers
from service.reporting.periods import Period
from service.runtime import Runtime
from service.web.asgi import create_app
from tests import servers
from tests.conftest import settings_for
from tests.servers import until


@dataclass
class Pages:
    """
    A server of pages by their paths, under http://localhost.
    """

    server: ThreadingHTTPServer
    known: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return f"http://localhost:{self.server.server_port}"

    def add(self, path: str, html: str) -> str:
        """
        The address of a page that is there from now on.
        """
        self.known[path] = "text/html; charset=utf-8", html.encode()
        return self.base + path

    def add_file(self, path: str, file: Path) -> str:
        self.known[path] = "text/javascript", file.read_bytes()
        return self.base + path


@dataclass
class Beside:
    """
    A Luot under http://127.0.0.1, and what it has counted.
    """

    runtime: Runtime
    port: int
    site: str = "s1"

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def token(self) -> str:
        database, now = self.runtime.database, self.runtime.clock.now_ms()
        return create_token(database, "*", Scope.WRITE, now)

    def pages(self) -> dict[str, tuple[int, str | None]]:
        """
        Views and title of each page, today.
        """
        found = answers.pages(self._snapshotted(), self.site, self._today(), 100)
        return {row.path: (row.views, row.title) for row in found}

    def events(self) -> int:
        return answers.totals(self._snapshotted(), self.site, self._today()).events

    def values(self, dimension: Dimension, path: str) -> dict[str, int]:
        """
        A page's views by a dimension.
        """
        asked = self._snapshotted(), self.site, dimension, self._today(), 100, path
        return {row.value: row.views for row in answers.breakdown(*asked) if row.views}

    def has_views(self, path: str, views: int = 1) -> bool:
        shown = self.runtime.shown(self.runtime.sites[self.site], [path])
        page = shown.numbers.pages[0] if shown else None
        return page is not None and page.total.views >= views

    def _snapshotted(self) -> Any:
        here = self.runtime
        snapshot(here.store, here.database, self.site, here.clock)
        return here.database

    def _today(self) -> Period:
        label = self.runtime.sites[self.site].day(self.runtime.clock.now_ms()).label
        return Period(date.fromisoformat(label), date.fromisoformat(label))


@contextmanager
def pages() -> Iterator[Pages]:
    """
    A server of pages, none there yet.
    """
    found: list[Pages] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = found[0].known.get(self.path.partition("?")[0], ("", b""))
            self.send_response(200 if kind else 404)
            self.send_header("Content-Type", kind or "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_told: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        found.append(Pages(server))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield found[0]
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def beside(folder: Path, **changes: Any) -> Iterator[Beside]:
    """
    A Luot for the pages of localhost, as it is deployed but for the processes.
    """
    with servers.valkey() as valkey, socket.socket() as listening:
        site = {"hosts": ["localhost"], **changes.pop("site", {})}
        told = settings_for(folder, valkey.url, site=site, trusted_proxies=0, **changes)
        runtime = Runtime(told, process_clock())
        migrate(runtime.database)
        listening.bind(("127.0.0.1", 0))
        app: Any = create_app(runtime)
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
        serving = server.serve([listening])
        thread = threading.Thread(target=asyncio.run, args=(serving,))
        thread.start()
        try:
            until(lambda: server.started, 20)
            runtime.open_site("s1")
            yield Beside(runtime, listening.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()
            runtime.close()
