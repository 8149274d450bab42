"""
A publisher's web server with pages of a test's choice, and a stand-in for a Luot that is ill.
"""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from service.web.scripts import NAMES, script_bytes

#: What an ill Luot says, by the folder that its script was loaded from.
GARBAGE: dict[str, tuple[int, bytes]] = {
    "html": (200, b"<html>Sign in to the hotel's network</html>"),
    "shapes": (200, b'{"pages":{"/x":{"views":"<b>0</b>"}},"views":7,"stale":[]}'),
    "null": (200, b"null"),
    "broken": (503, b"{}"),
}


class Pages:
    """
    Serves pages by path on a port of its own.
    """

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, dict[str, str]]] = {}
        self.asked: list[str] = []
        #: A slow Luot answers when this is set.
        self.slow = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.base = f"http://localhost:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def add(self, path: str, body: str, **headers: str) -> str:
        """
        The address of a page.
        """
        html = f'<!doctype html><html lang="vi"><meta charset="utf-8"><title>{path}</title>{body}'
        self.pages[path] = (html, {name.replace("_", "-"): text for name, text in headers.items()})
        return self.base + path

    def close(self) -> None:
        self.slow.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(pages: Pages) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            name = path.rpartition("/")[2]
            if name in NAMES:
                self._say(200, script_bytes(name), {"Content-Type": "text/javascript"})
            elif path in pages.pages:
                html, headers = pages.pages[path]
                self._say(200, html.encode(), {"Content-Type": "text/html", **headers})
            else:
                self._be_ill()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._be_ill()

        def _be_ill(self) -> None:
            folder = self.path.split("/")[1]
            pages.asked.append(self.path)
            if folder == "slow":
                pages.slow.wait(20)
            status, body = GARBAGE.get(folder, (404, b""))
            self._say(status, body, {"Content-Type": "application/json"})

        def _say(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, text in headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
