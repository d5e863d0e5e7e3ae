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


class Granted(Facts):
    """Whether something was given to everybody, whatever account they have, or none."""

    anyone: bool
    """Whether everybody may use it; a block that keeps them out all the same is counted in."""


class GrantedTo(Granted):
    """Who outside the account something was given to."""

    external_accounts: tuple[str, ...]
    """The numbers of other AWS accounts that were given it by name, those of one's own organisation
    included."""


class ForeignAccounts(Facts):
    """Which of the accounts that something was given to are no part of the house."""

    seen_by: str
    """The check that told whom it was given to."""
    foreign_accounts: tuple[str, ...]
    """The numbers of the AWS accounts that were given it by name, and are no targets of this run."""
    own_accounts: tuple[str, ...]
    """Those that are targets of this run, whether they could be entered or not."""


class SharedImage(GrantedTo):
    """Who outside the account may start machines from an image."""

    organizations: tuple[str, ...]
    """The organisations and organisational units whose accounts all may, by their ARNs."""


class Admitted(GrantedTo):
    """Who outside the account is let in by the policy of something in it.

    What strangers may choose themselves, as a tag or a header, keeps nobody out.
    """

    organizations: tuple[str, ...]
    """The ids of organisations of which every account is let in, one's own included."""
    identities: tuple[str, ...]
    """Whoever else is let in whose name does not tell an account: canonical users, identities of
    CloudFront."""
    networks: tuple[str, ...]
    """The addresses, networks and endpoints from which anyone is let in, though not from elsewhere."""
    unbound_services: tuple[str, ...]
    """The services of AWS that are let in whoever's resources they act for, a stranger's included."""


class Bucket(Admitted):
    """Who outside the account may use a bucket, by its policy and its access control list together."""

    public_read: bool
    """Whether everybody may list what is in it, or read some of it; a block that is on is counted in."""
    public_write: bool
    """Whether everybody may store, change or delete something; a block that is on is counted in."""
    acls_disabled: bool
    """Whether access control lists have no effect, neither the bucket's nor those of its objects."""
    acl_grantees: tuple[str, ...]
    """Whom the bucket's list names besides its owner, by canonical id, address or group."""


class FunctionUrl(Facts):
    """An address by which a function is called from the internet."""

    authenticated: bool
    """Whether AWS asks who calls; where not, anyone may whom the function's policy lets."""


class Key(Admitted):
    """Who outside the account may use a key, and whether enclaves have to prove themselves."""

    attested: bool
    """Whether the policy asks some callers for the measurements of a Nitro enclave."""
    unattested_use: bool
    """Whether the policy lets somebody decrypt, or make data keys, without them."""


class SearchDomain(Admitted):
    """Who outside the account a search domain lets in, once they reach it."""

    publicly_accessible: bool
    """Whether its address is on the internet, and not in a network of one's own."""


class FileSystem(Admitted):
    """Who outside the account a file system lets in, once they reach it."""

    policy: bool
    """Whether it has a policy; without one, whoever reaches a mount target may mount it."""


class Role(Admitted):
    """Who outside the account may take up a role, and what they have to show for it."""

    services: tuple[str, ...]
    """The services of AWS that may."""
    accounts_without_external_id: tuple[str, ...]
    """The other accounts that may without an external id, by which a provider tells its customers apart."""
    whole_accounts: tuple[str, ...]
    """The other accounts whose administrators decide who of theirs may."""
    providers: tuple[str, ...]
    """The identity providers whose users or workloads may."""
    open_providers: tuple[str, ...]
    """Those among them that serve others, too, and whose every customer's users or workloads may."""


class Organization(Facts):
    """The organisation that an account is in."""

    organization: str | None
    """Its id; none where the account is in none."""
    management_account: str | None
    """The number of the account that manages it, and may limit and take over this one."""


class PublicSharing(Facts):
    """Whether things of one kind can be given to everybody at all."""

    new_blocked: bool
    """Whether nobody can give one to everybody from now on."""


class PublicSnapshots(PublicSharing):
    """Whether snapshots can be given to everybody, or are given to everybody still."""

    existing_blocked: bool
    """Whether those that were given to everybody before are closed to them, too."""


class Build(Facts):
    """Where builds get their source from, and which credentials lie open in how they are set up.

    Names only: no value of a variable and no address is kept.
    """

    outside_sources: tuple[str, ...]
    """The services outside AWS that the source comes from, as bitbucket or github."""
    source_credentials: bool
    """Whether a source's address carries a password or a token for whoever may see the project."""
    plain_variables: tuple[str, ...]
    """The names of the environment variables whose values whoever may see the project may see."""
    plain_aws_keys: tuple[str, ...]
    """Those among them by which AWS's tools take an access key."""


class RemoteAccess(Facts):
    """A program by which somebody outside reaches a host past the house's own ways in."""

    program: str
    """What it is called."""
    purpose: Literal["remote-control", "remote-management", "tunnel", "network"]
    """Whether it shows the screen or opens a shell to somebody elsewhere; is a maintenance company's agent
    that carries out what it is told; publishes ports of the host; or joins it to a network across sites."""
    running: bool
    """Whether it runs, whoever started it."""
    enabled: bool
    """Whether it is started with the machine."""
