"""
Takes the pictures of the demo that the documentation shows.

Run it from the root of the project: ``python tests/screenshots.py``.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.chromium import installed  # noqa: E402 - the project is found only now
from tests.conftest import CHROME  # noqa: E402 - as above
from tests.journeys.serving import Served  # noqa: E402 - as above

#: File, language, colours, width and height in CSS pixels.
PICTURES = (
    ("demo.png", "", "light", 1180, 900),
    ("demo-dark.png", "?lang=en", "dark", 1180, 900),
    ("demo-phone.png", "", "light", 390, 844),
)

#: Articles that have had readers, as often.
READ = {"": 9, "kho-du-lieu-nghien-cuu": 4}


def take(browser: Browser, base: str, row: tuple[str, str, str, int, int]) -> None:
    """
    One picture is in the documentation.
    """
    name, query, colours, width, height = row
    told: ViewportSize = {"width": width, "height": height}
    context = browser.new_context(
        user_agent=CHROME, viewport=told, color_scheme="dark" if colours == "dark" else "light"
    )
    page = context.new_page()
    page.goto(f"{base}/demo/{query}")
    page.wait_for_selector(".luot-box")
    page.wait_for_function("!document.body.innerText.includes('…')")
    if "dark" in name or "phone" in name:
        page.evaluate("document.querySelector('.related').scrollIntoView()")
    page.screenshot(path=str(ROOT / "docs" / name))
    context.close()


def main() -> None:
    """
    Every picture is new.
    """
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        data = Path(folder) / "data"
        data.mkdir()
        served = Served(data)
        served.start()
        try:
            for slug, often in READ.items():
                for _ in range(often):
                    served.hit(f"/demo/{slug}")
            browser = playwright.chromium.launch(
                executable_path=installed(), args=["--no-sandbox", "--disable-gpu"]
            )
            for row in PICTURES:
                take(browser, served.base, row)
            browser.close()
        finally:
            served.stop()


if __name__ == "__main__":
    main()
