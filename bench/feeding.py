"""
Many hits through the batch door, and how many views the site says it has.
"""

import http.client
import json
import time
from collections.abc import Iterator
from itertools import islice

from bench.homes import Front
from bench.load import LoadError
from bench.traffic import SITE, Hit

#: Hits of a batch: few enough that a slow machine counts them before it would let them wait.
BATCH = 200

#: Seconds that hits which were only kept have to be counted, and between two looks.
PATIENCE, LOOK = 60.0, 0.02


def feed(front: Front, token: str, hits: Iterator[Hit], count: int, size: int = BATCH) -> None:
    """
    So many hits are counted, in batches of this size, one after the other.

    :raises LoadError: one of them was not
    """
    connection = http.client.HTTPConnection("127.0.0.1", front.port, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    wanted = views(front) + count
    try:
        for first in range(0, count, size):
            told = [hit.item for hit in islice(hits, min(size, count - first))]
            connection.request("POST", "/api/v1/hits", json.dumps(told), headers)
            answer = connection.getresponse()
            _check(answer.status, answer.read())
    finally:
        connection.close()
    wait_for(front, wanted)


def _check(status: int, body: bytes) -> None:
    if status not in {200, 202}:
        raise LoadError(f"the batch door answered {status}: {body[:200]!r}")
    others = {row["result"] for row in json.loads(body)["results"]} - {"counted", "queued"}
    if others:
        raise LoadError(f"hits were not counted: {', '.join(sorted(others))}")


def views(front: Front, site: str = SITE) -> int:
    """
    All views of a site.
    """
    # Under a path that nobody asked for, so that no answer is shown again.
    told = front.ask(f"/counters?site={site}&path=/asked-{time.monotonic_ns()}")
    return int(told["views"]["total"])


def wait_for(front: Front, wanted: int, site: str = SITE) -> float:
    """
    The site has at least so many views; returns the seconds that it took to come to that.

    :raises LoadError: it has not, after a minute
    """
    began = time.monotonic()
    while (counted := views(front, site)) < wanted:
        if time.monotonic() - began > PATIENCE:
            raise LoadError(f"{wanted - counted} hits that were answered are not counted")
        time.sleep(LOOK)
    return time.monotonic() - began
