"""Who reaches Azure's services: their public addresses, firewalls and private endpoints.

Databases are in azure_databases, web apps in azure_web, and what has no firewall to be read in azure_linked.
A firewall with an exception for services that Microsoft trusts, as Backup and Monitor, is closed nonetheless:
those still have to log in.
"""

from collections.abc import Iterator

from scanner import AzureSubscription, Resource, check

from ..semantics.allow_lists import EVERYONE
from . import ManagedCluster, Service, Store
from .reach import Wall, answers, approved, listed, reach, wall


@check("Microsoft.Storage/storageAccounts/read")
def storage_accounts(subscription: AzureSubscription) -> Iterator[Store]:
    """Who reaches storage accounts, and whether blobs may be given to the public.

    Whether a container does give them away is not looked at. A static website needs no leave to: it is public
    to all whom the firewall lets in.
    """
    for account in subscription.all("Microsoft.Storage/storageAccounts/read"):
        with subscription.reading(account.id):
            yield Store(
                **account.about,
                **reach(approved(account), public=answers(account), wall=wall(account)),
                # Accounts from before August 2023 leave it out, and that means allowed:
                # https://learn.microsoft.com/azure/storage/blobs/anonymous-read-access-prevent
                public_access_blocked=not account.flag("properties.allowBlobPublicAccess", default=True),
            )


@check("Microsoft.KeyVault/vaults/read")
def key_vaults(subscription: AzureSubscription) -> Iterator[Service]:
    """Who reaches key vaults."""
    yield from _guarded(subscription, "Microsoft.KeyVault/vaults/read")


@check("Microsoft.KeyVault/managedHSMs/read")
def managed_hsms(subscription: AzureSubscription) -> Iterator[Service]:
    """Who reaches managed HSMs."""
    yield from _guarded(subscription, "Microsoft.KeyVault/managedHSMs/read")


@check("Microsoft.CognitiveServices/accounts/read")
def ai_services(subscription: AzureSubscription) -> Iterator[Service]:
    """Who reaches AI services, as of OpenAI, vision, speech and language."""
    yield from _guarded(subscription, "Microsoft.CognitiveServices/accounts/read")


@check("Microsoft.ContainerRegistry/registries/read")
def container_registries(subscription: AzureSubscription) -> Iterator[Service]:
    """Who reaches container registries.

    Only those of the Premium tier can be closed. Letting in subnets by a service endpoint never left its
    preview; they are not told any more, and not counted.
    """
    for registry in subscription.all("Microsoft.ContainerRegistry/registries/read"):
        with subscription.reading(registry.id):
            yield Service(
                **registry.about,
                **reach(
                    approved(registry),
                    public=answers(registry),
                    wall=wall(registry, "properties.networkRuleSet"),
                ),
            )


@check("Microsoft.Search/searchServices/read")
def search_services(subscription: AzureSubscription) -> Iterator[Service]:
    """Who reaches AI Search services."""
    for service in subscription.all("Microsoft.Search/searchServices/read"):
        with subscription.reading(service.id):
            rules = service.parts("properties.networkRuleSet.ipRules")
            yield Service(
                **service.about,
                **reach(
                    approved(service),
                    public=answers(service),
                    # The first rule closes the door to all others; there is no other switch:
                    # https://learn.microsoft.com/azure/search/service-configure-firewall
                    wall=Wall([rule.text("value") for rule in rules] or EVERYONE),
                ),
            )


@check("Microsoft.EventHub/namespaces/read", "Microsoft.EventHub/namespaces/networkRuleSets/read")
def event_hub_namespaces(subscription: AzureSubscription) -> Iterator[Service]:
    """Who reaches Event Hubs namespaces; those of the Basic tier have no firewall."""

    def read(namespace: Resource) -> Service:
        walled = namespace.text("sku.name") != "Basic"
        rules = "Microsoft.EventHub/namespaces/networkRuleSets/read"
        return _namespace(namespace, list(subscription.all(rules, namespace.id)) if walled else [])

    yield from subscription.each(subscription.all("Microsoft.EventHub/namespaces/read"), read)


