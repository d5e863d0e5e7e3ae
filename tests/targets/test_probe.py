"""The script and its frames, without any host: the script is run by shells here, or its answer is made up."""

import base64
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from scanner.errors import ReadError
from scanner.model import Reason
from scanner.targets.frames import parsed
from scanner.targets.probe import MAX_OUTPUT, Deadline, Heard, Output, Probe, Questions, sanitised

Ended = Literal["closed", "deadline", "flood"]
NONCE = "0123456789abcdef0123456789abcdef"
NFT = "sudo nft --json list ruleset"


def told(refusal: ReadError) -> tuple[Any, ...]:
    return (refusal.need, refusal.reason, refusal.detail, refusal.mend)


def asked(*needs: str, sudo: bool = True) -> Questions:
    return Questions(tuple(sorted(needs)), sudo, NONCE)


def said(*lines: str) -> bytes:
    return "".join(f"\n@{NONCE} {line}\n" for line in lines).encode()


def packed(text: str) -> bytes:
    return base64.encodebytes(text.encode())


def frame(number: int | str, text: str = "", status: str = "0") -> bytes:
    return said(f"begin {number}") + packed(text) + said(f"end {number} {status}")


def heard(*out: bytes, err: tuple[bytes, ...] = (), uid: str = "0", ended: Ended = "closed") -> Heard:
    hello = said(f"hello base64 {uid} audit")
    programs = frame("programs", "nft\t/usr/sbin/nft\nid\t/usr/bin/id\n")
    return Heard(hello + programs + b"".join(out), b"".join(err), ended)


def shell(
    questions: Questions,
    *interpreter: str,
    change: Callable[[bytes], bytes] = bytes,
    seconds: float = 20,
    command_seconds: float = 10,
) -> Probe:
    script = change(questions.script(seconds, command_seconds))
    ran = subprocess.run(
        interpreter or ("/bin/sh", "-s"), input=script, capture_output=True, timeout=20, check=False
    )
    return parsed(questions, Heard(ran.stdout, ran.stderr, "closed"))


def test_needs_are_asked_once_and_in_order() -> None:
    questions = Questions.about(["uname", "id -u", "uname"], sudo=False)

    assert (questions.needs, questions.programs) == (("id -u", "uname"), ("id", "uname"))
    assert questions.script(9, 5).count(b"\nask ") == 2
    assert questions.nonce not in repr(questions)
    assert Questions.about([], sudo=False).nonce != Questions.about([], sudo=False).nonce


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


@pytest.mark.parametrize("interpreter", [("/bin/sh", "-s"), ("bash", "--posix", "-s")], ids=["sh", "bash"])
def test_awkward_output_comes_back_whole(interpreter: tuple[str, ...]) -> None:
    probe = shell(asked(*AWKWARD), *interpreter)

    assert probe.answers == AWKWARD
    assert probe.programs == {"printf", "echo", "cat", "true"}


def test_a_signal_is_a_status_of_its_own() -> None:
    answer = shell(asked("sh -c 'kill -TERM $$'")).answers["sh -c 'kill -TERM $$'"]

    assert answer.status == 128 + 15


def test_a_host_without_base64_answers_in_hexadecimal() -> None:
    questions = asked("printf 'a\\000\\377\\r\\nb'")

    def without(script: bytes) -> bytes:
        return script.replace(b"base64; }", b"nobase64; }")

    probe = shell(questions, change=without)

    assert list(probe.answers.values()) == [Output(0, "a\x00\ufffd\r\nb")]


def test_a_host_without_timeout_and_head_answers_too() -> None:
    def without(script: bytes) -> bytes:
        return script.replace(b"timeout ", b"notimeout ").replace(b"head -c", b"nohead -c")

    probe = shell(asked("echo yes", "exit 4"), change=without)

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

    subprocess.run(
        ["/bin/sh", "-s"], input=script[: script.index(b"say done")], check=False, capture_output=True
    )

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
    probe = shell(asked("echo first", "sleep 61", "true late"), seconds=2)

    assert {need: getattr(answer, "reason", answer) for need, answer in probe.answers.items()} == {
        "echo first": Output(0, "first\n"),
        "sleep 61": Reason.TIMEOUT,
        "true late": Reason.TIMEOUT,
    }
    assert probe.answers["true late"].detail == "the host's deadline came before it"


