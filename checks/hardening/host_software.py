"""Hardening of hosts: whether software comes from whom it should, and is still as it came."""

import re
from collections.abc import Iterator

from checks.semantics import openpgp, packages, signatures
from scanner import Facts, Host, Reason, check

# One loop prints the settings that matter and no address: those of repositories may hold a password.
_RPM_SETTINGS = (
    "for f in /etc/dnf/dnf.conf /etc/yum.conf /etc/yum.repos.d/*.repo /etc/yum/repos.d/*.repo"
    " /etc/distro.repos.d/*.repo /usr/etc/zypp/zypp.conf /etc/zypp/zypp.conf /etc/zypp/repos.d/*.repo;"
    ' do test -e "$f" || continue; test -r "$f" || echo "$f:unreadable";'
    " grep -EHis '^[[:space:]]*(\\[|(pkg_|repo_|localpkg_)?gpgcheck|enabled|sslverify)' \"$f\"; done; true"
)
_APT_SETTINGS = (
    "apt-config dump APT::Get::AllowUnauthenticated Acquire::AllowInsecureRepositories"
    " Acquire::AllowWeakRepositories Acquire::AllowDowngradeToInsecureRepositories"
    " Acquire::Check-Valid-Until Acquire::https::Verify-Peer Acquire::https::Verify-Host"
)
_APT_SOURCES = (
    'for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do test -e "$f" || continue;'
    ' test -r "$f" || echo "$f:unreadable";'
    " grep -EHios '^[[:space:]]*deb(-src)?[[:space:]]+\\[[^]]*\\]' \"$f\"; done;"
    ' for f in /etc/apt/sources.list.d/*.sources; do test -e "$f" || continue;'
    ' test -r "$f" || echo "$f:unreadable";'
    " grep -EHis '^(types|enabled|trusted|allow-[a-z-]*|check-valid-until):|^[[:space:]]*$' \"$f\";"
    " done; true"
)
_RPM_KEYS = "rpm -q gpg-pubkey --qf '%{DESCRIPTION}\\n'"
_SYSTEM = "cat /etc/os-release"
_APK_VERSION = "apk --version"
_APK_KEYS = "ls /etc/apk/keys"
_APK_CONFIG = "grep -hs . /etc/apk/config"
_RPM_FILES = "sudo rpm --verify --all --nodeps --noscripts --nomtime --nomode --nouser --nogroup --nocaps"
_RPM_MODES = "sudo rpm --verify --all --nodeps --noscripts --nomtime --nofiledigest"
_DPKG_FILES = "sudo dpkg --verify"
# What lets people in, keeps them out, runs everybody's programs or says what happened, by each distribution's
# names; those that a host does not have are passed over.
_ESSENTIAL = (
    "coreutils bash dash login passwd shadow shadow-utils sudo util-linux util-linux-core mount procps"
    " procps-ng openssh openssh-server openssh-clients openssh-client pam libpam0g libpam-modules libc6"
    " libc-bin glibc glibc-common libssl3 libssl3t64 openssl-libs libopenssl3 systemd cron cronie rsyslog"
    " audit auditd iproute2 iproute nftables iptables apt dpkg dnf rpm zypper"
)
_RPM_ESSENTIAL = (
    f"sudo rpm --verify --nodeps --noscripts --nomtime --nomode --nouser --nogroup --nocaps {_ESSENTIAL}"
)
_DPKG_ESSENTIAL = f"sudo dpkg --verify {_ESSENTIAL}"
_APK_FILES = "sudo apk audit --system"

_ALPINE_KEY = "alpine-devel@lists.alpinelinux.org-"
_KEY_FILE = re.compile(r"[A-Za-z0-9@._+-]+\.pub")
_OFF = frozenset({"false", "no", "0", "off", "without", "disable"})
_TOLD = 50


class RepositorySignatures(Facts):
    """What dnf, yum and zypper check of signatures before they install something."""

    checked_by_default: bool
    """Whether the signature of each package is checked unless a repository says otherwise."""
    local_packages_checked: bool
    """Whether the signatures of packages that are installed from a file are checked, too."""
    unchecked_repositories: tuple[str, ...]
    """The repositories in use whose packages are not checked."""
    unchecked_metadata: tuple[str, ...]
    """The repositories in use whose lists of packages are not checked."""
    unverified_servers: tuple[str, ...]
    """The repositories in use whose server need not prove who it is (sslverify)."""


