"""What people state, from the folder to the verdict."""

import hashlib
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from scanner import plugins
from tests.cli.command import Command, Result

AS_OF = "2126-11-21"
"""A day that is long after the evidence is collected: nobody judges by one that is before."""
REPORT = "# Risks\n"
DIGEST = hashlib.sha256(REPORT.encode()).hexdigest()
POLICY = """\
policy: paper
title: What we sign
source: us
controls:
  - control: c
    title: Risk analysis
    owner: CISO
    requirements:
      - id: risk-analysis
        check: attestations.paper.statements
        when: {topic: risk-analysis}
        expect: {signed_at: {maxAgeDays: 365}, evidence_intact: true}
        absent: fail
        severity: high
"""
TARGETS = "targets:\n  - attestations: {name: paper, folder: attestations/}\npolicies: [paper.yaml]\n"
ID = "attestations:paper/risk.yaml#risk-analysis"
MISSING = 'there is none whose topic is "risk-analysis"; expected at least one'


class Judged(NamedTuple):
    """A finding, as far as it matters here."""

    outcome: str
    resource: str | None
    reasons: list[str]


Judge = Callable[[], tuple[int, list[Judged], dict[str, int]]]


def statement(**changes: str) -> str:
    written = {
        "topic": "risk-analysis",
        "control": "c",
        "statement": "Patient Jane Doe was our example.",
        "by": "Ada",
        "role": "CISO",
        "date": "2126-03-02",
        "evidence": f"{{file: r.md, sha256: {DIGEST}}}",
    } | changes
    return "{" + ", ".join(f"{name}: {value}" for name, value in written.items()) + "}\n"


@pytest.fixture
def folder(command: Command) -> Command:
    """A folder with a policy, a configuration, and evidence."""
    command.write("paper.yaml", POLICY)
    command.write("wardround.yaml", TARGETS)
    command.write("attestations/r.md", REPORT)
    return command


@pytest.fixture
def judge(folder: Command) -> Judge:
    """Collects, and judges as of one day; says how the command left, its findings, and its cells."""

    def judged() -> tuple[int, list[Judged], dict[str, int]]:
        folder("collect", "--bundle", "evidence", "-q")
        result = folder("evaluate", "evidence", "-p", "paper.yaml", "--as-of", AS_OF, "-f", "json")
        assert result.err == ""
        report = json.loads(result.out)
        findings = [
            Judged(finding["outcome"], finding["resource"], finding["reasons"])
            for finding in report["findings"]
        ]
        cells = ("evaluated", "not_evaluated", "unreachable")
        return result.status, findings, {name: report["coverage"][name] for name in cells}

    return judged


EVALUATED = {"evaluated": 1, "not_evaluated": 0, "unreachable": 0}
NOT_EVALUATED = {"evaluated": 0, "not_evaluated": 1, "unreachable": 0}
UNREACHABLE = {"evaluated": 0, "not_evaluated": 0, "unreachable": 1}


def test_a_statement_that_holds(folder: Command, judge: Judge) -> None:
    folder.write("attestations/risk.yaml", statement())

    assert judge() == (0, [Judged("pass", ID, [])], EVALUATED)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"date": "2126-12-01"},
            "signed_at is 2126-12-01T00:00:00Z (in 10 days); expected at most 365 days ago",
        ),
        (
            {"date": "2125-11-20"},
            "signed_at is 2125-11-20T00:00:00Z (366 days ago); expected at most 365 days ago",
        ),
        (
            {"evidence": f"{{file: missing.md, sha256: {DIGEST}}}"},
            "evidence_intact is false; expected true",
        ),
        (
            {"evidence": f"{{file: r.md, sha256: {'f' * 64}}}"},
            "evidence_intact is false; expected true",
        ),
    ],
)
def test_a_statement_that_does_not(
    folder: Command, judge: Judge, changes: dict[str, str], reason: str
) -> None:
    folder.write("attestations/risk.yaml", statement(**changes))

    assert judge() == (1, [Judged("fail", ID, [reason])], EVALUATED)


def test_a_statement_without_evidence(folder: Command, judge: Judge) -> None:
    folder.write("attestations/risk.yaml", statement().partition(", evidence")[0] + "}\n")

    assert judge() == (1, [Judged("fail", ID, ["evidence_intact is null; expected true"])], EVALUATED)


def test_the_last_day_of_a_statement_counts(folder: Command, judge: Judge) -> None:
    folder.write("attestations/risk.yaml", statement(date="2125-11-21"))

    assert judge() == (0, [Judged("pass", ID, [])], EVALUATED)


def test_nobody_stated_anything(judge: Judge) -> None:
    assert judge() == (1, [Judged("fail", None, [MISSING])], EVALUATED)


def test_nobody_stated_that(folder: Command, judge: Judge) -> None:
    folder.write("attestations/old/risk.yaml", statement())
    folder.write("attestations/risk.yaml", statement(topic="training"))

    status, findings, cells = judge()

    assert (status, cells) == (1, EVALUATED)
    assert findings == [
        Judged(
            "not-applicable",
            "attestations:paper/risk.yaml#training",
            ['topic is "training"; expected "risk-analysis"'],
        ),
        Judged("fail", None, [MISSING]),
    ]


