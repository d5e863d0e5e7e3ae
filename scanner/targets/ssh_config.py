"""OpenSSH's client configuration (ssh_config(5)): what it says of a host, and where it says so.

Written anew and not taken from paramiko, which knows no Include, asks the shell for Match exec, puts the home
folder wherever a tilde stands, and forgets the lines.
"""

import getpass
import glob
import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from ..documents import contents
from ..errors import ScannerError

DEEPEST = 16
"""Includes within includes, as in OpenSSH."""
MOST_FILES = 256
_LINE = re.compile(r"\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+)(\S.*?)\s*$")
_TOGETHER = frozenset({"identityfile", "certificatefile"})
"""Settings of which all count, and not only the first."""
_COMPETING = {"proxyjump": "proxycommand", "proxycommand": "proxyjump"}
_CRITERIA = ("all", "host", "originalhost", "user", "localuser")
_REFUSED = {
    "exec": "Match exec runs a program to decide, which is never done here",
    "final": "Match final is not read here",
    "canonical": "Match canonical is not read here",
}


@dataclass(frozen=True)
class Said:
    """One line that sets something."""

    file: Path
    line: int
    keyword: str
    raw: str

    @property
    def words(self) -> list[str]:
        """Its arguments, without a comment behind them."""
        try:
            words = shlex.split(self.raw)
        except ValueError as error:
            raise self.wrong(f"{self.raw!r}: {error}") from None
        return words[: next((at for at, word in enumerate(words) if word.startswith("#")), len(words))]

    def wrong(self, why: str) -> ScannerError:
        """An error at this line."""
        return ScannerError(f"{self.file}:{self.line}: {why}")


@dataclass
class _File:
    """The lines of a file; an Include among them holds the files that it named."""

    lines: list[tuple[Said, "list[_File]"]] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """What holds for one alias: each setting, and where it was made."""

    alias: str
    settings: Mapping[str, Sequence[Said]]

    def first(self, keyword: str) -> Said | None:
        """The line that decides on a setting; None when nothing does."""
        said = self.settings.get(keyword)
        return said[0] if said else None


