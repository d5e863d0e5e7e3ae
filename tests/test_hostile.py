"""Hostile input: text, files and policies of strangers are shown and judged, and never obeyed."""

# ruff: noqa: E501 - strange texts are long

import gzip
import hashlib
import html.parser
import io
import json
import re
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
import unicodedata
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from scanner import Report, parts, plugins
from scanner.plain import line, visible, whole
from scanner.progress import Progress
from scanner.reportfile import read
from tests.cli.command import POLICY, Command
from tests.judging import ACCOUNT, AWS, EAST, planned, refused, saw, target, told
from tests.reporters import samples

PIECES = (
    *(
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '"',
        "'",
        "&lt;",
        "</script>",
        "<!--",
        "]]>",
    ),
    *(
        "\x1b[2J",
        "\x1b]0;owned\x07",
        "\x1b]8;;https://evil.example\x1b\\here\x1b]8;;\x1b\\",
        "\x9b31m",
        "\x00",
        "\x7f",
    ),
    *("\r", "\n", "\r\n", "\x85", "\u2028", "\u2029", "\t", "\b\b\b", "\ufeff", "\u200b"),
    *("\u202e", "\u2066", "\u2069", "\U000e0041", "\ud800", "\udcff", "\udfff"),
    *(
        "::error file=x,line=1::gotcha",
        "::add-mask::x",
        "::stop-commands::y",
        "##[command]",
        "##vso[task.complete]",
    ),
    *("%0A::error::x", "%0D", "%25", "%", ",", ":", "=cmd|'/C calc'!A0", "+1+1", "@SUM(A1)", "-2"),
    *(
        "[link](javascript:alert(1))",
        "![x](https://evil.example/x.png)",
        "|",
        "\\|",
        "`",
        "``",
        "**b**",
        "# h",
        "- ",
    ),
    *(
        "@octocat",
        "#1",
        "https://evil.example",
        "www.evil.example",
        "{{ 7*7 }}",
        "{% raw %}",
        "${x}",
        "{0}",
        "../",
    ),
    *("[bold]x[/bold]", ":warning:", "\\", "~~~", "\n\n---\n", "\n| a | b |\n"),
)
HOSTILE = st.lists(st.one_of(st.sampled_from(PIECES), st.characters(exclude_categories=())), max_size=8).map(
    "".join
)
UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Categories of characters that do not show, or that a terminal obeys."""
FIXED = {"status", "absent", "state", "on"}
"""Words of ours, whatever a scanned system says."""


def poisoned(value: Any, text: str) -> Any:
    """A record in which somebody else has added to every text that is not ours."""
    if isinstance(value, msgspec.Struct):
        changes = {
            name: poisoned(getattr(value, name), text)
            for name in value.__struct_fields__
            if name not in FIXED
        }
        return msgspec.structs.replace(value, **changes)
    if isinstance(value, str):
        return value if isinstance(value, Enum) else value + text
    if isinstance(value, dict):
        return {poisoned(name, text): poisoned(item, text) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(poisoned(item, text) for item in value)
    return value


def report(text: str) -> Report:
    """A report with one of everything, and the text in all of it."""
    made = samples.waived()
    changes = {field.name: poisoned(getattr(made, field.name), text) for field in fields(made)}
    return replace(made, **changes)


def written(name: str, shown: Report, *, terminal: bool = False) -> str:
    out = Terminal() if terminal else io.StringIO()
    plugins.reporters()[name].write(shown, out)
    return out.getvalue()


class Terminal(io.StringIO):
    """What thinks that it is a terminal."""

    def isatty(self) -> bool:
        return True


def obeyed(said: str) -> list[str]:
    """What a terminal, or whoever runs the pipeline, would take for more than text."""
    return [
        character for character in said if character != "\n" and unicodedata.category(character) in UNSEEN
    ] + [found[0] for found in re.finditer(r"##(?:\[|vso\[)|^\s*::.*", said, re.MULTILINE | re.IGNORECASE)]


def text(said: str, benign: str) -> None:
    assert obeyed(said) == []
    assert said.count("\n") == benign.count("\n")


class _Shape(html.parser.HTMLParser):
    """The elements of a page and the names of their attributes, and where its links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[tuple[str, tuple[str, ...]]] = set()
        self.counted = 0
        self.links: list[str] = []
        self.packed = ""
        self._within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add((tag, tuple(sorted(name for name, _ in attrs))))
        self.counted += tag in {"script", "style", "meta", "svg", "symbol", "form", "iframe", "object"}
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "action", "style"}]
        self._within = dict(attrs).get("id") or ""

    def handle_data(self, data: str) -> None:
        if self._within == "packed":
            self.packed += data


