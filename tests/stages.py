"""
The stage that worlds are played on: a real Valkey, real SQL, and puppets that stop before each.

What a server process knows of itself, its run id, is read from a key, so that a restart of the
server costs nothing. Everything else of the library is as it is.
"""

import contextlib
import itertools
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import redis
from sqlalchemy import Connection

from service.archive.databases import SQLITE_FILE, Database
from service.archive.migrating import migrate
from service.counting.store import Store, library_source
from service.errors import StoreUnavailable
from tests.databases import databases
from tests.puppets import Fate, present
from tests.servers import Valkey

#: The key that holds the run id of the server that is played.
RUN_ID = "run-id"


def played_library(source: str) -> str:
    """
    The library, with the run id of a server that is played.
    """
    for old, new in (
        ("redis.call('INFO', 'server')", f"'run_id:' .. redis.call('GET', '{RUN_ID}')"),
        ("if not run_id then", "if true then"),
    ):
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    return source


class Stage:
    """
    What all worlds of a test session share: a Valkey, and an empty database.
    """

    def __init__(self, valkey: Valkey, folder: Path) -> None:
        self.url = valkey.url
        self.folder = folder
        self.raw = redis.Redis(unix_socket_path=str(valkey.socket))
        self._numbers = itertools.count()
        (folder / "empty").mkdir()
        database = Database(databases.url(folder / "empty"), folder / "empty")
        migrate(database)
        database.close()
        self.load()

    def load(self, change: Callable[[str], str] = str) -> None:
        """
        The library is in the Valkey, changed in this way.
        """
        code = change(played_library(library_source()))
        self.raw.function_load(code, replace=True)

    def new_folder(self) -> Path:
        """
        A folder with an empty database.
        """
        folder = self.folder / str(next(self._numbers))
        folder.mkdir()
        if not databases.url(folder, like=self.folder / "empty"):
            shutil.copy(self.folder / "empty" / SQLITE_FILE, folder / SQLITE_FILE)
        return folder

    def remove(self, folder: Path) -> None:
        """
        Neither the folder nor its database is left.
        """
        databases.drop_below(folder)
        shutil.rmtree(folder)

    def close(self) -> None:
        databases.drop_below(self.folder)
        self.raw.close()


class Weather(Protocol):
    """
    Whether Redis can be reached, and what has not reached it yet.
    """

    is_up: bool
    late: list[Callable[[], Any]]


class StoppingStore(Store):
    """
    Redis, in front of which puppets stop.
    """

    def __init__(self, url: str, weather: Weather) -> None:
        super().__init__(url)
        self._weather = weather

    def guarded(self, command: Any, *args: Any, **kwargs: Any) -> Any:
        act = partial(super().guarded, command, *args, **kwargs)
        puppet = present()
        fate = puppet.ask() if puppet else Fate.OK
        if not self._weather.is_up or fate is Fate.REFUSED:
            raise StoreUnavailable("Redis: away")
        if fate is Fate.LATE:
            self._weather.late.append(act)
            raise StoreUnavailable("Redis: slow")
        reply = act()
        if fate is Fate.LOST:
            raise StoreUnavailable("Redis: the reply is lost")
        return reply


class StoppingDatabase(Database):
    """
    SQL, in front of which puppets stop; inside a transaction they do not.
    """

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        _stop()
        with super().read() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        _stop()
        with super().write() as connection:
            yield connection
        _stop()


def _stop() -> None:
    puppet = present()
    if puppet is not None:
        puppet.ask()
