"""
Both fronts behind one client: the asynchronous one on a loop of its own, spoken to as WSGI is.
"""

import asyncio
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote_to_bytes
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask
from werkzeug.test import Client

from service.web.asgi import Front

#: Seconds that an answer may take.
PATIENCE = 30.0


def run(coroutine: Any) -> Any:
    """
    What a coroutine returns, on a loop in a thread: the tests' own may have a browser's loop.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result(PATIENCE)


class Loop:
    """
    An event loop in a thread of its own.
    """

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(PATIENCE)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class Called:
    """
    One request to an ASGI application and what it sent back.
    """

    def __init__(self, environ: WSGIEnvironment) -> None:
        self.scope = scope_of(environ)
        length = environ.get("CONTENT_LENGTH")
        # As from a socket: what was announced and did not come is missing, and never more.
        source = environ["wsgi.input"]
        self._body: bytes | None = source.read(int(length)) if length else source.read()
        self.status, self.headers, self.body = 0, [("", "")][:0], b""

    async def receive(self) -> dict[str, Any]:
        if self._body is None:
            return {"type": "http.disconnect"}
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = [
                (name.decode("latin-1").title(), value.decode("latin-1"))
                for name, value in message["headers"]
            ]
        else:
            self.body += message.get("body", b"")


def scope_of(environ: WSGIEnvironment) -> dict[str, Any]:
    """
    The request as an ASGI server tells it.
    """
    named = {k[5:]: v for k, v in environ.items() if k.startswith("HTTP_")}
    named |= {k: v for k in ("CONTENT_TYPE", "CONTENT_LENGTH") if (v := environ.get(k))}
    raw_path = environ["RAW_URI"].partition("?")[0].encode("latin-1")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": environ["REQUEST_METHOD"],
        "scheme": "http",
        "path": unquote_to_bytes(raw_path).decode("utf-8", "replace"),
        "raw_path": raw_path,
        "query_string": environ["QUERY_STRING"].encode("latin-1"),
        "root_path": "",
        "headers": [
            (name.replace("_", "-").lower().encode(), value.encode("latin-1"))
            for name, value in named.items()
        ],
        "client": (environ.get("REMOTE_ADDR", "127.0.0.1"), 50_000),
        "server": ("localhost", 80),
    }


class Wrapped:
    """
    An ASGI application as a WSGI one.
    """

    def __init__(self, front: Front, loop: Loop) -> None:
        self._front, self._loop = front, loop

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        called = Called(environ)
        self._loop.run(self._front(called.scope, called.receive, called.send))
        start_response(f"{called.status} -", called.headers)
        return [called.body]


class Fronts:
    """
    Makes clients of Flask applications, by the front that a test is run on.
    """

    def __init__(self) -> None:
        self._loop: Loop | None = None
        self._made: list[Front] = []

    def client(self, flask: Flask, front: str) -> Client:
        if front == "wsgi":
            return flask.test_client()
        if self._loop is None:
            self._loop = Loop()
        # The clock of tests stands still, so answers would be shown again for ever.
        made = Front(flask, shown_seconds=0)
        self._made.append(made)
        return Client(Wrapped(made, self._loop))

    def close(self) -> None:
        for front in self._made:
            front.close()
        if self._loop is not None:
            self._loop.close()