def shape(said: str) -> _Shape:
    parsed = _Shape()
    parsed.feed(said)
    parsed.close()
    return parsed


def page(said: str, benign: str) -> None:
    found, expected = shape(said), shape(benign)
    assert [
        character for character in said if character != "\n" and unicodedata.category(character) in UNSEEN
    ] == []
    assert found.elements <= expected.elements
    assert found.counted == expected.counted
    assert [link for link in found.links if not link.startswith("#")] == []
    explorer = gzip.decompress(b64decode(found.packed)).decode()
    assert obeyed(explorer.replace("\\n", "")) == []


COMMAND = re.compile(r"::(?:error|warning|notice) (?:file=[^,:\r\n]*,line=\d+,)?title=[^,:\r\n]*::[^\r\n]+")


def commands(said: str, benign: str) -> None:
    lines = said.split("\n")
    assert lines.pop() == ""
    assert [each for each in lines if not COMMAND.fullmatch(each)] == []
    assert len(lines) == benign.count("\n")
    assert re.findall(r"%(?!25|3A|2C)", said) == []
    assert [character for each in lines for character in obeyed(each) if not each.startswith(character)] == []


def tables(said: str, benign: str) -> None:
    parsed, expected = (MarkdownIt("commonmark").enable("table").parse(each) for each in (said, benign))
    assert obeyed(said) == []
    assert [token.type for token in parsed] == [token.type for token in expected]
    assert {child.type for token in parsed for child in token.children or []} <= {"text", "code_inline"}


def contract(said: str, benign: str) -> None:
    assert [
        character for character in said if character != "\n" and unicodedata.category(character) in UNSEEN
    ] == []
    assert "##" not in said
    assert said.count("\n") == benign.count("\n")
    json.loads(said)


def sarif(said: str, benign: str) -> None:
    assert said.isascii()
    assert not re.search(r"##(\[|vso\[)", said, re.IGNORECASE)
    (run,), (expected,) = (json.loads(each)["runs"] for each in (said, benign))
    assert len(run["results"]) == len(expected["results"])
    for result in run["results"]:
        assert not re.search(r"(?<!\\)\[|(?<!\\)\]", result["message"]["text"])
        for place in result["locations"]:
            uri = place["physicalLocation"]["artifactLocation"]["uri"]
            assert (urlsplit(uri).scheme, urlsplit(uri).netloc, uri[:1] == "/") == ("", "", False)
            assert uri.isascii()


FORMATS: dict[str, Callable[[str, str], None]] = {
    "text": text,
    "html": page,
    "github": commands,
    "markdown": tables,
    "json": contract,
    "sarif": sarif,
}
"""What each format must be, whatever a scanned system says, beside what it is when it says nothing strange."""


def test_every_format_is_held_to_something() -> None:
    ours = {name for name, module in plugins.reporters().items() if module.__name__.startswith("reporters.")}
    assert ours == FORMATS.keys()


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=40)
@given(strange=HOSTILE)
@example(strange="".join(PIECES))
def test_text_of_others_is_only_text(name: str, strange: str) -> None:
    benign = "x" * len(visible(strange).replace("\n", ""))
    FORMATS[name](written(name, report(strange)), written(name, report(benign)))


@settings(max_examples=20)
@given(strange=HOSTILE)
@example(strange="".join(PIECES))
def test_on_a_terminal_only_our_colours_are_obeyed(strange: str) -> None:
    said = written("text", report(strange), terminal=True)

    assert obeyed(re.sub(r"\x1b\[[0-9;]*m", "", said)) == []


