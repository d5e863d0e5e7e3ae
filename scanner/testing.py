"""Tests of checks: one dictionary of answers in, one list of facts out.

    seen = observe(ebs_volumes, {"ec2:DescribeVolumes": {"Volumes": [...]}})

An answer is held to the shape that botocore documents. An operation or command that a world lacks is denied.
Every check also registers one complete world, in which each of its needs is used; `keeps_refusals` and
`declares_its_needs` then hold for it, whatever it looks at.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from .declaration import Check, seen
from .derived import Evidence
from .errors import ReadError, Undeclared
from .facts import Facts, values
from .fakes import Error, FakeArm, FakeAws, FakeGraph
from .model import (
    FORMAT,
    Manifest,
    Observation,
    Plan,
    PlannedCheck,
    Reason,
    Scope,
    TargetRecord,
    Unreadable,
    resource_type,
)
from .targets.attestations import NEED, Attestations
from .targets.aws import Account, AwsAccount, AwsRegion
from .targets.azure import AzureSubscription, Subscription
from .targets.entra import EntraTenant, Tenant
from .targets.host import Host, Output, Probe, program_of
from .view import Refusal, View

ACCOUNT = "111122223333"
REGION = "us-east-1"
TENANT = "99990000-aaaa-bbbb-cccc-ddddeeeeffff"
SUBSCRIPTION = "aaaabbbb-1111-2222-3333-ccccddddeeee"
AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
AT_BEFORE = AT - timedelta(days=1)
"""When the worlds of derived checks were looked at."""

World = Mapping[str, Any]
"""Answers by need.

AWS: a page, a list of pages, an `Error`, or a function of the parameters that returns one of them (`by`).
Azure: a list of resources as Azure describes them, children among them, or an `Error`.
Entra: a list of entries, one object, an `Error`, or a function of the names in the path (`by`).
Hosts: the standard output, or an `Output`.
Attestations: what each file holds, by name; a `ReadError` for one that is refused.
Evidence: by check id a list of the facts that the check stated and the `Unreadable`s that it met; `Compared`
lists for a check that looks at the run before, too.
"""

WORLDS: dict[Check, World] = {}
"""The complete world that each check registered."""


@dataclass(frozen=True)
class Compared:
    """What a check stated in two runs."""

    before: Sequence[Facts | Unreadable]
    now: Sequence[Facts | Unreadable]


@dataclass(frozen=True)
class Sight:
    """What a check saw, and what was refused to it."""

    facts: list[Facts]
    refusals: list[Refusal]


def world(check: Check, answers: World) -> World:
    """Register a check's complete world, in which every need is used."""
    if check in WORLDS:
        raise ValueError(f"{check.where} has a complete world already")
    WORLDS[check] = answers
    return answers


@dataclass(frozen=True)
class By:
    """An answer for each value of one parameter; a value without one is denied."""

    parameter: str
    answers: Mapping[str, Any]

    def __call__(self, **parameters: Any) -> Any:
        """The answer to these parameters."""
        return self.answers.get(parameters[self.parameter], Error("AccessDenied", Reason.DENIED))


def by(parameter: str, answers: Mapping[str, Any]) -> By:
    """An answer for each value of one parameter; a value without one is denied."""
    return By(parameter, answers)


def observe(check: Check, answers: World) -> list[Facts]:
    """The facts a check states of a world.

    Raises:
        AssertionError: something was refused to it.
    """
    sight = look(check, answers)
    if sight.refusals:
        raise AssertionError(f"refused: {[str(refusal.error) for refusal in sight.refusals]}")
    return sight.facts


def look(check: Check, answers: World, *, denied: Collection[str] = ()) -> Sight:
    """What a check sees of a world, some of whose needs may be denied."""
    with ThreadPoolExecutor(2) as leaves:
        view = _view(check, answers, frozenset(denied), leaves)
        return Sight(list(seen(check, view)), view.refusals)


def keeps_refusals(check: Check, answers: World) -> None:
    """Whatever is denied, a check says nothing that is not so, and nothing goes missing in silence.

    Raises:
        AssertionError: it did.
    """
    whole = {facts.resource: facts for facts in observe(check, answers)}
    _hold(bool(whole), f"{check.where}: its complete world has a resource")
    blind = look(check, answers, denied=check.needs)
    _hold(not blind.facts and bool(blind.refusals), f"{check.where}: denied everything, it says nothing")
    for need in check.needs:
        sight = look(check, answers, denied=[need])
        for facts in sight.facts:
            _hold(
                facts == whole.get(facts.resource),
                f"{check.where}: without {need}, it says of {facts.resource} what is not so: {facts}",
            )
        covered = {refusal.resource for refusal in sight.refusals if refusal.error.need == need}
        missing = whole.keys() - {facts.resource for facts in sight.facts}
        silent = {each for each in missing if not any(_within(each, refused) for refused in covered)}
        _hold(not silent, f"{check.where}: without {need}, {sorted(silent)} went missing in silence")


def _within(resource: str, refused: str | None) -> bool:
    """Whether a refusal speaks of a resource: of itself, of what it is a part of, or of the whole scope."""
    return refused is None or resource == refused or resource.startswith(f"{refused}/")


def declares_its_needs(check: Check, answers: World) -> None:
    """Each need is used in the complete world, and asking for what is not declared raises.

    Raises:
        AssertionError: a need is not used.
    """
    for need in check.needs:
        less = replace(check, needs=tuple(other for other in check.needs if other != need))
        try:
            _look_less(check, less, answers)
        except Undeclared:
            continue
        raise AssertionError(f"{check.where}: its complete world does not use {need}")


