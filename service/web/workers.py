"""
The worker process that gunicorn starts for the asynchronous front.
"""

import os
import resource
import signal
import sys
from typing import Any, ClassVar

from uvicorn_worker import UvicornWorker

from service import metrics
from service.web.connections import MOST_CONNECTIONS, Connection

#: Seconds that answers under way may take when a worker stops; gunicorn's own patience is longer.
STOPPING_SECONDS = 25

#: Seconds between two looks at whether the master lives.
LOOK_SECONDS = 1

#: Seconds for which a thread that is busy keeps one waiting that has become ready.
SWITCH_SECONDS = 0.0005

#: Files that a worker needs besides its connections.
OTHER_FILES = 200


class Worker(UvicornWorker):  # type: ignore[misc]
    """
    uvicorn under gunicorn, with the strict connection and nothing that Luot does itself.
    """

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {
        "loop": "uvloop",
        "http": Connection,
        "ws": "none",
        "lifespan": "on",
        # The client's address is settled by trusted_proxies, and the log line by the front.
        "proxy_headers": False,
        "access_log": False,
        # It tells of its start in three lines for each worker, after gunicorn's one.
        "log_level": "warning",
        "server_header": False,
        "timeout_graceful_shutdown": STOPPING_SECONDS,
        "timeout_notify": LOOK_SECONDS,
    }

    def init_process(self) -> None:
        """
        As many files may be open as there may be connections, if the system lets them.
        """
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = MOST_CONNECTIONS + OTHER_FILES
        if soft != resource.RLIM_INFINITY and soft < wanted:
            most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
        # The thread that writes the journal has work for microseconds, again and again; with the
        # usual 5 ms it would wait for the event loop longer than for the disk.
        sys.setswitchinterval(SWITCH_SECONDS)
        super().init_process()

    async def callback_notify(self) -> None:
        """
        Gunicorn knows that the worker lives; a worker whose master has died stops in order.

        It would keep the port, and serve with settings that nobody can change any more.
        """
        metrics.flush()
        if os.getppid() == self.ppid:
            self.notify()
        else:
            os.kill(os.getpid(), signal.SIGTERM)
