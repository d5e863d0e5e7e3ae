from dataclasses import replace

import pytest

from checks.accounts.host_sudo import SudoRights, SudoRules, sudo_rights, sudo_rules
from scanner.testing import Output, look, observe, world

ACCOUNTS, GROUPS, RULES, NAME = sudo_rights.needs

PEOPLE = """\
root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
ada:x:1000:1000::/home/ada:/bin/bash
backup:x:1001:1001::/home/backup:/bin/bash
"""
GROUP = "root:x:0:\nsudo:x:27:ada\nada:x:1000:\nbackup:x:1001:\n"
SUDOERS = """\
/etc/sudoers:Defaults	env_reset
/etc/sudoers:Defaults	use_pty
/etc/sudoers:root	ALL=(ALL:ALL) ALL
/etc/sudoers:%sudo	ALL=(ALL:ALL) ALL
/etc/sudoers:@includedir /etc/sudoers.d
/etc/sudoers.d/backup:backup ehr-1=(root) NOPASSWD: /usr/bin/rsync
/etc/sudoers.d/README:#
"""

WORLD = world(sudo_rights, {ACCOUNTS: PEOPLE, GROUPS: GROUP, RULES: Output(2, SUDOERS), NAME: "ehr-1\n"})
SET_UP = world(sudo_rules, {GROUPS: GROUP, RULES: Output(2, SUDOERS)})

ROOT = SudoRights(
    resource="host:ehr-1/users/root/sudo",
    name="root",
    superuser=True,
    everything=True,
    commands=("ALL",),
    password_asked=False,
    commands_without_password=("ALL",),
)
ADA = replace(
    ROOT,
    resource="host:ehr-1/users/ada/sudo",
    name="ada",
    superuser=False,
    password_asked=True,
    commands_without_password=(),
)
BACKUP = replace(
    ADA,
    resource="host:ehr-1/users/backup/sudo",
    name="backup",
    everything=False,
    commands=("/usr/bin/rsync",),
    password_asked=False,
    commands_without_password=("/usr/bin/rsync",),
)
RULED = SudoRules(
    resource="host:ehr-1/sudo",
    principals=("root", "%sudo", "backup"),
    everybody=False,
    strange_groups=(),
    authentication_disabled=False,
    terminal_of_its_own=True,
    own_log=False,
    asks_for_anothers_password=False,
)


def test_rights() -> None:
    found = observe(sudo_rights, WORLD)

    assert sorted(found, key=lambda facts: facts.resource) == [ADA, BACKUP, ROOT]


def test_rules() -> None:
    assert observe(sudo_rules, SET_UP) == [RULED]


def test_lax_rules() -> None:
    told = SUDOERS + (
        '/etc/sudoers.d/all:ALL ALL=(ALL) ALL\n/etc/sudoers.d/all:"%domain admins" ALL=ALL\n'
        "/etc/sudoers.d/all:+nurses ALL=/bin/id\n/etc/sudoers.d/all:Defaults !authenticate, targetpw\n"
        "/etc/sudoers.d/all:Defaults logfile=/var/log/sudo.log, !use_pty\n"
    )

    assert observe(sudo_rules, {GROUPS: GROUP, RULES: told}) == [
        SudoRules(
            resource="host:ehr-1/sudo",
            principals=("root", "%sudo", "ALL", '"%domain admins"', "+nurses", "backup"),
            everybody=True,
            strange_groups=("+nurses",),
            authentication_disabled=True,
            terminal_of_its_own=False,
            own_log=True,
            asks_for_anothers_password=True,
        )
    ]


@pytest.mark.parametrize("line", ["@include /srv/sudoers", "makes no sense"])
def test_what_could_not_be_followed_is_a_refusal(line: str) -> None:
    for declared, known in ((sudo_rights, WORLD), (sudo_rules, SET_UP)):
        sight = look(declared, {**known, RULES: f"{SUDOERS}/etc/sudoers:{line}\n"})

        assert (sight.facts, [refusal.error.need for refusal in sight.refusals]) == ([], [RULES])


def test_without_sudoers_nothing_is_said() -> None:
    assert observe(sudo_rights, {**WORLD, RULES: Output(2, "")}) == []
    assert observe(sudo_rules, {GROUPS: GROUP, RULES: Output(2, "")}) == []
