import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.hardening.host_software import (
    ApkSignatures,
    AptSignatures,
    PackageFiles,
    PackageModes,
    RepositorySignatures,
    VendorKey,
    apk,
    apt,
    essential_files,
    package_files,
    package_modes,
    repositories,
    vendor_key,
)
from checks.semantics import signatures
from scanner.model import Reason
from scanner.testing import Output, look, observe, world
from tests.checks.semantics.test_openpgp import FINGERPRINT, KEY

[RPM_SETTINGS] = repositories.needs
RPM_KEYS, SYSTEM, APK_VERSION, APK_KEYS = vendor_key.needs
APT_SETTINGS, APT_SOURCES = apt.needs
_, APK_CONFIG = apk.needs
RPM_FILES, DPKG_FILES, APK_FILES = package_files.needs
RPM_ESSENTIAL, DPKG_ESSENTIAL, _ = essential_files.needs
[RPM_MODES] = package_modes.needs

# The settings are printed as a root with dnf 4.14 and zypper 1.14 printed them.
ROCKY = world(
    repositories,
    {
        RPM_SETTINGS: """\
/etc/dnf/dnf.conf:[main]
/etc/dnf/dnf.conf:gpgcheck=1
/etc/dnf/dnf.conf:localpkg_gpgcheck = True
/etc/yum.repos.d/rocky.repo:[baseos]
/etc/yum.repos.d/rocky.repo:gpgcheck=1
/etc/yum.repos.d/rocky.repo:repo_gpgcheck=1
/etc/yum.repos.d/rocky.repo:enabled=1
/etc/yum.repos.d/rocky.repo:[appstream]
/etc/yum.repos.d/local.repo:[local]
/etc/yum.repos.d/local.repo:gpgcheck=0
/etc/yum.repos.d/local.repo:sslverify=0
/etc/yum.repos.d/local.repo:[unused]
/etc/yum.repos.d/local.repo:gpgcheck=0
/etc/yum.repos.d/local.repo:enabled=0
"""
    },
)
KEYS = world(
    vendor_key,
    {
        SYSTEM: 'ID="rocky"\nVERSION_ID="9.4"\n',
        RPM_KEYS: KEY,
        APK_VERSION: "apk-tools 2.14.0\n",
        APK_KEYS: "alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub\n",
    },
)
DEBIAN = world(
    apt,
    {
        APT_SETTINGS: """\
Acquire "";
Acquire::AllowInsecureRepositories "0";
Acquire::AllowWeakRepositories "0";
Acquire::AllowDowngradeToInsecureRepositories "0";
""",
        APT_SOURCES: """\
/etc/apt/sources.list:deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg]
/etc/apt/sources.list.d/lab.list:deb [trusted=yes]
/etc/apt/sources.list.d/debian.sources:Types: deb
/etc/apt/sources.list.d/debian.sources:
/etc/apt/sources.list.d/debian.sources:Types: deb
/etc/apt/sources.list.d/debian.sources:Trusted: yes
/etc/apt/sources.list.d/debian.sources:Enabled: no
/etc/apt/sources.list.d/old.sources:Types: deb
/etc/apt/sources.list.d/old.sources:Check-Valid-Until: no
""",
    },
)
ALPINE = world(apk, {APK_VERSION: "apk-tools 3.0.0\n", APK_CONFIG: Output(2, "")})
VERIFIED = world(
    package_files,
    {
        RPM_FILES: Output(
            1,
            "S.5....T.  c /etc/ssh/sshd_config\nS.5......    /usr/sbin/sshd\nmissing   d /usr/share/doc/x\n"
            "..?......  g /var/log/lastlog\nUnsatisfied dependencies for x:\n",
        ),
        DPKG_FILES: "??5?????? c /etc/dnf/dnf.conf\n??5??????   /usr/bin/ls\nmissing     /usr/bin/ps\n",
        APK_FILES: "U usr/bin/top\nX usr/bin/free\n",
    },
)
# What rpm 4.18 and dpkg 1.21 said of changed files, and of packages that are not there.
ESSENTIAL = world(
    essential_files,
    {
        RPM_ESSENTIAL: Output(
            2, "S.5......  c /etc/pam.conf\nS.5......    /usr/bin/sudo\npackage dash is not installed\n"
        ),
        DPKG_ESSENTIAL: Output(1, "", "dpkg: package 'pam' is not installed\n"),
        APK_FILES: "",
    },
)
MODES = world(
    package_modes,
    {
        RPM_MODES: Output(
            1,
            ".M.......    /usr/bin/sudo\n.....UG..  c /etc/cron.d\n.M.......  g /var/run/x\n.......T.    /a",
        )
    },
)


