"""
Compiles the libraries that are put in front of the system's own.
"""

import subprocess
import tempfile
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


@cache
def shim(name: str) -> Path:
    """
    The compiled library of this name; it stays until the process ends.
    """
    made = _folder() / f"{name}.so"
    told = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-o", str(made), str(HERE / f"{name}.c")]
    subprocess.run([*told, "-ldl"], check=True)
    return made


@cache
def _keeper() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="lshim", ignore_cleanup_errors=True)


def _folder() -> Path:
    return Path(_keeper().name)
