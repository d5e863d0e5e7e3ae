"""A folder of statements on this machine."""

import hashlib
import os
import pwd
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from scanner import targets
from scanner.declaration import Check
from scanner.errors import ReadError, ScannerError, Undeclared
from scanner.model import Reason, Scope
from scanner.targets import attestations, statements
from scanner.targets.attestations import Attestations, AttestationsTarget, Paper, Stated, shown

ME = pwd.getpwuid(os.geteuid()).pw_name
NOBODY = 65534
NEED = "statements"
LINE = "topic: t\ncontrol: c\nstatement: s\nby: b\nrole: r\ndate: 2026-03-02\n"


def refused(kept: ReadError) -> tuple[object, ...]:
    return (kept.need, kept.reason, kept.detail, kept.mend)


def of(folder: Path) -> Attestations:
    return Attestations([NEED], "paper", Paper(folder))


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def backed(file: str, sha256: str = "0" * 64) -> str:
    return f"{LINE}evidence: {{file: '{file}', sha256: '{sha256}'}}\n"


def intact(folder: Path) -> list[bool | None]:
    view = of(folder)
    found = [stated.evidence_intact for stated in view.statements()]
    assert view.refusals == []
    return found


def kept(folder: Path) -> list[tuple[str | None, Reason, str]]:
    view = of(folder)
    list(view.statements())
    return [(refusal.resource, refusal.error.reason, refusal.error.detail) for refusal in view.refusals]


def test_files_of_the_folder_itself_that_are_not_hidden(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "C.YAML", ".hidden.yaml", "old/z.yaml", "notes.txt", "risk.yaml.bak"):
        write(tmp_path, name, LINE)
    (tmp_path / "folder.yaml").mkdir()

    assert [stated.resource for stated in of(tmp_path).statements()] == [
        "attestations:paper/C.YAML#t",
        "attestations:paper/a.yml#t",
        "attestations:paper/b.yaml#t",
    ]


def test_a_link_within_the_folder_is_followed_and_one_out_of_it_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    write(folder, "old/a.yaml", LINE)
    write(tmp_path, "outside.yaml", LINE)
    (folder / "in.yaml").symlink_to("old/a.yaml")
    (folder / "out.yaml").symlink_to("../outside.yaml")
    (folder / "loop.yaml").symlink_to("loop.yaml")
    (folder / "gone.yaml").symlink_to("nothing")
    view = of(folder)

    assert [stated.resource for stated in view.statements()] == ["attestations:paper/in.yaml#t"]
    assert [(refusal.resource, *refused(refusal.error)) for refusal in view.refusals] == [
        (
            "attestations:paper/gone.yaml",
            NEED,
            Reason.FAILED,
            "the file: No such file or directory",
            "see that it is there and can be read",
        ),
        (
            "attestations:paper/loop.yaml",
            NEED,
            Reason.FAILED,
            "the file: Too many levels of symbolic links",
            "see that it is there and can be read",
        ),
        (
            "attestations:paper/out.yaml",
            NEED,
            Reason.INVALID_ANSWER,
            "out.yaml leads out of the folder",
            "put the file itself into the folder",
        ),
    ]


def test_the_folder_may_be_a_link_itself(tmp_path: Path) -> None:
    write(tmp_path, "folder/a.yaml", LINE)
    (tmp_path / "link").symlink_to("folder")

    assert [stated.topic for stated in of(tmp_path / "link").statements()] == ["t"]


def test_evidence(tmp_path: Path) -> None:
    report = write(tmp_path, "evidence/r.pdf", b"%PDF")
    digest = hashlib.sha256(b"%PDF").hexdigest()
    write(tmp_path, "a.yaml", backed("evidence/r.pdf", digest.upper()))
    write(tmp_path, "b.yaml", LINE)
    write(tmp_path, "c.yaml", backed("evidence/missing.pdf"))
    write(tmp_path, "d.yaml", backed("a.yaml/under-a-file"))

    assert intact(tmp_path) == [True, None, False, False]
    report.write_bytes(b"%PDF-changed")
    assert intact(tmp_path) == [False, None, False, False]