@settings(max_examples=20)
@given(strange=HOSTILE)
@example(strange="".join(PIECES))
def test_what_was_written_is_read_again_to_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, strange: str
) -> None:
    path = tmp_path_factory.mktemp("again") / "report.json"
    said = written("json", report(strange))
    path.write_text(said)

    assert written("json", read(path)) == said


MEGABYTE = ("<b>\x1b[31m|`%0A::error::\n" * 50_000)[: 2**20]


@pytest.mark.parametrize(
    ("name", "most"), [("text", 40_000), ("github", 20_000), ("markdown", 900_000), ("sarif", 60_000)]
)
def test_a_megabyte_in_one_text_is_cut(name: str, most: int) -> None:
    finding = samples.finding(2, samples.Outcome.FAIL, resource=MEGABYTE, reasons=(MEGABYTE,), scope=MEGABYTE)
    refusal = msgspec.structs.replace(samples.UNREADABLE, detail=MEGABYTE, resource=MEGABYTE, mend=MEGABYTE)
    short = samples.report([msgspec.structs.replace(finding, resource="x", reasons=("x",), scope="x")])
    said = written(name, samples.report([finding], unreadable=(refusal,)))

    benign = replace(
        short, unreadable=(msgspec.structs.replace(refusal, detail="x", resource="x", mend="x"),)
    )
    assert len(said) < most
    FORMATS[name](said, written(name, benign))


@pytest.mark.parametrize("name", ["html", "json"])
def test_a_megabyte_is_kept_where_everything_is(name: str) -> None:
    finding = samples.finding(2, samples.Outcome.FAIL, resource=MEGABYTE)
    said = written(name, samples.report([finding]))

    assert len(said) < 12 * 2**20
    FORMATS[name](said, written(name, samples.report([samples.finding(2, samples.Outcome.FAIL)])))


@given(strange=HOSTILE)
def test_a_line_of_the_log_is_a_line(strange: str) -> None:
    assert obeyed(line(strange)) == []
    assert "\n" not in line(strange)


@given(strange=HOSTILE)
def test_what_cannot_be_encoded_is_kept_as_text(strange: str) -> None:
    kept = whole({strange: [strange]})

    assert json.loads(msgspec.json.encode(kept)) == kept
    assert kept == {strange: [strange]} or re.search("[\ud800-\udfff]", strange)


HELD = {"suppress_health_check": [HealthCheck.function_scoped_fixture], "deadline": None, "max_examples": 8}
PRINTED = HOSTILE.map(lambda strange: re.sub("[\ud800-\udfff]", "?", strange))


@settings(**HELD)
@given(strange=HOSTILE)
@example(strange="".join(PIECES))
def test_diff(command: Command, strange: str) -> None:
    before, after = command.folder / "before.json", command.folder / "after.json"
    before.write_text(written("json", report("x")))
    after.write_text(written("json", report(strange)))

    said = command("diff", "before.json", "after.json")

    assert (said.err, obeyed(said.out)) == ("", [])


@settings(**HELD)
@given(strange=PRINTED)
@example(strange="".join(PIECES[:20]))
def test_diff_of_bundles(command: Command, tmp_path_factory: pytest.TempPathFactory, strange: str) -> None:
    folder = tmp_path_factory.mktemp("bundles")
    check = "encryption.aws.ebs_volumes"
    for name, encrypted in (("old", True), ("new", False)):
        seen = saw(f"v{strange}", encrypted=encrypted, tags={"owner": strange})
        extra = [saw(f"{name}{strange}", encrypted=True), refused(f"r{strange}", detail=strange)]
        evidence_of = told([planned()], [target(ACCOUNT, EAST)], {(AWS, "us-east-1", check): [seen, *extra]})
        command.bundle(evidence_of, str(folder / name))

    said = command("diff", str(folder / "old"), str(folder / "new"))

    assert (said.err, obeyed(said.out)) == ("", [])
    for arguments in (("evaluate", str(folder / "new"), "-p", "house.yaml"),):
        assert obeyed(command(*arguments).out) == []


