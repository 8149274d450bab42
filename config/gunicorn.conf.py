"""
How gunicorn serves Luot; every number is a setting or says where it comes from.
"""

import os
from typing import Any

from prometheus_client import multiprocess

from service.configuration import load
from service.logs import log_config

_settings = load()

wsgi_app = "service.web.app:create_app()"
worker_class = "gthread"
workers = _settings.workers
threads = _settings.threads

# The patterns that know browsers and bots take 60 MB; workers share the master's.
preload_app = True

# A worker that does not answer for a minute hangs; one that is told to stop has half a minute.
timeout = 60
graceful_timeout = 30
keepalive = 5

# Longer request lines and headers are refused before anything of Luot sees them.
limit_request_line = 4094
limit_request_fields = 100
limit_request_field_size = 8190

# Its socket stands in the home directory, which a service may not have.
control_socket_disable = True

logconfig_dict = log_config(_settings.log_level)


def child_exit(_server: Any, worker: Any) -> None:
    """
    The gauges of a worker that ended go with it.
    """
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.mark_process_dead(worker.pid)
