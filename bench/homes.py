"""
Whole Luots for the bench: settings, a store, a database, and the fronts that work on them.
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import traffic
from bench.plans import Plan
from bench.processes import children
from service.commands import serve
from service.embedded import tied_to_parent
from tests.journeys.serving import free_port
from tests.servers import Valkey, until

ROOT = Path(serve.__file__).parents[2]
CONFIG = ROOT / "config" / "gunicorn.conf.py"

#: Whether the deployed front is asynchronous; the empty server has to be what it is.
IS_ASYNCHRONOUS = "service.web.asgi" in CONFIG.read_text(encoding="utf-8")

#: How the store that Luot brings keeps what it has, beside a journal.
APPENDING = ("--appendonly", "yes", "--appendfsync", "everysec")


@dataclass(slots=True)
class Front:
    """
    A server that runs: gunicorn's master and where it listens.
    """

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def base(self) -> str:
        """
        What its URLs begin with.
        """
        return f"http://127.0.0.1:{self.port}"

    def workers(self) -> list[int]:
        """
        The processes that answer.
        """
        return children(self.process.pid)

    def answers(self, path: str) -> bool:
        """
        Whether it says that it is ready.

        :raises RuntimeError: it has ended
        """
        if self.process.poll() is not None:
            raise RuntimeError(f"a server ended at once:\n{self.log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(self.base + path, timeout=5):
                return True
        except OSError:
            return False

    def ask(self, path: str, body: bytes | None = None, **headers: str) -> Any:
        """
        The JSON that it answers.

        :raises RuntimeError: it refuses
        """
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            request = urllib.request.Request(self.base + path, body, told)
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{path}: {error.code} {error.read()[:300]!r}") from error


@dataclass(slots=True)
class Home:
    """
    One Luot's folder, with settings, a store and a database that are ready.
    """

    folder: Path
    store: Valkey
    environment: dict[str, str]
    _tokens: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        """
        Its settings file.
        """
        return self.folder / "luot.toml"

    @property
    def data(self) -> Path:
        """
        Its data directory.
        """
        return self.folder / "data"

    def luot(self, *words: str) -> str:
        """
        What a command of Luot prints.
        """
        return subprocess.run(
            [sys.executable, "-m", "service.cli", *words],
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout

    def token(self, scope: str, site: str = traffic.SITE) -> str:
        """
        A token for a site, the same one each time.
        """
        if (scope, site) not in self._tokens:
            said = self.luot("token", "create", "--site", site, "--scope", scope)
            self._tokens[scope, site] = said.split()[-1]
        return self._tokens[scope, site]


@contextmanager
def home(
    plan: Plan, name: str, also: dict[str, str] | None = None, **settings: Any
) -> Iterator[Home]:
    """
    A Luot that nobody serves yet, with one site.

    :param also: further sites, each with its host
    """
    folder = plan.folder / name
    for needed in ("data", "store", "metrics"):
        (folder / needed).mkdir(parents=True)
    # The store's socket stands in a short folder, its files on the disk that is measured.
    with tempfile.TemporaryDirectory(prefix="lb") as short:
        store = Valkey(Path(short), "--dir", str(folder / "store"), *APPENDING)
        store.start()
        try:
            yield _prepared(
                plan, folder, store, {traffic.SITE: traffic.HOST} | (also or {}), settings
            )
        finally:
            store.kill()


def _prepared(
    plan: Plan, folder: Path, store: Valkey, sites: dict[str, str], settings: dict[str, Any]
) -> Home:
    top = {
        "data_dir": str(folder / "data"),
        "redis_url": store.url,
        "trusted_proxies": 1,
        "access_log": plan.access_log,
        **settings,
    }
    # Texts, numbers, yes, no and lists of texts are written alike in JSON and in TOML.
    lines = [f"{key} = {json.dumps(value)}" for key, value in top.items()]
    for name, host in sites.items():
        site = {"name": "Bench", "hosts": [host], "timezone": "Asia/Ho_Chi_Minh"}
        lines += [f"[sites.{name}]", *(f"{k} = {json.dumps(v)}" for k, v in site.items())]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LUOT_")} | {
        "LUOT_CONFIG": str(folder / "luot.toml"),
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(Path(__file__).parents[1])]),
    }
    made = Home(folder, store, environment)
    made.config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    made.luot("migrate")
    return made


@contextmanager
def deployed_front(at: Home) -> Iterator[Front]:
    """
    The front as ``luot web`` deploys it.
    """
    port = free_port()
    words = ("web", "--host", "127.0.0.1", "--port", str(port))
    with _running(at, [sys.executable, "-m", "service.cli", *words], port) as front:
        until(lambda: front.answers("/readyz"), 60)
        yield front


@contextmanager
def flask_front(at: Home) -> Iterator[Front]:
    """
    The plain Flask application under gunicorn's threads: the same settings, the same doors.
    """
    port = free_port()
    words = ("-k", "gthread", "--threads", "4", "service.web.app:create_app()")
    with _running(at, _gunicorn(port, *words), port) as front:
        until(lambda: front.answers("/readyz"), 60)
        yield front


@contextmanager
def empty_front(at: Home) -> Iterator[Front]:
    """
    A server of the same kind as the deployed front that answers 204 at once, whatever is asked.
    """
    port = free_port()
    kind = "asgi" if IS_ASYNCHRONOUS else "wsgi"
    with _running(at, _gunicorn(port, f"bench.empties:{kind}"), port) as front:
        until(lambda: front.answers("/"), 60)
        yield front


@contextmanager
def eager_front(at: Home) -> Iterator[Front]:
    """
    The deployed front, which looks for journals to remove twice a second and not once a minute.
    """
    port = free_port()
    with _running(at, _gunicorn(port, "bench.eager:create_app()"), port) as front:
        until(lambda: front.answers("/readyz"), 60)
        yield front


@contextmanager
def scheduled(at: Home) -> Iterator[None]:
    """
    The jobs run, snapshots among them, as ``luot scheduler`` runs them.
    """
    log = at.folder / "scheduler.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "scheduler"],
            env=at.environment,
            stdout=written,
            stderr=written,
            preexec_fn=tied_to_parent(),  # noqa: PLW1509 - it calls one system call
        )
    try:
        yield
    finally:
        _end(process)


@contextmanager
def profiled_front(at: Home) -> Iterator[Front]:
    """
    The deployed front under Python's profiler, which writes where ``BENCH_PROFILE`` says.
    """
    port = free_port()
    config = Path(__file__).with_name("profiled.py")
    with _running(at, _gunicorn(port, config=config), port) as front:
        until(lambda: front.answers("/readyz"), 60)
        yield front


def _gunicorn(port: int, *words: str, config: Path = CONFIG) -> list[str]:
    binding = ("-b", f"127.0.0.1:{port}")
    return [sys.executable, "-m", "gunicorn", "-c", str(config), *binding, *words]


@contextmanager
def _running(at: Home, command: list[str], port: int) -> Iterator[Front]:
    log = at.folder / f"front-{port}.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            command,
            env=at.environment,
            cwd=at.folder,
            stdout=written,
            stderr=written,
            preexec_fn=tied_to_parent(),  # noqa: PLW1509 - it calls one system call
        )
    try:
        yield Front(process, port, log)
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(40)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
