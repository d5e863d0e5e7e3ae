"""Accounts: who may sign in, with what, and when they last did."""

from datetime import datetime
from typing import Literal

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


class ConsolePassword(Credential):
    """The password that a user signs in to the console with."""

    changed_at: datetime
    """When the password was last set."""


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


class RoleAssignment(Facts):
    """Somebody who was given a role."""

    principal_id: str
    """The object id of whoever has the role."""
    principal_type: Literal["user", "group", "service-principal", "foreign-group", "device"]
    """What has the role; a foreign group is one of another tenant."""
    role_name: str
    """The role's name."""
    role_id: str
    """The role's id, which for built-in roles is the same everywhere."""
    scope: str
    """What the role was given on; it holds for everything below, too."""
    scope_kind: Literal["root", "management-group", "subscription", "resource-group", "resource"]
    """What kind of thing the role was given on; the root is above every subscription of the tenant."""
    privileged: bool
    """Whether the role lets its holder give access to others, and so to themselves."""
    conditioned: bool
    """Whether the assignment has a condition, which narrows what the role allows."""


class CustomRole(Facts):
    """A role that the customer made."""

    name: str
    """The role's name."""
    assignable_broadly: bool
    """Whether it can be given on a whole subscription or on what is above."""
    everything: bool
    """Whether it allows every action, as Owner does."""
    privileged: bool
    """Whether it lets its holder give access to others, and so to themselves."""
    administers_locks: bool
    """Whether it lets its holder set locks on resources and take them away."""
    assignments: int
    """How many assignments of it hold in the subscription, those below it included."""


class SubscriptionAccess(Facts):
    """Who owns a subscription, and who else decides on it."""

    owners: int
    """How many users and groups may do everything in it; a group counts as one, whoever is in it."""
    owner_groups: int
    """How many of the owners are groups."""
    owner_service_principals: int
    """How many applications and managed identities may do everything in it."""
    root_administrators: int
    """How many may give access at the root, and so in every subscription of the tenant."""
    lock_roles: int
    """How many custom roles let one administer locks, and give no access to others."""


class DirectoryUser(Facts):
    """A user of a directory."""

    name: str
    """The name that the user signs in with."""
    active: bool
    """Whether the user may sign in."""
    guest: bool
    """Whether the user is a guest, who has their account elsewhere or was let in as one."""
    created_at: datetime
    """When the user was made; 1 June 2018 where the directory knows only that it was before."""


class SignIn(Credential):
    """When a user of a directory last signed in."""

    name: str
    """The name that the user signs in with."""
    guest: bool
    """Whether the user is a guest, who has their account elsewhere or was let in as one."""


class ApplicationSignIn(Credential):
    """When an application last signed in, on its own or for a user."""

    name: str
    """The application's name."""


class ApplicationCredential(Facts):
    """A secret or certificate that an application signs in with."""

    application: str
    """The application's name."""
    kind: Literal["secret", "certificate"]
    """Whether it is a secret that was handed out once, or a certificate, whose key the application keeps."""
    started_at: datetime
    """From when on it can be used."""
    expires_at: datetime
    """Until when it can be used."""
    lifetime_days: int
    """How many whole days lie between the two."""


class DirectoryRole(Facts):
    """A role that decides over a directory, and who has it over all of it."""

    name: str
    """The role's name."""
    holders: int
    """How many users have it, by themselves or by a group; guests and who may not sign in are among them."""
    holder_groups: int
    """How many groups have it."""
    holder_service_principals: int
    """How many applications and managed identities have it, by themselves or by a group."""


class EligibleRole(Facts):
    """A role that decides over a directory, and who may take it up for a while."""

    name: str
    """The role's name."""
    eligible: int
    """How many users and groups may take it up over all of the directory; a group counts as one."""


