"""Collect: run the plan's checks on the targets, and write down what they saw and what they could not."""

import threading
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from . import context, journal, plan, pools
from .declaration import Check
from .errors import ReadError, ScannerError
from .evidence import Writer
from .journal import Begun
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
from .observe import Entry, Place, bug, place
from .policy import tags_named
from .pools import Threads
from .progress import Progress
from .targets import Group, Session, Target

TARGETS_AT_ONCE = 16


@dataclass(frozen=True)
class Tool:
    """Who is collecting."""

    name: str
    version: str


def collect(  # noqa: PLR0913 - each is a part of what a run is
    policies: Sequence[Policy],
    checks: Mapping[str, Check],
    targets: Sequence[Target | Group],
    writer: Writer,
    *,
    tool: Tool,
    now: Callable[[], datetime],
    allowed_tags: frozenset[str] = context.ALLOWED_TAGS,
    context_sha256: str | None = None,
    settings: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> None:
    """Observe what these policies ask of these targets, and write the bundle.

    Args:
        policies: what asks for checks.
        checks: those that are installed.
        targets: where to look.
        writer: the bundle; one that resumes keeps what is sealed in it.
        tool: who is collecting.
        now: the clock.
        allowed_tags: the tags that may be kept, besides those that policies name.
        context_sha256: the digest of the context file that was configured.
        settings: digests of whatever else was configured, by what it is: who resumes must bring the same.
        progress: where to count how far it is.

    Raises:
        ScannerError: the bundle cannot be written, or what is resumed is another run.
        KeyboardInterrupt: interrupted; the bundle is sealed as incomplete.
    """
    asked = plan.asked(policies, checks)
    planned = plan.planned(asked, plan.facts(asked))
    digests = {f"the policy {policy.policy}": policy.sha256 for policy in policies}
    digests |= {"the context file": context_sha256} if context_sha256 else {}
    digests |= {**(settings or {}), **journal.of_checks(planned)}
    begun = writer.begin(
        Begun(run=uuid.uuid4().hex, tool=tool.name, version=tool.version, started_at=now(), digests=digests)
    )
    kept_tags = allowed_tags | tags_named(policies)
    collector = Collector(asked, writer, now, kept_tags, progress or Progress())

    def manifest(*, complete: bool) -> Manifest:
        return Manifest(
            format=FORMAT,
            run=begun.run,
            tool=begun.tool,
            version=begun.version,
            started_at=begun.started_at,
            finished_at=now(),
            complete=complete,
            plan=Plan(checks=planned, targets=collector.records(targets)),
            policies=tuple(_digest(policy) for policy in policies),
            parts={},
            context=context_sha256,
            tags=tuple(sorted(kept_tags)),
        )

    try:
        collector.collect(targets)
    except BaseException:
        with suppress(ScannerError):  # a run can be resumed without its table of contents
            writer.finish(manifest(complete=False))
        raise
    writer.finish(manifest(complete=True))


def _digest(policy: Policy) -> PolicyDigest:
    return PolicyDigest(policy=policy.policy, sha256=policy.sha256, configured_at=policy.configured_at)


Cell = tuple[Scope, str, Check]
"""A check, by name, and where it is to be run."""


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
    said: dict[str, TargetRecord] = field(default_factory=dict)
    """What was found of each target, by name, from when it was entered or could not be."""
    _listed: dict[str, Sequence[Target | Group]] = field(default_factory=dict)
    """The members of each group, by its name."""
    _computing: defaultdict[str, threading.Lock] = field(default_factory=lambda: defaultdict(threading.Lock))
    """By kind of target: a folder of statements that cannot be read just now keeps no host waiting."""

    def collect(self, targets: Sequence[Target | Group]) -> None:
        """Observe every target, each in a job of its own; of a group, every member.

        Raises:
            ScannerError: the bundle cannot be written.
            KeyboardInterrupt: what was queued is cancelled; what was sealed stays.
        """
        found = [member for target in targets for member in self._members(target)]
        self.progress.targets = len(found)
        jobs = pools.pool(TARGETS_AT_ONCE, "target")
        try:
            running = [jobs.submit(self.observe, target) for target in found]
            for job in as_completed(running):
                job.result()
        except BaseException:
            jobs.shutdown(wait=False, cancel_futures=True)
            raise
        jobs.shutdown()

    def records(self, targets: Sequence[Target | Group]) -> tuple[TargetRecord, ...]:
        """What was found of each target, the ones included that an interrupt came before."""
        read = set(self.said)
        before = [record for name, record in self.writer.entered.items() if name not in read]
        read |= {record.name for record in before}
        unread = [
            _unentered(each, _interrupted())
            for target in targets
            for each in self._known(target)
            if each.name not in read
        ]
        return tuple(sorted([*self.said.values(), *before, *unread], key=lambda record: record.id))

    def _known(self, target: Target | Group) -> Iterator[Target | Group]:
        """Whom a target stands for, as far as it was listed."""
        if target.name not in self._listed:
            yield target
        for each in self._listed.get(target.name, ()):
            yield from self._known(each)

    def _members(self, target: Target | Group) -> Sequence[Target]:
        """Whom a target stands for: itself, or those that are found in it, and in its parts."""
        if not isinstance(target, Group):
            return [target]
        before = [each for each in self.writer.entered.values() if each.name.startswith(f"{target.name}/")]
        try:
            members = target.members()
        except ReadError as refusal:
            for record in before:
                self._refused(target, refusal, record, plan.on(self.checks, target.kinds))
            # Whatever else is in it, nobody knows.
            self._say(_unentered(target, refusal))
            return []
        self._listed.update({target.name: members})
        return [each for member in members for each in self._members(member)]

    def observe(self, target: Target) -> None:
        """Enter one target and run every check that fits on every scope of it, but what is sealed already."""
        before = self.writer.entered.get(target.name)
        checks = plan.on(self.checks, target.kinds)
        if before:
            self._entered[before.id] = before.name
            checks = {name: check for _, name, check in self._left(before, checks)}
        if before and not checks:
            self._say(before)
            self.progress.left()
            return
        with ExitStack() as stack:
            stack.callback(self.progress.left)
            try:
                session = self._session(target, checks)
            except ReadError as refusal:
                self._refused(target, refusal, before, checks)
                return
            stack.callback(session.close)
            if before:
                self.writer.journal.assert_same(before, session.id, session.identity)
            first = self._entered.setdefault(session.id, target.name)
            if first != target.name:
                self._say(_unentered(target, _entered_already(session.id, first)))
                return
            record = before or _entered(target, session)
            self.writer.enter(record)
            stack.callback(self.writer.leave, record)
            self._say(record)
            self._run(session, record, checks, _threads(target, stack))
            self._done(record, session)

    def _done(self, record: TargetRecord, session: Session) -> None:
        """Say, too, what it took, this time and before."""
        calls = Counter(record.calls) + Counter(session.calls)
        done = msgspec.structs.replace(record, calls=dict(sorted(calls.items())))
        self.writer.enter(done)
        self._say(done)

    def _say(self, record: TargetRecord) -> None:
        self.said[record.name] = record

    @staticmethod
    def _session(target: Target, checks: Mapping[str, Check]) -> Session:
        try:
            return target.enter(checks)
        except (ReadError, ScannerError):
            raise
        except Exception as error:  # noqa: BLE001 - one target's bug hides no other target
            raise bug(place(error), "whoever maintains wardround") from None

    def _left(self, record: TargetRecord, checks: Mapping[str, Check]) -> list[Cell]:
        """What is to be run in a target and is not sealed yet."""
        return [
            (scope, name, check)
            for scope, name, check in _cells(record, checks)
            if not self.writer.sealed(record.id, scope.name, name)
        ]

    def _refused(
        self,
        target: Target | Group,
        refusal: ReadError,
        before: TargetRecord | None,
        checks: Mapping[str, Check],
    ) -> None:
        """Say that a target could not be entered; if it could be before, only of what was left to read."""
        if before is None:
            self._say(_unentered(target, refusal))
            return
        for scope, name, _ in self._left(before, checks):
            where = Place(name, before.id, scope, self.now)
            self.writer.seal(before.id, scope.name, name, [where.unreadable(refusal)])
        self.writer.leave(before)
        self._say(before)

    def _run(
        self,
        session: Session,
        record: TargetRecord,
        checks: Mapping[str, Check],
        threads: Mapping[str, Threads],
    ) -> None:
        left = self._left(record, checks)
        names = {(scope.name, name) for scope, name, _ in left}
        for scope, name, check in _cells(record, checks):
            if (scope.name, name) not in names:
                session.done(scope, check)
        self.progress.entered(session, len(left))
        try:
            self._run_left(session, record.kind, left, threads)
        finally:
            self.progress.ended(session)

    def _run_left(
        self, session: Session, kind: str, left: Sequence[Cell], threads: Mapping[str, Threads]
    ) -> None:
        """Run what is left, side by side in the threads of each kind of scope, or one after the other."""
        if not threads:
            # Hosts have answered all: threads that compute at the same time take twice as long over it.
            with self._computing[kind]:
                for where in dict.fromkeys(scope.name for scope, _, _ in left):
                    cells = [cell for cell in left if cell[0].name == where]
                    self.writer.seal_each(session.id, where, self._seen(session, cells))
            return
        running = {
            threads[cell[0].on].checks.submit(self._check, session, cell, threads[cell[0].on].calls): cell
            for cell in left
        }
        try:
            for done in _in_turn(running, threads):
                done.result()
        except BaseException:
            for queued in running:
                queued.cancel()
            raise

    def _check(self, session: Session, cell: Cell, calls: Executor) -> None:
        self.writer.seal_each(session.id, cell[0].name, self._seen(session, [cell], calls))

    def _seen(
        self, session: Session, cells: Iterable[Cell], calls: Executor | None = None
    ) -> Iterator[tuple[str, Iterator[Entry]]]:
        """What each of these checks sees, to be read before the next."""
        for scope, name, check in cells:
            where = Place(name, session.id, scope, self.now, session.tags, self.allowed_tags)
            yield name, where.entries(check, session.view(scope, check, calls))
            session.done(scope, check)
            self.progress.checked()


def _threads(target: Target, stack: ExitStack) -> dict[str, Threads]:
    """The threads for each kind of scope that a target has, which end with the stack."""
    processor = pools.processor()

    def pool(size: int, name: str) -> Executor:
        return stack.enter_context(pools.pool(size, name, processor))

    return {
        kind.__name__: Threads(
            pool(most.checks, "check"),
            pools.Calls(pool(most.calls, "call") if most.calls else None, pool(pools.CALLS, "call")),
        )
        for kind, most in target.at_once.items()
    }


def _in_turn(running: Mapping[Future[None], Cell], threads: Mapping[str, Threads]) -> Iterator[Future[None]]:
    """Whatever is done, as it is done; the kind of scope that is left uses all threads for its calls."""
    left = Counter(scope.on for scope, _, _ in running.values())
    finished = as_completed(running)
    while left:
        if len(left) == 1:
            threads[next(iter(left))].calls.use_all()
        done = next(finished)
        yield done
        left -= Counter([running[done][0].on])  # a kind of which nothing is left is no longer in it


def _cells(record: TargetRecord, checks: Mapping[str, Check]) -> list[Cell]:
    # Check by check: so it is in many regions at once that a check asks, and each is asked little at a time.
    return [
        (scope, name, check)
        for name, check in checks.items()
        for scope in record.scopes
        if scope.state == "entered" and check.on.__name__ == scope.on
    ]


def _entered(target: Target, session: Session) -> TargetRecord:
    return TargetRecord(
        id=session.id,
        name=target.name,
        kind=target.kind,
        identity=session.identity,
        scopes=session.scopes,
    )


def _unentered(target: Target | Group, refusal: ReadError) -> TargetRecord:
    """A target that could not be entered: of each kind of scope it has, one or more cannot be reached."""
    scopes: Collection[Scope] = [
        Scope(
            name=kind.__name__,
            on=kind.__name__,
            state="unreachable",
            unlisted=len(target.kinds) > 1 or isinstance(target, Group),
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
