import os
from pathlib import Path

import pytest

from service.archive.files import regular_file
from service.errors import ImportRefused


def test_a_plain_file_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"12345")

    assert regular_file(file, 5) == file


def test_a_link_to_a_plain_file_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"1")
    (tmp_path / "link").symlink_to("a.csv")

    assert regular_file(tmp_path / "link", 5) == tmp_path / "link"


def test_a_larger_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    with file.open("wb") as written:
        written.truncate(10_000_000_000)

    with pytest.raises(ImportRefused, match="has 10000000000 bytes, more than 5"):
        regular_file(file, 5)


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null", "/dev", "/proc"])
def test_a_device_or_a_folder_is_refused(name: str) -> None:
    with pytest.raises(ImportRefused, match=f"^{name}: is no plain file$"):
        regular_file(Path(name), 5)


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(ImportRefused, match="is no plain file"):
        regular_file(tmp_path / "pipe", 5)


@pytest.mark.parametrize("name", ["missing", "a/b", "n" * 300])
def test_a_file_that_is_not_there_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ImportRefused, match="cannot be read: "):
        regular_file(tmp_path / name, 5)


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("link")

    with pytest.raises(ImportRefused, match="cannot be read: "):
        regular_file(tmp_path / "link", 5)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_of_somebody_else_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.touch(0o000)

    with pytest.raises(ImportRefused, match="cannot be read: Permission denied"):
        regular_file(file, 5)
