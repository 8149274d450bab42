"""
Clients of Redis, for one server, for what stands behind Sentinels, and for a cluster.

A cluster's client here knows little: which node has a slot, and that it has to ask again when a
node says so. It follows no redirection into a slot that is being moved, because a function reads
many keys and half of them would not be there; whoever asks is told that Redis is away, and the
hits of that site wait in the journal until the slot has arrived.
"""

from collections.abc import Iterator
from typing import Any

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.asyncio.sentinel import Sentinel as AsyncSentinel
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.retry import Retry
from redis.sentinel import Sentinel

from service.store_urls import Layout, StorePlace, store_place

#: How often a node may say that another one has the slot, before it is believed to be undecided.
TURNS = 3

#: Commands whose first key stands behind a name and a number of keys.
_SCRIPTS = frozenset({"FCALL", "FCALL_RO", "EVAL"})

Address = tuple[str, int]


def _common(deadline: float) -> dict[str, Any]:
    return {
        "socket_timeout": deadline,
        "socket_connect_timeout": deadline,
        "decode_responses": True,
        # Bytes that are no text must reach the reader of a delta, which sets them aside.
        "encoding_errors": "surrogateescape",
    }


def client(url: str, deadline: float) -> redis.Redis:
    """
    A client that opens its connections when it is first asked, and never sends anything twice.
    """
    place = store_place(url)
    told = {**_common(deadline), "retry": Retry(NoBackoff(), 0)}
    if place.layout is Layout.ALONE:
        return redis.Redis.from_url(url, **told)
    if place.layout is Layout.CLUSTER:
        return Cluster(place, told)
    own = {**told, **place.sentinel_options}
    sentinel = Sentinel(place.nodes, sentinel_kwargs=own)  # type: ignore[no-untyped-call]
    found: redis.Redis = sentinel.master_for(place.service, **told, **place.options)  # type: ignore[no-untyped-call]
    return found


def async_client(url: str, deadline: float) -> Any:
    """
    The same for an event loop.
    """
    place = store_place(url)
    told = {**_common(deadline), "retry": AsyncRetry(NoBackoff(), 0)}
    if place.layout is Layout.ALONE:
        return redis.asyncio.Redis.from_url(url, **told)
    if place.layout is Layout.CLUSTER:
        return AsyncCluster(place, told)
    own = {**told, **place.sentinel_options}
    sentinel = AsyncSentinel(place.nodes, sentinel_kwargs=own)  # type: ignore[no-untyped-call]
    options: dict[str, Any] = {**told, **place.options}
    return sentinel.master_for(place.service, **options)


def slot_of(command: tuple[Any, ...]) -> int | None:
    """
    The slot of a command's first key; ``None`` for one without keys.
    """
    name = str(command[0]).upper()
    if name in _SCRIPTS:
        return _slot(command[3]) if int(command[2]) else None
    if name == "SCAN":
        # All keys of a site are asked for, and their pattern has the site's tag.
        told = [str(word) for word in command]
        return _slot(told[told.index("MATCH") + 1]) if "MATCH" in told else None
    if name.partition(" ")[0] in {"CLUSTER", "FUNCTION", "INFO", "PING", "TIME"}:
        return None
    return _slot(command[1])


def _slot(key: Any) -> int:
    return key_slot(key if isinstance(key, bytes) else str(key).encode("utf-8", "surrogateescape"))


class _Slots:
    """
    Which node has which slot, as far as is known.
    """

    def __init__(self, seeds: tuple[Address, ...]) -> None:
        self.seeds = seeds
        self.of: dict[int, Address] = {}
        self.is_known = False

    def learn(self, rows: Any) -> bool:
        """
        A node has said who has what; whether it knows any.
        """
        self.of.clear()
        for first, last, primary, *_replicas in rows:
            host, port = primary[:2]
            self.of.update(dict.fromkeys(range(first, last + 1), (host, port)))
        self.is_known = bool(self.of)
        return self.is_known

    def correct(self, moved: redis.exceptions.MovedError) -> None:
        """
        A node has said who has one slot; the others are asked for before the next call.
        """
        self.of[moved.slot_id] = moved.host, moved.port

    def primaries(self) -> list[Address]:
        """
        Every node that has a slot.
        """
        return sorted(set(self.of.values()))

    def ask_first(self) -> list[Address]:
        """
        Nodes that may know who has what.
        """
        return [*self.primaries(), *self.seeds]


