"""What package managers are told of signatures, and what they find changed since packages were installed."""

import re
from collections.abc import Iterable, Mapping

import msgspec

UNREADABLE = "unreadable"
"""What stands for a file that the login may not read."""

_MAIN = "main"
_ZYPP = ("/etc/zypp/", "/usr/etc/zypp/", "/usr/lib/zypp/")
_YES = frozenset({"1", "yes", "true", "on"})
_OPTION = re.compile(r"\s*deb(-src)?\s+\[(?P<options>[^\]]*)\]", re.IGNORECASE)
_WAIVED = frozenset({"trusted", "allow-insecure", "allow-weak", "allow-downgrade-to-insecure"})
_RPM = re.compile(r"(?P<flags>[A-Z0-9.?]{8,9}) {1,2}(?P<kind>[a-z ]) (?P<path>/.*)$")
_GONE = re.compile(r"missing +(?:(?P<kind>[a-z]) )?(?P<path>/.*)$")
_EXPECTED_TO_CHANGE = frozenset("cg")
"""Configuration files, and ghosts: what packages only claim."""


class Repositories(msgspec.Struct, frozen=True):
    """What dnf, yum and zypper check of signatures."""

    default: bool
    """Whether packages are checked unless a repository says otherwise."""
    local: bool
    """Whether packages that are installed from a file are checked."""
    unchecked: tuple[str, ...]
    """The repositories in use whose packages are not checked."""
    unchecked_metadata: tuple[str, ...]
    """The repositories in use whose lists of packages are not checked."""
    unverified: tuple[str, ...]
    """The repositories in use whose server need not prove who it is."""


class Differences(msgspec.Struct, frozen=True):
    """What a package manager finds to be other than it installed it; configuration files left out."""

    changed: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    """Files whose mode, owner or group is another; configuration files are among these."""
    missing: tuple[str, ...] = ()


class _Section(msgspec.Struct):
    """One section of the settings: a repository, or what holds for all."""

    zypp: bool
    settings: dict[str, str] = msgspec.field(default_factory=dict)

    def on(self, name: str, *, otherwise: bool) -> bool:
        value = self.settings.get(name)
        return otherwise if value is None else value in _YES


def repositories(lines: Iterable[str]) -> Repositories:
    """What is set in dnf.conf, yum.conf, zypp.conf and files of repositories, each line after its path.

    As their manuals have it: dnf and yum check no package unless told to; libzypp checks all unless told not
    to, and takes a list's signature for those of its packages.
    """
    mains, found = _sections(lines)
    used = {name: each for name, each in found.items() if each.on("enabled", otherwise=True)}
    tools = {each.zypp for each in found.values()} | {zypp for zypp in mains if mains[zypp].settings}
    told = [mains[zypp] for zypp in sorted(tools)]
    return Repositories(
        default=all(_packages(main, main) for main in told),
        local=all(_packages(main, main) if main.zypp else _is(main, "localpkg_gpgcheck") for main in told),
        unchecked=_names(name for name, each in used.items() if not _packages(each, mains[each.zypp])),
        unchecked_metadata=_names(name for name, each in used.items() if not _lists(each, mains[each.zypp])),
        unverified=_names(
            name
            for name, each in used.items()
            if not each.on("sslverify", otherwise=mains[each.zypp].on("sslverify", otherwise=True))
        ),
    )


def apt_waivers(lines: Iterable[str]) -> tuple[str, ...]:
    """The files among APT's sources that do without signatures, sorted.

    Takes the options of lines in .list files and the fields of .sources files, each after its path; a stanza
    ends with an empty line.
    """
    found: set[str] = set()
    stanza: dict[str, str] = {}
    before = ""
    for line in lines:
        path, _, text = line.partition(":")
        option = _OPTION.match(text)
        if path != before or not text.strip():
            found |= _waived(before, stanza)
            stanza = {}
        before = path
        if option:
            found |= _waived(path, _pairs(option["options"].split(), "="))
        elif path.endswith(".sources"):
            stanza |= _pairs([text], ":")
    return tuple(sorted(found | _waived(before, stanza)))


def unreadable(lines: Iterable[str]) -> tuple[str, ...]:
    """The files that the login may not read."""
    return tuple(line.removesuffix(f":{UNREADABLE}") for line in lines if line.endswith(f":{UNREADABLE}"))


def verified(lines: Iterable[str]) -> Differences:
    """What `rpm --verify` printed (`S.5....T.  c /etc/hosts`) or `dpkg --verify` (`??5??????   /bin/ls`)."""
    changed, permissions, missing = set(), set(), set()
    for line in lines:
        if gone := _GONE.match(line):
            if gone["kind"] not in _EXPECTED_TO_CHANGE:
                missing.add(gone["path"])
        elif found := _RPM.match(line):
            if found["flags"][2] == "5" and found["kind"] not in _EXPECTED_TO_CHANGE:
                changed.add(found["path"])
            if set("MUG") & set(found["flags"]) and found["kind"] != "g":
                permissions.add(found["path"])
    return Differences(_names(changed), _names(permissions), _names(missing))


def audited(lines: Iterable[str]) -> Differences:
    """What `apk audit --system` printed: U for a file that is another, X for one that is gone."""
    split = [line.split(" ", 1) for line in lines if line[1:2] == " "]
    return Differences(
        changed=_names(f"/{path}" for letter, path in split if letter == "U"),
        permissions=_names(f"/{path}" for letter, path in split if letter in "Mm"),
        missing=_names(f"/{path}" for letter, path in split if letter == "X"),
    )


def _sections(lines: Iterable[str]) -> tuple[Mapping[bool, _Section], dict[str, _Section]]:
    """What holds for all repositories, of dnf (False) and of zypper (True), and the repositories."""
    mains = {zypp: _Section(zypp) for zypp in (False, True)}
    found: dict[str, _Section] = {}
    current = mains[False]
    for line in lines:
        path, _, text = line.partition(":")
        setting = text.strip()
        if setting.startswith("["):
            name, zypp = setting.strip("[]"), path.startswith(_ZYPP)
            current = mains[zypp] if name == _MAIN else found.setdefault(name, _Section(zypp))
        else:
            current.settings |= _pairs([setting], "=")
    return mains, found


def _packages(section: _Section, main: _Section) -> bool:
    """Whether the signatures of its packages are checked; libzypp and dnf 5 have a second name for it."""
    general = section.on("gpgcheck", otherwise=main.on("gpgcheck", otherwise=main.zypp))
    return section.on("pkg_gpgcheck", otherwise=main.on("pkg_gpgcheck", otherwise=general))


def _lists(section: _Section, main: _Section) -> bool:
    general = main.zypp and section.on("gpgcheck", otherwise=main.on("gpgcheck", otherwise=True))
    return section.on("repo_gpgcheck", otherwise=main.on("repo_gpgcheck", otherwise=general))


def _is(section: _Section, name: str) -> bool:
    return section.on(name, otherwise=False)


def _pairs(texts: Iterable[str], sign: str) -> dict[str, str]:
    split = (text.lower().partition(sign) for text in texts)
    return {name.strip(): value.strip() for name, _, value in split}


def _waived(path: str, options: Mapping[str, str]) -> set[str]:
    if options.get("enabled", "yes") not in _YES:
        return set()
    expiry_off = options.get("check-valid-until", "yes") not in _YES
    return {path} if expiry_off or any(options.get(name) in _YES for name in _WAIVED) else set()


def _names(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(found)))
