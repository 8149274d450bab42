"""
What goes into a journal, and what is said of that which is missing from it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from service.counting.records import Damage, Record, RecordKind
from service.counting.segments import salt_record


@dataclass(frozen=True, slots=True)
class DaySalt:
    """
    The salt of a site-day, and when that day ends.
    """

    site: str
    day: str
    end_ms: int
    salt: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """
    A batch on its way into the journal.
    """

    site: str
    time_ms: int
    hits: int
    body: bytes
    #: The salts that its visitors were made with.
    salts: tuple[DaySalt, ...] = ()


@dataclass(frozen=True, slots=True)
class Lost:
    """
    Batches that were in the journal and cannot be read any more: those up to ``seq``.
    """

    seq: int
    #: How many hits they held, as far as a header still says.
    hits: int = 0
    #: How many of them do not even say that.
    unknown: int = 0


def numbered(
    entries: Iterable[Entry],
    salts: Mapping[tuple[str, str], tuple[bytes, int]],
    last: Mapping[str, int],
) -> Iterator[Record]:
    """
    The records of these batches, each behind the salts that are not in their segment yet.

    :param salts: those that stand in the segment
    :param last: the ``seq`` of each site's newest batch
    """
    written = {key: salt for key, (salt, _) in salts.items()}
    seqs = dict(last)
    for entry in entries:
        for salt in entry.salts:
            if written.get((salt.site, salt.day)) != salt.salt:
                written[salt.site, salt.day] = salt.salt
                yield salt_record(salt.site, salt.day, salt.end_ms, salt.salt)
        seq = seqs[entry.site] = seqs.get(entry.site, 0) + 1
        yield Record(RecordKind.BATCH, entry.site, seq, entry.time_ms, entry.hits, entry.body)


def missing(first: int, last: int, damaged: Iterable[Damage]) -> Lost:
    """
    The batches from the first to the last, of which some are damaged and others gone.
    """
    told = [damage.hits for damage in damaged if first <= damage.seq <= last]
    return Lost(last, sum(told), last - first + 1 - len(told))
