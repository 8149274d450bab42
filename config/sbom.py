"""
Writes what an installation consists of, as CycloneDX: each package, its licence, and its hashes.

Run by the Python whose packages are meant: ``python config/sbom.py config/requirements.txt``.
"""

import json
import re
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

#: A line of the lock that begins a package, and one that adds a hash of it.
_NAMED, _HASHED = re.compile(r"([A-Za-z0-9._-]+)==([^\s;\\]+)"), re.compile(r"--hash=sha256:(\w+)")


def hashes_in(lock: str) -> dict[str, list[str]]:
    """
    The hashes of the files that a lock lets be installed, by package.
    """
    found: dict[str, list[str]] = {}
    name = ""
    for line in lock.splitlines():
        if match := _NAMED.match(line):
            name = _plain(match[1])
        elif match := _HASHED.search(line):
            found.setdefault(name, []).append(match[1])
    return found


def component(package: Distribution, hashes: dict[str, list[str]]) -> dict[str, object]:
    """
    A package as CycloneDX tells it.
    """
    name = _plain(package.name)
    told: dict[str, object] = {
        "type": "library",
        "bom-ref": f"{name}=={package.version}",
        "name": name,
        "version": package.version,
        "purl": f"pkg:pypi/{name}@{package.version}",
    }
    licence = package.metadata.get("License-Expression")
    if licence:
        told["licenses"] = [{"expression": licence}]
    if name in hashes:
        # Files of several systems; one of them is the one that was installed.
        files = [{"alg": "SHA-256", "content": text} for text in hashes[name]]
        told["externalReferences"] = [
            {"type": "distribution", "url": f"https://pypi.org/project/{name}/", "hashes": files}
        ]
    return told


def document(lock: str) -> dict[str, object]:
    """
    The whole list.
    """
    hashes = hashes_in(lock)
    found = [component(package, hashes) for package in distributions()]
    found.sort(key=lambda row: str(row["name"]))
    own = next((row for row in found if row["name"] == "luot"), None)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": own} if own else {},
        "components": [row for row in found if row is not own],
    }


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    lock = Path(sys.argv[1]).read_text(encoding="utf-8")
    sys.stdout.write(json.dumps(document(lock), indent=1) + "\n")
