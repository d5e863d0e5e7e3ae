"""Third parties: who from outside has access, and to what."""

from datetime import datetime
from typing import Literal

from scanner import Facts


class GuestUser(Facts):
    """Somebody from outside who has an account in the directory."""

    name: str
    """The name that the guest has in the directory."""
    home_domain: str | None
    """The domain that the guest comes from, read off the name; none where the name does not tell one."""
    active: bool
    """Whether the guest may sign in."""
    invitation: Literal["accepted", "pending"] | None
    """What became of the invitation; none if nobody sent one, as where an administrator made the account."""
    created_at: datetime
    """When the guest was made; 1 June 2018 where the directory knows only that it was before."""


class GuestRoles(Facts):
    """What a guest may decide in the directory."""

    name: str
    """The name that the guest has in the directory."""
    roles: tuple[str, ...]
    """The directory roles that the guest has, directly or by a group, over all of it or over a part."""
    privileged_roles: tuple[str, ...]
    """Those among them that Microsoft calls privileged."""


class InboundAccess(Facts):
    """What other organisations' users may do here, and what is taken on trust from their tenant."""

    collaboration: Literal["everybody", "some", "nobody"]
    """Who may become a guest and use what is given to guests; some, where users or applications are named."""
    direct_connect: Literal["everybody", "some", "nobody"]
    """Who may take part in shared channels without an account here."""
    mfa_trusted: bool
    """Whether a second factor that was given to their tenant counts here."""
    devices_trusted: bool
    """Whether devices count as managed here because their tenant says so."""


class Partner(InboundAccess):
    """An organisation with settings of its own; what they do not say is as for all others."""

    partner_tenant: str
    """The organisation's tenant."""
    service_provider: bool
    """Whether it is a provider that administers this tenant."""
    own_organization: bool
    """Whether it is of the same multi-tenant organisation, and so no stranger."""


class ForeignApplication(Facts):
    """An application of another organisation, and what it may do on its own."""

    name: str
    """The application's name, as its publisher writes it."""
    publisher_tenant: str
    """The tenant of whoever made the application."""
    active: bool
    """Whether it may sign in here."""
    credentials: int
    """How many secrets and certificates this tenant added to those that the publisher has."""
    permissions: tuple[str, ...]
    """What it may do on Microsoft Graph without a user, by the permissions' names."""
    directory_permissions: tuple[str, ...]
    """Those among them by which it changes who may sign in here, and what they may do."""
    content_permissions: tuple[str, ...]
    """Those among them by which it reads or writes mail, files or messages of anybody."""


class ConsentedApplication(Facts):
    """An application of another organisation that may act for every user who signs in to it."""

    name: str
    """The application's name, as its publisher writes it."""
    publisher_tenant: str
    """The tenant of whoever made the application."""
    active: bool
    """Whether it may sign in here."""
    scopes: tuple[str, ...]
    """What an administrator allowed it for everybody, by the permissions' names."""
    directory_scopes: tuple[str, ...]
    """Those among them by which it changes who may sign in here, where its user may."""
    content_scopes: tuple[str, ...]
    """Those among them by which it reads or writes its user's mail, files or messages."""


class OwnedApplication(Facts):
    """An application that the tenant registered, and whoever may give it new secrets."""

    name: str
    """The application's name."""
    owners: int
    """How many users and applications own it: each may give it a secret, and act as it."""
    guest_owners: tuple[str, ...]
    """The guests among them, by the names that they have in the directory."""


class Delegation(Facts):
    """A subscription's resources in the hands of a service provider, by Azure Lighthouse."""

    name: str
    """What the offer is called that the provider made."""
    managing_tenant: str
    """The tenant whose users have the roles."""
    managing_name: str | None
    """What the tenant calls itself; none where it is not told."""
    roles: tuple[str, ...]
    """The roles that the provider has at any time."""
    eligible_roles: tuple[str, ...]
    """The roles that the provider may take up for some hours."""
    gives_access: bool
    """Whether the provider may give roles to managed identities."""


class ForeignGroup(Facts):
    """A group of another tenant that was given a role."""

    principal_id: str
    """The group's object id in its own tenant."""
    role_name: str
    """The role's name."""
    scope: str
    """What the role was given on; it holds for everything below, too."""
    privileged: bool
    """Whether the role lets its holder give access to others, and so to themselves."""
