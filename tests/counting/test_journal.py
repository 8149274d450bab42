"""
A journal keeps what it took, says what it lost, and belongs to one process at a time.
"""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from service.counting.entries import DaySalt, Entry, Lost
from service.counting.journal import SEGMENT_BYTES, SEGMENT_MS, Journal
from service.counting.journals import Journals
from service.counting.quarantines import QUARANTINE
from service.counting.records import HEADER, Record, RecordKind, encode
from service.counting.segments import KEPT_MS
from service.errors import JournalFailed

#: A moment, in ms since 1970, at which nothing happens by itself.
NOW = 1_700_000_000_000

SALT = DaySalt("s1", "2026-11-22", NOW + 1_000, b"0123456789abcdef")


@pytest.fixture
def journals(tmp_path: Path) -> Journals:
    return Journals(tmp_path, 2**30)


@pytest.fixture
def journal(journals: Journals) -> Journal:
    return journals.create()


def an_entry(
    site: str = "s1", body: bytes = b"hits", hits: int = 2, now: int = NOW, *, salted: bool = False
) -> Entry:
    return Entry(site, now, hits, body, (SALT,) if salted else ())


def told(journal: Journal, site: str = "s1", after: int = 0) -> list[object]:
    """
    The bodies of the batches, and what is lost as (last seq, hits, batches that tell nothing).
    """
    return [
        found.body if isinstance(found, Record) else (found.seq, found.hits, found.unknown)
        for found in journal.read(site, after)
    ]


def segments(journal: Journal) -> list[Path]:
    return sorted(journal.folder.glob("*.journal"))


def open_files() -> list[str]:
    return sorted(path.name for path in Path("/proc/self/fd").iterdir())


def again(journal: Journal) -> Journal:
    """
    The journal as the next process finds it.
    """
    journal.close()
    adopted = Journal.adopt(journal.folder)
    assert adopted is not None
    return adopted


def three(journal: Journal) -> Path:
    """
    Three batches in one file.
    """
    for body in (b"one", b"two", b"three"):
        journal.append([an_entry(body=body)])
    return segments(journal)[0]


def test_what_was_appended_is_read_in_order_for_each_site(journal: Journal) -> None:
    seqs = journal.append([an_entry(body=b"a"), an_entry("s2", b"b"), an_entry(body=b"c")])
    more = journal.append([an_entry("s2", b"d")])

    assert ([1, 1, 2], [2]) == (seqs, more)
    assert [b"a", b"c"] == told(journal)
    assert [b"d"] == told(journal, "s2", after=1)
    assert (2, 2, 0) == (journal.last("s1"), journal.last("s2"), journal.last("s3"))


def test_nothing_that_is_appended_while_it_is_read_is_taken_for_lost(journal: Journal) -> None:
    # A lane that catches up reads for as long as Redis takes, and hits keep coming.
    three(journal)
    reading = journal.read("s1", 0)
    read = [next(reading)]
    journal.append([an_entry(body=b"four")])
    journal.append([an_entry(body=b"five", now=NOW + SEGMENT_MS)])

    assert [] == [found for found in [*read, *reading] if isinstance(found, Lost)]
    assert [b"four", b"five"] == told(journal, after=3)


def test_the_next_process_finds_everything(journal: Journal) -> None:
    three(journal)
    journal.append([an_entry("s2", salted=True)])
    adopted = again(journal)

    assert [b"one", b"two", b"three"] == told(adopted)
    assert (3, 1, ["s1", "s2"], NOW) == (
        adopted.last("s1"),
        adopted.last("s2"),
        adopted.sites,
        adopted.newest_ms,
    )
    assert {("s1", "2026-11-22"): (SALT.salt, SALT.end_ms)} == adopted.salts()
    assert [4] == adopted.append([an_entry(body=b"four")])
    adopted.close()


def test_a_journal_has_one_owner(journal: Journal) -> None:
    assert Journal.adopt(journal.folder) is None
    adopted = again(journal)
    assert Journal.adopt(journal.folder) is None
    adopted.close()


