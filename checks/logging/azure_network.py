"""What is recorded of the traffic in networks on Azure."""

from collections.abc import Iterator

from scanner import AzureSubscription, Fields, Resource, check

from . import FOREVER_DAYS, Network, Watched

_NETWORKS = "Microsoft.Network/virtualNetworks/read"
_WATCHERS = "Microsoft.Network/networkWatchers/read"
_FLOWS = "Microsoft.Network/networkWatchers/flowLogs/read"


@check(_NETWORKS, _WATCHERS)
def network_watchers(subscription: AzureSubscription) -> Iterator[Watched]:
    """Whether there is a network watcher where there are virtual networks: a region has one, or none."""
    watched = {watcher.region for watcher in subscription.all(_WATCHERS)}
    for network in subscription.all(_NETWORKS):
        yield Watched(**network.about, watched=network.region in watched)


@check(_NETWORKS, _WATCHERS, _FLOWS)
def virtual_networks(subscription: AzureSubscription) -> Iterator[Network]:
    """Whether flow logs record the traffic of whole virtual networks, and for how long.

    It takes one of the network, or one of each of its subnets, or of the network security group of each.
    Those of security groups cannot be made any more, and go away on 30 September 2027. One that is filtered
    does not count, nor do those of single network interfaces.
    """

    def read(network: Resource) -> Network:
        flows: dict[str, list[Fields]] = {}
        for watcher in subscription.all(_WATCHERS):
            if watcher.region == network.region:
                for flow in subscription.all(_FLOWS, of=watcher.id):
                    if flow.flag("properties.enabled") and not flow.text(
                        "properties.enabledFilteringCriteria", ""
                    ):
                        target = subscription.resource(flow.text("properties.targetResourceId"))
                        flows.setdefault(target, []).append(flow.part("properties"))
        covering = _covering(subscription, network, flows)
        return Network(
            **network.about,
            logged=bool(covering),
            retention_days=min(map(_kept_days, covering), default=None),
            traffic_analytics=bool(covering) and all(map(_analysed, covering)),
        )

    yield from subscription.each(subscription.all(_NETWORKS), read)


def _covering(
    subscription: AzureSubscription, network: Resource, flows: dict[str, list[Fields]]
) -> list[Fields]:
    """The flow logs that together record all of a network's traffic; none where some is not recorded."""
    if network.id in flows:
        return flows[network.id]
    subnets = [
        [
            flow
            for path in ("id", "properties.networkSecurityGroup.id")
            for flow in flows.get(subscription.resource(subnet.text(path, "")), [])
        ]
        for subnet in network.parts("properties.subnets")
    ]
    return [flow for subnet in subnets for flow in subnet] if all(subnets) else []


def _kept_days(flow: Fields) -> int:
    # https://learn.microsoft.com/azure/network-watcher/vnet-flow-logs-overview: 0 days, or off, is forever.
    kept = flow.part("retentionPolicy")
    return (kept.number("days", 0) if kept.flag("enabled", default=False) else 0) or FOREVER_DAYS


def _analysed(flow: Fields) -> bool:
    analytics = flow.part("flowAnalyticsConfiguration.networkWatcherFlowAnalyticsConfiguration")
    return analytics.flag("enabled", default=False)
