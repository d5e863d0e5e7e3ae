from typing import Any

import pytest

from checks.hardening.host_network import (
    CryptoPolicy,
    Library,
    NetworkMount,
    Shared,
    SshPolicy,
    Tunnel,
    crypto_policies,
    network_mounts,
    nfs_exports,
    openssl,
    ssh_crypto_policy,
    tunnels,
)
from scanner.testing import Output, look, observe, world

SHOWN, FIPS = crypto_policies.needs
_, FOR_SSH, SSHD, OUT = ssh_crypto_policy.needs
SET, THERE = openssl.needs
ETAB, EXPORTS = nfs_exports.needs
[MOUNTS] = network_mounts.needs
IPSEC, WIREGUARD = tunnels.needs

POLICY = world(crypto_policies, {SHOWN: "DEFAULT:AD-SUPPORT:SHA1\n", FIPS: "1\n"})


def test_crypto_policies() -> None:
    assert observe(crypto_policies, POLICY) == [
        CryptoPolicy(
            resource="host:ehr-1",
            policy="DEFAULT:AD-SUPPORT:SHA1",
            base="DEFAULT",
            additions=("AD-SUPPORT", "SHA1"),
            fips=True,
        )
    ]
    assert observe(crypto_policies, {SHOWN: "LEGACY\n", FIPS: Output(1, "")}) == [
        CryptoPolicy(resource="host:ehr-1", policy="LEGACY", base="LEGACY", additions=(), fips=False)
    ]
    assert observe(crypto_policies, {FIPS: "0\n"}) == []


SSH = world(
    ssh_crypto_policy,
    {
        SHOWN: "DEFAULT\n",
        FOR_SSH: "Ciphers aes256-gcm@openssh.com,aes128-ctr\nMACs hmac-sha2-256\nGSSAPIKeyExchange no\n",
        SSHD: "port 22\nciphers aes128-ctr\nmacs hmac-sha2-256\nkexalgorithms curve25519-sha256\n",
        OUT: Output(1, ""),
    },
)
HANDED = "CRYPTO_POLICY='-oCiphers=aes256-gcm@openssh.com -oMACs=hmac-sha2-256'\n"


@pytest.mark.parametrize(
    ("changes", "beyond"),
    [
        ({}, ()),
        (
            {SSHD: "ciphers aes128-ctr,3des-cbc\nmacs hmac-md5,hmac-sha2-256\n"},
            ("ciphers 3des-cbc", "macs hmac-md5"),
        ),
        ({FOR_SSH: HANDED}, ()),
        ({FOR_SSH: HANDED, OUT: "/etc/sysconfig/sshd:CRYPTO_POLICY=\n"}, ("CRYPTO_POLICY is set",)),
    ],
)
def test_ssh_crypto_policy(changes: dict[str, Any], beyond: tuple[str, ...]) -> None:
    assert observe(ssh_crypto_policy, {**SSH, **changes}) == [
        SshPolicy(resource="host:ehr-1", follows_policy=not beyond, beyond_policy=beyond)
    ]


def test_nothing_is_said_of_ssh_without_policies() -> None:
    assert observe(ssh_crypto_policy, {SSHD: SSH[SSHD]}) == []


SSL = world(
    openssl,
    {
        SET: Output(
            2,
            "/etc/pki/tls/openssl.cnf:CipherString = DEFAULT@SECLEVEL=1\n"
            "/etc/crypto-policies/back-ends/opensslcnf.config:CipherString = @SECLEVEL=2:kEECDH:-aDSS\n"
            "/etc/crypto-policies/back-ends/opensslcnf.config:TLS.MinProtocol = TLSv1.2\n"
            "/etc/crypto-policies/back-ends/opensslcnf.config:DTLS.MinProtocol = DTLSv1.2\n",
        ),
        THERE: "",
    },
)


def test_openssl() -> None:
    assert observe(openssl, SSL) == [Library(resource="host:ehr-1", min_tls="TLSv1.2", security_level=2)]
    assert observe(openssl, {SET: Output(1, ""), THERE: ""}) == [
        Library(resource="host:ehr-1", min_tls=None, security_level=None)
    ]
    assert observe(openssl, {SET: Output(2, ""), THERE: Output(1, "")}) == []


# etab spells every option out; the other file is as exports(5) describes it.
NFS = world(
    nfs_exports,
    {
        ETAB: "/srv/scans\t10.0.0.0/8(rw,sync,wdelay,root_squash,sec=krb5p,rw,secure,root_squash)\n",
        EXPORTS: Output(
            2,
            """\
/etc/exports:# what is shared
/etc/exports:/srv/scans 10.0.0.0/8(rw,sec=sys)
/etc/exports:/srv/open *(ro,no_root_squash) \\
/etc/exports: host1
/etc/exports.d/more.exports:"/srv/with space" -sec=krb5:krb5i *.example.org(rw)
/etc/exports.d/more.txt:/srv/unread *
/proc/version:Linux version 6
""",
        ),
    },
)


def shared(client: str, path: str, *security: str, **changes: Any) -> Shared:
    facts: dict[str, Any] = {
        "active": False,
        "kerberos_required": False,
        "encrypted": False,
        "anyone": False,
        "writable": False,
        "root_squashed": True,
    }
    return Shared(
        resource=f"host:ehr-1/export/{client}:{path}",
        path=path,
        client=client,
        security=security,
        **{**facts, **changes},
    )


