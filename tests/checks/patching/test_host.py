from datetime import UTC, datetime
from typing import Any

import pytest

from checks.patching import AutomaticUpdates, Release
from checks.patching.host import (
    AptUpdates,
    DnfUpdates,
    Reboot,
    apt,
    automatic_updates,
    dnf,
    reboot,
    release,
)
from scanner.model import Reason
from scanner.testing import Output, look, observe, world

PLAN, LISTS, PUBLISHED = apt.needs
ADVISORIES, METADATA = dnf.needs
TIMERS, SERVICES, BOOTED, PERIODIC, UNATTENDED, DNF_AUTOMATIC, YUM_CRON, ONLINE = automatic_updates.needs
FLAG, SUSE_FLAG, RESTARTING, RUNNING, IMAGES = reboot.needs
[SYSTEM] = release.needs

# What a Debian 12 said after it had become oldstable: two origins in one parenthesis.
DEBIAN = world(
    apt,
    {
        PLAN: """\
NOTE: This is only a simulation!
Reading package lists...
The following packages will be upgraded:
  base-files liblzma5 xzgv
Inst base-files [12.4+deb12u11] (12.4+deb12u15 Debian:12.15/oldstable [amd64])
Conf base-files (12.4+deb12u15 Debian:12.15/oldstable [amd64])
Inst xzgv [0.9] (0.9+b1 Debian:12.15/oldstable, Debian-Security:12/oldstable-security [amd64]) []
Inst liblzma5 [5.4.1-1] (5.4.1-1+deb12u2 Debian-Security:12/oldstable-security [amd64])
Inst linux-image-6.1.0-40-amd64 (6.1.153-1 Debian-Security:12/oldstable-security [amd64])
Conf liblzma5 (5.4.1-1+deb12u2 Debian-Security:12/oldstable-security [amd64])
""",
        LISTS: """\
auxfiles
deb.debian.org_debian-security_dists_bookworm-security_InRelease
deb.debian.org_debian-security_dists_bookworm-security_main_binary-amd64_Packages.lz4
deb.debian.org_debian_dists_bookworm_InRelease
deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages.lz4
lock
partial
""",
        PUBLISHED: """\
1795290871 /var/lib/apt/lists/deb.debian.org_debian-security_dists_bookworm-security_InRelease
1795200000 /var/lib/apt/lists/deb.debian.org_debian_dists_bookworm_InRelease
""",
    },
)

RED_HAT = world(
    dnf,
    {
        ADVISORIES: """\
FXSA-2024:3339 Critical/Sec.  glibc-2.34-100.el9_4.2.noarch
FXSA-2024:4001 Moderate/Sec.  openssl-libs-1:3.0.7-27.el9_4.noarch
FXSA-2024:4312 Important/Sec. openssl-libs-1:3.0.7-28.el9_4.noarch
""",
        METADATA: Output(
            1,
            """\
1795000000 /var/cache/dnf/baseos-1f2e/repodata/repomd.xml
1795000000 /var/cache/dnf/baseos-1f2e/repodata/77aa-updateinfo.xml.gz
1795286276 /var/cache/dnf/baseos-1f2e/repodata/88bb-primary.xml.gz
""",
        ),
    },
)

UPDATING = world(
    automatic_updates,
    {
        TIMERS: """\
apt-daily-upgrade.timer      enabled  enabled
apt-daily.timer              enabled  enabled
dnf-automatic.timer          disabled disabled
systemd-tmpfiles-clean.timer static   -
""",
        BOOTED: "",
        PERIODIC: """\
APT "";
APT::Periodic "";
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
""",
        UNATTENDED: "",
        DNF_AUTOMATIC: Output(2, "[commands]\nupgrade_type = default\napply_updates = no\n"),
        SERVICES: "cron.service enabled enabled\n",
        YUM_CRON: Output(2, ""),
        ONLINE: Output(2, ""),
    },
)

REBOOTED = world(
    reboot,
    {
        FLAG: Output(1, ""),
        SUSE_FLAG: Output(1, ""),
        RESTARTING: "No core libraries or services have been updated.\nReboot is probably not necessary.\n",
        RUNNING: "6.1.0-40-amd64\n",
        IMAGES: "/boot/vmlinuz-6.1.0-40-amd64\n/boot/vmlinuz-6.1.0-37-amd64\n",
    },
)

ROCKY = world(
    release,
    {
        SYSTEM: """\
NAME="Rocky Linux"
VERSION="9.4 (Blue Onyx)"
ID="rocky"
ID_LIKE="rhel centos fedora"
VERSION_ID="9.4"
SUPPORT_END="2032-05-31"
""",
    },
)