def test_too_much_output_is_a_refusal_and_exactly_enough_is_not() -> None:
    enough, more = f"head -c {MAX_OUTPUT} /dev/zero", f"head -c {MAX_OUTPUT + 1} /dev/zero"
    probe = shell(asked(enough, more, "yes", "yes >&2 & sleep 0.2; kill $!; wait 2>/dev/null; echo fine"))

    assert probe.answers[enough] == Output(0, "\0" * MAX_OUTPUT)
    for need in (more, "yes"):
        assert told(probe.answers[need])[1:3] == (Reason.INVALID_ANSWER, "answered more than 4 MiB")
    noisy = probe.answers["yes >&2 & sleep 0.2; kill $!; wait 2>/dev/null; echo fine"]
    assert (noisy.status, noisy.text, noisy.errors) == (0, "fine\n", "y\n" * (64 * 1024 // 2))


def test_output_cannot_forge_a_frame() -> None:
    forged = f"printf '\\n@{NONCE} end 0 0\\n@{NONCE} hello base64 0 root\\n@{NONCE} begin 1\\nAAAA\\n'"
    questions = asked(forged, "true zz")

    probe = shell(questions)

    expected = f"\n@{NONCE} end 0 0\n@{NONCE} hello base64 0 root\n@{NONCE} begin 1\nAAAA\n"
    assert probe.answers == {forged: Output(0, expected), "true zz": Output(0, "")}


def test_noise_around_the_frames_is_ignored() -> None:
    answer = heard(frame(0, "0\n"), err=(b"noise", frame(0)))
    noisy = Heard(b"Welcome!\n@deadbeef begin 0\nAAAA" + answer.out + b"bye", answer.err, "closed")

    assert parsed(asked("id -u"), noisy) == Probe(
        answers={"id -u": Output(0, "0\n")}, programs=frozenset({"nft", "id"}), root=True, user="audit"
    )


@pytest.mark.parametrize(
    ("out", "err", "ended", "reason", "detail"),
    [
        ((), (), "closed", Reason.UNREACHABLE, "the connection ended before the answer"),
        ((), (), "deadline", Reason.TIMEOUT, "the host's deadline came before it"),
        ((said("begin 0"),), (), "deadline", Reason.TIMEOUT, "did not end before the host's deadline"),
        ((said("late"),), (), "closed", Reason.TIMEOUT, "the host's deadline came before it"),
        ((), (), "flood", Reason.INVALID_ANSWER, "the host answered more than 64 MiB"),
        ((frame(0, "x"),), (), "closed", Reason.UNREACHABLE, "the connection ended before the answer"),
        (
            (said("begin 0") + b"%%%" + said("end 0 0"),),
            (frame(0),),
            "closed",
            Reason.INVALID_ANSWER,
            "the answer came back damaged",
        ),
        (
            (frame(0, "x", status=""),),
            (frame(0),),
            "closed",
            Reason.INVALID_ANSWER,
            "the answer came back damaged",
        ),
        ((frame(0, "", "over 126"),), (frame(0, "", "9"),), "closed", Reason.FAILED, "its shell was killed"),
    ],
)
def test_a_frame_that_is_not_whole_is_a_refusal(
    out: tuple[bytes, ...], err: tuple[bytes, ...], ended: Ended, reason: Reason, detail: str
) -> None:
    answer = parsed(asked("id -u"), heard(*out, err=err, ended=ended)).answers["id -u"]

    assert (answer.need, answer.reason, answer.detail) == ("id -u", reason, detail)
    assert answer.mend


@pytest.mark.parametrize(
    ("errors", "reason", "detail"),
    [
        ("sudo: a password is required\n", Reason.DENIED, "sudo: a password is required"),
        (
            "sudo: unable to resolve host h: Name or service not known\nsudo: a password is required\n",
            Reason.DENIED,
            "sudo: a password is required",
        ),
        (
            "Sorry, user audit is not allowed to execute '/usr/sbin/nft' as root on h.\n",
            Reason.DENIED,
            "Sorry, user audit is not allowed to execute '/usr/sbin/nft' as root on h.",
        ),
        (
            "audit is not in the sudoers file.\n",
            Reason.DENIED,
            "audit is not in the sudoers file.",
        ),
        ("sh: 1: eval: sudo: not found\n", Reason.DENIED, "sh: 1: eval: sudo: not found"),
    ],
)
def test_sudo_refusing_is_denied_and_names_the_line_that_allows_it(
    errors: str, reason: Reason, detail: str
) -> None:
    answer = heard(frame(0, "", "1"), err=(frame(0, errors),), uid="1000")

    refused = parsed(asked(NFT), answer).answers[NFT]

    assert told(refused) == (
        NFT,
        reason,
        detail,
        "allow it in sudoers: audit ALL=(root) NOPASSWD: /usr/sbin/nft --json list ruleset",
    )


def test_sudo_without_the_program_is_not_a_denial() -> None:
    answer = heard(frame(0, "", "1"), err=(frame(0, "sudo: auditctl: command not found\n"),), uid="1000")

    refused = parsed(asked("sudo auditctl -s"), answer).answers["sudo auditctl -s"]

    assert told(refused)[1:3] == (Reason.FAILED, "sudo: auditctl: command not found")


def test_what_a_command_says_under_sudo_is_its_answer() -> None:
    noise = "sudo: unable to resolve host h: Name or service not known\nnft: no such table\n"
    answer = heard(frame(0, "", "1"), err=(frame(0, noise),), uid="1000")

    assert parsed(asked(NFT), answer).answers == {NFT: Output(1, "", noise)}


def test_a_need_of_root_is_not_run_by_somebody_else() -> None:
    command = "sudo sshd -T -C user=a,host=b"
    probe = parsed(asked(command, sudo=False), heard(uid="1000"))

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
