"""
Lines of access logs on their way to the intake: read inside limits, with a time that can be.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from service.archive.files import regular_file
from service.errors import ImportRefused
from service.intake.addresses import client_address
from service.intake.beacons import Sender
from service.intake.logs import LogLine

#: Bytes of a file as it is stored.
LARGEST_FILE = 68_719_476_736

#: Bytes of a line that are kept; what is longer is read to its end and is no line of a log.
LARGEST_LINE = 65_536

#: The year of the first web server.
FIRST_YEAR = 1990

#: How far in the future a line may be, in ms: clocks differ.
FUTURE_MS = 300_000


def possible(line: LogLine | None, latest_ms: int) -> LogLine | None:
    """
    What a line tells, if it tells of something that can have happened.
    """
    if line is None or line.time.year < FIRST_YEAR or moment_ms(line) > latest_ms:
        return None
    return line


def sender_of(line: LogLine) -> Sender:
    """
    Who sent the request of a line.
    """
    return Sender(client_address(line.address, "", 0), line.user_agent)


def moment_ms(line: LogLine) -> int:
    """
    When a line was written, in ms since 1970.
    """
    return round(line.time.timestamp() * 1000)


def lines_of(file: Path, on_bytes: Callable[[bytes], object] = len) -> Iterator[str]:
    """
    The lines of a file, plain or gzip; bytes that are no UTF-8 stay what they are.

    :param on_bytes: told everything that is read
    :raises ImportRefused: it cannot be read
    """
    plain = regular_file(file, LARGEST_FILE)
    with plain.open("rb") as raw:
        magic = raw.read(4)
        if magic == b"\x28\xb5\x2f\xfd":
            raise ImportRefused(f"{file}: is packed by zstd; unpack it first: zstd -d")
        packed = magic[:2] == b"\x1f\x8b"
        raw.seek(0)
        stream = gzip.GzipFile(fileobj=raw) if packed else raw
        try:
            while line := stream.readline(LARGEST_LINE):
                on_bytes(line)
                whole = line
                while not whole.endswith(b"\n") and (whole := stream.readline(LARGEST_LINE)):
                    on_bytes(whole)
                yield line.decode("utf-8", "surrogateescape").rstrip("\r\n")
        except (OSError, EOFError, zlib.error) as error:
            raise ImportRefused(f"{file}: cannot be unpacked: {error}") from None
