from dataclasses import replace
from datetime import UTC, datetime

import pytest

from checks.accounts.host import (
    Home,
    HostAccount,
    HostSignIn,
    Sources,
    homes,
    sign_ins,
    sources,
    users,
)
from scanner.testing import Output, look, observe, world

ACCOUNTS, GROUPS, BEGINNINGS, AGES = users.needs
LAST = sign_ins.needs[-1]
HOMES = homes.needs[-1]
[SOURCES] = sources.needs

PEOPLE = """\
root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
postgres:x:113:120::/var/lib/postgresql:/bin/bash
ada:x:1000:1000:Ada,,,:/home/ada:/bin/bash
ftp:x:1001:1001::/srv/ftp:/usr/sbin/nologin
"""
GROUP = "root:x:0:\nsudo:x:27:ada\ndocker:x:998:ada\nada:x:1000:\npostgres:x:120:\n"
# `grep -n -o :.. /etc/shadow` and `cut -d : -f 1,3-9 /etc/shadow`.
SHADOW = "1::*:\n1::20\n2::*:\n3::!:\n4::$y\n4::20\n5::$6\n"
DATES = """\
root:20228:0:99999:7:::
daemon:20228:0:99999:7:::
postgres:20300:::::
ada:20700:0:90:7::21000:
ftp:20700:0:99999:7:::
"""
LASTLOG = """\
Username         Port     From                                       Latest
root                                                                **Never logged in**
postgres                                                            **Never logged in**
ada              pts/0    10.77.0.1                                  Fri Nov 20 09:00:00 +0000 2026
"""

MADE = datetime(2025, 5, 20, tzinfo=UTC)
SET = datetime(2026, 9, 4, tzinfo=UTC)
ENDS = datetime(2027, 7, 1, tzinfo=UTC)

WORLD = world(users, {ACCOUNTS: PEOPLE, GROUPS: GROUP, BEGINNINGS: SHADOW, AGES: DATES})
LOGINS = world(sign_ins, {ACCOUNTS: PEOPLE, BEGINNINGS: SHADOW, AGES: DATES, LAST: LASTLOG})

ROOT = HostAccount(
    resource="host:ehr-1/users/root",
    name="root",
    uid=0,
    superuser=True,
    uid_shared=False,
    system=False,
    login_shell=True,
    password_kind="locked",  # noqa: S106 - a kind, no password
    password_changed_at=MADE,
    password_max_age_days=None,
    expires_at=None,
    groups=("root",),
    root_equivalent_groups=(),
)
POSTGRES = replace(
    ROOT,
    resource="host:ehr-1/users/postgres",
    name="postgres",
    uid=113,
    superuser=False,
    system=True,
    password_changed_at=datetime(2025, 7, 31, tzinfo=UTC),
    groups=("postgres",),
)
ADA = replace(
    POSTGRES,
    resource="host:ehr-1/users/ada",
    name="ada",
    uid=1000,
    system=False,
    password_kind="yescrypt",  # noqa: S106 - a kind, no password
    password_changed_at=SET,
    password_max_age_days=90,
    expires_at=ENDS,
    groups=("ada", "docker", "sudo"),
    root_equivalent_groups=("docker",),
)
FTP = replace(
    POSTGRES,
    resource="host:ehr-1/users/ftp",
    name="ftp",
    uid=1001,
    system=False,
    login_shell=False,
    password_kind="sha512",  # noqa: S106 - a kind, no password
    password_changed_at=SET,
    groups=(),
)


def by_name(found: list[object]) -> dict[str, object]:
    return {facts.name: facts for facts in found}  # type: ignore[attr-defined] - Facts of several kinds


def test_accounts_that_somebody_could_log_in_with() -> None:
    found = observe(users, WORLD)

    assert by_name(list(found)) == {"root": ROOT, "postgres": POSTGRES, "ada": ADA, "ftp": FTP}
    assert len(found) == 4


def test_a_second_superuser_and_an_empty_password_outside_of_shadow() -> None:
    more = "toor:x:0:0::/root:/bin/sh\nopen::1002:1002::/home/open:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"
    found = by_name(list(observe(users, {**WORLD, ACCOUNTS: PEOPLE + more})))

    assert found["root"] == replace(ROOT, uid_shared=True)
    assert found["toor"] == replace(
        ROOT, resource="host:ehr-1/users/toor", name="toor", uid_shared=True, password_changed_at=None
    )
    assert found["open"] == replace(
        FTP,
        resource="host:ehr-1/users/open",
        name="open",
        uid=1002,
        login_shell=True,
        password_kind="empty",  # noqa: S106 - a kind, no password
        password_changed_at=None,
    )
    assert found["nobody"] == replace(
        POSTGRES,
        resource="host:ehr-1/users/nobody",
        name="nobody",
        uid=65534,
        password_changed_at=None,
        groups=(),
    )


