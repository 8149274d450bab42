"""
Logs: one event is one line of JSON, with what happened as words and the rest as keys.

No line holds an address, a user agent, a token or a query string.
"""

import logging
import logging.config
import os
import re
from contextvars import ContextVar
from typing import Any

from service.settings import Settings

#: What a proxy may call a request: digits, so that no address and no text comes in with it.
REQUEST_ID = re.compile(r"[0-9a-f-]{16,64}")

_request: ContextVar[str] = ContextVar("request", default="")


def name_request(told: str = "") -> None:
    """
    Lines that are logged from here on, in this context, say which request they belong to.

    :param told: what a proxy calls it; it gets a name of its own when that is no plain number
    """
    _request.set(told if REQUEST_ID.fullmatch(told) else os.urandom(8).hex())


class OfRequest(logging.Filter):
    """
    Adds the request to each line that belongs to one.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """
        Every line passes.
        """
        name = _request.get()
        if name:
            record.request = name
        return True


def log_config(level: str) -> dict[str, Any]:
    """
    The configuration of ``logging``, also for gunicorn.
    """
    one_handler = {"handlers": ["stderr"], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "format": "%(levelname)s %(name)s %(message)s",
                "rename_fields": {"levelname": "level", "name": "logger", "message": "event"},
                "timestamp": "time",
            }
        },
        "filters": {"of_request": {"()": OfRequest}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "json",
                "filters": ["of_request"],
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"handlers": ["stderr"], "level": level.upper()},
        "loggers": {
            "gunicorn.error": {**one_handler, "level": level.upper()},
            "gunicorn.access": {"handlers": [], "propagate": False},
            "apscheduler": {"level": "WARNING"},
            "alembic": {"level": "WARNING"},
        },
    }


def prepare_logs(settings: Settings) -> None:
    """
    This process logs as the settings say from here on.
    """
    logging.config.dictConfig(log_config(settings.log_level))