def test_a_malformed_file_may_be_the_one_that_is_missed(folder: Command, judge: Judge) -> None:
    folder.write("attestations/risk.yaml", statement().replace("role", "rank"))

    said = (
        "invalid-answer (statements): risk.yaml:1: the file: 'role' is missing; risk.yaml:1: unknown key "
        "'rank'; expected one of by, control, date, evidence, expires, role, statement, subject, topic"
    )
    assert judge() == (3, [Judged("error", "attestations:paper/risk.yaml", [said])], NOT_EVALUATED)


def test_a_malformed_file_hides_no_other(folder: Command, judge: Judge) -> None:
    folder.write("attestations/risk.yaml", statement())
    folder.write("attestations/a.yaml", "- topic")

    status, findings, cells = judge()

    assert (status, cells) == (3, NOT_EVALUATED)
    assert [(finding.outcome, finding.resource) for finding in findings] == [
        ("error", "attestations:paper/a.yaml"),
        ("pass", ID),
    ]


def test_each_statement_in_force_is_judged(folder: Command, judge: Judge) -> None:
    folder.write("attestations/a.yaml", statement(date="2124-01-01"))
    folder.write("attestations/risk.yaml", statement())

    status, findings, _ = judge()

    assert status == 1
    assert [(finding.outcome, finding.resource) for finding in findings] == [
        ("fail", "attestations:paper/a.yaml#risk-analysis"),
        ("pass", ID),
    ]


def test_the_same_stated_twice_in_one_file_is_malformed(folder: Command, judge: Judge) -> None:
    folder.write("attestations/risk.yaml", f"- {statement()}- {statement()}")

    said = (
        "invalid-answer (statements): risk.yaml:2: 'risk-analysis' is stated twice, here and on line 1: keep "
        "the one in force, or give each a subject"
    )
    assert judge() == (3, [Judged("error", "attestations:paper/risk.yaml", [said])], NOT_EVALUATED)


def test_several_of_one_topic_have_subjects(folder: Command, judge: Judge) -> None:
    both = f"- {statement(subject='clinic')}- {statement(subject='hospital')}"
    folder.write("attestations/risk.yaml", both)

    status, findings, _ = judge()

    assert status == 0
    assert findings == [Judged("pass", f"{ID}/{subject}", []) for subject in ("clinic", "hospital")]


def test_a_folder_that_is_not_there(folder: Command) -> None:
    (folder.folder / "attestations/r.md").unlink()
    (folder.folder / "attestations").rmdir()

    result = folder("scan", "-q", "-f", "json")

    report = json.loads(result.out)
    assert result.status == 4
    assert [finding["outcome"] for finding in report["findings"]] == ["error"]
    assert report["unreadable"][0]["detail"] == "the folder attestations: No such file or directory"


def test_no_folder_is_configured(folder: Command) -> None:
    folder.write("wardround.yaml", "targets:\n  - hosts: {name: here, transport: local}\n")

    result = folder("scan", "-p", "paper.yaml", "-q", "-f", "json")

    (finding,) = json.loads(result.out)["findings"]
    assert (result.status, finding["outcome"], finding["reasons"]) == (
        3,
        "error",
        ["no target is configured that attestations.paper.statements is run on"],
    )


def test_the_words_of_a_statement_go_nowhere(folder: Command) -> None:
    folder.write("attestations/risk.yaml", statement())
    formats = [f"{name}=out/{name}" for name in plugins.reporters()]

    folder("scan", "--bundle", "evidence", *(part for name in formats for part in ("-f", name)))

    written = [path.read_bytes() for path in folder.folder.glob("out/*")]
    assert len(written) == len(formats)
    assert not [text for text in written if b"Jane" in text]
    assert "Jane" not in json.dumps(report_of(folder))


def report_of(folder: Command) -> Any:
    result: Result = folder("evaluate", "evidence", "-p", "paper.yaml", "-f", "json")
    return json.loads(result.out)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("{name: paper}", "wardround.yaml:2: targets.0.attestations: 'folder' is missing"),
        (
            "{name: paper, foldr: a}",
            "wardround.yaml:2: unknown key 'foldr' (did you mean 'folder'?)",
        ),
        ("{name: paper, folder: ''}", 'wardround.yaml:2: targets.0.attestations.folder: "" is empty'),
        (
            "{name: paper, folder: a}\n  - attestations: {name: paper, folder: b}",
            "wardround.yaml:3: the name 'paper' is configured twice, here and on line 2",
        ),
    ],
)
def test_a_configuration_that_is_wrong(folder: Command, settings: str, said: str) -> None:
    folder.write("wardround.yaml", f"targets:\n  - attestations: {settings}\n")

    result = folder("scan", "-p", "paper.yaml")

    assert (result.status, result.out) == (2, "")
    assert said in result.err


def test_the_shipped_policy_asks_for_each_statement_once(folder: Command) -> None:
    result = folder("scan", "-p", "hipaa-statements", "-q", "-f", "json")

    report = json.loads(result.out)
    missing = {
        finding["requirement"]
        for finding in report["findings"]
        if "there is none whose topic is" in finding["reasons"][0]
    }
    asked = {
        requirement["id"]
        for control in report["policies"][0]["controls"]
        for requirement in control["requirements"]
    }
    assert result.status == 1
    assert asked - missing == {"164.316(b)(1)/evidence-unchanged", "164.316(b)(2)(iii)/in-force"}
    assert len(missing) == 62
    assert report["coverage"]["expected"] == report["coverage"]["evaluated"] == 64


def test_hipaa_security_rule_needs_no_statement() -> None:
    assert b"attestations." not in plugins.policies()["hipaa-security-rule"].read_bytes()