def test_repositories() -> None:
    assert observe(repositories, ROCKY) == [
        RepositorySignatures(
            resource="host:ehr-1",
            checked_by_default=True,
            local_packages_checked=True,
            unchecked_repositories=("local",),
            unchecked_metadata=("appstream", "local"),
            unverified_servers=("local",),
        )
    ]


@pytest.mark.parametrize(
    ("lines", "default", "local", "unchecked", "lists"),
    [
        # dnf checks nothing unless told to (dnf.conf(5)).
        ("/etc/dnf/dnf.conf:[main]\n/etc/yum.repos.d/a.repo:[a]\n", False, False, ("a",), ("a",)),
        ("/etc/yum.repos.d/a.repo:[a]\n/etc/yum.repos.d/a.repo:gpgcheck=yes\n", False, False, (), ("a",)),
        # libzypp checks all unless told not to (zypp.conf).
        ("/etc/zypp/repos.d/a.repo:[a]\n", True, True, (), ()),
        ("/etc/zypp/repos.d/a.repo:[a]\n/etc/zypp/repos.d/a.repo:gpgcheck=0\n", True, True, ("a",), ("a",)),
        (
            "/etc/zypp/zypp.conf:[main]\n/etc/zypp/zypp.conf:gpgcheck = off\n/etc/zypp/repos.d/a.repo:[a]\n",
            False,
            False,
            ("a",),
            ("a",),
        ),
        (
            "/etc/zypp/repos.d/a.repo:[a]\n/etc/zypp/repos.d/a.repo:pkg_gpgcheck=0\n",
            True,
            True,
            ("a",),
            (),
        ),
    ],
)
def test_what_holds_where_nothing_is_said(
    lines: str, default: bool, local: bool, unchecked: tuple[str, ...], lists: tuple[str, ...]
) -> None:
    assert observe(repositories, {RPM_SETTINGS: lines}) == [
        RepositorySignatures(
            resource="host:ehr-1",
            checked_by_default=default,
            local_packages_checked=local,
            unchecked_repositories=unchecked,
            unchecked_metadata=lists,
            unverified_servers=(),
        )
    ]


def test_a_file_that_may_not_be_read_is_refused() -> None:
    closed = "/etc/yum.repos.d/vendor.repo:unreadable\n"
    for check, needs in ((repositories, {RPM_SETTINGS: closed}), (apt, {**DEBIAN, APT_SOURCES: closed})):
        sight = look(check, needs)
        assert (sight.facts, [refusal.error.reason for refusal in sight.refusals]) == ([], [Reason.DENIED])


def test_keys_are_known_by_their_fingerprints() -> None:
    assert observe(vendor_key, KEYS) == [
        VendorKey(
            resource="host:ehr-1",
            vendor="rocky",
            vendor_key_installed=True,
            keys=("alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub",),
        ),
        VendorKey(resource="host:ehr-1/rpm", vendor="rocky", vendor_key_installed=False, keys=(FINGERPRINT,)),
    ]


def test_a_vendors_own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.semantics.openpgp.published", {"rocky": frozenset({FINGERPRINT})}.__getitem__)
    assert observe(vendor_key, {SYSTEM: "ID=rocky\n", RPM_KEYS: KEY}) == [
        VendorKey(resource="host:ehr-1", vendor="rocky", vendor_key_installed=True, keys=(FINGERPRINT,))
    ]


def test_no_key_at_all() -> None:
    none = Output(1, "package gpg-pubkey is not installed\n")

    assert observe(vendor_key, {SYSTEM: "ID=sles\n", RPM_KEYS: none}) == [
        VendorKey(resource="host:ehr-1", vendor="sles", vendor_key_installed=False, keys=())
    ]


