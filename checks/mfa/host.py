"""Multi-factor authentication on hosts."""

from collections.abc import Iterator
from typing import get_args

from checks.semantics import pam
from checks.semantics import sshd as semantics
from scanner import Facts, Host, Reason, check

from . import SecondFactor

_EFFECTIVE = "sudo sshd -T"
_FILES = (
    "sudo grep -RHs . /etc/ssh/sshd_config /etc/ssh/sshd_config.d"
    " /usr/etc/ssh/sshd_config /usr/etc/ssh/sshd_config.d"
)
_DUO = "sudo grep -Hs -e failmode -e host /etc/duo/pam_duo.conf /etc/security/pam_duo.conf"
_STACKS = "grep -Hs . /etc/pam.d/* /usr/lib/pam.d/* /usr/etc/pam.d/*"
_SERVICES = (
    "login",
    "gdm-password",
    "lightdm",
    "sddm",
    "xrdp-sesman",
    "cockpit",
    "sudo",
    "sudo-i",
    "su",
    "su-l",
    "polkit-1",
)


class RemoteLogin(SecondFactor):
    """What the SSH daemon demands of who logs in.

    `mfa_active` is true when every way in takes two different factors: a key, a password, a token (a one-time
    code, a touch, an answer on another device: through PAM), or a hardware key's own PIN or fingerprint. The
    same password asked twice is one factor, and so are two keys. A module that lets by who never enrolled
    (`nullok`, `nouserok`), or that the stack can go around, does not count.
    """

    authentication_methods: tuple[str, ...]
    """Each list of methods that lets somebody in, as in AuthenticationMethods; any: each method by itself."""
    public_key_authentication: bool
    """Whether anybody may log in with a key."""
    password_authentication: bool
    """Whether anybody may log in with the password method."""
    keyboard_interactive_authentication: bool
    """Whether anybody may be asked questions, through PAM: passwords, one-time codes."""
    empty_passwords: bool
    """Whether anybody may log in with an empty password."""
    root_login: semantics.RootLogin
    """How root may log in, in PermitRootLogin's words; quote a `no`."""
    pam_tokens: tuple[str, ...]
    """The PAM modules that ask for a token, whether they can be gone around or not."""
    match_blocks: tuple[str, ...]
    """The logins for which some part of the configuration differs: the criteria of its Match blocks."""


class LocalLogin(SecondFactor):
    """What PAM demands of who logs in, or becomes somebody else, on the host itself.

    `mfa_active` is true when nobody gets through without both a password and a token.
    """

    service: str
    """What asks: login (the console), sudo, su, gdm-password, ..."""
    password_demanded: bool
    """Whether nobody gets through without a password."""
    token_demanded: bool
    """Whether nobody gets through without a token: a one-time code, a touch, an answer on another device."""
    pam_tokens: tuple[str, ...]
    """The PAM modules that ask for a token, whether they can be gone around or not."""
    empty_passwords: bool
    """Whether somebody whose password is empty gets by (`nullok`)."""


class Duo(Facts):
    """How Duo's second factor is set up."""

    lets_by_when_unreachable: bool
    """Whether whoever has the first factor gets in while Duo's service cannot be reached."""


