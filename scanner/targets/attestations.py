"""Attestations: what people state and sign, in a folder of dated files."""

import errno
import hashlib
import os
import pwd
import stat
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar, Protocol

from ..declaration import Check
from ..documents import MOST_BYTES
from ..errors import ReadError, ScannerError
from ..model import Reason, Scope
from ..view import View
from . import AtOnce, statements
from .statements import Statement

NEED = "statements"
"""All that a check on attestations can ask."""

MOST_FILES = 10_000
MOST_EVIDENCE_BYTES = 512 * 2**20
_PIECE_BYTES = 2**20
_SUFFIXES = (".yaml", ".yml")
_MISSING = frozenset({errno.ENOENT, errno.ENOTDIR})
_SAID = 3


class Folder(Protocol):
    """Where statements are kept: a folder of this machine, or a test's."""

    def names(self) -> list[str]:
        """The files of statements, sorted.

        Raises:
            ReadError: they cannot be listed.
        """
        ...

    def text(self, name: str) -> bytes:
        """What one of them holds.

        Raises:
            ReadError: it cannot be read.
        """
        ...

    def digest(self, file: str) -> str | None:
        """SHA-256 of a file that a statement names; None when there is no such file.

        Raises:
            ReadError: it cannot be read, is too large, or leads out of the folder.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Stated(Statement):
    """A statement as it was found."""

    resource: str
    evidence_intact: bool | None
    """Whether the evidence is there and unchanged; None: it names none."""


class Attestations(View):
    """One folder of statements."""

    platform: ClassVar[str] = "attestations"

    def __init__(self, needs: Collection[str], name: str, folder: Folder) -> None:
        """Show a check the statements in a folder."""
        super().__init__(needs)
        self.id = f"attestations:{name}"
        self._folder = folder

    @classmethod
    def refuse_need(cls, need: str) -> str | None:
        """There is one thing to be had of a folder."""
        return None if need == NEED else f"{need!r} is nothing a folder of attestations has; it has {NEED!r}"

    def statements(self) -> Iterator[Stated]:
        """Every statement, by file; a file that is malformed or refused is kept as refused, whole.

        Raises:
            ReadError: the folder cannot be listed.
        """
        self.declared(NEED)
        try:
            names = self._folder.names()
        except ReadError as refusal:
            raise self.refused(refusal) from None
        for name in names:
            file = f"{self.id}/{shown(name)}"
            for statement in self._read(file, name):
                yield from self._found(f"{file}#{statement.key}", statement)

    def _read(self, file: str, name: str) -> list[Statement]:
        with self.reading(file):
            try:
                return statements.read(self._folder.text(name), shown(name))
            except ReadError as refusal:
                raise self.refused(refusal) from None
            except ScannerError as error:
                raise self.refused(_malformed(error)) from None
        return []

    def _found(self, resource: str, statement: Statement) -> list[Stated]:
        with self.reading(resource):
            intact: bool | None = None
            if statement.evidence_file is not None:
                try:
                    intact = self._folder.digest(statement.evidence_file) == statement.evidence_sha256
                except ReadError as refusal:
                    raise self.refused(refusal) from None
            return [Stated(resource=resource, evidence_intact=intact, **vars(statement))]
        return []


def shown(name: str) -> str:
    """A file's name as it can be printed and stored; two names are never shown alike."""
    return "".join(
        character if character.isprintable() and character != "\\" else ascii(character)[1:-1]
        for character in name
    )


def _malformed(error: ScannerError) -> ReadError:
    more = len(error.messages) - _SAID
    return ReadError(
        need=NEED,
        reason=Reason.INVALID_ANSWER,
        detail="; ".join([*error.messages[:_SAID], *([f"and {more} more"] if more > 0 else [])]),
        mend="correct the file: until then nobody knows what it states",
    )