def foreign_policy(strange: str) -> str:
    """A policy with strange titles, texts and remedies, as YAML (a superset of JSON) has them."""
    quoted = json.dumps(strange + "x")
    return (
        f"policy: house\ntitle: {quoted}\nsource: {quoted}\ncontrols:\n  - control: {quoted}\n    title: {quoted}\n"
        f"    text: {quoted}\n    owner: {quoted}\n    requirements:\n      - id: {quoted}\n"
        "        check: encryption.aws.ebs_volumes\n        expect: {encrypted: true}\n        severity: low\n"
        f"        remediation: {quoted}\n"
    )


@settings(**HELD)
@given(strange=PRINTED)
@example(strange="".join(piece for piece in PIECES if not re.search("[\ud800-\udfff]", piece)))
def test_policies_of_strangers_are_shown(command: Command, strange: str) -> None:
    command.write("house.yaml", foreign_policy(strange))

    for arguments in (("policy", "show", "./house.yaml"), ("policy", "lint", "./house.yaml")):
        said = command(*arguments)
        assert (obeyed(said.out), obeyed(said.err)) == ([], [])


@settings(**HELD)
@given(strange=HOSTILE)
@example(strange="".join(PIECES).replace("\0", ""))
def test_errors_quote_and_do_not_obey(command: Command, strange: str) -> None:
    plain = strange.replace("\0", "")
    quoted = json.dumps(re.sub("[\ud800-\udfff]", "?", strange))
    for mistake in (
        POLICY.replace("title: Encryption", f"{quoted}: Encryption"),
        POLICY.replace("{encrypted: true}", f"{{{quoted}: true}}"),
        POLICY.replace("{encrypted: true}", f"{{encrypted: {quoted}}}"),
        POLICY.replace("{encrypted: true}", f"{{key_manager: {{pattern: {quoted}}}}}"),
        POLICY.replace("{encrypted: true}", f"{{encrypted: !{strange[:20]!r} x}}"),
    ):
        path = command.folder / "house.yaml"
        path.write_bytes(mistake.encode("utf-8", "replace"))
        said = command("policy", "lint", "house.yaml")
        assert said.status in {0, 2}
        assert (obeyed(said.out), obeyed(said.err)) == ([], [])
    for arguments in (
        ("checks", "explain", f"x{plain}"),
        ("checks", "list", f"x{plain}"),
        ("policy", "show", f"x{plain}"),
        ("scan", "-f", f"x{plain}"),
        (f"x{plain}",),
        ("report", f"x{plain}"),
    ):
        said = command(*arguments)
        assert (obeyed(said.out), obeyed(said.err)) == ([], [])


@settings(**HELD)
@given(strange=PRINTED)
@example(strange="::error::x\x1b[2J")
def test_the_log_names_targets_and_does_not_obey_them(command: Command, strange: str) -> None:
    name = json.dumps(strange + "x")
    command.write(
        "wardround.yaml",
        f"targets: [{{attestations: {{name: {name}, folder: nope}}}}]\npolicies: [./house.yaml]\n",
    )

    for arguments in (("scan",), ("scan", "-f", "github"), ("scan", "--log-format", "json")):
        said = command(*arguments)
        assert said.status in {2, 4}
        assert obeyed(said.out) == []
        assert obeyed("\n".join(each for each in said.err.split("\n") if not COMMAND.fullmatch(each))) == []


def test_progress_holds_nothing_that_others_say() -> None:
    class Session:
        id = name = identity = "\x1b[2J::error::"
        calls: ClassVar[dict[str, int]] = {"\x1b[2J": 7}

    progress = Progress()
    progress.entered(Session(), 2)  # type: ignore[arg-type]  # enough of one
    assert progress.line() == "0 of 0 targets, 0 of 2 checks, 7 calls"


# Bombs.


