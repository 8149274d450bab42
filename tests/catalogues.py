"""
The sentences that the code says to people, as they stand in it.
"""

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir

SERVICE = Path(__file__).parents[1] / "service"

#: How sentences are found: in templates, and in Python behind one of these names.
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
NAMES = {"_": None, "gettext": None, "marked": None, "say": None}


def sentences() -> Catalog:
    """
    Every sentence, untranslated.
    """
    found = Catalog(domain="messages", charset="utf-8")
    parts = [SERVICE / "web", SERVICE / "reporting", SERVICE / "languages.py"]
    for part in parts:
        folder = part if part.is_dir() else part.parent
        for name, line, message, _, _ in extract_from_dir(
            folder, METHODS, keywords=NAMES, callback=None
        ):
            if part.is_dir() or name == part.name:
                found.add(message, locations=[(f"{folder.name}/{name}", line)])
    return found
