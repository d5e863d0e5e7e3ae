"""What package managers say of updates."""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

_INST = re.compile(r"Inst (?P<name>\S+) (?:\[[^\]]*\] )?\((?P<version>\S+) (?P<origins>[^\[)]*)")
_SECURITY_LIST = re.compile(r"security.*_Packages(\.|$)")
_ARCHITECTURE = re.compile(r"\.[^.]+$")
_DEBIAN_BUILD = re.compile(r"\bDebian (?P<version>\S+)")
_APK_VERSION = re.compile(r"-[0-9][^-]*-r[0-9]+$")
_ORIGINS = ("Unattended-Upgrade::Allowed-Origins", "Unattended-Upgrade::Origins-Pattern")
_MODULE = re.compile(r"(?=.*_)[A-Za-z0-9_]{1,55}")
_APK_UPGRADE = re.compile(r"\bapk\b.*\bupgrade\b")
_EVERY_ORIGIN = frozenset({"origin=*", "*:*", "o=*"})
_SETTING = re.compile(r'(?P<name>\S+) "(?P<value>[^"]*)";')
_TRUE = frozenset({"yes", "true", "1", "on"})
_ALWAYS_INSTALL = frozenset({"dnf-automatic-install.timer", "os-update.timer", "transactional-update.timer"})
_OFF = frozenset({"", "0", "never", "always-off", "false", "no"})


def apt_updates(lines: Iterable[str]) -> dict[str, bool]:
    """The packages that `apt-get --simulate` would install, and whether security is the reason.

    Debian and Ubuntu name the origins in one parenthesis: `Debian-Security:12/oldstable-security`,
    `Ubuntu:22.04/jammy-security`, `UbuntuESM:22.04/jammy-infra-security`.
    """
    found = (_INST.match(line) for line in lines)
    return {
        update["name"]: any(map(_is_security, update["origins"].split(", "))) for update in found if update
    }


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
        match line.split():
            case [advisory, "security", _, package, *_]:
                found.setdefault(_name(package), set()).add(advisory)
            case [advisory, kind, package] if kind.endswith("/Sec."):
                found.setdefault(_name(package), set()).add(advisory)
            case _:
                pass
    return found


def moments(lines: Iterable[str]) -> dict[str, datetime]:
    """The moments that `stat -c '%Y %n'` printed, by path."""
    split = (line.partition(" ") for line in lines)
    return {path: datetime.fromtimestamp(int(seconds), UTC) for seconds, _, path in split}


def newer_kernel(running: str, images: Iterable[str]) -> bool:
    """Whether an image was built after the running kernel's, of its series and flavour.

    Takes paths in the order of `ls -t`: packages keep the time of the build.
    """
    kin = [
        release
        for release in (path.rpartition("/vmlinuz-")[2] for path in images)
        if _series(release) == _series(running)
    ]
    return running in kin and kin[0] != running


def same_debian_build(told: str, installed: str) -> bool:
    """Whether `uname -v` names the build that the kernel's package has.

    Debian has `#1 SMP PREEMPT_DYNAMIC Debian 6.1.153-1 (2025-09-20)` there. True where either does not say:
    other distributions give each build a name of its own.
    """
    build = _DEBIAN_BUILD.search(told)
    return build is None or not installed or build["version"] == installed


def apk_upgrades(lines: Iterable[str]) -> tuple[str, ...]:
    """The packages that `apk version -l '<'` printed, sorted: `busybox-1.36.1-r15  < 1.36.1-r19`."""
    split = (line.split() for line in lines)
    return tuple(
        sorted(
            _APK_VERSION.sub("", words[0])
            for words in split
            if words[1:2] == ["<"] and _APK_VERSION.search(words[0])
        )
    )


def module_names(lines: Iterable[str]) -> tuple[str, ...]:
    """The kernel modules that are named on lines of their own, sorted."""
    return tuple(sorted(line for line in lines if _MODULE.fullmatch(line)))


def cron_upgrades(lines: Iterable[str]) -> bool:
    """Whether one of these lines of crontabs and scripts has Alpine's packages upgraded."""
    return any(_APK_UPGRADE.search(line.partition("#")[0]) for line in lines)


def yum_cron_installs(services: Collection[str], settings: Iterable[str]) -> bool:
    """Whether yum-cron is started with the machine, and installs what it finds.

    Takes the units that are started so, and lines of yum-cron.conf and yum-cron-hourly.conf.
    """
    said = {line.replace(" ", "").lower() for line in settings}
    return "yum-cron.service" in services and any(f"apply_updates={yes}" in said for yes in _TRUE)


def apt_security_origins(settings: Iterable[str]) -> bool:
    """Whether unattended-upgrades may install security updates.

    Takes lines of `apt-config dump Unattended-Upgrade`. Debian names origins by pattern
    (`origin=Debian,codename=${distro_codename}-security,label=Debian-Security`), Ubuntu by
    `${distro_id}:${distro_codename}-security`.
    """
    found = (_SETTING.match(line) for line in settings)
    values = [setting["value"] for setting in found if setting and setting["name"].startswith(_ORIGINS)]
    return any("security" in value.lower() or value.strip() in _EVERY_ORIGIN for value in values)


def installs_by_timer(on: frozenset[str], settings: Iterable[str]) -> bool:
    """Whether a timer of dnf-automatic, or one of SUSE's, is on and installs what it finds.

    Takes the timers that are on, and lines of automatic.conf, the file that overrides first.
    """
    said = (line.replace(" ", "").lower() for line in settings)
    applied = next((line.partition("=")[2] for line in said if line.startswith("apply_updates=")), "no")
    return bool(_ALWAYS_INSTALL & on) or (
        bool({"dnf-automatic.timer", "dnf5-automatic.timer"} & on) and applied in _TRUE
    )


def os_release(lines: Iterable[str]) -> dict[str, str]:
    """The settings of /etc/os-release."""
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


def _series(release: str) -> tuple[str, str]:
    """`6.1` and `amd64` of 6.1.0-25-amd64: a later build of one series replaces an earlier one."""
    flavour = release.rpartition("-")[2]
    return ".".join(release.split(".")[:2]), "" if flavour[:1].isdigit() else flavour


def _is_security(origin: str) -> bool:
    return origin.startswith("Debian-Security:") or origin.strip().endswith("-security")


def _name(package: str) -> str:
    """`glibc.x86_64` of `glibc-2.34-1.el9.x86_64`: several advisories for one package are one update."""
    architecture = _ARCHITECTURE.search(package)
    return package.rsplit("-", 2)[0] + (architecture[0] if architecture else "")
