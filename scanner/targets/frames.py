"""Frames: what came back from the probe's script, taken apart into answers and refusals."""

import binascii
import re
import shlex
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import ReadError
from ..model import Reason
from .probe import (
    MAX_HEARD,
    MAX_OUTPUT,
    PROGRAMS,
    SUDO,
    Answer,
    Heard,
    Output,
    Probe,
    Questions,
    command_of,
    program_of,
    sanitised,
)

_STOPPED = frozenset({"over 124", "over 137", "over 143"})
"""How timeout(1) ends when it had to stop the command: GNU's, after SIGKILL, busybox's."""
_SUDO_NOISE = re.compile(r"sudo: (unable to resolve host|setrlimit)")
_SUDO_REFUSES = re.compile(r"(sudo: |Sorry, user |\S+ is not in the sudoers file|\S+ may not run sudo)")
_SUDO_ABSENT = re.compile(r": sudo: (command )?not found$")
_SUDO_LACKS = re.compile(r"sudo: .*: command not found$")


def parsed(questions: Questions, heard: Heard) -> Probe:
    """What the host answered to each question.

    Raises:
        ReadError: the script did not run there at all.
    """
    out, err = (_Stream(raw, questions.nonce) for raw in (heard.out, heard.err))
    if out.hello is None:
        raise _speechless(out, heard)
    encoding, uid, user = out.hello
    streams = _Streams(out, err, encoding, heard.ended)
    programs = _programs(out.decoded(PROGRAMS, encoding))
    root = uid == "0" or questions.sudo
    answers: dict[str, Answer] = {}
    for number, need in enumerate(questions.needs):
        if need.startswith(SUDO) and not root:
            answers[need] = _not_root(need, user, programs)
        else:
            answers[need] = _answer(need, str(number), streams)
        answer = answers[need]
        if need.startswith(SUDO) and uid != "0" and isinstance(answer, Output):
            answers[need] = _sudo_refusal(need, answer, user, programs) or answer
    return Probe(answers=answers, programs=frozenset(programs), root=root, user=user)


class _Stream:
    """One stream of the script, taken apart into frames."""

    def __init__(self, raw: bytes, nonce: str) -> None:
        self.hello: tuple[str, str, str] | None = None
        self.lost: str | None = None
        self.late = False
        self.done = False
        self.begun: dict[str, bytes] = {}
        self.ended: dict[str, str] = {}
        self._read(raw, b"@" + nonce.encode() + b" ")

    def _read(self, raw: bytes, mark: bytes) -> None:
        # Each marker stands on a line of its own; what follows it, up to the next one, is its frame's.
        for part in (b"\n" + raw).split(b"\n" + mark)[1:]:
            line, newline, body = part.partition(b"\n")
            if newline:
                self._mark(line.decode("utf-8", "replace"), body)

    def _mark(self, line: str, body: bytes) -> None:
        word, _, rest = line.partition(" ")
        match word:
            case "hello":
                encoding, uid, user = [*rest.split(" ", 2), "", ""][:3]
                self.hello = (encoding, uid, user)
            case "begin":
                self.begun[rest] = body
            case "end":
                number, _, status = rest.partition(" ")
                self.ended[number] = status
            case "lost":
                self.lost = rest
            case "late":
                self.late = True
            case "done":
                self.done = True
            case _:
                pass

    def decoded(self, number: str, encoding: str) -> bytes | None:
        """What a whole frame holds; None when it is not whole or not encoded."""
        if number not in self.ended or number not in self.begun:
            return None
        packed = b"".join(self.begun[number].split())
        try:
            return b64decode(packed, validate=True) if encoding == "base64" else binascii.unhexlify(packed)
        except ValueError:
            return None


@dataclass(frozen=True)
class _Streams:
    """Both streams, how they are encoded, and why they ended."""

    out: _Stream
    err: _Stream
    encoding: str
    ended: str


def _answer(need: str, number: str, streams: _Streams) -> Answer:
    out, err, encoding = streams.out, streams.err, streams.encoding
    if number not in out.ended or number not in err.ended:
        return _missing(need, number, streams)
    status = out.ended[number]
    if status.startswith("over "):
        return _stopped(need, status, err.ended[number])
    text, errors = out.decoded(number, encoding), err.decoded(number, encoding)
    if text is None or errors is None or not status.isdecimal():
        return _invalid(need, "the answer came back damaged", "scan this host again")
    if len(text) > MAX_OUTPUT:
        return _invalid(
            need, f"answered more than {MAX_OUTPUT >> 20} MiB", "see why there is so much on the host"
        )
    return Output(
        status=int(status), text=text.decode("utf-8", "replace"), errors=errors.decode("utf-8", "replace")
    )


