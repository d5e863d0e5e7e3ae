import errno
import gzip
import io
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner import spool
from scanner.errors import ScannerError
from scanner.evidence import MANIFEST, Bundle, Writer
from scanner.journal import Begun
from scanner.model import FORMAT, Observation
from scanner.parts import file_of
from scanner.plain import as_json
from tests.judging import AT, AWS, EAST, WEST, planned, refused, saw, target, told

VOLUMES = "encryption.aws.ebs_volumes"
OTHER = "encryption.aws.rds_instances"
MANIFEST_RECORD = told([planned()], [target(EAST)], {}).manifest


def written(folder: Path) -> Path:
    """A bundle with one part."""
    writer = Writer(folder / "evidence")
    writer.seal(
        AWS, "us-east-1", VOLUMES, [saw("v2", encrypted=True), refused(None), saw("v1", encrypted=False)]
    )
    writer.finish(MANIFEST_RECORD)
    return writer.folder


def refusal(folder: Path) -> str:
    with pytest.raises(ScannerError) as caught:
        list(Bundle(folder).part(AWS, "us-east-1", VOLUMES) or ())
    return str(caught.value)


def the_part(folder: Path) -> Path:
    return folder / file_of(AWS, "us-east-1")


def test_what_is_written_is_read_sorted_by_resource(tmp_path: Path) -> None:
    bundle = Bundle(written(tmp_path))

    part = bundle.part(AWS, "us-east-1", VOLUMES)

    assert part is not None
    assert list(part) == [refused(None), saw("v1", encrypted=False), saw("v2", encrypted=True)]
    assert bundle.part(AWS, "us-west-2", VOLUMES) is None
    assert msgspec.structs.replace(bundle.manifest, parts={}) == MANIFEST_RECORD
    assert {name: list(held) for name, held in bundle.manifest.parts.items()} == {
        "parts/aws=111122223333/us-east-1.jsonl.gz": [VOLUMES]
    }


def test_the_same_evidence_is_the_same_bytes(tmp_path: Path) -> None:
    one, other = written(tmp_path / "one"), written(tmp_path / "other")

    for name in (MANIFEST, file_of(AWS, "us-east-1")):
        assert (one / name).read_bytes() == (other / name).read_bytes()


def test_it_is_for_its_owner_only(tmp_path: Path) -> None:
    folder = written(tmp_path)

    assert folder.stat().st_mode & 0o777 == 0o700
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert len(files) == 2


def test_a_part_that_was_changed_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path)
    part = the_part(folder)
    text = gzip.decompress(part.read_bytes()).replace(b'"encrypted":false', b'"encrypted":true')
    part.write_bytes(gzip.compress(text))

    assert refusal(folder) == f"{part}: it is not what was sealed; the bundle was changed"


def test_a_part_that_is_missing_is_said(tmp_path: Path) -> None:
    folder = written(tmp_path)
    the_part(folder).unlink()

    assert refusal(folder) == (
        f"{the_part(folder)}: No such file or directory: a part of the bundle is missing"
    )


def test_what_is_no_bundle_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path) == (f"{tmp_path}/manifest.json: No such file or directory: not a bundle")
    (tmp_path / MANIFEST).write_text("{}")
    assert refusal(tmp_path).startswith(f"{tmp_path}/manifest.json: not a bundle's manifest: ")


def test_a_later_format_is_refused_and_a_later_field_ignored(tmp_path: Path) -> None:
    folder = written(tmp_path)
    manifest = json.loads((folder / MANIFEST).read_text())

    (folder / MANIFEST).write_text(json.dumps(manifest | {"mood": "good"}))
    assert Bundle(folder).manifest.run == "r1"
    (folder / MANIFEST).write_text(json.dumps(manifest | {"format": FORMAT + 1}))
    assert refusal(folder) == (
        f"{folder}/manifest.json: format {FORMAT + 1}; this version reads up to {FORMAT}"
    )


