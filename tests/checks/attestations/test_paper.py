import hashlib
from datetime import UTC, datetime

from checks.attestations import Statement
from checks.attestations.paper import statements
from scanner.errors import ReadError
from scanner.model import Reason
from scanner.testing import look, observe, world

REPORT = "Threats, and what we do about each.\n"
SHA256 = hashlib.sha256(REPORT.encode()).hexdigest()
RISK = f"""\
topic: risk-analysis
control: 164.308(a)(1)(ii)(A)
statement: We looked at every system that holds patient data.
by: Ada Okafor
role: CISO
date: 2026-03-02
expires: 2027-03-01
evidence: {{file: evidence/risks.md, sha256: {SHA256.upper()}}}
"""
SIGNED = "topic: contract, control: 164.308(b)(3), statement: Signed., by: B, role: CIO"
VENDORS = f"""\
- {{subject: lab, date: 2026-01-05, {SIGNED}}}
- {{subject: aws, date: 2026-01-06, {SIGNED}}}
"""
HELD = world(
    statements,
    {"statements": {"vendors.yml": VENDORS, "risk.yaml": RISK, "evidence/risks.md": REPORT}},
)["statements"]

RISK_SEEN = Statement(
    resource="attestations:paper/risk.yaml#risk-analysis",
    topic="risk-analysis",
    subject=None,
    control="164.308(a)(1)(ii)(A)",
    by="Ada Okafor",
    role="CISO",
    signed_at=datetime(2026, 3, 2, tzinfo=UTC),
    expires_at=datetime(2027, 3, 1, 23, 59, 59, tzinfo=UTC),
    statement_sha256=hashlib.sha256(b"We looked at every system that holds patient data.").hexdigest(),
    evidence_file="evidence/risks.md",
    evidence_sha256=SHA256,
    evidence_intact=True,
)


def vendor(name: str, day: int) -> Statement:
    return Statement(
        resource=f"attestations:paper/vendors.yml#contract/{name}",
        topic="contract",
        subject=name,
        control="164.308(b)(3)",
        by="B",
        role="CIO",
        signed_at=datetime(2026, 1, day, tzinfo=UTC),
        expires_at=None,
        statement_sha256=hashlib.sha256(b"Signed.").hexdigest(),
        evidence_file=None,
        evidence_sha256=None,
        evidence_intact=None,
    )


def test_statements() -> None:
    assert observe(statements, {"statements": HELD}) == [RISK_SEEN, vendor("lab", 5), vendor("aws", 6)]


def test_evidence_that_is_missing_or_another() -> None:
    def intact(**changed: str) -> list[object]:
        files = {"risk.yaml": RISK, **changed}
        return [vars(facts)["evidence_intact"] for facts in observe(statements, {"statements": files})]

    assert intact() == [False]
    assert intact(**{"evidence/risks.md": REPORT + " "}) == [False]
    assert intact(**{"evidence/risks.md": REPORT}) == [True]


def test_a_malformed_file_hides_only_itself() -> None:
    sight = look(statements, {"statements": {**HELD, "a.yaml": RISK.replace("role:", "rôle:")}})

    assert sight.facts == [RISK_SEEN, vendor("lab", 5), vendor("aws", 6)]
    assert [
        (kept.resource, kept.error.need, kept.error.reason, kept.error.detail) for kept in sight.refusals
    ] == [
        (
            "attestations:paper/a.yaml",
            "statements",
            Reason.INVALID_ANSWER,
            "a.yaml:5: unknown key 'rôle' (did you mean 'role'?)",
        )
    ]


def test_evidence_that_is_refused_hides_only_its_statement() -> None:
    refusal = ReadError(need="statements", reason=Reason.DENIED, detail="no", mend="let us")

    sight = look(statements, {"statements": {**HELD, "evidence/risks.md": refusal}})

    assert sight.facts == [vendor("lab", 5), vendor("aws", 6)]
    assert [(kept.resource, kept.error.reason) for kept in sight.refusals] == [
        ("attestations:paper/risk.yaml#risk-analysis", Reason.DENIED)
    ]


def test_nothing_that_is_no_statement_is_said() -> None:
    assert observe(statements, {"statements": {"evidence/risks.md": REPORT}}) == []
