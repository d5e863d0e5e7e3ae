"""Memory that does not grow with what is judged and shown; benchmarks/scale.py measures more of it."""

import io
import json
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

import reporters.html
from scanner import plugins
from scanner.engine import evaluate
from scanner.errors import ScannerError
from scanner.evidence import Bundle, Writer
from scanner.model import Observation, Unreadable
from scanner.report import Report
from scanner.reportfile import encoded, read
from scanner.spool import Spool
from tests.judging import (
    AT,
    AWS,
    EAST,
    WEST,
    Entries,
    Told,
    planned,
    policy,
    refused,
    requirement,
    saw,
    target,
    told,
)

CHECK = "encryption.aws.ebs_volumes"
FEW, MANY = 2_000, 4_000
GROWTH = 400_000
"""Bytes. So many more findings take several times as much when they are held."""


def volumes(number: int) -> Iterator[Observation | Unreadable]:
    for index in range(number):
        name = f"arn:aws:ec2:us-east-1:111122223333:volume/vol-{index:017x}"
        yield saw(name, encrypted=index % 2 == 0, tags={"phi": str(index % 3 == 0).lower()})


def bundle(folder: Path, number: int) -> Bundle:
    given = told([planned()], [target(EAST)], {}).manifest
    writer = Writer(folder)
    writer.seal(AWS, EAST.name, CHECK, volumes(number))
    writer.finish(given)
    return Bundle(folder)


def judged(evidence: Bundle) -> Report:
    return evaluate([policy(requirement(when={"phi": True}))], evidence, as_of=AT, keep=Spool)


def peak(act: Callable[[], object]) -> int:
    """The most bytes that Python held at once while it did this."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> list[Bundle]:
    folder = tmp_path_factory.mktemp("bundles")
    return [bundle(folder / str(number), number) for number in (FEW, MANY)]


@pytest.fixture(scope="module")
def files(bundles: list[Bundle], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("reports")
    for evidence, name in zip(bundles, "ab", strict=True):
        (folder / name).write_text("".join(encoded(judged(evidence))), "utf-8")
    return [folder / "a", folder / "b"]


def test_judging_keeps_of_each_resource_little_more_than_its_name(bundles: list[Bundle]) -> None:
    judged(bundles[0])
    few, many = (peak(lambda evidence=evidence: judged(evidence)) for evidence in bundles)

    assert many - few < GROWTH + (MANY - FEW) * 300


def test_a_report_is_read_without_being_held(files: list[Path]) -> None:
    read(files[0])
    few, many = (
        peak(lambda file=file: Counter(found.outcome for found in read(file).findings)) for file in files
    )

    assert [sum(1 for _ in read(file).findings) for file in files] == [FEW, MANY]
    assert many - few < GROWTH


def test_findings_that_are_held_can_be_seen_so(files: list[Path]) -> None:
    few, many = (peak(lambda file=file: list(read(file).findings)) for file in files)

    assert many - few > 3 * GROWTH


@pytest.mark.parametrize("name", sorted(plugins.reporters()))
def test_no_reporter_holds_what_it_shows(
    name: str, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter: ModuleType = plugins.reporters()[name]
    monkeypatch.setattr(reporters.html, "CHUNK", 200)  # so that there are many, as of many findings

    class Counted(io.TextIOBase):
        size = 0

        def write(self, text: str) -> int:
            self.size += len(text)
            return len(text)

    def show(report: Report) -> int:
        out = Counted()
        reporter.write(report, out)
        return out.size

    shown = [read(file) for file in files]
    assert show(shown[0])
    few, many = (peak(lambda report=report: show(report)) for report in shown)

    assert many - few < GROWTH


class Counting(Told):
    """Evidence that counts how often each part is read."""

    def part(self, target: str, scope: str, check: str) -> Iterator[Observation | Unreadable] | None:
        READ[scope, check] += 1
        return super().part(target, scope, check)


READ: Counter[tuple[str, str]] = Counter()


@pytest.mark.parametrize(("when", "passes"), [({}, 2), ({"phi": True}, 3)])
def test_a_part_is_read_once_for_each_requirement_and_once_for_tags(
    when: dict[str, bool], passes: int
) -> None:
    READ.clear()
    parts: dict[tuple[str, str, str], Entries] = {
        (AWS, "us-east-1", CHECK): [saw("v1", encrypted=True, tags={}), refused("v2")],
        (AWS, "us-west-2", CHECK): [saw("v3", encrypted=True, tags={})],
    }
    evidence = told([planned()], [target(EAST, WEST)], parts)
    asked = [requirement(id="a", when=when), requirement(id="b")]

    report = evaluate([policy(*asked)], Counting(evidence.manifest, evidence.parts), as_of=AT)

    assert dict(READ) == {("us-east-1", CHECK): passes, ("us-west-2", CHECK): passes}
    assert report.unreadable == (refused("v2"),)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: text[: len(text) // 2], "Input data was truncated"),
        (lambda text: text.removesuffix("\n]}\n"), "it was cut short"),
        (lambda text: text.replace("\n]}\n", ",\n]}\n"), "it was cut short"),
        (lambda text: text.replace("},\n{", "}\n{", 1), "a comma is missing"),
        (lambda text: text + "{}", "something follows its end"),
        (
            lambda text: text.replace('"requirement":"c/', '"requirement":"d/'),
            "it tells of what no policy in it asks",
        ),
        (lambda text: text.replace('"outcome":"pass"', '"outcome":"fine"'), "Invalid enum value 'fine'"),
        (lambda text: text.replace('"format":1', '"format":2', 1), "format 2; this version reads up to 1"),
        (lambda _: "", "Input data was truncated"),
    ],
)
def test_what_is_no_report_is_refused_when_it_is_read(
    change: Callable[[str], str], why: str, tmp_path: Path
) -> None:
    evidence = told([planned()], [target(EAST)], {(AWS, "us-east-1", CHECK): list(volumes(9))})
    path = tmp_path / "report.json"
    path.write_text(change("".join(encoded(evaluate([policy(requirement())], evidence, as_of=AT)))), "utf-8")

    with pytest.raises(ScannerError) as refusal:
        read(path)

    assert str(refusal.value).startswith(f"{path}: ")
    assert why in str(refusal.value)


def test_a_report_that_was_laid_out_anew_is_read_too(tmp_path: Path) -> None:
    evidence = told([planned()], [target(EAST)], {(AWS, "us-east-1", CHECK): list(volumes(9))})
    report = evaluate([policy(requirement())], evidence, as_of=AT)
    path = tmp_path / "report.json"
    path.write_text(json.dumps(json.loads("".join(encoded(report))), indent=2), "utf-8")

    assert tuple(read(path).findings) == report.findings
