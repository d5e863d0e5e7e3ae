"""Evidence and policies in memory, for what judges them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scanner.model import (
    Control,
    Manifest,
    Observation,
    Plan,
    PlannedCheck,
    Policy,
    Reason,
    Requirement,
    Scope,
    Severity,
    TargetRecord,
    Unreadable,
)

AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
AWS = "aws:111122223333"
ACCOUNT = Scope(name="account", on="AwsAccount")
EAST = Scope(name="us-east-1", on="AwsRegion")
WEST = Scope(name="us-west-2", on="AwsRegion")

Entries = list[Observation | Unreadable]


def planned(name: str = "encryption.aws.ebs_volumes", on: str = "AwsRegion", **facts: Any) -> PlannedCheck:
    """A check of the plan; it states `encrypted` unless said otherwise."""
    return PlannedCheck(
        id=name,
        on=on,
        title="A check.",
        manual="A check.",
        facts=facts or {"encrypted": {"type": "boolean"}},
        needs=("ec2:DescribeVolumes",),
    )


def target(*scopes: Scope, name: str = AWS, kind: str = "aws") -> TargetRecord:
    """A target that was entered, with these scopes."""
    return TargetRecord(id=name, name=name, kind=kind, identity="arn:aws:iam::1:role/audit", scopes=scopes)


def saw(
    resource: str, check: str = "encryption.aws.ebs_volumes", scope: str = "us-east-1", **facts: Any
) -> Observation:
    """An observation; `tags` among the facts are its tags."""
    tags = facts.pop("tags", None)
    return Observation(
        check=check,
        target=facts.pop("target", AWS),
        scope=scope,
        resource=resource,
        resource_type="ec2:volume",
        region=scope,
        at=AT,
        facts=facts,
        tags=tags,
    )


def refused(
    resource: str | None = None,
    check: str | None = "encryption.aws.ebs_volumes",
    scope: str = "us-east-1",
    **changes: Any,
) -> Unreadable:
    """A refusal to read a resource, or the whole scope."""
    values = {
        "target": AWS,
        "reason": Reason.DENIED,
        "detail": "AccessDenied: no",
        "need": "ec2:DescribeVolumes",
        "mend": "allow ec2:DescribeVolumes",
    } | changes
    return Unreadable(check=check, scope=scope, resource=resource, **values)


def unreachable(name: str, on: str = "AwsRegion", *, unlisted: bool = False) -> Scope:
    """A scope that could not be entered."""
    return Scope(
        name=name,
        on=on,
        state="unreachable",
        unlisted=unlisted,
        unreadable=refused(None, None, name, need="ec2:DescribeRegions"),
    )


@dataclass(frozen=True)
class Told:
    """Evidence that is told: a plan, and what was seen by (target, scope, check)."""

    manifest: Manifest
    parts: Mapping[tuple[str, str, str], Entries]

    def part(self, target: str, scope: str, check: str) -> Iterator[Observation | Unreadable] | None:
        """What was told of one check in one scope."""
        told = self.parts.get((target, scope, check))
        return None if told is None else iter(told)


def told(
    checks: list[PlannedCheck],
    targets: list[TargetRecord],
    parts: Mapping[tuple[str, str, str], Entries],
    *,
    complete: bool = True,
) -> Told:
    """Evidence of these checks on these targets."""
    manifest = Manifest(
        format=1,
        run="r1",
        tool="wardround",
        version="0",
        started_at=AT,
        finished_at=AT,
        complete=complete,
        plan=Plan(checks=tuple(checks), targets=tuple(targets)),
        policies=(),
        parts={},
    )
    return Told(manifest, parts)


def requirement(
    check: str = "encryption.aws.ebs_volumes", expect: dict[str, Any] | None = None, **changes: Any
) -> Requirement:
    """A requirement that is resolved to its one check, unless `checks` says otherwise."""
    values: dict[str, Any] = {
        "id": f"c/{check}",
        "severity": Severity.HIGH,
        "line": 9,
        "checks": (check,),
    } | changes
    return Requirement(check=check, expect=expect or {"encrypted": True}, **values)


def policy(*requirements: Requirement, name: str = "house") -> Policy:
    """A policy of one control."""
    control = Control(control="c", title="A control", owner="CISO", line=5, requirements=requirements)
    return Policy(policy=name, title="House", source="us", sha256="0" * 64, controls=(control,))
