"""The journal of a run that has not finished: who is writing, what the run is, and as whom it asked."""

import fcntl
import hashlib
import os
import re
import shutil
import socket
import threading
import weakref
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from .errors import ScannerError
from .files import replacing
from .model import PlannedCheck, Record, TargetRecord

FOLDER = "unfinished"
"""In a bundle: the lock, the journal, and nothing that anybody needs once the bundle is complete."""
_RUN = "run.json"
_LOCK = "lock"
_TARGETS = "targets.jsonl"


class Begun(Record, frozen=True):
    """What a run is: whoever goes on with it must be asked for the same."""

    run: str
    tool: str
    version: str
    started_at: datetime
    digests: dict[str, str]
    """SHA-256 of the policies, the checks, the targets' settings and so on, by what each is."""


class Journal:
    """The folder in a bundle that is being written; it is locked until this process ends or lets go.

    The kernel holds the lock, so that one of a process that was killed stands in nobody's way.
    """

    def __init__(self, bundle: Path) -> None:
        """Lock a bundle.

        Raises:
            ScannerError: another run is writing it, or it cannot be written.
        """
        self._bundle = bundle
        self._entering = threading.Lock()
        self.folder = bundle / FOLDER
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ScannerError(f"{bundle}: {error.strerror}") from None
        self.release = weakref.finalize(self, os.close, handle)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 200, 0).decode(errors="replace").strip() or "another process"
            self.release()
            raise ScannerError(f"{bundle}: {holder} is writing it; name another folder, or wait") from None
        except OSError as error:
            self.release()
            raise ScannerError(f"{bundle}: cannot be locked: {error.strerror}") from None
        if not os.fstat(handle).st_nlink:
            self.release()
            raise ScannerError(f"{bundle}: another run finished it just now; name another folder")
        self._sign(handle)

    def _sign(self, handle: int) -> None:
        try:
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
            for leftover in self.folder.glob(".*"):
                leftover.unlink()
        except OSError as error:
            raise ScannerError(f"{self._bundle}: {error.strerror}") from None

    @property
    def begun(self) -> Begun | None:
        """The run that was begun here; None when there is none.

        Raises:
            ScannerError: it cannot be read.
        """
        path = self.folder / _RUN
        try:
            return msgspec.json.decode(path.read_bytes(), type=Begun)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ScannerError(f"{path}: {error.strerror}") from None
        except msgspec.MsgspecError as error:
            raise ScannerError(f"{path}: not a run's journal: {error}") from None

    def begin(self, begun: Begun) -> Begun:
        """Write down what this run is, or find that it is the run that was begun here.

        Raises:
            ScannerError: another one was begun here; it says in what they differ.
        """
        before = self.begun
        if before is None:
            self._write(_RUN, begun)
            return begun
        different = list(differences(before, begun))
        if different:
            raise ScannerError(
                *(f"{self._bundle}: cannot be resumed: {one}" for one in different),
                f"undo what changed, or name a new folder with --bundle instead of {self._bundle}",
            )
        return before

    def entered(self) -> dict[str, TargetRecord]:
        """The targets that were entered, by their configured names.

        Raises:
            ScannerError: what was written of one cannot be read.
        """
        path = self.folder / _TARGETS
        try:
            lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
            # Of what was written last, a kill may have left a part.
            told = [line for line in lines if line.endswith(b"\n")]
            if told != lines:
                os.truncate(path, sum(map(len, told)))
            records = [msgspec.json.decode(line, type=TargetRecord) for line in told]
        except (OSError, msgspec.MsgspecError) as error:
            raise ScannerError(f"{path}: not records of targets: {error}") from None
        return {record.name: record for record in records}

    def enter(self, record: TargetRecord) -> None:
        """Write down that a target was entered, and as whom; what is written later of it holds.

        Raises:
            ScannerError: there is no room for it.
        """
        path = self.folder / _TARGETS
        try:
            with self._entering, open(path, "ab", buffering=0, opener=_private) as file:
                _append(file.fileno(), msgspec.json.encode(record) + b"\n")
        except OSError as error:
            raise ScannerError(f"{path}: {error.strerror}") from None

    def assert_same(self, before: TargetRecord, target: str, identity: str) -> None:
        """Hold whom we ask as to whom was asked as before.

        Raises:
            ScannerError: it is another target, or another identity.
        """
        if (before.id, _who(before.identity or "")) != (target, _who(identity)):
            raise ScannerError(
                f"{self._bundle}: cannot be resumed: the target {before.name} was {before.id} asked as "
                f"{before.identity}; now it is {target} asked as {identity}"
            )

    def discard(self) -> None:
        """The bundle is complete: nobody needs the journal."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.release()

    def _write(self, name: str, record: Record) -> None:
        with replacing(self.folder / name) as file:
            file.write(msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _append(handle: int, line: bytes) -> None:
    """Add a line, whole or not at all."""
    before = os.fstat(handle).st_size
    try:
        while line:
            line = line[os.write(handle, line) :]
    except OSError:
        os.ftruncate(handle, before)
        raise


def unfinished(bundle: Path) -> bool:
    """Whether a run was begun in a bundle and did not complete it."""
    with suppress(OSError):
        return (bundle / FOLDER / _RUN).exists()
    return False


def digest(value: Any) -> str:
    """SHA-256 of anything that can be told as JSON."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()


def of_checks(checks: Collection[PlannedCheck]) -> dict[str, str]:
    """Digests of planned checks: their facts, and what they need."""
    return {f"the check {check.id}": digest(check) for check in checks}


def differences(before: Begun, now: Begun) -> list[str]:
    """In what a run differs from the one that was begun; nothing when it is the same one."""
    found = []
    if (before.tool, before.version) != (now.tool, now.version):
        found.append(f"it was begun by {before.tool} {before.version}; this is {now.tool} {now.version}")
    return found + _changed(before.digests, now.digests)


def _changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return [
        f"{what} {'is new' if what not in before else 'is gone' if what not in now else 'has changed'}"
        for what in sorted({*before, *now})
        if before.get(what) != now.get(what)
    ]


def _who(identity: str) -> str:
    """An identity without the name of its session, which AWS tools make up anew each time."""
    return re.sub(r"(:assumed-role/[^/]+)/.*", r"\1", identity)
