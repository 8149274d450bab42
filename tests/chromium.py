"""
Finds a Chromium for the browser tests, or gets one; run before the suite by ``make test``.

Tried in this order: an installed one, Playwright's own, the distribution's package when root.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def installed() -> str | None:
    """
    The path of a Chromium on this machine: the system's, else Playwright's.
    """
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return found or (str(MAC) if MAC.exists() else None) or _playwrights()


def _playwrights() -> str | None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - slow, and mostly not needed

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def _get() -> None:
    told = [sys.executable, "-m", "playwright", "install", "--with-deps", "chromium"]
    if _runs(told) and _playwrights():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _runs(["apt-get", "update", "-qq"])
        _runs(["apt-get", "install", "-qq", "-y", "--no-install-recommends", "chromium"])


def _runs(command: list[str]) -> bool:
    try:
        return subprocess.run(command, check=False, timeout=600).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def main() -> None:
    """
    Says where Chromium is, or loudly that there is none; that is a failure under ``CI=true``.
    """
    if installed() is None:
        _get()
    path = installed()
    if path:
        sys.stdout.write(f"browser tests use {path}\n")
        return
    sys.stderr.write("NO CHROMIUM: THE BROWSER TESTS ARE SKIPPED\n")
    if os.environ.get("CI") == "true":
        sys.exit(1)


if __name__ == "__main__":
    main()