def test_a_folder_that_holds_something_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")

    with pytest.raises(ScannerError) as caught:
        Writer(tmp_path)

    assert str(caught.value) == f"{tmp_path}: not empty; a bundle is never written over: name a new folder"
    assert os.listdir(tmp_path) == ["mine"]  # noqa: PTH208 - names are what is looked at


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(ScannerError) as caught:
        Writer(tmp_path / "file" / "evidence")

    assert str(caught.value) == f"{tmp_path}/file/evidence: Not a directory"


HOSTILE = st.text(min_size=1, max_size=12) | st.sampled_from(
    [
        "..",
        ".",
        "../../etc",
        "/etc/passwd",
        "a/b",
        "a\\b",
        "~",
        "\0",
        "a\nb",
        "%2E%2E",
        "a:b",
        "a_b",
        "a=b",
        "a%3Ab",
    ]
)


@given(HOSTILE, HOSTILE)
def test_no_name_leads_out_of_the_bundle(one: str, two: str) -> None:
    if any("\ud800" <= letter <= "\udfff" for letter in one + two):
        return
    name = file_of(one, two)

    parts = name.split("/")
    assert len(parts) == 3
    assert (parts[0], parts[2][-9:]) == ("parts", ".jsonl.gz")
    assert not {"", ".", ".."} & set(parts)
    assert name.isprintable()


@given(st.tuples(HOSTILE, HOSTILE), st.tuples(HOSTILE, HOSTILE))
def test_no_two_places_share_a_file(one: tuple[str, str], other: tuple[str, str]) -> None:
    letters = "".join(one + other)
    if one != other and not any("\ud800" <= letter <= "\udfff" for letter in letters):
        assert file_of(*one) != file_of(*other)


@pytest.mark.parametrize("name", ["../../out", "/out", "..", "a/../../../out"])
def test_a_hostile_target_is_sealed_within(tmp_path: Path, name: str) -> None:
    writer = Writer(tmp_path / "evidence")
    writer.seal(f"host:{name}", name, name, [saw("v1", encrypted=True)])
    writer.finish(MANIFEST_RECORD)

    assert [path.name for path in tmp_path.iterdir()] == ["evidence"]
    assert Bundle(writer.folder).part(f"host:{name}", name, name) is not None


def begun(**digests: str) -> Begun:
    return Begun(run="r1", tool="wardround", version="0", started_at=AT, digests=digests)


def test_more_than_memory_holds_is_sorted_just_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [saw(f"v{number * 7 % 100}", encrypted=True) for number in range(100)] + [refused(None)]
    texts = []
    for run in (2**20, 2**14, 2**11, 1):
        monkeypatch.setattr(spool, "RUN", run)
        writer = Writer(tmp_path / str(run))
        writer.seal(AWS, "us-east-1", VOLUMES, iter(entries))
        writer.finish(MANIFEST_RECORD)
        texts.append(the_part(writer.folder).read_bytes())

    part = Bundle(tmp_path / "1").part(AWS, "us-east-1", VOLUMES)
    assert part is not None
    assert [entry.resource or "" for entry in part] == sorted(entry.resource or "" for entry in entries)
    assert len(set(texts)) == 1


def test_what_is_being_written_lies_apart_until_it_is_whole(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "evidence")

    def seen() -> Iterator[Observation]:
        yield saw("v1", encrypted=True)
        assert not (tmp_path / "evidence" / "parts").exists()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        writer.seal(AWS, "us-east-1", VOLUMES, seen())

    assert [path.name for path in (tmp_path / "evidence").rglob("*")] == ["unfinished", "lock"]
    writer.finish(MANIFEST_RECORD)


@pytest.mark.parametrize("number", [0, 1, 100])
def test_what_a_kill_leaves_of_a_part_is_read_anew(tmp_path: Path, number: int) -> None:
    first = Writer(tmp_path / "evidence")
    first.begin(begun())
    for check in (VOLUMES, OTHER):
        entries = [saw(f"v{each}", check=check, encrypted=True) for each in range(number)]
        first.seal(AWS, "us-east-1", check, entries)
    ((name, held),) = first.parts
    first.journal.release()
    path = tmp_path / "evidence" / name
    whole = path.read_bytes()
    assert (held[VOLUMES].at, held[OTHER].at + held[OTHER].length) == (0, len(whole))

    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        second = Writer(tmp_path / "evidence", resume=True)
        second.begin(begun())
        left = {VOLUMES: held[VOLUMES]} if length >= held[OTHER].at else {}
        assert dict(second.parts) == ({name: left} if left else {})
        assert (path.stat().st_size if path.exists() else 0) == (held[OTHER].at if left else 0)
        second.journal.release()


