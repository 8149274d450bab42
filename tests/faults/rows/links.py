"""
Links to Redis that lose replies, go silent, are reset, slow or late.
"""

from tests.faults.links import Mode
from tests.faults.load import Manner
from tests.faults.plans import Plan
from tests.faults.runs import Run, row
from tests.faults.waits import last, until

PLAN = Plan(linked=True)


@row("F12", "applied, and the reply lost", 500, 20)
def reply_lost(run: Run) -> None:
    """
    Batches are applied and nobody is told, by a close or by silence.
    """
    world = run.world(PLAN)
    link = world.link
    assert link is not None
    # Hits that come as fast as they can would queue behind all those lost replies.
    with run.under_load(world, Manner(pace=0.1)) as scene:
        begun = link.swallowed
        while link.swallowed - begun < run.count:
            silent = run.random.random() < 0.05
            many = 1 if silent else run.random.randint(1, 5)
            link.swallow(many, closes=not silent)
            scene.inject(f"swallow {many} replies{', silently' if silent else ''}")
            until(lambda: not link.still_to_swallow, 30, "replies were lost")
            scene.after_acks(run.random.randint(1, 5))
        run.outcome.injected = link.swallowed - begun


@row("F14-silent", "half-open link: everything is lost and nobody is told", 20, 1)
def silent(run: Run) -> None:
    """
    All connections, and new ones for a while, carry nothing in either direction.
    """
    world = run.world(PLAN)
    link = world.link
    assert link is not None
    with run.under_load(world) as scene:
        for _ in range(run.count):
            scene.after_acks(run.random.randint(5, 30))
            scene.inject("silence", link.silence)
            last(run.random.uniform(0.2, 2))
            link.heal()
            scene.mended()


@row("F14-reset", "connections reset", 100, 3)
def reset(run: Run) -> None:
    """
    All connections are closed at once, or as soon as something is said.
    """
    world = run.world(PLAN)
    link = world.link
    assert link is not None
    with run.under_load(world) as scene:
        for number in range(run.count):
            scene.after_acks(run.random.randint(3, 20))
            if number % 2:
                scene.inject("reset all", link.cut)
                continue
            scene.inject("reset whoever speaks")
            link.mode = Mode.RESET
            last(run.random.uniform(0.05, 0.5))
            link.heal()
            scene.mended()


@row("F14-late", "three segments in ten are late as if they had been lost", 5, 0)
def lossy(run: Run) -> None:
    """
    What a stream looks like over a link that loses 30 of 100 segments.
    """
    _worse(run, Mode.LOSSY, 0.0, 3.0)


@row("F15-200ms", "Redis 200 ms away", 3, 1)
def slow(run: Run) -> None:
    """
    Just at the deadline.
    """
    _worse(run, Mode.SLOW, 0.1, 2.0)


@row("F15-1s", "Redis a second away", 3, 0)
def slower(run: Run) -> None:
    """
    Far past the deadline: hits are kept or refused, and nobody waits.
    """
    _worse(run, Mode.SLOW, 0.5, 4.0)


def _worse(run: Run, mode: Mode, delay: float, seconds: float) -> None:
    world = run.world(PLAN)
    link = world.link
    assert link is not None
    with run.under_load(world) as scene:
        for _ in range(run.count):
            scene.after_acks(20)
            scene.inject(f"{mode} {delay}")
            link.delay, link.mode = delay, mode
            last(seconds)
            link.heal()
            scene.mended()