def bundle_with(command: Command, part: Iterator[bytes]) -> str:
    """A bundle whose one part holds what a stranger wrote; its digest is right."""
    name = command.bundle(
        told(
            [planned()],
            [target(ACCOUNT, EAST)],
            {(AWS, "us-east-1", "encryption.aws.ebs_volumes"): [saw("v1", encrypted=True)]},
        )
    )
    (path,) = (command.folder / name).rglob("*.gz")
    with gzip.open(path, "wb", 9) as file:
        for piece in part:
            file.write(piece)
    manifest = command.folder / name / "manifest.json"
    said = json.loads(manifest.read_text())
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    part = {"at": 0, "length": path.stat().st_size, "sha256": sha256}
    said["parts"] = {name: dict.fromkeys(held, part) for name, held in said["parts"].items()}
    manifest.write_text(json.dumps(said))
    return name


def endless(line_end: bytes = b"") -> Iterator[bytes]:
    for _ in range(200):
        yield b" " * 2**20 + line_end


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    made = Command(tmp_path, monkeypatch, capsys)
    monkeypatch.setenv("HOME", str(tmp_path))
    made.write("house.yaml", POLICY)
    return made


@contextmanager
def within(seconds: float, megabytes: int) -> Iterator[None]:
    """Hold what happens to so much time and memory."""
    started = time.monotonic()
    tracemalloc.start()
    yield
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.monotonic() - started < seconds
    assert peak < megabytes * 2**20


def test_a_part_that_is_one_endless_line(command: Command) -> None:
    name = bundle_with(command, endless())

    with within(10, 100):
        said = command("evaluate", name, "-p", "house.yaml")

    assert said.status == 2
    assert said.err.endswith("not a part of a bundle: it inflates beyond all bounds\n")
    assert said.err.count("\n") == 1


def test_a_part_that_inflates_without_end(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = msgspec.json.encode(saw("v1", encrypted=True))
    name = bundle_with(command, (entry + b"\n" for _ in range(40_000)))
    monkeypatch.setattr(parts, "MOST", 2**20)

    with within(10, 60):
        said = command("evaluate", name, "-p", "house.yaml")

    assert (said.status, said.err.count("\n")) == (2, 1)
    assert "it inflates beyond all bounds" in said.err


@pytest.mark.parametrize(
    "part",
    [
        b"[" * 100_000 + b"\n",
        b"\xff\xfe\n",
        b"{}\n",
        b'{"record": "observation", "check": "\\ud800"}\n',
        b"\n",
    ],
)
def test_a_part_that_is_nonsense(command: Command, part: bytes) -> None:
    said = command("evaluate", bundle_with(command, iter([part])), "-p", "house.yaml")

    assert (said.status, said.err.count("\n")) == (2, 1)
    assert "not a part of a bundle: " in said.err


@pytest.mark.parametrize("held", [b"[" * 100_000, b'{"format": 1, "run": "\xff"}', b'{"run": "\\ud800"}'])
def test_a_manifest_or_report_that_is_nonsense(command: Command, held: bytes) -> None:
    name = bundle_with(command, iter([b""]))
    (command.folder / name / "manifest.json").write_bytes(held)
    (command.folder / "report.json").write_bytes(held)

    for arguments in (("evaluate", name, "-p", "house.yaml"), ("report", "report.json")):
        said = command(*arguments)
        assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)


ALIASES = "a: &a [x, x]\n" + "".join(
    f"{new}: &{new} [*{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}]\n"
    for old, new in zip("abcdefghijkl", "bcdefghijklm", strict=True)
)
YAML_BOMBS = {
    "aliases": ALIASES,
    "itself": "a: &a [*a]\n",
    "depth": "[" * 100_000,
    "mapping": "a: " + "{a: " * 5_000,
    "keys": "? " * 50_000,
    "nodes": "[" + "x," * 1_000_000 + "]",
    "number": "a: " + "9" * 100_000,
    "base 60": "a: " + "1:" * 50_000 + "1",
    "anchors": "".join(f"a{number}: &a{number} {{}}\n" for number in range(100_000)),
}


