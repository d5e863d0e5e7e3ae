"""Accounts: who may sign in, with what, and when they last did."""

from datetime import datetime

from scanner import Facts


class Credential(Facts):
    """Something that signs in, and when it last did."""

    active: bool
    """Whether it can be used to sign in."""
    last_used_at: datetime | None
    """When it was last used; none if it never was, as far as the platform remembers."""
    last_seen_at: datetime
    """When it was last used; if it never was, when it was made."""


class User(Credential):
    """A user, their credentials taken together."""

    created_at: datetime
    """When the user was created."""
    console_access: bool
    """Whether there is a password to sign in to the console with."""
    active_access_keys: int
    """How many access keys are active."""


class IamUser(User):
    """A user of the account."""

    password_changed_at: datetime | None
    """When the console password was last set; none without one."""


class AccessKey(Credential):
    """A long-lived key that programs sign in with."""

    rotated_at: datetime
    """When the key was made, or last replaced."""


class PasswordPolicy(Facts):
    """What the account asks of its users' passwords."""

    custom: bool
    """Whether the account set a policy; if not, the other facts are the platform's own."""
    password_min_length: int
    """The fewest characters a password may have."""
    lowercase_required: bool
    """Whether a password must have a lower-case letter."""
    uppercase_required: bool
    """Whether a password must have an upper-case letter."""
    digit_required: bool
    """Whether a password must have a digit."""
    symbol_required: bool
    """Whether a password must have a character that is neither letter nor digit."""
    passwords_remembered: int
    """How many former passwords may not be used again; 0 for none."""
    password_max_age_days: int | None
    """After how many days a password expires; none if it never does."""
    users_may_change: bool
    """Whether users may change their own password."""


class AwakenedUser(Facts):
    """A user who was used since the run before."""

    seen_before_at: datetime
    """When they were last used as of the run before; if they never were, when they were made."""
    last_used_at: datetime
    """When they were last used as of this run."""
    dormant_days: int
    """How many whole days they had not been used when the run before looked; it may have been longer."""
