"""
The journals of a host: found when nobody owns them, measured, and set aside when they are old.
"""

import stat
from pathlib import Path

import pytest

from service.counting.entries import DaySalt, Entry
from service.counting.journal import Journal
from service.counting.journals import OLDEST_MS, Journals
from service.counting.quarantines import QUARANTINE
from service.counting.segments import Segment
from service.errors import JournalFailed

NOW = 1_700_000_000_000

SALT = DaySalt("s1", "2026-11-22", NOW, b"0123456789abcdef")


@pytest.fixture
def journals(tmp_path: Path) -> Journals:
    return Journals(tmp_path, 2**30)


def filled(journals: Journals, body: bytes = b"hits") -> Journal:
    journal = journals.create()
    journal.append([Entry("s1", NOW, 1, body, (SALT,))])
    return journal


def test_only_what_nobody_owns_is_adopted(journals: Journals) -> None:
    mine, left = filled(journals), filled(journals)
    left.close()
    found = journals.adopt({mine.producer})

    assert [left.producer] == [journal.producer for journal in found]
    assert {mine.producer, left.producer} == journals.producers()
    assert [] == journals.adopt({mine.producer})


def test_without_a_directory_there_is_nothing(tmp_path: Path) -> None:
    journals = Journals(tmp_path / "never made", 1)

    assert ([], set(), 0, None) == (
        journals.adopt(set()),
        journals.producers(),
        journals.size(),
        journals.salt("s1", "2026-11-22"),
    )


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file")

    with pytest.raises(JournalFailed, match="File exists"):
        Journals(tmp_path, 1).create()


def test_the_size_is_that_of_all_files_whoever_owns_them(journals: Journals) -> None:
    mine, left = filled(journals, bytes(1_000)), filled(journals, bytes(2_000))
    left.close()
    (journals.folder / "other").mkdir()
    (journals.folder / "other" / "00000001.journal").write_bytes(bytes(5_000))

    assert mine.size + left.size == journals.size()
    assert 3_000 < journals.size() < 4_000


def test_a_salt_is_found_in_any_journal_of_the_host(journals: Journals) -> None:
    filled(journals)

    assert SALT.salt == journals.salt("s1", "2026-11-22")
    assert [None, None] == [journals.salt("s1", "2026-11-21"), journals.salt("s2", "2026-11-22")]


def test_a_journal_of_thirty_days_is_set_aside_without_its_salts(journals: Journals) -> None:
    journal = filled(journals)

    assert not journals.set_aside(journal, NOW + OLDEST_MS - 1)
    assert journals.set_aside(journal, NOW + OLDEST_MS)
    assert set() == journals.producers()
    (kept,) = (journals.folder / QUARANTINE / journal.producer).glob("*.journal")
    assert SALT.salt not in kept.read_bytes()
    assert 0o600 == stat.S_IMODE(kept.stat().st_mode)
    segment = Segment(kept, size=kept.stat().st_size)
    assert [b"hits"] == [getattr(found, "body", None) for _, found in segment.read()]
