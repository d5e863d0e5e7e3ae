"""Reports to show: one of everything, an empty one, and one full of hostile text."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from scanner.model import (
    Cells,
    Control,
    ControlResult,
    Counts,
    Coverage,
    Empty,
    Finding,
    Outcome,
    Plan,
    PlannedCheck,
    Policy,
    Reason,
    Requirement,
    Run,
    Scope,
    Severity,
    TargetRecord,
    Unreadable,
    Waiver,
    WaiverResult,
)
from scanner.report import Report

AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
AWS = "aws:111122223333"
HOST = "host:ehr-1"
VOLUME = "arn:aws:ec2:us-east-1:111122223333:volume/vol-{}"


def finding(number: int, outcome: Outcome, **changes: object) -> Finding:
    """A finding about an EBS volume, unless said otherwise."""
    values: dict[str, object] = {
        "id": f"{number:016x}",
        "policy": "house",
        "control": "164.312(a)(2)(iv)",
        "requirement": "164.312(a)(2)(iv)/encryption.*",
        "check": "encryption.aws.ebs_volumes",
        "severity": Severity.HIGH,
        "target": AWS,
        "scope": "us-east-1",
        "resource": VOLUME.format(number),
        "resource_type": "ec2:volume",
        "region": "us-east-1",
        "outcome": outcome,
        "facts": {"encrypted": outcome is Outcome.PASS, "key_manager": None},
        "reasons": ("encrypted is false; expected true",) if outcome is Outcome.FAIL else (),
        "context": {"tags": {"owner": "radiology"}} if number % 2 else {},
    } | changes
    return Finding(**values)  # type: ignore[arg-type]


UNREADABLE = Unreadable(
    check="mfa.aws.iam_users",
    target=AWS,
    scope="account",
    resource=None,
    reason=Reason.DENIED,
    detail="AccessDenied: not authorized to perform iam:GenerateCredentialReport",
    need="iam:GenerateCredentialReport",
    mend="allow iam:GenerateCredentialReport to arn:aws:iam::111122223333:role/audit",
)
UNREACHABLE = Unreadable(
    check=None,
    target="host:ehr-2",
    scope="host",
    resource=None,
    reason=Reason.UNREACHABLE,
    detail="the host key of 10.0.0.2 is not in known_hosts",
    need=None,
    mend="10.0.0.2 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA",
)

POLICY = Policy(
    policy="house",
    title="House policy",
    source="45 CFR part 164 subpart C",
    sha256="ab" * 32,
    file="policies/house.yaml",
    controls=(
        Control(
            control="164.312(a)(2)(iv)",
            title="Encryption and decryption",
            text="What holds patient data is encrypted.",
            status="addressable",
            owner="CTO",
            line=5,
            requirements=(
                Requirement(
                    id="164.312(a)(2)(iv)/encryption.*",
                    check="encryption.*",
                    checks=("encryption.aws.ebs_volumes",),
                    expect={"encrypted": True},
                    severity=Severity.HIGH,
                    remediation="Encrypt the store.",
                    line=11,
                ),
            ),
        ),
        Control(
            control="164.312(d)",
            title="Person or entity authentication",
            owner="CISO",
            status="required",
            line=16,
            requirements=(
                Requirement(
                    id="164.312(d)/mfa.aws.iam_users",
                    check="mfa.aws.iam_users",
                    checks=("mfa.aws.iam_users",),
                    when={"console_access": True},
                    expect={"mfa_active": True},
                    severity=Severity.CRITICAL,
                    line=20,
                ),
            ),
        ),
    ),
)

PLAN = Plan(
    checks=(
        PlannedCheck(
            id="encryption.aws.ebs_volumes",
            on="AwsRegion",
            title="Whether EBS volumes are encrypted, and who holds the key.",
            manual="Whether EBS volumes are encrypted, and who holds the key.",
            facts={
                "encrypted": {"type": "boolean", "description": "Whether what is stored is encrypted."},
                "key_manager": {"anyOf": [{"enum": ["customer", "provider"]}, {"type": "null"}]},
            },
            needs=("ec2:DescribeVolumes",),
        ),
        PlannedCheck(
            id="mfa.aws.iam_users",
            on="AwsAccount",
            title="Whether IAM users have a second factor.",
            manual="Whether IAM users have a second factor.",
            facts={"console_access": {"type": "boolean"}, "mfa_active": {"type": "boolean"}},
            needs=("iam:GenerateCredentialReport", "iam:GetCredentialReport"),
        ),
    ),
    targets=(
        TargetRecord(
            id=AWS,
            name="prod",
            kind="aws",
            identity="arn:aws:iam::111122223333:role/audit",
            scopes=(
                Scope(name="account", on="AwsAccount"),
                Scope(name="us-east-1", on="AwsRegion"),
                Scope(name="eu-west-1", on="AwsRegion", state="excluded"),
            ),
        ),
        TargetRecord(
            id="host:ehr-2",
            name="ehr-2",
            kind="hosts",
            identity=None,
            scopes=(Scope(name="host", on="Host", state="unreachable", unreadable=UNREACHABLE),),
        ),
    ),
)

FINDINGS = (
    finding(1, Outcome.PASS),
    finding(2, Outcome.FAIL),
    finding(3, Outcome.FAIL),
    finding(4, Outcome.NOT_APPLICABLE, reasons=("phi is false; when it is true",)),
    finding(
        5,
        Outcome.ERROR,
        control="164.312(d)",
        requirement="164.312(d)/mfa.aws.iam_users",
        check="mfa.aws.iam_users",
        severity=Severity.CRITICAL,
        scope="account",
        resource=None,
        resource_type=None,
        region=None,
        facts={},
        reasons=("denied: AccessDenied: not authorized to perform iam:GenerateCredentialReport",),
    ),
)


def report(findings: Iterable[Finding] = FINDINGS, **changes: object) -> Report:
    """A report of these findings, with its counts made to agree."""
    findings = tuple(findings)
    counted = Counter((item.severity, item.outcome) for item in findings if item.waiver is None)
    made = Report(
        run=Run(
            id="0f0e0d0c",
            tool="wardround",
            version="0.1.0",
            identities={target.id: target.identity for target in PLAN.targets},
            started_at=AT,
            finished_at=AT,
            as_of=AT,
            complete=True,
        ),
        policies=(POLICY,),
        plan=PLAN,
        coverage=Coverage(
            unit="requirement x check x scope",
            expected=4,
            evaluated=1,
            not_evaluated=1,
            unreachable=1,
            excluded=1,
            at_least=False,
            resources={"encryption.aws.ebs_volumes": 4},
            empty=(Empty(check="encryption.aws.ebs_volumes", target=AWS, scopes=("eu-north-1",)),),
            without_target=("hardening.host.sshd",),
        ),
        results=tuple(
            ControlResult(
                policy="house",
                control=control.control,
                cells=Cells(expected=2, evaluated=1, not_evaluated=1),
                counts=_counts(item for item in findings if item.control == control.control),
                worst=min(
                    (
                        item.severity
                        for item in findings
                        if item.control == control.control
                        and item.outcome is Outcome.FAIL
                        and item.waiver is None
                    ),
                    key=lambda severity: severity.rank,
                    default=None,
                ),
            )
            for control in POLICY.controls
        ),
        tally={
            severity: {
                outcome: counted[severity, outcome] for outcome in Outcome if counted[severity, outcome]
            }
            for severity in Severity
        },
        unreadable=(UNREADABLE, UNREACHABLE),
        findings=findings,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def _counts(findings: Iterable[Finding]) -> Counts:
    findings = tuple(findings)
    outcomes = Counter(item.outcome for item in findings)
    return Counts(
        passed=outcomes[Outcome.PASS],
        failed=outcomes[Outcome.FAIL],
        errors=outcomes[Outcome.ERROR],
        not_applicable=outcomes[Outcome.NOT_APPLICABLE],
        waived=sum(item.waiver is not None for item in findings),
    )


NASTY = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "=cmd|'/C calc'!A0",
    "::error file=x::gotcha",
    "##vso[task.complete result=Failed;]",
    "\x1b[2J\x1b]0;owned\x07",
    "line\nbreak\r\n::add-mask::x",
    "[link](javascript:alert(1)) | `code` | **b**",
    "\u202egnp.exe",
    "a" * 5000,
)


def hostile() -> Report:
    """Every text that a scanned system chooses is hostile."""
    return report(
        finding(
            number,
            Outcome.FAIL,
            resource=f"arn:aws:s3:::{text}",
            resource_type="s3:bucket",
            reasons=(f"owner is {text}; expected nobody",),
            facts={"encrypted": False, "key_manager": text},
            context={"tags": {"owner": text}},
        )
        for number, text in enumerate(NASTY)
    )


def empty() -> Report:
    """A run in which nothing was found."""
    return report(())


LIVE = (*NASTY, "@octocat", "#1 GH-1", "https://evil.example www.evil.example", "a\\|b ``c", "[bold]x[/bold]")


def hostile_everywhere() -> Report:
    """Hostile are also what targets answer when they refuse, and what they are called."""
    refused = tuple(
        Unreadable(
            check="mfa.aws.iam_users",
            target=text,
            scope=text,
            resource=text,
            reason=Reason.DENIED,
            detail=text,
            need=text,
            mend=text,
        )
        for text in LIVE
    )
    accepting = tuple(
        Waiver(owner=text, reason=text, expires="2026-11-20", covers={"resource": text, "tags": {text: text}})
        for text in LIVE
    )
    targets = tuple(
        TargetRecord(
            id=text, name=text, kind="aws", identity=text, scopes=(Scope(name=text, on="AwsRegion"),)
        )
        for text in LIVE
    )
    findings = tuple(
        finding(
            number,
            outcome,
            target=text,
            scope=text,
            resource=text,
            resource_type=text,
            region=text,
            reasons=(text,),
            context={"phi": True, "owner": text, "tags": {"owner": text}},
            waiver=accepting[number] if is_waived else None,
        )
        for outcome, is_waived in ((Outcome.FAIL, False), (Outcome.FAIL, True), (Outcome.ERROR, False))
        for number, text in enumerate(LIVE)
    )
    return report(
        findings,
        unreadable=refused,
        plan=replace_targets(PLAN, targets),
        waivers=results_of(*((waiver, -1, 0) for waiver in accepting)),
    )


def replace_targets(plan: Plan, targets: tuple[TargetRecord, ...]) -> Plan:
    """The plan, on other targets."""
    return Plan(checks=plan.checks, targets=targets)


MOVES = Waiver(
    owner="CISO",
    reason="moves in May",
    expires="2027-06-01",
    covers={"control": "164.312(a)(2)(iv)", "resource": "*/vol-3"},
    line=2,
)
SOON = Waiver(
    owner="CTO",
    reason="the old archive is read only",
    expires="2026-11-30",
    covers={"check": "encryption.*", "tags": {"owner": "radiology"}},
    line=7,
)
TODAY = Waiver(
    owner="CTO", reason="until the audit", expires="2026-11-21", covers={"target": "host:*"}, line=12
)
EXPIRED = Waiver(
    owner="CISO",
    reason="a lab of its own",
    expires="2026-11-20",
    covers={"policy": "house", "requirement": "164.312(d)/mfa.aws.iam_users"},
    line=17,
)
UNUSED = Waiver(owner="CISO", reason="a test", expires="2027-11-21", covers={"resource": "lab-*"}, line=22)


def results_of(*waivers: tuple[Waiver, int, int]) -> tuple[WaiverResult, ...]:
    """What became of waivers: each with its days left, and how many findings it accepts."""
    return tuple(
        WaiverResult(waiver=waiver, expired=days < 0, days_left=days, findings=number)
        for waiver, days, number in waivers
    )


def waived() -> Report:
    """Some of what fails is waived, and some waivers want looking at; two files were judged by as well."""
    known = {"tags": {"owner": "radiology"}, "phi": True, "records": 50_000, "owner": "radiology"}
    made = report(
        (
            finding(1, Outcome.FAIL, context=known),
            finding(2, Outcome.FAIL, waiver=SOON, context=known),
            finding(3, Outcome.FAIL, waiver=MOVES),
            finding(4, Outcome.PASS),
        ),
        waivers=results_of((MOVES, 192, 1), (SOON, 9, 1), (TODAY, 0, 0), (EXPIRED, -1, 0), (UNUSED, 365, 0)),
    )
    run = msgspec.structs.replace(made.run, files={"context": "c0" * 32, "waivers": "aa" * 32})
    return replace(made, run=run)


class Held:
    """Counts how many findings are alive at once."""

    alive = 0
    most = 0

    def __init__(self) -> None:
        Held.alive += 1
        Held.most = max(Held.most, Held.alive)

    def __del__(self) -> None:
        Held.alive -= 1


class Many:
    """So many failing findings, made while they are iterated, none of them kept."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __iter__(self) -> Iterator[Finding]:
        for number in range(self.number):
            severity = Severity.CRITICAL if number == self.number - 1 else Severity.HIGH
            yield finding(number, Outcome.FAIL, severity=severity, facts={"held": Held()})


def many(number: int) -> Report:
    """A report of so many failing findings, of which the last is the worst."""
    Held.alive = Held.most = 0
    tally = {
        Severity.CRITICAL: {Outcome.FAIL: 1},
        Severity.HIGH: {Outcome.FAIL: number - 1},
    }
    counts = (Counts(failed=number), Counts())
    results = tuple(
        ControlResult(policy="house", control=control.control, cells=Cells(), counts=count, worst=None)
        for control, count in zip(POLICY.controls, counts, strict=True)
    )
    return replace(report(()), tally=tally, results=results, findings=Many(number))
