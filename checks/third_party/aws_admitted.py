"""Whom policies of AWS let in, as facts."""

from typing import TypedDict

from ..semantics import iam
from ..semantics.iam_access import Access, access


class Who(TypedDict):
    """The facts of `Admitted`."""

    anyone: bool
    external_accounts: tuple[str, ...]
    organizations: tuple[str, ...]
    identities: tuple[str, ...]
    networks: tuple[str, ...]
    unbound_services: tuple[str, ...]


def who(account: str, policy: str | None) -> Who:
    """Whom a policy of something of this account lets in; nobody from outside, where there is none."""
    return told(access(iam.statements(policy) if policy else (), account))


def told(whom: Access) -> Who:
    """The same of a policy that was read already."""
    return Who(
        anyone=whom.anyone,
        external_accounts=whom.accounts,
        organizations=whom.organizations,
        identities=whom.identities,
        networks=whom.networks,
        unbound_services=whom.unbound_services,
    )
