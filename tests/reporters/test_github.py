import io
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from msgspec.structs import replace as changed

from reporters import github
from scanner import Report, Severity
from scanner.model import Outcome

from . import samples

COMMAND = re.compile(r"::(error|warning|notice) (?:file=[^,:]+,line=\d+,)?title=[^,:]+::[^\n]+\n")


def written(report: Report) -> str:
    out = io.StringIO()
    github.write(report, out)
    return out.getvalue()


def test_whole(golden: Callable[[str, str], None]) -> None:
    golden("annotations.txt", written(samples.report()))


def test_whole_with_waivers(golden: Callable[[str, str], None]) -> None:
    golden("waived-annotations.txt", written(samples.waived()))


@pytest.mark.parametrize("sample", [samples.hostile, samples.hostile_everywhere])
def test_every_line_is_a_command_of_ours(sample: Callable[[], Report]) -> None:
    said = written(sample())
    lines = said.splitlines(keepends=True)

    assert all(COMMAND.fullmatch(line) for line in lines)
    assert all(line.rstrip("\n").isprintable() for line in lines)
    assert not re.search(r"##(\[|vso)", said)


def test_properties_are_escaped() -> None:
    control = samples.POLICY.controls[0]
    titled = changed(control, title="100%, or: more\r\n::x")
    policy = changed(samples.POLICY, controls=(titled, samples.POLICY.controls[1]), file="a,b:c%.yaml")
    report = samples.report(
        [samples.finding(2, Outcome.FAIL, resource="50%", reasons=("a, b: c",))],
        policies=(policy,),
        unreadable=(),
    )

    assert written(report) == (
        "::error file=a%2Cb%3Ac%25.yaml,line=11,"
        "title=164.312(a)(2)(iv) 100%25%2C or%3A more\\r\\n%3A%3Ax (high)::50%25: a, b: c\n"
    )


def test_ten_of_each_and_the_last_says_how_many_more() -> None:
    findings = [
        samples.finding(number, Outcome.FAIL, severity=severity)
        for severity in reversed(Severity)
        for number in range(9)
    ]

    lines = written(samples.report(findings, unreadable=())).splitlines()

    assert [re.search(r"\((\w+)\)::|::(\d+ more)", line).group(1, 2) for line in lines] == [
        *[("critical", None)] * 9,
        (None, "9 more"),
        *[("medium", None)] * 9,
        (None, "9 more"),
    ]


def test_causes_are_summarised() -> None:
    report = samples.hostile_everywhere()
    causes = len(report.unreadable) - 2

    lines = written(report).splitlines()

    assert lines[-2] == (
        f"::warning title=Could not be seen::{causes} more causes: see the step summary. "
        "In all: 30 fail (15 waived), 15 could not be evaluated."
    )


def test_silence_is_not_success() -> None:
    unreached = samples.replace_targets(samples.PLAN, samples.PLAN.targets[1:])

    assert written(replace(samples.empty(), plan=unreached, unreadable=())) == (
        "::error title=Wardround::Nothing can be said: no target could be entered.\n"
    )


def test_bounded() -> None:
    lines = written(samples.many(30_000)).splitlines()

    assert len(lines) == 10 + 2
    assert f"vol-{29_999}:" in lines[0]
    assert lines[9] == "::error title=Wardround::29,991 more at this level: see the step summary."
    assert samples.Held.most <= 3
