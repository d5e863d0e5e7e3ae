import gc
from contextlib import suppress
from pathlib import Path

import pytest

from scanner.engine import evaluate
from scanner.model import Finding
from scanner.spool import Spool
from tests.judging import AT, AWS, EAST, planned, policy, requirement, saw, target, told


def some(number: int = 5) -> tuple[Finding, ...]:
    entries = [saw(f"v{index}", encrypted=index % 2 == 0) for index in range(number)]
    evidence = told([planned()], [target(EAST)], {(AWS, "us-east-1", "encryption.aws.ebs_volumes"): entries})
    return tuple(evaluate([policy(requirement())], evidence, as_of=AT).findings)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_findings_come_back_again_and_again(folder: Path) -> None:
    findings = some()

    spool = Spool(iter(findings))

    assert tuple(spool) == tuple(spool) == findings
    assert list(zip(spool, spool, strict=True)) == list(zip(findings, findings, strict=True))
    assert list(folder.iterdir()) == []


def test_the_file_goes_with_its_last_user(folder: Path) -> None:
    spool = Spool(some())
    (handle,) = ours(folder)

    del spool
    gc.collect()

    assert handle not in ours(folder)


def ours(folder: Path) -> list[str]:
    """Our open files in a folder, nameless ones too."""
    opened = []
    for handle in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the listing's own is gone by now
            opened.append(str(handle.readlink()))
    return [name for name in opened if name.startswith(f"{folder}/")]


def test_nothing_stays_of_findings_that_could_not_be_decided(folder: Path) -> None:
    def broken() -> list[Finding]:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        Spool(finding for one in [1] for finding in broken() if one)
    gc.collect()

    assert list(folder.iterdir()) == []
