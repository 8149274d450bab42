"""
The connection to Redis: the function library, its calls, and what can go wrong with them.

Errors of the client library end here; past this module there are only those of ``errors``.
The client's own retries are off: it would send a hit again without knowing whether the first
copy was applied. Whoever may send again does so knowingly, under the same ``seq``.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import redis

from service import metrics
from service.counting.clients import Cluster, client
from service.counting.keys import LEADER, SiteKeys
from service.errors import SiteNotOpen, StoreError, StoreUnavailable, StoreUnfit

LIBRARY = "luot_v1"

#: Seconds that a call may take before its connection is given up.
DEADLINE = 1.0

#: First words of errors after which the same call may succeed later.
_AWAY = frozenset(
    [
        "BUSY",
        "CLUSTERDOWN",
        "LOADING",
        "MASTERDOWN",
        "MISCONF",
        "NOREPLICAS",
        "OOM",
        "READONLY",
        "TRYAGAIN",
        "UNBLOCKED",
    ]
)

#: First words of errors that say that the site has to be confirmed or restored.
_NOT_OPEN = frozenset({"LUOTSERVER", "LUOTEPOCH", "LUOTPHASE"})

_REFUSED_USER = "it refuses this user: look at the user and password in redis_url"

#: Removes a lock that is still one's own.
_UNLOCK = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end"


#: Lets a lock that is still one's own live on.
_RENEW = (
    "if redis.call('GET', KEYS[1]) == ARGV[1] then "
    "return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end"
)


@dataclass(frozen=True, slots=True)
class Status:
    """
    Where a site stands in Redis, also when nobody has confirmed it.
    """

    #: The run id of the process that answered.
    run_id: str
    #: 0 when Redis has nothing of the site.
    epoch: int
    #: ``load``, ``remember``, ``count``, ``open`` or empty.
    phase: str
    #: The run id of the process that was confirmed for the site.
    server: str
    #: The token of the last delta that was closed.
    tip: str
    #: How many deltas were closed in the site's whole life.
    number: int
    baseline_version: int
    #: The last step of corrections that it has applied.
    corrected: int = 0

    @property
    def is_open(self) -> bool:
        """
        Whether the site counts and shows its numbers.
        """
        return self.phase == "open" and self.server == self.run_id

    @property
    def counts(self) -> bool:
        """
        Whether the site counts, though it may not show its numbers yet.
        """
        return self.phase in {"count", "open"} and self.server == self.run_id


@cache
def library_source() -> str:
    """
    The Lua library: its parts in the order of their names.
    """
    parts = (part for part in (files(__package__) / "lua").iterdir() if part.name.endswith(".lua"))
    return "\n".join(p.read_text(encoding="utf-8") for p in sorted(parts, key=lambda p: p.name))


class Store:
    """
    Redis, as Luot speaks to it. Safe for threads and, before its first call, for fork.
    """

    def __init__(self, url: str, deadline: float = DEADLINE) -> None:
        self._redis: redis.Redis = client(url, deadline)

    def call(self, function: str, keys: Sequence[str], args: Sequence[Any] = ()) -> Any:
        """
        What a function of the library answers; the library is loaded when it is missing.

        :raises StoreUnavailable: Redis did not answer or does not write; it may have been applied
        :raises SiteNotOpen: the function refused server, epoch or phase
        """
        return self._call("fcall", function, keys, args)

    def read(self, function: str, keys: Sequence[str], args: Sequence[Any] = ()) -> Any:
        """
        The same for a function that writes nothing.
        """
        return self._call("fcall_ro", function, keys, args)

    def _call(self, verb: str, function: str, keys: Sequence[str], args: Sequence[Any]) -> Any:
        fcall = getattr(self._redis, verb)
        asked = (fcall, f"{LIBRARY}_{function}", len(keys), *keys, *args)
        with metrics.function_seconds.time(function):
            try:
                return self.guarded(*asked)
            except FunctionMissing:
                self.load_library()
                return self.guarded(*asked)

    def guarded(self, command: Any, *args: Any, **kwargs: Any) -> Any:
        """
        What a command of the client answers, its errors translated.
        """
        try:
            return command(*args, **kwargs)
        except redis.exceptions.AuthenticationError as error:
            # Before the others: the client library takes it for a failure of the connection.
            raise StoreUnfit(_REFUSED_USER) from error
        except redis.exceptions.ResponseError as error:
            raise translated(error) from error
        except (redis.exceptions.RedisError, OSError) as error:
            raise StoreUnavailable(f"Redis: {type(error).__name__}") from error

    @property
    def commands(self) -> redis.Redis:
        """
        Plain commands, for what needs no function; their calls go through ``guarded``.
        """
        return self._redis

    def load_library(self) -> None:
        """
        Redis has exactly this version's functions afterwards.
        """
        code = library_source()
        for server in self.servers():
            listed = self.guarded(server.function_list, library=LIBRARY, withcode=True)
            if not any(code in _flat(row) for row in listed):
                self.guarded(server.function_load, code, replace=True)

    def servers(self) -> list[redis.Redis]:
        """
        A client of each server that counts: of a cluster its primaries, else the only one.
        """
        if isinstance(self._redis, Cluster):
            cluster = self._redis
            return list(self.guarded(lambda: list(cluster.primaries())))
        return [self._redis]

    def status(self, site: str) -> Status:
        """
        Where a site stands.
        """
        told = self.read("status", [SiteKeys(site).state])
        run_id, epoch, phase, server, tip, number, version, corrected = told
        numbers = int(number), int(version or 0), int(corrected)
        return Status(run_id, int(epoch or 0), phase, server, tip, *numbers)

    def check_fitness(self) -> None:
        """
        Nothing, when this Redis is run in a way that loses no hit.

        :raises StoreUnfit: naming what to change
        """
        for server in self.servers():
            self._check_server(self.guarded(server.info))
        self.load_library()

    def _check_server(self, info: dict[str, Any]) -> None:
        if int(str(info["redis_version"]).partition(".")[0]) < 7:
            raise StoreUnfit(f"Redis {info['redis_version']} has no functions: 7.0 is needed")
        if info["role"] != "master":
            raise StoreUnfit("this Redis is a read-only replica: redis_url must name its primary")
        policy = info.get("maxmemory_policy", "noeviction")
        if policy != "noeviction":
            raise StoreUnfit(f"maxmemory-policy {policy} throws counters away: set noeviction")

    def lock(self, seconds: float, name: str = LEADER) -> str | None:
        """
        A token when the lock was free and is held now, for so long; else ``None``.
        """
        token = secrets.token_hex(16)
        held = self.guarded(self._redis.set, name, token, nx=True, px=int(seconds * 1000))
        return token if held else None

    def renew(self, token: str, seconds: float, name: str = LEADER) -> None:
        """
        The lock is held for so long from now, if it is still held under this token.
        """
        self.guarded(self._redis.eval, _RENEW, 1, name, token, int(seconds * 1000))

    def unlock(self, token: str, name: str = LEADER) -> None:
        """
        The lock is free again, if it is still held under this token.
        """
        self.guarded(self._redis.eval, _UNLOCK, 1, name, token)

    def close(self) -> None:
        """
        No connection is open afterwards; the next call opens one.
        """
        self._redis.close()


class FunctionMissing(StoreError):
    """
    The library is not loaded, as after a flush or on a new server.
    """


def translated(error: redis.exceptions.ResponseError) -> StoreError:
    """
    What an error reply of Redis means here.
    """
    text = str(error)
    word = text.partition(" ")[0].rstrip(":")
    if isinstance(error, redis.exceptions.AskError | redis.exceptions.TryAgainError):
        return StoreUnavailable("Redis is moving the site to another node")
    if "Function not found" in text:
        return FunctionMissing(text)
    if word in _NOT_OPEN:
        return SiteNotOpen(text)
    if word in _AWAY or isinstance(
        error, redis.exceptions.ReadOnlyError | redis.exceptions.OutOfMemoryError
    ):
        return StoreUnavailable(f"Redis refuses to write: {word}")
    if isinstance(error, redis.exceptions.NoPermissionError):
        return StoreUnfit(_REFUSED_USER)
    return StoreError(text)


def _flat(row: Any) -> list[Any]:
    """
    The values of a reply that is a map in RESP3 and a list in RESP2.
    """
    return list(row.values()) if isinstance(row, dict) else list(row)