class Paper:
    """A folder of this machine; what it leads to beyond itself is not read."""

    def __init__(self, path: Path) -> None:
        """Read from this folder."""
        self._path = path
        self._digests: dict[str, str | None] = {}

    def names(self) -> list[str]:
        """The YAML files that lie in the folder itself and are not hidden."""
        try:
            with os.scandir(self._path) as entries:
                found = sorted(entry.name for entry in entries if _states(entry))
        except OSError as error:
            raise _refused(error, f"the folder {shown(self._path.name)}") from None
        if len(found) > MOST_FILES:
            raise _invalid(f"{len(found)} files; expected at most {MOST_FILES}", "name the right folder")
        return found

    def text(self, name: str) -> bytes:
        """What a file holds; of one that is too large, enough to say so."""
        try:
            with self._opened(name) as file:
                return file.read(MOST_BYTES + 1)
        except OSError as error:
            raise _refused(error, "the file") from None

    def digest(self, file: str) -> str | None:
        """SHA-256 of a file, read once however many statements name it."""
        if file not in self._digests:
            try:
                with self._opened(file) as opened:
                    self._digests[file] = _sha256(opened, file)
            except OSError as error:
                if error.errno not in _MISSING:
                    raise _refused(error, f"the evidence {file}") from None
                self._digests[file] = None
        return self._digests[file]

    def _opened(self, name: str) -> BinaryIO:
        """A plain file within the folder, open for reading; opening a pipe must not wait for a writer."""
        path = os.path.realpath(self._path / name, strict=True)
        if not Path(path).is_relative_to(os.path.realpath(self._path)):
            raise _invalid(f"{shown(name)} leads out of the folder", "put the file itself into the folder")
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise _invalid(f"{shown(name)} is not a plain file", "put a plain file in its place")
        return os.fdopen(handle, "rb")


def _states(entry: os.DirEntry[str]) -> bool:
    named = entry.name.lower().endswith(_SUFFIXES) and not entry.name.startswith(".")
    return named and not entry.is_dir(follow_symlinks=False)


def _sha256(file: BinaryIO, name: str) -> str:
    digest = hashlib.sha256()
    read = 0
    while piece := file.read(_PIECE_BYTES):
        read += len(piece)
        if read > MOST_EVIDENCE_BYTES:
            raise _invalid(
                f"the evidence {name} is larger than {MOST_EVIDENCE_BYTES} bytes",
                "name an extract, or a file that lists digests",
            )
        digest.update(piece)
    return digest.hexdigest()


def _refused(error: OSError, what: str) -> ReadError:
    denied = isinstance(error, PermissionError)
    return ReadError(
        need=NEED,
        reason=Reason.DENIED if denied else Reason.FAILED,
        detail=f"{what}: {error.strerror}",
        mend=f"let {_user()} read it" if denied else "see that it is there and can be read",
    )


def _invalid(detail: str, mend: str) -> ReadError:
    return ReadError(need=NEED, reason=Reason.INVALID_ANSWER, detail=detail, mend=mend)


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"


@dataclass(frozen=True)
class AttestationsSession:
    """A folder that is there."""

    id: str
    name: str
    identity: str
    """Who is reading it."""
    folder: Folder
    tags: Mapping[str, str] | None = None
    scopes: tuple[Scope, ...] = (Scope(name="folder", on="Attestations"),)
    calls: ClassVar[Mapping[str, int]] = {}
    """It is a folder: nobody is called."""

    def view(self, scope: Scope, check: Check, leaves: Executor | None = None) -> Attestations:
        """The folder, as a check may see it."""
        del scope, leaves
        return Attestations(check.needs, self.name, self.folder)

    def done(self, scope: Scope, check: Check) -> None:
        """Nothing: nothing is held but digests."""

    def close(self) -> None:
        """Nothing: no file stays open."""


@dataclass(frozen=True)
class AttestationsTarget:
    """A configured folder of statements."""

    name: str
    folder: str
    """Its path."""

    @property
    def id(self) -> str:
        """`attestations:` and its name."""
        return f"attestations:{self.name}"

    @property
    def kind(self) -> str:
        """The word in the configuration."""
        return "attestations"

    @property
    def kinds(self) -> tuple[type[View], ...]:
        """What checks can be run on."""
        return (Attestations,)

    @property
    def labels(self) -> tuple[str, ...]:
        """Its name."""
        return (self.name,)

    @property
    def at_once(self) -> Mapping[type[View], AtOnce]:
        """None: they read a few small files."""
        return {}

    def enter(self, checks: Mapping[str, Check]) -> AttestationsSession:  # noqa: ARG002
        """See that the folder is there.

        Raises:
            ReadError: it is not, or cannot be listed.
        """
        folder = Paper(Path(self.folder))
        try:
            folder.names()
        except ReadError as refusal:
            raise ReadError(
                need=None,
                reason=Reason.DENIED if refusal.reason is Reason.DENIED else Reason.UNREACHABLE,
                detail=refusal.detail,
                mend=refusal.mend,
            ) from None
        return AttestationsSession(
            id=self.id, name=self.name, identity=f"{_user()}@localhost (this machine)", folder=folder
        )
