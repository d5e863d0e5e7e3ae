"""The view of a host: declared commands, and refusals that nobody can swallow."""

import subprocess
import sys
from collections.abc import Collection

import pytest

from scanner.declaration import Check
from scanner.errors import ReadError, Undeclared
from scanner.model import Reason, Scope
from scanner.targets.host import Answer, Host, HostSession, HostTarget, Output, Probe, program_of

NFT = "sudo nft --json list ruleset"
DENIED = ReadError(need=NFT, reason=Reason.DENIED, detail="no", mend="sudoers")
SLOW = ReadError(need="df", reason=Reason.TIMEOUT, detail="slow", mend="wait")


def told(refusal: ReadError) -> tuple[object, ...]:
    return (refusal.need, refusal.reason, refusal.detail, refusal.mend)


def host(
    *needs: str,
    answers: dict[str, Answer] | None = None,
    programs: Collection[str] = (),
    root: bool = True,
) -> Host:
    return Host(needs, "web", Probe(answers or {}, frozenset(programs), root))


def test_a_declared_command_answers() -> None:
    view = host("uname", "test -e /a", answers={"uname": Output(0, "Linux\n"), "test -e /a": Output(1, "")})

    assert view.id == "host:web"
    assert view.run("uname") == Output(0, "Linux\n")
    assert view.run("test -e /a", ok=(0, 1)).status == 1
    assert view.refusals == []


def test_an_undeclared_command_is_a_bug() -> None:
    view = host("uname", answers={"id": Output(0, "0\n")})

    with pytest.raises(Undeclared):
        view.run("id")
    with pytest.raises(Undeclared):
        view.has("id")


def test_every_refusal_is_kept_and_each_asker_gets_its_own() -> None:
    view = host(NFT, "df", "uname", answers={NFT: DENIED, "df": SLOW})

    for need in (NFT, "df", "uname"):
        with view.reading(f"resource of {need}"):
            view.run(need)

    assert [(kept.resource, *told(kept.error)) for kept in view.refusals] == [
        (f"resource of {NFT}", *told(DENIED)),
        ("resource of df", *told(SLOW)),
        (
            "resource of uname",
            "uname",
            Reason.NOT_COLLECTED,
            "the command was not run",
            "collect again with this check",
        ),
    ]
    assert view.refusals[0].error is not DENIED


@pytest.mark.parametrize(
    ("need", "output", "root", "expected"),
    [
        (
            "cat /a",
            Output(1, "", "cat: /a: No such file\n\n"),
            True,
            (Reason.FAILED, "status 1: cat: /a: No such file", "see why `cat /a` fails on the host"),
        ),
        (
            "cat /a",
            Output(1, "", "\x1b[2Jgone\x07\n"),
            True,
            (Reason.FAILED, "status 1: [2Jgone", "see why `cat /a` fails on the host"),
        ),
        (
            "cat /a",
            Output(137, ""),
            True,
            (Reason.FAILED, "status 137", "see why `cat /a` fails on the host"),
        ),
        (
            NFT,
            Output(1, "", "you must be root"),
            False,
            (
                Reason.DENIED,
                "status 1: you must be root",
                "log in as root, or set sudo: true and allow `nft --json list ruleset` in sudoers",
            ),
        ),
    ],
)
def test_a_status_that_is_no_answer_is_a_refusal(
    need: str, output: Output, root: bool, expected: tuple[Reason, str, str]
) -> None:
    view = host(need, answers={need: output}, root=root)

    with pytest.raises(ReadError) as caught:
        view.run(need)

    assert told(caught.value) == (need, *expected)
    assert [kept.error for kept in view.refusals] == [caught.value]


def test_a_check_can_refuse_what_was_answered() -> None:
    view = host("ls", answers={"ls": Output(0, "")})

    error = view.refuse("ls", Reason.STALE, "lists are 90 days old", "apt-get update")

    assert told(error) == ("ls", Reason.STALE, "lists are 90 days old", "apt-get update")
    assert [kept.error for kept in view.refusals] == [error]


def test_programs_are_known_by_what_was_declared() -> None:
    view = host(NFT, "apt-get -s upgrade", programs={"nft"})

    assert (view.has("nft"), view.has("apt-get")) == (True, False)
    assert [program_of(need) for need in (NFT, "apt-get -s upgrade", "uname")] == ["nft", "apt-get", "uname"]


@pytest.mark.parametrize(
    ("need", "refused"),
    [
        (NFT, False),
        ("cat /etc/a* | grep -v '^#'", False),
        ("sudo cat /etc/a*", True),
        ("sudo cat /etc/shadow | cut -d: -f1", True),
        ("sudo sh -c 'id; id'", True),
        ("sudo find /home -name a -exec grep -H b {} +", False),
        ("sudo find /home -name a{1,2}", True),
        ("id\nid", True),
        ("  ", True),
        ("sudo ", True),
        ("sudo -u postgres psql", True),
        ("printf a\x1b", True),
    ],
)
def test_what_may_be_declared(need: str, refused: bool) -> None:
    assert (Host.refuse_need(need) is not None) is refused


def test_a_target_is_what_the_configuration_says() -> None:
    target = HostTarget(name="web", tags={"phi": "true"})

    assert (target.id, target.name, target.kind, target.kinds) == ("host:web", "web", "hosts", (Host,))


def test_a_session_shows_each_check_its_own_needs() -> None:
    probe = Probe({"uname": Output(0, "Linux\n"), "id": Output(0, "0\n")}, frozenset({"id", "uname"}))
    session = HostSession(id="host:web", name="web", identity="me", tags={"phi": "true"}, probe=probe)
    check = Check(lambda _: iter(()), ("uname",))
    (scope,) = session.scopes

    view = session.view(scope, check)

    assert scope == Scope(name="host", on="Host")
    assert (view.needs, view.run("uname").text) == ({"uname"}, "Linux\n")
    with pytest.raises(Undeclared):
        view.run("id")
    session.done(scope, check)
    session.close()
    assert session.view(scope, check).run("uname").text == "Linux\n"


def test_paramiko_is_not_imported_before_a_host_is_entered() -> None:
    script = "import sys, scanner.targets.host; print('paramiko' in sys.modules)"

    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert ran.stdout == "False\n"
