"""
A proxy in front of Redis that does what networks do: it loses replies.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path


class LosingProxy:
    """
    Forwards everything; once armed, the next answer to a call of ``record`` is lost.
    """

    def __init__(self, folder: Path, behind: Path) -> None:
        self.socket = folder / "proxy.sock"
        self.url = f"unix://{self.socket}"
        self._behind = behind
        self._on_loss: Callable[[], object] | None = None
        self.lost = 0
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(self.socket))
        self._server.listen(64)

    def lose_next(self, meanwhile: Callable[[], object]) -> None:
        """
        The next reply is lost after it was given, and ``meanwhile`` happens.
        """
        self._on_loss = meanwhile

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._forward, args=[client], daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as redis, contextlib.suppress(OSError):
            redis.connect(str(self._behind))
            while asked := client.recv(1 << 20):
                redis.sendall(asked)
                answer = redis.recv(1 << 20)
                if self._on_loss and b"luot_v1_record" in asked:
                    meanwhile, self._on_loss = self._on_loss, None
                    meanwhile()
                    self.lost += 1
                    return
                client.sendall(answer)

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


@contextlib.contextmanager
def losing_proxy(folder: Path, behind: Path) -> Iterator[LosingProxy]:
    """
    A running proxy in front of the Redis at this socket.
    """
    proxy = LosingProxy(folder, behind)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join(5)
