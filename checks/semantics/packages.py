"""What package managers say of updates."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

_INST = re.compile(r"Inst (?P<name>\S+) (?:\[[^\]]*\] )?\((?P<version>\S+) (?P<origins>[^\[)]*)")
_SECURITY_LIST = re.compile(r"security.*_Packages(\.|$)")
_ADVISORY = re.compile(r"\S+[-:]\S*\d")
_ARCHITECTURE = re.compile(r"\.[^.]+$")
_SETTING = re.compile(r'(?P<name>\S+) "(?P<value>[^"]*)";')
_OFF = frozenset({"", "0", "never", "always-off", "false", "no"})


def apt_updates(lines: Iterable[str]) -> dict[str, bool]:
    """The packages that `apt-get --simulate` would install, and whether security is the reason.

    Debian and Ubuntu name the origins in one parenthesis: `Debian-Security:12/oldstable-security`,
    `Ubuntu:22.04/jammy-security`, `UbuntuESM:22.04/jammy-infra-security`.
    """
    found = (_INST.match(line) for line in lines)
    return {update["name"]: any(map(_is_security, update["origins"].split(", "))) for update in found if update}


def apt_security_lists(names: Iterable[str]) -> bool:
    """Whether a list of security updates is among the files in /var/lib/apt/lists."""
    return any(_SECURITY_LIST.search(name) for name in names)


def apt_settings(lines: Iterable[str]) -> dict[str, str]:
    """The settings that `apt-config dump` printed; the last one counts."""
    found = (_SETTING.match(line) for line in lines)
    return {setting["name"]: setting["value"] for setting in found if setting}


def apt_installs_by_itself(settings: Mapping[str, str]) -> bool:
    """Whether APT's periodic settings have unattended-upgrades run."""
    return (
        settings.get("APT::Periodic::Enable", "1") not in _OFF
        and settings.get("APT::Periodic::Unattended-Upgrade", "0") not in _OFF
    )


def dnf_advisories(lines: Iterable[str]) -> dict[str, set[str]]:
    """The advisories that `dnf updateinfo list --security` printed, by package with its architecture.

    dnf 4 prints `RHSA-2024:1 Important/Sec. glibc-2.34-1.el9.x86_64`; dnf 5 a table with a heading, where the
    kind and the severity are columns of their own.
    """
    found: dict[str, set[str]] = {}
    for line in lines:
        words = line.split()
        if not words or not _ADVISORY.match(words[0]):
            continue
        if len(words) > 3 and words[1] == "security":  # noqa: PLR2004 - name, kind, severity, package
            found.setdefault(_name(words[3]), set()).add(words[0])
        elif words[1:2] and words[1].endswith("/Sec."):
            found.setdefault(_name(words[2]), set()).add(words[0])
    return found


def moments(lines: Iterable[str]) -> dict[str, datetime]:
    """The moments that `stat -c '%Y %n'` printed, by path."""
    split = (line.partition(" ") for line in lines)
    return {path: datetime.fromtimestamp(int(seconds), UTC) for seconds, _, path in split}


def newest_kernel(paths: Iterable[str]) -> str | None:
    """The kernel release whose image `ls -t` named first; rescue images are not booted by themselves."""
    releases = (path.rpartition("/vmlinuz-")[2] for path in paths if "/vmlinuz-" in path)
    return next((release for release in releases if "rescue" not in release and release), None)


def _is_security(origin: str) -> bool:
    return origin.startswith("Debian-Security:") or origin.strip().endswith("-security")


def _name(package: str) -> str:
    """`glibc.x86_64` of `glibc-2.34-1.el9.x86_64`: several advisories for one package are one update."""
    architecture = _ARCHITECTURE.search(package)
    return package.rsplit("-", 2)[0] + (architecture[0] if architecture else "")