def test_when_somebody_last_logged_in() -> None:
    last = datetime(2026, 11, 20, 9, tzinfo=UTC)
    root = HostSignIn(
        resource="host:ehr-1/users/root",
        name="root",
        superuser=True,
        system=False,
        password_works=False,
        expires_at=None,
        last_used_at=None,
        last_seen_at=MADE,
    )
    postgres = replace(
        root,
        resource="host:ehr-1/users/postgres",
        name="postgres",
        superuser=False,
        system=True,
        last_seen_at=datetime(2025, 7, 31, tzinfo=UTC),
    )
    ada = replace(
        root,
        resource="host:ehr-1/users/ada",
        name="ada",
        superuser=False,
        password_works=True,
        expires_at=ENDS,
        last_used_at=last,
        last_seen_at=last,
    )

    assert by_name(list(observe(sign_ins, LOGINS))) == {"root": root, "postgres": postgres, "ada": ada}


@pytest.mark.parametrize(
    "said",
    [
        Output(127, "", "sh: lastlog: not found"),
        Output(1, "", "SQL error: no such table: Lastlog2"),
        "".join(line for line in LASTLOG.splitlines(keepends=True) if "2026" not in line),
    ],
)
def test_never_is_not_said_where_nobody_wrote_it_down(said: Output | str) -> None:
    sight = look(sign_ins, {**LOGINS, LAST: said})

    assert (sight.facts, [refusal.error.need for refusal in sight.refusals]) == ([], [LAST])


STATS = """\
755 0 /usr/sbin
700 0 /root
750 113 /var/lib/postgresql
777 1000 /home/ada
"""

OPEN = Home(
    resource="host:ehr-1/users/ada/home",
    name="ada",
    exists=True,
    owned=True,
    group_writable=True,
    world_writable=True,
    world_readable=True,
)
KEPT = replace(
    OPEN,
    resource="host:ehr-1/users/root/home",
    name="root",
    group_writable=False,
    world_writable=False,
    world_readable=False,
)
POSTGRESS = replace(KEPT, resource="host:ehr-1/users/postgres/home", name="postgres")
ROOMS = world(homes, {ACCOUNTS: PEOPLE, HOMES: STATS})


def test_homes() -> None:
    assert by_name(list(observe(homes, ROOMS))) == {"root": KEPT, "postgres": POSTGRESS, "ada": OPEN}


def test_a_home_that_is_missing_or_somebody_elses() -> None:
    stats = (
        "stat: cannot statx '/root': No such file or directory\n750 0 /var/lib/postgresql\n700 7 /home/ada\n"
    )

    assert by_name(list(observe(homes, {ACCOUNTS: PEOPLE, HOMES: Output(123, stats)}))) == {
        "root": replace(KEPT, exists=False),
        "postgres": POSTGRESS,
        "ada": replace(OPEN, owned=False, group_writable=False, world_writable=False, world_readable=False),
    }


def test_a_home_that_could_not_be_looked_at_is_a_refusal() -> None:
    stats = STATS.replace("777 1000 /home/ada", "stat: cannot statx '/home/ada': Permission denied")
    sight = look(homes, {ACCOUNTS: PEOPLE, HOMES: Output(123, stats)})

    assert by_name(list(sight.facts)) == {"root": KEPT, "postgres": POSTGRESS}
    assert [refusal.resource for refusal in sight.refusals] == ["host:ehr-1/users/ada/home"]


LOCAL = Sources(
    resource="host:ehr-1", account_sources=("files", "systemd"), directory=False, sudo_sources=("files",)
)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("passwd:         files systemd\nshadow: files\n", LOCAL),
        ("#passwd: nis\n", replace(LOCAL, account_sources=("files",))),
        (
            Output(1, "", "cat: /etc/nsswitch.conf: No such file or directory"),
            replace(LOCAL, account_sources=("files",)),
        ),
        (
            "passwd: sss files [SUCCESS=merge] # since 2020\nsudoers: files sss\n",
            Sources(
                resource="host:ehr-1",
                account_sources=("sss", "files"),
                directory=True,
                sudo_sources=("files", "sss"),
            ),
        ),
    ],
)
def test_sources(said: Output | str, found: Sources) -> None:
    assert observe(sources, {SOURCES: said}) == [found]


world(sources, {SOURCES: "passwd: files systemd\n"})