@pytest.mark.parametrize("file", ["../r.pdf", "/etc/passwd", "a/../../r.pdf", "..", "~/../x/../../r"])
def test_evidence_may_not_be_named_out_of_the_folder(tmp_path: Path, file: str) -> None:
    write(tmp_path / "folder", "a.yaml", backed(file))

    assert kept(tmp_path / "folder") == [
        (
            "attestations:paper/a.yaml",
            Reason.INVALID_ANSWER,
            "a.yaml:7: evidence.file: it leads out of the folder of the statements",
        )
    ]


def test_evidence_that_is_no_plain_file_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    write(tmp_path, "secret", "geheim")
    for name in ("link", "folder", "pipe", "through/secret"):
        write(folder, f"{name.partition('/')[0]}.yaml", backed(f"e/{name}"))
    (folder / "e" / "folder").mkdir(parents=True)
    (folder / "e" / "link").symlink_to(tmp_path / "secret")
    (folder / "e" / "through").symlink_to(tmp_path)
    os.mkfifo(folder / "e" / "pipe")

    assert kept(folder) == [
        ("attestations:paper/folder.yaml#t", Reason.INVALID_ANSWER, "e/folder is not a plain file"),
        ("attestations:paper/link.yaml#t", Reason.INVALID_ANSWER, "e/link leads out of the folder"),
        ("attestations:paper/pipe.yaml#t", Reason.INVALID_ANSWER, "e/pipe is not a plain file"),
        (
            "attestations:paper/through.yaml#t",
            Reason.INVALID_ANSWER,
            "e/through/secret leads out of the folder",
        ),
    ]


def test_evidence_is_read_in_pieces_once_and_up_to_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attestations, "_PIECE_BYTES", 3)
    monkeypatch.setattr(attestations, "MOST_EVIDENCE_BYTES", 8)
    write(tmp_path, "eight", b"12345678")
    write(tmp_path, "nine", b"123456789")
    paper = Paper(tmp_path)

    assert paper.digest("eight") == hashlib.sha256(b"12345678").hexdigest()
    (tmp_path / "eight").unlink()
    assert paper.digest("eight") == hashlib.sha256(b"12345678").hexdigest()
    with pytest.raises(ReadError) as caught:
        paper.digest("nine")
    assert refused(caught.value) == (
        NEED,
        Reason.INVALID_ANSWER,
        "the evidence nine is larger than 8 bytes",
        "name an extract, or a file that lists digests",
    )


@pytest.fixture
def somebody() -> Iterator[Path]:
    """A folder, read as somebody whom its permissions bind, even where the tests run as root."""
    with TemporaryDirectory() as made:  # pytest's own folders are closed to others
        folder = Path(made)
        folder.chmod(0o755)
        write(folder, "a.yaml", LINE).chmod(0)
        write(folder, "b.yaml", backed("r.pdf"))
        write(folder, "r.pdf", b"").chmod(0)
        (folder / "locked").mkdir(mode=0)
        before = os.geteuid()
        os.seteuid(NOBODY if before == 0 else before)
        try:
            yield folder
        finally:
            os.seteuid(before)


def test_a_denial_is_told_with_who_was_denied(somebody: Path) -> None:
    who = pwd.getpwuid(os.geteuid()).pw_name
    view = of(somebody)

    assert list(view.statements()) == []
    assert [(refusal.resource, *refused(refusal.error)) for refusal in view.refusals] == [
        (
            "attestations:paper/a.yaml",
            NEED,
            Reason.DENIED,
            "the file: Permission denied",
            f"let {who} read it",
        ),
        (
            "attestations:paper/b.yaml#t",
            NEED,
            Reason.DENIED,
            "the evidence r.pdf: Permission denied",
            f"let {who} read it",
        ),
    ]
    with pytest.raises(ReadError) as caught:
        AttestationsTarget(name="paper", folder=str(somebody / "locked")).enter({})
    assert caught.value.reason is Reason.DENIED


