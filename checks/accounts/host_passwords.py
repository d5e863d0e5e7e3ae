"""Accounts on hosts: what is asked of their passwords, and how often one may guess."""

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from checks.semantics import pam
from scanner import Facts, Host, Reason, check

_STACKS = "grep -Hs . /etc/pam.d/* /usr/lib/pam.d/* /usr/etc/pam.d/*"
_SETTINGS = (
    "grep -Hs . /usr/etc/login.defs /etc/login.defs /usr/etc/security/*.conf /etc/security/faillock.conf"
    " /etc/security/pwhistory.conf /etc/security/pwquality.conf /etc/security/pwquality.conf.d/*.conf"
)

_QUALITY = frozenset({"pam_pwquality", "pam_cracklib", "pam_passwdqc"})
_LOCKOUT = frozenset({"pam_faillock", "pam_tally2", "pam_tally"})
_NEVER_DAYS = 99999
# What the modules do where nothing is said: pam_pwquality(8), pam_cracklib(8), pam_unix(8), pam_faillock(8).
_LENGTHS = {"pam_pwquality": 8, "pam_cracklib": 9}
_UNIX_LENGTH = 6
_FAILURES = 3
_UNLOCK_SECONDS = 600
_REMEMBERED = 10
_SMALLEST_LENGTH = 6


class HostPasswordPolicy(Facts):
    """What a host asks of the passwords that it keeps itself."""

    password_min_length: int
    """The fewest characters that a new password may have; credits that shorten it are not counted."""
    quality_checked: bool
    """Whether a module looks at new passwords that knows bad ones, and nobody gets by it."""
    password_min_classes: int
    """Of how many kinds (lower case, upper case, digits, others) the characters must at least be."""
    passwords_remembered: int
    """How many former passwords may not be used again; 0 for none."""
    password_max_age_days: int | None
    """After how many days a new account's password expires; none if it never does."""
    lockout_attempts: int | None
    """After how many wrong passwords an account is locked; none if it never is."""
    lockout_seconds: int | None
    """For how long; none if until somebody unlocks it, or if it never is locked."""
    root_locked_too: bool
    """Whether that holds for root."""


class _Settings(msgspec.Struct, frozen=True):
    by_file: Mapping[str, Mapping[str, str]]

    def of(self, module: pam.Module | None, file: str, name: str) -> str | None:
        """What an argument says, or else the module's file; empty where it only stands there."""
        said = None if module is None else pam.argument(module, name)
        return self.by_file.get(file, {}).get(name) if said is None else said

    def number(self, module: pam.Module | None, file: str, name: str, otherwise: int) -> int:
        said = self.of(module, file, name) or ""
        # What is no number counts as not given, whatever its module makes of it.
        found = re.fullmatch(r"-?[0-9]{1,8}", said)
        return int(said) if found else otherwise


@check(_STACKS, _SETTINGS)
def password_policy(host: Host) -> Iterator[HostPasswordPolicy]:
    """What a host asks of passwords, how many it remembers, and how often one may guess.

    Read from the stacks of PAM by which passwords are changed and by which SSH, or the console, lets in, with
    the files of pam_pwquality, pam_cracklib, pam_pwhistory, pam_faillock, pam_tally2 and pam_unix.
    A directory's own policy is not seen. Nothing is said of a host without PAM.
    """
    # grep ends with 2 where one of the folders does not exist.
    services = host.run(_STACKS, ok=(0, 1, 2)).read(pam.files)
    settings = _Settings(host.run(_SETTINGS, ok=(0, 1, 2)).read(_settings))
    changing = next((name for name in ("passwd", "common-password", "system-auth") if name in services), None)
    entering = next((name for name in ("sshd", "login", "system-auth") if name in services), None)
    if changing is None or entering is None:
        return
    changes = _stack(host, services, changing, "password")
    enters = _stack(host, services, entering, "auth")
    yield _policy(host.id, settings, changes, enters)


def _policy(
    resource: str, settings: _Settings, changes: Sequence[pam.Module], enters: Sequence[pam.Module]
) -> HostPasswordPolicy:
    quality = _first(changes, _QUALITY)
    unix = _first(changes, {"pam_unix"})
    history = _first(changes, {"pam_pwhistory"})
    lock = _first(enters, _LOCKOUT)
    length = settings.number(unix, "", "minlen", _UNIX_LENGTH)
    if quality is not None:
        wanted = settings.number(quality, "pwquality.conf", "minlen", _LENGTHS.get(quality.name, 0))
        length = max(wanted, _SMALLEST_LENGTH)
    remembered = settings.number(unix, "", "remember", 0)
    if history is not None:
        remembered = settings.number(history, "pwhistory.conf", "remember", _REMEMBERED)
    attempts = 0 if lock is None else _attempts(settings, lock)
    seconds = settings.number(lock, "faillock.conf", "unlock_time", _unlocks(lock))
    oldest = settings.number(None, "login.defs", "PASS_MAX_DAYS", _NEVER_DAYS)
    return HostPasswordPolicy(
        resource=resource,
        password_min_length=length,
        quality_checked=pam.unavoidable(changes, _QUALITY),
        password_min_classes=0 if quality is None else _classes(settings, quality),
        passwords_remembered=remembered,
        password_max_age_days=oldest if 0 <= oldest < _NEVER_DAYS else None,
        lockout_attempts=attempts or None,
        lockout_seconds=seconds or None if attempts else None,
        root_locked_too=bool(attempts) and settings.of(lock, "faillock.conf", "even_deny_root") is not None,
    )


def _attempts(settings: _Settings, lock: pam.Module) -> int:
    # pam_tally2 never locks unless told to; pam_faillock does.
    return settings.number(lock, "faillock.conf", "deny", _FAILURES if lock.name == "pam_faillock" else 0)


def _unlocks(lock: pam.Module | None) -> int:
    return _UNLOCK_SECONDS if lock is not None and lock.name == "pam_faillock" else 0


def _classes(settings: _Settings, quality: pam.Module) -> int:
    """As many as minclass says, or as credits demand: a negative one asks for so many of a kind."""
    demanded = sum(
        settings.number(quality, "pwquality.conf", name, 0) < 0
        for name in ("lcredit", "ucredit", "dcredit", "ocredit")
    )
    return max(demanded, settings.number(quality, "pwquality.conf", "minclass", 0))


def _first(modules: Sequence[pam.Module], names: frozenset[str] | set[str]) -> pam.Module | None:
    return next((module for module in modules if module.name in names), None)


def _settings(lines: Sequence[str]) -> dict[str, dict[str, str]]:
    """Each file's settings: what stands later, or in /etc, or in a drop-in, counts."""
    found: dict[str, dict[str, str]] = {}
    for line in lines:
        path, _, text = line.partition(":")
        words = text.partition("#")[0].replace("=", " ").split()
        file = "pwquality.conf" if "/pwquality.conf.d/" in path else path.rpartition("/")[2]
        if words:
            found.setdefault(file, {})[words[0]] = words[1] if len(words) > 1 else ""
    return found


def _stack(host: Host, services: pam.Services, service: str, kind: pam.Kind) -> tuple[pam.Module, ...]:
    stack = services.stack(service, kind)
    if stack.unread:
        raise host.refuse(
            _STACKS,
            Reason.FAILED,
            f"what PAM demands is not known: /etc/pam.d/{stack.unread[0]} could not be read",
            "let the login read the files in /etc/pam.d",
        )
    return stack.modules