class VendorKey(Facts):
    """Whose signatures on packages a host accepts."""

    vendor: str
    """Who makes the operating system, as os-release names it."""
    vendor_key_installed: bool
    """Whether one of the keys is installed by which its maker says that packages are signed."""
    keys: tuple[str, ...]
    """The keys whose signatures are accepted, by fingerprint; Alpine's by their files' names."""


class AptSignatures(Facts):
    """What APT checks of signatures before it installs something."""

    unauthenticated_allowed: bool
    """Whether packages or repositories without a valid signature are accepted, for all sources."""
    expiry_checked: bool
    """Whether lists that are past the day their publisher named are refused (Check-Valid-Until)."""
    servers_verified: bool
    """Whether servers that are asked over HTTPS have to prove who they are."""
    waived_sources: tuple[str, ...]
    """The files of sources in which a source does without (trusted, allow-insecure, check-valid-until)."""


class ApkSignatures(Facts):
    """What Alpine's apk checks of signatures before it installs something."""

    untrusted_allowed: bool
    """Whether packages without a valid signature are accepted always (allow-untrusted)."""


class PackageFiles(Facts):
    """Whether programs and libraries are as the packages brought them."""

    changed: int
    """How many files hold something else than when they were installed, configuration files left out."""
    changed_files: tuple[str, ...]
    """The first fifty of them."""
    missing: int
    """How many files are gone; documentation is, where it is left out on purpose."""


class PackageModes(Facts):
    """Whether files belong to whom, and may be used by whom, their packages say."""

    changed: int
    """How many files have another owner, group or mode than when they were installed."""
    changed_files: tuple[str, ...]
    """The first fifty of them."""


@check(_RPM_SETTINGS)
def repositories(host: Host) -> Iterator[RepositorySignatures]:
    """Whether dnf, yum or zypper check the signatures of what they install, for every repository in use.

    As configured: a command can still be told otherwise. Nothing is said of a host without their settings.
    """
    lines = host.run(_RPM_SETTINGS).lines
    if not lines:
        return
    _refuse_unreadable(host, _RPM_SETTINGS, lines)
    said = signatures.repositories(lines)
    yield RepositorySignatures(
        resource=host.id,
        checked_by_default=said.default,
        local_packages_checked=said.local,
        unchecked_repositories=said.unchecked,
        unchecked_metadata=said.unchecked_metadata,
        unverified_servers=said.unverified,
    )


@check(_RPM_KEYS, _SYSTEM, _APK_VERSION, _APK_KEYS)
def vendor_key(host: Host) -> Iterator[VendorKey]:
    """Whether the key is installed with which the operating system's maker signs its packages.

    Keys are known by their fingerprints, which the makers publish: a name can be put into any key. Nothing is
    said of a system whose maker's keys are not in the packaged list, nor of Debian and Ubuntu, where each
    source names its own.
    """
    vendor = host.run(_SYSTEM).read(packages.os_release).get("ID", "linux")
    if host.has("apk"):
        names = tuple(sorted(name for name in host.run(_APK_KEYS).lines if _KEY_FILE.fullmatch(name)))
        official = any(name.startswith(_ALPINE_KEY) for name in names)
        yield VendorKey(resource=host.id, vendor=vendor, vendor_key_installed=official, keys=names)
    published = openpgp.published(vendor)
    if host.has("rpm") and published:
        keys = openpgp.fingerprints(_keys(host))
        yield VendorKey(
            resource=f"{host.id}/rpm" if host.has("apk") else host.id,
            vendor=vendor,
            vendor_key_installed=not published.isdisjoint(keys),
            keys=keys,
        )


@check(_APT_SETTINGS, _APT_SOURCES)
def apt(host: Host) -> Iterator[AptSignatures]:
    """Whether APT checks the signatures of what it installs, for every source in use.

    As configured: a command can still be told otherwise.
    """
    if not host.has("apt-config"):
        return
    lines = host.run(_APT_SOURCES).lines
    _refuse_unreadable(host, _APT_SOURCES, lines)
    settings = {name.lower(): value for name, value in _apt_settings(host).items()}
    allowed = (
        "apt::get::allowunauthenticated",
        "acquire::allowinsecurerepositories",
        "acquire::allowweakrepositories",
        "acquire::allowdowngradetoinsecurerepositories",
    )
    yield AptSignatures(
        resource=host.id,
        unauthenticated_allowed=any(settings.get(name, "false") not in _OFF for name in allowed),
        expiry_checked=settings.get("acquire::check-valid-until", "true") not in _OFF,
        servers_verified=all(
            settings.get(f"acquire::https::verify-{what}", "true") not in _OFF for what in ("peer", "host")
        ),
        waived_sources=signatures.apt_waivers(lines),
    )


