"""The records: what is stored in a bundle, what a report is made of."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Protocol

import msgspec

FORMAT = 1
"""The major version of the bundle's and the report's format."""


class Severity(StrEnum):
    """How much a failing requirement matters, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


class Outcome(StrEnum):
    """What was decided of one requirement for one resource."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    ERROR = "error"
    NOT_APPLICABLE = "not-applicable"


class Reason(StrEnum):
    """Why something could not be observed."""

    DENIED = "denied"
    CREDENTIALS = "credentials"
    UNREGISTERED = "unregistered"
    UNLICENSED = "unlicensed"
    THROTTLED = "throttled"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    FAILED = "failed"
    STALE = "stale"
    INVALID_ANSWER = "invalid-answer"
    NOT_COLLECTED = "not-collected"
    BUG = "bug"


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A stored record: frozen, by keyword, unknown fields of later versions ignored."""


class Location(Record, frozen=True):
    """A line of a file; the path is relative to the repository's root."""

    file: str
    line: int


class Unreadable(Record, frozen=True, tag_field="record", tag="unreadable"):
    """What could not be observed, why, and what would mend it."""

    check: str | None
    target: str
    scope: str | None
    resource: str | None
    reason: Reason
    detail: str
    need: str | None
    mend: str


class Observation(Record, frozen=True, tag_field="record", tag="observation"):
    """The facts about one resource, as one check saw them."""

    check: str
    target: str
    scope: str
    resource: str
    resource_type: str
    region: str | None
    at: datetime
    facts: dict[str, Any]
    tags: dict[str, str] | None = None
    """The allowed tags; None when tags were not read."""
    links: tuple[str, ...] = ()


class PlannedCheck(Record, frozen=True):
    """A check as it was when the evidence was collected."""

    id: str
    on: str
    """What it is run on: AwsAccount, AwsRegion, Host, ..."""
    title: str
    manual: str
    facts: dict[str, Any]
    """JSON Schema by fact name."""
    needs: tuple[str, ...]


class Scope(Record, frozen=True):
    """The part of a target a check runs on once."""

    name: str
    on: str
    state: Literal["entered", "unreachable", "excluded"] = "entered"
    unreadable: Unreadable | None = None
    unlisted: bool = False
    """Stands for an unknown number of scopes, because listing them was refused."""


class TargetRecord(Record, frozen=True):
    """One thing with one login, as it was entered."""

    id: str
    name: str
    kind: str
    identity: str | None
    """Who was asking: the caller's ARN, the login and the host key's fingerprint."""
    scopes: tuple[Scope, ...]
    calls: dict[str, int] = {}
    """How many calls were answered when it was read last, by service; on hosts, commands."""


class Plan(Record, frozen=True):
    """Which checks, with which schemas and needs, on which scopes."""

    checks: tuple[PlannedCheck, ...]
    targets: tuple[TargetRecord, ...]


class PolicyDigest(Record, frozen=True):
    """A policy that the evidence was collected for."""

    policy: str
    sha256: str
    configured_at: Location | None = None
    """The configuration's line that names it."""


class Sealed(Record, frozen=True):
    """Where the part of one check lies in its file, and what it is."""

    at: Annotated[int, msgspec.Meta(ge=0, lt=2**62)]
    """Bytes from the start of the file."""
    length: Annotated[int, msgspec.Meta(ge=0, lt=2**62)]
    """In bytes."""
    sha256: str


class Manifest(Record, frozen=True):
    """A bundle's table of contents, written last."""

    format: int
    run: str
    tool: str
    version: str
    started_at: datetime
    finished_at: datetime
    complete: bool
    """False when the run was interrupted."""
    plan: Plan
    policies: tuple[PolicyDigest, ...]
    parts: dict[str, dict[str, Sealed]]
    """By path within the bundle, one for each scope, and by check."""
    context: str | None = None
    """SHA-256 of the context file that was configured."""
    tags: tuple[str, ...] | None = None
    """The tags whose values were kept."""


class Requirement(Record, frozen=True):
    """One testable sentence of a control."""

    id: str
    check: str
    """A check's id, or a pattern ending in `.*`."""
    expect: dict[str, Any]
    severity: Severity
    line: int
    when: dict[str, Any] = {}
    remediation: str = ""
    absent: Literal["fail", "not-applicable"] = "not-applicable"
    aliases: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    """The checks of the plan that the pattern named."""


class Control(Record, frozen=True):
    """One numbered paragraph of a framework, with an owner."""

    control: str
    title: str
    owner: str
    line: int
    text: str = ""
    status: Literal["required", "addressable"] | None = None
    requirements: tuple[Requirement, ...] = ()


class Policy(Record, frozen=True):
    """One framework as we hold ourselves to it."""

    policy: str
    title: str
    source: str
    sha256: str
    controls: tuple[Control, ...]
    file: str | None = None
    """Relative to the work tree's root; None when the file is outside of it."""
    configured_at: Location | None = None


