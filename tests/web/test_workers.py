"""
Workers and their master: what they share, and what becomes of them when it was killed.
"""

import gc
import runpy
import signal
import subprocess
import sys
from pathlib import Path

from tests.servers import until


def children(pid: int) -> list[int]:
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(word) for word in told.split()]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    return state.rpartition(") ")[2][0] not in "ZX"


def test_a_worker_does_not_look_for_garbage_in_what_the_master_made() -> None:
    hooks = runpy.run_path("config/gunicorn.conf.py")
    before = gc.get_freeze_count()
    try:
        hooks["pre_fork"](None, None)
        assert gc.get_freeze_count() > before + 10_000
    finally:
        gc.unfreeze()


def test_workers_end_when_their_master_is_killed(tmp_path: Path) -> None:
    app = tmp_path / "empty.py"
    app.write_text(
        "async def app(scope, receive, send):\n"
        "    while scope['type'] == 'lifespan':\n"
        "        said = (await receive())['type']\n"
        "        await send({'type': f'{said}.complete'})\n"
        "        if said == 'lifespan.shutdown':\n"
        "            return\n",
        encoding="utf-8",
    )
    socket = tmp_path / "socket"
    master = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "-k", "service.web.workers.Worker", "-w", "2"),
            *("--no-control-socket", "-b", f"unix:{socket}", "--pythonpath", str(tmp_path)),
            "empty:app",
        ],
        cwd=Path(__file__).parents[2],
        stderr=subprocess.DEVNULL,
    )
    until(lambda: len(children(master.pid)) == 2)
    workers = children(master.pid)
    master.send_signal(signal.SIGKILL)
    master.wait()

    until(lambda: not any(map(is_alive, workers)))
