"""
Opening files of other tools: plain, gzip or zip, as rows with a heading, inside fixed limits.

Nothing is written to disk and no name inside an archive is ever used as one: members are read by
what they are called, as streams. Whatever is unpacked is counted, and ends at a limit.
"""

import csv
import gzip
import hashlib
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, cast

from service.archive.files import regular_file
from service.archive.history_cells import Row
from service.errors import ImportRefused

#: Bytes of a file as it is stored.
LARGEST_FILE = 4_294_967_296

#: Bytes of a file unpacked, and how many times its stored size that may be beyond 16 MiB.
LARGEST_UNPACKED, LARGEST_RATIO, FREE_BYTES = 8_589_934_592, 200, 16_777_216

#: Entries of a zip archive.
LARGEST_ARCHIVE = 1_000

#: Bytes of a line, and columns of a row.
LARGEST_LINE, LARGEST_ROW = 262_144, 256

#: Bytes that are read at once where nobody looks at them.
_CHUNK = 1 << 20

_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|\Z)", re.IGNORECASE)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def content_of(file: Path) -> str:
    """
    SHA-256 of a file's bytes, hexadecimal.

    :raises ImportRefused: it is no plain file that can be read
    """
    digest = hashlib.sha256()
    with regular_file(file, LARGEST_FILE).open("rb") as raw:
        while chunk := raw.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def plain(file: Path) -> Iterator["Bounded"]:
    """
    The bytes of a file, unpacked if it is gzip.
    """
    with ExitStack() as stack:
        raw = stack.enter_context(regular_file(file, LARGEST_FILE).open("rb"))
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        stored = file.stat().st_size
        stream = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if packed else raw
        if packed:
            # To unpack it twice is much faster than to read the lines of what should not be there.
            Bounded(stream, str(file), stored).measure()
            stream.seek(0)
        yield Bounded(stream, str(file), stored)


@contextmanager
def archive(file: Path) -> Iterator[dict[str, "Member"]]:
    """
    The members of a zip archive by their names; the archive is closed after the block.

    :raises ImportRefused: it is none, or one that tries something
    """
    regular_file(file, LARGEST_FILE)
    try:
        with zipfile.ZipFile(file) as opened:
            entries = opened.infolist()
            if len(entries) > LARGEST_ARCHIVE:
                raise ImportRefused(
                    f"{file}: has {len(entries)} entries, more than {LARGEST_ARCHIVE}"
                )
            for entry in entries:
                _refuse_strange(file, entry)
            yield {e.filename: Member(opened, e, str(file)) for e in entries if not e.is_dir()}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, UnicodeDecodeError) as error:
        raise ImportRefused(f"{file}: is no zip archive that can be read: {error}") from None


def _refuse_strange(file: Path, entry: zipfile.ZipInfo) -> None:
    parts = entry.orig_filename.replace("\\", "/").split("/")
    if (
        entry.orig_filename.startswith(("/", "\\"))
        or ":" in parts[0]
        or ".." in parts
        or "\0" in entry.orig_filename
        or stat.S_ISLNK(entry.external_attr >> 16)
        or any(_DEVICE.match(part) for part in parts)
    ):
        raise ImportRefused(f"{file}: has an entry with the unsafe name {entry.filename!r}")
    if entry.flag_bits & 1:
        raise ImportRefused(f"{file}: {entry.filename} is encrypted")
    if entry.file_size > max(FREE_BYTES, entry.compress_size * LARGEST_RATIO):
        raise ImportRefused(f"{file}: {entry.filename} would unpack to {entry.file_size} bytes")


class Member:
    """
    A file inside an archive.
    """

    def __init__(self, opened: zipfile.ZipFile, entry: zipfile.ZipInfo, archive: str) -> None:
        self._opened = opened
        self._entry = entry
        self._name = f"{archive}: {entry.filename}"

    @contextmanager
    def open(self) -> Iterator["Bounded"]:
        """
        Its bytes.
        """
        with self._opened.open(self._entry) as stream:
            yield Bounded(stream, self._name, self._entry.compress_size)


