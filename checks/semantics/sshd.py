"""What an SSH daemon demands of who logs in."""

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Literal, get_args

import msgspec

Configuration = Mapping[str, tuple[str, ...]]
"""Values by keyword, both as `sshd -T` prints them."""

PASSWORD, KEYBOARD, KEY = "password", "keyboard-interactive", "publickey"

_MAIN = re.compile(r"(/usr)?/etc/ssh/sshd_config")
_DROP_IN = re.compile(r"(/usr)?/etc/ssh/sshd_config\.d/[^/]+\.conf")
# Written by update-crypto-policies, and holds nothing but algorithms.
_CRYPTO_POLICY = "/etc/crypto-policies/back-ends/opensshserver.config"
_KNOWN_INCLUDES = frozenset(
    {"/etc/ssh/sshd_config.d/*.conf", "/usr/etc/ssh/sshd_config.d/*.conf", _CRYPTO_POLICY}
)
RootLogin = Literal["no", "forced-commands-only", "prohibit-password", "yes"]
_ROOT_LOGINS: tuple[RootLogin, ...] = get_args(RootLogin)
_SWITCHES = {
    "pubkeyauthentication": KEY,
    "passwordauthentication": PASSWORD,
    "kbdinteractiveauthentication": KEYBOARD,
    "gssapiauthentication": "gssapi-with-mic",
    "hostbasedauthentication": "hostbased",
}
_OLD_NAMES = {
    "challengeresponseauthentication": "kbdinteractiveauthentication",
    "skeyauthentication": "kbdinteractiveauthentication",
    "dsaauthentication": "pubkeyauthentication",
    "pubkeyacceptedkeytypes": "pubkeyacceptedalgorithms",
}
_SPAN = re.compile(r"(\d{1,9}[smhdwSMHDW]?)+")
_SPAN_PART = re.compile(r"(\d{1,9})([smhdwSMHDW]?)")
_SPAN_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_WORD = re.compile(r'"([^"]*)"|(\S+)')


class Blocks(msgspec.Struct, frozen=True):
    """What the configuration's files say for some logins only, under `Match`."""

    criteria: tuple[str, ...]
    """`User backup`, `Address 10.0.0.0/8`: each block's, in the order of the files."""
    settings: Configuration
    """Every value that some block gives a keyword, in its order."""
    unfollowed: tuple[str, ...]
    """Includes of files that were not read."""


def effective(lines: Iterable[str]) -> Configuration:
    """The configuration that `sshd -T` printed: what holds where no Match block says otherwise."""
    found: dict[str, tuple[str, ...]] = {}
    for line in lines:
        keyword, _, value = line.strip().partition(" ")
        keyword = _OLD_NAMES.get(keyword.lower(), keyword.lower())
        found[keyword] = (*found.get(keyword, ()), value.strip())
    return found


def blocks(lines: Iterable[str]) -> Blocks:
    """The Match blocks in lines of `grep -H` over the configuration's files; a block ends with its file."""
    criteria: list[str] = []
    settings: dict[str, tuple[str, ...]] = {}
    unfollowed: list[str] = []
    within = ""
    for path, words in _directives(lines):
        keyword, values = words[0].lower(), words[1:]
        if keyword == "match":
            within = path
            criteria += [" ".join(values)] if [value.lower() for value in values] != ["all"] else []
        elif keyword == "include":
            known = _KNOWN_INCLUDES if within != path else frozenset()
            unfollowed += [value for value in values if posixpath.join("/etc/ssh", value) not in known]
        elif within == path:
            keyword = _OLD_NAMES.get(keyword, keyword)
            settings[keyword] = (*settings.get(keyword, ()), " ".join(values))
    return Blocks(tuple(criteria), settings, tuple(unfollowed))


def allows(everywhere: Configuration, sometimes: Configuration, keyword: str) -> bool:
    """Whether a switch is on for anybody."""
    return "yes" in _values(everywhere, sometimes, keyword)


def values(everywhere: Configuration, sometimes: Configuration, keyword: str) -> tuple[str, ...]:
    """Every value that a keyword has for somebody, in lower case; none where the daemon does not know it."""
    return tuple(value.lower() for value in _values(everywhere, sometimes, keyword))


def listed(everywhere: Configuration, sometimes: Configuration, keyword: str) -> tuple[str, ...]:
    """The words of every value of a keyword, split at commas and spaces; `none` is no word."""
    found = re.split(r"[,\s]+", " ".join(_values(everywhere, sometimes, keyword)))
    return tuple(dict.fromkeys(word for word in found if word and word.lower() != "none"))


