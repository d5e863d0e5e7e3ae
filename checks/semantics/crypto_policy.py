"""How strong encryption a system asks for: Red Hat's crypto policies, and OpenSSL's configuration."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import msgspec

Tls = Literal["SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"]

_HELD = ("ciphers", "macs", "kexalgorithms", "hostkeyalgorithms", "pubkeyacceptedalgorithms")
_OLD_NAMES = {"pubkeyacceptedkeytypes": "pubkeyacceptedalgorithms"}
_SET = re.compile(r"\s*(?:TLS\.)?(?P<name>MinProtocol|CipherString)\s*=\s*(?P<value>[^#]*)", re.IGNORECASE)
_LEVEL = re.compile(r"@SECLEVEL=(\d)")
_VERSIONS: Mapping[str, Tls] = {
    "sslv3": "SSLv3",
    "tlsv1": "TLSv1.0",
    "tlsv1.0": "TLSv1.0",
    "tlsv1.1": "TLSv1.1",
    "tlsv1.2": "TLSv1.2",
    "tlsv1.3": "TLSv1.3",
}


class Allowed(msgspec.Struct, frozen=True):
    """What a crypto policy lets the SSH server offer."""

    handed_over: bool
    """Whether the server gets it on its command line, and not from a file that it includes."""
    names: Mapping[str, frozenset[str]]
    """Algorithms by setting."""

    def beyond(self, effective: Iterable[str]) -> Iterator[str]:
        """What `sshd -T` says that the server offers and the policy leaves out."""
        for line in effective:
            setting, _, offered = line.partition(" ")
            allowed = self.names.get(_OLD_NAMES.get(setting, setting))
            if allowed is not None:
                extra = [name for name in offered.strip().split(",") if name not in allowed]
                yield from (f"{setting} {name}" for name in extra)


def allowed(lines: Iterable[str]) -> Allowed:
    """What the back end for the SSH server says, in either of its forms."""
    held: dict[str, frozenset[str]] = {}
    handed_over = False
    for line in lines:
        if line.startswith("CRYPTO_POLICY="):
            handed_over = True
            words = [word.removeprefix("-o") for word in line.partition("=")[2].strip("'\"").split()]
            pairs = [word.split("=", 1) for word in words if "=" in word]
        else:
            pairs = [line.split(None, 1)]
        for name, *value in pairs:
            setting = _OLD_NAMES.get(name.lower(), name.lower())
            if setting in _HELD and value:
                held[setting] = frozenset(value[0].strip().split(","))
    return Allowed(handed_over, held)


class OpenSsl(msgspec.Struct, frozen=True):
    """What files tell OpenSSL."""

    min_tls: Tls | None
    security_level: int | None


def openssl(lines: Iterable[str]) -> OpenSsl:
    """What OpenSSL's files say, by `grep -H`; of those that name it, the crypto policy's counts first."""
    said: dict[str, str] = {}
    for line in sorted(lines, key=lambda line: "/crypto-policies/" in line):
        found = _SET.match(line.partition(":")[2])
        if found:
            said[found["name"].lower()] = found["value"].strip()
    level = _LEVEL.search(said.get("cipherstring", ""))
    return OpenSsl(_VERSIONS.get(said.get("minprotocol", "").lower()), int(level[1]) if level else None)