def test_nobody_but_its_user_reads_it(journal: Journal) -> None:
    three(journal)
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in journal.folder.iterdir()}

    assert {"owner": 0o600, "00000001.journal": 0o600} == modes
    assert [0o700, 0o700] == [
        stat.S_IMODE(p.stat().st_mode) for p in (journal.folder, journal.folder.parent)
    ]


@pytest.mark.parametrize("reason", ["size", "age"])
def test_a_segment_is_followed_by_another(journal: Journal, reason: str) -> None:
    big = bytes(SEGMENT_BYTES) if reason == "size" else b"small"
    journal.append([an_entry(body=big[: 4 << 20])] * 4)
    journal.append([an_entry(now=NOW + SEGMENT_MS * (reason == "age") - (reason == "size"))])

    assert ["00000001.journal", "00000002.journal"] == [p.name for p in segments(journal)]
    assert 5 == len(told(again(journal)))


def test_a_quiet_segment_is_sealed_when_its_hour_is_over(journal: Journal) -> None:
    journal.append([an_entry()])
    journal.seal_old(NOW + SEGMENT_MS - 1)
    journal.append([an_entry()])
    journal.seal_old(NOW + SEGMENT_MS)
    journal.append([an_entry()])

    assert 2 == len(segments(journal))


def test_every_segment_holds_the_salts_that_it_uses_once(journal: Journal) -> None:
    for now in (NOW, NOW + 1, NOW + SEGMENT_MS):
        journal.append([an_entry(now=now, salted=True), an_entry(now=now, salted=True)])

    assert [1, 1] == [path.read_bytes().count(SALT.salt) for path in segments(journal)]


def test_a_salt_that_was_changed_is_written_again(journal: Journal) -> None:
    # As when one was derived while Redis was away, and Redis had drawn another.
    drawn = DaySalt("s1", SALT.day, SALT.end_ms, b"the one drawn")
    journal.append([an_entry(salted=True)])
    journal.append([Entry("s1", NOW, 1, b"", (drawn,))])

    assert {("s1", SALT.day): (drawn.salt, SALT.end_ms)} == journal.salts()
    assert journal.salts() == again(journal).salts()


# When the disk refuses

_REFUSED = """
import json, resource, signal, sys
from pathlib import Path
from service.counting.journals import Journals
from service.counting.entries import Entry
from service.errors import JournalFailed

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journals = Journals(Path(sys.argv[1]), 2**30)
journal = journals.create()
journal.append([Entry("s1", 1, 1, b"kept")])
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
try:
    journal.append([Entry("s1", 1, 1, bytes(8192))])
    said = "taken"
except JournalFailed as error:
    said = str(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
sizes = [p.stat().st_size for p in sorted(journal.folder.glob("*.journal"))]
seqs = journal.append([Entry("s1", 1, 1, b"later")])
bodies = [r.body.decode() for r in journal.read("s1", 0)]
print(json.dumps([said, sizes == [journal._segments[0].size], seqs, bodies]))
"""


def test_a_batch_that_the_disk_takes_half_of_leaves_nothing_behind(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _REFUSED, str(tmp_path)], capture_output=True, text=True, check=True
    )

    assert ["journal: File too large", True, [2], ["kept", "later"]] == json.loads(done.stdout)


class Refusing:
    """
    The operating system, with a disk that does not sync.
    """

    def __init__(self, calls: Sequence[str]) -> None:
        self._calls = calls

    def __getattr__(self, name: str) -> object:
        if name in self._calls:
            return self._refuse
        return getattr(os, name)

    def _refuse(self, *_: object) -> None:
        raise OSError(5, "Input/output error")


