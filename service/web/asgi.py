"""
The asynchronous front: answers the busy doors itself and hands everything else to Flask.

It is what ``luot serve`` deploys. The doors are those of ``doors``, as under Flask; what differs
is that nobody holds a thread: a request that waits, for its body or for Redis, costs a coroutine.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from flask import Flask

from service import metrics
from service.counting.outcomes import Recorded
from service.errors import LuotError, Rejected, StoreError
from service.intake.hits import Filtered
from service.intake.payloads import LARGEST_HIT
from service.intake.sites import Site
from service.logs import name_request
from service.runtime import Runtime, Shown
from service.web import app, doors, questions, scripts
from service.web.at_hand import SHOWN_SECONDS, AtHand
from service.web.bodies import ClientGone, Receive, read_body
from service.web.bridge import Bridge, Scope, Send
from service.web.doors import Heard, Visit
from service.web.events import HEADERS
from service.web.exchanges import Exchange
from service.web.fronts import refused
from service.web.live import Live
from service.web.manners import SAFE, log_accident, log_request
from service.web.requests import Answer, Request, json_answer, refusal, refusal_headers
from service.web.tags import conditional, tagged
from service.web.tokens import bearer_of, may_read
from service.web.waiting import SaltsAtHand, Threads

#: Seconds that the body of a hit may take.
HIT_SECONDS = 8.0

_CORS = {"Access-Control-Allow-Origin": "*"}

Door = Callable[[Scope, Receive], Awaitable[Answer]]


class Front:
    """
    The application, ready to be served by any ASGI server.

    :param shown_seconds: for how many seconds ``/counters`` shows a number again
    """

    def __init__(self, flask: Flask, shown_seconds: float = SHOWN_SECONDS) -> None:
        runtime = flask.extensions["luot"]
        if not isinstance(runtime, Runtime):  # pragma: no cover - the factory puts it there
            raise TypeError(type(runtime))
        self._runtime = runtime
        self._bridge = Bridge(flask, runtime.settings.threads)
        self._threads = Threads(runtime.settings.threads)
        self._salts = SaltsAtHand(runtime.clock)
        self._at_hand = AtHand(self._shown, runtime.caps, runtime.clock.now_ms, shown_seconds)
        self._live = Live(self._ask)
        self._doors: dict[tuple[str, str], Door] = {
            ("POST", "/hit"): self._hit,
            ("OPTIONS", "/hit"): self._preflight,
            ("GET", "/hit.gif"): self._pixel,
            ("GET", "/counters"): self._counters,
            **{("GET", f"/{name}"): _script_door(name) for name in scripts.NAMES},
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """
        Answers one request, or sees the server start and stop.
        """
        if scope["type"] == "lifespan":
            await self._live_and_die(scope, receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            await send({"type": "websocket.close"})

    async def stop(self) -> None:
        """
        The recorder works no more in this loop; the next hit starts it in its own.
        """
        await self._runtime.recorder.stop()

    def close(self) -> None:
        """
        No thread of the front runs, and no stream is open.
        """
        self._live.close()
        self._threads.close()

    async def _live_and_die(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        self._runtime.recorder.start()
        # The server calls this when it begins to stop, which is before it waits for streams.
        scope.get("state", {})["luot.stopping"] = self._live.close
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        self.close()
        # The server ends by the signal that stopped it, so that nothing is called at its end.
        metrics.flush()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, route = time.perf_counter(), scope["path"]
        if self._runtime.settings.access_log:
            name_request(_request_id(scope))
        door = self._doors.get((scope["method"], route))
        try:
            if door is not None:
                answer = await door(scope, receive)
            elif route == "/live" and scope["method"] == "GET":
                answer = await self._stream(scope, receive, send)
            else:
                await self._bridge(scope, receive, send)
                return
        except ClientGone:
            return
        except Rejected as error:
            route, answer = "none", refusal(error)
        except Exception as error:  # noqa: BLE001 - a front answers, whatever went wrong behind it
            log_accident(error)
            answer = json_answer(503, {"error": "storage"}, {"Retry-After": "5"})
        if answer is not STREAMED:
            await self._send(scope, answer, send)
        if self._runtime.settings.access_log:
            result = answer.headers.get("Luot-Result", "")
            log_request(scope["method"], route, answer.status, result, began)

    async def _send(self, scope: Scope, answer: Answer, send: Send) -> None:
        exchange = _exchange(scope)
        if exchange is not None and exchange.answer(answer, SAFE):
            return
        await send(self._start(answer))
        await send({"type": "http.response.body", "body": answer.body})

    def _start(self, answer: Answer) -> dict[str, Any]:
        told = {**SAFE, **answer.headers}
        headers = [(n.lower().encode(), v.encode("latin-1")) for n, v in told.items()]
        if answer.status not in {204, 304} and answer is not STREAMED:
            headers.append((b"content-length", b"%d" % len(answer.body)))
        return {
            "type": "http.response.start",
            "status": answer.status,
            "headers": headers,
        }

    async def _hit(self, scope: Scope, receive: Receive) -> Answer:
        asked = _request(scope)
        try:
            exchange = _exchange(scope)
            body = exchange.body() if exchange is not None else None
            if body is None:
                announced = asked.header("content-length")
                body = await read_body(receive, LARGEST_HIT, HIT_SECONDS, announced)
            told = Request(asked.headers, asked.query, body, asked.peer)
            visit = await self._taken(doors.hear_hit(self._runtime, told))
            answer = await self._hit_answer(visit, await self._recorded(visit))
        except LuotError as error:
            answer = refusal(refused("hit", "/hit", error))
        answer.headers.update(doors.allowed_origin(self._runtime, asked))
        return answer

    async def _hit_answer(self, visit: Visit, recorded: Recorded) -> Answer:
        has_numbers = recorded.numbers is not None and not isinstance(visit.taken.item, Filtered)
        if has_numbers or not visit.wants_numbers:
            return doors.hit_answer(self._runtime, visit, recorded)
        return await self._threads.run(doors.hit_answer, self._runtime, visit, recorded)

    async def _preflight(self, scope: Scope, _receive: Receive) -> Answer:
        return doors.preflight_answer(self._runtime, _request(scope))

    async def _pixel(self, scope: Scope, _receive: Receive) -> Answer:
        try:
            visit = await self._taken(doors.hear_pixel(self._runtime, _request(scope)))
            return doors.pixel_answer(visit, await self._recorded(visit))
        except LuotError as error:
            no = refused("pixel", "/hit.gif", error)
            return doors.pixel(no.status, refusal_headers(no))

    async def _taken(self, heard: Heard) -> Visit:
        if not self._salts.has(heard.site):
            visit = await self._threads.run(doors.taken, self._runtime, heard)
            if not isinstance(visit.taken.item, Filtered):
                self._salts.note(heard.site)
            return visit
        try:
            return doors.taken(self._runtime, heard)
        except StoreError:
            self._salts.forget(heard.site)
            raise

    async def _recorded(self, visit: Visit) -> Recorded:
        wanted = doors.to_record(self._runtime, visit)
        try:
            # A server that tells nothing of its start starts the recorder with its first hit.
            self._runtime.recorder.start()
            recorded = await self._runtime.recorder.take(*wanted)
        except LuotError as error:
            return doors.settled(visit, error)
        return doors.kept(self._runtime, visit, recorded)

    async def _counters(self, scope: Scope, _receive: Receive) -> Answer:
        metrics.asked_for("counters")
        asked = _request(scope)
        try:
            answer = conditional(tagged(await self._counters_answer(asked)), asked)
        except LuotError as error:
            answer = refusal(refused("counters", "/counters", error))
        return Answer(answer.status, answer.body, {**answer.headers, **_CORS})

    async def _counters_answer(self, asked: Request) -> Answer:
        token = bearer_of(asked.header("authorization"))
        wanted = self._runtime, asked, self._may_read(token)
        if token is not None:
            return await self._threads.run(questions.counters_answer, *wanted)
        question = questions.question(*wanted)
        return questions.shown_answer(question, await self._at_hand.body(question))

    async def _shown(self, site: Site, pages: Sequence[str]) -> Shown | None:
        return await self._threads.run(self._runtime.shown, site, pages)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> Answer:
        asked = _request(scope)
        metrics.asked_for("live")
        token = bearer_of(asked.header("authorization"))
        wanted = self._runtime, asked, self._may_read(token)
        try:
            if token is None:
                question = questions.question(*wanted)
            else:
                question = await self._threads.run(questions.question, *wanted)
            channel = await self._live.first(question)
        except LuotError as error:
            return refusal(refused("live", "/live", error), _CORS)
        await send(self._start(STREAMED))
        await self._live.stream(channel, scope, receive, send)
        return STREAMED

    async def _ask(self, asked: questions.Question) -> dict[str, object]:
        return await self._threads.run(questions.numbers_of, self._runtime, asked)

    def _may_read(self, token: str | None) -> Callable[[str], bool]:
        return lambda site: may_read(self._runtime, token, site)


#: What is begun at once and sent bit by bit.
STREAMED = Answer(200, headers={**HEADERS, **_CORS})


def create_app(runtime: Runtime | None = None) -> Front:
    """
    The application for an ASGI server; without a runtime it makes one from the settings in force.
    """
    return Front(app.create_app(runtime))


def _request(scope: Scope) -> Request:
    """
    The request that a scope is, its body still unread; a header given twice is joined as in WSGI.
    """
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    client = scope.get("client")
    return Request(headers, scope["query_string"], b"", client[0] if client else "")


def _exchange(scope: Scope) -> Exchange | None:
    """
    The request as our own connection knows it; another server's has none.
    """
    found = scope.get("extensions", {}).get("luot.exchange")
    return found if isinstance(found, Exchange) else None


def _script_door(name: str) -> Door:
    async def door(scope: Scope, _receive: Receive) -> Answer:
        return scripts.script_answer(_request(scope), name)

    return door


def _request_id(scope: Scope) -> str:
    found = (value for name, value in scope["headers"] if name == b"x-request-id")
    return str(next(found, b""), "latin-1")
