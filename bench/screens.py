"""
Pictures of the dashboard for the documentation: ``python -m bench.screens``.

A whole Luot is started with the demo, gets two months of believable readers by its doors, and is
looked at by a real browser, light and dark, on a desk and a telephone, in both languages.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, sync_playwright

from bench.portal import Reading, readings
from tests.chromium import installed
from tests.journeys.serving import Served

DOCS = Path(__file__).parents[1] / "docs"

#: Visits of a weekday, and hits of one batch.
A_DAY, BATCH = 420, 500

#: Name of each picture, its address, width, height, and whether it is dark.
SHOTS = (
    ("dashboard-vi", "/sites/demo?lang=vi", 1240, 1150, False),
    ("dashboard-en-dark", "/sites/demo?lang=en", 1240, 1150, True),
    ("dashboard-phone", "/sites/demo?lang=vi", 390, 844, False),
    ("dashboard-page", "/sites/demo/page?path=/demo/&lang=en", 1240, 900, False),
    ("dashboard-report", "/sites/demo/report?lang=vi", 900, 1150, False),
)


def luot(served: Served, *words: str) -> str:
    """
    What a command says about the Luot that runs.
    """
    told = subprocess.run(
        [sys.executable, "-m", "service.cli", *words, "--data", str(served.folder)],
        env={**os.environ, "LUOT_DEMO": "true"},
        check=True,
        capture_output=True,
        text=True,
    )
    return told.stdout


def fill(served: Served, token: str) -> None:
    """
    The demo's site has two months of readers behind it, and some who are there now.
    """
    now = datetime.now(ZoneInfo("Asia/Ho_Chi_Minh"))
    middle = (now - timedelta(days=30)).replace(hour=0, minute=0, second=0, microsecond=0)
    early = (middle - timedelta(days=32)).replace(day=1)
    log = served.folder.parent / "access.log"
    older = readings(early, middle - timedelta(seconds=1), A_DAY * 3 // 4, seed=4)
    log.write_text("".join(row.line() for row in older), encoding="utf-8")
    luot(served, "import", "log", str(log), "--site", "demo")
    rows = list(readings(middle, now, A_DAY, seed=8))
    for first in range(0, len(rows), BATCH):
        send(served, token, rows[first : first + BATCH], first)


def send(served: Served, token: str, rows: list[Reading], first: int) -> None:
    """
    These hits were taken by the batch door.
    """
    items = [row.item("demo", "localhost", first + n) for n, row in enumerate(rows)]
    request = urllib.request.Request(
        f"{served.base}/api/v1/hits",
        json.dumps(items).encode(),
        {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()


def shoot(browser: Browser, served: Served, token: str, folder: Path) -> None:
    """
    The pictures stand in the folder.
    """
    for name, path, width, height, is_dark in SHOTS:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if is_dark else "light",
            device_scale_factor=1,
        )
        page = context.new_page()
        page.goto(f"{served.base}/sign-in?next={path.replace('&', '%26')}")
        page.fill("#token", token)
        page.click("main button")
        page.wait_for_selector("main .sheet")
        picture = folder / f"{name}.png"
        page.screenshot(path=picture)
        if (smaller := shutil.which("pngquant")) is not None:
            told = [smaller, "--force", "--output", str(picture), "96", "--", str(picture)]
            subprocess.run(told, check=True)
        context.close()


def main(folder: Path = DOCS) -> None:
    """
    Starts, fills, looks, stops.
    """
    with tempfile.TemporaryDirectory(prefix="luot-screens") as place:
        served = Served(Path(place) / "data")
        served.folder.mkdir()
        served.start()
        try:
            token = luot(served, "token", "create", "--site", "*", "--scope", "admin").split()[-1]
            fill(served, token)
            luot(served, "snapshot")
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=installed(), args=["--no-sandbox", "--disable-gpu"]
                )
                shoot(browser, served, token, folder)
                browser.close()
        finally:
            served.kill_all()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS)
