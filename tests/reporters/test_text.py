import io
import re
from collections.abc import Callable

import pytest
from msgspec.structs import replace as changed

from reporters import text
from scanner import Report
from scanner.model import Finding, Outcome, Waiver

from . import samples

ANSI = re.compile(r"\x1b\[[0-9;]*m")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def plain(report: Report) -> str:
    out = io.StringIO()
    text.write(report, out)
    return out.getvalue()


def on_terminal(report: Report) -> str:
    out = Terminal()
    text.write(report, out)
    return out.getvalue()


def test_whole(golden: Callable[[str, str], None]) -> None:
    golden("report.txt", plain(samples.report()))


def test_whole_with_waivers(golden: Callable[[str, str], None]) -> None:
    golden("waived.txt", plain(samples.waived()))


@pytest.mark.parametrize(
    "sample", [samples.report, samples.hostile, samples.hostile_everywhere, samples.empty]
)
def test_a_terminal_is_told_the_same(sample: Callable[[], Report], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)

    shown = on_terminal(sample())

    assert ANSI.search(shown)
    assert ANSI.sub("", shown).split() == plain(sample()).split()


def test_lines_break_between_words_and_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    rows = ANSI.sub("", on_terminal(samples.report())).splitlines()

    assert all(len(row) <= 80 for row in rows)
    assert all(row == row.rstrip() for row in rows)
    first = rows.index("  Target prod (aws:111122223333), asked as")
    assert rows[first + 1 : first + 3] == [
        "    arn:aws:iam::111122223333:role/audit: 2 scopes entered, 1 scope excluded.",
        "  Target ehr-2 (host:ehr-2): 1 scope unreachable.",
    ]


def test_a_long_resource_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    arn = "arn:aws:s3:::" + "long-" * 40

    rows = on_terminal(samples.report([samples.finding(1, Outcome.FAIL, resource=arn)])).splitlines()

    assert any(arn in row for row in rows)


@pytest.mark.parametrize("sample", [samples.hostile, samples.hostile_everywhere])
def test_hostile_text_is_only_text(sample: Callable[[], Report], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    for said in (plain(sample()), ANSI.sub("", on_terminal(sample()))):
        lines = said.split("\n")
        assert all(line.isprintable() for line in lines)
        assert not re.search(r"##(\[|vso)", said)
    assert not [line for line in plain(sample()).split("\n") if line.lstrip().startswith("::")]


def test_escapes_are_shown() -> None:
    said = plain(samples.hostile())

    assert r"arn:aws:s3:::\x1b[2J\x1b]0;owned\x07 (prod, us-east-1)" in said
    assert r"arn:aws:s3:::line\nbreak\r\n::add-mask::x (prod, us-east-1)" in said
    assert r"arn:aws:s3:::\u202egnp.exe (prod, us-east-1)" in said
    assert "      > ::error file=x::gotcha\n" in plain(samples.hostile_everywhere())
    assert "[bold]x[/bold]" in on_terminal(samples.hostile_everywhere())


def waived() -> Finding:
    waiver = Waiver(owner="CISO", reason="moves in May", expires="2027-06-01")
    return samples.finding(2, Outcome.FAIL, waiver=waiver)


def test_what_is_waived_still_fails_and_says_so() -> None:
    said = plain(samples.report([waived()]))

    assert "(addressable, owner CTO): 1 fails (1 waived), 1 of 2 cells not seen.\n" in said
    assert (
        "    Fails, high, and is waived: 164.312(a)(2)(iv)/encryption.*\n"
        "      encrypted is false; expected true\n"
        "        - arn:aws:ec2:us-east-1:111122223333:volume/vol-2 (prod, us-east-1)"
        ": accepted by CISO until 2027-06-01, because moves in May\n"
    ) in said


def test_twenty_are_listed_and_none_is_kept() -> None:
    said = plain(samples.many(30_000))

    assert said.count("volume/vol-") == 20
    assert "      and 29,980 more, see -f json or html\n" in said
    assert samples.Held.most <= 22


def test_causes_are_grouped_and_the_most_frequent_comes_first() -> None:
    once = [changed(samples.UNREADABLE, mend=f"allow it to role {number}") for number in range(50)]
    often = [changed(samples.UNREADABLE, mend="allow it to all", scope=f"s{number}") for number in range(7)]
    often.append(changed(samples.UNREADABLE, mend="allow it to all", resource="user/ada"))

    said = plain(samples.report(unreadable=(*once, *often)))

    assert (
        "What could not be seen, and what would mend it\n"
        "  denied: iam:GenerateCredentialReport (7 scopes and 1 resource)\n"
        "    Said: AccessDenied: not authorized to perform iam:GenerateCredentialReport\n"
        "    To mend: allow it to all\n"
        "    Where: prod / s0, prod / s1, prod / s2, prod / s3, prod / s4 and 3 more\n"
        "    Needed by: mfa.aws.iam_users\n"
    ) in said
    assert said.count("    To mend: allow it to") == 40
    assert "  and 11 more, see -f json or html\n" in said


def test_coverage_that_is_a_lower_bound_says_so() -> None:
    coverage = changed(samples.report().coverage, at_least=True)

    said = plain(samples.report(coverage=coverage))

    assert (
        "  At least 4 cells expected = 1 evaluated + 1 not evaluated + 1 unreachable + 1 excluded.\n" in said
    )


def test_two_policies_are_told_apart() -> None:
    other = changed(samples.POLICY, policy="other")
    results = samples.report().results

    said = plain(samples.report(policies=(samples.POLICY, other), results=results * 2))

    assert said.count("(house, required, owner CISO)") == said.count("(other, required, owner CISO)") == 1
