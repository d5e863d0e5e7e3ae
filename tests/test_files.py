from pathlib import Path

import pytest

from scanner.errors import ScannerError
from scanner.files import replacing


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_takes_its_name_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report"

    with replacing(path) as file:
        file.write(b"whole")
        assert not path.exists()

    assert path.read_bytes() == b"whole"
    assert names(path.parent) == ["report"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_what_fails_leaves_what_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "report"
    path.write_bytes(b"before")

    def fails() -> None:
        with replacing(path) as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        fails()

    assert path.read_bytes() == b"before"
    assert names(tmp_path) == ["report"]


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")

    for path, why in (("folder", "Is a directory"), ("file/report", "File exists")):
        with pytest.raises(ScannerError, match=f"^{tmp_path}/{path}: {why}$"), replacing(tmp_path / path):
            pass

    assert names(tmp_path) == ["file", "folder"]


def test_a_long_name_is_a_name(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 250)

    with replacing(path) as file:
        file.write(b"x")

    assert path.read_bytes() == b"x"


def test_devices_are_written_to(tmp_path: Path) -> None:
    link = tmp_path / "null"
    link.symlink_to("/dev/null")

    with replacing(link) as file:
        file.write(b"x")

    assert link.is_symlink()
    assert Path("/dev/null").is_char_device()