def test_a_folder_is_entered(tmp_path: Path, check: Check) -> None:
    target = AttestationsTarget(name="paper", folder=str(tmp_path))
    made: targets.Target = target

    assert (made.id, made.name, made.kind, made.labels) == (
        "attestations:paper",
        "paper",
        "attestations",
        ("paper",),
    )
    assert (made.kinds, made.at_once) == ((Attestations,), {})
    session: targets.Session = target.enter({"a": check})
    assert (session.id, session.identity, session.tags, session.scopes) == (
        "attestations:paper",
        f"{ME}@localhost (this machine)",
        None,
        (Scope(name="folder", on="Attestations"),),
    )
    view = session.view(session.scopes[0], check)
    assert isinstance(view, Attestations)
    assert list(view.statements()) == []


@pytest.mark.parametrize("make", [Path.touch, lambda _: None])
def test_a_folder_that_is_not_there_cannot_be_entered(tmp_path: Path, make: object) -> None:
    path = tmp_path / "folder"
    make(path)  # type: ignore[operator]
    said = "Not a directory" if path.exists() else "No such file or directory"

    with pytest.raises(ReadError) as caught:
        AttestationsTarget(name="paper", folder=str(path)).enter({})

    assert refused(caught.value) == (
        None,
        Reason.UNREACHABLE,
        f"the folder folder: {said}",
        "see that it is there and can be read",
    )


def test_too_many_files_are_not_half_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attestations, "MOST_FILES", 2)
    for name in "abc":
        write(tmp_path, f"{name}.yaml", LINE)
    view = of(tmp_path)

    with pytest.raises(ReadError):
        list(view.statements())
    assert [(kept.resource, kept.error.detail) for kept in view.refusals] == [
        (None, "3 files; expected at most 2")
    ]


def test_only_statements_can_be_asked_and_only_when_declared(tmp_path: Path) -> None:
    assert Attestations.refuse_need(NEED) is None
    assert Attestations.refuse_need("files") == (
        "'files' is nothing a folder of attestations has; it has 'statements'"
    )
    with pytest.raises(Undeclared):
        list(Attestations([], "paper", Paper(tmp_path)).statements())


def test_names_are_shown_printable_and_never_alike(tmp_path: Path) -> None:
    names = [b"\xff.yaml", b"\\xff.yaml", b"a\nb.yaml", "é\u202e.yaml".encode(), b"\x1b[2J.yaml"]
    for name in names:
        Path(os.fsdecode(bytes(tmp_path) + b"/" + name)).write_text(LINE)

    said = [stated.resource for stated in of(tmp_path).statements()]

    assert sorted(said) == sorted(
        f"attestations:paper/{name}#t"
        for name in (
            r"\udcff.yaml",
            r"\\xff.yaml",
            r"a\nb.yaml",
            r"é\u202e.yaml",
            r"\x1b[2J.yaml",
        )
    )
    assert all(resource.isprintable() for resource in said)
    assert shown("risk.yaml") == "risk.yaml"


ONE = {"topic": "t", "control": "c", "statement": "s", "by": "b", "role": "r", "date": "2026-03-02"}
DIGEST = "0" * 64


