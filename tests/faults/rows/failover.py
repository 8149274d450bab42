"""
A replica that takes over, in order or without the last writes, and an old primary that comes back.
"""

from pathlib import Path

import redis

from tests.faults.features import Feature
from tests.faults.plans import Plan
from tests.faults.runs import Run, row
from tests.faults.stores import Store
from tests.faults.waits import until
from tests.journeys.serving import free_port

#: Attempts that are sent while something stands as it is, so that it can do harm.
WHILE = 60


def _replicate(primary: Store, replica: Store) -> None:
    """
    The replica has everything that the primary has.
    """
    port = _listening(primary)
    with primary.client() as client:
        client.config_set("repl-diskless-sync-delay", 0)
    _listening(replica)
    with replica.client() as client:
        client.replicaof("127.0.0.1", port)

        def is_level() -> bool:
            said = client.info("replication")
            return said.get("master_link_status") == "up" and not said["master_sync_in_progress"]

        until(is_level, 30, "the replica is level")


def _listening(store: Store) -> int:
    """
    The port of loopback on which it listens.
    """
    port = free_port()
    with store.client() as client:
        client.config_set("port", port)
    return port


def _views(store: Store) -> int:
    with store.client() as client:
        return int(client.hget("luot:{set}:state", "views") or 0)


@row("F17", "failover in order", 5, 1, Feature.RESTORE)
def clean_failover(run: Run) -> None:
    """
    The replica has everything when it takes over, and the old primary refuses until it is left.
    """
    world = run.world(Plan(linked=True))
    link = world.link
    assert link is not None
    with run.under_load(world) as scene:
        for number in range(run.count):
            primary = world.store
            replica = Store(Path(world.folder, f"clean-{number}"), primary.environment).start()
            world.replicas.append(replica)
            _replicate(primary, replica)
            scene.after_acks(20)
            with primary.client() as client:
                scene.inject("FAILOVER", client.execute_command, "FAILOVER")
                until(lambda one=client: one.role()[0] == "slave", 30, "the roles have changed")  # type: ignore[misc]
            # Clients that have heard of nothing go on asking the old one for a while.
            scene.after_attempts(WHILE)
            world.store = replica
            link.point_to(replica.socket)
            link.cut()
            scene.mended()
            primary.kill()
    run.worlds.end_last()


@row("F18", "failover to a replica that had been cut off", 5, 1, Feature.RESTORE)
def lagging_replica(run: Run) -> None:
    """
    What the primary had after the cut is lost with it, and comes back out of the journals.
    """
    world = run.world(Plan(linked=True))
    link = world.link
    assert link is not None
    behind = []
    with run.under_load(world) as scene:
        for number in range(run.count):
            primary = world.store
            replica = Store(Path(world.folder, f"replica-{number}"), primary.environment).start()
            world.replicas.append(replica)
            _replicate(primary, replica)
            scene.after_acks(20)
            with replica.client() as client:
                # It asks somebody who is not there, and keeps what it has.
                scene.inject("link of replication cut", client.replicaof, "127.0.0.1", 1)
                had = int(client.hget("luot:{set}:state", "views") or 0)
                scene.after_acks(40)
                with primary.client() as old:
                    behind.append(int(old.hget("luot:{set}:state", "views") or 0) - had)
                scene.inject("SIGKILL primary", primary.kill)
                client.replicaof("NO", "ONE")
            world.store = replica
            link.point_to(replica.socket)
            link.cut()
            scene.mended()
    run.figure("views that the replica had not", behind)
    run.worlds.end_last()


@row("F19", "an old primary that goes on, and comes back as a replica", 5, 1, Feature.RESTORE)
def split_brain(run: Run) -> None:
    """
    Two primaries for a while, with everybody at the old one; then the old one follows the new.

    What the old one took meanwhile goes with it, and comes back out of the journals; told
    to count its replicas it takes nothing more.
    """
    world = run.world(Plan(linked=True))
    link = world.link
    assert link is not None
    taken, afterwards = [], []
    with run.under_load(world) as scene:
        for number in range(run.count):
            old = world.store
            new = Store(Path(world.folder, f"split-{number}"), old.environment).start()
            world.replicas.append(new)
            _replicate(old, new)
            scene.after_acks(20)
            had = _views(old)
            with new.client() as client:
                scene.inject("the replica becomes a primary", client.replicaof, "NO", "ONE")
            scene.after_acks(WHILE)
            with old.client() as client:
                client.config_set("min-replicas-max-lag", 1)
                client.config_set("min-replicas-to-write", 1)
                until(lambda one=client: _is_alone(one), 30, "the old one misses its replica")  # type: ignore[misc]
            stood = _views(old)
            taken.append(stood - had)
            scene.after_attempts(WHILE)
            afterwards.append(_views(old) - stood)
            with old.client() as client:
                scene.inject("the old one follows the new", client.replicaof, *_address(new))
            scene.after_attempts(WHILE)
            world.store = new
            link.point_to(new.socket)
            link.cut()
            scene.mended()
            old.kill()
    run.figure("views that the old one took while there were two", taken)
    run.figure("views that it took after its window", afterwards)
    if any(afterwards):
        run.breaks(f"the old primary took {afterwards} after it had missed its replica")
    run.worlds.end_last()


def _is_alone(client: "redis.Redis") -> bool:
    return int(client.info("replication").get("min_slaves_good_slaves", 1)) == 0


def _address(store: Store) -> tuple[str, int]:
    with store.client() as client:
        return "127.0.0.1", int(client.config_get("port")["port"])
