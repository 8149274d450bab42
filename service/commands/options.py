"""
What all commands have in common: where settings come from, and how errors are told.
"""

import functools
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from urllib.parse import unquote, urlsplit

import click

from service.archive.databases import Database
from service.archive.migrating import migrate
from service.configuration import load
from service.errors import ArchiveUnavailable, LuotError, SettingsError, StoreUnavailable
from service.intake.sites import Site
from service.logs import prepare_logs
from service.runtime import Runtime
from service.settings import SITE_ID, Settings

F = TypeVar("F", bound=Callable[..., Any])

_config = click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="The settings file; else LUOT_CONFIG, else ./luot.toml.",
)
_data = click.option(
    "--data", type=click.Path(path_type=Path), help="The data directory, over the settings."
)


def settings_options(command: F) -> F:
    """
    The command takes ``--config`` and ``--data``, which may also stand before its name.
    """
    return _config(_data(command))


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """
    The command is called with the settings in force, and its errors are told in one sentence.

    Settings that cannot be used end with exit status 2, anything else that fails with 1.
    """

    @settings_options
    @click.pass_context
    @functools.wraps(command)
    def run(
        context: click.Context, /, config: Path | None, data: Path | None, **options: Any
    ) -> None:
        before = context.find_root().params
        try:
            settings = settings_of(config or before.get("config"), data or before.get("data"))
            _refuse_missing_socket(settings)
            prepare_logs(settings)
            _call(command, settings, options)
        except SettingsError as error:
            fail(2, *error.mistakes)
        except LuotError as error:
            fail(1, f"{error}{behind(remedy(error, settings))}")
        except BrokenPipeError:
            # The reader has seen enough; click ends quietly.
            raise
        except OSError as error:
            fail(1, f"{error.filename or 'standard output'}: {error.strerror or error}")

    return run


def remedy(error: LuotError, settings: Settings) -> str:
    """
    What to do about Redis or SQL that cannot be reached; empty when the error says it itself.
    """
    if isinstance(error, StoreUnavailable):
        return (
            "start it, or correct redis_url"
            if settings.redis_url
            else "the embedded store runs while luot serve does"
        )
    if isinstance(error, ArchiveUnavailable):
        if settings.database_url:
            return "start it, or correct database_url"
        # What is wrong with a file that is there is said by the error, with the way out.
        return "luot migrate and luot serve make the file" if "open" in str(error) else ""
    return ""


def behind(what: str) -> str:
    """
    What to do, as it stands behind a sentence.
    """
    return f" ({what})" if what else ""


def _call(command: Callable[..., None], settings: Settings, options: dict[str, Any]) -> None:
    try:
        command(settings, **options)
    except (LuotError, OSError, click.ClickException, click.Abort, click.exceptions.Exit):
        raise
    except Exception:
        # What is read from a damaged file may be no day and no number, wherever it is used.
        with closing(Database.of(settings)) as database:
            database.check_whole()
        raise


def _refuse_missing_socket(settings: Settings) -> None:
    # Not a rule of the settings: a web process may start while Redis is away.
    url = urlsplit(settings.redis_url)
    if url.scheme == "unix" and not Path(unquote(url.path)).exists():
        raise SettingsError(["redis_url: there is no socket of that name; is Redis running?"])


def settings_of(config: Path | None, data: Path | None) -> Settings:
    """
    The settings in force.

    :raises SettingsError: they cannot be used
    """
    return load(config, {"data_dir": data} if data else {})


def made_data_dir(settings: Settings) -> Path:
    """
    The data directory, which exists afterwards.

    :raises SettingsError: it cannot be made
    """
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            [f"data_dir: {settings.data_dir} cannot be made: {error.strerror}"]
        ) from None
    return settings.data_dir


def opened(settings: Settings) -> Runtime:
    """
    A runtime that is closed when the command ends.
    """
    runtime = Runtime(settings)
    click.get_current_context().call_on_close(runtime.close)
    return runtime


def prepared(settings: Settings) -> Runtime:
    """
    The same with a data directory and tables, for commands that may be the first of all.
    """
    made_data_dir(settings)
    runtime = opened(settings)
    migrate(runtime.database)
    return runtime


def site_in(runtime: Runtime, name: str) -> Site:
    """
    A site of the settings.

    :raises SettingsError: there is none of this id
    """
    if name not in runtime.sites:
        known = ", ".join(runtime.sites) or "none"
        raise SettingsError([f"--site: there is no such site; the settings have: {known}"])
    return runtime.sites[name]


def fail(status: int, *sentences: str) -> NoReturn:
    """
    Ends the program with these sentences on standard error.
    """
    for sentence in sentences:
        click.echo(f"luot: {sentence}", err=True)
    sys.exit(status)


def _site_id(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not SITE_ID.match(value) and value != "*":
        raise click.BadParameter("is no site's id")
    return value


#: A site's id, checked before anything is done with it.
site_option = click.option("--site", required=True, callback=_site_id, help="The site's id.")
