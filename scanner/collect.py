"""Collect: run the plan's checks on the targets, and write down what they saw and what they could not."""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime

from . import context, plan
from .declaration import Check
from .errors import ReadError
from .evidence import Writer
from .model import (
    FORMAT,
    Manifest,
    Plan,
    Policy,
    PolicyDigest,
    Reason,
    Scope,
    TargetRecord,
    Unreadable,
)
from .observe import Place
from .progress import Progress
from .targets import Session, Target

TARGETS_AT_ONCE = 16
LEAVES = 32


@dataclass(frozen=True)
class Tool:
    """Who is collecting."""

    name: str
    version: str


def collect(  # noqa: PLR0913 - each is a part of what a run is
    policies: Sequence[Policy],
    checks: Mapping[str, Check],
    targets: Sequence[Target],
    writer: Writer,
    *,
    tool: Tool,
    now: Callable[[], datetime],
    allowed_tags: frozenset[str] = context.ALLOWED_TAGS,
    context_sha256: str | None = None,
    progress: Progress | None = None,
) -> None:
    """Observe what these policies ask of these targets, and write the bundle.

    Raises:
        ScannerError: the bundle cannot be written.
        KeyboardInterrupt: interrupted; the bundle is sealed as incomplete.
    """
    started = now()
    asked = plan.asked(policies, checks)
    collector = Collector(asked, writer, now, allowed_tags, progress or Progress())
    complete = False
    try:
        collector.collect(targets)
        complete = True
    finally:
        said = list(collector.said)
        read = {record.name for record in said}
        said += [_unentered(target, _interrupted()) for target in targets if target.name not in read]
        writer.finish(
            Manifest(
                format=FORMAT,
                run=uuid.uuid4().hex,
                tool=tool.name,
                version=tool.version,
                started_at=started,
                finished_at=now(),
                complete=complete,
                plan=Plan(
                    checks=plan.planned(asked, plan.facts(asked)),
                    targets=tuple(sorted(said, key=lambda target: target.id)),
                ),
                policies=tuple(
                    PolicyDigest(
                        policy=policy.policy, sha256=policy.sha256, configured_at=policy.configured_at
                    )
                    for policy in policies
                ),
                parts={},
                context=context_sha256,
            )
        )


@dataclass(frozen=True)
class Collector:
    """What every job of one run shares."""

    checks: Mapping[str, Check]
    writer: Writer
    now: Callable[[], datetime]
    allowed_tags: frozenset[str] = context.ALLOWED_TAGS
    progress: Progress = field(default_factory=Progress)
    _entered: dict[str, str] = field(default_factory=dict)
    """The name of the target that was entered, by id."""
    said: list[TargetRecord] = field(default_factory=list)
    """What was found of each target, from when it was entered or could not be."""

    def collect(self, targets: Sequence[Target]) -> None:
        """Observe every target, each in a job of its own.

        Raises:
            ScannerError: the bundle cannot be written.
            KeyboardInterrupt: what was queued is cancelled; what was sealed stays.
        """
        self.progress.targets = len(targets)
        jobs = ThreadPoolExecutor(TARGETS_AT_ONCE, thread_name_prefix="target")
        try:
            running = [jobs.submit(self.observe, target) for target in targets]
            for job in as_completed(running):
                job.result()
        except BaseException:
            jobs.shutdown(wait=False, cancel_futures=True)
            raise
        jobs.shutdown()

    def observe(self, target: Target) -> None:
        """Enter one target and run every check that fits on every scope of it."""
        checks = plan.on(self.checks, target.kinds)
        wide = target.checks_at_once > 1
        with ExitStack() as stack:
            stack.callback(self.progress.left)
            leaves = stack.enter_context(_pool(LEAVES, "call")) if wide else None
            try:
                session = target.enter(checks, leaves)
            except ReadError as refusal:
                self.said.append(_unentered(target, refusal))
                return
            stack.callback(session.close)
            first = self._entered.setdefault(session.id, target.name)
            if first != target.name:
                self.said.append(_unentered(target, _entered_already(session.id, first)))
                return
            self.said.append(_entered(target, session))
            runners = stack.enter_context(_pool(target.checks_at_once, "check")) if wide else None
            self._run(session, checks, runners)

    def _run(self, session: Session, checks: Mapping[str, Check], runners: Executor | None) -> None:
        pairs = [
            (scope, name, check)
            for scope in session.scopes
            if scope.state == "entered"
            for name, check in checks.items()
            if check.on.__name__ == scope.on
        ]
        self.progress.entered(session, len(pairs))
        if runners is None:
            for scope, name, check in pairs:
                self._check(session, scope, name, check)
            return
        running: list[Future[None]] = [
            runners.submit(self._check, session, scope, name, check) for scope, name, check in pairs
        ]
        for done in as_completed(running):
            done.result()

    def _check(self, session: Session, scope: Scope, name: str, check: Check) -> None:
        place = Place(name, session.id, scope, self.now, session.tags, self.allowed_tags)
        entries = place.entries(check, session.view(scope, check))
        self.writer.seal(session.id, scope.name, name, entries)
        session.done(scope, check)
        self.progress.checked()


def _pool(size: int, name: str) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(size, thread_name_prefix=name)


def _entered(target: Target, session: Session) -> TargetRecord:
    return TargetRecord(
        id=session.id,
        name=target.name,
        kind=target.kind,
        identity=session.identity,
        scopes=session.scopes,
    )


def _unentered(target: Target, refusal: ReadError) -> TargetRecord:
    """A target that could not be entered: of each kind of scope it has, one or more cannot be reached."""
    scopes: Collection[Scope] = [
        Scope(
            name=kind.__name__,
            on=kind.__name__,
            state="unreachable",
            unlisted=len(target.kinds) > 1,
            unreadable=Unreadable(
                check=None,
                target=target.id,
                scope=kind.__name__,
                resource=None,
                reason=refusal.reason,
                detail=refusal.detail,
                need=refusal.need,
                mend=refusal.mend,
            ),
        )
        for kind in target.kinds
    ]
    return TargetRecord(id=target.id, name=target.name, kind=target.kind, identity=None, scopes=tuple(scopes))


def _entered_already(target: str, name: str) -> ReadError:
    """Two targets turned out to be one: seen twice, everything in it would be counted twice."""
    return ReadError(
        need=None,
        reason=Reason.UNREACHABLE,
        detail=f"it is {target}, which the target {name} has entered already",
        mend="take one of the two out of the configuration, or give each its own credentials",
    )


def _interrupted() -> ReadError:
    return ReadError(
        need=None,
        reason=Reason.NOT_COLLECTED,
        detail="the run was interrupted before this target was read",
        mend="collect again",
    )