class Waiver(Record, frozen=True):
    """A signed, dated acceptance of a failing finding; the finding still fails."""

    owner: str
    reason: str
    expires: str
    """The last day, in UTC, on which it holds: YYYY-MM-DD."""
    covers: dict[str, Any] = {}
    """What it is about: policy, control, requirement, check, target, resource, tags."""
    line: int = 0
    """Where it stands in its file."""


class WaiverResult(Record, frozen=True):
    """What became of a waiver: nobody should have to guess which ones still matter."""

    waiver: Waiver
    expired: bool
    days_left: int
    """Whole days until it ends, the last one included; negative once it has."""
    findings: int
    """How many failing findings it accepts."""


class Finding(Record, frozen=True):
    """One requirement, decided for one resource."""

    id: str
    """16 hex digits of SHA-256 over policy, requirement, check, target and resource: stable between runs."""
    policy: str
    control: str
    requirement: str
    check: str
    severity: Severity
    target: str
    scope: str | None
    resource: str | None
    """None when the whole scope could not be read."""
    resource_type: str | None
    region: str | None
    outcome: Outcome
    reasons: tuple[str, ...] = ()
    facts: dict[str, Any] = {}
    context: dict[str, Any] = {}
    waiver: Waiver | None = None


class Cells(Record, frozen=True):
    """Cells counted; each is exactly one of the four kinds, and expected is their sum."""

    expected: int = 0
    evaluated: int = 0
    not_evaluated: int = 0
    unreachable: int = 0
    excluded: int = 0


class Counts(Record, frozen=True):
    """Findings counted by outcome."""

    passed: int = 0
    failed: int = 0
    errors: int = 0
    not_applicable: int = 0
    waived: int = 0
    """How many of the failed are waived."""


class ControlResult(Record, frozen=True):
    """A control's cells and findings, counted."""

    policy: str
    control: str
    cells: Cells
    counts: Counts
    worst: Severity | None
    """The worst severity among findings that fail and are not waived."""


class Empty(Record, frozen=True):
    """A check that was evaluated and found no resource; said aloud, since nobody failed and nobody passed."""

    check: str
    target: str
    scopes: tuple[str, ...]


class Coverage(Record, frozen=True):
    """How much of what the policies ask was looked at."""

    unit: str
    expected: int
    evaluated: int
    not_evaluated: int
    unreachable: int
    excluded: int
    at_least: bool
    """The true number is larger: somewhere listing the scopes was refused."""
    resources: dict[str, int]
    """Resources seen, by check, of listings that were read whole."""
    empty: tuple[Empty, ...]
    without_target: tuple[str, ...]
    """Checks that a policy names and for which no target is configured."""


class Run(Record, frozen=True):
    """Which run, by what, asked as whom."""

    id: str
    tool: str
    version: str
    identities: dict[str, str | None]
    """Who was asking, by target id."""
    started_at: datetime
    finished_at: datetime
    as_of: datetime
    """The moment that ages are counted to."""
    complete: bool
    files: dict[str, str] = {}
    """SHA-256 of what was judged by besides policies: waivers, context."""


class Collected(Protocol):
    """A bundle, or whatever answers like one."""

    @property
    def manifest(self) -> Manifest:
        """The plan, the scopes, the identities."""
        ...

    def part(self, target: str, scope: str, check: str) -> Iterator[Observation | Unreadable] | None:
        """What one check saw in one scope, sorted by resource; None when it was not run there."""
        ...


class Findings(Protocol):
    """Findings in the report's order; can be iterated again and again, and need not be in memory."""

    def __iter__(self) -> Iterator[Finding]:
        """The findings, from the first."""
        ...


def resource_type(resource: str) -> str:
    """A resource's type, read off its id: `ec2:volume`, `Microsoft.Compute/disks`, `entra:users`, `host`.

    An ARN without a type is of its service's only such kind.
    """
    if resource.startswith("/"):
        return _arm_type(resource)
    if not resource.startswith("arn:"):
        kind, _, rest = resource.partition(":")
        # An entry of a directory: entra:<tenant>/users/<object>.
        return f"{kind}:{rest.split('/')[1]}" if kind == "entra" and "/" in rest else kind
    _, _, service, _, account, rest = resource.split(":", 5)
    plain = {"s3": "bucket", "sns": "topic", "sqs": "queue"}
    if service in plain and "/" not in rest:
        return f"{service}:{plain[service]}"
    name = rest.replace("/", ":").partition(":")[0]
    return f"{service}:{name}" if account or name else service


def _arm_type(resource: str) -> str:
    """The type in an ARM id: after its last provider, every second word."""
    head, found, tail = resource.rpartition("/providers/")
    if not found:
        return "Microsoft.Resources/" + (
            "resourceGroups" if "/resourceGroups/" in head + tail else "subscriptions"
        )
    provider, *parts = tail.split("/")
    return "/".join((provider, *parts[::2]))
