"""Who reaches Azure's databases: their public addresses, firewalls and private endpoints."""

from collections.abc import Collection, Iterator

from scanner import AzureSubscription, Fields, Resource, check

from ..semantics.allow_lists import EVERYONE, span
from . import Service
from .reach import Wall, answers, approved, reach

_AZURE = "0.0.0.0"  # noqa: S104 - nobody listens on it; it is how a firewall says all of Azure
_SERVERS = "Microsoft.Sql/servers/read"
_POSTGRESQL = "Microsoft.DBforPostgreSQL/flexibleServers"
_MYSQL = "Microsoft.DBforMySQL/flexibleServers"


@check(_SERVERS, "Microsoft.Sql/servers/firewallRules/read", "Microsoft.Sql/servers/virtualNetworkRules/read")
def sql_servers(subscription: AzureSubscription) -> Iterator[Service]:
    """Who reaches SQL servers.

    Rules that a database has for itself, and rules for IPv6, are not looked at.
    """

    def read(server: Resource) -> Service:
        rules = list(subscription.all("Microsoft.Sql/servers/firewallRules/read", server.id))
        near = subscription.all("Microsoft.Sql/servers/virtualNetworkRules/read", server.id)
        subnets = [rule.text("properties.virtualNetworkSubnetId") for rule in near]
        return Service(
            **server.about,
            **reach(
                approved(server),
                public=answers(server),
                wall=Wall(_spans(rules), subnets, _lets_in_azure(rules)),
            ),
        )

    yield from subscription.each(subscription.all(_SERVERS), read)


@check(f"{_POSTGRESQL}/read", f"{_POSTGRESQL}/firewallRules/read")
def postgresql_servers(subscription: AzureSubscription) -> Iterator[Service]:
    """Who reaches flexible servers of PostgreSQL."""
    yield from _flexible_servers(subscription, _POSTGRESQL)


@check(f"{_MYSQL}/read", f"{_MYSQL}/firewallRules/read")
def mysql_servers(subscription: AzureSubscription) -> Iterator[Service]:
    """Who reaches flexible servers of MySQL."""
    yield from _flexible_servers(subscription, _MYSQL)


@check("Microsoft.DocumentDB/databaseAccounts/read")
def cosmos_accounts(subscription: AzureSubscription) -> Iterator[Service]:
    """Who reaches Cosmos DB accounts, whatever their API is."""
    for account in subscription.all("Microsoft.DocumentDB/databaseAccounts/read"):
        with subscription.reading(account.id):
            named = [rule.text("ipAddressOrRange") for rule in account.parts("properties.ipRules")]
            filtered = account.flag("properties.isVirtualNetworkFilterEnabled", default=False)
            rules = account.parts("properties.virtualNetworkRules") if filtered else []
            # Without a filter of either kind everybody is let in; the address of zeros is all of Azure:
            # https://learn.microsoft.com/azure/cosmos-db/how-to-configure-firewall
            ranges = [address for address in named if address != _AZURE]
            yield Service(
                **account.about,
                **reach(
                    approved(account),
                    public=answers(account),
                    wall=Wall(
                        ranges if named or filtered else EVERYONE,
                        [rule.text("id") for rule in rules],
                        _AZURE in named,
                    ),
                ),
            )


@check("Microsoft.Cache/redis/read", "Microsoft.Cache/redis/firewallRules/read")
def redis_caches(subscription: AzureSubscription) -> Iterator[Service]:
    """Who reaches Redis caches; one that was put into a virtual network is reached from there alone."""

    def read(cache: Resource) -> Service:
        subnet = cache.text("properties.subnetId", "")
        rules = subscription.all("Microsoft.Cache/redis/firewallRules/read", cache.id)
        # The first rule closes the door to all others:
        # https://learn.microsoft.com/azure/azure-cache-for-redis/cache-network-isolation
        ranges = [span(rule.text("properties.startIP"), rule.text("properties.endIP")) for rule in rules]
        return Service(
            **cache.about,
            **reach(
                approved(cache),
                public=not subnet and answers(cache),
                wall=Wall(ranges or EVERYONE),
                inside=[subnet] if subnet else [],
            ),
        )

    yield from subscription.each(subscription.all("Microsoft.Cache/redis/read"), read)


def _flexible_servers(subscription: AzureSubscription, kind: str) -> Iterator[Service]:
    """Flexible servers: in a subnet that is theirs, where there is no firewall, or on a public address."""

    def read(server: Resource) -> Service:
        subnet = server.text("properties.network.delegatedSubnetResourceId", "")
        public = not subnet and answers(server, "properties.network.publicNetworkAccess")
        rules = list(subscription.all(f"{kind}/firewallRules/read", server.id)) if public else []
        return Service(
            **server.about,
            **reach(
                approved(server),
                public=public,
                wall=Wall(_spans(rules), (), _lets_in_azure(rules)),
                inside=[subnet] if subnet else [],
            ),
        )

    yield from subscription.each(subscription.all(f"{kind}/read"), read)


def _ends(rule: Fields) -> tuple[str, str]:
    return rule.text("properties.startIpAddress"), rule.text("properties.endIpAddress")


def _spans(rules: Collection[Fields]) -> list[str]:
    return [span(*_ends(rule)) for rule in rules if _ends(rule) != (_AZURE, _AZURE)]


def _lets_in_azure(rules: Collection[Fields]) -> bool:
    """Whether a rule lets in all of Azure, other customers' machines included.

    It is the one from 0.0.0.0 to itself: https://learn.microsoft.com/azure/azure-sql/database/firewall-configure
    """
    return any(_ends(rule) == (_AZURE, _AZURE) for rule in rules)
