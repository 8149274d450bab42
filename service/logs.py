"""
Logs: one event is one line of JSON, with what happened as words and the rest as keys.

No line holds an address, a user agent, a token or a query string.
"""

import logging
import logging.config
from typing import Any

from service.settings import Settings


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
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "json",
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
