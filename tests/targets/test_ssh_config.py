"""ssh_config as an inventory: held to what OpenSSH's own `ssh -G` says of the same files."""

import getpass
import os
import subprocess
from pathlib import Path

import pytest

from scanner.documents import parse
from scanner.errors import ScannerError
from scanner.targets import config
from scanner.targets.host import HostTarget
from scanner.targets.login import Login
from scanner.targets.ssh_config import SshConfig, hostname, one_word

CONFIG = """\
# the clinic
Include clinic/*.conf

Host ehr-? !ehr-9
  User audit
  Port = 2222
  ConnectTimeout 7

Host ehr-1 "ehr-2"
  HostName %h.clinic.example.org
  ProxyJump bastion   # by name
  IdentityFile "~/keys/%r at %h"
  IdentityFile ~/keys/second

Match host *.clinic.example.org !user root
  CertificateFile %d/keys/audit-cert.pub
  UserKnownHostsFile ~/known/%n /dev/null

Match originalhost ehr-9 localuser nobody-of-that-name
  Port 9

Match user audit host=ehr-3
  HostKeyAlias third

host bracket[1]
  HostName 10.0.0.1

Host *
  User everybody
  Port 22
  HostName fallback-%h
"""
BASTION = "Host bastion\n  HostName 192.0.2.1\n  User jumper\nMatch all\n  ConnectTimeout 30\n"
ALIASES = ("ehr-1", "ehr-2", "ehr-3", "ehr-9", "bastion", "bracket[1]", "anything", "EHR-1")
SINGLE = ("hostname", "user", "port", "connecttimeout", "proxyjump", "hostkeyalias")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with an ssh_config; ssh itself would take the home from the user database."""
    (tmp_path / ".ssh/clinic").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh/clinic/bastion.conf").write_text(BASTION)
    (tmp_path / ".ssh/config").write_text(CONFIG)
    return tmp_path


def openssh(home: Path, alias: str) -> dict[str, list[str]]:
    """What OpenSSH itself makes of the same configuration, with includes by their whole path."""
    text = (home / ".ssh/config").read_text().replace("Include clinic", f"Include {home}/.ssh/clinic")
    (home / "same").write_text(text)
    listed = subprocess.run(
        ["ssh", "-G", "-F", home / "same", alias], check=True, capture_output=True, text=True, timeout=20
    )
    said: dict[str, list[str]] = {}
    for line in listed.stdout.splitlines():
        word, _, value = line.partition(" ")
        said.setdefault(word, []).append(value)
    return said


@pytest.mark.parametrize("alias", ALIASES)
def test_it_says_what_openssh_says(home: Path, alias: str) -> None:
    theirs = openssh(home, alias)

    ours = SshConfig(home / ".ssh/config").lookup(alias)

    told = {word: one_word(said) for word in SINGLE if (said := ours.first(word))}
    told["hostname"] = hostname(ours)
    defaults = {"connecttimeout": "none", "hostkeyalias": "none"}
    expected = {
        word: theirs[word][0] for word in SINGLE if word in theirs and theirs[word][0] != defaults.get(word)
    }
    # OpenSSH writes the name in small letters where nothing else is its address.
    assert {word: value.lower() for word, value in told.items()} == {
        word: value.lower() for word, value in expected.items()
    }
    files = [one_word(said) for said in ours.settings.get("identityfile", ())]
    if files:
        assert files == theirs["identityfile"]
    certificates = [one_word(said) for said in ours.settings.get("certificatefile", ())]
    assert certificates == theirs.get("certificatefile", [])


def made(home: Path, text: str) -> list[HostTarget]:
    document = parse(text, "wardround.yaml")
    found = config.targets(document, document.data["targets"], home)
    assert all(isinstance(each, HostTarget) for each in found)
    return [each for each in found if isinstance(each, HostTarget)]


def refusal(home: Path, text: str, configuration: str = "") -> str:
    if configuration:
        (home / ".ssh/config").write_text(configuration)
    with pytest.raises(ScannerError) as caught:
        made(home, text)
    return str(caught.value)


LISTED = (
    "targets:\n  - hosts: {name: ehr, tags: {phi: 'true'}, ssh_config: {file: ~/.ssh/config, hosts: [%s]}}\n"
)
ALL = "targets:\n  - hosts: {name: ehr, ssh_config: ~/.ssh/config}\n"


def test_a_host_with_all_that_is_said_of_it(home: Path) -> None:
    (home / "keys").mkdir()
    (home / "keys/second").touch()

    (host,) = made(home, LISTED % "ehr-1")

    bastion = Login("192.0.2.1", 22, "jumper", connect_seconds=30)
    assert host == HostTarget(
        name="ehr-1",
        group="ehr",
        tags={"phi": "true"},
        address="ehr-1.clinic.example.org",
        port=2222,
        user="audit",
        identity=(f"{home}/keys/second",),
        certificate=(f"{home}/keys/audit-cert.pub",),
        known_hosts=(f"{home}/known/ehr-1", "/dev/null"),
        connect_seconds=30,
        jump=(bastion,),
    )


def test_every_host_that_is_named_as_it_is(home: Path) -> None:
    assert [host.name for host in made(home, ALL)] == ["bastion", "ehr-1", "ehr-2", "bracket[1]"]


def test_what_ssh_config_does_not_say_the_configuration_does(home: Path) -> None:
    (home / ".ssh/config").write_text("Host a\n  Port 23\nHost b\n  User me\n")

    hosts = made(home, "targets:\n  - hosts: {name: x, user: audit, port: 24, ssh_config: ~/.ssh/config}\n")
    plain = made(home, ALL)

    assert [(host.user, host.port, host.address) for host in hosts] == [("audit", 23, "a"), ("me", 24, "b")]
    assert [host.user for host in plain] == [getpass.getuser(), "me"]


def test_hops_within_hops(home: Path) -> None:
    (home / ".ssh/config").write_text(
        "Host web\n  ProxyJump inner,last@last:29\nHost inner\n  ProxyJump outer\n  User i\n"
        "Host outer\n  HostName 192.0.2.9\n  User o\nHost last\n  HostName 192.0.2.8\n  ProxyJump outer\n"
    )

    (host,) = made(home, LISTED % "web")

    assert isinstance(host.jump, tuple)
    # The last one is reached from the one before it, whatever its own ProxyJump says.
    assert [str(hop) for hop in host.jump] == ["o@192.0.2.9:22", "i@inner:22", "last@192.0.2.8:29"]


def test_a_program_that_connects(home: Path) -> None:
    (home / ".ssh/config").write_text(
        "Host web\n  HostName 192.0.2.9\n  User me\n  Port 29\n  ProxyJump none\n"
        "Host db\n  HostName \"192.0.2.10\"\n  ProxyCommand exec ~/bin/way --to '%h' -p %p 100%% %n\n"
        "  ProxyJump web\n"
    )
    (home / ".ssh/config").chmod(0o600)

    web, db = made(home, ALL)

    assert (web.program, web.jump) == ((), None)
    # Whichever of the two comes first holds.
    assert (db.jump, db.program) == (
        None,
        (f"{home}/bin/way", "--to", "192.0.2.10", "-p", "22", "100%", "db"),
    )


def test_a_program_is_only_taken_from_the_users_own_file(home: Path) -> None:
    (home / "ssh_config").write_text("Host web\n\n  ProxyCommand nc %h %p\n")
    text = "targets:\n  - hosts: {name: x, ssh_config: ssh_config}\n"

    assert refusal(home, text) == (
        f"{home}/ssh_config:3: ProxyCommand runs a program, so it is only taken from files in ~/.ssh and "
        "/etc/ssh; expected ProxyJump, or that the file is there"
    )
    (home / ".ssh/config").write_text("Host web\n  ProxyCommand nc %h %p\n")
    (home / ".ssh/config").chmod(0o620)
    assert refusal(home, ALL).endswith(
        "config:2: ProxyCommand runs a program, and others than its owner can write to this file"
    )


@pytest.mark.parametrize("word", ["$(touch x)", "a|b", "a;b", "a && b", "`a`", "a > b", "~/x*"])
def test_no_shell_is_asked(home: Path, word: str) -> None:
    said = refusal(home, ALL, f"Host a\n  ProxyCommand nc {word}\n")

    assert f"{home}/.ssh/config:2: ProxyCommand has " in said
    assert "which only a shell understands" in said


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("Port", "1: 'Port' is no setting; expected a keyword and its value"),
        ("Host a\n Port 70000", "2: port '70000'; expected a whole number from 1 to 65535"),
        ("Host a\n User 'x", '2: "\'x": No closing quotation'),
        ("Host a\n HostName %q", "2: hostname: %q means nothing here; expected one of %%, %h"),
        (
            "Host a\n\nMatch exec true\n Port 23",
            (
                "3: Match exec runs a program to decide, which is never done here; "
                "expected all, host, originalhost, user, localuser"
            ),
        ),
        (
            "Match tagged x\nHost a",
            "1: Match 'tagged' is not read here; expected all, host, originalhost, user, localuser",
        ),
        ("Host a\n ProxyJump b\nHost b\n ProxyJump a", "4: ProxyJump goes in a circle: a, b, a"),
        ("Host a\n ProxyJump a", "2: ProxyJump goes in a circle: a, a"),
        ("Host a\n ProxyJump b:x", "2: ProxyJump: 'b:x' is not of the form user@host:port"),
        (
            "Host a\n IdentityFile ${NOT_SET_ANYWHERE}/x",
            "2: identityfile: the variable NOT_SET_ANYWHERE of the environment is not set",
        ),
        (
            "Host a\n CanonicalizeHostname yes",
            "2: CanonicalizeHostname is not read here; write HostName for each host",
        ),
        (
            "Include config",
            "1: Include within Include, more than 16 deep: does a file include itself?",
        ),
    ],
)
def test_mistakes(home: Path, lines: str, message: str) -> None:
    assert refusal(home, ALL, f"{lines}\n") == f"{home}/.ssh/config:{message}"


def test_match_exec_is_never_run(home: Path) -> None:
    refusal(home, ALL, f"Host a\nMatch exec 'touch {home}/ran'\n Port 23\n")

    assert not (home / "ran").exists()
    # What decides before it spares it.
    (home / ".ssh/config").write_text("Host a b\nMatch host b exec true\n Port 23\n")
    assert [host.name for host in made(home, LISTED % "a")] == ["a"]


def test_a_name_that_nothing_is_said_of(home: Path) -> None:
    assert refusal(home, LISTED % "bastoin") == (
        f"wardround.yaml:2: {home}/.ssh/config has no Host 'bastoin' (did you mean 'bastion'?)"
    )
    assert refusal(home, ALL, "Host *\n  User me\n").endswith(
        "config names no Host as it is, only by patterns; expected hosts: a list"
    )


def test_a_file_that_is_not_there(home: Path) -> None:
    os.unlink(home / ".ssh/config")  # noqa: PTH108 - gone

    assert refusal(home, ALL) == (
        f"wardround.yaml:2: {home}/.ssh/config: No such file or directory: an inventory of hosts"
    )
