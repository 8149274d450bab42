"""
How gunicorn serves Luot; every number is a setting or says where it comes from.
"""

import gc
from typing import Any

from service import metrics
from service.configuration import load
from service.logs import log_config

_settings = load()

wsgi_app = "service.web.asgi:create_app()"
worker_class = "service.web.workers.Worker"
workers = _settings.workers

# The patterns that know browsers and bots take 60 MB; workers share the master's.
preload_app = True

# A worker that does not answer for a minute hangs; one that is told to stop has half a minute.
timeout = 60
graceful_timeout = 30
keepalive = 5

# Its socket stands in the home directory, which a service may not have.
control_socket_disable = True

logconfig_dict = log_config(_settings.log_level)


def pre_fork(_server: Any, _worker: Any) -> None:
    """
    No worker looks for garbage in what it shares with the master.

    Looking through it all takes 80 ms, every few hundred reports, and copies the memory.
    """
    # What an earlier generation of the settings left behind may go.
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def child_exit(_server: Any, _worker: Any) -> None:
    """
    The gauges of workers that ended go with them; the next worker goes on with their counters.
    """
    metrics.forget_ended()
