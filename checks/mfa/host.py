"""Multi-factor authentication on hosts."""

from collections.abc import Iterator
from typing import get_args

from checks.semantics import pam
from checks.semantics import sshd as semantics
from scanner import Host, Reason, check

from . import SecondFactor

_EFFECTIVE = "sudo sshd -T"
_FILES = (
    "sudo grep -RHs . /etc/ssh/sshd_config /etc/ssh/sshd_config.d"
    " /usr/etc/ssh/sshd_config /usr/etc/ssh/sshd_config.d"
)
_STACKS = "grep -Hs . /etc/pam.d/* /usr/lib/pam.d/* /usr/etc/pam.d/*"


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
    everywhere = semantics.effective(host.run(_EFFECTIVE).lines)
    # grep ends with 2 where one of the folders does not exist; sudo, when it refuses, with 1.
    blocks = semantics.blocks(host.run(_FILES, ok=(0, 2)).lines)
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


def _modules(host: Host, *, through_pam: bool) -> tuple[pam.Module, ...]:
    # grep ends with 2 where one of the folders does not exist.
    services = pam.files(host.run(_STACKS, ok=(0, 1, 2)).lines)
    if not through_pam:
        return ()
    stack = pam.stack(services, "sshd" if "sshd" in services else "other")
    if stack.unread:
        raise host.refuse(
            _STACKS,
            Reason.FAILED,
            f"what PAM demands is not known: /etc/pam.d/{stack.unread[0]} could not be read",
            "let the login read the files in /etc/pam.d",
        )
    return stack.modules
