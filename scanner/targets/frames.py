"""Frames: what came back from the probe's script, taken apart into answers and refusals."""

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass
from functools import partial

from ..errors import ReadError
from ..model import Reason
from .alike import Alike
from .probe import MAX_HEARD, Answer, Heard, Output, Probe, Questions, sanitised
from .script import MAX_OUTPUT, SUDO, command_of, id_of
from .sudo import Way

_STOPPED = frozenset({"over 124", "over 137", "over 143"})
"""How timeout(1) ends when it had to stop the command: GNU's, after SIGKILL, busybox's."""

_OVER = "over "
_DAMAGED, _LONG = "damaged", "long"
_WRONG = {
    _DAMAGED: ("the answer came back damaged", "scan this host again"),
    _LONG: (f"answered more than {MAX_OUTPUT >> 20} MiB", "see why there is so much on the host"),
}

ALIKE = Alike[Output | str](2**22)
"""What was read before, of this host and others: many of a fleet have the same files."""

_STATUS = re.compile(rb":([^:]{0,20}):")
"""A command's status, written amid its encoded standard error: no encoding has a colon."""


def parsed(questions: Questions, heard: Heard, password: str = "") -> Probe:
    """What the host answered to each question.

    Raises:
        ReadError: the script did not run there at all.
    """
    frames = _Frames(heard, questions.nonce)
    if frames.hello is None:
        raise _speechless(frames, heard)
    hello = frames.hello
    sudo = questions.sudo
    way = Way(hello.user, hello.way, sudo.user if sudo else "root", frames.programs)
    vouched = frames.answer("vouch", "sudo -v")
    answers: dict[str, Answer] = {}
    for need in questions.needs:
        answers[need] = _judged(need, frames, way, vouched)
        answer = answers[need]
        if password and isinstance(answer, Output) and password in answer.text + answer.errors:
            answers[need] = _invalid(
                need, "the answer holds the password for sudo", "see why it says so on the host"
            )
    root = hello.uid == "0" or (sudo is not None and sudo.user == "root")
    return Probe(answers=answers, programs=frozenset(frames.programs), root=root, user=hello.user)


def _judged(need: str, frames: "_Frames", way: Way, vouched: Answer | None) -> Answer:
    rooted = need.startswith(SUDO)
    if rooted and way.word == "plain":
        return way.unasked(need)
    if rooted and way.word == "sudo" and vouched is not None:
        refusal = way.unvouched(need, vouched)
        if refusal is not None:
            return refusal
    answer = frames.answer(id_of(need), need) or _missing(need, frames)
    if rooted and way.word != "root" and isinstance(answer, Output):
        return way.refusal(need, answer) or answer
    return answer


@dataclass(frozen=True)
class _Hello:
    """How the script greets: how it encodes, as whom it runs, how it becomes root."""

    encoding: str
    uid: str
    way: str
    user: str


