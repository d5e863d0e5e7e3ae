"""Hardening: settings that make a thing harder to misuse."""

from typing import Literal

from scanner import Facts


class Login(Facts):
    """By what a service lets somebody in."""

    local_authentication: bool
    """Whether it lets in by keys, passwords or users of its own, which the directory does not know."""


class DirectoryLogin(Login):
    """By what a service lets somebody in that can also ask the directory."""

    directory_authentication: bool
    """Whether it lets in the directory's people and programs, so that what ends there ends here."""


class StorageLogin(DirectoryLogin):
    """By what a storage account lets somebody in."""

    directory_by_default: bool
    """Whether the portal asks the directory first, and not for the account's key."""


class ClusterLogin(DirectoryLogin):
    """By what a Kubernetes cluster lets somebody in, and who says what they may do."""

    role_based_access: bool
    """Whether what somebody may do is said by roles, and not the same for all who are let in."""
    directory_authorization: bool
    """Whether roles that are assigned in Azure count within the cluster."""


class Registry(Facts):
    """By what a container registry lets somebody in, besides the directory."""

    admin_user: bool
    """Whether it has the one user who may do everything, whose password everybody shares."""


class CrossOrigin(Facts):
    """Whose web pages may call a service from a browser."""

    any_origin: bool
    """Whether pages of every site may (CORS allows the origin *)."""


class WebApp(CrossOrigin):
    """How a web app is set up."""

    remote_debugging: bool
    """Whether a debugger may be attached from outside."""


class Machine(Facts):
    """What a virtual machine's own address for its settings and credentials gives away."""

    metadata_service: bool
    """Whether programs on it can ask that address at all."""
    metadata_tokens_required: bool
    """Whether they have to fetch a token first (IMDSv2), which a tricked web server cannot; true where they
    cannot ask at all."""
    metadata_hops: int
    """Over how many hosts the answer may travel: with 1, no further than the machine itself."""
    instance_role: bool
    """Whether it has a role, so that programs on it need no keys that last."""


class MachineDefaults(Facts):
    """How new virtual machines of a region are set up unless told otherwise."""

    metadata_tokens_required: bool
    """Whether programs on them have to fetch a token before they ask for credentials (IMDSv2)."""
    metadata_tokens_enforced: bool
    """Whether machines that are told otherwise are refused."""


class LaunchTemplate(Facts):
    """How virtual machines are set up that are made by a template."""

    metadata_tokens: Literal["required", "optional", "by-default"]
    """Whether programs on them have to fetch a token before they ask for credentials (IMDSv2); by default
    where the template leaves that to the image and the region. Required where they cannot ask at all."""


class Container(Facts):
    """What a container may do beyond its own walls, as its definition has it."""

    container: str
    """Its name within the definition."""
    revision: int
    """The revision of the definition that was looked at: the newest that is active."""
    readonly_root: bool
    """Whether what it was made of cannot be written to."""
    privileged: bool
    """Whether it may do what root may on the machine below."""
    unprivileged_user: bool
    """Whether it is told to run as a user other than root; where it is told nothing, its image decides."""
    host_network: bool
    """Whether it uses the network of the machine below."""
    host_processes: bool
    """Whether it sees the processes of the machine below."""
    windows: bool
    """Whether it is told to run on Windows, which has neither root nor a root file system."""


class ScalingGroup(Facts):
    """How a group of machines tells that one of them is broken."""

    load_balanced: bool
    """Whether a load balancer sends it work."""
    balancer_checked: bool
    """Whether a machine that the load balancer finds broken is replaced, and not only one that is off."""


class BuildProject(Facts):
    """What a build may do."""

    privileged: bool
    """Whether it may do what root may on the machine below, as it must to build images with Docker."""


class DataCluster(Facts):
    """How the machines of a data cluster know each other and their users."""

    kerberos: bool
    """Whether they prove who they are with Kerberos."""
    security_configuration: str | None
    """The named settings for encryption and log-ins that it was made with; none without any."""


class DeletionProtection(Facts):
    """Whether a store can be deleted by one mistaken call."""

    deletion_protected: bool
    """Whether deleting it takes a change of settings first."""
