"""
A Redis that is restarted, dies, is emptied, stopped or full.
"""

import signal
from functools import partial

from tests.faults.features import Feature
from tests.faults.files import fill
from tests.faults.plans import SITES, Plan
from tests.faults.runs import Run, Scene, row
from tests.faults.shims.build import shim
from tests.faults.waits import last, until
from tests.faults.world import World

PLAN = Plan()

EVERYSEC = {"appendonly": "yes", "appendfsync": "everysec"}


def configure(world: World, **options: str) -> None:
    """
    The running Redis, and the next one, have these options.
    """
    with world.store.client() as client:
        for name, value in options.items():
            client.config_set(name, value)
    world.store.options |= options


@row("F5", "Redis restarted in order", 10, 1)
def restarted(run: Run) -> None:
    """
    Redis ends in order, is away for a moment and starts again.
    """
    world = run.world(PLAN)
    configure(world, **EVERYSEC)
    with run.under_load(world) as scene:
        for _ in range(run.count):
            scene.after_acks(run.random.randint(10, 60))
            scene.inject("SHUTDOWN", world.store.stop)
            last(run.random.uniform(0, 0.5))
            world.store.start()
            scene.mended()


def _killed(run: Run, **options: str) -> None:
    world = run.world(PLAN)
    configure(world, **options)
    with run.under_load(world) as scene:
        for _ in range(run.count):
            scene.after_acks(run.random.randint(10, 60))
            scene.inject("SIGKILL Redis", world.store.kill)
            last(run.random.uniform(0, 0.5))
            world.store.start()
            scene.mended()
    configure(world, **EVERYSEC)


@row("F6-everysec", "Redis kill -9, appendfsync everysec", 20, 2)
def killed_everysec(run: Run) -> None:
    """
    It dies while it syncs each second.
    """
    _killed(run, **EVERYSEC)


@row("F6-always", "Redis kill -9, appendfsync always", 20, 1)
def killed_always(run: Run) -> None:
    """
    It dies while it syncs before each answer.
    """
    _killed(run, appendonly="yes", appendfsync="always")


@row("F6-none", "Redis kill -9, no file at all", 20, 1, Feature.RESTORE)
def killed_none(run: Run) -> None:
    """
    It dies with everything that it had.
    """
    _killed(run, appendonly="no")


@row("F7", "Redis kill -9 while its disk stalls", 10, 1, Feature.COMPILER)
def killed_while_disk_stalls(run: Run) -> None:
    """
    What Redis has acknowledged waits in its memory for a sync that takes three seconds.
    """
    world = run.world(Plan(store_preload=shim("fsync_delay")))
    delay = world.folder / "fsync_ms"
    with run.under_load(world) as scene:
        for _ in range(run.count):
            scene.after_acks(run.random.randint(10, 40))
            scene.inject("syncs take 3 s", delay.write_text, "3000", "ascii")
            last(run.random.uniform(1.2, 2.8))
            scene.inject("SIGKILL Redis", world.store.kill)
            delay.write_text("0", encoding="ascii")
            world.store.start()
            scene.mended()


def _emptied(run: Run, scene: Scene, what: str) -> None:
    """
    What is to hold after Redis lost everything: restored, and never shown lower than it was.
    """
    before = max(scene.watcher._fresh.values(), default=0)
    scene.inject(what)
    scene.mended()
    run.figure("lowest fresh total", scene.watcher.lowest)
    run.figure("total before the last loss", before)


@row("F8", "FLUSHALL under load", 10, 1, Feature.RESTORE)
def flushed(run: Run) -> None:
    """
    All data is gone, the functions are not.
    """
    world = run.world(PLAN)
    with run.under_load(world) as scene:
        for _ in range(run.count):
            scene.after_acks(run.random.randint(20, 80))
            with world.store.client() as client:
                client.flushall()
            _emptied(run, scene, "FLUSHALL")


@row("F9-empty", "Redis replaced by an empty one", 10, 1, Feature.RESTORE)
def replaced_by_an_empty_one(run: Run) -> None:
    """
    Data, functions and files are gone.
    """
    world = run.world(PLAN)
    with run.under_load(world) as scene:
        for _ in range(run.count):
            scene.after_acks(run.random.randint(20, 80))
            world.store.wipe()
            world.store.start()
            _emptied(run, scene, "empty Redis")


@row("F9-salt", "Redis emptied while no web runs: nobody becomes new", 5, 0, Feature.RESTORE)
def emptied_while_no_web_runs(run: Run) -> None:
    """
    The day's salt stands in journals of dead workers only, and has to be found there.
    """
    world = run.world(Plan(snapshot_seconds=3))
    with run.under_load(world) as scene:
        for _ in range(run.count):
            scene.after_acks(run.random.randint(100, 200))
            scene.inject("SIGKILL web", world.kill_web)
            scene.inject("empty Redis", world.store.wipe)
            world.store.start()
            world.start_web(ready=False)
            scene.mended()


