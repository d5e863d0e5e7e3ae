"""Hardening of hosts: what travels to and from other machines, and how strong its encryption has to be."""

import re
from collections.abc import Iterator
from typing import Literal

from checks.semantics import crypto_policy, shares
from scanner import Facts, Host, Reason, check

_SHOWN = "update-crypto-policies --show"
_POLICY = re.compile(r"[A-Z0-9][A-Z0-9_.-]*(:[A-Z0-9][\w.-]*)*")
_FIPS = "cat /proc/sys/crypto/fips_enabled"
_FOR_SSH = "cat /etc/crypto-policies/back-ends/opensshserver.config"
_SSHD = "sudo sshd -T"
_SSHD_OPTS_OUT = "grep -sHE '^[[:space:]]*CRYPTO_POLICY=' /etc/sysconfig/sshd"
_OPENSSL = (
    "grep -sHiE '^[[:space:]]*(TLS[.])?(MinProtocol|CipherString)[[:space:]]*=' /etc/ssl/openssl.cnf"
    " /etc/pki/tls/openssl.cnf /etc/crypto-policies/back-ends/opensslcnf.config"
)
_OPENSSL_THERE = "test -e /etc/ssl/openssl.cnf -o -e /etc/pki/tls/openssl.cnf"
_ETAB = "grep -s . /var/lib/nfs/etab"
_EXPORTS = "sudo grep -RHs -e . /etc/exports /etc/exports.d /proc/version"
_MOUNTS = "cat /proc/self/mountinfo"
_IPSEC = "sudo ip xfrm policy"
_WIREGUARD = "sudo wg show all endpoints"


class CryptoPolicy(Facts):
    """How strong the whole system asks encryption to be."""

    policy: str
    """Its name, and what was added to it, as in DEFAULT:AD-SUPPORT."""
    base: str
    """Its name alone, as in DEFAULT, FUTURE, FIPS, LEGACY."""
    additions: tuple[str, ...]
    """What was added to it, as in SHA1, which lets old signatures pass."""
    fips: bool
    """Whether the kernel runs in FIPS mode."""


class SshPolicy(Facts):
    """Whether the SSH server keeps to what the whole system asks for."""

    follows_policy: bool
    """Whether it offers nothing that the system's policy leaves out."""
    beyond_policy: tuple[str, ...]
    """What it offers beyond that, as in ciphers aes128-cbc."""


class Library(Facts):
    """What OpenSSL, and with it most programs, is told to accept."""

    min_tls: Literal["SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"] | None
    """The oldest version of TLS; none where no file says, and the library was built with the answer."""
    security_level: int | None
    """OpenSSL's security level: 2 asks for 112 bits; none where no file says."""


class Shared(Facts):
    """A folder that is shared by NFS."""

    path: str
    """The folder."""
    client: str
    """With whom, as it is written; * for everybody."""
    active: bool
    """Whether it is shared now, or only written down to be."""
    security: tuple[str, ...]
    """The ways that a client may choose from: krb5p encrypts; sys believes whatever the client says."""
    kerberos_required: bool
    """Whether every one of them asks who the user is."""
    encrypted: bool
    """Whether it cannot be had in the clear: krb5p only, or TLS only."""
    anyone: bool
    """Whether it is shared with everybody who reaches the server."""
    writable: bool
    """Whether it can be written to."""
    root_squashed: bool
    """Whether another machine's root is not root here."""


class NetworkMount(Facts):
    """A file system that another machine keeps."""

    mount_point: str
    """Where it is mounted."""
    kind: str
    """How, as in nfs4, cifs."""
    source: str
    """What is mounted from where."""
    encrypted: bool
    """Whether it is encrypted on its way."""
    protection: shares.Protection | None
    """What encrypts it; none when nothing does."""


class Tunnel(Facts):
    """A way through which packets go to another machine or network, encrypted."""

    kind: Literal["ipsec", "wireguard"]
    """What makes it."""
    local: str | None
    """The network on this side; none where the tunnel does not say."""
    remote: str | None
    """The network on the other side; none where the tunnel does not say."""
    peer: str
    """The machine on the other side; for WireGuard its public key and where it was last seen."""


@check(_SHOWN, _FIPS)
def crypto_policies(host: Host) -> Iterator[CryptoPolicy]:
    """How strong the whole system asks encryption to be, where it has crypto policies.

    Red Hat and its kin have them, and SUSE; nothing is said of others: see hardening.host_network.openssl.
    """
    if not host.has("update-crypto-policies"):
        return
    policy = next((line for line in host.run(_SHOWN).lines if _POLICY.fullmatch(line)), None)
    if policy is None:
        raise host.refuse(_SHOWN, Reason.INVALID_ANSWER, "names no policy", "see what it says on the host")
    base, *additions = policy.split(":")
    yield CryptoPolicy(
        resource=host.id,
        policy=policy,
        base=base,
        additions=tuple(additions),
        fips=host.run(_FIPS, ok=(0, 1)).text.strip() == "1",
    )


