"""
Finds a Redis beside Valkey for ``make journeys``: an installed one, else the distribution's.

Only its tools are installed when root, for they hold the same program and start no service.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

#: Which the program is in the package of tools, and which it is by that name.
TOOLS, SERVER = "redis-check-rdb", "redis-server"


def main() -> None:
    """
    Prints where it is; says why there is none, and fails.
    """
    found = shutil.which(SERVER) or _of_tools()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        _runs("apt-get", "update", "-qq")
        _runs("apt-get", "install", "-qq", "-y", "--no-install-recommends", "redis-tools")
        found = _of_tools()
    if found is None:
        sys.exit("NO REDIS: install the package redis-server")
    sys.stdout.write(f"{found}\n")


def _of_tools() -> str | None:
    """
    The one program of Debian's Redis by the name under which it serves.
    """
    tools = shutil.which(TOOLS)
    if tools is None:
        return None
    folder = Path(tempfile.gettempdir()) / f"luot-redis-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    link = folder / SERVER
    if not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(tools)
    return str(link)


def _runs(*command: str) -> None:
    subprocess.run(command, check=False, timeout=600, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
