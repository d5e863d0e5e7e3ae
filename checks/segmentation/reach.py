"""What the settings that many Azure services share mean for who reaches them."""

from collections.abc import Collection, Iterable
from typing import NamedTuple, TypedDict

from scanner import AzureSubscription, Fields

from ..semantics import allow_lists
from ..semantics.allow_lists import EVERYONE

_CONNECTIONS = "properties.privateEndpointConnections"
_STATE = "properties.privateLinkServiceConnectionState.status"


class Wall(NamedTuple):
    """Whom the firewall of a service lets in; one that has none lets in everybody."""

    ranges: Collection[str] = EVERYONE
    """Addresses."""
    subnets: Collection[str] = ()
    """Ids of subnets."""
    all_of_azure: bool = False
    """Whether it lets in other customers' machines because they are Azure's."""


class Links(TypedDict):
    """The facts of `Linked`."""

    links: tuple[str, ...]
    publicly_accessible: bool
    private_path: bool
    private_endpoints: int


class Reach(Links):
    """The facts of `Service`."""

    anyone: bool
    allowed_addresses: tuple[str, ...]
    azure_customers: bool
    virtual_networks: int


def answers(item: Fields, path: str = "properties.publicNetworkAccess") -> bool:
    """Whether the public address of a service answers.

    Every service that is asked so is born open, and leaves the setting out until somebody changes it:
    https://learn.microsoft.com/security/benchmark/azure/mcsb-network-security (NS-2). What a network security
    perimeter lets in (SecuredByPerimeter) is said elsewhere, so that word is refused and not guessed at.

    Raises:
        ReadError: it is another word.
    """
    return item.word(path, {"Enabled": True, "Disabled": False}, default=True)


def approved(item: Fields, path: str = _CONNECTIONS) -> list[Fields]:
    """The connections of private endpoints that whoever owns the service has approved."""
    return [each for each in item.parts(path) if is_approved(each)]


def is_approved(connection: Fields) -> bool:
    """Whether a private endpoint's connection works."""
    return connection.text(_STATE, "").lower() == "approved"


def linked(
    connections: Collection[Fields], *, public: bool, subnets: Iterable[str] = (), inside: Iterable[str] = ()
) -> Links:
    """The public way and the private ones.

    Args:
        connections: of private endpoints, all approved.
        public: whether its public address answers.
        subnets: ids of those that are let in.
        inside: ids of the subnets or networks it lives in.
    """
    endpoints = [each.text("properties.privateEndpoint.id", "") for each in connections]
    near = {AzureSubscription.resource(each) for each in (*endpoints, *subnets, *inside) if each}
    return Links(
        links=tuple(sorted(near)),
        publicly_accessible=public,
        private_path=bool(connections or tuple(subnets) or tuple(inside)),
        private_endpoints=len(connections),
    )


def reach(connections: Collection[Fields], *, public: bool, wall: Wall, inside: Iterable[str] = ()) -> Reach:
    """Who reaches a service that has a firewall of its own.

    Args:
        connections: of private endpoints, all approved.
        public: whether its public address answers; the firewall counts only then.
        wall: whom the firewall lets in.
        inside: ids of the subnets or networks it lives in.
    """
    ranges, subnets = (wall.ranges, wall.subnets) if public else ((), ())
    anyone = allow_lists.anyone(ranges)
    return Reach(
        **linked(connections, public=public, subnets=subnets, inside=inside),
        anyone=anyone,
        allowed_addresses=tuple(ranges),
        azure_customers=public and (anyone or wall.all_of_azure),
        virtual_networks=len(subnets),
    )


def wall(item: Fields, acls: str = "properties.networkAcls") -> Wall:
    """Whom an access list of the commonest make lets in.

    Raises:
        ReadError: the list is not as documented.
    """
    subnets = [rule.text("id") for rule in item.parts(f"{acls}.virtualNetworkRules")]
    return Wall(listed(item, acls), subnets)


def listed(item: Fields, acls: str, key: str = "value") -> tuple[str, ...]:
    """The addresses that an access list lets in: all, unless it denies what it does not name.

    A service without a list lets in everybody.

    Raises:
        ReadError: the list is not as documented.
    """
    denies = {"Allow": False, "Deny": True}
    if not item.part(acls).held or not item.word(f"{acls}.defaultAction", denies):
        return EVERYONE
    return tuple(rule.text(key) for rule in item.parts(f"{acls}.ipRules"))
