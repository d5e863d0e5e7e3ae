import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.semantics import sudoers
from checks.semantics.sudoers import Person, Rights

ADA = Person("ada", 1000, ("ada", "sudo", "clinic"), (1000, 27, 1200))
BOB = Person("bob", 1001, ("bob",), (1001,))
ROOT = Person("root", 0, ("root",), (0,))


def read(text: str, **more: str) -> sudoers.Sudoers:
    lines = [f"/etc/sudoers:{line}" for line in text.splitlines() if line]
    for name, content in more.items():
        lines += [f"/etc/sudoers.d/{name.replace('_', '.')}:{line}" for line in content.splitlines() if line]
    return sudoers.parsed(lines)


def may(text: str, person: Person = ADA, host: str = "ehr-1.example.org") -> Rights:
    said = read(text)
    assert said.unread == ()
    return sudoers.rights(said, person, host)


NOTHING = Rights((), everything=False, without_password=())
EVERYTHING = Rights(("ALL",), everything=True, without_password=())
FREE = Rights(("ALL",), everything=True, without_password=("ALL",))

# As Debian 12 ships it.
DEBIAN = """\
#
# This file MUST be edited with the 'visudo' command as root.
#
Defaults	env_reset
Defaults	mail_badpass
Defaults	secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
Defaults	use_pty
#Defaults:%sudo env_keep += "http_proxy https_proxy ftp_proxy all_proxy no_proxy"
# Host alias specification
root	ALL=(ALL:ALL) ALL
# Allow members of group sudo to execute any command
%sudo	ALL=(ALL:ALL) ALL
# See sudoers(5) for more information on "@include" directives:
@includedir /etc/sudoers.d
"""


def test_debians_own_file() -> None:
    said = read(DEBIAN)

    assert (said.unread, said.unfollowed) == ((), ())
    assert sudoers.principals(said) == ("root", "%sudo")
    assert sudoers.rights(said, ADA, "ehr-1") == EVERYTHING
    assert sudoers.rights(said, BOB, "ehr-1") == NOTHING
    assert sudoers.rights(said, ROOT, "ehr-1") == FREE
    assert [sudoers.setting(said, name) for name in ("use_pty", "secure_path", "logfile")] == [
        True,
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        None,
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ada ALL=(ALL) NOPASSWD: ALL", FREE),
        ("ada ALL = ( ALL : ALL ) NOPASSWD:ALL", FREE),
        ("ada ALL=NOPASSWD:ALL", FREE),
        ("#1000 ALL=ALL", EVERYTHING),
        ("%#1200 ALL=ALL", EVERYTHING),
        ('"ada" ALL=ALL', EVERYTHING),
        ("bob, ada ALL=ALL", EVERYTHING),
        ("bob ,\\\n  ada ALL=ALL", EVERYTHING),
        ("ALL, !ada ALL=ALL", NOTHING),
        ("ALL, !%clinic ALL=ALL", NOTHING),
        ("!ada, ALL ALL=ALL", EVERYTHING),
        ("ada web1=ALL", NOTHING),
        ("ada EHR-1=ALL", EVERYTHING),
        ("ada ehr-*=ALL", EVERYTHING),
        ("ada ALL, !ehr-1=ALL", NOTHING),
        ("ada 10.0.0.0/8=ALL", EVERYTHING),
        ("ada ALL=ALL # for now", EVERYTHING),
        ("ada ALL=ALL, !/usr/bin/su", EVERYTHING),
        ("ada ALL=(postgres) ALL", Rights(("ALL",), everything=False, without_password=())),
        ("ada ALL=(ALL, !root) ALL", Rights(("ALL",), everything=False, without_password=())),
        ("ada ALL=(:dialout) /usr/bin/minicom", Rights(("/usr/bin/minicom",), False, ())),
        (
            "ada ALL=NOPASSWD: /usr/bin/id, PASSWD: /usr/bin/ls -l\\, -a, /usr/bin/df",
            Rights(("/usr/bin/id", "/usr/bin/ls -l\\, -a", "/usr/bin/df"), False, ("/usr/bin/id",)),
        ),
        (
            "ada ALL=(root) NOEXEC: NOPASSWD: /usr/bin/less, /usr/bin/more",
            Rights(("/usr/bin/less", "/usr/bin/more"), False, ("/usr/bin/less", "/usr/bin/more")),
        ),
        (
            "ada ALL=CWD=/srv CHROOT=/srv NOPASSWD: sha256:AAAA /usr/bin/id a\\=b",
            Rights(("/usr/bin/id a\\=b",), False, ("/usr/bin/id a\\=b",)),
        ),
        ("ada web1=ALL : ehr-1=NOPASSWD: /bin/id : x=ALL", Rights(("/bin/id",), False, ("/bin/id",))),
        ("ada ALL=sudoedit /etc/hosts", Rights(("sudoedit /etc/hosts",), False, ())),
        ('ada ALL=/bin/ls ""', Rights(('/bin/ls ""',), False, ())),
        # A later rule for everything replaces what stands before.
        ("ada ALL=NOPASSWD: /bin/id\nada ALL=(ALL) ALL", EVERYTHING),
        ("ada ALL=(ALL) ALL\nada ALL=NOPASSWD: /bin/id", Rights(("ALL", "/bin/id"), True, ("/bin/id",))),
        ("%sudo ALL=ALL\nada ALL=!ALL", NOTHING),
        # root only, while before it was anybody.
        ("ada ALL=(ALL) NOPASSWD: ALL\nada ALL=ALL", FREE),
        ("ada ALL=ALL\nDefaults !authenticate", FREE),
        ("Defaults:ada !authenticate\nada ALL=ALL", FREE),
        ("Defaults:bob !authenticate\nada ALL=ALL", EVERYTHING),
        ("Defaults:%sudo use_pty, !authenticate\nada ALL=ALL", FREE),
        ("Defaults !authenticate\nDefaults authenticate\nada ALL=ALL", EVERYTHING),
        ("Defaults@ehr-1 !authenticate\nada ALL=PASSWD: ALL", EVERYTHING),
        (
            (
                "User_Alias STAFF = bob, NURSES : NURSES = ada\n"
                "Host_Alias EHR = ehr-1, ehr-2\nRunas_Alias DB = root, postgres\n"
                "Cmnd_Alias SHOW = /bin/id, /bin/df : NET = SHOW, !/bin/df\nSTAFF EHR=(DB) NOPASSWD: NET"
            ),
            Rights(("/bin/id", "/bin/df"), False, ("/bin/id", "/bin/df")),
        ),
        ("User_Alias A = B\nUser_Alias B = A\nA ALL=ALL", NOTHING),
    ],
)
def test_rights(text: str, found: Rights) -> None:
    assert may(text) == found


