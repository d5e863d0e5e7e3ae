"""Hardening: settings that make a thing harder to misuse."""

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
