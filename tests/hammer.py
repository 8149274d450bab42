"""
One worker process of the concurrency test: 32 threads that all count one page of one visitor.

Run as a program with the path of its settings and how many hits each thread sends; prints how
many were answered as counted.
"""

import sys
import threading
from collections import Counter
from pathlib import Path

from service.configuration import load
from service.runtime import Runtime
from service.web.app import create_app

THREADS = 32

HEADERS = {
    "Origin": "https://s1.example",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Content-Type": "text/plain",
}


def main() -> None:
    app = create_app(Runtime(load(Path(sys.argv[1]))))
    results: Counter[str] = Counter()
    ready = threading.Barrier(THREADS)

    def hammer() -> None:
        client = app.test_client()
        ready.wait()
        for _ in range(int(sys.argv[2])):
            answer = client.post("/hit", data='{"site":"s1","path":"/a"}', headers=HEADERS)
            results[answer.headers["Luot-Result"]] += 1

    threads = [threading.Thread(target=hammer) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.write(str(dict(results)))


if __name__ == "__main__":
    main()
