"""The script and its frames, without any host: the script is run by shells here, or its answer is made up."""

import base64
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest

from scanner.errors import ReadError
from scanner.model import Reason
from scanner.targets import local
from scanner.targets.frames import parsed
from scanner.targets.probe import Deadline, Heard, Output, Probe, Questions, Sudo, sanitised
from scanner.targets.script import LANES, MAX_ERRORS, MAX_OUTPUT, id_of, order

Ended = Literal["closed", "deadline", "flood"]
NONCE = "0123456789abcdef0123456789abcdef"
NFT = "sudo nft --json list ruleset"


def told(refusal: ReadError) -> tuple[Any, ...]:
    return (refusal.need, refusal.reason, refusal.detail, refusal.mend)


def asked(*needs: str, sudo: Sudo | None = Sudo()) -> Questions:  # noqa: B008 - frozen
    return Questions(tuple(sorted(needs)), sudo, NONCE)


def said(*lines: str) -> bytes:
    return "".join(f"\n@{NONCE} {line}\n" for line in lines).encode()


def packed(text: str) -> bytes:
    return base64.encodebytes(text.encode())


def frame(need: str, text: str = "", errors: str = "", status: str = "0") -> bytes:
    name = need if need in {"programs", "vouch"} else id_of(need)
    told = packed(text) + b"|" + packed(errors) + f":{status}:\n".encode()
    return said(f"answer {name} 9") + told + said(f"end {name}")


def heard(*out: bytes, way: str = "root", ended: Ended = "closed") -> Heard:
    user = packed("audit\n").decode()
    hello = said(f"hello base64 {0 if way == 'root' else 1000} {way} {user}")
    programs = frame("programs", "nft /usr/sbin/nft\nid /usr/bin/id\n")
    return Heard(hello + programs + b"".join(out), b"", ended)


def shell(
    questions: Questions,
    *interpreter: str,
    change: Callable[[bytes], bytes] = bytes,
    seconds: float = 20,
    command_seconds: float = 10,
) -> Probe:
    script = change(questions.script(seconds, command_seconds))
    return parsed(questions, local.ask(script, questions.over, Deadline(20), interpreter or local.SHELL))


def test_needs_are_asked_once_and_in_order() -> None:
    questions = Questions.about(["uname", "id -u", "uname"], sudo=None)

    assert questions.needs == ("id -u", "uname")
    assert questions.script(9, 5).count(f'\n  {id_of("uname")}) plain "$1" uname ;;\n'.encode()) == 1
    assert questions.nonce not in repr(questions)
    assert Questions.about([], sudo=None).nonce != Questions.about([], sudo=None).nonce


def test_what_is_slow_is_begun_first() -> None:
    by_length = (
        "sudo dpkg --verify",
        "sudo rpm --verify --all --nodeps",
        "if test -e /usr/bin/dnf; then dnf -q updateinfo; fi",
        "pro security-status --format json",
        "test -e /usr/bin/dnf || yum -q list",
        "find / -xdev",
        "sudo rpm --verify --nodeps bash",
        "systemctl list-unit-files",
        "systemctl is-active sshd",
        "cat /etc/find /etc/dnf",
        "id -u",
        "ls -d /usr/bin/dnf /usr/bin/yum",
    )

    assert order(tuple(sorted(by_length))).split() == [id_of(need) for need in by_length]


AWKWARD = {
    "printf 'a\\r\\nb'": Output(0, "a\r\nb"),
    "printf '\\000\\377\\001x'": Output(0, "\x00\ufffd\x01x"),
    "printf 'ä☃'": Output(0, "ä☃"),
    "echo out; echo err >&2; exit 3": Output(3, "out\n", "err\n"),
    "cat": Output(0, ""),
    "true": Output(0, ""),
    'echo "$LC_ALL ${COLUMNS-none} $(umask) $PWD"': Output(0, "C none 0077 /\n"),
    "echo $(( 1 + 1 )) | sed 's/2/two/'": Output(0, "two\n"),
}


SHELLS = ("sh -s", "bash --posix -s", "dash -s", "busybox sh -s", "mksh -s")


