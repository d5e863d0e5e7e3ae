from typing import Any

import pytest

from checks.logging import Network, Watched
from checks.logging.azure_network import network_watchers, virtual_networks
from scanner.testing import SUBSCRIPTION, look, observe, world

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/NET/providers"
ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/net/providers"
NETWORK = "Microsoft.Network/virtualNetworks"
WATCHER = "Microsoft.Network/networkWatchers"
FLOWS = f"{WATCHER}/flowLogs"
NSG = "Microsoft.Network/networkSecurityGroups"


def network(name: str, *subnets: tuple[str, str | None], region: str = "westeurope") -> dict[str, Any]:
    return {
        "id": f"{GROUP}/{NETWORK}/{name}",
        "name": name,
        "type": NETWORK,
        "location": region,
        "tags": {"phi": "true"},
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [
                {
                    "id": f"{GROUP}/{NETWORK}/{name}/subnets/{subnet}",
                    "name": subnet,
                    "properties": {
                        "networkSecurityGroup": {"id": f"{GROUP}/{NSG}/{group}"} if group else None
                    },
                }
                for subnet, group in subnets
            ],
        },
    }


def watcher(region: str) -> dict[str, Any]:
    return {
        "id": f"{GROUP}/{WATCHER}/NetworkWatcher_{region}",
        "name": f"NetworkWatcher_{region}",
        "type": WATCHER,
        "location": region,
        "properties": {"provisioningState": "Succeeded"},
    }


def flow(
    target: str, *, region: str = "westeurope", days: int = 0, searched: bool = False, **more: Any
) -> dict[str, Any]:
    name = target.replace("/", "-")
    return {
        "id": f"{GROUP}/{WATCHER}/NetworkWatcher_{region}/flowLogs/{name}",
        "name": name,
        "type": FLOWS,
        "properties": {
            "targetResourceId": f"{GROUP.upper()}/{target}",
            "storageId": f"{GROUP}/Microsoft.Storage/storageAccounts/flows",
            "enabled": True,
            "retentionPolicy": {"days": days, "enabled": bool(days)},
            "flowAnalyticsConfiguration": {"networkWatcherFlowAnalyticsConfiguration": {"enabled": searched}},
            **more,
        },
    }


def seen(
    name: str, *, region: str = "westeurope", days: int | None = None, searched: bool = False
) -> Network:
    return Network(
        resource=f"{ID}/{NETWORK}/{name}",
        region=region,
        tags={"phi": "true"},
        logged=days is not None,
        retention_days=days,
        traffic_analytics=searched,
    )


NETWORKS = {
    f"{NETWORK}/read": [
        network("ehr"),
        network("far", region="North Europe"),
        network("lost", region="uksouth"),
    ],
    f"{WATCHER}/read": [watcher("westeurope"), watcher("northeurope")],
}
WATCHED = world(network_watchers, NETWORKS)


def test_network_watchers() -> None:
    assert observe(network_watchers, WATCHED) == [
        Watched(resource=f"{ID}/{NETWORK}/{name}", region=region, tags={"phi": "true"}, watched=watched)
        for name, region, watched in [
            ("ehr", "westeurope", True),
            ("far", "northeurope", True),
            ("lost", "uksouth", False),
        ]
    ]


LOGGED = world(
    virtual_networks,
    {
        **NETWORKS,
        f"{FLOWS}/read": [
            flow(f"{NETWORK}/ehr", days=90, searched=True),
            flow(f"{NETWORK}/far", region="northeurope"),
        ],
    },
)


def test_virtual_networks() -> None:
    assert observe(virtual_networks, LOGGED) == [
        seen("ehr", days=90, searched=True),
        seen("far", region="northeurope", days=36500),
        seen("lost", region="uksouth"),
    ]


BOTH = network("ehr", ("app", "apps"), ("db", None))


@pytest.mark.parametrize(
    ("flows", "days", "searched"),
    [
        ([], None, False),
        ([flow(f"{NETWORK}/ehr", enabled=False)], None, False),
        ([flow(f"{NETWORK}/ehr", enabledFilteringCriteria="dstport=443")], None, False),
        ([flow(f"{NETWORK}/ehr", days=30, retentionPolicy={"days": 30, "enabled": False})], 36500, False),
        ([flow(f"{NETWORK}/ehr", retentionPolicy=None, flowAnalyticsConfiguration=None)], 36500, False),
        ([flow(f"{NETWORK}/other")], None, False),
        ([flow(f"{NETWORK}/ehr/subnets/app")], None, False),
        (
            [
                flow(f"{NETWORK}/ehr/subnets/app", days=90, searched=True),
                flow(f"{NETWORK}/ehr/subnets/db", days=30, searched=True),
            ],
            30,
            True,
        ),
        ([flow(f"{NSG}/apps", days=90, searched=True), flow(f"{NETWORK}/ehr/subnets/db")], 90, False),
        ([flow(f"{NSG}/apps")], None, False),
        ([flow("Microsoft.Network/networkInterfaces/nic1")], None, False),
    ],
)
def test_flow_logs_count_that_together_record_the_whole_network(
    flows: list[dict[str, Any]], days: int | None, searched: bool
) -> None:
    told = {f"{NETWORK}/read": [BOTH], f"{WATCHER}/read": [watcher("westeurope")], f"{FLOWS}/read": flows}

    assert observe(virtual_networks, told) == [seen("ehr", days=days, searched=searched)]


def test_a_network_whose_flow_logs_cannot_be_read_is_refused() -> None:
    sight = look(virtual_networks, NETWORKS)

    assert sight.facts == [seen("lost", region="uksouth")]
    assert {(refusal.resource, refusal.error.need) for refusal in sight.refusals} == {
        (f"{ID}/{NETWORK}/ehr", f"{FLOWS}/read"),
        (f"{ID}/{NETWORK}/far", f"{FLOWS}/read"),
    }