def test_what_follows_a_part_that_is_not_whole_is_added_in_its_place(tmp_path: Path) -> None:
    first = Writer(tmp_path / "evidence")
    first.begin(begun())
    first.seal(AWS, "us-east-1", VOLUMES, [saw("v1", encrypted=True)])
    first.journal.release()
    with the_part(tmp_path / "evidence").open("ab") as file:
        file.write(b"\0" * 4096)

    second = Writer(tmp_path / "evidence", resume=True)
    second.begin(begun())
    second.seal(AWS, "us-east-1", OTHER, [saw("v2", check=OTHER, encrypted=True)])
    second.finish(MANIFEST_RECORD)

    bundle = Bundle(tmp_path / "evidence")
    assert list(bundle.part(AWS, "us-east-1", VOLUMES) or ()) == [saw("v1", encrypted=True)]
    assert list(bundle.part(AWS, "us-east-1", OTHER) or ()) == [saw("v2", check=OTHER, encrypted=True)]


def test_a_part_for_which_there_is_no_room_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(tmp_path / "evidence")
    writer.seal(AWS, "us-east-1", VOLUMES, [saw("v1", encrypted=True)])
    put = os.pwrite
    with monkeypatch.context() as full:

        def half(handle: int, piece: bytes, at: int) -> int:
            if at > before:
                raise OSError(errno.ENOSPC, "No space left on device")
            return put(handle, piece[:5], at)

        before = the_part(writer.folder).stat().st_size
        full.setattr(os, "pwrite", half)
        with pytest.raises(ScannerError) as caught:
            writer.seal(AWS, "us-east-1", OTHER, [saw("v1", check=OTHER, encrypted=True)])

    assert str(caught.value) == f"{the_part(writer.folder)}: No space left on device"
    assert the_part(writer.folder).stat().st_size == before
    writer.finish(msgspec.structs.replace(MANIFEST_RECORD, complete=False))
    assert len(list(Bundle(writer.folder).part(AWS, "us-east-1", VOLUMES) or ())) == 1


@pytest.mark.parametrize("number", [0, 1, 99, 100, 300])
def test_what_is_sealed_together_is_the_same_and_written_in_one_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    # Only what is long is written by itself, and before.
    seen = {
        "a.host.first": [saw("v1", check="a.host.first", encrypted=True)],
        VOLUMES: [saw(f"v{each}", encrypted=True) for each in range(number)],
        OTHER: [],
    }
    one, together = (Writer(tmp_path / name) for name in ("one", "together"))
    for check, entries in seen.items():
        one.seal(AWS, "us-east-1", check, entries)
    put, pieces = os.pwrite, []
    with monkeypatch.context() as counted:
        counted.setattr(
            os, "pwrite", lambda handle, piece, at: (pieces.append(at), put(handle, piece, at))[1]
        )
        together.seal_each(AWS, "us-east-1", seen.items())
    for writer in (one, together):
        writer.finish(MANIFEST_RECORD)

    assert len(pieces) == (1 if number < 100 else 2)
    bundles = [Bundle(folder) for folder in (one.folder, together.folder)]
    for check, entries in seen.items():
        told = [list(bundle.part(AWS, "us-east-1", check) or ()) for bundle in bundles]
        assert told[0] == told[1]
        assert len(told[0]) == len(entries)


def test_who_is_interrupted_has_sealed_none_of_those_that_are_written_together(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "evidence")
    writer.begin(begun())

    def seen() -> Iterator[tuple[str, list[Observation]]]:
        yield VOLUMES, [saw("v1", encrypted=True)]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        writer.seal_each(AWS, "us-east-1", seen())

    assert not writer.sealed(AWS, "us-east-1", VOLUMES)
    assert list(writer.parts) == []
    writer.finish(msgspec.structs.replace(MANIFEST_RECORD, complete=False))
    again = Writer(writer.folder, resume=True)
    again.begin(begun())
    assert list(again.parts) == []
    again.journal.release()