@pytest.fixture(params=SHELLS)
def interpreter(request: pytest.FixtureRequest) -> list[str]:
    """A shell; a machine need not have all of them, and CI has."""
    words = str(request.param).split()
    if shutil.which(words[0]) is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{words[0]} is not installed")
        pytest.skip(f"{words[0]} is not installed")
    return words


def test_awkward_output_comes_back_whole(interpreter: list[str]) -> None:
    probe = shell(asked(*AWKWARD), *interpreter)

    assert probe.answers == AWKWARD
    assert probe.programs == {"printf", "echo", "cat", "true"}


def test_a_signal_is_a_status_of_its_own() -> None:
    answer = shell(asked("sh -c 'kill -TERM $$'")).answers["sh -c 'kill -TERM $$'"]

    assert answer.status == 128 + 15


def test_a_host_without_base64_answers_in_hexadecimal(interpreter: list[str]) -> None:
    questions = asked("printf 'a\\000\\377\\r\\nb'")

    def without(script: bytes) -> bytes:
        return script.replace(b"base64; }", b"nobase64; }")

    probe = shell(questions, *interpreter, change=without)

    assert list(probe.answers.values()) == [Output(0, "a\x00\ufffd\r\nb")]


def test_a_host_without_timeout_head_and_a_lock_answers_too(interpreter: list[str]) -> None:
    def without(script: bytes) -> bytes:
        for word in (b"timeout ", b"head -c", b"/proc/self/fd"):
            script = script.replace(word, b"/none/" + word)
        return script

    more = "dd if=/dev/zero bs=1048576 count=5 2>/dev/null"
    probe = shell(asked("echo yes", "exit 4", more), *interpreter, change=without)

    assert probe.answers.pop(more).detail == "answered more than 4 MiB"
    assert probe.answers == {"echo yes": Output(0, "yes\n"), "exit 4": Output(4, "")}


def test_a_host_that_can_encode_nothing_says_so() -> None:
    def without(script: bytes) -> bytes:
        return script.replace(b"base64; }", b"nobase64; }").replace(b"od -A", b"nood -A")

    with pytest.raises(ReadError) as caught:
        shell(asked("true"), change=without)

    # It greets after it knows how to encode, so there is no greeting either.
    assert told(caught.value)[1:] == (
        Reason.INVALID_ANSWER,
        "neither base64 nor od works on the host",
        "install coreutils or busybox there",
    )


def test_half_a_script_runs_nothing(tmp_path: Path) -> None:
    script = asked(f"touch {tmp_path}/ran").script(9, 5)

    local.ask(script[: script.rindex(b"exit")] + b"\n", b"syntax", Deadline(0.5))

    assert list(tmp_path.iterdir()) == []


def test_a_command_that_does_not_end_is_stopped_and_the_others_answer() -> None:
    probe = shell(asked("sleep 60", "echo before", "true"), command_seconds=1)

    refused = probe.answers.pop("sleep 60")
    assert told(refused) == (
        "sleep 60",
        Reason.TIMEOUT,
        "did not end within 1 s, or was killed",
        "see why `sleep 60` does not end on the host",
    )
    assert probe.answers == {"echo before": Output(0, "before\n"), "true": Output(0, "")}


def test_the_script_ends_by_itself_when_its_time_is_over() -> None:
    stuck = [f"sleep 6{number}" for number in range(LANES)]
    probe = shell(asked("echo first", *stuck, "true late"), seconds=2)

    assert {need: getattr(answer, "reason", answer) for need, answer in probe.answers.items()} == {
        "echo first": Output(0, "first\n"),
        **dict.fromkeys(stuck, Reason.TIMEOUT),
        "true late": Reason.TIMEOUT,
    }
    assert probe.answers["true late"].detail == "the host's deadline came before it"


