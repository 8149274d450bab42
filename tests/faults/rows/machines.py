"""
A cluster whose slots are moved while hits come in.
"""

from tests.faults.features import Feature
from tests.faults.ledger import SET, SHARED
from tests.faults.plans import Plan
from tests.faults.runs import Run, row
from tests.faults.stores import ClusterStore

#: Keys that one parcel of a move holds: few, so that a move takes many steps.
PARCEL = 2


@row("F20", "slots of both sites moved under load", 10, 2, Feature.RESTORE)
def moved_slots(run: Run) -> None:
    """
    Each site goes from node to node; while it is on its way its hits are queued.
    """
    world = run.world(Plan(is_cluster=True))
    store = world.store
    assert isinstance(store, ClusterStore)
    moved = []
    with run.under_load(world) as scene:
        for number in range(run.count):
            site = (SET, SHARED)[number % 2]
            others = [s for s in store.cluster.servers if s is not store.cluster.holder(site)]
            scene.after_acks(20)
            scene.inject(f"slot of {site} moved")
            to = run.random.choice(others)
            moved.append(store.cluster.move(site, to, PARCEL, lambda: scene.after_attempts(5)))
            scene.mended()
    run.figure("keys that were moved", moved)
    run.worlds.end_last()