class Cluster(redis.Redis):
    """
    A cluster: each command goes to the node that has its key, one without keys to every primary.
    """

    def __init__(self, place: StorePlace, told: dict[str, Any]) -> None:
        first, port = place.nodes[0]
        self._told = {**told, **place.options}
        # Commands' methods need a client to stand on; its own connection is never opened.
        super().__init__(host=first, port=port, **self._told)
        self._slots = _Slots(place.nodes)
        self._nodes: dict[Address, redis.Redis] = {}

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """
        What the right node answers; of all primaries, what the last one does.
        """
        slot = slot_of(args)
        if slot is None:
            return [_ask(node, args, options) for node in self.primaries()][-1]
        for _ in range(TURNS):
            try:
                return _ask(self._holder(slot), args, options)
            except redis.exceptions.MovedError as error:
                self._slots.correct(error)
            except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError):
                self._slots.is_known = False
                raise
        self._slots.is_known = False
        raise redis.exceptions.ClusterDownError(f"CLUSTERDOWN slot {slot} has no certain place")

    def primaries(self) -> Iterator[redis.Redis]:
        """
        A client of each primary.
        """
        self._learn()
        for address in self._slots.primaries():
            yield self._node(address)

    def close(self) -> None:
        """
        No connection is open afterwards.
        """
        for node in self._nodes.values():
            node.close()
        super().close()

    def _holder(self, slot: int) -> redis.Redis:
        self._learn()
        address = self._slots.of.get(slot)
        if address is None:
            self._slots.is_known = False
            raise redis.exceptions.ClusterDownError(f"CLUSTERDOWN no node has slot {slot}")
        return self._node(address)

    def _node(self, address: Address) -> redis.Redis:
        found = self._nodes.get(address)
        if found is None:
            host, port = address
            found = redis.Redis(host=host, port=port, **self._told)
            self._nodes[address] = found
        return found

    def _learn(self) -> None:
        if self._slots.is_known:
            return
        failure: Exception | None = None
        for address in self._slots.ask_first():
            try:
                if self._slots.learn(_ask(self._node(address), ("CLUSTER SLOTS",), {})):
                    return
            except redis.exceptions.RedisError as error:
                failure = error
        raise failure or redis.exceptions.ClusterDownError("CLUSTERDOWN no slot is served")


class AsyncCluster:
    """
    The same for an event loop.
    """

    def __init__(self, place: StorePlace, told: dict[str, Any]) -> None:
        self._told = {**told, **place.options}
        self._slots = _Slots(place.nodes)
        self._nodes: dict[Address, redis.asyncio.Redis] = {}

    async def execute_command(self, *args: Any) -> Any:
        """
        What the right node answers; of all primaries, what the last one does.
        """
        slot = slot_of(args)
        if slot is None:
            await self._learn()
            nodes = [self._node(address) for address in self._slots.primaries()]
            return [await _asked(node, args) for node in nodes][-1]
        for _ in range(TURNS):
            try:
                return await _asked(await self._holder(slot), args)
            except redis.exceptions.MovedError as error:
                self._slots.correct(error)
            except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError):
                self._slots.is_known = False
                raise
        self._slots.is_known = False
        raise redis.exceptions.ClusterDownError(f"CLUSTERDOWN slot {slot} has no certain place")

    async def aclose(self) -> None:
        """
        No connection is open afterwards.
        """
        for node in self._nodes.values():
            await node.aclose()

    async def _holder(self, slot: int) -> redis.asyncio.Redis:
        await self._learn()
        address = self._slots.of.get(slot)
        if address is None:
            self._slots.is_known = False
            raise redis.exceptions.ClusterDownError(f"CLUSTERDOWN no node has slot {slot}")
        return self._node(address)

    def _node(self, address: Address) -> redis.asyncio.Redis:
        found = self._nodes.get(address)
        if found is None:
            host, port = address
            found = redis.asyncio.Redis(host=host, port=port, **self._told)
            self._nodes[address] = found
        return found

    async def _learn(self) -> None:
        if self._slots.is_known:
            return
        failure: Exception | None = None
        for address in self._slots.ask_first():
            try:
                if self._slots.learn(await _asked(self._node(address), ("CLUSTER SLOTS",))):
                    return
            except redis.exceptions.RedisError as error:
                failure = error
        raise failure or redis.exceptions.ClusterDownError("CLUSTERDOWN no slot is served")


def _ask(node: redis.Redis, command: tuple[Any, ...], options: dict[str, Any]) -> Any:
    return node.execute_command(*command, **options)  # type: ignore[no-untyped-call]


async def _asked(node: redis.asyncio.Redis, command: tuple[Any, ...]) -> Any:
    return await node.execute_command(*command)  # type: ignore[no-untyped-call]
