"""
One deployment of Luot that things are done to: web, scheduler, store, SQL, each a real process.

Every process carries a mark in its environment, and whatever carries it is gone when the world
ends, orphans of killed masters too. Processes are tied to the thread that starts them, so a world
is used by one thread.
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from service.archive.databases import Database
from service.archive.migrating import migrate
from service.archive.tokens import Scope, create_token
from service.configuration import load
from service.embedded import tied_to_parent
from service.settings import Settings
from tests.faults.links import Link
from tests.faults.plans import Plan, settings_file
from tests.faults.processes import MARK, children, marked, send
from tests.faults.readers import Api, Sql
from tests.faults.stores import ClusterStore, Store
from tests.faults.waits import TookTooLong, soon, until
from tests.journeys.serving import free_port

ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class World:
    """
    The processes of one deployment, each of which can be started, killed and looked at.
    """

    plan: Plan
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="lf")))
    mark: str = field(default_factory=lambda: secrets.token_hex(8))
    port: int = field(default_factory=free_port)
    token: str = ""
    web: "subprocess.Popen[bytes] | None" = None
    schedulers: "list[subprocess.Popen[bytes]]" = field(default_factory=list)
    link: Link | None = None
    #: The number of the next hit, and whether a row has left the world in doubt.
    next_hit: int = 1
    is_spoiled: bool = False
    mounts: list[Path] = field(default_factory=list)
    replicas: list[Store] = field(default_factory=list)
    #: Web processes that outlived their master and had to be killed.
    orphans: int = 0
    store: Store = field(init=False)
    sql: Sql = field(init=False)
    api: Api = field(init=False)
    config: Path = field(init=False)

    def __post_init__(self) -> None:
        """
        Files are written; nothing runs yet.
        """
        data = self.folder / "data"
        data.mkdir()
        shift = self.folder / "clock"
        shift.write_text("0", encoding="ascii")
        delay = self.folder / "fsync_ms"
        delay.write_text("0", encoding="ascii")
        self._mount_small(data)
        preload = {"LD_PRELOAD": str(self.plan.store_preload)} if self.plan.store_preload else {}
        told = {**preload, "FAULTS_FSYNC_MS": str(delay), MARK: self.mark}
        make = ClusterStore if self.plan.is_cluster else Store
        self.store = make(self.folder / "store", told)
        self.config = self.folder / "luot.toml"
        url = f"unix://{self.folder / 'link.sock'}" if self.plan.linked else self.store.url
        self.config.write_text(settings_file(self.plan, data, url), encoding="utf-8")
        self.sql = Sql(self.plan.database_url, data)

    @property
    def data(self) -> Path:
        """
        The data directory.
        """
        return self.folder / "data"

    @property
    def journal(self) -> Path:
        """
        Where the journals of all producers are.
        """
        return self.data / "journal"

    def start(self) -> "World":
        """
        Everything runs, and hits are taken.
        """
        self.store.start()
        if self.plan.linked:
            self.link = Link(self.folder / "link.sock", self.store.socket)
        settings = self.settings()
        database = Database.of(settings)
        migrate(database)
        self.token = create_token(database, "*", Scope.ADMIN, time.time_ns() // 1_000_000, "faults")
        database.close()
        self.api = Api(self.port, self.token)
        self.start_scheduler()
        self.start_web()
        return self

    def settings(self) -> Settings:
        """
        The settings that its processes have.
        """
        return load(self.config)

    # -- Web ------------------------------------------------------------------------------------

    def start_web(self, *, ready: bool = True) -> None:
        """
        The web runs; it is ready unless that is not waited for.
        """
        told = dict[str, str]()
        if self.plan.web_preload:
            told["LD_PRELOAD"] = str(self.plan.web_preload)
            told["FAULTS_SYNCED"] = str(self.folder / "synced.log")
        if self.plan.web_crash:
            told["LUOT_TEST_CRASH_AT"] = self.plan.web_crash
        # Right after a kill the port may still be an orphan's.
        if not soon(lambda: not self.workers_anywhere(), 3):
            self._kill_orphans()
        self.web = self._run("web", told, "--port", str(self.port))
        if ready:
            self.wait_ready()

    def _kill_orphans(self) -> None:
        for pid in self.workers_anywhere():
            self.orphans += send(pid, signal.SIGKILL)
        until(lambda: not self.workers_anywhere(), 20, "orphans are gone")

    def start_second_web(self) -> "subprocess.Popen[bytes]":
        """
        Another web runs in the same folder, on a port of its own.
        """
        return self._run("web", {}, "--port", str(free_port()))

    def wait_ready(self, seconds: float = 60.0) -> float:
        """
        Seconds until hits are taken.
        """

        def is_ready() -> bool:
            if self.web is None or self.web.poll() is not None:
                raise TookTooLong(f"the web has ended: {self.said('web')[-2000:]}")
            return self.api.get("/readyz")[0] == 200

        return until(is_ready, seconds, "the web is ready")

    def workers(self) -> list[int]:
        """
        The numbers of the web's worker processes.
        """
        assert self.web is not None
        return children(self.web.pid)

    def workers_anywhere(self) -> list[int]:
        """
        Processes of the web, also those whose master is gone.
        """
        return [pid for pid, args in marked(self.mark) if "gunicorn" in args]

    def kill_web(self) -> None:
        """
        All of the web is gone at once.
        """
        assert self.web is not None
        workers = self.workers()
        self.web.kill()
        for pid in workers:
            send(pid, signal.SIGKILL)
        self.web.wait(20)
        until(lambda: not self.workers_anywhere(), 20, "the web is gone")

    # -- Scheduler ------------------------------------------------------------------------------

    def start_scheduler(self, crash_at: str = "") -> "subprocess.Popen[bytes]":
        """
        One more scheduler runs.
        """
        told = {"LUOT_TEST_CRASH_AT": crash_at} if crash_at else {}
        process = self._run("scheduler", told)
        self.schedulers.append(process)
        return process

    def kill_schedulers(self) -> None:
        """
        No scheduler runs.
        """
        for process in self.schedulers:
            process.kill()
            process.wait(20)
        self.schedulers.clear()

    # -- All ------------------------------------------------------------------------------------

    def kill_all(self) -> None:
        """
        As if the plug had been pulled, but for what the system still writes.
        """
        self.kill_schedulers()
        self.kill_web()
        self.store.kill()

    def heal(self) -> None:
        """
        Everything that may have been stopped or broken runs and is whole.
        """
        if self.link is not None:
            self.link.heal()
        (self.folder / "fsync_ms").write_text("0", encoding="ascii")
        for pid, _ in marked(self.mark):
            send(pid, signal.SIGCONT)
        # A store writes its title over its environment, so it carries no mark.
        if self.store.process is not None:
            self.store.send(signal.SIGCONT)
        if self.store.process is None or self.store.process.poll() is not None:
            self.store.start()
        self.schedulers = [process for process in self.schedulers if process.poll() is None]
        if not self.schedulers:
            self.start_scheduler()
        if self.web is None or self.web.poll() is not None:
            self.start_web(ready=False)

    def shift_clock(self, seconds: float) -> None:
        """
        It is so many seconds later than it is, for all processes from now on.
        """
        temporary = self.folder / "clock.new"
        temporary.write_text(str(seconds), encoding="ascii")
        temporary.rename(self.folder / "clock")

    def said(self, part: str) -> str:
        """
        What a part has logged.
        """
        return (self.folder / f"{part}.log").read_text(encoding="utf-8", errors="replace")

    def luot(self, *words: str, seconds: float = 60.0) -> "subprocess.CompletedProcess[str]":
        """
        A command of an operator has run.
        """
        return subprocess.run(
            [sys.executable, "-m", "service.cli", *words, "--config", str(self.config)],
            env=self._environment({}),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def __enter__(self) -> Self:
        """
        The world itself.
        """
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """
        No process and no file of it is left.
        """
        self.end()

    def end(self, keep_in: Path | None = None) -> None:
        """
        No process and no file of it is left; its logs, journals and SQL may be kept elsewhere.
        """
        for store in (self.store, *self.replicas):
            store.kill()
        for _ in range(50):
            left = [pid for pid, _ in marked(self.mark)]
            for pid in left:
                send(pid, signal.SIGKILL)
            self._reap()
            if not left:
                break
            with contextlib.suppress(TookTooLong):
                until(lambda: not marked(self.mark), 0.5, "")
        if self.link is not None:
            self.link.close()
        if hasattr(self, "api"):
            self.api.close()
        if keep_in is not None:
            self._keep(keep_in)
        for place in reversed(self.mounts):
            subprocess.run(["umount", "-l", str(place)], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _keep(self, place: Path) -> None:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.folder, place, ignore=shutil.ignore_patterns("*.sock", "metrics"))

    def _reap(self) -> None:
        for process in (self.web, *self.schedulers):
            if process is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(5)

    def _run(self, name: str, told: dict[str, str], *words: str) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "service.cli", name, *words, "--config", str(self.config)],
                env=self._environment(told),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=tied_to_parent(),  # noqa: PLW1509 - it calls one system call
            )

    def _environment(self, told: dict[str, str]) -> dict[str, str]:
        clock = {"LUOT_TEST_CLOCK": str(self.folder / "clock")} if self.plan.shifted else {}
        own = {key: value for key, value in os.environ.items() if not key.startswith("LUOT_")}
        return {**own, "PYTHONPATH": str(ROOT), MARK: self.mark, **clock, **told}

    def _mount_small(self, data: Path) -> None:
        # The journal's may lie inside the one of SQL, so that comes first.
        sizes = {
            data: self.plan.small_sql_kib,
            data / "journal": self.plan.small_journal_kib,
            self.folder / "store": self.plan.small_store_kib,
        }
        for place, kib in sizes.items():
            if kib:
                place.mkdir(mode=0o700, exist_ok=True)
                told = ["mount", "-t", "tmpfs", "-o", f"size={kib}k,mode=700", "faults", str(place)]
                subprocess.run(told, check=True)
                self.mounts.append(place)

    def grow(self, place: Path, kib: int) -> None:
        """
        A small file system has so much room now.
        """
        subprocess.run(["mount", "-o", f"remount,size={kib}k", str(place)], check=True)