def _look_less(check: Check, less: Check, answers: World) -> None:
    view = _view(check, answers, frozenset(), None)
    view.needs = frozenset(less.needs)
    list(seen(less, view))


def _hold(true: bool, claim: str) -> None:
    if not true:
        raise AssertionError(claim)


def _view(check: Check, answers: World, denied: frozenset[str], leaves: ThreadPoolExecutor | None) -> View:
    on = check.on
    if issubclass(on, Attestations):
        return Attestations(check.needs, "paper", FakeFolder({} if denied else answers))
    if issubclass(on, Host):
        return Host(check.needs, "ehr-1", _probe(check, answers, denied))
    if issubclass(on, Evidence):
        return _evidence(check, answers, denied)
    if issubclass(on, AwsAccount | AwsRegion):
        account = Account(ACCOUNT, "aws", REGION, FakeAws(answers, denied))
        return on(check.needs, account, REGION, leaves)
    if issubclass(on, AzureSubscription):
        return on(check.needs, Subscription(SUBSCRIPTION, FakeArm(answers, denied), TENANT), leaves)
    if issubclass(on, EntraTenant):
        return on(check.needs, Tenant(TENANT, FakeGraph(answers, denied)), leaves)
    raise TypeError(f"{check.where}: no world can be made for {on.__name__}")


def _probe(check: Check, answers: World, denied: frozenset[str]) -> Probe:
    told = {
        command: answer if isinstance(answer, Output) else Output(0, answer)
        for command, answer in answers.items()
    }
    refused = {
        command: ReadError(
            need=command, reason=Reason.DENIED, detail="denied", mend=f"allow `{command}` to the login"
        )
        for command in check.needs
        if command in denied or command not in told
    }
    return Probe({**told, **refused}, frozenset(program_of(command) for command in told))


def _evidence(check: Check, answers: World, denied: frozenset[str]) -> Evidence:
    told = {need: answers[need] for need in check.needs if need in answers and need not in denied}
    now = {need: said.now if isinstance(said, Compared) else said for need, said in told.items()}
    before = {need: said.before for need, said in told.items() if isinstance(said, Compared)}
    compares = any(isinstance(said, Compared) for said in answers.values())
    return Evidence(
        check.needs,
        FakeBundle(check.needs, now, AT),
        FakeBundle(check.needs, before, AT_BEFORE) if compares else None,
    )


class FakeBundle:
    """A bundle of one scope, in which every check that a world lacks was denied."""

    def __init__(
        self, checks: Sequence[str], told: Mapping[str, Sequence[Facts | Unreadable]], at: datetime
    ) -> None:
        """Hold what these checks said at this moment."""
        self._told = told
        self._at = at
        kind = "Anything"
        scope = Scope(name="everywhere", on=kind)
        self.manifest = Manifest(
            format=FORMAT,
            run="world",
            tool="world",
            version="0",
            started_at=at,
            finished_at=at,
            complete=True,
            plan=Plan(
                checks=tuple(
                    PlannedCheck(id=check, on=kind, title="", manual="", facts={}, needs=())
                    for check in checks
                ),
                targets=(
                    TargetRecord(
                        id=f"aws:{ACCOUNT}", name="world", kind=kind, identity=None, scopes=(scope,)
                    ),
                ),
            ),
            policies=(),
            parts={},
        )

    def part(self, target: str, scope: str, check: str) -> Iterator[Observation | Unreadable]:
        """What the world has the check say, as records."""
        said = self._told.get(check)
        if said is None:
            yield Unreadable(
                check=check,
                target=target,
                scope=scope,
                resource=None,
                reason=Reason.DENIED,
                detail="denied",
                need=check,
                mend="allow it",
            )
        for entry in said or ():
            if isinstance(entry, Unreadable):
                yield entry
                continue
            yield Observation(
                check=check,
                target=target,
                scope=scope,
                resource=entry.resource,
                resource_type=resource_type(entry.resource),
                region=entry.region,
                at=self._at,
                facts=values(entry),
                tags=None if entry.tags is None else dict(entry.tags),
                links=entry.links,
            )


class FakeFolder:
    """A folder of statements that answers from a world; without one it is denied."""

    def __init__(self, answers: World) -> None:
        """Hold these files, each as text, bytes or a refusal."""
        self._files: Mapping[str, str | bytes | ReadError] | None = answers.get(NEED)

    def names(self) -> list[str]:
        """The world's statements, sorted."""
        if self._files is None:
            raise ReadError(need=NEED, reason=Reason.DENIED, detail="denied", mend="let us read the folder")
        return sorted(name for name in self._files if "/" not in name and name.endswith((".yaml", ".yml")))

    def text(self, name: str) -> bytes:
        """What one of them holds."""
        held = (self._files or {})[name]
        if isinstance(held, ReadError):
            raise held.again()
        return held.encode() if isinstance(held, str) else held

    def digest(self, file: str) -> str | None:
        """SHA-256 of a file of the world; None when it has none of that name."""
        return hashlib.sha256(self.text(file)).hexdigest() if file in (self._files or {}) else None


__all__ = [
    "ACCOUNT",
    "AT",
    "AT_BEFORE",
    "REGION",
    "SUBSCRIPTION",
    "TENANT",
    "WORLDS",
    "Check",
    "Compared",
    "Error",
    "FakeArm",
    "FakeAws",
    "FakeBundle",
    "FakeFolder",
    "FakeGraph",
    "Output",
    "Sight",
    "World",
    "by",
    "declares_its_needs",
    "keeps_refusals",
    "look",
    "observe",
    "world",
]
