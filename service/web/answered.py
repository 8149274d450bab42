"""
Answers of ``/counters`` that many ask for at once: each is made once and shown for a second.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from hashlib import sha1

from werkzeug.http import is_resource_modified

from service.web.requests import Answer, Request

#: Seconds that an answer is shown again.
SHOWN_SECONDS = 1.0

#: Answers that are held, of up to 200 pages each.
LARGEST = 500


class Answered:
    """
    The answers of the last second, by what was asked.

    :param seconds: that an answer is shown again; 0 makes each anew
    """

    def __init__(self, seconds: float = SHOWN_SECONDS) -> None:
        self._seconds = seconds
        self._known: dict[Hashable, tuple[float, asyncio.Task[Answer]]] = {}

    async def of(self, asked: Hashable, make: Callable[[], Awaitable[Answer]]) -> Answer:
        """
        The answer to a question; whoever asks while it is made waits for the same one.
        """
        if not self._seconds:
            return await make()
        now = asyncio.get_running_loop().time()
        until, task = self._known.get(asked, (0.0, None))
        if task is None or now >= until or _has_failed(task):
            if len(self._known) >= LARGEST:
                self._known.clear()
            task = asyncio.ensure_future(_made(make))
            self._known[asked] = now + self._seconds, task
        # One who leaves does not take the answer away from those who wait.
        return await asyncio.shield(task)


def tagged(answer: Answer) -> Answer:
    """
    The answer with an ETag of its body.
    """
    tag = sha1(answer.body, usedforsecurity=False).hexdigest()
    return Answer(answer.status, answer.body, {**answer.headers, "ETag": f'"{tag}"'})


def conditional(answer: Answer, request: Request) -> Answer:
    """
    The answer, or only its headers when the asker has its body already.
    """
    known, wanted = request.header("if-none-match"), request.header("if-match")
    if not (known or wanted):
        return answer
    told = {"REQUEST_METHOD": "GET", "HTTP_IF_NONE_MATCH": known, "HTTP_IF_MATCH": wanted}
    if is_resource_modified({k: v for k, v in told.items() if v}, answer.headers["ETag"]):
        return answer
    headers = {k: v for k, v in answer.headers.items() if k != "Content-Type"}
    return Answer(412 if wanted else 304, b"", headers)


def _has_failed(task: asyncio.Task[Answer]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


async def _made(make: Callable[[], Awaitable[Answer]]) -> Answer:
    return await make()