@check("Microsoft.ServiceBus/namespaces/read", "Microsoft.ServiceBus/namespaces/networkRuleSets/read")
def service_bus_namespaces(subscription: AzureSubscription) -> Iterator[Service]:
    """Who reaches Service Bus namespaces; only those of the Premium tier have a firewall."""

    def read(namespace: Resource) -> Service:
        walled = namespace.text("sku.name") == "Premium"
        rules = "Microsoft.ServiceBus/namespaces/networkRuleSets/read"
        return _namespace(namespace, list(subscription.all(rules, namespace.id)) if walled else [])

    yield from subscription.each(subscription.all("Microsoft.ServiceBus/namespaces/read"), read)


@check("Microsoft.Devices/IotHubs/read")
def iot_hubs(subscription: AzureSubscription) -> Iterator[Service]:
    """Who reaches IoT hubs.

    A hub hands out what devices sent at an endpoint that is an event hub's. The network rules hold there only
    when they are applied to it, and the older IP filter never does: a hub counts as open that leaves it open.
    """
    for hub in subscription.all("Microsoft.Devices/IotHubs/read"):
        with subscription.reading(hub.id):
            rules = "properties.networkRuleSets"
            applied = hub.flag(f"{rules}.applyToBuiltInEventHubEndpoint", default=False)
            yield Service(
                **hub.about,
                **reach(
                    approved(hub),
                    public=answers(hub),
                    wall=Wall(listed(hub, rules, "ipMask") if applied else EVERYONE),
                ),
            )


@check("Microsoft.ContainerService/managedClusters/read")
def kubernetes_clusters(subscription: AzureSubscription) -> Iterator[ManagedCluster]:
    """Who reaches the API servers of Kubernetes clusters, and whether nodes have public addresses."""
    for cluster in subscription.all("Microsoft.ContainerService/managedClusters/read"):
        with subscription.reading(cluster.id):
            private = cluster.flag("properties.apiServerAccessProfile.enablePrivateCluster", default=False)
            public = not private and answers(cluster)
            # Without a list everybody is let in; a cluster's own way out is let in by itself:
            # https://learn.microsoft.com/azure/aks/api-server-authorized-ip-ranges
            ranges = cluster.texts("properties.apiServerAccessProfile.authorizedIPRanges")
            facts = reach((), public=public, wall=Wall(ranges or EVERYONE))
            yield ManagedCluster(
                **cluster.about,
                publicly_accessible=public,
                private_path=private,
                anyone=facts["anyone"],
                allowed_addresses=facts["allowed_addresses"],
                nodes_publicly_accessible=any(
                    pool.flag("enableNodePublicIP", default=False)
                    for pool in cluster.parts("properties.agentPoolProfiles")
                ),
            )


def _guarded(subscription: AzureSubscription, need: str) -> Iterator[Service]:
    """Services whose access list is of the commonest make."""
    for item in subscription.all(need):
        with subscription.reading(item.id):
            yield Service(
                **item.about,
                **reach(approved(item), public=answers(item), wall=wall(item)),
            )


def _namespace(namespace: Resource, rule_sets: list[Resource]) -> Service:
    """A namespace of Event Hubs or Service Bus; there is one set of rules, or none.

    A set that denies by default and has no rules lets in everybody:
    https://learn.microsoft.com/azure/event-hubs/event-hubs-ip-filtering
    """
    public = answers(namespace) and all(answers(rules) for rules in rule_sets)
    near = [
        rule.text("subnet.id")
        for rules in rule_sets
        for rule in rules.parts("properties.virtualNetworkRules")
    ]
    ranges = [address for rules in rule_sets for address in listed(rules, "properties", "ipMask")]
    return Service(
        **namespace.about,
        **reach(
            approved(namespace),
            public=public,
            wall=Wall(ranges if ranges or near else EVERYONE, near),
        ),
    )