def test_nfs_exports() -> None:
    assert observe(nfs_exports, NFS) == [
        shared("*", "/srv/open", "sys", anyone=True, root_squashed=False),
        shared("host1", "/srv/open", "sys"),
        shared(
            "10.0.0.0/8",
            "/srv/scans",
            "krb5p",
            active=True,
            kerberos_required=True,
            encrypted=True,
            writable=True,
        ),
        shared("*.example.org", "/srv/with space", "krb5", "krb5i", kerberos_required=True, writable=True),
    ]


@pytest.mark.parametrize(("ways", "encrypted"), [("mtls", True), ("tls:mtls", True), ("none:tls", False)])
def test_an_export_that_asks_for_tls(ways: str, encrypted: bool) -> None:
    told = {**NFS, ETAB: f"/srv/x host2(ro,sec=sys,xprtsec={ways})\n", EXPORTS: Output(2, "")}

    assert observe(nfs_exports, told) == [shared("host2", "/srv/x", "sys", active=True, encrypted=encrypted)]


def test_sudos_refusal_is_not_an_absence_of_exports() -> None:
    sight = look(nfs_exports, {**NFS, EXPORTS: Output(1, "", "sudo: a password is required\n")})

    assert (sight.facts, len(sight.refusals)) == ([], 1)


TAKEN = world(
    network_mounts,
    {
        MOUNTS: """\
28 1 253:1 / / rw,relatime shared:1 - ext4 /dev/mapper/vg-root rw
40 28 0:50 / /mnt/clear rw shared:40 - nfs4 10.0.0.5:/export rw,vers=4.2,sec=sys,addr=10.0.0.5
41 28 0:51 / /mnt/krb rw shared:41 - nfs4 10.0.0.5:/safe rw,vers=4.2,sec=krb5p,addr=10.0.0.5
42 28 0:52 / /mnt/tls rw shared:42 - nfs4 10.0.0.5:/tls rw,sec=sys,xprtsec=mtls,addr=10.0.0.5
43 28 0:53 / /mnt/win rw shared:43 - cifs //nas/scans rw,vers=3.1.1,sec=ntlmssp,addr=10.0.0.6
44 28 0:54 / /mnt/seal rw shared:44 - cifs //nas/x\\040y rw,vers=3.1.1,seal,addr=10.0.0.6
46 28 0:56 / /mnt/ssh rw shared:46 - fuse.sshfs ann@nas:/home rw,user_id=0
47 28 0:57 / /mnt/ceph rw shared:47 - ceph 10.0.0.7:6789:/ rw,ms_mode=secure
""",
    },
)


EFS = "45 28 0:55 / /mnt/efs rw shared:45 - nfs4 127.0.0.1:/ rw,vers=4.1,sec=sys,addr=127.0.0.1\n"


def mounted(name: str, kind: str, source: str, protection: Any) -> NetworkMount:
    return NetworkMount(
        resource=f"host:ehr-1/network-mount/mnt/{name}",
        mount_point=f"/mnt/{name}",
        kind=kind,
        source=source,
        encrypted=protection is not None,
        protection=protection,
    )


def test_network_mounts() -> None:
    sight = look(network_mounts, {MOUNTS: TAKEN[MOUNTS] + EFS})

    assert sight.facts == [
        mounted("clear", "nfs4", "10.0.0.5:/export", None),
        mounted("krb", "nfs4", "10.0.0.5:/safe", "kerberos"),
        mounted("tls", "nfs4", "10.0.0.5:/tls", "tls"),
        mounted("win", "cifs", "//nas/scans", None),
        mounted("seal", "cifs", "//nas/x y", "smb"),
        mounted("ssh", "fuse.sshfs", "ann@nas:/home", "ssh"),
        mounted("ceph", "ceph", "10.0.0.7:6789:/", "ceph"),
    ]
    assert [refusal.resource for refusal in sight.refusals] == ["host:ehr-1/network-mount/mnt/efs"]


THROUGH = world(
    tunnels,
    {
        IPSEC: """\
src 10.1.0.0/16 dst 10.2.0.0/16
\tdir out priority 375423 ptype main
\ttmpl src 192.0.2.1 dst 198.51.100.7
\t\tproto esp reqid 16389 mode tunnel
src 10.2.0.0/16 dst 10.1.0.0/16
\tdir fwd priority 375423 ptype main
\ttmpl src 198.51.100.7 dst 192.0.2.1
\t\tproto esp reqid 16389 mode tunnel
src ::/0 dst ::/0
\tsocket out priority 0 ptype main
""",
        WIREGUARD: "wg0\tpeerkey1=\t203.0.113.9:51820\nwg0\tpeerkey2=\t(none)\n",
    },
)


def test_tunnels() -> None:
    assert observe(tunnels, THROUGH) == [
        Tunnel(
            resource="host:ehr-1/ipsec/10.1.0.0/16-10.2.0.0/16-198.51.100.7",
            kind="ipsec",
            local="10.1.0.0/16",
            remote="10.2.0.0/16",
            peer="198.51.100.7",
        ),
        Tunnel(
            resource="host:ehr-1/wireguard/wg0/peerkey1=",
            kind="wireguard",
            local=None,
            remote=None,
            peer="peerkey1= 203.0.113.9:51820",
        ),
        Tunnel(
            resource="host:ehr-1/wireguard/wg0/peerkey2=",
            kind="wireguard",
            local=None,
            remote=None,
            peer="peerkey2= (none)",
        ),
    ]