def yaml(**changes: str | None) -> str:
    return "".join(f"{name}: {value}\n" for name, value in {**ONE, **changes}.items() if value is not None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "f.yaml:1: the file is empty"),
        ("[]", "f.yaml:1: no statement: the list is empty"),
        ("- - a", 'f.yaml:1: 0: ["a"] is not a mapping'),
        ("done", 'f.yaml:1: the file: "done" is not a mapping'),
        ("a: [\n", "f.yaml:2: not YAML: did not find expected node content"),
        ("a: 1\na: 2", "f.yaml:2: 'a' stands twice in one mapping"),
        (b"a: \xff", "f.yaml:1: not YAML: unacceptable character #x00ff"),
        (yaml(by=None), "f.yaml:1: the file: 'by' is missing"),
        (yaml(topic=None), "f.yaml:1: the file: 'topic' is missing"),
        (yaml(signed="x"), "f.yaml:7: unknown key 'signed'"),
        (yaml(expiry="2027-01-01"), "f.yaml:7: unknown key 'expiry' (did you mean 'expires'?)"),
        (yaml(statement="''"), 'f.yaml:3: statement: "" is empty'),
        (yaml(by="no"), "f.yaml:4: by: false is not a string; YAML reads a bare yes, no, on or off so"),
        (yaml(by=r'"a\e[2Jb"'), "f.yaml:4: by: it holds characters that cannot be printed"),
        (yaml(by="x" * 201), "at most 200 characters"),
        (yaml(topic="Risk Analysis"), 'f.yaml:1: topic: "Risk Analysis": expected small letters, digits'),
        (yaml(topic=r'"t\n"'), "f.yaml:1: topic: it holds characters that cannot be printed"),
        (yaml(subject="A Vendor"), 'f.yaml:7: subject: "A Vendor": expected small letters'),
        (yaml(date="2.3.2026"), 'f.yaml:6: date: "2.3.2026": expected a day: YYYY-MM-DD'),
        (yaml(date="2026-02-30"), 'f.yaml:6: date: "2026-02-30" is no day of the calendar'),
        (yaml(date="20260302"), "f.yaml:6: date: 20260302 is not a string; quote it"),
        (yaml(date="2026-03-02T10:00:00Z"), "expected a day: YYYY-MM-DD"),
        (yaml(date="٢٠٢٦-٠٣-٠٢"), "expected a day: YYYY-MM-DD"),
        (yaml(date="soon", expires="later"), 'f.yaml:6: date: "soon": expected a day'),
        (yaml(expires="2026-02-30"), 'f.yaml:7: expires: "2026-02-30" is no day of the calendar'),
        (yaml(expires="2026-03-01"), "f.yaml:7: expires: it ends before the day on which it was made"),
        (yaml(evidence="r.pdf"), 'f.yaml:7: evidence: "r.pdf" is not a mapping'),
        (yaml(evidence="{file: r.pdf}"), "f.yaml:7: evidence: 'sha256' is missing"),
        (yaml(evidence=f"{{file: '', sha256: '{DIGEST}'}}"), 'f.yaml:7: evidence.file: "" is empty'),
        (yaml(evidence="{file: r.pdf, sha256: abc}"), 'sha256: "abc": expected 64 hex digits'),
        (yaml(evidence=f'{{file: "a\\0b", sha256: "{DIGEST}"}}'), "file: it holds characters that cannot"),
        (f"- {ONE}\n- {ONE}\n", "f.yaml:2: 't' is stated twice, here and on line 1: keep the one"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b" + ", *b" * 90_000 + "]", "aliases that multiply"),
    ],
)
def test_each_mistake_has_its_line(text: str | bytes, said: str) -> None:
    with pytest.raises(ScannerError) as caught:
        statements.read(text.encode() if isinstance(text, str) else text, "f.yaml")

    assert said in str(caught.value)
    assert all(message.startswith("f.yaml:") for message in caught.value.messages)


def test_a_file_that_is_too_large_is_not_read_whole(tmp_path: Path) -> None:
    with write(tmp_path, "a.yaml", LINE).open("r+b") as file:
        file.truncate(64 * 2**30)

    assert kept(tmp_path) == [
        (
            "attestations:paper/a.yaml",
            Reason.INVALID_ANSWER,
            "a.yaml: more than 4,194,304 bytes: too large for a file that people write",
        )
    ]


def test_many_mistakes_are_told_briefly(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "topic: t\n")

    assert kept(tmp_path) == [
        (
            "attestations:paper/a.yaml",
            Reason.INVALID_ANSWER,
            (
                "a.yaml:1: the file: 'by' is missing; a.yaml:1: the file: 'control' is missing; "
                "a.yaml:1: the file: 'date' is missing; and 2 more"
            ),
        )
    ]


def test_a_statement_keeps_its_id_wherever_it_moves_in_its_file(tmp_path: Path) -> None:
    other = yaml(topic="other").replace("\n", "\n  ").strip()
    mine = yaml(date="2025-01-01").replace("\n", "\n  ").strip()
    renewed = yaml().replace("\n", "\n  ").strip()

    def ids(text: str) -> set[str]:
        write(tmp_path, "a.yaml", text)
        return {stated.resource for stated in of(tmp_path).statements()}

    assert ids(f"- {mine}\n- {other}\n") == ids(f"- {other}\n- {renewed}\n")
    assert isinstance(next(of(tmp_path).statements()), Stated)


@pytest.fixture
def check() -> Check:
    def nothing(folder: Attestations) -> Iterator[object]:
        yield from folder.statements()

    return Check(nothing, (NEED,))  # type: ignore[arg-type]