@pytest.mark.parametrize("calls", [["fdatasync"], ["fdatasync", "ftruncate"]])
def test_a_batch_that_is_not_synced_is_not_kept(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, calls: list[str]
) -> None:
    journal.append([an_entry(body=b"kept")])
    with monkeypatch.context() as patched:
        patched.setattr("service.counting.journal.os", Refusing(calls))
        with pytest.raises(JournalFailed, match="Input/output error"):
            journal.append([an_entry(body=b"refused")])

    assert [b"kept"] == told(journal)
    assert 1 == journal.last("s1")


def test_a_first_batch_that_is_refused_leaves_an_empty_journal(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("service.counting.journal.os", Refusing(["fdatasync"]))
        with pytest.raises(JournalFailed):
            journal.append([an_entry()])

    assert (True, []) == (journal.is_empty, segments(journal))
    assert [1] == journal.append([an_entry(body=b"kept")])
    assert [b"kept"] == told(again(journal))


def test_a_journal_that_cannot_be_made_leaves_nothing(
    journals: Journals, monkeypatch: pytest.MonkeyPatch
) -> None:
    journals.create().close()
    before = sorted(journals.folder.iterdir()), open_files()
    for call in ("fsync", "open"):
        with monkeypatch.context() as patched:
            patched.setattr("service.counting.folders.os", Refusing([call]))
            with pytest.raises(JournalFailed):
                Journal.create(journals.folder / ("f" * 32))

    assert before == (sorted(journals.folder.iterdir()), open_files())


# When files are damaged


def damaged(journal: Journal, path: Path, data: bytes) -> Journal:
    path.write_bytes(data)
    return again(journal)


def quarantined(journal: Journal) -> list[Path]:
    return sorted((journal.folder.parent / QUARANTINE).glob("*"))


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_a_torn_tail_was_never_acknowledged(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    path = three(journal)
    adopted = damaged(journal, path, path.read_bytes()[:-2])

    assert [b"one", b"two"] == told(adopted)
    assert "journal ends in a batch that was never acknowledged" in caplog.messages


def test_a_damaged_body_is_lost_with_the_number_of_its_hits(journal: Journal) -> None:
    path = three(journal)
    data = path.read_bytes()
    at = data.index(b"two")
    adopted = damaged(journal, path, flipped(data, at))

    assert [b"one", (2, 2, 0), b"three"] == told(adopted)
    (kept,) = quarantined(adopted)
    assert flipped(data, at)[at - HEADER : at + 3] == kept.read_bytes()
    assert f"{adopted.producer}-00000001-{at - HEADER}" == kept.name
    assert [0o600, 0o700] == [stat.S_IMODE(p.stat().st_mode) for p in (kept, kept.parent)]


def test_a_damaged_header_is_lost_and_those_behind_it_are_not(journal: Journal) -> None:
    path = three(journal)
    data = path.read_bytes()
    adopted = damaged(journal, path, flipped(data, data.index(b"two") - 40))

    assert [b"one", (2, 0, 1), b"three"] == told(adopted)


def test_a_damaged_last_body_is_missed(journal: Journal) -> None:
    path = three(journal)
    adopted = damaged(journal, path, flipped(path.read_bytes(), -1 % path.stat().st_size))

    assert [b"one", b"two", (3, 2, 0)] == told(adopted)


def test_a_damaged_journal_is_not_taken_for_an_old_one(journals: Journals) -> None:
    # Its only batch is damaged; what it held has to be told before the journal goes.
    journal = journals.create()
    journal.append([an_entry(body=b"two")])
    path = segments(journal)[0]
    adopted = damaged(journal, path, flipped(path.read_bytes(), path.read_bytes().index(b"two")))

    assert NOW == adopted.newest_ms
    assert not journals.set_aside(adopted, NOW + 1)
    assert [(1, 2, 0)] == told(adopted)


@pytest.mark.parametrize("at", [4, HEADER + 15])
def test_a_damaged_salt_is_not_kept(journal: Journal, at: int) -> None:
    journal.append([an_entry(salted=True)])
    path = segments(journal)[0]
    adopted = damaged(journal, path, flipped(path.read_bytes(), at))

    assert [b""] == [kept.read_bytes() for kept in quarantined(adopted)]
    assert [b"hits"] == told(adopted)


def test_a_file_without_a_byte_is_no_harm(journal: Journal) -> None:
    path = three(journal)
    path.with_name("00000002.journal").touch()
    adopted = damaged(journal, path, path.read_bytes())

    assert [b"one", b"two", b"three"] == told(adopted)
    adopted.append([an_entry(body=b"four")])
    assert [b"four"] == told(adopted, after=3)


def test_a_missing_segment_is_a_gap_of_unknown_hits(journal: Journal) -> None:
    for hour in range(3):
        journal.append([an_entry(body=b"%d" % hour, now=NOW + hour * SEGMENT_MS)])
    segments(journal)[1].unlink()

    assert [b"0", (2, 0, 1), b"2"] == told(again(journal))


def test_files_of_others_are_left_alone(journal: Journal) -> None:
    three(journal)
    for name in ("notes.txt", "1.journal", "0000000x.journal", "00000009.journal.bak"):
        (journal.folder / name).write_bytes(b"not ours")

    assert [b"one", b"two", b"three"] == told(again(journal))


def test_a_journal_that_cannot_be_read_is_tried_again(journal: Journal) -> None:
    three(journal)
    wrong = journal.folder / "00000002.journal"
    wrong.mkdir()
    (wrong / "not ours").touch()
    journal.close()

    before = open_files()
    assert [None, None] == [Journal.adopt(journal.folder) for _ in range(2)]
    assert before == open_files()
    (wrong / "not ours").unlink()
    wrong.rmdir()
    adopted = Journal.adopt(journal.folder)
    assert adopted is not None
    assert [b"one", b"two", b"three"] == told(adopted)


# When it goes


def test_a_segment_goes_when_sql_has_it_and_its_days_are_closed(journal: Journal) -> None:
    journal.append([an_entry(salted=True), an_entry("s2")])
    closed = SALT.end_ms + KEPT_MS
    unsealed = journal.trim({"s1": 1, "s2": 1}, closed)
    journal.seal()

    assert 0 == unsealed
    assert 0 == journal.trim({"s1": 1}, closed)
    assert 0 == journal.trim({"s1": 0, "s2": 1}, closed)
    assert 0 == journal.trim({"s1": 1, "s2": 1}, closed - 1)
    assert 1 == journal.trim({"s1": 1, "s2": 1}, closed)
    assert (True, []) == (journal.is_empty, segments(journal))
    assert ([2], [b"next"]) == (
        journal.append([an_entry(body=b"next")]),
        told(journal, after=1),
    )


def test_the_number_of_a_segment_is_not_used_twice_while_another_stands(journal: Journal) -> None:
    for hour in range(2):
        journal.append([an_entry(now=NOW + hour * SEGMENT_MS)])
    journal.trim({"s1": 1}, NOW + KEPT_MS)
    journal.append([an_entry(now=NOW + 2 * SEGMENT_MS)])

    assert ["00000002.journal", "00000003.journal"] == [p.name for p in segments(journal)]


@pytest.mark.parametrize("foreign", [False, True])
def test_an_empty_journal_is_out_of_sight_when_it_is_removed(
    journals: Journals, journal: Journal, foreign: bool
) -> None:
    if foreign:
        (journal.folder / "notes.txt").write_text("not ours")
    journal.remove()

    assert set() == journals.producers()
    assert [] == journals.adopt(set())
    assert foreign == any(journals.folder.iterdir())


def test_a_record_without_its_salt_can_be_read(journal: Journal) -> None:
    journal.append([an_entry(salted=True)])
    path = segments(journal)[0]
    batch = encode(Record(RecordKind.BATCH, "s1", 1, NOW, 2, b"hits"))

    assert path.read_bytes().endswith(batch)
    assert [b"hits"] == told(damaged(journal, path, batch))
