"""Hardening of the SSH daemon on hosts."""

from collections.abc import Iterator
from typing import Literal, get_args

import msgspec

from checks.semantics import sshd as semantics
from scanner import Facts, Host, Reason, check

_EFFECTIVE = "sudo sshd -T"
_FILES = (
    "sudo grep -RHs . /etc/ssh/sshd_config /etc/ssh/sshd_config.d"
    " /usr/etc/ssh/sshd_config /usr/etc/ssh/sshd_config.d"
)
_DROP_INS = "/etc/ssh/sshd_config.d/*.conf"

TcpForwarding = Literal["no", "local", "remote", "yes"]


class SshSettings(Facts):
    """How the SSH daemon is set up, for everybody together.

    Where a Match block says otherwise for some logins, what counts is the laxest that anybody gets.
    """

    ciphers: tuple[str, ...]
    """The ciphers that it accepts."""
    macs: tuple[str, ...]
    """The message authentication codes that it accepts."""
    key_exchanges: tuple[str, ...]
    """The ways of exchanging keys that it accepts."""
    host_key_algorithms: tuple[str, ...]
    """The kinds of signatures by which it proves who it is."""
    accepted_key_algorithms: tuple[str, ...]
    """The kinds of signatures that it accepts of who logs in."""
    protocol_1: bool
    """Whether it speaks the first version of the protocol, as OpenSSH before 7.4 could."""
    privilege_separation: bool
    """Whether what speaks to strangers runs without rights; since OpenSSH 7.5 it always does."""
    max_authentication_tries: int
    """How often somebody may try to prove who they are within one connection."""
    max_sessions: int
    """How many sessions one connection may hold."""
    login_grace_seconds: int | None
    """How long somebody may take to log in; none if for ever."""
    probe_interval_seconds: int | None
    """After how long a silence it asks whether the other side is there; none if it never asks."""
    probes_unanswered: int
    """How many such questions may stay unanswered before it ends the connection; 0: it never ends one."""
    x11_forwarding: bool
    """Whether windows may be forwarded."""
    tcp_forwarding: TcpForwarding
    """Which connections may be forwarded; quote a `no`."""
    agent_forwarding: bool
    """Whether the agent that holds somebody's keys may be forwarded."""
    tunnels: bool
    """Whether it makes network tunnels (PermitTunnel)."""
    gateway_ports: bool
    """Whether forwarded ports may be open to other machines."""
    gssapi_authentication: bool
    """Whether somebody may log in with a Kerberos ticket."""
    kerberos_authentication: bool
    """Whether passwords are checked with Kerberos by the daemon itself."""
    host_based_authentication: bool
    """Whether it believes other machines who somebody is."""
    rhosts_ignored: bool
    """Whether users' .rhosts and .shosts files count for nothing."""
    user_known_hosts_ignored: bool
    """Whether users' own lists of host keys count for nothing when other machines are believed."""
    user_environment: bool
    """Whether users may set their environment before their shell starts (PermitUserEnvironment)."""
    strict_modes: bool
    """Whether it refuses keys in files that others may write to."""
    banner: bool
    """Whether everybody is shown a text before they log in."""
    compression: bool
    """Whether data may be compressed."""
    compression_before_login: bool
    """Whether strangers' data may be, too, as OpenSSH before 7.4 could."""
    pam: bool
    """Whether it asks PAM (UsePAM)."""
    logins_restricted: bool
    """Whether AllowUsers or AllowGroups name who may log in, and everybody else may not."""
    keys_by_command: bool
    """Whether a program says which keys belong to somebody (AuthorizedKeysCommand)."""
    certificate_authorities: bool
    """Whether it believes keys that an authority has signed (TrustedUserCAKeys)."""
    log_level: str
    """How much it logs: QUIET, FATAL, ERROR, INFO, VERBOSE, ..."""
    drop_ins_included: bool
    """Whether its main file includes the files in /etc/ssh/sshd_config.d."""


class _Settings(msgspec.Struct, frozen=True):
    everywhere: semantics.Configuration
    sometimes: semantics.Configuration

    def on(self, keyword: str) -> bool:
        """Whether a switch is on for anybody; one that this daemon was built without is off."""
        return semantics.allows(self.everywhere, self.sometimes, keyword)

    def always(self, keyword: str, wanted: str = "yes") -> bool:
        return set(semantics.values(self.everywhere, self.sometimes, keyword)) <= {wanted}

    def given(self, keyword: str) -> bool:
        """Whether a keyword says something other than no or none, to anybody."""
        return not set(semantics.values(self.everywhere, self.sometimes, keyword)) <= {"no", "none"}

    def spans(self, keyword: str) -> list[int]:
        found = semantics.values(self.everywhere, self.sometimes, keyword)
        return [span for value in found if (span := semantics.seconds(value)) is not None]

    def most(self, keyword: str) -> int:
        return max(self.spans(keyword))

    def longest(self, keyword: str) -> int | None:
        spans = self.spans(keyword)
        return None if not spans or 0 in spans else max(spans)

    def words(self, keyword: str) -> tuple[str, ...]:
        return semantics.listed(self.everywhere, self.sometimes, keyword)


