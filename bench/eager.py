"""
The deployed front with a shorter patience, for days that pass in seconds.
"""

from importlib import import_module
from typing import Any

from bench.homes import IS_ASYNCHRONOUS
from service.counting import owners

#: Seconds between two looks at what can be removed.
LOOKING = 0.3


def create_app() -> Any:
    """
    What the deployed front serves.
    """
    owners.TRIM = LOOKING
    front = "service.web.asgi" if IS_ASYNCHRONOUS else "service.web.app"
    return import_module(front).create_app()
