"""
Many hits through the batch door, for figures that need a site which has counted something.
"""

import http.client
import json
from collections.abc import Iterator
from itertools import islice

from bench.homes import LARGEST_BATCH, Front
from bench.load import LoadError
from bench.traffic import Hit


def feed(
    front: Front, token: str, hits: Iterator[Hit], count: int, size: int = LARGEST_BATCH
) -> int:
    """
    So many hits are counted, in batches of this size, one after the other; returns the batches.

    :raises LoadError: one of them was not counted
    """
    connection = http.client.HTTPConnection("127.0.0.1", front.port, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    batches = 0
    try:
        for first in range(0, count, size):
            told = [hit.item for hit in islice(hits, min(size, count - first))]
            connection.request("POST", "/api/v1/hits", json.dumps(told), headers)
            answer = connection.getresponse()
            _check(answer.status, answer.read(), len(told))
            batches += 1
    finally:
        connection.close()
    return batches


def _check(status: int, body: bytes, wanted: int) -> None:
    if status != 200:
        raise LoadError(f"the batch door answered {status}: {body[:200]!r}")
    counted = sum(row["result"] == "counted" for row in json.loads(body)["results"])
    if counted != wanted:
        raise LoadError(f"of {wanted} hits {counted} were counted: {body[:200]!r}")
