"""
Hits without a door.
"""

from service.intake.beacons import Arrival, Sender
from service.intake.hits import Hit
from service.intake.payloads import Payload
from tests.conftest import CHROME, Luot


def a_hit(luot: Luot, path: str) -> Hit:
    """
    A view of a page by one reader, now.
    """
    now = luot.clock.ms
    runtime = luot.runtime
    sender = Sender("203.0.113.7", CHROME)
    taken = runtime.intake.take(Payload(path=path), runtime.sites["s1"], sender, Arrival(now, now))
    assert isinstance(taken.item, Hit)
    return taken.item
