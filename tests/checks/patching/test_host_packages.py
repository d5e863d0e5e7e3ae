import json
from datetime import UTC, datetime
from typing import Any

import pytest

from checks.patching import AutomaticUpdates
from checks.patching.host_packages import (
    ApkUpdates,
    ProUpdates,
    UnattendedUpgrades,
    apk,
    apk_schedule,
    ubuntu_pro,
    unattended_upgrades,
)
from scanner.model import Reason
from scanner.testing import Output, look, observe, world

APK, APK_LISTS = apk.needs
APK_VERSION, CRON = apk_schedule.needs
[PRO] = ubuntu_pro.needs
UNATTENDED, ORIGINS, STAMPS = unattended_upgrades.needs

# As apk-tools' manual shows `apk version`.
ALPINE = world(
    apk,
    {
        APK: (
            "Installed:                                Available:\n"
            "busybox-1.36.1-r15                      < 1.36.1-r19\n"
            "ca-certificates-bundle-20230506-r0      < 20240226-r0\n"
            "apk-tools-2.14.0-r5                     = 2.14.0-r5\n"
        ),
        APK_LISTS: Output(
            1,
            "1795000000 /var/cache/apk/APKINDEX.066df28d.tar.gz\n"
            "1794000000 /var/cache/apk/APKINDEX.b53994b4.tar.gz\n",
        ),
    },
)
SCHEDULED = world(
    apk_schedule,
    {APK_VERSION: "apk-tools 2.14.0\n", CRON: "#!/bin/sh\napk update && apk -q upgrade --available\n"},
)
# As Ubuntu's manual of `pro security-status` has it, shortened to what counts.
STATUS = {
    "_schema_version": "0.1",
    "packages": [],
    "summary": {
        "num_esm_apps_updates": 3,
        "num_esm_infra_updates": 2,
        "num_standard_security_updates": 1,
        "ua": {"attached": False, "enabled_services": [], "entitled_services": []},
    },
}
UBUNTU = world(ubuntu_pro, {PRO: json.dumps(STATUS)})
DEBIAN = world(
    unattended_upgrades,
    {
        UNATTENDED: "",
        ORIGINS: """\
Unattended-Upgrade "";
Unattended-Upgrade::Origins-Pattern "";
Unattended-Upgrade::Origins-Pattern:: "origin=Debian,codename=${distro_codename},label=Debian";
Unattended-Upgrade::Origins-Pattern:: "origin=Debian,label=Debian-Security";
""",
        STAMPS: Output(1, "1795000000 /var/lib/apt/periodic/upgrade-stamp\n"),
    },
)


def test_apk() -> None:
    assert observe(apk, ALPINE) == [
        ApkUpdates(
            resource="host:ehr-1",
            security_updates_missing=None,
            updates_missing=2,
            updates=("busybox", "ca-certificates-bundle"),
            lists_updated_at=datetime.fromtimestamp(1794000000, UTC),
        )
    ]


def test_no_lists_are_not_zero_updates() -> None:
    sight = look(apk, {**ALPINE, APK: "Installed:      Available:\n", APK_LISTS: Output(1, "")})

    assert (sight.facts, [refusal.error.reason for refusal in sight.refusals]) == ([], [Reason.STALE])


@pytest.mark.parametrize(
    ("cron", "automatic"),
    [
        ("apk upgrade --no-cache\n", True),
        ("0 3 * * * apk -U upgrade\n", True),
        ("# apk upgrade\n", False),
        ("pip install --upgrade apk\n", False),
        (Output(2, ""), False),
    ],
)
def test_alpines_cron(cron: Any, automatic: bool) -> None:
    assert observe(apk_schedule, {**SCHEDULED, CRON: cron}) == [
        AutomaticUpdates(resource="host:ehr-1", automatic_updates=automatic)
    ]


@pytest.mark.parametrize(
    ("check", "needs"),
    [
        (apk, {APK_LISTS: ""}),
        (apk_schedule, {CRON: ""}),
        (ubuntu_pro, {}),
        (unattended_upgrades, {UNATTENDED: ""}),
    ],
    ids=["apk", "schedule", "pro", "unattended"],
)
def test_nothing_is_said_of_other_systems(check: Any, needs: dict[str, Any]) -> None:
    assert observe(check, needs) == []


def test_ubuntu_pro() -> None:
    assert observe(ubuntu_pro, UBUNTU) == [
        ProUpdates(
            resource="host:ehr-1", attached=False, esm_infra=False, esm_apps=False, esm_updates_missing=5
        )
    ]
    summary = {**STATUS["summary"], "ua": {"attached": True, "enabled_services": ["esm-infra"]}}  # type: ignore[dict-item]
    assert observe(ubuntu_pro, {PRO: json.dumps({"summary": summary})}) == [
        ProUpdates(
            resource="host:ehr-1", attached=True, esm_infra=True, esm_apps=False, esm_updates_missing=5
        )
    ]


@pytest.mark.parametrize("said", ["", "not JSON", "[]", '{"summary": {}}', "[" * 100_000])
def test_what_pro_does_not_say_is_not_zero(said: str) -> None:
    sight = look(ubuntu_pro, {PRO: said})

    assert (sight.facts, [refusal.error.reason for refusal in sight.refusals]) == (
        [],
        [Reason.INVALID_ANSWER],
    )


@pytest.mark.parametrize(
    ("origins", "security"),
    [
        (DEBIAN[ORIGINS], True),
        ('Unattended-Upgrade::Allowed-Origins:: "${distro_id}:${distro_codename}-security";\n', True),
        ('Unattended-Upgrade::Allowed-Origins:: "${distro_id}:${distro_codename}";\n', False),
        ('Unattended-Upgrade::Origins-Pattern:: "origin=*";\n', True),
        ('Unattended-Upgrade::Package-Blacklist:: "security-tools";\n', False),
        ("", False),
    ],
)
def test_unattended_upgrades(origins: str, security: bool) -> None:
    assert observe(unattended_upgrades, {**DEBIAN, ORIGINS: origins}) == [
        UnattendedUpgrades(
            resource="host:ehr-1",
            installed=True,
            security_origins=security,
            last_run_at=datetime.fromtimestamp(1795000000, UTC),
        )
    ]


def test_unattended_upgrades_that_never_ran() -> None:
    assert observe(unattended_upgrades, {**DEBIAN, UNATTENDED: Output(1, ""), STAMPS: Output(1, "")}) == [
        UnattendedUpgrades(resource="host:ehr-1", installed=False, security_origins=False, last_run_at=None)
    ]
