"""
Bytes in Redis for everything that there may be many of, against a plain hash as large.

Readers are counted until there are so many of today, then more and still more: a table of Redis
doubles at once, so a number taken at one size alone could be a lucky one. Sizes are those of
``MEMORY USAGE`` with every element looked at, divided by the number of elements. Beside it stands
a hash with as many fields of 16 bytes with values of 8. Bounds: at most 250 B for a visitor of the
day, 150 B for a page, 60 B for a remembered id, 60 B for a visitor and page.
"""

from dataclasses import dataclass

from bench import traffic
from bench.feeding import feed
from bench.homes import deployed_front, home
from bench.plans import Plan
from bench.rows import Bound, Row, Side, Subject
from bench.samples import Sample
from tests.servers import Valkey

#: Readers of the day at which sizes are taken.
READERS = (20_000, 26_000, 33_000)

#: Pages, so many that there are tens of thousands of these too.
PAGES = 25_000

_KEYS = f"luot:{{{traffic.SITE}}}:"


@dataclass(frozen=True, slots=True)
class Kind:
    """
    Something of which Redis holds many: what one is, which keys hold them, what one may take.
    """

    what: str
    pattern: str
    limit: float


KINDS = (
    Kind("visitor of the day", "visitors:*", 250),
    Kind("page", "pages", 150),
    Kind("remembered id", "ids:*", 60),
    Kind("visitor and page", "views:*", 60),
)


def measure(plan: Plan) -> list[Row]:
    """
    A row for each kind.
    """
    found: dict[str, list[tuple[float, float]]] = {kind.what: [] for kind in KINDS}
    everything = []
    with home(plan, "home") as at, deployed_front(at) as front:
        hits, readers = traffic.hits(4, PAGES), 0
        for wanted in READERS:
            feed(front, at.token("write"), hits, (wanted - readers) * len(traffic.VISIT))
            readers = wanted
            for kind in KINDS:
                found[kind.what].append(_each(at.store, kind))
            with at.store.client as client:
                everything.append(int(client.info("memory")["used_memory"]) / readers)
    note = "all of Redis, divided by visitors: " + ", ".join(f"{b:,.0f} B" for b in everything)
    return [_row(kind, found[kind.what], note) for kind in KINDS]


def _row(kind: Kind, sizes: list[tuple[float, float]], note: str) -> Row:
    return Row(
        "memory",
        f"memory in Redis for each {kind.what}",
        "field of a plain hash of that size",
        "B",
        Bound(Side.AT_MOST, kind.limit, Subject.OURS),
        Sample.of(mine for mine, _ in sizes),
        Sample.of(other for _, other in sizes),
        notes=[note] if kind is KINDS[0] else [],
    )


def _each(store: Valkey, kind: Kind) -> tuple[float, float]:
    """
    Bytes for one of this kind, and for one field of a plain hash with as many.
    """
    size = elements = 0
    with store.client as client:
        for key in client.scan_iter(match=_pattern(kind), count=1_000):
            size += int(client.memory_usage(key, samples=0) or 0)
            elements += client.scard(key) if kind.pattern.startswith("ids") else client.hlen(key)
    if not elements:
        raise RuntimeError(f"no key of Redis is named {_KEYS}{kind.pattern}")
    return size / elements, _plain(store, elements)


def _pattern(kind: Kind) -> str:
    return _KEYS.replace("{", r"\{").replace("}", r"\}") + kind.pattern


def _plain(store: Valkey, elements: int) -> float:
    with store.client as client:
        for first in range(0, elements, 1_000):
            numbers = range(first, min(elements, first + 1_000))
            client.hset("beside", mapping={f"{n:016x}": f"{n:08x}" for n in numbers})
        size = int(client.memory_usage("beside", samples=0) or 0)
        client.delete("beside")
    return size / elements