class Bounded:
    """
    A stream that ends with an error when more comes out of it than can be meant.
    """

    def __init__(self, stream: IO[bytes], name: str, stored: int) -> None:
        self._stream = stream
        self.name = name
        self._left = min(LARGEST_UNPACKED, max(FREE_BYTES, stored * LARGEST_RATIO))

    def measure(self) -> None:
        """
        Reads everything and keeps nothing.

        :raises ImportRefused: there is more than can be meant, or it cannot be unpacked
        """
        while self._unpacked(lambda: self._stream.read(_CHUNK)):
            pass

    def read(self, limit: int) -> bytes:
        """
        Everything, when it is no more than that many bytes.

        :raises ImportRefused: there is more, or it cannot be unpacked
        """
        found = self._unpacked(lambda: self._stream.read(limit + 1))
        if len(found) > limit:
            raise ImportRefused(f"{self.name}: has more than {limit} bytes")
        return found

    def lines(self) -> Iterator[str]:
        """
        Its lines with their ends, as text.

        :raises ImportRefused: naming the line that is too long, no UTF-8, or has a NUL
        """
        number = 0
        while raw := self._unpacked(lambda: self._stream.readline(LARGEST_LINE + 1)):
            number += 1
            if number == 1 and raw.startswith(_UTF_16):
                raise ImportRefused(f"{self.name}: line 1: is UTF-16; save it as UTF-8")
            if len(raw) > LARGEST_LINE:
                raise ImportRefused(
                    f"{self.name}: line {number}: is over {LARGEST_LINE} bytes long"
                )
            try:
                text = raw.decode("utf-8")
            except UnicodeDecodeError:
                raise ImportRefused(f"{self.name}: line {number}: is not UTF-8") from None
            if "\0" in text:
                raise ImportRefused(f"{self.name}: line {number}: has a NUL")
            # Each editor that a file went through may have put one in front.
            yield text.lstrip("\ufeff") if number == 1 else text

    def _unpacked(self, read: Callable[[], bytes]) -> bytes:
        try:
            found = read()
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
            raise ImportRefused(f"{self.name}: cannot be unpacked: {error}") from None
        self._left -= len(found)
        if self._left < 0:
            raise ImportRefused(f"{self.name}: unpacks to more than can be meant")
        return found


def rows(
    stream: Bounded,
    needed: Collection[str],
    names: Mapping[str, Sequence[str]] | None = None,
    *,
    comment: str | None = None,
) -> Iterator[Row]:
    """
    The rows below the heading, cells by the lower-case names of their columns.

    ``;`` or tabs between columns and CRLF are accepted.
    :param needed: columns that have to be there
    :param names: other names that a column may have in the file
    :param comment: how lines begin that may stand above the heading
    :raises ImportRefused: naming file, line and column
    """
    lines = _Numbered(stream.lines())
    heading = next((line for line in lines if line.strip() and not _is(line, comment)), "")
    if not heading:
        raise ImportRefused(f"{stream.name}: is empty")
    delimiter = max(",;\t", key=heading.count)
    csv.field_size_limit(LARGEST_LINE)
    reader = csv.reader(chain([heading], lines), delimiter=delimiter, strict=True)
    try:
        columns = _columns(stream.name, lines.number, next(reader), needed, names or {})
        for cells in reader:
            # Spreadsheets leave rows of empty cells at the end.
            if not any(map(str.strip, cells)) or _is(cells[0], comment):
                continue
            if len(cells) != len(columns):
                raise ImportRefused(
                    f"{stream.name}: line {lines.number}: has {len(cells)} columns, "
                    f"the heading {len(columns)}"
                )
            yield Row(stream.name, lines.number, dict(zip(columns, cells, strict=True)))
    except csv.Error as error:
        raise ImportRefused(f"{stream.name}: line {lines.number}: {error}") from None


class _Numbered:
    """
    Lines, and how many there were.
    """

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.number = 0

    def __iter__(self) -> "_Numbered":
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        return line


def _is(text: str, comment: str | None) -> bool:
    return comment is not None and text.startswith(comment)


def _columns(
    file: str,
    line: int,
    heading: list[str],
    needed: Collection[str],
    names: Mapping[str, Sequence[str]],
) -> list[str]:
    if len(heading) > LARGEST_ROW:
        raise ImportRefused(f"{file}: line {line}: has {len(heading)} columns")
    known = {other: name for name, others in names.items() for other in others}
    plain = [name.strip().lower() for name in heading]
    columns = [known.get(name, name) for name in plain]
    twice = sorted({name for name in columns if columns.count(name) > 1})
    missing = sorted(set(needed) - set(columns))
    if twice:
        raise ImportRefused(f"{file}: line {line}: {twice[0]}: stands twice in the heading")
    if missing:
        raise ImportRefused(f"{file}: line {line}: {missing[0]}: is not in the heading")
    return columns
