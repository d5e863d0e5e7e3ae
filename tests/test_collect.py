"""Collecting, from targets that are made up."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from scanner import collect as collecting
from scanner import pools
from scanner.declaration import Check, check
from scanner.errors import ReadError, ScannerError
from scanner.evidence import Bundle, Writer
from scanner.facts import Facts
from scanner.model import (
    Location,
    Observation,
    PolicyDigest,
    Reason,
    Scope,
    TargetRecord,
    Unreadable,
)
from scanner.targets import AtOnce
from scanner.view import WINDOW, View
from tests.judging import AT, policy, requirement


class Thing(Facts):
    """A thing."""

    good: bool


class Room(View):
    """A place with things in it, some of which refuse."""

    platform: ClassVar[str] = "room"

    def look(self, name: str) -> bool:
        need = self.declared("look")
        if name.startswith("bad"):
            raise self.refused(
                ReadError(need=need, reason=Reason.DENIED, detail=f"{name}: no", mend="allow look")
            )
        return True


class Hall(Room):
    """Another kind of place."""


@dataclass
class Session:
    """A house that was entered."""

    id: str
    scopes: tuple[Scope, ...]
    tags: Mapping[str, str] | None = None
    identity: str = "me"
    finished: list[tuple[str, str]] = field(default_factory=list)
    closed: int = 0
    calls: Mapping[str, int] = field(default_factory=lambda: {"look": 3})

    def view(self, scope: Scope, check: Check, leaves: Executor | None = None) -> Room:
        """A room, or the hall."""
        return (Hall if scope.on == "Hall" else Room)(check.needs, leaves)

    def done(self, scope: Scope, check: Check) -> None:
        """Remember it."""
        self.finished.append((scope.name, check.__name__))

    def close(self) -> None:
        """Count it."""
        self.closed += 1


@dataclass
class House:
    """A target with rooms."""

    name: str = "home"
    scopes: tuple[Scope, ...] = (Scope(name="kitchen", on="Room"),)
    at_once: Mapping[type[View], AtOnce] = field(default_factory=dict)
    tags: Mapping[str, str] | None = None
    locked: ReadError | None = None
    address: str | None = None
    kinds: tuple[type[View], ...] = (Room, Hall)
    kind: str = "houses"
    sessions: list[Session] = field(default_factory=list)
    before: Callable[[], object] = lambda: None

    @property
    def id(self) -> str:
        """`house:` and its name."""
        return f"house:{self.name}"

    @property
    def labels(self) -> tuple[str, ...]:
        """Its name."""
        return (self.name,)

    def enter(self, checks: Mapping[str, Check]) -> Session:
        """Enter it, unless it is locked."""
        del checks
        self.before()
        if self.locked:
            raise self.locked
        self.sessions.append(Session(self.address or self.id, self.scopes, self.tags))
        return self.sessions[-1]


@check("look")
def things(room: Room) -> Iterator[Thing]:
    """Whether things are good."""
    yield from room.each(
        ("c", "bad-b", "a"),
        lambda name: Thing(resource=f"thing:{name}", good=room.look(name)),
        resource=lambda name: f"thing:{name}",
    )


def run(
    folder: Path,
    targets: list[Any],
    checks: Mapping[str, Check] | None = None,
    writer: Writer | None = None,
    **options: Any,
) -> Bundle:
    checks = checks or {"family.room.things": things}
    asked = policy(*(requirement(name) for name in checks))
    asked = msgspec.structs.replace(asked, configured_at=Location(file="wardround.yaml", line=3))
    collecting.collect(
        [asked],
        checks,
        targets,
        writer or Writer(folder / "evidence"),
        tool=collecting.Tool("wardround", "0"),
        now=lambda: AT,
        **options,
    )
    return Bundle(folder / "evidence")


def entries(
    bundle: Bundle, check: str = "family.room.things", scope: str = "kitchen", target: str = "house:home"
) -> list[Observation | Unreadable]:
    part = bundle.part(target, scope, check)
    assert part is not None
    return list(part)


def bug(resource: str | None, detail: str, check: str) -> Unreadable:
    return Unreadable(
        check=check,
        target="house:home",
        scope="kitchen",
        resource=resource,
        reason=Reason.BUG,
        detail=detail,
        need=None,
        mend=f"report it to whoever maintains the check {check}",
    )


def saw(name: str, **changes: Any) -> Observation:
    values: dict[str, Any] = {
        "check": "family.room.things",
        "target": "house:home",
        "scope": "kitchen",
        "resource": f"thing:{name}",
        "resource_type": "thing",
        "region": None,
        "at": AT,
        "facts": {"good": True},
    } | changes
    return Observation(**values)


@pytest.mark.parametrize("at_once", [{}, {Room: AtOnce(4)}], ids=["one", "beside"])
def test_what_is_seen_and_what_is_refused(tmp_path: Path, at_once: dict[type[View], AtOnce]) -> None:
    house = House(at_once=at_once)

    bundle = run(tmp_path, [house])

    assert entries(bundle) == [
        saw("a"),
        Unreadable(
            check="family.room.things",
            target="house:home",
            scope="kitchen",
            resource="thing:bad-b",
            reason=Reason.DENIED,
            detail="bad-b: no",
            need="look",
            mend="allow look",
        ),
        saw("c"),
    ]
    assert [(session.finished, session.closed) for session in house.sessions] == [
        ([("kitchen", "things")], 1)
    ]


def test_the_manifest_says_what_was_done(tmp_path: Path) -> None:
    manifest = run(tmp_path, [House()]).manifest

    assert (manifest.tool, manifest.version, manifest.complete) == ("wardround", "0", True)
    assert (manifest.started_at, manifest.finished_at) == (AT, AT)
    assert manifest.policies == (
        PolicyDigest(policy="house", sha256="0" * 64, configured_at=Location(file="wardround.yaml", line=3)),
    )
    (planned,) = manifest.plan.checks
    assert (planned.id, planned.on, planned.needs) == ("family.room.things", "Room", ("look",))
    assert planned.facts == {"good": {"type": "boolean"}}
    assert manifest.plan.targets == (
        TargetRecord(
            id="house:home",
            name="home",
            kind="houses",
            identity="me",
            scopes=(Scope(name="kitchen", on="Room"),),
            calls={"look": 3},
        ),
    )


def test_only_checks_that_fit_are_run_and_only_where_we_are(tmp_path: Path) -> None:
    @check("look")
    def halls(hall: Hall) -> Iterator[Thing]:
        """Whether halls are good."""
        yield Thing(resource="thing:hall", good=hall.look("hall"))

    left_out = Scope(name="cellar", on="Room", state="excluded")
    shut = Scope(name="attic", on="Room", state="unreachable")
    house = House(scopes=(Scope(name="kitchen", on="Room"), Scope(name="hall", on="Hall"), left_out, shut))

    bundle = run(tmp_path, [house], {"family.hall.halls": halls, "family.room.things": things})

    assert sorted(bundle.manifest.parts) == [
        "parts/house=home/hall.jsonl.gz",
        "parts/house=home/kitchen.jsonl.gz",
    ]
    assert len(bundle.manifest.plan.targets[0].scopes) == 4


@pytest.mark.parametrize("at_once", [{}, {Room: AtOnce(4)}], ids=["one", "beside"])
def test_a_checks_bug_is_a_record_without_its_message(
    tmp_path: Path, at_once: dict[type[View], AtOnce]
) -> None:
    @check("look")
    def broken(room: Room) -> Iterator[Thing]:
        """Whether things are good."""
        yield Thing(resource="thing:a", good=room.look("a"))
        raise KeyError("password: hunter2")

    @check("look")
    def curious(room: Room) -> Iterator[Thing]:
        """Whether things are good."""
        room.declared("listen")
        yield Thing(resource="thing:a", good=True)

    bundle = run(
        tmp_path,
        [House(at_once=at_once)],
        {"family.room.broken": broken, "family.room.curious": curious, "family.room.things": things},
    )

    first, second = entries(bundle, "family.room.broken")
    assert second == saw("a", check="family.room.broken")
    assert isinstance(first, Unreadable)
    assert first.detail.startswith("KeyError at test_collect.py:")
    assert first == bug(None, first.detail, "family.room.broken")
    (undeclared,) = entries(bundle, "family.room.curious")
    assert isinstance(undeclared, Unreadable)
    assert undeclared.detail.startswith("Undeclared at ")
    assert len(entries(bundle)) == 3
    assert all(b"hunter2" not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_two_observations_of_one_resource_are_a_bug(tmp_path: Path) -> None:
    @check("look")
    def twice(room: Room) -> Iterator[Thing]:
        """Whether things are good."""
        del room
        for good in (True, False):
            yield Thing(resource="thing:a", good=good)

    bundle = run(tmp_path, [House()], {"family.room.twice": twice})

    seen = entries(bundle, "family.room.twice")
    assert sorted(type(entry).__name__ for entry in seen) == ["Observation", "Unreadable"]
    assert bug("thing:a", "two observations of one resource", "family.room.twice") in seen


def test_only_allowed_tags_are_kept(tmp_path: Path) -> None:
    @check("look")
    def tagged(room: Room) -> Iterator[Thing]:
        """Whether things are good."""
        del room
        yield Thing(resource="thing:a", good=True, tags={"PHI": "true", "patient": "Jane Doe"}, links=("x",))
        yield Thing(resource="thing:b", good=True)

    (one, two) = entries(run(tmp_path, [House()], {"family.room.tagged": tagged}), "family.room.tagged")

    assert isinstance(one, Observation)
    assert isinstance(two, Observation)
    assert (one.tags, one.links) == ({"phi": "true"}, ("x",))
    assert two.tags is None


def test_which_tags_are_allowed_may_be_said(tmp_path: Path) -> None:
    house = House(tags={"Team": "ehr", "phi": "true"})

    bundle = run(tmp_path, [house], allowed_tags=frozenset({"team"}))

    assert [entry.tags for entry in entries(bundle) if isinstance(entry, Observation)] == [
        {"team": "ehr"},
        {"team": "ehr"},
    ]


def test_a_target_that_cannot_be_entered_is_said_and_the_others_are_looked_at(tmp_path: Path) -> None:
    locked = ReadError(need="key", reason=Reason.CREDENTIALS, detail="locked", mend="give a key")

    manifest = run(tmp_path, [House(locked=locked, name="away"), House()]).manifest

    away, home = manifest.plan.targets
    assert (away.id, away.identity, home.identity) == ("house:away", None, "me")
    assert [(scope.name, scope.on, scope.state, scope.unlisted) for scope in away.scopes] == [
        ("Room", "Room", "unreachable", True),
        ("Hall", "Hall", "unreachable", True),
    ]
    assert away.scopes[0].unreadable == Unreadable(
        check=None,
        target="house:away",
        scope="Room",
        resource=None,
        reason=Reason.CREDENTIALS,
        detail="locked",
        need="key",
        mend="give a key",
    )
    assert len(manifest.parts) == 1


def test_a_bug_on_entering_one_target_hides_no_other(tmp_path: Path) -> None:
    def stumble() -> None:
        raise KeyError("hunter2")

    manifest = run(tmp_path, [House(before=stumble, name="away"), House()]).manifest

    unreadable = manifest.plan.targets[0].scopes[0].unreadable
    assert unreadable
    assert (unreadable.reason, unreadable.mend) == (Reason.BUG, "report it to whoever maintains wardround")
    assert unreadable.detail.startswith("KeyError at test_collect.py:")
    assert "hunter2" not in str(manifest)
    assert len(manifest.parts) == 1


def test_two_targets_that_turn_out_to_be_one_are_looked_at_once(tmp_path: Path) -> None:
    houses = [House(name=name, address="house:same") for name in ("one", "two")]

    manifest = run(tmp_path, houses).manifest

    assert sorted(scope.state for target in manifest.plan.targets for scope in target.scopes) == [
        "entered",
        "unreachable",
        "unreachable",
    ]
    (entered,) = [target for target in manifest.plan.targets if target.identity]
    (refused,) = [target for target in manifest.plan.targets if not target.identity]
    assert entered.id == "house:same"
    assert refused.scopes[0].unreadable is not None
    assert refused.scopes[0].unreadable.detail == (
        f"it is house:same, which the target {entered.name} has entered already"
    )
    assert [session.closed for house in houses for session in house.sessions] == [1, 1]


def test_targets_are_in_the_order_of_their_ids(tmp_path: Path) -> None:
    manifest = run(tmp_path, [House(name=name) for name in ("c", "a", "b")]).manifest

    assert [target.id for target in manifest.plan.targets] == ["house:a", "house:b", "house:c"]


def test_targets_are_looked_at_side_by_side(tmp_path: Path) -> None:
    together = threading.Barrier(3)

    houses = [House(name=name, before=lambda: together.wait(10)) for name in "abc"]

    assert len(run(tmp_path, houses).manifest.parts) == 3


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="threads cannot be kept on a processor here")
@pytest.mark.parametrize("at_once", [{}, {Room: AtOnce(4)}], ids=["one", "beside"])
def test_the_many_threads_of_one_target_take_turns_on_one_processor(
    tmp_path: Path, at_once: dict[type[View], AtOnce]
) -> None:
    own = os.sched_getaffinity(0)
    on: list[set[int]] = []

    @check("look")
    def turns(room: Room) -> Iterator[Thing]:
        """Where this is run, and what is read beside it."""

        def read(name: str) -> Thing:
            on.append(os.sched_getaffinity(0))
            return Thing(resource=f"thing:{name}", good=True)

        on.append(os.sched_getaffinity(0))
        yield from room.each(["a", "b"], read, resource=str)

    run(tmp_path, [House(at_once=at_once)], {"family.room.turns": turns})

    assert len(on) == 3
    assert len({frozenset(processors) for processors in on}) == 1
    assert on[0] <= own
    assert len(on[0]) == 1 if at_once else on[0] == own
    assert os.sched_getaffinity(0) == own


def test_one_that_cannot_be_read_just_now_keeps_no_other_kind_waiting(tmp_path: Path) -> None:
    together = threading.Barrier(2)

    @check("look")
    def slow(room: Room) -> Iterator[Thing]:
        """Whether things are good."""
        together.wait(10)
        yield Thing(resource="thing:a", good=room.look("a"))

    houses = [House(name="a"), House(name="b", kind="statements")]

    bundle = run(tmp_path, houses, {"family.room.slow": slow})

    for name in "ab":
        (entry,) = bundle.part(f"house:{name}", "kitchen", "family.room.slow") or ()
        assert isinstance(entry, Observation)


def test_an_interrupt_seals_what_there_is_as_incomplete(tmp_path: Path) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    done = House(name="done")

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, [done, House(name="never", before=interrupted)])

    manifest = Bundle(tmp_path / "evidence").manifest
    assert not manifest.complete
    never = next(target for target in manifest.plan.targets if target.name == "never")
    assert {scope.state for scope in never.scopes} == {"unreachable"}
    assert {scope.unreadable.detail for scope in never.scopes if scope.unreadable} == {
        "the run was interrupted before this target was read"
    }


def test_a_bundle_that_cannot_be_written_ends_the_run(tmp_path: Path) -> None:
    class Full(Writer):
        def seal_each(self, *_: Any) -> None:
            raise ScannerError("no space left")

    with pytest.raises(ScannerError, match=r"^no space left$"):
        collecting.Collector({"family.room.things": things}, Full(tmp_path / "e"), lambda: AT).collect(
            [House()]
        )


def go_on(
    folder: Path, targets: list[Any], checks: Mapping[str, Check] | None = None, **options: Any
) -> Bundle:
    return run(folder, targets, checks, writer=Writer(folder / "evidence", resume=True), **options)


def cut_short(folder: Path, *targets: House) -> None:
    wanted = sum(len(house.scopes) for house in targets)

    def interrupted() -> None:
        while len(list(folder.rglob("*.jsonl.gz"))) < wanted:
            time.sleep(0.01)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(folder, [*targets, House(name="last", before=interrupted)])


def test_what_is_sealed_is_not_read_again(tmp_path: Path) -> None:
    cut_short(tmp_path, House())
    home, last = House(), House(name="last")

    bundle = go_on(tmp_path, [home, last])

    assert (len(home.sessions), len(last.sessions)) == (0, 1)
    assert bundle.manifest == msgspec.structs.replace(
        run(tmp_path / "whole", [House(), House(name="last")]).manifest, run=bundle.manifest.run
    )


def test_of_a_target_only_what_is_left_is_read(tmp_path: Path) -> None:
    rooms = tuple(Scope(name=name, on="Room") for name in ("attic", "kitchen"))
    cut_short(tmp_path, House(scopes=rooms))
    (part,) = (tmp_path / "evidence").rglob("attic.jsonl.gz")
    part.unlink()
    (tmp_path / "evidence" / "manifest.json").unlink()
    home = House(scopes=rooms)

    bundle = go_on(tmp_path, [home, House(name="last")])

    assert len(entries(bundle, scope="attic")) == len(entries(bundle)) == 3
    assert home.sessions[0].finished == [("kitchen", "things"), ("attic", "things")]


def test_a_target_that_is_shut_by_now_keeps_what_was_seen(tmp_path: Path) -> None:
    rooms = tuple(Scope(name=name, on="Room") for name in ("attic", "kitchen"))
    cut_short(tmp_path, House(scopes=rooms))
    (part,) = (tmp_path / "evidence").rglob("attic.jsonl.gz")
    part.unlink()
    (tmp_path / "evidence" / "manifest.json").unlink()
    locked = ReadError(need="key", reason=Reason.TIMEOUT, detail="no answer", mend="knock")

    bundle = go_on(tmp_path, [House(scopes=rooms, locked=locked), House(name="last")])

    assert len(entries(bundle)) == 3
    (refused,) = entries(bundle, scope="attic")
    assert isinstance(refused, Unreadable)
    assert (refused.resource, refused.reason, refused.mend) == (None, Reason.TIMEOUT, "knock")
    assert bundle.manifest.plan.targets[0].scopes == rooms


def test_a_disk_that_is_full_is_said_once_and_nobody_waits(tmp_path: Path) -> None:
    class Full(Writer):
        def seal_each(self, *_: Any) -> None:
            raise ScannerError("no space left")

    house = House(at_once={Room: AtOnce(4)}, scopes=tuple(Scope(name=f"{n}", on="Room") for n in range(50)))

    with pytest.raises(ScannerError, match=r"^no space left$"):
        run(tmp_path, [house], writer=Full(tmp_path / "evidence"))

    assert not Bundle(tmp_path / "evidence").manifest.complete


@dataclass
class Street:
    """A group of houses that are found when somebody looks."""

    houses: list[House]
    name: str = "street"
    blocked: ReadError | None = None
    kinds: tuple[type[View], ...] = (Room,)
    kind: str = "houses"
    id: str = "house:street"
    labels: tuple[str, ...] = ("street",)

    def members(self) -> list[House]:
        """The houses, unless nobody may look."""
        if self.blocked:
            raise self.blocked
        return self.houses


BLOCKED = ReadError(need="map", reason=Reason.DENIED, detail="no map", mend="allow map")


def test_every_member_of_a_group_is_a_target_of_its_own(tmp_path: Path) -> None:
    locked = House("street/2", locked=BLOCKED)

    bundle = run(tmp_path, [Street([House("street/1"), locked]), House()])

    assert [(record.id, record.scopes[0].state) for record in bundle.manifest.plan.targets] == [
        ("house:home", "entered"),
        ("house:street/1", "entered"),
        ("house:street/2", "unreachable"),
    ]
    assert entries(bundle, target="house:street/1")


def test_a_group_that_cannot_be_listed_stands_for_an_unknown_number(tmp_path: Path) -> None:
    bundle = run(tmp_path, [Street([], blocked=BLOCKED)])

    (record,) = bundle.manifest.plan.targets
    (scope,) = record.scopes
    assert (record.id, record.name, scope.state, scope.unlisted) == (
        "house:street",
        "street",
        "unreachable",
        True,
    )
    assert scope.unreadable is not None
    assert (scope.unreadable.need, scope.unreadable.detail) == ("map", "no map")


@pytest.mark.parametrize("blocked", [None, BLOCKED])
def test_a_group_that_is_resumed_keeps_what_was_read(tmp_path: Path, blocked: ReadError | None) -> None:
    first, second = House("street/1"), House("street/2", before=interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, [Street([first, second])])

    again = [] if blocked else [House("street/2")]
    bundle = run(
        tmp_path,
        [Street(again, blocked=blocked)],
        writer=Writer(tmp_path / "evidence", resume=True),
    )

    states = {record.name: record.scopes[0].state for record in bundle.manifest.plan.targets}
    # What was in the group before, and no longer is, stays.
    new = {"street": "unreachable"} if blocked else {"street/2": "entered"}
    assert states == {"street/1": "entered"} | new
    assert entries(bundle, target="house:street/1")
    assert len(first.sessions) == 1


def interrupt() -> None:
    """Wait until the other house is done, then be interrupted."""
    time.sleep(0.5)
    raise KeyboardInterrupt


def test_what_is_asked_of_one_kind_of_scope_keeps_no_other_waiting(tmp_path: Path) -> None:
    """Twice as many checks as may run on rooms wait for what one on a hall brings, which comes after them."""
    come = threading.Event()

    @check("look")
    def a_waits(room: Room) -> Iterator[Thing]:
        yield Thing(resource="thing:a", good=room.look("a") and come.wait(20))

    @check("look")
    def b_brings(hall: Hall) -> Iterator[Thing]:
        come.set()
        yield Thing(resource="thing:b", good=hall.look("b"))

    rooms = [Scope(name=f"{number}", on="Room") for number in range(4)]
    house = House(at_once={Room: AtOnce(2), Hall: AtOnce(2)}, scopes=(*rooms, Scope(name="hall", on="Hall")))
    bundle = run(tmp_path, [house], {"family.room.a_waits": a_waits, "family.room.b_brings": b_brings})

    for room in rooms:
        (entry,) = entries(bundle, "family.room.a_waits", room.name)
        assert isinstance(entry, Observation)
        assert entry.facts == {"good": True}


def test_what_is_read_of_single_resources_of_one_kind_keeps_no_other_waiting(tmp_path: Path) -> None:
    come = threading.Event()
    many = [str(number) for number in range(2 * pools.CALLS)]

    @check("look")
    def a_waits(room: Room) -> Iterator[Thing]:
        yield from room.each(many, lambda name: Thing(resource=name, good=come.wait(20)), resource=str)

    @check("look")
    def b_brings(hall: Hall) -> Iterator[Thing]:
        def bring(name: str) -> Thing:
            come.set()
            return Thing(resource=name, good=True)

        yield from hall.each(["b"], bring, resource=str)

    rooms = [Scope(name=f"{number}", on="Room") for number in range(2)]
    house = House(at_once={Room: AtOnce(2), Hall: AtOnce(1)}, scopes=(*rooms, Scope(name="hall", on="Hall")))
    bundle = run(tmp_path, [house], {"family.room.a_waits": a_waits, "family.room.b_brings": b_brings})

    for room in rooms:
        seen = entries(bundle, "family.room.a_waits", room.name)
        assert [entry.facts for entry in seen if isinstance(entry, Observation)] == [{"good": True}] * len(
            many
        )


def test_one_kind_of_scope_spares_the_others_and_has_all_threads_when_they_are_done(tmp_path: Path) -> None:
    few, many = 2, 5 * WINDOW
    reading: set[str] = set()
    peaks = {False: 0, True: 0}
    looked = threading.Event()

    @check("look")
    def a_many(room: Room) -> Iterator[Thing]:
        def read(name: str) -> Thing:
            reading.add(name)
            peaks[looked.is_set()] = max(peaks[looked.is_set()], len(reading))
            good = looked.wait(20)
            time.sleep(0.01)  # in which others are read, too
            reading.remove(name)
            return Thing(resource=name, good=good)

        yield from room.each([str(number) for number in range(many)], read, resource=str)

    @check("look")
    def b_looks(hall: Hall) -> Iterator[Thing]:
        until = time.monotonic() + 20
        while len(reading) < few and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.2)  # whoever is not held back has begun by now
        yield Thing(resource="thing:b", good=hall.look("b"))
        looked.set()

    scopes = (Scope(name="kitchen", on="Room"), Scope(name="hall", on="Hall"))
    house = House(at_once={Room: AtOnce(1, calls=few), Hall: AtOnce(1)}, scopes=scopes)
    bundle = run(tmp_path, [house], {"family.room.a_many": a_many, "family.room.b_looks": b_looks})

    seen = [*entries(bundle, "family.room.a_many"), *entries(bundle, "family.room.b_looks", "hall")]
    assert [entry.facts for entry in seen if isinstance(entry, Observation)] == [{"good": True}] * (many + 1)
    assert peaks[False] == few
    assert peaks[True] > few