def test_a_broken_database_is_not_no_key() -> None:
    broken = Output(1, "package gpg-pubkey is not installed\n", "error: cannot open Packages database\n")
    sight = look(vendor_key, {SYSTEM: "ID=sles\n", RPM_KEYS: broken})

    assert (sight.facts, [refusal.error.reason for refusal in sight.refusals]) == ([], [Reason.FAILED])


def test_nothing_is_said_of_other_systems() -> None:
    assert observe(vendor_key, {SYSTEM: "ID=debian\n", RPM_KEYS: KEY}) == []
    assert observe(repositories, {RPM_SETTINGS: ""}) == []
    assert observe(apt, {APT_SOURCES: ""}) == []
    assert observe(apk, {APK_CONFIG: ""}) == []
    assert observe(package_files, {}) == []
    assert observe(essential_files, {}) == []
    assert observe(package_modes, {}) == []


def test_apt() -> None:
    assert observe(apt, DEBIAN) == [
        AptSignatures(
            resource="host:ehr-1",
            unauthenticated_allowed=False,
            expiry_checked=True,
            servers_verified=True,
            waived_sources=("/etc/apt/sources.list.d/lab.list", "/etc/apt/sources.list.d/old.sources"),
        )
    ]


@pytest.mark.parametrize(
    ("setting", "allowed", "expiry", "servers"),
    [
        ('APT::Get::AllowUnauthenticated "true";', True, True, True),
        ('Acquire::AllowInsecureRepositories "1";', True, True, True),
        ('acquire::check-valid-until "0";', False, False, True),
        ('Acquire::https::Verify-Peer "false";', False, True, False),
        ('Acquire::https::Verify-Host "no";', False, True, False),
    ],
)
def test_apts_settings(setting: str, allowed: bool, expiry: bool, servers: bool) -> None:
    [seen] = observe(apt, {**DEBIAN, APT_SETTINGS: f"{setting}\n"})

    assert isinstance(seen, AptSignatures)
    assert (seen.unauthenticated_allowed, seen.expiry_checked, seen.servers_verified) == (
        allowed,
        expiry,
        servers,
    )


@pytest.mark.parametrize(
    ("config", "untrusted"),
    [("", False), ("allow-untrusted\n", True), ("--allow-untrusted\n", True), ("# allow-untrusted\n", False)],
)
def test_apk(config: str, untrusted: bool) -> None:
    assert observe(apk, {**ALPINE, APK_CONFIG: config}) == [
        ApkSignatures(resource="host:ehr-1", untrusted_allowed=untrusted)
    ]


def test_package_files() -> None:
    assert observe(package_files, VERIFIED) == [
        PackageFiles(
            resource="host:ehr-1",
            changed=3,
            changed_files=("/usr/bin/ls", "/usr/bin/top", "/usr/sbin/sshd"),
            missing=3,
        )
    ]


def test_essential_files() -> None:
    assert observe(essential_files, ESSENTIAL) == [
        PackageFiles(resource="host:ehr-1", changed=1, changed_files=("/usr/bin/sudo",), missing=0)
    ]


def test_package_modes() -> None:
    assert observe(package_modes, MODES) == [
        PackageModes(resource="host:ehr-1", changed=2, changed_files=("/etc/cron.d", "/usr/bin/sudo"))
    ]


def test_a_verification_that_breaks_is_not_nothing_changed() -> None:
    for check, need in (
        (package_modes, RPM_MODES),
        (package_files, RPM_FILES),
        (essential_files, RPM_ESSENTIAL),
        (essential_files, DPKG_ESSENTIAL),
    ):
        said = "package bash is not installed\n"
        sight = look(check, {need: Output(1, said, "error: cannot open Packages database\n")})
        assert (sight.facts, [refusal.error.need for refusal in sight.refusals]) == ([], [need])


@given(st.lists(st.from_regex(r"\A(/a\.(list|sources|repo):)?[ -~]*\Z")))
def test_no_setting_breaks_the_readers(lines: list[str]) -> None:
    signatures.repositories(lines)
    signatures.apt_waivers(lines)
    signatures.verified(lines)
    signatures.audited(lines)
