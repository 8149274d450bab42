"""
Damaged bytes of journals: set aside when a journal is found, where somebody may look at them.
"""

import logging
from pathlib import Path

from service.counting.records import Damage, RecordKind
from service.counting.segments import Segment

log = logging.getLogger(__name__)

#: Where in the directory of all journals damaged records are kept.
QUARANTINE = "quarantine"


def indexed(path: Path) -> Segment:
    """
    The segment that a file is, with its damage set aside.
    """
    segment = Segment(path, size=path.stat().st_size)
    for at, found in segment.read():
        if isinstance(found, Damage):
            _quarantine(path, at, found)
            segment.note_damage(found)
        else:
            segment.note(found)
    return segment


def _quarantine(path: Path, at: int, damage: Damage) -> None:
    folder = path.parent.parent / QUARANTINE
    folder.mkdir(mode=0o700, exist_ok=True)
    kept = folder / f"{path.parent.name}-{path.stem}-{at}"
    if kept.exists():
        return
    kept.touch(mode=0o600)
    # A salt goes with its day, also when it is damaged.
    kept.write_bytes(b"" if _is_salt(damage) else damage.raw)
    told = {"file": str(kept), "site": damage.site, "seq": damage.seq, "hits": damage.hits}
    if damage.is_tail:
        log.warning("journal ends in a batch that was never acknowledged", extra=told)
    else:
        log.error("journal has a damaged batch", extra=told)


def _is_salt(damage: Damage) -> bool:
    return damage.kind is RecordKind.SALT or (
        damage.kind is None and damage.raw[3:4] == bytes([RecordKind.SALT])
    )
