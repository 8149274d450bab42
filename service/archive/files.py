"""
Files that somebody names: only plain ones of a bounded size are read.
"""

import stat
from pathlib import Path

from service.errors import ImportRefused


def regular_file(file: Path, largest: int) -> Path:
    """
    The file, when it is one and not too large.

    :raises ImportRefused: a folder, a device, a pipe, unreadable, or more than ``largest`` bytes
    """
    try:
        found = file.stat()
        if not stat.S_ISREG(found.st_mode):
            raise ImportRefused(f"{file}: is no plain file")
        # Opened once, so that a file of somebody else is refused here and not half way.
        file.open("rb").close()
    except OSError as error:
        raise ImportRefused(f"{file}: cannot be read: {error.strerror}") from None
    if found.st_size > largest:
        raise ImportRefused(f"{file}: has {found.st_size} bytes, more than {largest}")
    return file