@check(_EFFECTIVE, _FILES)
def settings(host: Host) -> Iterator[SshSettings]:
    """How the SSH daemon is set up: algorithms, limits, forwarding, old ways of logging in, banner.

    Asked of the daemon itself, which knows its defaults and follows includes; only what its Match blocks say
    is read from the files. It needs root, since it reads the host keys. Options on the running daemon's
    command line are not seen. Who may log in with what is mfa.host.sshd's. Nothing is said where there is no
    SSH daemon.
    """
    if not host.has("sshd"):
        return
    everywhere = host.run(_EFFECTIVE).read(semantics.effective)
    missing = sorted({"ciphers", "maxauthtries", "strictmodes", "clientalivecountmax"} - everywhere.keys())
    if missing:
        raise host.refuse(
            _EFFECTIVE,
            Reason.INVALID_ANSWER,
            f"does not say what {missing[0]} is",
            "see what it says on the host",
        )
    # grep ends with 2 where one of the folders does not exist; sudo, when it refuses, with 1.
    files = host.run(_FILES, ok=(0, 2))
    blocks = files.read(semantics.blocks)
    if blocks.unfollowed:
        raise host.refuse(
            _FILES,
            Reason.NOT_COLLECTED,
            f"what Include {blocks.unfollowed[0]} says for some logins was not read",
            "move what is included to /etc/ssh/sshd_config.d",
        )
    yield _settings(host.id, _Settings(everywhere, blocks.settings), files.read(semantics.includes))


def _settings(resource: str, said: _Settings, includes: tuple[str, ...]) -> SshSettings:
    return SshSettings(
        resource=resource,
        ciphers=said.words("ciphers"),
        macs=said.words("macs"),
        key_exchanges=said.words("kexalgorithms"),
        host_key_algorithms=said.words("hostkeyalgorithms"),
        accepted_key_algorithms=said.words("pubkeyacceptedalgorithms"),
        protocol_1="1" in said.words("protocol"),
        # https://www.openssh.com/txt/release-7.5
        privilege_separation="no" not in semantics.values(said.everywhere, {}, "useprivilegeseparation"),
        max_authentication_tries=said.most("maxauthtries"),
        max_sessions=said.most("maxsessions"),
        login_grace_seconds=said.longest("logingracetime"),
        probe_interval_seconds=said.longest("clientaliveinterval"),
        probes_unanswered=said.longest("clientalivecountmax") or 0,
        x11_forwarding=said.on("x11forwarding"),
        tcp_forwarding=_tcp_forwarding(said),
        agent_forwarding=said.on("allowagentforwarding"),
        tunnels=said.given("permittunnel"),
        gateway_ports=said.given("gatewayports"),
        gssapi_authentication=said.on("gssapiauthentication"),
        kerberos_authentication=said.on("kerberosauthentication"),
        host_based_authentication=said.on("hostbasedauthentication"),
        rhosts_ignored=said.always("ignorerhosts"),
        user_known_hosts_ignored=said.always("ignoreuserknownhosts"),
        user_environment=said.given("permituserenvironment"),
        strict_modes=said.always("strictmodes"),
        banner="none" not in semantics.values(said.everywhere, said.sometimes, "banner"),
        compression=said.given("compression"),
        # Gone with 7.4, as is the first protocol, whose keyword only older daemons print:
        # https://www.openssh.com/txt/release-7.4
        compression_before_login="protocol" in said.everywhere and said.on("compression"),
        pam=said.on("usepam"),
        logins_restricted=bool(said.everywhere.get("allowusers") or said.everywhere.get("allowgroups")),
        keys_by_command=said.given("authorizedkeyscommand"),
        certificate_authorities=said.given("trustedusercakeys"),
        log_level=said.everywhere.get("loglevel", ("INFO",))[0],
        drop_ins_included=_DROP_INS in includes,
    )


def _tcp_forwarding(said: _Settings) -> TcpForwarding:
    found = set(semantics.values(said.everywhere, said.sometimes, "allowtcpforwarding")) - {"no"}
    if said.always("disableforwarding") or not found:
        return "no"
    known = [word for word in get_args(TcpForwarding) if word in found]
    # Local for some and remote for others is both; `all` is an older word for yes.
    return known[0] if len(known) == len(found) == 1 else "yes"
