"""
Runs the steps of the Dockerfile where no container engine is at hand: ``make image-trial``.

The base image is a bare Debian by debootstrap; each step runs in it by chroot. Then the service
starts as the image's user on a root that is mounted read-only, with nothing writable but the
volume, ``/tmp`` and ``/dev/shm``, takes a hit, and ends in order. Needs root, and a minute or two.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from service.embedded import tied_to_parent
from tests.conftest import CHROME
from tests.journeys.serving import free_port
from tests.servers import until

ROOT = Path(__file__).parents[1]

#: What Debian calls what the base image brings.
PACKAGES = "python3,python3-venv,python3-pip,python-is-python3,ca-certificates"

SUITE = "bookworm"

#: Where programs are, before a step says otherwise.
PATHS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass
class Stage:
    """
    A root file system with what the steps have set.
    """

    root: Path
    folder: str = "/"
    user: str = ""
    words: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)

    def path(self, inside: str) -> Path:
        """
        Where a path of the stage is outside; one without ``/`` in front is in its folder.
        """
        return self.root / os.path.normpath(
            f"{self.folder}/{inside}" if inside[:1] != "/" else inside
        ).lstrip("/")


def steps(text: str) -> Iterator[tuple[str, str]]:
    """
    The instructions of a Dockerfile, each with what it is told.
    """
    plain = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n\s*", " ", plain).splitlines():
        word, _, told = line.strip().partition(" ")
        if word:
            yield word, told.strip()


class Trial:
    """
    The stages of an image, made by chroot.
    """

    def __init__(self, folder: Path, base: Path) -> None:
        self._folder, self._base = folder, base
        self._stages: dict[str, Stage] = {}
        self.words: dict[str, str] = {}
        self.last: Stage | None = None

    def do(self, word: str, told: str) -> None:
        """
        One step is done.
        """
        act = getattr(self, f"_{word.lower()}", None)
        if act is None:
            raise NotImplementedError(word)
        act(told)

    def _arg(self, told: str) -> None:
        name, _, value = told.partition("=")
        (self.last.words if self.last else self.words)[name] = value

    def _from(self, told: str) -> None:
        name = told.partition(" AS ")[2] or "last"
        root = self._folder / name
        subprocess.run(["cp", "-a", str(self._base), str(root)], check=True)
        self.last = self._stages[name] = Stage(root)

    def _workdir(self, told: str) -> None:
        self._here.folder = told
        self._here.path(".").mkdir(parents=True, exist_ok=True)

    def _copy(self, told: str) -> None:
        words = [self._filled(word) for word in told.split()]
        source: Path = _context(self._folder)
        if words[0].startswith("--from="):
            source = self._stages[words.pop(0).removeprefix("--from=")].root
        target = self._here.path(words[-1])
        for word in words[:-1]:
            origin = source / word.lstrip("/")
            if origin.is_dir():
                shutil.copytree(origin, target, symlinks=True, dirs_exist_ok=True)
            else:
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy2(origin, target)

    def _run(self, told: str) -> None:
        here = self._here
        script = f"cd {here.folder} && {self._filled(told)}"
        sys.stdout.write(f"  RUN {told[:100]}\n")
        subprocess.run(
            [
                "unshare",
                "--mount",
                "--pid",
                "--fork",
                "chroot",
                str(here.root),
                "/bin/sh",
                "-c",
                script,
            ],
            env=_environment(here, with_index=True),
            check=True,
        )

    def _env(self, told: str) -> None:
        for name, value in re.findall(r'([A-Z_]+)=("[^"]*"|\S+)', told):
            path = self._here.environment.get("PATH", PATHS)
            self._here.environment[name] = value.strip('"').replace("${PATH}", path)

    def _user(self, told: str) -> None:
        self._here.user = self._filled(told)

    def _entrypoint(self, told: str) -> None:
        self._here.entrypoint = json.loads(told)

    def _cmd(self, told: str) -> None:
        self._here.command = json.loads(told)

    def _label(self, told: str) -> None:
        pass

    _volume = _expose = _healthcheck = _label

    @property
    def _here(self) -> Stage:
        assert self.last is not None
        return self.last

    def _filled(self, text: str) -> str:
        words = {**self.words, **(self.last.words if self.last else {})}
        return re.sub(r"\$\{(\w+)\}", lambda m: words.get(m[1], m[0]), text)


def _context(folder: Path) -> Path:
    """
    What docker would be sent: what ``.dockerignore`` leaves.
    """
    context = folder / "context"
    if not context.exists():
        kept = [
            line[1:]
            for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
            if line.startswith("!")
        ]
        for name in kept:
            origin, target = ROOT / name, context / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if origin.is_dir():
                shutil.copytree(
                    origin, target, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
                )
            else:
                shutil.copy2(origin, target)
    return context


def _environment(stage: Stage, *, with_index: bool = False) -> dict[str, str]:
    told = {
        "PATH": PATHS,
        "PIP_QUIET": "1",
        "HOME": "/tmp",  # noqa: S108 - inside the chroot
        "LANG": "C.UTF-8",
    }
    if with_index:
        # How this machine reaches its index; the image has none of it.
        names = [n for n in os.environ if n.lower().endswith("_proxy") or n.startswith("PIP_INDEX")]
        told |= {name: os.environ[name] for name in names}
    return told | stage.environment


def base_image(folder: Path) -> Path:
    """
    A bare Debian with Python, which reaches the network as this machine does.
    """
    base = folder / "base"
    said = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(base)]
    sys.stdout.write(f"  {' '.join(said)}\n")
    with (folder / "debootstrap.log").open("w") as log:
        subprocess.run([*said, *_mirror()], check=True, stdout=log, stderr=log)
    for name in (
        "etc/resolv.conf",
        "etc/hosts",
        "etc/ssl/certs/ca-certificates.crt",
        "etc/pip.conf",
    ):
        if Path("/", name).exists():
            shutil.copy2(Path("/", name), base / name)
    return base


def _mirror() -> list[str]:
    """
    Where this machine gets its packages from.
    """
    named = re.compile(
        r"^(?:deb\s+(?:\[[^\]]*\]\s+)?|URIs:\s*)(https?://\S+/debian/?)\s*$", re.MULTILINE
    )
    lists = Path("/etc/apt/sources.list.d")
    for file in [Path("/etc/apt/sources.list"), *sorted(lists.glob("*"))]:
        if file.exists() and (found := named.search(file.read_text(errors="replace"))):
            return [found[1]]
    return []


@contextlib.contextmanager
def started(stage: Stage, volume: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """
    The image's command runs as its user, on a root that cannot be written.
    """
    user, _, group = stage.user.partition(":")
    words = [*stage.entrypoint, *stage.command]
    words[words.index("--port") + 1] = str(port)
    root = str(stage.root)
    # A mount namespace of its own: what is mounted here nobody else sees, and it goes with it.
    script = f"""
        set -e
        mount --bind {root} {root}
        mount -o remount,bind,ro {root}
        mount --bind {volume} {root}/data
        mount -t tmpfs -o mode=1777 tmpfs {root}/tmp
        mount -t tmpfs -o mode=755 tmpfs {root}/dev
        mknod -m 666 {root}/dev/null c 1 3
        mknod -m 666 {root}/dev/urandom c 1 9
        mkdir -m 1777 {root}/dev/shm
        mount -t proc proc {root}/proc
        exec chroot --userspec={user}:{group} {root} /usr/bin/env -C /data {" ".join(words)}
    """  # noqa: S108 - inside the chroot
    process = subprocess.Popen(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", script],
        env=_environment(stage),
        preexec_fn=tied_to_parent(),  # noqa: PLW1509 - it calls one system call
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(60)


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def try_out(stage: Stage) -> None:
    """
    It is ready, counts, shows, knows what it consists of, cannot write its root, and stops.
    """
    volume, port = stage.root.parent / "volume", free_port()
    user, group = map(int, stage.user.split(":"))
    volume.mkdir(mode=0o700)
    os.chown(volume, user, group)
    settings = '[sites.s1]\nname = "S"\nhosts = ["s1.example"]\n'
    (volume / "luot.toml").write_text(settings, encoding="utf-8")
    began = time.monotonic()
    with started(stage, volume, port) as process:
        until(lambda: process.poll() is not None or _ready(port), 90)
        assert process.poll() is None, "it has ended"
        sys.stdout.write(f"  ready after {time.monotonic() - began:.1f} s\n")
        asked = urllib.request.Request(
            f"http://127.0.0.1:{port}/hit?counters=1",
            b'{"site":"s1","path":"/a"}',
            {"Origin": "https://s1.example", "User-Agent": CHROME, "Content-Type": "text/plain"},
        )
        with urllib.request.urlopen(asked, timeout=10) as answer:
            assert answer.headers["Luot-Result"] == "counted"
            assert json.load(answer)["views"]["total"] == 1
        pids = [row.split() for row in _processes(user)]
        assert pids, "nothing runs as the image's user"
        inside = Path("/proc", pids[0][0], "root")
        for place in ("etc/x", "opt/luot/x", "x"):
            try:
                (inside / place).write_text("", encoding="ascii")
            except OSError as error:
                assert error.errno == 30, error  # noqa: PT017 - EROFS
            else:
                raise AssertionError(f"/{place} can be written")
        sys.stdout.write(f"  {len(pids)} processes, all of user {user}, on a read-only root\n")
        os.kill(int(_main(pids)), signal.SIGTERM)
        assert process.wait(60) == 0, process.returncode
    bom = json.loads((stage.root / "opt/luot/sbom.json").read_text(encoding="utf-8"))
    sys.stdout.write(f"  stopped in order; the SBOM names {len(bom['components'])} packages\n")


def _processes(user: int) -> list[str]:
    said = subprocess.run(
        ["ps", "-o", "pid=,ppid=,args=", "-u", str(user)],
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stdout.splitlines()


def _main(rows: list[list[str]]) -> str:
    pids = {row[0] for row in rows}
    return next(row[0] for row in rows if row[1] not in pids)


def main() -> int:
    """
    0 when the image would do.
    """
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        sys.stderr.write("NOT TRIED: needs root and debootstrap (apt-get install debootstrap)\n")
        return 0
    folder = Path(tempfile.mkdtemp(prefix="luot-image-", dir=os.environ.get("LUOT_TRIAL_DIR")))
    try:
        trial = Trial(folder, base_image(folder))
        for word, told in steps((ROOT / "Dockerfile").read_text(encoding="utf-8")):
            trial.do(word, told)
        assert trial.last is not None
        try_out(trial.last)
    finally:
        subprocess.run(["rm", "-rf", "--one-file-system", str(folder)], check=False)
    sys.stdout.write("the image's steps hold\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