@check(_EFFECTIVE, _FILES, _STACKS)
def sshd(host: Host) -> Iterator[RemoteLogin]:
    """What the SSH daemon demands of who logs in: methods, second factor, root.

    What it says is about everybody: where a Match block differs, a method is allowed if it is to somebody,
    and a second factor is demanded if it is of all. Options on the daemon's command line, settings of PAM
    modules in files of their own (pam_duo lets by when its service cannot be reached, unless `failmode` says
    otherwise) and what a directory server demands (pam_sss, pam_radius_auth) are not seen. Nothing is said
    where no SSH daemon is installed.
    """
    if not host.has("sshd"):
        return
    everywhere = host.run(_EFFECTIVE).read(semantics.effective)
    # grep ends with 2 where one of the folders does not exist; sudo, when it refuses, with 1.
    blocks = host.run(_FILES, ok=(0, 2)).read(semantics.blocks)
    if blocks.unfollowed:
        raise host.refuse(
            _FILES,
            Reason.NOT_COLLECTED,
            f"what Include {blocks.unfollowed[0]} says for some logins was not read",
            "move what is included to /etc/ssh/sshd_config.d",
        )
    modules = _modules(host, through_pam=semantics.allows(everywhere, {}, "usepam"))
    factors = [factor for factor in get_args(pam.Factor) if pam.demanded(modules, factor)]
    some = blocks.settings
    yield RemoteLogin(
        resource=host.id,
        mfa_active=semantics.second_factor(everywhere, some, factors),
        authentication_methods=semantics.alternatives(everywhere, some),
        public_key_authentication=semantics.allows(everywhere, some, "pubkeyauthentication"),
        password_authentication=semantics.allows(everywhere, some, "passwordauthentication"),
        keyboard_interactive_authentication=semantics.allows(
            everywhere, some, "kbdinteractiveauthentication"
        ),
        empty_passwords=semantics.allows(everywhere, some, "permitemptypasswords"),
        root_login=semantics.root_login(everywhere, some),
        pam_tokens=pam.names(modules, pam.TOKENS),
        match_blocks=blocks.criteria,
    )


@check(_STACKS)
def services(host: Host) -> Iterator[LocalLogin]:
    """What PAM demands on the console and screen, of sudo and of su.

    The stack of each service is walked as PAM does, with what it includes. Of su it is told what is asked of
    who is not root. What a directory server demands besides (pam_sss, pam_radius_auth) is not seen, and no
    password is asked for where a rule of sudo says so (accounts.host_sudo). Nothing is said of services that
    the host has not, nor of a host without PAM, as Alpine is at first.
    """
    # grep ends with 2 where one of the folders does not exist.
    found = host.run(_STACKS, ok=(0, 1, 2)).read(pam.files)
    for service in _SERVICES:
        resource = f"{host.id}/pam/{service}"
        if service not in found:
            continue
        with host.reading(resource):
            modules = _stack(host, found, service)
            if service.startswith("su") and not service.startswith("sudo"):
                modules = pam.refusing(modules, "pam_rootok")
            password, token = (pam.demanded(modules, factor) for factor in get_args(pam.Factor))
            yield LocalLogin(
                resource=resource,
                mfa_active=password and token,
                service=service,
                password_demanded=password,
                token_demanded=token,
                pam_tokens=pam.names(modules, pam.TOKENS),
                empty_passwords=any(
                    module.name == "pam_unix" and "nullok" in module.arguments for module in modules
                ),
            )


@check(_DUO)
def duo(host: Host) -> Iterator[Duo]:
    """Whether Duo's second factor holds when its service cannot be reached.

    Unless `failmode` is secure, it lets by. Nothing is said where Duo is not set up.
    """
    # grep ends with 2 where one of the files does not exist.
    lines = host.run(_DUO, ok=(0, 1, 2)).lines
    said = [line.partition(":")[2].partition("=") for line in lines]
    if said:
        modes = [value.strip().lower() for name, _, value in said if name.strip() == "failmode"]
        # https://duo.com/docs/duounix#duo-configuration-options: safe unless said.
        yield Duo(resource=host.id, lets_by_when_unreachable=not modes or modes[-1] != "secure")


def _modules(host: Host, *, through_pam: bool) -> tuple[pam.Module, ...]:
    # grep ends with 2 where one of the folders does not exist.
    services = host.run(_STACKS, ok=(0, 1, 2)).read(pam.files)
    if not through_pam:
        return ()
    return _stack(host, services, "sshd" if "sshd" in services else "other")


def _stack(host: Host, services: pam.Services, service: str) -> tuple[pam.Module, ...]:
    stack = services.stack(service)
    if stack.unread:
        raise host.refuse(
            _STACKS,
            Reason.FAILED,
            f"what PAM demands is not known: /etc/pam.d/{stack.unread[0]} could not be read",
            "let the login read the files in /etc/pam.d",
        )
    return stack.modules