def _stopped(need: str, status: str, seconds: str) -> ReadError:
    timeout = status in _STOPPED
    return ReadError(
        need=need,
        reason=Reason.TIMEOUT if timeout else Reason.FAILED,
        # A command that somebody else kills ends as one that timeout(1) had to kill.
        detail=f"did not end within {seconds} s, or was killed" if timeout else "its shell was killed",
        mend=f"see why `{command_of(need)}` does not end on the host",
    )


def _missing(need: str, number: str, streams: _Streams) -> ReadError:
    if streams.ended == "flood":
        return _invalid(
            need, f"the host answered more than {MAX_HEARD >> 20} MiB", "see which command says so much"
        )
    if streams.ended == "deadline" or streams.out.late:
        begun = number in streams.out.begun
        return ReadError(
            need=need,
            reason=Reason.TIMEOUT,
            detail="did not end before the host's deadline"
            if begun
            else "the host's deadline came before it",
            mend="give this host a longer deadline, or see which command is slow there",
        )
    return ReadError(
        need=need,
        reason=Reason.UNREACHABLE,
        detail="the connection ended before the answer",
        mend="see what ended the session on the host (its log says), and scan again",
    )


def _invalid(need: str, detail: str, mend: str) -> ReadError:
    return ReadError(need=need, reason=Reason.INVALID_ANSWER, detail=detail, mend=mend)


def _programs(listed: bytes | None) -> dict[str, str]:
    lines = (listed or b"").decode("utf-8", "replace").splitlines()
    return dict(line.split("\t", 1) for line in lines if "\t" in line)


def _speechless(out: _Stream, heard: Heard) -> ReadError:
    said = sanitised(heard.out + b" " + heard.err)
    printed = f"; it printed: {said}" if said else "; it printed nothing"
    if out.lost is not None:
        return ReadError(
            need=None,
            reason=Reason.INVALID_ANSWER,
            detail=f"{out.lost} on the host",
            mend="install coreutils or busybox there",
        )
    if heard.ended == "deadline":
        return ReadError(
            need=None,
            reason=Reason.TIMEOUT,
            detail="logged in, but the shell did not begin before the deadline" + printed,
            mend="see what the login shell's start files wait for on the host",
        )
    return ReadError(
        need=None,
        reason=Reason.INVALID_ANSWER,
        detail="logged in, but the login shell did not run /bin/sh" + printed,
        mend="give the user a login shell that runs commands (not nologin), without a forced command",
    )


def _not_root(need: str, user: str, programs: Mapping[str, str]) -> ReadError:
    return ReadError(
        need=need,
        reason=Reason.DENIED,
        detail=f"it needs root to answer wholly, and {user or 'the user'} is not root",
        mend=f"set sudo: true for this host and allow it in sudoers: {_sudoers(need, user, programs)}",
    )


def _sudo_refusal(need: str, answer: Output, user: str, programs: Mapping[str, str]) -> ReadError | None:
    # Whatever statuses the check takes for an answer: sudo's own refusal, status 1, is never one.
    if answer.status == 0:
        return None
    said = [line.strip() for line in answer.errors.splitlines() if not _SUDO_NOISE.match(line)]
    lacking = next((line for line in said if _SUDO_LACKS.match(line)), None)
    if lacking:
        return ReadError(
            need=need,
            reason=Reason.FAILED,
            detail=sanitised(lacking.encode()),
            mend=f"install {program_of(need)} on the host, or add its folder to sudo's secure_path",
        )
    refused = next((line for line in said if _SUDO_REFUSES.match(line) or _SUDO_ABSENT.search(line)), None)
    if refused is None:
        return None
    return ReadError(
        need=need,
        reason=Reason.DENIED,
        detail=sanitised(refused.encode()),
        mend=f"allow it in sudoers: {_sudoers(need, user, programs)}",
    )


def _sudoers(need: str, user: str, programs: Mapping[str, str]) -> str:
    """The line of sudoers that allows just this command."""
    try:
        words = shlex.split(command_of(need))
    except ValueError:
        words = command_of(need).split()
    words[0] = programs.get(words[0], words[0])
    command = " ".join(re.sub(r"([,:=\\])", r"\\\1", word) for word in words)
    return f"{user or 'audit'} ALL=(root) NOPASSWD: {command}"
