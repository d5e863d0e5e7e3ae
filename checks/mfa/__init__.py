"""Multi-factor authentication."""

from scanner import Facts


class SecondFactor(Facts):
    """Whether signing in takes more than one factor."""

    mfa_active: bool
    """Whether a second factor is set up, so that signing in asks for it."""


class User(SecondFactor):
    """How somebody signs in to a console."""

    console_access: bool
    """Whether there is a password to sign in to the console with."""


class RootUser(User):
    """How the account's root user, who may do everything, signs in."""

    access_keys_present: bool
    """Whether the root user has access keys, which work without a second factor."""


class RootDevices(SecondFactor):
    """What the root user's second factors are."""

    mfa_hardware_only: bool
    """Whether there is a second factor and none is virtual: each is a security key, passkey or token."""
