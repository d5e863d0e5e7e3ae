"""Multi-factor authentication."""

from typing import Literal

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


class UserDemands(User):
    """What policies leave to a user who has not shown a second factor.

    A second factor that is set up is asked for at the console; an access key works without, unless policies
    deny what was asked for without one.
    """

    active_access_keys: int
    """How many active access keys the user has."""
    enforced_at_console: bool
    """Whether, after signing in with a password only, the user may do nothing but set up a second factor."""
    enforced_for_keys: bool
    """Whether, with an access key only, the user may do nothing but set one up and sign in with it."""


class RootDevices(SecondFactor):
    """What the root user's second factors are."""

    mfa_hardware_only: bool
    """Whether there is a second factor and none is virtual: each is a security key, passkey or token."""


class DirectoryUser(SecondFactor):
    """Whether somebody in a directory is asked for a second factor, and by what.

    `mfa_active` is true when every way in is either closed or asks for a second factor: to every
    application, with every client, from everywhere, whatever the device and the risk.
    """

    name: str
    """The name that they sign in with."""
    active: bool
    """Whether they may sign in."""
    guest: bool
    """Whether they are a guest, who has their account elsewhere or was let in as one."""
    privileged_roles: tuple[str, ...]
    """The roles with far-reaching rights that they hold now, anywhere in the directory."""
    privileged: bool
    """Whether they hold such a role now."""
    required_by: Literal["conditional-access", "security-defaults"] | None
    """What asks them for a second factor at every sign-in; none: nothing that covers every way in."""
    excluded_from: tuple[str, ...]
    """The policies that ask for a second factor, and that would ask them if they were not left out."""
    phishing_resistant: bool
    """Whether every way in is closed, or asks for what cannot be phished: a passkey, a certificate."""
    mfa_for_azure_management: bool
    """Whether managing Azure asks them for a second factor."""
    legacy_authentication_blocked: bool
    """Whether old protocols, which know passwords only, are closed to them."""


class EligibleUser(DirectoryUser):
    """Somebody who may take up a far-reaching role when they want to."""

    eligible_roles: tuple[str, ...]
    """The roles with far-reaching rights that they may take up."""


class TenantDemands(Facts):
    """What a tenant's own settings ask of whoever signs in."""

    security_defaults: bool
    """Whether Microsoft's security defaults are on."""
    policies_enabled: int
    """How many Conditional Access policies are enforced."""
    policies_report_only: int
    """How many Conditional Access policies only report what they would do."""
    policies_disabled: int
    """How many Conditional Access policies are off."""
    mfa_for_all_users: bool
    """Whether every member is asked for a second factor whom no policy leaves out by name, group or role."""
    mfa_for_guests: bool
    """Whether every guest is asked for a second factor whom no policy leaves out by name, group or role."""
    mfa_for_admins: bool
    """Whether holders of each administrator's role are asked who are not left out by name or group."""
    admin_roles_without_mfa: tuple[str, ...]
    """The administrators' roles whose holders are not asked for a second factor."""
    phishing_resistant_mfa_for_admins: bool
    """Whether administrators are asked for what cannot be phished: a passkey, a certificate."""
    mfa_for_azure_management: bool
    """Whether managing Azure asks every member for a second factor who is not left out."""
    legacy_authentication_blocked: bool
    """Whether old protocols, which know passwords only, are closed to members who are not left out."""
    excluded_users: int
    """How many users are left out by name of a policy that asks for a second factor."""
    excluded_groups: int
    """How many groups are left out of a policy that asks for a second factor."""


class NamedLocations(Facts):
    """The places that a tenant has given a name."""

    trusted_locations: int
    """How many ranges of addresses, by name, are marked as trusted."""
    address_locations: int
    """How many names stand for ranges of addresses."""
    country_locations: int
    """How many names stand for countries."""


class Methods(Facts):
    """With what a tenant lets its users sign in."""

    enabled_methods: tuple[str, ...]
    """The methods that some user may use, in Microsoft's words."""
    fido2_enabled: bool
    """Whether some user may use a passkey or security key."""
    fido2_for_everybody: bool
    """Whether every user may use a passkey or security key."""
    sms_enabled: bool
    """Whether some user may use text messages."""
    voice_enabled: bool
    """Whether some user may use phone calls."""
    migration: Literal["before", "under-way", "complete"] | None
    """How far these settings replace the older ones for MFA, which allow methods of their own until then."""


class Registration(Facts):
    """What somebody has registered to sign in with."""

    name: str
    """The name that they sign in with."""
    guest: bool
    """Whether they are a guest, who has their account elsewhere or was let in as one."""
    administrator: bool
    """Whether they hold an administrator's role, as Microsoft counts."""
    registered_methods: tuple[str, ...]
    """What they have registered, in Microsoft's words."""
    mfa_registered: bool
    """Whether a second factor is among it."""
    mfa_capable: bool
    """Whether a second factor is among it that the tenant lets them use."""
    passwordless_capable: bool
    """Whether they can sign in without a password."""
    phishing_resistant_registered: bool
    """Whether something is among it that cannot be phished: a passkey, a security key, Windows Hello."""


class MachineUser(SecondFactor):
    """Somebody who may sign in to virtual machines, or take them over."""

    active: bool
    """Whether they may sign in."""
    guest: bool
    """Whether they are a guest, who has their account elsewhere or was let in as one."""
    roles: tuple[str, ...]
    """The roles that let them."""
    scopes: tuple[str, ...]
    """What these roles were given on."""
    mfa_for_azure_management: bool
    """Whether managing Azure, machines among it, asks them for a second factor."""
