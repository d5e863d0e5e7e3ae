"""Where syslog-ng sends what it is told."""

import re
from collections.abc import Iterable, Iterator

import msgspec

from .journal import Forward

_READ = re.compile(r"/etc/syslog-ng/(syslog-ng\.conf|conf\.d/[^/]+\.conf)")
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|[{}();]|[^\s{}();"\']+')
_SENDERS = frozenset({"network", "syslog", "tcp", "udp", "tcp6", "udp6"})
_CLEAR = frozenset({"udp", "udp6"})
_AUTHENTICATION = frozenset({"auth", "authpriv"})


class _Statement(msgspec.Struct, frozen=True):
    words: tuple[str, ...]


def forwards(lines: Iterable[str]) -> list[Forward]:
    """The places that syslog-ng's log paths send to, from lines of `grep -H` over its configuration.

    A path through a filter counts as sending what is said of log-ins unless the filter names other facilities
    only.
    """
    said = list(_statements(_tokens(lines)))
    kinds: dict[str, dict[str, tuple[str, ...]]] = {"destination": {}, "filter": {}}
    for one in said:
        if len(one.words) > 1 and one.words[0] in kinds:
            kinds[one.words[0]][one.words[1]] = one.words[2:]
    return [
        forward
        for one in said
        if one.words[:1] == ("log",)
        for name in _named(one.words, "destination")
        for forward in _sent(
            kinds["destination"].get(name, ()), _lets_authentication(one.words, kinds["filter"])
        )
    ]


def _tokens(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        path, _, text = line.partition(":")
        # Lines like `@include "..."` are no statements, and have no semicolon.
        if _READ.fullmatch(path) and not text.startswith("@"):
            for token in _TOKEN.findall(text):
                if token.startswith("#"):
                    break
                yield token.strip("\"'") if len(token) > 1 else token


def _statements(tokens: Iterable[str]) -> Iterator[_Statement]:
    words: list[str] = []
    depth = 0
    for word in tokens:
        depth += {"{": 1, "}": -1}.get(word, 0)
        if word == ";" and depth <= 0:
            yield _Statement(tuple(words))
            words, depth = [], 0
        else:
            words.append(word)


def _named(words: tuple[str, ...], kind: str) -> list[str]:
    return [words[at + 2] for at, word in enumerate(words[:-2]) if word == kind and words[at + 1] == "("]


def _sent(words: tuple[str, ...], authentication: bool) -> Iterator[Forward]:
    starts = [at for at, word in enumerate(words[:-1]) if word in _SENDERS and words[at + 1] == "("]
    for at in starts:
        inside = _inside(words, at + 1)
        if inside:
            port = next(iter(_named(("(", *inside), "port")), "514" if words[at] in _CLEAR else "601")
            tls = "tls" in inside and "(" in inside[inside.index("tls") :]
            clear = words[at] in _CLEAR or "udp" in _named(("(", *inside), "transport")
            yield Forward(f"{inside[0]}:{port}", encrypted=tls and not clear, authentication=authentication)


def _inside(words: tuple[str, ...], opened: int) -> tuple[str, ...]:
    """What stands within a bracket and its own."""
    depth = 0
    for at in range(opened, len(words)):
        depth += {"(": 1, ")": -1}.get(words[at], 0)
        if depth == 0:
            return words[opened + 1 : at]
    return words[opened + 1 :]


def _lets_authentication(words: tuple[str, ...], filters: dict[str, tuple[str, ...]]) -> bool:
    for name in _named(words, "filter"):
        said = filters.get(name, ())
        if "facility" not in said:
            continue
        at = said.index("facility")
        named = {word.strip(",") for part in _inside(said, at + 1) for word in part.split(",")}
        excluded = at > 0 and said[at - 1] == "not"
        if bool(named & _AUTHENTICATION) == excluded:
            return False
    return True
