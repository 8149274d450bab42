"""
One file of a journal: what is noted of it, and that it is read in pieces.
"""

from pathlib import Path

import pytest

from service.counting.records import Damage, Record, RecordKind, encode
from service.counting.segments import KEPT_MS, Segment, salt_record


def a_batch(seq: int, site: str = "s1", time_ms: int = 5_000, body: bytes = b"hits") -> Record:
    return Record(RecordKind.BATCH, site, seq, time_ms, 1, body)


def a_file(folder: Path, *records: Record) -> Segment:
    path = folder / "00000001.journal"
    path.write_bytes(b"".join(map(encode, records)))
    return Segment(path, size=path.stat().st_size)


def test_a_segment_knows_its_sites_salts_and_times() -> None:
    segment = Segment(Path())
    for record in (
        salt_record("s1", "2026-11-22", 90_000, b"salt"),
        a_batch(4),
        a_batch(5, time_ms=7_000),
        a_batch(9, "s2", 6_000),
    ):
        segment.note(record)

    assert {"s1": 5, "s2": 9} == segment.last
    assert {("s1", "2026-11-22"): (b"salt", 90_000)} == segment.salts
    assert (5_000, 7_000) == (segment.begun_ms, segment.newest_ms)
    assert 90_000 + KEPT_MS == segment.keep_until_ms


@pytest.mark.parametrize("is_tail", [False, True])
def test_a_damaged_batch_is_missed_unless_it_was_never_whole(is_tail: bool) -> None:
    segment = Segment(Path())
    segment.note_damage(Damage(b"", "s1", 3, 2, 4_000, RecordKind.BATCH, is_tail))

    assert ({} if is_tail else {"s1": 3}) == segment.last
    assert (0 if is_tail else 4_000) == segment.newest_ms


def test_records_longer_than_a_piece_are_read(tmp_path: Path) -> None:
    told = [a_batch(seq, body=bytes([seq]) * 300_000) for seq in range(1, 6)]

    assert told == [found for _, found in a_file(tmp_path, *told).read()]


def test_what_is_behind_the_known_size_is_not_read(tmp_path: Path) -> None:
    segment = a_file(tmp_path, a_batch(1), a_batch(2))
    segment.size //= 2

    assert [a_batch(1)] == [found for _, found in segment.read()]


def test_a_file_that_is_cut_while_it_is_read_ends_in_damage(tmp_path: Path) -> None:
    told = [a_batch(seq, body=b"x" * 300_000) for seq in range(1, 6)]
    segment = a_file(tmp_path, *told)
    reading = segment.read()
    first = next(reading)
    with segment.path.open("r+b") as file:
        file.truncate(700_000)

    assert (0, told[0]) == first
    assert [told[1]] == [found for _, found in reading if isinstance(found, Record)]


def test_an_empty_segment_has_nothing(tmp_path: Path) -> None:
    assert [] == list(Segment(tmp_path / "00000001.journal").read())


def test_whoever_goes_on_where_they_stopped_reads_nothing_twice(tmp_path: Path) -> None:
    records = [a_batch(seq) for seq in range(1, 7)]
    segment = a_file(tmp_path, *records[:3])
    segment.last["s1"] = 6

    assert [1, 2, 3] == [found.seq for found in segment.batches("s1", 0)]
    with segment.path.open("r+b") as file:
        # What was read before is not looked at again, so nobody notices that it has gone bad.
        file.write(b"\0" * 50)
        file.seek(0, 2)
        file.write(b"".join(map(encode, records[3:])))
    segment.size = segment.path.stat().st_size

    assert [4, 5, 6] == [found.seq for found in segment.batches("s1", 3)]
    # Whoever has to go back looks from the beginning, and finds what is left there.
    assert [2, 3, 4, 5, 6] == [found.seq for found in segment.batches("s1", 1)]
