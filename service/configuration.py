"""
Where settings are found, and how mistakes in them are told.
"""

import difflib
import json
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from service.errors import SettingsError
from service.settings import Settings, SiteSettings

PREFIX = "LUOT_"

#: Variables that are read elsewhere and are no settings.
OTHER_VARIABLES = frozenset(
    {
        "LUOT_CONFIG",
        *("LUOT_TEST_CLOCK", "LUOT_TEST_CRASH_AT"),
        # The suite reads these, and whatever it starts inherits them.
        *("LUOT_TEST_DATA", "LUOT_TEST_DATABASE", "LUOT_TEST_REDIS_SERVER"),
    }
)

#: Bytes of a settings file; a larger one is something else by mistake.
LARGEST_FILE = 1_048_576


def load(file: Path | None = None, flags: Mapping[str, Any] | None = None) -> Settings:
    """
    The settings in force: flags, then ``LUOT_…`` variables, then the file, then defaults.

    Without ``file`` it is the one named by ``LUOT_CONFIG``, else ``./luot.toml`` if there is one.
    :raises SettingsError: with every mistake, each one beginning with its key
    """
    mistakes = _unknown_variables(os.environ)
    try:
        layers = _over(_read(_chosen(file)), _environment(os.environ))
        settings = Settings(**_over(layers, flags or {}))
    except SettingsError as error:
        raise SettingsError(mistakes + error.mistakes) from None
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
        # Some editors write a byte order mark in front.
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SettingsError([f"{file}: is not UTF-8, at byte {error.start}"]) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{file}: is not valid TOML: {error}"]) from None
    except RecursionError:
        raise SettingsError([f"{file}: is nested too deep"]) from None
    except OSError as error:
        raise SettingsError([f"{file}: cannot be read: {error.strerror}"]) from None


def _environment(variables: Mapping[str, str]) -> dict[str, Any]:
    """
    What ``LUOT_…`` variables say, as a file would: ``__`` goes one table deeper.
    """
    told: dict[str, Any] = {}
    # Sorted, so that a whole table comes before single keys of it.
    for name in sorted(filter(_is_setting, variables)):
        *tables, key = name.upper().removeprefix(PREFIX).lower().split("__")
        table = told
        for part in tables:
            below = table.get(part)
            table[part] = table = dict(below) if isinstance(below, Mapping) else {}
        table[key] = _table(variables[name])
    return told


def _table(text: str) -> Any:
    if not text.startswith("{"):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _is_setting(variable: str) -> bool:
    first = variable.upper().removeprefix(PREFIX).partition("__")[0]
    return variable.upper().startswith(PREFIX) and first.lower() in Settings.model_fields


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
    A sentence for each ``LUOT_…`` variable that no setting has.
    """
    known = [field.upper() for field in Settings.model_fields]
    return [
        f"{name}: there is no such variable{_nearest(name[len(PREFIX) :].upper(), known, PREFIX)}"
        for name in sorted(names)
        if name.upper().startswith(PREFIX) and name not in OTHER_VARIABLES and not _is_setting(name)
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
    # What is wrong with one site beside others is found at their table, and names the site.
    return said if said.startswith(f"{where}.") else f"{where}: {said}"


def _nearest(name: str, known: Iterable[str], prefix: str = "") -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {prefix}{near[0]}?" if near else ""
