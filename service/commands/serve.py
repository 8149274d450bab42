"""
``luot serve`` and its parts, which run alone: web, scheduler, migrate.
"""

import errno
import os
import shutil
import socket
import sys
import time
from contextlib import closing
from ipaddress import ip_address
from pathlib import Path

import click

from service import supervisor
from service.archive.databases import Database
from service.archive.migrating import migrate
from service.archive.tokens import Scope, create_token
from service.commands.options import made_data_dir, opened, prepared, with_settings
from service.counting.store import Store
from service.demo import SITE, seed_demo
from service.embedded import command, store_url
from service.errors import LuotError, SettingsError, StoreUnavailable
from service.jobs.scheduler import run_scheduler
from service.settings import Settings

#: Seconds until the store has to answer after its start; a large append-only file takes a while.
STORE_SECONDS = 120.0

#: Hops of X-Forwarded-For that anybody really has.
USUAL_PROXIES = 5


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    default=8000,
    show_default=True,
    help="The port to listen on.",
)
@with_settings
def serve(settings: Settings, host: str, port: int) -> None:
    """
    Runs everything on this machine until it is told to stop.
    """
    _refuse_unsafe(settings, host)
    _refuse_taken(host, port)
    lock = supervisor.lock_folder(settings.data_dir)
    environment = _environment(settings)
    keeper = supervisor.Supervisor()
    keeper.catch_signals()
    try:
        if not settings.redis_url:
            keeper.start(supervisor.Child("store", _store(settings), {}))
        _prepare(settings, keeper)
        if not keeper.is_stopping:
            keeper.start(supervisor.Child("scheduler", _luot("scheduler"), environment))
            keeper.start(supervisor.Child("web", _gunicorn(host, port), environment))
            _tell(settings, host, port)
        keeper.watch()
    except BaseException:
        keeper.stop_all()
        raise
    finally:
        os.close(lock)


@click.command("web")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    default=8000,
    show_default=True,
    help="The port to listen on.",
)
@with_settings
def web(settings: Settings, host: str, port: int) -> None:
    """
    Runs the web processes alone.
    """
    _refuse_unsafe(settings, host)
    told = _gunicorn(host, port)
    os.execve(told[0], told, {**os.environ, **_environment(settings)})  # noqa: S606 - its own program


@click.command("scheduler")
@with_settings
def scheduler(settings: Settings) -> None:
    """
    Runs the scheduler alone.
    """
    run_scheduler(opened(settings))


@click.command("migrate")
@with_settings
def migrate_command(settings: Settings) -> None:
    """
    Brings the database to this version's tables.
    """
    click.echo(f"the database has schema {migrate(prepared(settings).database)}")


def _refuse_unsafe(settings: Settings, host: str) -> None:
    mistakes = []
    any_host = [name for name, site in settings.sites.items() if "*" in site.hosts]
    if any_host and "any_host" not in settings.unsafe:
        mistakes += [
            f'sites.{name}.hosts: "*" lets every page in the world count; name the hosts, or set '
            f'unsafe = ["any_host"]'
            for name in any_host
        ]
    if settings.trusted_proxies > USUAL_PROXIES and "many_proxies" not in settings.unsafe:
        mistakes.append(
            f"trusted_proxies: more than {USUAL_PROXIES} hops let readers choose their address; "
            f'set unsafe = ["many_proxies"] if it is so'
        )
    if settings.demo and not _is_local(host):
        mistakes.append("demo: is for this machine only; serve it on 127.0.0.1, or set it to false")
    if mistakes:
        raise SettingsError(mistakes)


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refuse_taken(host: str, port: int) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except UnicodeError:
        raise SettingsError([f"--host: {host} is no host"]) from None
    except OSError as error:
        what = f"{host}:{port} cannot be used: {error.strerror}"
        if error.errno == errno.EADDRINUSE:
            what += "; name another, such as --port 8001"
        raise SettingsError([f"--port: {what}"]) from None


def _environment(settings: Settings) -> dict[str, str]:
    """
    What the parts need to come to the same settings, and a clean place for their metrics.
    """
    metrics = made_data_dir(settings).absolute() / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    made_data_dir(settings.model_copy(update={"data_dir": metrics}))
    context = click.get_current_context()
    config = context.params.get("config") or context.find_root().params.get("config")
    told = {
        "LUOT_DATA_DIR": str(settings.data_dir.absolute()),
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
    }
    return told | ({"LUOT_CONFIG": str(Path(config).absolute())} if config else {})


def _store(settings: Settings) -> list[str]:
    """
    How the embedded store is started; with journals it need not sync at each write.
    """
    syncs = "everysec" if settings.durability == "journal" else "always"
    return command(settings.data_dir, syncs=syncs)


def _luot(name: str) -> list[str]:
    return [sys.executable, "-m", "service.cli", name]


def _gunicorn(host: str, port: int) -> list[str]:
    shown = f"[{host}]" if ":" in host else host
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        str(_gunicorn_config()),
        "-b",
        f"{shown}:{port}",
    ]


def _gunicorn_config() -> Path:
    """
    The configuration, in a checkout or in an installed package.
    """
    package = Path(__file__).parents[1]
    checkout = package.parent / "config" / "gunicorn.conf.py"
    return checkout if checkout.is_file() else package / "gunicorn.conf.py"


def _prepare(settings: Settings, keeper: supervisor.Supervisor) -> None:
    """
    The store answers, the tables have their shape, and every site is open.
    """
    _wait_for_store(settings, keeper)
    runtime = opened(settings)
    migrate(runtime.database)
    runtime.store.check_fitness()
    for name in runtime.sites:
        try:
            runtime.open_site(name)
        except LuotError as error:
            click.echo(f"luot: {error}", err=True)
    if runtime.settings.demo:
        seed_demo(runtime.store, runtime.database, runtime.sites[SITE], runtime.clock)
    runtime.close()


def _wait_for_store(settings: Settings, keeper: supervisor.Supervisor) -> None:
    store = Store(store_url(settings))
    limit = time.monotonic() + STORE_SECONDS
    while not keeper.is_stopping:
        try:
            store.guarded(store.commands.ping)
        except StoreUnavailable:
            if time.monotonic() > limit or settings.redis_url:
                raise
            time.sleep(0.05)
        else:
            store.close()
            return


def _tell(settings: Settings, host: str, port: int) -> None:
    """
    Where to look; with the demo also a token, which is new at each start.
    """
    shown = "localhost" if host in {"127.0.0.1", "localhost"} else host
    base = f"http://{shown}:{port}"
    click.echo(f"Luot is starting on {base}")
    if not settings.demo:
        click.echo("Its dashboard asks for a token; luot token create --help says how to make one")
        return
    with closing(Database.of(settings)) as database:
        token = create_token(database, "*", Scope.ADMIN, time.time_ns() // 1_000_000, "demo")
    click.echo(f"A page with numbers that move: {base}/demo/")
    click.echo(f"The dashboard, which asks for the token: {base}/")
    click.echo(f"An administrator's token: {token}")