class SshConfig:
    """A configuration file, and everything that it includes."""

    def __init__(self, path: Path) -> None:
        """Read it.

        Raises:
            ScannerError: it or an include cannot be read, or a line is none.
            OSError: it is not there.
        """
        self.path = path
        self._read = 0
        self._root = self._file(path, 0)

    @property
    def names(self) -> tuple[str, ...]:
        """The hosts that are named as they are, in the order in which they stand."""
        listed = (word for said in _flat(self._root) if said.keyword == "host" for word in said.words)
        return tuple(dict.fromkeys(word for word in listed if not set(word) & set("*?!")))

    def knows(self, alias: str) -> bool:
        """Whether a Host line is about this alias, and not about all of them."""
        hosts = (said.words for said in _flat(self._root) if said.keyword == "host")
        return any(_matches([word for word in words if word != "*"], alias) for words in hosts)

    def lookup(self, alias: str, user: str | None = None) -> Answer:
        """What holds for a host, by the name that a user would type.

        Raises:
            ScannerError: it depends on something that is not read here.
        """
        found: dict[str, list[Said]] = {}
        self._gather(self._root, _Asking(alias, user, found), active=True, never=False)
        return Answer(alias, found)

    def _gather(self, file: _File, asking: "_Asking", *, active: bool, never: bool) -> None:
        for said, included in file.lines:
            if said.keyword == "host":
                active = not never and _matches(said.words, asking.alias)
            elif said.keyword == "match":
                active = not never and asking.fulfils(said)
            elif said.keyword == "include":
                for each in included:
                    self._gather(each, asking, active=active, never=never or not active)
            elif active:
                asking.keep(said)

    def _file(self, path: Path, depth: int) -> _File:
        self._read += 1
        try:
            text = contents(path).decode("utf-8", "replace")
        except FileNotFoundError:
            if depth == 0:
                raise
            return _File()
        except OSError as error:
            if depth == 0:
                raise
            raise ScannerError(f"{path}: {error.strerror}: an included ssh_config") from None
        file = _File()
        for number, line in enumerate(text.split("\n"), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            match = _LINE.match(line)
            if match is None:
                raise ScannerError(
                    f"{path}:{number}: {line.strip()[:80]!r} is no setting; expected a keyword and its value"
                )
            said = Said(path, number, match[1].lower(), match[2])
            file.lines.append((said, self._included(said, depth) if said.keyword == "include" else []))
        return file

    def _included(self, said: Said, depth: int) -> list[_File]:
        if depth >= DEEPEST:
            raise said.wrong(f"Include within Include, more than {DEEPEST} deep: does a file include itself?")
        found = []
        for word in said.words:
            pattern = Path("~/.ssh").expanduser() / Path(word).expanduser()
            for path in sorted(glob.glob(str(pattern))):  # noqa: PTH207 - an absolute pattern, as sshd reads it
                if self._read >= MOST_FILES:
                    raise said.wrong(
                        f"more than {MOST_FILES} files are included: does a file include itself?"
                    )
                found.append(self._file(Path(path), depth + 1))
        return found


@dataclass
class _Asking:
    """One look-up: for whom, and what was found so far."""

    alias: str
    user: str | None
    found: dict[str, list[Said]]

    def keep(self, said: Said) -> None:
        if said.keyword == "canonicalizehostname" and said.words[:1] != ["no"]:
            raise said.wrong("CanonicalizeHostname is not read here; write HostName for each host")
        if said.keyword in self.found and said.keyword not in _TOGETHER:
            return
        if _COMPETING.get(said.keyword) in self.found:
            return
        self.found.setdefault(said.keyword, []).append(said)

    def fulfils(self, said: Said) -> bool:
        words = [part for word in said.words for part in _parted(word)]
        if not words:
            raise said.wrong(f"Match says nothing; expected {', '.join(_CRITERIA)}")
        while words:
            word = words.pop(0)
            name = word.removeprefix("!").lower()
            if name == "all":
                if word.startswith("!"):
                    return False
                continue
            if name in _REFUSED:
                raise said.wrong(f"{_REFUSED[name]}; expected {', '.join(_CRITERIA)}")
            if name not in _CRITERIA:
                raise said.wrong(f"Match {name!r} is not read here; expected {', '.join(_CRITERIA)}")
            if not words:
                raise said.wrong(f"Match {name} says no pattern; expected one")
            patterns, value = words.pop(0), self._value(name)
            if name.endswith("host"):
                # Unlike those of a Host line.
                patterns, value = patterns.lower(), value.lower()
            if _matches(patterns.split(","), value) is word.startswith("!"):
                return False
        return True

    def _value(self, name: str) -> str:
        if name == "originalhost":
            return self.alias
        if name == "host":
            return hostname(Answer(self.alias, self.found))
        local = getpass.getuser()
        if name == "localuser":
            return local
        told = self.found.get("user")
        return self.user or (told[0].words[0] if told else local)


def hostname(answer: Answer) -> str:
    """The address of a host: its HostName, or the alias itself."""
    said = answer.first("hostname")
    if said is None:
        return answer.alias
    return expanded(said, one_word(said), {"h": answer.alias})


def one_word(said: Said) -> str:
    """The value of a setting that has one."""
    words = said.words
    if len(words) != 1 or not words[0]:
        raise said.wrong(f"{said.keyword} {said.raw!r}; expected one value")
    return words[0]


def expanded(said: Said, text: str, tokens: Mapping[str, str]) -> str:
    """A value with its tokens (%h) replaced.

    Raises:
        ScannerError: a token means nothing here.
    """

    def meant(match: re.Match[str]) -> str:
        letter = match[1]
        if letter == "%":
            return "%"
        if letter not in tokens:
            known = ", ".join(f"%{each}" for each in ("%", *sorted(tokens)))
            raise said.wrong(f"{said.keyword}: %{letter} means nothing here; expected one of {known}")
        return tokens[letter]

    return re.sub(r"%(.|$)", meant, text)


def path(said: Said, text: str, tokens: Mapping[str, str]) -> str:
    """A path with its tokens, variables (${HOME}) and tilde replaced."""

    def variable(match: re.Match[str]) -> str:
        if match[1] not in os.environ:
            raise said.wrong(f"{said.keyword}: the variable {match[1]} of the environment is not set")
        return os.environ[match[1]]

    return str(Path(re.sub(r"\$\{(\w+)\}", variable, expanded(said, text, tokens))).expanduser())


def _parted(word: str) -> Iterator[str]:
    """A criterion and its pattern, which may be one word with an equals sign."""
    name, equals, value = word.partition("=")
    if equals and name.removeprefix("!").lower() in _CRITERIA:
        yield from (name, value)
    else:
        yield word


def _flat(file: _File) -> Iterator[Said]:
    for said, included in file.lines:
        yield said
        for each in included:
            yield from _flat(each)


def _matches(patterns: Sequence[str], name: str) -> bool:
    """Whether a list of patterns, some of which may say who is not meant, means a name."""
    matched = False
    for pattern in patterns:
        # Brackets stand for themselves here.
        literal = pattern.removeprefix("!").replace("[", "[[]")
        if fnmatchcase(name, literal):
            if pattern.startswith("!"):
                return False
            matched = True
    return matched
