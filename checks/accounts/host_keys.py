"""Accounts on hosts: the SSH keys that let somebody in, and files that let in without any."""

from collections.abc import Iterator, Mapping

from checks.semantics import authorized_keys as semantics
from checks.semantics import passwd, sshd
from scanner import Facts, Host, Reason, check

_ACCOUNTS = "cat /etc/passwd"
_EFFECTIVE = "sudo sshd -T"
_FILES = (
    "sudo grep -RHs . /etc/ssh/sshd_config /etc/ssh/sshd_config.d"
    " /usr/etc/ssh/sshd_config /usr/etc/ssh/sshd_config.d"
)
# A line of keys has AAAA in it; a pipe of that name would never end.
_KEYS = (
    "sudo find -H /root /home /var/lib /srv /opt -maxdepth 4"
    " -name authorized_keys -not -type p -exec grep -Hs AAAA {} +"
    " -o -name authorized_keys2 -not -type p -exec grep -Hs AAAA {} +"
)
# Private keys have no such words in them.
_DAEMONS_KEYS = "sudo grep -rHs -e ssh- -e ecdsa- /etc/ssh"
_TRUST = (
    "sudo find -H /root /home /var/lib /srv /opt /etc -maxdepth 3"
    " -name .rhosts -o -name .shosts -o -name hosts.equiv -o -name shosts.equiv"
)

Keys = Mapping[str, tuple[semantics.Key, ...]]


class AuthorizedKeys(Facts):
    """The SSH keys that let somebody in as one account."""

    name: str
    """The account's name."""
    superuser: bool
    """Whether the account may do everything: its number is 0."""
    keys: int
    """How many keys let somebody in."""
    key_kinds: tuple[str, ...]
    """Of which kinds they are: ssh-ed25519, ssh-rsa, ..."""
    fewest_rsa_bits: int | None
    """How long the shortest RSA key is; none where no key is one."""
    dsa_keys: int
    """How many are DSA keys, which are too short by design."""
    hardware_keys: int
    """How many stand on a security key."""
    keys_from_anywhere: int
    """How many can be used from everywhere, without a from= option."""
    keys_for_everything: int
    """How many let one run anything, without a command= or restrict option."""
    authorities: int
    """How many are authorities, whose every certificate lets somebody in."""
    fingerprints: tuple[str, ...]
    """What the keys are known by, sorted."""
    shared_with: tuple[str, ...]
    """Other accounts of the host that one of the keys lets in as well."""


class TrustFiles(Facts):
    """Files by which old services let in whoever another machine says it is."""

    trust_files: tuple[str, ...]
    """The .rhosts, .shosts, hosts.equiv and shosts.equiv files that there are."""


@check(_ACCOUNTS, _EFFECTIVE, _FILES, _KEYS, _DAEMONS_KEYS)
def authorized_keys(host: Host) -> Iterator[AuthorizedKeys]:
    """The SSH keys that let somebody in as each account: how many, how strong, and who else's they are.

    Looked for where the daemon does (AuthorizedKeysFile). Of the keys, only kind, length, fingerprint and the
    names of options are told. Keys behind a symbolic link to a folder, in a directory, or from a program
    (AuthorizedKeysCommand: hardening.host_ssh.settings tells whether there is one) are not seen. Nothing is
    said of accounts without keys, nor where there is no SSH daemon.
    """
    if not host.has("sshd"):
        return
    patterns = _patterns(host)
    known = host.run(_ACCOUNTS).read(passwd.accounts)
    found = _found(host)
    where = {
        account.name: semantics.files(patterns, account.name, account.uid, account.home) for account in known
    }
    held = {
        name: {key.fingerprint for path in paths for key in found.get(path, ())}
        for name, paths in where.items()
    }
    for account in {account.name: account for account in reversed(known)}.values():
        resource = f"{host.id}/users/{account.name}/keys"
        with host.reading(resource):
            unseen = [path for path in where[account.name] if not semantics.looked_into(path)]
            if unseen and account.login_shell:
                raise host.refuse(
                    _KEYS,
                    Reason.NOT_COLLECTED,
                    f"{unseen[0]} was not looked for",
                    "keep keys below /home or /etc/ssh",
                )
            keys = [key for path in where[account.name] for key in found.get(path, ())]
            mine = held[account.name]
            others = (
                name
                for name, theirs in held.items()
                if name != account.name and theirs & mine and where[name] != where[account.name]
            )
            if keys:
                yield _facts(resource, account, keys, tuple(sorted(others)))


@check(_TRUST)
def trust_files(host: Host) -> Iterator[TrustFiles]:
    """Files by which old services (rlogin, rsh, host-based SSH) let in whoever another machine says it is."""
    lines = _searched(host, _TRUST)
    yield TrustFiles(
        resource=host.id, trust_files=tuple(sorted(line for line in lines if line.startswith("/")))
    )


def _facts(
    resource: str, account: passwd.Account, keys: list[semantics.Key], others: tuple[str, ...]
) -> AuthorizedKeys:
    rsa = [key.bits for key in keys if key.kind == "ssh-rsa" and key.bits is not None]
    return AuthorizedKeys(
        resource=resource,
        name=account.name,
        superuser=account.uid == 0,
        keys=len(keys),
        key_kinds=tuple(sorted({key.kind for key in keys})),
        fewest_rsa_bits=min(rsa, default=None),
        dsa_keys=sum(key.kind.startswith("ssh-dss") for key in keys),
        hardware_keys=sum(key.hardware for key in keys),
        keys_from_anywhere=sum("from" not in key.options for key in keys),
        keys_for_everything=sum(not key.options & {"command", "restrict"} for key in keys),
        authorities=sum("cert-authority" in key.options for key in keys),
        fingerprints=tuple(sorted({key.fingerprint for key in keys})),
        shared_with=others,
    )


def _patterns(host: Host) -> tuple[str, ...]:
    everywhere = host.run(_EFFECTIVE).read(sshd.effective)
    # grep ends with 2 where one of the folders does not exist; sudo, when it refuses, with 1.
    blocks = host.run(_FILES, ok=(0, 2)).read(sshd.blocks)
    if "authorizedkeysfile" not in everywhere or blocks.unfollowed:
        raise host.refuse(
            _EFFECTIVE,
            Reason.INVALID_ANSWER,
            "does not say for everybody where keys are looked for",
            "move what sshd_config includes to /etc/ssh/sshd_config.d",
        )
    return sshd.listed(everywhere, blocks.settings, "authorizedkeysfile")


def _found(host: Host) -> Keys:
    found = semantics.keys(_searched(host, _KEYS))
    # grep ends with 2 where something could not be read, with 1 where nothing matches.
    return {**host.run(_DAEMONS_KEYS, ok=(0, 1, 2)).read(semantics.keys), **found}


def _searched(host: Host, command: str) -> tuple[str, ...]:
    # find ends with 1 where one of the folders does not exist, or a file has no match.
    said = host.run(command, ok=(0, 1))
    if "ermission denied" in said.errors:
        raise host.refuse(
            command,
            Reason.DENIED,
            "not even root may look into some folders, as on a network's file system",
            "see what it says on the host",
        )
    return said.lines
