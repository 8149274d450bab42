"""
The locks: what is installed, to the byte. Written by ``make lock``, asked about by ``make audit``.
"""

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONFIG = ROOT / "config"

#: Each lock with the extras that it holds.
LOCKS = {
    "requirements.txt": ("embedded", "postgres"),
    "requirements-dev.txt": ("embedded", "postgres", "dev"),
}

#: What builds the package; pyproject.toml names it elsewhere than the rest.
BUILD = "requirements-build.txt"


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    A line of pyproject.toml.
    """

    lock: str
    requirement: str


def wanted() -> Iterator[Wanted]:
    """
    Everything that pyproject.toml asks for, by the lock that has to have it.
    """
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = told["project"]
    for lock, extras in LOCKS.items():
        lines = [*project["dependencies"]]
        lines += [line for name in extras for line in project["optional-dependencies"][name]]
        for line in lines:
            if not line.startswith("luot["):
                yield Wanted(lock, line)
    for line in told["build-system"]["requires"]:
        yield Wanted(BUILD, line)


def pins(lock: str) -> dict[str, str]:
    """
    The version of each package in a lock.
    """
    text = (CONFIG / lock).read_text(encoding="utf-8")
    rows = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in rows}


def compiled(lock: str, into: Path) -> Path:
    """
    A lock, written anew; it keeps what stands in ``into`` already, where that is still allowed.

    :raises subprocess.CalledProcessError: the index cannot be reached, or nothing fits
    """
    file = into / lock
    source, extras = ROOT / "pyproject.toml", LOCKS.get(lock, ())
    with tempfile.TemporaryDirectory() as folder:
        if lock == BUILD:
            source = Path(folder, "build.in")
            needs = [row.requirement for row in wanted() if row.lock == BUILD]
            source.write_text("\n".join(needs), encoding="utf-8")
        told = [word for name in extras for word in ("--extra", name)]
        subprocess.run(
            [
                *(sys.executable, "-m", "uv", "pip", "compile", str(source), *told),
                # For every system and every Python that Luot runs under.
                *("--universal", "--python-version", "3.11", "--generate-hashes"),
                *("--no-annotate", "--quiet", "--no-header", "--output-file", str(file)),
            ],
            check=True,
            capture_output=True,
            cwd=ROOT,
        )
    return file


def write() -> int:
    """
    All locks have the newest versions that pyproject.toml allows; 0.
    """
    for lock in (*LOCKS, BUILD):
        (CONFIG / lock).unlink(missing_ok=True)
        compiled(lock, CONFIG)
        sys.stdout.write(f"config/{lock}: {len(pins(lock))} packages\n")
    return 0


def audit() -> int:
    """
    1 when a locked package is known to be unsafe; 0 otherwise, also when nobody could be asked.
    """
    told = ["-m", "pip_audit", "--requirement", str(CONFIG / "requirements.txt")]
    done = subprocess.run(
        [sys.executable, *told, "--require-hashes", "--disable-pip", "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        rows = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        sys.stderr.write(
            f"NOT AUDITED: {(done.stderr.strip().splitlines() or ['no answer'])[-1]}\n"
        )
        return 0
    unsafe = [row for row in rows if row.get("vulns")]
    asked = [row for row in rows if "vulns" in row]
    for row in unsafe:
        for found in row["vulns"]:
            mended = ", ".join(found["fix_versions"]) or "nothing yet"
            sys.stdout.write(f"{row['name']} {row['version']}: {found['id']}, mended by {mended}\n")
    if not asked:
        sys.stderr.write("NOT AUDITED: no advisories can be had from here\n")
        return 0
    sys.stdout.write(
        f"{len(asked)} of {len(rows)} packages were asked about; {len(unsafe)} unsafe\n"
    )
    return 1 if unsafe else 0


if __name__ == "__main__":
    sys.exit(audit() if sys.argv[1:] == ["audit"] else write())