def test_a_target_that_is_left_keeps_no_file_open(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "evidence")
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - numbers, not files
    for scope in ("us-east-1", "us-west-2"):
        writer.seal(AWS, scope, VOLUMES, [])
    assert len(os.listdir("/proc/self/fd")) == before + 2  # noqa: PTH208 - as above

    writer.leave(target(EAST, WEST))

    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - as above
    assert writer.sealed(AWS, "us-east-1", VOLUMES)
    assert not writer.sealed(AWS, "us-east-1", OTHER)
    writer.seal(AWS, "us-east-1", OTHER, [saw("v1", check=OTHER, encrypted=True)])
    writer.finish(MANIFEST_RECORD)
    bundle = Bundle(writer.folder)
    assert {name: list(held) for name, held in bundle.manifest.parts.items()} == {
        file_of(AWS, "us-east-1"): [VOLUMES, OTHER],
        file_of(AWS, "us-west-2"): [VOLUMES],
    }
    assert list(bundle.part(AWS, "us-east-1", VOLUMES) or ()) == []
    assert list(bundle.part(AWS, "us-east-1", OTHER) or ()) == [saw("v1", check=OTHER, encrypted=True)]
    assert len(os.listdir("/proc/self/fd")) == before - 1  # noqa: PTH208 - its lock is gone, too


@pytest.mark.parametrize("number", [0, 1, 2, 3, 99, 100, 101])
def test_a_part_is_gzip_as_gzip_writes_it(tmp_path: Path, number: int) -> None:
    entries = [saw(f"v{each:03}", encrypted=True) for each in range(number)]
    writer = Writer(tmp_path / "evidence")
    writer.seal(AWS, "us-east-1", VOLUMES, entries)
    writer.finish(MANIFEST_RECORD)

    path = the_part(writer.folder)
    head = io.BytesIO()
    gzip.GzipFile(f"{VOLUMES}.gz", "wb", 6, head, mtime=0).close()
    text = b"".join(as_json(entry) + b"\n" for entry in entries)
    assert gzip.decompress(path.read_bytes()) == text
    assert path.read_bytes().startswith(head.getvalue()[: 10 + len(VOLUMES) + 1])
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(Bundle(writer.folder).part(AWS, "us-east-1", VOLUMES) or ()) == entries


def test_nothing_is_sealed_after_the_end(tmp_path: Path) -> None:
    folder = written(tmp_path)
    writer = Writer(tmp_path / "other")
    writer.finish(msgspec.structs.replace(MANIFEST_RECORD, complete=False))

    with pytest.raises(ScannerError, match=r"/other: closed$"):
        writer.seal(AWS, "us-east-1", VOLUMES, [saw("v1", encrypted=True)])

    assert Bundle(tmp_path / "other").part(AWS, "us-east-1", VOLUMES) is None
    assert Bundle(folder).part(AWS, "us-east-1", VOLUMES) is not None


def test_what_was_sealed_is_taken_over(tmp_path: Path) -> None:
    first = Writer(tmp_path / "evidence")
    first.begin(begun())
    first.enter(target(EAST))
    first.seal(AWS, "us-east-1", VOLUMES, [saw("v1", encrypted=True)])
    first.finish(msgspec.structs.replace(MANIFEST_RECORD, complete=False))

    second = Writer(tmp_path / "evidence", resume=True)

    assert second.begin(msgspec.structs.replace(begun(), run="r2")) == begun()
    assert (list(second.parts), second.entered) == (list(first.parts), {AWS: target(EAST)})
    assert second.sealed(AWS, "us-east-1", VOLUMES)
    second.finish(MANIFEST_RECORD)
    assert Bundle(tmp_path / "evidence").manifest.parts == dict(first.parts)