@pytest.mark.parametrize("bomb", YAML_BOMBS)
@pytest.mark.parametrize(
    ("file", "arguments"),
    [
        ("wardround.yaml", ("scan",)),
        ("bomb.yaml", ("policy", "lint", "bomb.yaml")),
        ("bomb.yaml", ("evaluate", "evidence", "-p", "house.yaml", "--waivers", "bomb.yaml")),
        ("bomb.yaml", ("evaluate", "evidence", "-p", "house.yaml", "--context", "bomb.yaml")),
    ],
)
def test_yaml_bombs(command: Command, file: str, arguments: tuple[str, ...], bomb: str) -> None:
    command.write(file, YAML_BOMBS[bomb])

    with within(20, 400):
        said = command(*arguments)

    assert (said.status, said.out) == (2, "")
    assert said.err.startswith(f"{file}:")
    assert len(said.err) < 2_000


# A stranger's policy and bundle can do nothing but be judged.

GUARDED = """
import os, sys
sys.path[:0] = {path!r}
folder, home = {folder!r}, {home!r}
import click, encodings.idna, linecache, zoneinfo
from scanner import cli
from scanner.cli import changed, configuration, group, manual, output, run, scan
from scanner import plugins
plugins.checks(), plugins.reporters(), plugins.policies()
allowed = (folder, *{roots!r})
doors = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "pty.", "ctypes.",
         "urllib.", "ftplib.", "smtplib.", "shutil.", "os.symlink", "os.chmod", "webbrowser.")
def guard(event, arguments):
    if event.startswith(doors) and event not in ("shutil.rmtree",):
        os.write(2, f"GUARD {{event}} {{arguments}}\\n".encode())
        os._exit(99)
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        path = os.path.realpath(os.fsdecode(arguments[0]))
        if not path.startswith(allowed):
            os.write(2, f"GUARD open {{path}}\\n".encode())
            os._exit(99)
sys.addaudithook(guard)
sys.argv = ["wardround", *{arguments!r}]
cli.main()
"""