def test_only_files_that_sudo_reads_are_read() -> None:
    free = "ada ALL=NOPASSWD: ALL\n"

    assert sudoers.rights(read(DEBIAN, clinic=free), ADA, "x") == FREE
    assert sudoers.rights(read(DEBIAN, clinic_bak=free), ADA, "x") == EVERYTHING
    assert sudoers.rights(read(DEBIAN, **{"clinic~": free}), ADA, "x") == EVERYTHING
    assert sudoers.rights(read("root ALL=ALL\n", clinic=free), ADA, "x") == NOTHING
    assert sudoers.rights(read("#includedir /etc/sudoers.d", clinic=free), ADA, "x") == FREE
    assert sudoers.rights(read("@include sudoers.d/clinic", clinic=free), ADA, "x") == FREE


def test_the_distributions_file_counts_where_there_is_none_here() -> None:
    vendor = ["/usr/etc/sudoers:ada ALL=ALL"]

    assert sudoers.rights(sudoers.parsed(vendor), ADA, "x") == EVERYTHING
    assert sudoers.rights(sudoers.parsed(["/etc/sudoers:bob ALL=ALL", *vendor]), ADA, "x") == NOTHING


def test_what_was_not_followed_or_makes_no_sense_is_told() -> None:
    assert read("@include /srv/sudoers").unfollowed == ("/srv/sudoers",)
    assert read("@includedir /srv/sudoers.d").unfollowed == ("/srv/sudoers.d",)
    assert read("@include /etc/sudoers").unfollowed == ("/etc/sudoers",)
    assert read("no sense\nada ALL=ALL").unread == ("no sense",)


@given(st.text(alphabet='ada ALL=()%#!:,\\"\n@NOPASSWD/bin1+', max_size=120))
def test_no_text_breaks_it(text: str) -> None:
    said = read(text)
    sudoers.principals(said)
    for person in (ADA, ROOT):
        found = sudoers.rights(said, person, "ehr-1")
        assert set(found.without_password) <= set(found.commands)
        assert not found.everything or "ALL" in found.commands