def test_apt_names_security_by_its_origin() -> None:
    assert observe(apt, DEBIAN) == [
        AptUpdates(
            resource="host:ehr-1",
            security_updates_missing=3,
            security_updates=("liblzma5", "linux-image-6.1.0-40-amd64", "xzgv"),
            lists_updated_at=datetime(2026, 11, 21, 19, 54, 31, tzinfo=UTC),
            updates_missing=4,
        )
    ]


@pytest.mark.parametrize(
    ("origins", "security"),
    [
        ("Ubuntu:22.04/jammy-updates, Ubuntu:22.04/jammy-security", True),
        ("UbuntuESM:22.04/jammy-infra-security", True),
        ("Ubuntu:22.04/jammy-updates", False),
        ("Debian:12.15/oldstable", False),
        ("Docker CE:bookworm", False),
    ],
)
def test_origins_of_security_updates(origins: str, security: bool) -> None:
    plan = f"Inst openssl [3.0.2-0ubuntu1.15] (3.0.2-0ubuntu1.18 {origins} [amd64])\n"
    [seen] = observe(apt, {**DEBIAN, PLAN: plan})

    assert isinstance(seen, AptUpdates)
    assert (seen.updates_missing, seen.security_updates) == (1, ("openssl",) if security else ())


@pytest.mark.parametrize(
    ("needs", "refused"),
    [
        ({LISTS: "auxfiles\nlock\npartial\n"}, LISTS),
        ({LISTS: "deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages\n"}, LISTS),
        ({PUBLISHED: Output(1, "")}, PUBLISHED),
    ],
)
def test_absent_lists_are_not_zero_updates(needs: dict[str, Any], refused: str) -> None:
    sight = look(apt, {**DEBIAN, PLAN: "Reading package lists...\n", **needs})

    assert sight.facts == []
    assert [(refusal.error.need, refusal.error.reason) for refusal in sight.refusals] == [
        (refused, Reason.STALE)
    ]


def test_each_package_manager_speaks_for_itself() -> None:
    for check, others in ((apt, {LISTS: ""}), (dnf, {METADATA: ""})):
        sight = look(check, others)
        assert (sight.facts, sight.refusals) == ([], [])


def test_dnf_counts_packages_not_advisories() -> None:
    assert observe(dnf, RED_HAT) == [
        DnfUpdates(
            resource="host:ehr-1",
            security_updates_missing=2,
            security_updates=("glibc.noarch", "openssl-libs.noarch"),
            lists_updated_at=datetime.fromtimestamp(1795286276, UTC),
            advisories=("FXSA-2024:3339", "FXSA-2024:4001", "FXSA-2024:4312"),
        )
    ]


def test_dnf_5_prints_a_table() -> None:
    table = """\
Name                   Type     Severity                          Package              Issued
FEDORA-2024-1a2b3c4d5e security Important gnupg2-smime-2.4.5-4.fc41.x86_64 2024-11-12 01:02:03
"""
    [seen] = observe(dnf, {**RED_HAT, ADVISORIES: table})

    assert isinstance(seen, DnfUpdates)
    assert (seen.security_updates, seen.advisories) == (("gnupg2-smime.x86_64",), ("FEDORA-2024-1a2b3c4d5e",))


def test_repositories_without_advisories_are_not_zero_updates() -> None:
    bare = Output(1, "1795000000 /var/cache/dnf/mirror-1f2e/repodata/repomd.xml\n")
    sight = look(dnf, {ADVISORIES: "", METADATA: bare})

    assert sight.facts == []
    assert [refusal.error.reason for refusal in sight.refusals] == [Reason.STALE]


ON = "dnf-automatic.timer enabled disabled\n"
YUM_ON = "yum-cron.service enabled\n"
NOTHING = {**UPDATING, UNATTENDED: Output(1, ""), TIMERS: ""}
DNF_ONLY = {**UPDATING, UNATTENDED: Output(1, ""), TIMERS: ON, DNF_AUTOMATIC: "apply_updates = yes\n"}