class _Frames:
    """What the script said, taken apart."""

    def __init__(self, heard: Heard, nonce: str) -> None:
        self.hello: _Hello | None = None
        self.lost: str | None = None
        self.late: set[str] = set()
        self.ended = heard.ended
        self.begun: set[str] = set()
        self.absent: set[str] = set()
        self._bodies: dict[str, tuple[str, bytes]] = {}
        self._whole: set[str] = set()
        marker = b"@%b " % nonce.encode()
        # Each marker stands on a line of its own; what follows it, up to the next one, is its frame's.
        before, *parts = heard.out.split(b"\n" + marker)
        if before.startswith(marker):
            parts.insert(0, before.removeprefix(marker))
        for part in parts:
            line, newline, body = part.partition(b"\n")
            if newline:
                self._mark(line.decode("utf-8", "replace"), body)
        self.programs = self._programs()

    def _mark(self, line: str, body: bytes) -> None:
        word, _, rest = line.partition(" ")
        match word:
            case "hello":
                encoding, uid, way, user = [*rest.split(" ", 3), "", "", ""][:4]
                login = _unpacked(user.encode() + body, encoding) or b""
                self.hello = _Hello(encoding, uid, way, login.decode("utf-8", "replace").strip())
            case "begin":
                self.begun.add(rest)
            case "absent":
                self.absent.add(rest)
            case "answer":
                name, _, seconds = rest.partition(" ")
                self._bodies[name] = (seconds, body)
            case "end":
                self._whole.add(rest)
            case "lost":
                self.lost = rest
            case "late":
                self.late.add(rest)
            case _:
                pass

    def answer(self, name: str, need: str) -> Answer | None:
        """What a whole frame answers to a need; None when there is none."""
        if name not in self._whole or name not in self._bodies:
            return None
        seconds, body = self._bodies[name]
        encoding = self.hello.encoding if self.hello else ""
        read = ALIKE.read((encoding, body), len(body), partial(_read, body, encoding))
        if isinstance(read, Output):
            return read
        return _stopped(need, read, seconds) if read.startswith(_OVER) else _invalid(need, *_WRONG[read])

    def _programs(self) -> dict[str, str]:
        listed = self.answer("programs", "")
        lines = listed.text.split("\n") if isinstance(listed, Output) else ()
        return dict(line.split(" ", 1) for line in lines if " " in line)


def _read(body: bytes, encoding: str) -> Output | str:
    """The answer in a frame, or how the command was stopped, or what is wrong with the frame."""
    out, _, told = body.partition(b"|")
    statuses = [status.decode("ascii", "replace") for status in _STATUS.findall(told)]
    stopped: str | None = next((status for status in statuses if status.startswith(_OVER)), None)
    if stopped is not None:
        return stopped
    text, errors = _unpacked(out, encoding), _unpacked(_STATUS.sub(b"", told), encoding)
    if text is None or errors is None or len(statuses) != 1 or not statuses[0].isdecimal():
        return _DAMAGED
    if len(text) > MAX_OUTPUT:
        return _LONG
    return Output(
        status=int(statuses[0]),
        text=text.decode("utf-8", "replace"),
        errors=errors.decode("utf-8", "replace"),
    )


def _unpacked(packed: bytes, encoding: str) -> bytes | None:
    packed = b"".join(packed.split())
    if not packed:
        return b""
    try:
        return b64decode(packed, validate=True) if encoding == "base64" else binascii.unhexlify(packed)
    except ValueError:
        return None


def _stopped(need: str, status: str, seconds: str) -> ReadError:
    timeout = status in _STOPPED
    return ReadError(
        need=need,
        reason=Reason.TIMEOUT if timeout else Reason.FAILED,
        # A command that somebody else kills ends as one that timeout(1) had to kill.
        detail=f"did not end within {sanitised(seconds.encode())} s, or was killed"
        if timeout
        else "its shell was killed",
        mend=f"see why `{command_of(need)}` does not end on the host",
    )


def _missing(need: str, frames: _Frames) -> ReadError:
    name = id_of(need)
    if name in frames.absent:
        return ReadError(
            need=need,
            reason=Reason.DENIED,
            detail="the forced command on the host does not have it",
            mend="put it there anew: wardround permissions --for hosts --forced-command prints it",
        )
    if frames.ended == "flood":
        return _invalid(
            need, f"the host answered more than {MAX_HEARD >> 20} MiB", "see which command says so much"
        )
    if frames.ended == "deadline" or frames.late:
        return ReadError(
            need=need,
            reason=Reason.TIMEOUT,
            detail="did not end before the host's deadline"
            if name in frames.begun - frames.late
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


def _speechless(frames: _Frames, heard: Heard) -> ReadError:
    said = sanitised(heard.out + b" " + heard.err)
    printed = f"; it printed: {said}" if said else "; it printed nothing"
    if frames.lost is not None:
        return ReadError(
            need=None,
            reason=Reason.INVALID_ANSWER,
            detail=f"{sanitised(frames.lost.encode())} on the host",
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
        mend="give the user a login shell that runs commands (not nologin), without another forced command",
    )