@row("F9-functions", "Redis loses its functions only", 20, 2)
def functions_lost(run: Run) -> None:
    """
    They are loaded again by whoever misses them.
    """
    world = run.world(PLAN)
    with run.under_load(world) as scene:
        for _ in range(run.count):
            scene.after_acks(run.random.randint(5, 30))
            with world.store.client() as client:
                scene.inject("FUNCTION FLUSH", client.function_flush, "SYNC")
            scene.mended()


@row("F10", "single keys deleted, then luot reconcile", 5, 0, Feature.RESTORE)
def keys_deleted(run: Run) -> None:
    """
    The site's days, or its pages, are gone. Comparing with SQL finds and mends it.
    """
    world = run.world(PLAN)
    said = []
    with run.under_load(world) as scene:
        for _ in range(run.count):
            scene.after_acks(60)
            site = run.random.choice(SITES)
            key = f"luot:{{{site}}}:{run.random.choice(('days', 'pages'))}"
            with world.store.client() as client:
                scene.inject(f"DEL {key}", client.delete, key)
            said.append(0)
            until(partial(_reconciled, scene, said, site), 60, "luot reconcile is done")
            scene.mended()
    run.figure("times that it asked for patience", said)


def _reconciled(scene: Scene, said: list[int], site: str) -> bool:
    done = scene.world.luot("reconcile", "--site", site, "--repair")
    scene.ledger.note_fault(f"reconcile {done.returncode}: {done.stdout} {done.stderr}")
    said[-1] += done.returncode
    return done.returncode == 0


def _stopped(run: Run, seconds: float) -> None:
    world = run.world(PLAN)
    with run.under_load(world) as scene:
        for _ in range(run.count):
            scene.after_acks(run.random.randint(10, 40))
            scene.inject(f"SIGSTOP Redis {seconds} s", world.store.send, signal.SIGSTOP)
            last(seconds)
            world.store.send(signal.SIGCONT)
            scene.mended()


@row("F11-1s", "Redis stopped for 1 s: late, but applied", 10, 1)
def stopped_briefly(run: Run) -> None:
    """
    What was sent lies in its socket and is applied when nobody waits for it any more.
    """
    _stopped(run, 1.0)


@row("F11-5s", "Redis stopped for 5 s", 3, 0)
def stopped_longer(run: Run) -> None:
    """
    The same for longer.
    """
    _stopped(run, 5.0)


@row("F11-30s", "Redis stopped for 30 s", 1, 0)
def stopped_long(run: Run) -> None:
    """
    The same for so long that everybody has given up.
    """
    _stopped(run, 30.0)


@row("F13", "CLIENT PAUSE WRITE: not applied, and no answer", 10, 1)
def paused(run: Run) -> None:
    """
    A write that waits is never applied once its client has gone.
    """
    world = run.world(PLAN)
    with run.under_load(world) as scene:
        for _ in range(run.count):
            scene.after_acks(run.random.randint(10, 40))
            ms = run.random.randint(300, 3000)
            with world.store.client() as client:
                scene.inject(f"CLIENT PAUSE {ms}", client.client_pause, ms, False)
            last(ms / 1000)
            scene.mended()


@row("F16", "Redis out of memory, noeviction", 10, 1)
def out_of_memory(run: Run) -> None:
    """
    It refuses to write, and later has room again; a policy that evicts makes Luot not ready.
    """
    world = run.world(PLAN)
    with run.under_load(world) as scene, world.store.client() as client:
        for _ in range(run.count):
            scene.after_acks(run.random.randint(10, 40))
            full = int(client.info("memory")["used_memory"]) // 2
            scene.inject("maxmemory", client.config_set, "maxmemory", full)
            last(run.random.uniform(0.5, 2))
            client.config_set("maxmemory", 0)
            scene.mended()
        client.config_set("maxmemory-policy", "allkeys-lru")
        status = world.api.get("/readyz")[0]
        client.config_set("maxmemory-policy", "noeviction")
        if status == 200:
            run.breaks("ready although keys may be evicted")
    run.figure("readyz with allkeys-lru", status)


def _full_disk(run: Run, sync: str) -> None:
    world = run.world(Plan(small_store_kib=8192))
    configure(world, appendonly="yes", appendfsync=sync)
    filler = world.store.folder / "filler"
    with run.under_load(world) as scene:
        for _ in range(run.count):
            scene.after_acks(run.random.randint(10, 40))
            scene.inject("disk full", fill, filler)
            scene.after_attempts(60)
            last(1.5)
            filler.unlink()
            process = world.store.process
            if process is not None and process.poll() is not None:
                # With "always" it ends itself; its supervisor starts it again.
                world.store.start()
            scene.mended()


@row("F21-everysec", "disk of the append-only file full, everysec", 5, 1, Feature.MOUNT)
def disk_full_everysec(run: Run) -> None:
    """
    Redis refuses writes until there is room.
    """
    _full_disk(run, "everysec")


@row("F21-always", "disk of the append-only file full, always", 5, 0, Feature.MOUNT)
def disk_full_always(run: Run) -> None:
    """
    Redis ends.
    """
    _full_disk(run, "always")
