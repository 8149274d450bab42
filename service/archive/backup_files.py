"""
A backup as a file: a zip with a manifest, the settings, and a table in each JSON Lines file.

The form knows nothing of SQLite or PostgreSQL, so that what one wrote the other can read. Every
table has its number of rows and its checksum in the manifest, and a file is believed only when all
of them fit.
"""

import hashlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from service.errors import BackupRefused

#: The form of the file; it changes when an older Luot could not read it.
FORMAT = 1

MANIFEST, SETTINGS = "manifest.json", "settings.json"

#: Bytes of a line, a manifest or the settings that are read at most.
_LARGEST = 64 * 1024 * 1024

#: Bytes that are read at once.
_PIECE = 1024 * 1024

#: How reading a damaged zip fails.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    ValueError,
    OSError,
    TypeError,
    NotImplementedError,
)


@dataclass(frozen=True, slots=True)
class TableNote:
    """
    What the manifest says of a table.
    """

    columns: list[str]
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """
    What a backup holds.
    """

    format: int
    luot: str
    #: The schema that the tables have.
    revision: str
    created: str
    tables: dict[str, TableNote] = field(default_factory=dict)


class BackupWriter:
    """
    Writes a backup beside its place; it stands there whole, or not at all.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._new = path.with_name(f".{path.name}.new")
        descriptor = os.open(self._new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._raw = os.fdopen(descriptor, "wb")
        self._zip = zipfile.ZipFile(self._raw, "w", zipfile.ZIP_DEFLATED, compresslevel=6)

    def table(self, name: str, columns: list[str], rows: Iterable[Sequence[Any]]) -> TableNote:
        """
        A table is in the file; returns what the manifest has to say of it.
        """
        digest, many = hashlib.sha256(), 0
        with self._zip.open(f"tables/{name}.jsonl", "w", force_zip64=True) as out:
            for row in rows:
                text = json.dumps(list(row), ensure_ascii=False, separators=(",", ":"))
                line = text.encode("utf-8", "surrogatepass") + b"\n"
                digest.update(line)
                out.write(line)
                many += 1
        return TableNote(columns, many, digest.hexdigest())

    def finish(self, manifest: Manifest, settings: dict[str, Any]) -> None:
        """
        The backup stands in its place, on disk.
        """
        for name, told in ((SETTINGS, settings), (MANIFEST, asdict(manifest))):
            self._zip.writestr(name, json.dumps(told, ensure_ascii=False, indent=1))
        self._zip.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        self._raw.close()
        self._new.replace(self._path)

    def give_up(self) -> None:
        """
        Nothing is left of it; nothing happens when it was finished.
        """
        if not self._raw.closed:
            self._raw.close()
            self._new.unlink(missing_ok=True)


class BackupReader:
    """
    A backup that was found whole.

    :raises BackupRefused: it is none, is damaged, or was made by a newer Luot
    """

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, EOFError) as error:
            raise BackupRefused(f"{path} is no backup, or its end is missing") from error
        try:
            self.manifest = self._manifest()
            for name in self.manifest.tables:
                self._check(name)
        except _DAMAGE as error:
            self.close()
            raise BackupRefused(f"{path} is damaged: {_said(error)}") from error
        except BackupRefused:
            self.close()
            raise

    def close(self) -> None:
        """
        The file is closed.
        """
        self._zip.close()

    def rows(self, name: str) -> Iterator[list[Any]]:
        """
        The rows of a table.
        """
        with self._zip.open(f"tables/{name}.jsonl") as raw:
            for line in io.BufferedReader(raw, _PIECE):  # type: ignore[type-var]
                row: list[Any] = json.loads(line.decode("utf-8", "surrogatepass"))
                yield row

    def _manifest(self) -> Manifest:
        if self._zip.getinfo(MANIFEST).file_size > _LARGEST:
            raise ValueError("its manifest is too large")
        told = json.loads(self._zip.read(MANIFEST))
        if told["format"] > FORMAT:
            raise BackupRefused(f"a newer Luot ({told['luot']}) made this backup: upgrade Luot")
        tables = {name: TableNote(**row) for name, row in told.pop("tables").items()}
        return Manifest(**told, tables=tables)

    def _check(self, name: str) -> None:
        note, digest, many = self.manifest.tables[name], hashlib.sha256(), 0
        with self._zip.open(f"tables/{name}.jsonl") as raw:
            while piece := raw.read(_PIECE):
                digest.update(piece)
                many += piece.count(b"\n")
        if (many, digest.hexdigest()) != (note.rows, note.sha256):
            raise ValueError(f"the table {name} is not what was written")


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]
