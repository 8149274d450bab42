"""
A replica that takes over without the last writes, and the old primary that comes back.
"""

from pathlib import Path

from tests.faults.features import Feature
from tests.faults.plans import Plan
from tests.faults.runs import Run, row
from tests.faults.stores import Store
from tests.faults.waits import until
from tests.journeys.serving import free_port


def _replicate(primary: Store, replica: Store) -> None:
    """
    The replica has everything that the primary has.
    """
    port = free_port()
    with primary.client() as client:
        client.config_set("repl-diskless-sync-delay", 0)
        client.config_set("port", port)
    with replica.client() as client:
        client.replicaof("127.0.0.1", port)

        def is_level() -> bool:
            said = client.info("replication")
            return said.get("master_link_status") == "up" and not said["master_sync_in_progress"]

        until(is_level, 30, "the replica is level")


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