@pytest.mark.parametrize("complete", [True, False])
def test_what_was_changed_since_is_not_taken_over(tmp_path: Path, *, complete: bool) -> None:
    first = Writer(tmp_path / "evidence")
    first.begin(begun())
    first.seal(AWS, "us-east-1", VOLUMES, [saw("v1", encrypted=False)])
    first.finish(msgspec.structs.replace(MANIFEST_RECORD, complete=complete))
    part = the_part(tmp_path / "evidence")
    part.write_bytes(gzip.compress(gzip.decompress(part.read_bytes()).replace(b"false", b"true")))

    with pytest.raises(ScannerError) as caught:
        Writer(tmp_path / "evidence", resume=True).begin(begun())

    if complete:
        assert str(caught.value).startswith(f"{tmp_path}/evidence: complete; there is nothing to resume")
    else:
        assert str(caught.value) == f"{part}: it is not what was sealed; the bundle was changed"


def test_a_part_in_anothers_place_is_not_taken_over(tmp_path: Path) -> None:
    first = Writer(tmp_path / "evidence")
    first.begin(begun())
    first.seal(AWS, "us-east-1", VOLUMES, [saw("v1", encrypted=False)])
    first.journal.release()
    there = tmp_path / "evidence" / file_of(AWS, "us-west-2")
    there.write_bytes(the_part(tmp_path / "evidence").read_bytes())
    with the_part(tmp_path / "evidence").open("ab") as file:
        file.write(there.read_bytes().replace(VOLUMES.encode(), OTHER.encode(), 1))

    second = Writer(tmp_path / "evidence", resume=True)
    second.begin(begun())

    assert (list(second.parts), there.exists()) == (list(first.parts), False)
    second.journal.release()


def test_in_what_runs_differ_is_said(tmp_path: Path) -> None:
    first = Writer(tmp_path / "evidence")
    first.begin(begun(one="1", two="2", three="3"))
    first.journal.release()

    other = msgspec.structs.replace(begun(one="1", two="0", four="4"), version="1")
    with pytest.raises(ScannerError) as caught:
        Writer(tmp_path / "evidence", resume=True).begin(other)

    folder = tmp_path / "evidence"
    assert caught.value.messages == (
        f"{folder}: cannot be resumed: it was begun by wardround 0; this is wardround 1",
        f"{folder}: cannot be resumed: four is new",
        f"{folder}: cannot be resumed: three is gone",
        f"{folder}: cannot be resumed: two has changed",
        f"undo what changed, or name a new folder with --bundle instead of {folder}",
    )


def test_a_folder_is_written_by_one(tmp_path: Path) -> None:
    first = Writer(tmp_path / "evidence")

    with pytest.raises(ScannerError) as caught:
        Writer(tmp_path / "evidence")

    holder = f"process {os.getpid()} on {socket.gethostname()}"
    assert str(caught.value) == (f"{tmp_path}/evidence: {holder} is writing it; name another folder, or wait")
    first.journal.release()
    Writer(tmp_path / "evidence").journal.release()


def test_a_session_that_is_named_anew_is_the_same_identity(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "evidence")
    role = "arn:aws:sts::1:assumed-role/audit/"
    before = msgspec.structs.replace(target(EAST), identity=f"{role}botocore-session-1")

    writer.journal.assert_same(before, AWS, f"{role}botocore-session-2")
    for other in (role.replace("audit", "admin") + "x", "arn:aws:iam::1:user/audit"):
        with pytest.raises(ScannerError, match="cannot be resumed"):
            writer.journal.assert_same(before, AWS, other)
    writer.journal.release()


def test_what_a_kill_leaves_of_a_targets_record_counts_for_nothing(tmp_path: Path) -> None:
    first = Writer(tmp_path / "evidence")
    first.begin(begun())
    first.enter(target(EAST))
    first.enter(msgspec.structs.replace(target(EAST), calls={"ec2": 2}))
    first.journal.release()
    with (tmp_path / "evidence" / "unfinished" / "targets.jsonl").open("ab") as file:
        file.write(b'{"id": "aws:')

    second = Writer(tmp_path / "evidence", resume=True)
    second.begin(begun())
    second.enter(target(EAST, name="aws:other"))
    second.journal.release()
    third = Writer(tmp_path / "evidence", resume=True)
    third.begin(begun())

    assert {name: record.calls for name, record in third.entered.items()} == {
        AWS: {"ec2": 2},
        "aws:other": {},
    }
    third.journal.release()