def seconds(value: str) -> int | None:
    """A span as sshd_config(5) writes it, `90`, `1h30m`; none where it is not one."""
    if not _SPAN.fullmatch(value):
        return None
    return sum(int(number) * _SPAN_UNITS[unit.lower()] for number, unit in _SPAN_PART.findall(value))


def includes(lines: Iterable[str]) -> tuple[str, ...]:
    """What the main file includes, whether or not it exists, outside of Match blocks."""
    found: list[str] = []
    for path, words in _directives(lines):
        if not _MAIN.fullmatch(path):
            continue
        if words[0].lower() == "match":
            break
        if words[0].lower() == "include":
            found += [posixpath.join("/etc/ssh", value) for value in words[1:]]
    return tuple(found)


def root_login(everywhere: Configuration, sometimes: Configuration) -> RootLogin:
    """The most that PermitRootLogin allows anywhere; `without-password` is an older word."""
    said = {
        value.replace("without-password", "prohibit-password")
        for value in _values(everywhere, sometimes, "permitrootlogin")
    }
    return next((word for word in reversed(_ROOT_LOGINS) if word in said), "yes")


def alternatives(everywhere: Configuration, sometimes: Configuration) -> tuple[str, ...]:
    """Each list of methods that lets somebody in: `publickey,keyboard-interactive`, or `any`."""
    said = _values(everywhere, sometimes, "authenticationmethods")
    return tuple(dict.fromkeys(methods for value in said for methods in value.split()))


def second_factor(everywhere: Configuration, sometimes: Configuration, through_pam: Collection[str]) -> bool:
    """Whether every way in takes two different factors, given those that PAM demands of everybody.

    The factors are: a key; a password; a token (a one-time code or the like, through PAM); a PIN or
    fingerprint that the key itself asks for. A Match block may apply together with any other, so each value
    that one gives counts with each value of the others: what is called required is required of everybody.
    """
    ways = {
        way
        for methods in alternatives(everywhere, sometimes)
        for way in ([methods] if methods != "any" else _single(everywhere, sometimes))
    }
    kinds = _Kinds(everywhere, sometimes, frozenset(through_pam))
    return bool(ways) and all(kinds.two(way.split(",")) for way in ways)


class _Kinds(msgspec.Struct, frozen=True):
    everywhere: Configuration
    sometimes: Configuration
    through_pam: frozenset[str]

    def two(self, methods: Sequence[str]) -> bool:
        return len(frozenset[str]().union(*(self._proved(method) for method in methods))) > 1

    def _proved(self, method: str) -> frozenset[str]:
        match method.partition(":")[0]:
            case "publickey":
                return frozenset({"key", "pin"} if self._keys_verify() else {"key"})
            case "password":
                return self._pam() if self._uses_pam() else self._known({"password"})
            case "keyboard-interactive":
                return self._pam() if self._uses_pam() else frozenset()
            case "gssapi-with-mic" | "gssapi-keyex":
                # Behind a Kerberos ticket there is a password, as a rule.
                return frozenset({"password"})
            case _:
                return frozenset()

    def _pam(self) -> frozenset[str]:
        return self._known(self.through_pam)

    def _known(self, factors: Collection[str]) -> frozenset[str]:
        empty = allows(self.everywhere, self.sometimes, "permitemptypasswords")
        return frozenset(factors) - {"password"} if empty else frozenset(factors)

    def _uses_pam(self) -> bool:
        return allows(self.everywhere, {}, "usepam")

    def _keys_verify(self) -> bool:
        """Whether only hardware keys are accepted, and only after they verified who touches them."""
        options = _values(self.everywhere, self.sometimes, "pubkeyauthoptions")
        algorithms = _values(self.everywhere, self.sometimes, "pubkeyacceptedalgorithms")
        verified = options and all("verify-required" in option.split(",") for option in options)
        names = [name for listed in algorithms for name in listed.split(",")]
        return bool(verified and names) and all(name.startswith(("sk-", "webauthn-sk-")) for name in names)


def _single(everywhere: Configuration, sometimes: Configuration) -> list[str]:
    """The methods that are on for anybody: under `any`, each of them lets in by itself."""
    return [method for keyword, method in _SWITCHES.items() if allows(everywhere, sometimes, keyword)]


def _values(everywhere: Configuration, sometimes: Configuration, keyword: str) -> tuple[str, ...]:
    return (*everywhere.get(keyword, ()), *sometimes.get(keyword, ()))


def _directives(lines: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    for line in lines:
        path, _, text = line.partition(":")
        if not (_MAIN.fullmatch(path) or _DROP_IN.fullmatch(path)):
            continue
        words = [
            quoted or plain for quoted, plain in _WORD.findall(text.partition("#")[0].replace("=", " ", 1))
        ]
        if words:
            yield path, words
