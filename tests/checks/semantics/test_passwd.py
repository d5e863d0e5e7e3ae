from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.semantics import passwd

# `grep -n -o :.. /etc/shadow` and `cut -d : -f 1,3-9 /etc/shadow` on Debian 12, shortened.
BEGINNINGS = ["1:::1", "1::0:", "2::*:", "2::0:", "3::$y", "3::20", "4::!$", "5::!:", "6::!!", "7::ab"]
AGES = [
    "root:19000:0:99999:7:::",
    "daemon:20228:0:99999:7:::",
    "ada:20700:0:60:7:30:21000:",
    "bob:0:0:90:7:::",
    "eve::::::::",
    "zed:19000:0:99999:7:::",
    "old:19000:0:99999:7:::",
]


def test_passwords_without_their_hashes() -> None:
    assert passwd.passwords(passwd.kinds(BEGINNINGS), AGES) == {
        "root": "empty",
        "daemon": "locked",
        "ada": "yescrypt",
        "bob": "locked",
        "eve": "locked",
        "zed": "locked",
        "old": "des",
    }


@pytest.mark.parametrize(
    ("beginning", "kind"),
    [
        ("", "empty"),
        ("::", "empty"),
        ("x:", "locked"),
        ("*", "locked"),
        ("!a", "locked"),
        ("$6", "sha512"),
        ("$5", "sha256"),
        ("$2", "bcrypt"),
        ("$7", "scrypt"),
        ("$g", "yescrypt"),
        ("$1", "md5"),
        ("$s", "other"),
        ("_J", "des"),
        ("..", "des"),
    ],
)
def test_how_a_field_begins(beginning: str, kind: str) -> None:
    assert passwd.password(beginning) == kind


def test_ageing() -> None:
    found = passwd.ageing(AGES)

    assert found["ada"] == passwd.Ageing(
        changed_at=datetime(2026, 9, 4, tzinfo=UTC),
        max_days=60,
        inactive_days=30,
        expires_at=datetime(2027, 7, 1, tzinfo=UTC),
    )
    assert found["bob"] == passwd.Ageing(must_change=True, max_days=90)
    assert found["eve"] == passwd.Ageing()


def test_accounts_and_their_groups() -> None:
    known = passwd.accounts(
        ["root:x:0:0:root:/root:/bin/bash", "ada:x:1000:1000:,,,:/home/ada:", "+::::::", "#x:x:1:1:::", "bad"]
    )
    groups = ["root:x:0:", "docker:x:998:ada,ghost", "ada:x:1000:", "sudo:x:27:ada", "broken:x:y:ada"]

    assert known == (
        passwd.Account("root", 0, 0, "/root", "/bin/bash", "x"),
        passwd.Account("ada", 1000, 1000, "/home/ada", "", "x"),
    )
    assert passwd.memberships(passwd.groups(groups), known) == {
        "root": ("root",),
        "ada": ("ada", "docker", "sudo"),
    }
    assert passwd.group_ids(groups) == {"root": 0, "docker": 998, "ada": 1000, "sudo": 27}


@pytest.mark.parametrize(
    ("shell", "works"),
    [
        ("", True),
        ("/bin/bash", True),
        ("/usr/sbin/nologin", False),
        ("/bin/false", False),
        ("/bin/sync", False),
    ],
)
def test_login_shells(shell: str, works: bool) -> None:
    assert passwd.Account("x", 1, 1, "/", shell, "x").login_shell is works


def test_last_logins_as_lastlog_and_lastlog2_print_them() -> None:
    lines = [
        "Username         Port     From                                       Latest",
        "root             pts/0    10.77.0.1                                 Sat Nov  1 23:04:05 +0100 2025",
        "daemon                                                              **Never logged in**",
        "ada              ssh      fe80::1%eth0      Mon Feb 29 10:00:00 -0500 2016 sshd",
        "bad              ssh      -                 Mon Feb 30 10:00:00 -0500 2016",
    ]

    assert passwd.last_logins(lines) == {
        "root": datetime(2025, 11, 1, 22, 4, 5, tzinfo=UTC),
        "ada": datetime(2016, 2, 29, 15, 0, tzinfo=UTC),
    }


@given(st.lists(st.text(alphabet="root:0123456789,x!*$\n +-JanFeb", max_size=60)))
def test_no_lines_break_it(lines: list[str]) -> None:
    passwd.memberships(passwd.groups(lines), passwd.accounts(lines))
    passwd.passwords(passwd.kinds(lines), lines)
    passwd.ageing(lines)
    passwd.last_logins(lines)