@pytest.mark.parametrize(
    ("needs", "automatic"),
    [
        (UPDATING, True),
        ({**UPDATING, UNATTENDED: Output(1, "")}, False),
        ({**UPDATING, TIMERS: "apt-daily-upgrade.timer masked enabled\n"}, False),
        ({**UPDATING, PERIODIC: 'APT::Periodic::Unattended-Upgrade "0";\n'}, False),
        ({**UPDATING, PERIODIC: 'APT::Periodic "";\n'}, False),
        (
            {
                **UPDATING,
                PERIODIC: 'APT::Periodic::Enable "0";\nAPT::Periodic::Unattended-Upgrade "1";\n',
            },
            False,
        ),
        (DNF_ONLY, True),
        ({**DNF_ONLY, DNF_AUTOMATIC: "# apply_updates = yes\napply_updates = no\n"}, False),
        ({**DNF_ONLY, TIMERS: "dnf-automatic-install.timer enabled -\n", DNF_AUTOMATIC: ""}, True),
        ({**NOTHING, YUM_CRON: "apply_updates = yes\n"}, False),
        ({**NOTHING, YUM_CRON: "apply_updates = no\n", SERVICES: YUM_ON}, False),
        ({**NOTHING, YUM_CRON: "apply_updates = yes\n", SERVICES: YUM_ON}, True),
        ({**NOTHING, ONLINE: Output(2, "/etc/cron.daily/opensuse.org-online_update\n")}, True),
        ({**NOTHING, TIMERS: "transactional-update.timer enabled enabled\n"}, True),
        ({**NOTHING, TIMERS: "os-update.timer disabled disabled\n"}, False),
    ],
)
def test_automatic_updates(needs: dict[str, Any], automatic: bool) -> None:
    assert observe(automatic_updates, needs) == [
        AutomaticUpdates(resource="host:ehr-1", automatic_updates=automatic)
    ]


def test_without_systemd_nothing_is_said_of_timers() -> None:
    assert observe(automatic_updates, {UNATTENDED: Output(1, "")}) == []


def test_timers_do_not_run_where_systemd_does_not() -> None:
    sight = look(automatic_updates, {**UPDATING, BOOTED: Output(1, "")})

    assert (sight.facts, [refusal.error.need for refusal in sight.refusals]) == ([], [BOOTED])


DUE = """\
Core libraries or services have been updated since boot-up:
  * glibc

Reboot is required to fully utilize these updates.
More information: https://access.redhat.com/solutions/27943
"""
NEWER = "/boot/vmlinuz-0-rescue-7e2f\n/boot/vmlinuz-6.1.0-41-amd64\n/boot/vmlinuz-6.1.0-40-amd64\n"
OTHER_SERIES = (
    "/boot/vmlinuz-6.12.9-1-amd64\n/boot/vmlinuz-6.1.0-41-rt-amd64x\n/boot/vmlinuz-6.1.0-40-amd64\n"
)


@pytest.mark.parametrize(
    ("needs", "pending"),
    [
        ({}, False),
        ({FLAG: ""}, True),
        ({SUSE_FLAG: ""}, True),
        ({RESTARTING: Output(1, DUE)}, True),
        ({IMAGES: NEWER}, True),
        ({IMAGES: OTHER_SERIES}, False),
        # A container's kernel is not its own.
        ({IMAGES: Output(2, "")}, False),
        ({IMAGES: "/boot/vmlinuz-6.1.0-41-amd64\n"}, False),
        (
            {
                RUNNING: "5.14.0-427.13.1.el9_4.x86_64",
                IMAGES: (
                    "/boot/vmlinuz-5.14.0-427.20.1.el9_4.x86_64\n/boot/vmlinuz-5.14.0-427.13.1.el9_4.x86_64\n"
                ),
            },
            True,
        ),
    ],
)
def test_reboot(needs: dict[str, Any], pending: bool) -> None:
    assert observe(reboot, {**REBOOTED, **needs}) == [Reboot(resource="host:ehr-1", reboot_pending=pending)]


def test_a_broken_needs_restarting_is_no_reboot() -> None:
    sight = look(reboot, {**REBOOTED, RESTARTING: Output(1, "", "Traceback (most recent call last):\n")})

    assert (sight.facts, [refusal.error.need for refusal in sight.refusals]) == ([], [RESTARTING])


def test_a_host_without_needs_restarting_has_its_kernels() -> None:
    without = {need: answer for need, answer in REBOOTED.items() if need != RESTARTING}

    assert observe(reboot, without) == [Reboot(resource="host:ehr-1", reboot_pending=False)]


def test_release_is_looked_up_in_the_packaged_list() -> None:
    assert observe(release, ROCKY) == [
        Release(
            resource="host:ehr-1",
            product="rocky-linux",
            version="9.4",
            cycle="9",
            support_end="dated",
            supported_until=datetime(2032, 5, 31, tzinfo=UTC),
            extended_support_until=None,
        )
    ]


def test_a_rolling_release_is_not_listed() -> None:
    assert observe(release, {SYSTEM: "ID=debian\nPRETTY_NAME='Debian GNU/Linux forky/sid'\n"}) == [
        Release(
            resource="host:ehr-1",
            product="debian",
            version="rolling",
            cycle=None,
            support_end="unlisted",
            supported_until=None,
            extended_support_until=None,
        )
    ]