@check(_SHOWN, _FOR_SSH, _SSHD, _SSHD_OPTS_OUT)
def ssh_crypto_policy(host: Host) -> Iterator[SshPolicy]:
    """Whether the SSH server keeps to the system's crypto policy: what it offers is held against it.

    Red Hat 8 hands the policy to the server as it starts, unless /etc/sysconfig/sshd sets CRYPTO_POLICY;
    later ones include it in sshd_config, where a setting before it takes its place. Nothing is said of hosts
    without crypto policies or without an SSH server.
    """
    if not host.has("update-crypto-policies") or not host.has("sshd"):
        return
    allowed = host.run(_FOR_SSH).read(crypto_policy.allowed)
    # grep ends with 2 where the file does not exist.
    out = host.run(_SSHD_OPTS_OUT, ok=(0, 1, 2)).text.strip() != ""
    effective = host.run(_SSHD).lines
    taken_away = ["CRYPTO_POLICY is set"] if out else []
    beyond = taken_away if allowed.handed_over else list(allowed.beyond(effective))
    yield SshPolicy(resource=host.id, follows_policy=not beyond, beyond_policy=tuple(beyond))


@check(_OPENSSL, _OPENSSL_THERE)
def openssl(host: Host) -> Iterator[Library]:
    """What OpenSSL's configuration tells programs to accept, unless they say otherwise.

    Debian and Ubuntu name it there or have built it in; Red Hat's crypto policy writes it.
    """
    if host.run(_OPENSSL_THERE, ok=(0, 1)).status != 0:
        return
    said = host.run(_OPENSSL, ok=(0, 1, 2)).read(crypto_policy.openssl)
    yield Library(resource=host.id, min_tls=said.min_tls, security_level=said.security_level)


@check(_ETAB, _EXPORTS)
def nfs_exports(host: Host) -> Iterator[Shared]:
    """What a host shares by NFS, with whom, and whether it can be had without Kerberos or encryption.

    Both what is shared now and what the configuration will share; a folder and client that are in both are
    told of as they are shared now.
    """
    now = host.run(_ETAB, ok=(0, 1, 2)).read(shares.exported)
    # /proc/version always matches, so that no exports are told from sudo's refusal, which ends with 1.
    later = host.run(_EXPORTS, ok=(0, 2)).read(shares.configured)
    active = {(export.path, export.client): export for export in now}
    both = {(export.path, export.client): export for export in later} | active
    for (path, client), export in sorted(both.items()):
        yield Shared(
            resource=f"{host.id}/export/{client}:{path}",
            path=path,
            client=client,
            active=(path, client) in active,
            security=export.security,
            kerberos_required=all(way.startswith("krb5") for way in export.security),
            encrypted=export.encrypted,
            anyone=client in ("*", "0.0.0.0/0", "::/0"),
            writable="rw" in export.options,
            root_squashed="no_root_squash" not in export.options,
        )


@check(_MOUNTS)
def network_mounts(host: Host) -> Iterator[NetworkMount]:
    """Whether file systems that other machines keep are encrypted on their way here.

    NFS with sec=krb5p or TLS, SMB with seal, Ceph in secure mode, sshfs. What a program on this machine
    passes on, as stunnel does for Amazon EFS, is refused: whether that encrypts cannot be seen. A tunnel
    below counts for nothing here; say so in a waiver.
    """
    for mount in {taken.point: taken for taken in host.run(_MOUNTS).read(shares.taken)}.values():
        resource = f"{host.id}/network-mount{mount.point}"
        with host.reading(resource):
            if mount.protection is None and mount.through_this_machine:
                raise host.refuse(
                    _MOUNTS,
                    Reason.NOT_COLLECTED,
                    f"{mount.point} comes by a program on this machine, which may encrypt what it passes on",
                    "see how that program is set up, and say so in a waiver",
                )
            yield NetworkMount(
                resource=resource,
                mount_point=mount.point,
                kind=mount.kind,
                source=mount.source,
                encrypted=mount.protection is not None,
                protection=mount.protection,
            )


@check(_IPSEC, _WIREGUARD)
def tunnels(host: Host) -> Iterator[Tunnel]:
    """Which encrypted tunnels a host has, so that each can be held against those that were approved.

    IPsec's are the kernel's own policies, whoever made them: libreswan, strongSwan, systemd. Keys are not
    read. Tunnels that programs make without the kernel, as OpenVPN and SSH do, are not seen.
    """
    ipsec = set(host.run(_IPSEC).read(shares.policies)) if host.has("ip") else set()
    for local, remote, peer in sorted(ipsec):
        yield Tunnel(
            resource=f"{host.id}/ipsec/{local}-{remote}-{peer}",
            kind="ipsec",
            local=local,
            remote=remote,
            peer=peer,
        )
    if host.has("wg"):
        for line in host.run(_WIREGUARD).lines:
            interface, key, *endpoint = line.split("\t")
            yield Tunnel(
                resource=f"{host.id}/wireguard/{interface}/{key}",
                kind="wireguard",
                local=None,
                remote=None,
                peer=f"{key} {endpoint[0]}" if endpoint else key,
            )