def test_too_much_output_is_a_refusal_and_exactly_enough_is_not() -> None:
    enough, more = f"head -c {MAX_OUTPUT} /dev/zero", f"head -c {MAX_OUTPUT + 1} /dev/zero"
    noise = f"yes | head -c {10 * MAX_ERRORS} >&2; echo fine"
    probe = shell(asked(enough, more, "yes", noise))

    assert probe.answers[enough] == Output(0, "\0" * MAX_OUTPUT)
    for need in (more, "yes"):
        assert told(probe.answers[need])[1:3] == (Reason.INVALID_ANSWER, "answered more than 4 MiB")
    noisy = probe.answers[noise]
    assert (noisy.status, noisy.text, noisy.errors) == (0, "fine\n", "y\n" * (MAX_ERRORS // 2))


def test_output_cannot_forge_a_frame() -> None:
    zz = id_of("true zz")
    expected = f"\n@{NONCE} end {zz}\n@{NONCE} hello base64 0 root eA==\n@{NONCE} answer {zz} 1\nAAAA|:0:\n"
    forged = f"printf {expected!r}"
    questions = asked(forged, f"{forged} >&2", "true zz")

    probe = shell(questions)

    assert probe.answers == {
        forged: Output(0, expected),
        f"{forged} >&2": Output(0, "", expected),
        "true zz": Output(0, ""),
    }


def test_what_the_login_exported_is_not_handed_on() -> None:
    # A shell keeps a variable exported that was exported before it was set.
    exported = ["env", "password=a", "answer=b", "/bin/sh", "-s"]
    questions = asked("env", "head -c 2000000 /dev/zero")

    heard = local.ask(questions.script(20, 10, "geheim"), questions.over, Deadline(20), exported)
    answers = parsed(questions, heard).answers

    assert [len(answer.text) for answer in answers.values()][1:] == [2_000_000]
    assert "geheim" not in answers["env"].text


def test_noise_around_the_frames_is_ignored() -> None:
    answer = heard(frame("id -u", "0\n"))
    noisy = Heard(b"Welcome!\n@deadbeef answer 0\nAAAA" + answer.out + b"bye", b"noise", "closed")

    assert parsed(asked("id -u"), noisy) == Probe(
        answers={"id -u": Output(0, "0\n")}, programs=frozenset({"nft", "id"}), root=True, user="audit"
    )


ID = id_of("id -u")


@pytest.mark.parametrize(
    ("out", "ended", "reason", "detail"),
    [
        (b"", "closed", Reason.UNREACHABLE, "the connection ended before the answer"),
        (b"", "deadline", Reason.TIMEOUT, "the host's deadline came before it"),
        (said(f"begin {ID}"), "deadline", Reason.TIMEOUT, "did not end before the host's deadline"),
        (said(f"begin {ID}", f"late {ID}"), "closed", Reason.TIMEOUT, "the host's deadline came before it"),
        (said(f"absent {ID}"), "closed", Reason.DENIED, "the forced command on the host does not have it"),
        (b"", "flood", Reason.INVALID_ANSWER, "the host answered more than 64 MiB"),
        (
            said(f"answer {ID} 9") + b"AAAA|:0:",
            "closed",
            Reason.UNREACHABLE,
            "the connection ended before the answer",
        ),
        (
            said(f"answer {ID} 9") + b"%%%|:0:" + said(f"end {ID}"),
            "closed",
            Reason.INVALID_ANSWER,
            "the answer came back damaged",
        ),
        (frame("id -u", "x", status=""), "closed", Reason.INVALID_ANSWER, "the answer came back damaged"),
        (frame("id -u", "x", status="-1"), "closed", Reason.INVALID_ANSWER, "the answer came back damaged"),
        (frame("id -u", status="over 126"), "closed", Reason.FAILED, "its shell was killed"),
    ],
)
def test_a_frame_that_is_not_whole_is_a_refusal(
    out: bytes, ended: Ended, reason: Reason, detail: str
) -> None:
    answer = parsed(asked("id -u"), heard(out, ended=ended)).answers["id -u"]

    assert (answer.need, answer.reason, answer.detail) == ("id -u", reason, detail)
    assert answer.mend


def test_a_status_amid_the_errors_is_told_apart() -> None:
    told = packed("x") + b"|b3V:3:0\n"
    answer = heard(said(f"answer {ID} 9") + told + said(f"end {ID}"))

    assert parsed(asked("id -u"), answer).answers == {"id -u": Output(3, "x", "out")}


LINE = "allow it in sudoers: audit ALL=(root) NOPASSWD: /usr/sbin/nft --json list ruleset"


@pytest.mark.parametrize(
    ("errors", "detail", "mend"),
    [
        ("sudo: a password is required\n", "sudo: a password is required", LINE),
        (
            "sudo: unable to resolve host h: Name or service not known\nsudo: a password is required\n",
            "sudo: a password is required",
            LINE,
        ),
        (
            "Sorry, user audit is not allowed to execute '/usr/sbin/nft' as root on h.\n",
            "Sorry, user audit is not allowed to execute '/usr/sbin/nft' as root on h.",
            LINE,
        ),
        ("audit is not in the sudoers file.\n", "audit is not in the sudoers file.", LINE),
        ("sh: 1: eval: sudo: not found\n", "sh: 1: eval: sudo: not found", LINE),
        (
            "sudo: sorry, you must have a tty to run sudo\n",
            "sudo: sorry, you must have a tty to run sudo",
            "let it be asked without a terminal, in sudoers: Defaults:audit !requiretty",
        ),
    ],
)
def test_sudo_refusing_is_denied_and_names_the_line_that_allows_it(
    errors: str, detail: str, mend: str
) -> None:
    answer = heard(frame(NFT, "", errors, "1"), way="sudo")

    refused = parsed(asked(NFT), answer).answers[NFT]

    assert told(refused) == (NFT, Reason.DENIED, detail, mend)


def test_doas_refusing_is_denied_and_names_the_line_that_allows_it() -> None:
    answer = heard(frame(NFT, "", "doas: Operation not permitted\n", "1"), way="doas")

    assert told(parsed(asked(NFT), answer).answers[NFT]) == (
        NFT,
        Reason.DENIED,
        "doas: Operation not permitted",
        "allow it in doas.conf: permit nopass audit as root cmd nft args --json list ruleset",
    )


def test_sudo_without_the_program_is_not_a_denial() -> None:
    need = "sudo auditctl -s"
    answer = heard(frame(need, "", "sudo: auditctl: command not found\n", "1"), way="sudo")

    assert told(parsed(asked(need), answer).answers[need])[1:3] == (
        Reason.FAILED,
        "sudo: auditctl: command not found",
    )


def test_sudo_refusing_a_program_that_is_not_there_is_not_a_denial() -> None:
    need = "sudo auditctl -s"
    answer = heard(frame(need, "", "sudo: a password is required\n", "1"), way="sudo")

    assert told(parsed(asked(need), answer).answers[need])[1:] == (
        Reason.FAILED,
        "audit finds no auditctl there; sudo: a password is required",
        "install auditctl on the host, or see where it lies there",
    )


def test_what_a_command_says_under_sudo_is_its_answer() -> None:
    noise = "sudo: unable to resolve host h: Name or service not known\nnft: no such table\n"
    answer = heard(frame(NFT, "", noise, "1"), way="sudo")

    assert parsed(asked(NFT), answer).answers == {NFT: Output(1, "", noise)}


def test_a_password_that_sudo_does_not_take_refuses_all_that_is_rooted() -> None:
    lecture = "We trust you have received the usual lecture\n\nsudo: 1 incorrect password attempt\n"
    answer = heard(frame("vouch", "", lecture, "1"), frame("id -u", "1000\n"), way="sudo")

    answers = parsed(asked(NFT, "id -u"), answer).answers

    assert told(answers.pop(NFT)) == (
        NFT,
        Reason.DENIED,
        "sudo did not take the password of audit, which was tried once: sudo: 1 incorrect password attempt",
        (
            "correct the password, or allow it in sudoers without one: "
            "audit ALL=(root) NOPASSWD: /usr/sbin/nft --json list ruleset"
        ),
    )
    assert answers == {"id -u": Output(0, "1000\n")}


def test_an_answer_that_holds_the_password_is_none() -> None:
    answer = heard(frame("vouch"), frame(NFT, "a geheim b"), frame("id -u", "", "geheim"), way="sudo")

    answers = parsed(asked(NFT, "id -u"), answer, "geheim").answers

    assert {refused.detail for refused in answers.values()} == {"the answer holds the password for sudo"}
    assert "geheim" not in repr(answers)


def test_a_need_of_root_is_not_run_by_somebody_else() -> None:
    command = "sudo sshd -T -C user=a,host=b"
    probe = parsed(asked(command, sudo=None), heard(way="plain"))

    assert probe.root is False
    assert told(probe.answers[command]) == (
        command,
        Reason.DENIED,
        "it needs root to answer wholly, and audit is not root",
        (
            "set sudo: true for this host and allow it in sudoers: "
            "audit ALL=(root) NOPASSWD: sshd -T -C user\\=a\\,host\\=b"
        ),
    )


@pytest.mark.parametrize(
    ("answer", "reason", "detail"),
    [
        (
            Heard(b"This account is \x1b[31mnot\x07 available.\r\n", b"", "closed"),
            Reason.INVALID_ANSWER,
            (
                "logged in, but the login shell did not run /bin/sh; "
                "it printed: This account is [31mnot available."
            ),
        ),
        (
            Heard(b"x" * 5000, b"", "flood"),
            Reason.INVALID_ANSWER,
            f"logged in, but the login shell did not run /bin/sh; it printed: {'x' * 300}...",
        ),
        (
            Heard(b"", b"", "deadline"),
            Reason.TIMEOUT,
            "logged in, but the shell did not begin before the deadline; it printed nothing",
        ),
    ],
)
def test_a_shell_that_does_not_greet_is_no_host(answer: Heard, reason: Reason, detail: str) -> None:
    with pytest.raises(ReadError) as caught:
        parsed(asked("true"), answer)

    assert told(caught.value)[:3] == (None, reason, detail)


def test_only_a_newline_ends_a_line() -> None:
    text = "root:x\r\neve:\u2028root::0\x0c\x85:x\n\nlast"

    assert Output(0, text).lines == ("root:x", "eve:\u2028root::0\x0c\x85:x", "", "last")
    assert (Output(0, "").lines, Output(0, "\n").lines) == ((), ("",))


def test_what_a_host_printed_is_bounded_and_printable() -> None:
    assert sanitised(b"\x1b]0;evil\x07 a\n\nb\xff\xe2\x80\xae") == "]0;evil a b\ufffd"
    assert sanitised(b"y" * 10_000) == "y" * 300 + "..."


def test_a_deadline_passes() -> None:
    assert Deadline(60).left == pytest.approx(60, abs=5)
    assert Deadline(-1).left < 0


def test_nothing_stays_behind() -> None:
    marker = f"61.{os.getpid()}"
    shell(asked(f"sleep {marker} | cat", f"sleep {marker}; true"), command_seconds=1)

    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert [line for line in listed.splitlines() if marker in line] == []


def test_the_same_answer_is_read_once_for_all_hosts() -> None:
    read: list[Sequence[str]] = []

    def count(lines: Sequence[str]) -> int:
        read.append(lines)
        return len(lines)

    for text in ("a\nb\n", "a\nb\n", "a\nc\n"):
        answer = parsed(asked("id -u"), heard(frame("id -u", text))).answers["id -u"]
        assert isinstance(answer, Output)
        assert answer.read(count) == 2
    assert read == [("a", "b"), ("a", "c")]


def test_an_answer_under_another_encoding_is_another_answer() -> None:
    hello = said(f"hello hex 0 root {b'audit'.hex()}") + said("answer programs 9") + b"|:0:\n"
    hello += said("end programs")
    answer = said(f"answer {ID} 9") + b"6162|:0:\n" + said(f"end {ID}")

    assert parsed(asked("id -u"), heard(answer)).answers["id -u"].text != "ab"
    assert parsed(asked("id -u"), Heard(hello + answer, b"", "closed")).answers["id -u"] == Output(0, "ab")


def test_parsers_that_are_made_anew_each_time_fill_no_memory() -> None:
    answer = Output(0, "a\nb\n")

    assert {answer.read(lambda lines, number=number: len(lines) + number) for number in range(1000)} == set(
        range(2, 1002)
    )
    assert len(vars(answer)["_made"]) <= 64
