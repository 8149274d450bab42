"""
Where settings are found, and how mistakes in them are told.
"""

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource

from service.errors import SettingsError
from service.settings import Settings, SiteSettings

PREFIX = "LUOT_"

#: Variables that are read elsewhere and are no settings.
OTHER_VARIABLES = frozenset({"LUOT_CONFIG", "LUOT_TEST_CLOCK", "LUOT_TEST_DATA"})

#: Bytes of a settings file; a larger one is something else by mistake.
LARGEST_FILE = 1_048_576


def load(file: Path | None = None, flags: Mapping[str, Any] | None = None) -> Settings:
    """
    The settings in force: flags, then ``LUOT_…`` variables, then the file, then defaults.

    Without ``file`` it is the one named by ``LUOT_CONFIG``, else ``./luot.toml`` if there is one.
    :raises SettingsError: with every mistake, each one beginning with its key
    """
    mistakes = _unknown_variables(os.environ)
    layers = _over(_read(_chosen(file)), _environment())
    try:
        settings = Settings(**_over(layers, flags or {}))
    except ValidationError as error:
        raise SettingsError(mistakes + [_sentence(row) for row in _rows(error)]) from None
    if mistakes:
        raise SettingsError(mistakes)
    return settings


def _chosen(file: Path | None) -> Path | None:
    named = file or (Path(name) if (name := os.environ.get("LUOT_CONFIG")) else None)
    if named is not None and not named.is_file():
        raise SettingsError([f"{named}: there is no such file"])
    usual = Path("luot.toml")
    return named or (usual if usual.is_file() else None)


def _read(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise SettingsError([f"{file}: is larger than 1 MiB, so it is no settings file"])
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError([f"{file}: is not valid TOML: {error}"]) from None
    except OSError as error:
        raise SettingsError([f"{file}: cannot be read: {error.strerror}"]) from None


def _environment() -> dict[str, Any]:
    return dict(EnvSettingsSource(Settings)() or {})


def _over(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """
    ``lower`` with what ``upper`` says laid over it, table by table.
    """
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        tables = isinstance(value, Mapping) and isinstance(below, Mapping)
        merged[key] = _over(below or {}, value) if tables else value
    return merged


def _unknown_variables(names: Iterable[str]) -> list[str]:
    """
    A sentence for each ``LUOT_…`` variable that no setting has; pydantic passes over them.
    """
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    return [
        f"{name}: there is no such variable{_nearest(name, known | OTHER_VARIABLES)}"
        for name in sorted(names)
        if name.startswith(PREFIX)
        and name not in OTHER_VARIABLES
        and name.upper().partition("__")[0] not in known
    ]


def _rows(error: ValidationError) -> list[Any]:
    return list(error.errors(include_url=False, include_context=False, include_input=False))


def _sentence(row: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in row["loc"])
    if row["type"] == "extra_forbidden":
        fields = SiteSettings if row["loc"][0] == "sites" else Settings
        return (
            f"{where}: there is no such setting{_nearest(str(row['loc'][-1]), fields.model_fields)}"
        )
    if row["type"] == "missing":
        return f"{where}: has to be given"
    said = str(row["msg"]).removeprefix("Value error, ")
    return f"{where}: {said}" if where else said


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
