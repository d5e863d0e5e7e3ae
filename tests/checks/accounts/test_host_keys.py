from dataclasses import replace

import pytest

from checks.accounts.host_keys import AuthorizedKeys, TrustFiles, authorized_keys, trust_files
from scanner.testing import Output, look, observe, world

ACCOUNTS, EFFECTIVE, FILES, KEYS, DAEMONS = authorized_keys.needs
[TRUST] = trust_files.needs

PEOPLE = """\
root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
ada:x:1000:1000::/home/ada:/bin/bash
bob:x:1001:1001::/home/bob:/bin/bash
"""
# Made with ssh-keygen, which also prints their fingerprints so; the private keys are gone.
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICCH4uGB7/W7suXHNeW7wGCdU8xglyMk6hBVs52e1Bzu ada@ward"
RSA = (
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDWTBqzoARstdEHiezOs7TKEDyUbwKDkx2Q8H15Sx42HBxxf+WwMOOM0aIJna1s82"
    "5bGkB9Zy5OpHMqR4f6TQfI1mY8m+lH+PQRA4r56BMF3TOYIWzQKEb9wLU0HQpxGY1xt/hYsB9XfsRQ3GeGCoRpqM+oDcyA1TPN030A"
    "UpIszQ== old@ward"
)
ED25519_PRINT = "SHA256:Nt08/GP+DDogtmiZzlsZGXbRuyvz/JeATfyvJVim0aw"
RSA_PRINT = "SHA256:+MzjU9Ju3VqLVdC8yEnsw231QU1rzRAgs7qSyhFCSPI"

HELD = (
    f"/root/.ssh/authorized_keys:{ED25519}\n"
    f'/home/ada/.ssh/authorized_keys:from="10.0.0.0/8",command="echo \\"ssh-rsa AAAA\\"" {ED25519}\n'
    f"/home/ada/.ssh/authorized_keys2:{RSA}\n"
    f"/home/ada/.ssh/authorized_keys:# {RSA}\n"
    "/home/ada/.ssh/authorized_keys:ssh-rsa AAAAnot!base64\n"
)
SSHD = "authorizedkeysfile .ssh/authorized_keys .ssh/authorized_keys2\n"
MAIN = "/etc/ssh/sshd_config:Include /etc/ssh/sshd_config.d/*.conf\n"

WORLD = world(
    authorized_keys,
    {ACCOUNTS: PEOPLE, EFFECTIVE: SSHD, FILES: MAIN, KEYS: Output(1, HELD), DAEMONS: Output(1, "")},
)

ROOT = AuthorizedKeys(
    resource="host:ehr-1/users/root/keys",
    name="root",
    superuser=True,
    keys=1,
    key_kinds=("ssh-ed25519",),
    fewest_rsa_bits=None,
    dsa_keys=0,
    hardware_keys=0,
    keys_from_anywhere=1,
    keys_for_everything=1,
    authorities=0,
    fingerprints=(ED25519_PRINT,),
    shared_with=("ada",),
)
ADA = AuthorizedKeys(
    resource="host:ehr-1/users/ada/keys",
    name="ada",
    superuser=False,
    keys=2,
    key_kinds=("ssh-ed25519", "ssh-rsa"),
    fewest_rsa_bits=1024,
    dsa_keys=0,
    hardware_keys=0,
    keys_from_anywhere=1,
    keys_for_everything=1,
    authorities=0,
    fingerprints=(RSA_PRINT, ED25519_PRINT),
    shared_with=("root",),
)


def test_keys() -> None:
    found = observe(authorized_keys, WORLD)

    assert sorted(found, key=lambda facts: facts.resource) == [ADA, ROOT]


def test_keys_that_the_daemon_looks_for_elsewhere() -> None:
    block = "Match User bob", "AuthorizedKeysFile /etc/ssh/more/%U"
    files = MAIN + "".join(f"/etc/ssh/sshd_config:{line}\n" for line in block)
    found = observe(
        authorized_keys,
        {
            **WORLD,
            EFFECTIVE: "authorizedkeysfile /etc/ssh/keys/%u\n",
            FILES: files,
            DAEMONS: f"/etc/ssh/keys/ada:{RSA}\n/etc/ssh/more/1001:cert-authority {ED25519}\n",
        },
    )

    assert sorted(found, key=lambda facts: facts.resource) == [
        replace(
            ADA,
            keys=1,
            key_kinds=("ssh-rsa",),
            fingerprints=(RSA_PRINT,),
            shared_with=(),
        ),
        replace(
            ROOT,
            resource="host:ehr-1/users/bob/keys",
            name="bob",
            superuser=False,
            authorities=1,
            shared_with=(),
        ),
    ]


def test_an_account_whose_keys_were_not_looked_for_is_a_refusal() -> None:
    sight = look(authorized_keys, {**WORLD, ACCOUNTS: f"{PEOPLE}eve:x:9:9::/data/eve:/bin/sh\n"})

    assert sorted(sight.facts, key=lambda facts: facts.resource) == [ADA, ROOT]
    assert [refusal.resource for refusal in sight.refusals] == ["host:ehr-1/users/eve/keys"]


@pytest.mark.parametrize(
    ("need", "said"),
    [
        (EFFECTIVE, "port 22\n"),
        (KEYS, Output(1, HELD, "find: '/home/bob': Permission denied")),
        (KEYS, Output(2, "")),
    ],
)
def test_what_was_not_read_is_a_refusal(need: str, said: Output | str) -> None:
    sight = look(authorized_keys, {**WORLD, need: said})

    assert (sight.facts, [refusal.error.need for refusal in sight.refusals]) == ([], [need])


def test_without_an_ssh_daemon_nothing_is_said() -> None:
    known = {need: said for need, said in WORLD.items() if need != EFFECTIVE}

    assert observe(authorized_keys, known) == []


def test_trust_files() -> None:
    said = Output(1, "/etc/hosts.equiv\n/home/ada/.rhosts\n", "find: '/srv': No such file or directory")

    assert observe(trust_files, {TRUST: said}) == [
        TrustFiles(resource="host:ehr-1", trust_files=("/etc/hosts.equiv", "/home/ada/.rhosts"))
    ]
    assert observe(trust_files, {TRUST: ""}) == [TrustFiles(resource="host:ehr-1", trust_files=())]


world(trust_files, {TRUST: "/etc/hosts.equiv\n"})
