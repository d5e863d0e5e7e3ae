"""What is shared over the network and taken from there, and what protects it on its way."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import msgspec

Protection = Literal["kerberos", "smb", "tls", "ssh", "ceph"]

_OCTAL = re.compile(r"\\([0-7]{3})")
_ENTRY = re.compile(r"(?P<client>[^()]*)(?:\((?P<options>[^()]*)\))?$")


class Export(msgspec.Struct, frozen=True):
    """A folder that is shared by NFS, and with whom."""

    path: str
    client: str
    """As it is written: an address, a network, a name, a pattern; * for everybody."""
    options: frozenset[str]

    @property
    def security(self) -> tuple[str, ...]:
        """The ways that a client may choose from: krb5p encrypts, sys believes what the client says."""
        said = [option.removeprefix("sec=") for option in self.options if option.startswith("sec=")]
        return tuple(sorted({flavour for each in said for flavour in each.split(":")})) or ("sys",)

    @property
    def tls_required(self) -> bool:
        """Whether a client without TLS is turned away (RFC 9289)."""
        said = [option.removeprefix("xprtsec=") for option in self.options if option.startswith("xprtsec=")]
        return bool(said) and all(way in ("tls", "mtls") for each in said for way in each.split(":"))

    @property
    def encrypted(self) -> bool:
        """Whether nobody can take it in the clear."""
        return self.security == ("krb5p",) or self.tls_required


def exported(lines: Iterable[str]) -> list[Export]:
    """The exports of /var/lib/nfs/etab: what the server shares now, every option spelt out."""
    return list(_exports(lines))


def configured(lines: Iterable[str]) -> list[Export]:
    """The exports of /etc/exports and exports.d, by `grep -H`: what it will share when it is told anew."""
    joined: dict[str, str] = {}
    for line in lines:
        path, _, text = line.partition(":")
        if path == "/etc/exports" or (path.startswith("/etc/exports.d/") and path.endswith(".exports")):
            bare = text.partition("#")[0].rstrip()
            joined[path] = joined.get(path, "") + (bare[:-1] + " " if bare.endswith("\\") else bare + "\n")
    return [export for text in joined.values() for export in _exports(text.splitlines())]


def _exports(lines: Iterable[str]) -> Iterator[Export]:
    for line in lines:
        path, clients = _path(line.strip())
        if not path.startswith("/"):
            continue
        defaults = ""
        for word in clients:
            if word.startswith("-"):
                defaults = word[1:]
                continue
            entry = _ENTRY.match(word)
            if entry:
                said = [option for option in f"{defaults},{entry['options'] or ''}".split(",") if option]
                yield Export(path, entry["client"] or "*", frozenset(_last(said)))


def _last(options: list[str]) -> list[str]:
    """An option of the entry's own replaces the default's of the same name."""
    named = {option.partition("=")[0]: option for option in options}
    return list(named.values())


def _path(line: str) -> tuple[str, list[str]]:
    if line.startswith('"'):
        inside, _, rest = line[1:].partition('"')
        return _plain(inside), rest.split()
    words = line.split()
    return (_plain(words[0]), words[1:]) if words else ("", [])


def _plain(field: str) -> str:
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), field)


class Taken(msgspec.Struct, frozen=True):
    """A file system that another machine keeps."""

    point: str
    kind: str
    source: str
    options: Mapping[str, str]
    """The file system's own; those without a value are empty."""

    @property
    def protection(self) -> Protection | None:
        """What encrypts it on its way; None: nothing that is seen here."""
        said = self.options
        if self.kind in ("nfs", "nfs4"):
            if said.get("sec") == "krb5p":
                return "kerberos"
            return "tls" if said.get("xprtsec") in ("tls", "mtls") else None
        if self.kind in ("cifs", "smb3"):
            return "smb" if "seal" in said else None
        if self.kind == "ceph":
            return "ceph" if said.get("ms_mode") == "secure" else None
        return "ssh" if self.kind == "fuse.sshfs" else None

    @property
    def through_this_machine(self) -> bool:
        """Whether a program on this machine passes it on, as stunnel does for Amazon EFS."""
        address = self.options.get("addr") or self.source.partition(":")[0]
        return address.startswith("127.") or address in ("localhost", "::1")


_NETWORKED = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "ceph", "fuse.sshfs", "afs", "fuse.glusterfs", "lustre"}
)


def taken(lines: Iterable[str]) -> list[Taken]:
    """The file systems of other machines, from /proc/self/mountinfo; one mounted twice is told twice."""
    found = []
    for line in lines:
        before, dash, after = line.partition(" - ")
        fields, behind = before.split(" "), after.split(" ")
        if dash and behind[0] in _NETWORKED and len(fields) > 4 and len(behind) > 2:  # noqa: PLR2004 - fields
            options = dict(_split(option) for option in behind[2].split(","))
            found.append(Taken(_plain(fields[4]), behind[0], _plain(behind[1]), options))
    return found


def _split(option: str) -> tuple[str, str]:
    name, _, value = option.partition("=")
    return name, value


def policies(lines: Iterable[str]) -> list[tuple[str, str, str]]:
    """Networks of this side and the other and the peer, of each tunnel of `ip xfrm policy`'s output.

    Only what goes out is told, which is what such a tunnel protects.
    """
    found: list[tuple[str, str, str]] = []
    selector: tuple[str, str] | None = None
    outward = False
    for line in lines:
        words = line.split()
        match words:
            case ["src", source, "dst", destination, *_]:
                selector, outward = (source, destination), False
            case ["dir", "out", *_]:
                outward = True
            case ["tmpl", "src", _, "dst", peer, *_] if selector and outward:
                found.append((*selector, peer))
            case _:
                pass
    return found