class TenantSettings(Facts):
    """What a directory lets everybody do."""

    apps_by_users: bool
    """Whether any user may register applications."""
    security_groups_by_users: bool
    """Whether any user may make security groups."""
    tenants_by_users: bool
    """Whether any user may make tenants, which nobody here then watches."""
    user_consent: Literal["nothing", "low-risk", "recommended", "custom", "anything"]
    """What users may grant to applications in their own name, without an administrator: nothing, permissions
    of low risk to verified publishers, what Microsoft recommends for now, what a policy of the tenant's own
    allows, or anything that does not need an administrator."""
    invitations_by: Literal["nobody", "administrators", "members", "everybody"]
    """Who may invite guests: administrators and guest inviters, members too, or guests as well."""
    guest_access: Literal["as-members", "limited", "restricted"]
    """What guests see of the directory: as much as members, some of it, or only what is their own."""


class RoleHolder(Facts):
    """A user who was given a role, and the account of theirs."""

    name: str
    """The name that the user signs in with."""
    active: bool
    """Whether the user may sign in."""
    guest: bool
    """Whether the user is a guest, who has their account elsewhere or was let in as one."""
    role_name: str
    """The role's name."""
    scope_kind: Literal["root", "management-group", "subscription", "resource-group", "resource"]
    """What kind of thing the role was given on."""
    privileged: bool
    """Whether the role lets its holder give access to others, and so to themselves."""


class PolicyReach(Facts):
    """What a policy allows, as far as it reaches far, whatever its conditions."""

    name: str
    """The policy's name."""
    everything: bool
    """Whether it allows every action on every resource."""
    privileged: bool
    """Whether it lets its holder give access to others, and so to themselves."""
    full_services: tuple[str, ...]
    """The services all of whose actions it allows, on whatever resources; a star for all of them, or all but
    those that it names."""
    decrypts_with_any_key: bool
    """Whether it lets one decrypt with whatever key of KMS, where the key leaves that to its account."""
    subscribes_to_anything: bool
    """Whether it lets one subscribe to any product of AWS Marketplace."""


class ManagedPolicy(PolicyReach):
    """A policy that can be given to many users, groups and roles."""

    customer_managed: bool
    """Whether it is the customer's own, and not one of AWS's."""
    attached: bool
    """Whether some user, group or role has it."""
    attached_to: tuple[Literal["user", "group", "role"], ...]
    """What kinds of holders have it."""
    boundaries: int
    """How many users and roles have it as their permissions boundary, which gives nothing and takes away."""


class InlinePolicy(PolicyReach):
    """A policy that is a part of one user, group or role."""

    holder_kind: Literal["user", "group", "role"]
    """What has it."""


class PolicyHolder(Facts):
    """What policies a user, group or role has, and what they allow together."""

    name: str
    """The holder's name."""
    inline_policies: int
    """How many policies are a part of the holder, which nobody sees in the list of policies."""
    managed_policies: int
    """How many policies of the list the holder has itself; those of a user's groups are the groups'."""
    everything: bool
    """Whether they allow every action on every resource, a user's groups included."""
    privileged: bool
    """Whether they let the holder give access to others, and so to themselves; groups included."""


class UserPermissions(PolicyHolder):
    """What policies a user has."""

    groups: int
    """How many groups the user is in."""
    bounded: bool
    """Whether a permissions boundary takes away of what the policies allow."""


class GroupPermissions(PolicyHolder):
    """What policies a group has."""

    members: int
    """How many users are in the group."""


class IamRole(PolicyHolder, Credential):
    """A role, what it may do, and when somebody last used it."""

    kind: Literal["own", "service-linked", "identity-center"]
    """Whether the account made the role; if not, whether a service or IAM Identity Center keeps it."""
    created_at: datetime
    """When the role was made."""
    bounded: bool
    """Whether a permissions boundary takes away of what the policies allow."""


class PermissionSet(Facts):
    """What people who come through IAM Identity Center may be given in accounts."""

    name: str
    """The name of the permission set."""
    session_minutes: int
    """For how long one signs in with it at a time."""
    managed_policies: tuple[str, ...]
    """The names of AWS's own policies in it."""
    inline_policy: bool
    """Whether it has a policy that is a part of it."""
    everything: bool
    """Whether AdministratorAccess is in it, or its own policy allows every action on every resource."""