def guarded(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command under a hook that ends it when it opens, calls or starts what it should not."""
    root = Path(__file__).parents[1]
    roots = (
        sys.prefix,
        sys.base_prefix,
        *(str(root / name) for name in ("scanner", "checks", "policies", "reporters")),
    )
    libraries = [path for path in sys.path if path]
    program = GUARDED.format(
        path=libraries,
        folder=str(folder),
        home=str(folder),
        roots=(*roots, *libraries[1:]),
        arguments=arguments,
    )
    return subprocess.run(
        [sys.executable, "-I", "-c", program],
        cwd=folder,
        env={"HOME": str(folder), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def listener() -> Iterator[tuple[str, list[bytes]]]:
    """An address on loopback, and what was said to it."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        stopping = threading.Event()

        def listen() -> None:
            while not stopping.is_set():
                try:
                    caller, _ = server.accept()
                except TimeoutError:
                    continue
                with caller:
                    heard.append(b"called")

        thread = threading.Thread(target=listen)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/schema", heard
        stopping.set()
        thread.join()


STRANGE = {
    "remote": ("{encrypted: true}", "{encrypted: {$ref: 'ADDRESS'}}"),
    "remote within": ("{encrypted: true}", "{encrypted: {anyOf: [{$ref: 'ADDRESS'}]}}"),
    "remote schema": ("{encrypted: true}", "{encrypted: {$schema: 'ADDRESS', const: true}}"),
    "remote id": ("{encrypted: true}", "{encrypted: {$id: 'ADDRESS', $dynamicRef: 'ADDRESS', const: true}}"),
    "a file": ("{encrypted: true}", "{encrypted: {$ref: 'file:///etc/passwd'}}"),
    "a value": ("{encrypted: true}", "{encrypted: {const: {$ref: 'ADDRESS'}}}"),
    "code": ("{encrypted: true}", "{encrypted: !!python/object/apply:os.system ['touch owned']}"),
    "a module": ("{encrypted: true}", "{encrypted: !!python/name:os.system }"),
    "an include": ("{encrypted: true}", "!include /etc/passwd"),
    "a template": ("title: Encryption", "title: '{{ cycler.__init__.__globals__.os.popen(\"id\").read() }}'"),
    "a path": ("check: encryption.aws.ebs_volumes", "check: ../../../../etc/passwd"),
    "an import": ("check: encryption.aws.ebs_volumes", "check: os.*"),
    "a name": ("policy: house", "policy: /etc/passwd"),
    "a pattern": ("{encrypted: true}", "{key_manager: {pattern: '(a+)+$(?P<x>(?{print 1}))'}}"),
    "a source": ("source: us", "source: file:///etc/passwd"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_a_policy_of_a_stranger_does_nothing(
    command: Command, listener: tuple[str, list[bytes]], name: str
) -> None:
    address, heard = listener
    bundle_with(command, iter([msgspec.json.encode(saw("v1", encrypted=False)) + b"\n"]))
    command.write("house.yaml", POLICY.replace(*STRANGE[name]).replace("ADDRESS", address))

    for arguments in (
        ("policy", "lint", "house.yaml"),
        (
            "evaluate",
            "evidence",
            "-p",
            "house.yaml",
            "-f",
            "html=page.html",
            "-f",
            "sarif=log.sarif",
            "-f",
            "text",
        ),
    ):
        said = guarded(command.folder, *arguments)
        assert said.returncode in {0, 2}, said.stderr
        assert "Traceback" not in said.stderr
    assert heard == []
    assert not (command.folder / "owned").exists()


def test_the_guard_sees(command: Command) -> None:
    (command.folder / "link.yaml").symlink_to("/etc/hostname")

    assert guarded(command.folder, "policy", "lint", "/etc/hostname").returncode == 99
    assert guarded(command.folder, "policy", "lint", "link.yaml").returncode == 99
    assert guarded(command.folder, "policy", "lint", "house.yaml").returncode == 0


@pytest.mark.parametrize(
    "facts",
    [
        {"type": "boolean", "$ref": "ADDRESS"},
        {"$ref": "file:///etc/passwd"},
        {"anyOf": [{"type": "boolean"}, {"$ref": "ADDRESS"}]},
        {"type": "array", "items": {"$dynamicRef": "ADDRESS"}},
        {"type": ["boolean"]},
        {"enum": []},
        {"enum": [{}]},
        {"anyOf": []},
        {"anyOf": [{"anyOf": [{"type": "boolean"}]}]},
        {"type": "array"},
        True,
        None,
    ],
)
def test_a_bundle_of_a_stranger_does_nothing(
    command: Command, listener: tuple[str, list[bytes]], facts: object
) -> None:
    address, heard = listener
    name = bundle_with(command, iter([msgspec.json.encode(saw("v1", encrypted=False)) + b"\n"]))
    manifest = command.folder / name / "manifest.json"
    said = json.loads(manifest.read_text())
    said["plan"]["checks"][0]["facts"]["encrypted"] = json.loads(
        json.dumps(facts).replace("ADDRESS", address)
    )
    manifest.write_text(json.dumps(said))

    result = guarded(command.folder, "evaluate", name, "-p", "house.yaml")

    assert result.returncode == 2, result.stderr
    assert result.stderr == (
        f"{name}/manifest.json: no check describes its facts as encryption.aws.ebs_volumes does here\n"
    )
    assert heard == []


@pytest.mark.parametrize("name", ["../../../outside", "..", "/etc", "a/../../b", "\x00", "."])
def test_a_bundle_of_a_stranger_reads_nothing_beside_itself(command: Command, name: str) -> None:
    bundle = bundle_with(command, iter([b""]))
    manifest = command.folder / bundle / "manifest.json"
    said = json.loads(manifest.read_text())
    said["plan"]["targets"][0]["id"] = name
    part = {"encryption.aws.ebs_volumes": {"at": 0, "length": 1, "sha256": "0" * 64}}
    said["parts"] = {f"parts/{name}/us-east-1.jsonl.gz": part, "../../x": part}
    manifest.write_text(json.dumps(said))

    result = guarded(command.folder, "evaluate", bundle, "-p", "house.yaml", "--fail-on", "low")

    assert result.returncode == 3, result.stderr
    assert obeyed(result.stdout) == []
