from dataclasses import replace

import pytest

from checks.hardening.host_ssh import SshSettings, settings
from scanner.testing import Output, look, observe, world

EFFECTIVE, FILES = settings.needs

# As Debian 12 prints it, with shorter lists and without the lines that do not matter here.
DEBIAN = """\
port 22
usepam yes
logingracetime 120
maxauthtries 6
maxsessions 10
clientaliveinterval 0
clientalivecountmax 3
permitrootlogin without-password
ignorerhosts yes
ignoreuserknownhosts no
hostbasedauthentication no
kerberosauthentication no
gssapiauthentication no
x11forwarding yes
strictmodes yes
compression yes
gatewayports no
allowtcpforwarding yes
allowagentforwarding yes
disableforwarding no
ciphers chacha20-poly1305@openssh.com,aes256-ctr
macs umac-128-etm@openssh.com,hmac-sha2-256
banner none
trustedusercakeys none
authorizedkeyscommand none
kexalgorithms sntrup761x25519-sha512,curve25519-sha256
hostkeyalgorithms ssh-ed25519,rsa-sha2-512
pubkeyacceptedalgorithms ssh-ed25519,rsa-sha2-512
loglevel INFO
permittunnel no
permituserenvironment no
"""

MAIN = """\
/etc/ssh/sshd_config:Include /etc/ssh/sshd_config.d/*.conf
/etc/ssh/sshd_config:#Match User anoncvs
/etc/ssh/sshd_config:KbdInteractiveAuthentication no
"""

PLAIN = world(settings, {EFFECTIVE: DEBIAN, FILES: MAIN})

SEEN = SshSettings(
    resource="host:ehr-1",
    ciphers=("chacha20-poly1305@openssh.com", "aes256-ctr"),
    macs=("umac-128-etm@openssh.com", "hmac-sha2-256"),
    key_exchanges=("sntrup761x25519-sha512", "curve25519-sha256"),
    host_key_algorithms=("ssh-ed25519", "rsa-sha2-512"),
    accepted_key_algorithms=("ssh-ed25519", "rsa-sha2-512"),
    protocol_1=False,
    privilege_separation=True,
    max_authentication_tries=6,
    max_sessions=10,
    login_grace_seconds=120,
    probe_interval_seconds=None,
    probes_unanswered=3,
    x11_forwarding=True,
    tcp_forwarding="yes",
    agent_forwarding=True,
    tunnels=False,
    gateway_ports=False,
    gssapi_authentication=False,
    kerberos_authentication=False,
    host_based_authentication=False,
    rhosts_ignored=True,
    user_known_hosts_ignored=False,
    user_environment=False,
    strict_modes=True,
    banner=False,
    compression=True,
    compression_before_login=False,
    pam=True,
    logins_restricted=False,
    keys_by_command=False,
    certificate_authorities=False,
    log_level="INFO",
    drop_ins_included=True,
)


def configured(**told: str) -> str:
    lines = [line for line in DEBIAN.splitlines() if line.split()[0] not in told]
    return "\n".join([*lines, *(f"{keyword} {value}" for keyword, value in told.items())]) + "\n"


def seen(effective: str, files: str = MAIN) -> SshSettings:
    [facts] = observe(settings, {EFFECTIVE: effective, FILES: files})
    assert isinstance(facts, SshSettings)
    return facts


def test_debians_own_settings() -> None:
    assert observe(settings, PLAIN) == [SEEN]


def test_a_hardened_daemon() -> None:
    found = seen(
        configured(
            logingracetime="30",
            maxauthtries="3",
            clientaliveinterval="300",
            clientalivecountmax="1",
            ignoreuserknownhosts="yes",
            x11forwarding="no",
            allowtcpforwarding="no",
            allowagentforwarding="no",
            compression="no",
            banner="/etc/issue.net",
            loglevel="VERBOSE",
            allowgroups="clinic",
        )
    )

    assert found == replace(
        SEEN,
        login_grace_seconds=30,
        max_authentication_tries=3,
        probe_interval_seconds=300,
        probes_unanswered=1,
        user_known_hosts_ignored=True,
        x11_forwarding=False,
        tcp_forwarding="no",
        agent_forwarding=False,
        compression=False,
        banner=True,
        log_level="VERBOSE",
        logins_restricted=True,
    )


def test_lax_settings() -> None:
    found = seen(
        configured(
            logingracetime="0",
            ignorerhosts="shosts-only",
            hostbasedauthentication="yes",
            gssapiauthentication="yes",
            kerberosauthentication="yes",
            strictmodes="no",
            permituserenvironment="LANG,LC_*",
            permittunnel="point-to-point",
            gatewayports="clientspecified",
            authorizedkeyscommand="/usr/bin/sss_ssh_authorizedkeys",
            trustedusercakeys="/etc/ssh/ca.pub",
        ),
        files="/etc/ssh/sshd_config:StrictModes no\n",
    )

    assert found == replace(
        SEEN,
        login_grace_seconds=None,
        rhosts_ignored=False,
        host_based_authentication=True,
        gssapi_authentication=True,
        kerberos_authentication=True,
        strict_modes=False,
        user_environment=True,
        tunnels=True,
        gateway_ports=True,
        keys_by_command=True,
        certificate_authorities=True,
        drop_ins_included=False,
    )


def test_an_old_daemon() -> None:
    found = seen(configured(protocol="2,1", useprivilegeseparation="no"))

    assert found == replace(SEEN, protocol_1=True, privilege_separation=False, compression_before_login=True)
    assert seen(configured(protocol="2", useprivilegeseparation="sandbox", compression="delayed")) == SEEN


def test_the_laxest_that_a_match_block_gives_counts() -> None:
    files = (
        MAIN
        + "/etc/ssh/sshd_config:Match User backup\n"
        + "/etc/ssh/sshd_config:  MaxAuthTries 20\n"
        + "/etc/ssh/sshd_config:  AllowTcpForwarding remote\n"
        + "/etc/ssh/sshd_config:  ClientAliveInterval 1h30m\n"
        + "/etc/ssh/sshd_config:  Banner none\n"
        + "/etc/ssh/sshd_config:  X11Forwarding yes\n"
    )
    strict = configured(
        allowtcpforwarding="no", clientaliveinterval="300", banner="/etc/issue", x11forwarding="no"
    )

    assert seen(strict, files) == replace(
        SEEN, max_authentication_tries=20, tcp_forwarding="remote", probe_interval_seconds=5400
    )


@pytest.mark.parametrize(
    ("told", "files", "need"),
    [
        ("port 22\n", MAIN, EFFECTIVE),
        (DEBIAN, "/etc/ssh/sshd_config:Include /srv/ssh/more.conf\n", FILES),
        (Output(1, "", "sshd: no hostkeys available -- exiting."), MAIN, EFFECTIVE),
    ],
)
def test_what_was_not_read_is_a_refusal(told: str | Output, files: str, need: str) -> None:
    sight = look(settings, {EFFECTIVE: told, FILES: files})

    assert (sight.facts, [refusal.error.need for refusal in sight.refusals]) == ([], [need])


def test_a_relative_include_is_below_etc_ssh() -> None:
    assert seen(DEBIAN, "/etc/ssh/sshd_config:Include sshd_config.d/*.conf\n") == SEEN


def test_nothing_is_said_without_an_ssh_daemon() -> None:
    sight = look(settings, {FILES: MAIN})

    assert (sight.facts, sight.refusals) == ([], [])