@check(_APK_VERSION, _APK_CONFIG)
def apk(host: Host) -> Iterator[ApkSignatures]:
    """Whether Alpine's apk checks the signatures of what it installs.

    As configured: a command can still be told otherwise.
    """
    if not host.has("apk"):
        return
    # grep ends with 1 or 2 where there is nothing in the file, or no file.
    options = {line.strip().lstrip("-") for line in host.run(_APK_CONFIG, ok=(0, 1, 2)).lines}
    yield ApkSignatures(resource=host.id, untrusted_allowed="allow-untrusted" in options)


@check(_RPM_ESSENTIAL, _DPKG_ESSENTIAL, _APK_FILES)
def essential_files(host: Host) -> Iterator[PackageFiles]:
    """Whether the programs that guard a host are still as the packages brought them.

    Of some forty packages (the shell, SSH, sudo, PAM, the C library, ...) each file is read and compared to
    its checksum; of Alpine, which is small, of all. Whoever is root on a host can change the checksums as
    well: compare hosts to others, too. Configuration files are left out.
    """
    yield from _changed(host, _RPM_ESSENTIAL, _DPKG_ESSENTIAL)


@check(_RPM_FILES, _DPKG_FILES, _APK_FILES)
def package_files(host: Host) -> Iterator[PackageFiles]:
    """Whether all programs and libraries are still as the packages brought them.

    Every file is read, which takes a large host longer than a command is given (command_seconds): name this
    check in a policy of its own, for a scan that runs by night. Configuration files are left out.
    """
    yield from _changed(host, _RPM_FILES, _DPKG_FILES)


@check(_RPM_MODES)
def package_modes(host: Host) -> Iterator[PackageModes]:
    """Whether files have the owner, group and mode that their packages gave them.

    Only rpm keeps them; nothing is said of Debian, Ubuntu and Alpine.
    """
    if not host.has("rpm"):
        return
    changed = signatures.verified(_verified(host, _RPM_MODES)).permissions
    yield PackageModes(resource=host.id, changed=len(changed), changed_files=changed[:_TOLD])


def _changed(host: Host, rpm: str, dpkg: str) -> Iterator[PackageFiles]:
    found = [
        signatures.verified(_verified(host, command))
        for program, command in (("rpm", rpm), ("dpkg", dpkg))
        if host.has(program)
    ]
    if host.has("apk"):
        found.append(host.run(_APK_FILES).read(signatures.audited))
    if not found:
        return
    changed = tuple(sorted({path for each in found for path in each.changed}))
    yield PackageFiles(
        resource=host.id,
        changed=len(changed),
        changed_files=changed[:_TOLD],
        missing=sum(len(each.missing) for each in found),
    )


def _verified(host: Host, command: str) -> tuple[str, ...]:
    """What was found to be different; rpm then ends with 1 or more, as it does where it breaks.

    Both end so, too, where they are asked about packages that are not installed: dpkg says it as an error.
    """
    said = host.run(command, ok=range(126))
    errors = said.errors.splitlines()
    absent = bool(errors) and all(line.endswith("is not installed") for line in errors)
    broken = any("error:" in line.lower() for line in errors)
    if said.status and (broken or not (said.lines or absent)):
        raise host.refuse(
            command, Reason.FAILED, f"ended with {said.status} without saying why", "see why on the host"
        )
    return said.lines


def _keys(host: Host) -> tuple[str, ...]:
    """The keys as rpm has them; it ends with 1 where there is none, as it does where it breaks."""
    said = host.run(_RPM_KEYS, ok=(0, 1))
    if said.errors.strip() and said.status:
        raise host.refuse(
            _RPM_KEYS, Reason.FAILED, "the database of packages could not be read", "see why on the host"
        )
    return said.lines


def _apt_settings(host: Host) -> dict[str, str]:
    return host.run(_APT_SETTINGS).read(packages.apt_settings)


def _refuse_unreadable(host: Host, command: str, lines: tuple[str, ...]) -> None:
    closed = signatures.unreadable(lines)
    if closed:
        raise host.refuse(
            command,
            Reason.DENIED,
            f"{closed[0]} is not the login's to read",
            "let the login read it, or log in as root",
        )
