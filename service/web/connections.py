"""
A connection that is as strict as the WSGI server's: what is no plain HTTP reaches no door.

uvicorn's protocol parses with llhttp, which bounds neither lines nor headers nor the time they
take. This one refuses what is too large, too slow or can be read in two ways, and tells the
application's streams when the server begins to stop.
"""

import asyncio
from http import HTTPStatus
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from service.hosts import http_url
from service.web.exchanges import Exchange

#: Bytes of a request line, bytes of one header with its name, number of headers: as gunicorn's.
LARGEST_LINE, LARGEST_HEADER, MOST_HEADERS = 4_094, 8_190, 100

#: Bytes of all headers together.
LARGEST_HEAD = 65_536

#: Seconds from the first byte of a request, or from the connection's begin, to its last header.
HEAD_SECONDS = 10.0

#: Seconds for which a connection that is idle may bring one more request when the server stops.
LAST_SECONDS = 1.0

#: Connections of one worker.
MOST_CONNECTIONS = 10_000


class Refused(Exception):
    """
    What came is not answered by any door.
    """

    def __init__(self, status: int) -> None:
        super().__init__(status)
        #: The HTTP status that says why.
        self.status = status


class Connection(HttpToolsProtocol):
    """
    One connection of a worker.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._refused: Refused | None = None
        self._is_in_head = False
        self._is_in_body = False
        self._is_ending = False
        self._head_bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """
        It has a while to begin its first request.
        """
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
            return
        self._timer = self.loop.call_later(HEAD_SECONDS, self._be_done)

    def connection_lost(self, exc: Exception | None) -> None:
        """
        Nothing of it is waited for.
        """
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """
        What came is parsed; requests that are complete up to their body are begun.
        """
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # No door speaks anything else; the request is answered as if it had not asked.
            pass
        except (httptools.HttpParserError, httptools.HttpParserCallbackError):
            self._refuse(self._refused.status if self._refused else 400)
            return
        if self._is_in_head:
            self._head_bytes += len(data)
            if self._head_bytes > LARGEST_HEAD:
                self._refuse(431)
                return
        self._mind_the_time()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """
        A client that sent its whole request and will send no more still hears the answer.
        """
        cycle = self._cycle()
        if self._is_in_head or self._is_in_body:
            self._refuse(400)
            return None
        if cycle is None or cycle.response_started:
            return None
        cycle.keep_alive = False
        return True

    def shutdown(self) -> None:
        """
        The server begins to stop; streams end, and answers that are under way are finished.

        An idle connection may have a request on its way that would be lost if it was closed now.
        One more is answered, as the last, if it comes soon.
        """
        stopping = self.app_state.get("luot.stopping")
        if stopping is not None:
            stopping()
        self._is_ending = True
        cycle = self._cycle()
        if cycle is None or cycle.response_complete:
            self.loop.call_later(LAST_SECONDS, self._end_if_idle)
        else:
            super().shutdown()

    def on_message_begin(self) -> None:
        """
        The first byte of a request has come.
        """
        super().on_message_begin()
        self._is_in_head, self._head_bytes = True, 0
        cast("dict[str, Any]", self.scope)["extensions"] = {"luot.transport": self.transport}

    def on_url(self, url: bytes) -> None:
        """
        A part of the request line has come.
        """
        super().on_url(url)
        if len(self.url) + len(" HTTP/1.1") > LARGEST_LINE:
            self._fail(414)

    def on_headers_complete(self) -> None:
        """
        The request is begun, if there is only one way to read it.
        """
        self._is_in_head, self._is_in_body = False, True
        self._stop_timer()
        self._check_head()
        super().on_headers_complete()
        cycle = self._cycle()
        if cycle is not None:
            cast("dict[str, Any]", self.scope)["extensions"]["luot.exchange"] = Exchange(cycle)
            cycle.keep_alive = cycle.keep_alive and not self._is_ending

    def on_message_complete(self) -> None:
        """
        The request has come whole.
        """
        self._is_in_body = False
        super().on_message_complete()

    def _end_if_idle(self) -> None:
        cycle = self._cycle()
        if not self._is_in_head and (cycle is None or cycle.response_complete):
            self.transport.close()

    def _cycle(self) -> RequestResponseCycle | None:
        """
        The last request that was begun; none before the first.
        """
        return self.cycle

    def _check_head(self) -> None:
        if len(self.parser.get_method()) + 1 + len(self.url) + len(" HTTP/1.1") > LARGEST_LINE:
            self._fail(414)
        if len(self.headers) > MOST_HEADERS:
            self._fail(431)
        hosts = 0
        for name, value in self.headers:
            if len(name) + len(value) + 2 > LARGEST_HEADER:
                self._fail(431)
            if name == b"host":
                hosts += 1
            elif name == b"transfer-encoding" and value.strip().lower() != b"chunked":
                self._fail(400 if b"chunked" in value.lower().split(b",") else 501)
        if hosts > 1 or self.parser.get_http_version() not in {"1.0", "1.1"}:
            self._fail(400)
        if not self.url.startswith(b"/"):
            self._read_target()

    def _read_target(self) -> None:
        """
        A request line with a whole URL says itself whom it calls (RFC 9112, section 3.2.2).
        """
        target = http_url(self.url.decode("latin-1"))
        if target is None:
            self._fail(400)
            return
        self.headers[:] = [header for header in self.headers if header[0] != b"host"]
        self.headers.append((b"host", target.host.encode("latin-1")))

    def _fail(self, status: int) -> None:
        """
        The parser stops here.

        :raises Refused: always; the parser tells it as an error of its own
        """
        self._refused = Refused(status)
        raise self._refused

    def _refuse(self, status: int) -> None:
        """
        Says so, unless that would come before the answer to an earlier request; then closes.
        """
        self._stop_timer()
        cycle = self._cycle()
        is_answering = cycle is not None and not cycle.response_complete
        if cycle and is_answering and not self._is_in_body and not self.pipeline:
            # The last good request is answered, and nothing after it.
            cycle.keep_alive = False
            self.flow.pause_reading()
            return
        if not (cycle and is_answering and cycle.response_started) and not self.pipeline:
            self._say(status)
        self.transport.close()

    def _say(self, status: int) -> None:
        line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()
        self.transport.write(line + b"content-length: 0\r\nconnection: close\r\n\r\n")

    def _mind_the_time(self) -> None:
        """
        Whoever began a request, or sends something that is none, has a while to finish its head.
        """
        cycle = self._cycle()
        is_waiting = self._is_in_head or cycle is None or cycle.response_complete
        if is_waiting and self._timer is None:
            self._timer = self.loop.call_later(HEAD_SECONDS, self._be_done)

    def _be_done(self) -> None:
        self._timer = None
        if self._is_in_head:
            self._refuse(408)
        else:
            self.transport.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
