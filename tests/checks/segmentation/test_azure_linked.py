from typing import Any

import pytest

from checks.segmentation import AnalyticsWorkspace, Linked
from checks.segmentation.azure_linked import (
    databricks_workspaces,
    dicom_services,
    fhir_services,
    healthcare_apis,
    machine_learning_workspaces,
    recovery_vaults,
    sql_managed_instances,
)
from scanner import AzureSubscription
from scanner.testing import Check, World, observe, world

from .test_azure_services import GROUP, LINK, NEAR, NETWORK, OPEN, SHUT, SUBNET, endpoint, of, resource

WAY_OPEN = {key: OPEN[key] for key in ("publicly_accessible", "private_path", "private_endpoints")}
WAY_SHUT = {key: SHUT[key] for key in ("publicly_accessible", "private_path", "private_endpoints", "links")}


INSTANCE = "Microsoft.Sql/managedInstances"
INSTANCES = world(
    sql_managed_instances,
    {
        f"{INSTANCE}/read": [
            resource(INSTANCE, "open", {"subnetId": SUBNET, "publicDataEndpointEnabled": True}),
            resource(
                INSTANCE, "shut", {"subnetId": SUBNET, "privateEndpointConnections": [endpoint("Pending")]}
            ),
        ]
    },
)


def test_sql_managed_instances() -> None:
    inside = {**WAY_SHUT, "private_endpoints": 0, "links": (NEAR,)}
    assert observe(sql_managed_instances, INSTANCES) == [
        Linked(**of(INSTANCE, "open"), **{**inside, "publicly_accessible": True}),
        Linked(**of(INSTANCE, "shut"), **inside),
    ]


def unwalled(check: Check, kind: str) -> World:
    closed = {"publicNetworkAccess": "Disabled", "privateEndpointConnections": [endpoint()]}
    return world(check, {f"{kind}/read": [resource(kind, "open", {}), resource(kind, "shut", closed)]})


UNWALLED = [
    (check, kind, unwalled(check, kind))
    for check, kind in (
        (recovery_vaults, "Microsoft.RecoveryServices/vaults"),
        (healthcare_apis, "Microsoft.HealthcareApis/services"),
    )
]


@pytest.mark.parametrize(("check", "kind", "answers"), UNWALLED, ids=lambda value: str(value)[:40])
def test_services_without_a_firewall(check: Check, kind: str, answers: World) -> None:
    assert observe(check, answers) == [
        Linked(**of(kind, "open"), **WAY_OPEN),
        Linked(**of(kind, "shut"), **WAY_SHUT),
    ]


WORKSPACE = "Microsoft.HealthcareApis/workspaces"


def health(check: Check, kind: str) -> World:
    def service(workspace: str, name: str, properties: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": f"{GROUP}/providers/{WORKSPACE}/{workspace}/{kind}/{name}",
            "name": f"{workspace}/{name}",
            "type": f"{WORKSPACE}/{kind}",
            "location": "West Europe",
            "properties": properties,
        }

    closed = {"publicNetworkAccess": "Disabled", "privateEndpointConnections": [endpoint()]}
    return world(
        check,
        {
            f"{WORKSPACE}/read": [
                resource(WORKSPACE, "clinic", {}),
                resource(WORKSPACE, "ward", closed),
            ],
            f"{WORKSPACE}/{kind}/read": [
                service("clinic", "open", {"publicNetworkAccess": "Enabled"}),
                service("clinic", "own", closed),
                service("ward", "shut", {"publicNetworkAccess": "Enabled"}),
            ],
        },
    )


HEALTH = [
    (check, kind, health(check, kind))
    for check, kind in ((fhir_services, "fhirservices"), (dicom_services, "dicomservices"))
]


@pytest.mark.parametrize(("check", "kind", "answers"), HEALTH, ids=["fhir", "dicom"])
def test_services_of_healthcare_workspaces(check: Check, kind: str, answers: World) -> None:
    assert observe(check, answers) == [
        Linked(**of(f"{WORKSPACE}/clinic/{kind}", "open"), **WAY_OPEN),
        Linked(**of(f"{WORKSPACE}/clinic/{kind}", "own"), **WAY_SHUT),
        Linked(**of(f"{WORKSPACE}/ward/{kind}", "shut"), **WAY_SHUT),
    ]


LEARNING = "Microsoft.MachineLearningServices/workspaces"
LEARNINGS = world(
    machine_learning_workspaces,
    {
        f"{LEARNING}/read": [
            resource(LEARNING, "old", {"allowPublicAccessWhenBehindVnet": False}),
            resource(LEARNING, "old-linked", {"privateEndpointConnections": [endpoint()]}),
            resource(
                LEARNING,
                "old-both",
                {"allowPublicAccessWhenBehindVnet": True, "privateEndpointConnections": [endpoint()]},
            ),
            resource(
                LEARNING,
                "shut",
                {
                    "allowPublicAccessWhenBehindVnet": True,
                    "publicNetworkAccess": "Disabled",
                    "privateEndpointConnections": [endpoint(), endpoint("Rejected")],
                },
            ),
            resource(LEARNING, "open", {"publicNetworkAccess": "Enabled"}),
        ]
    },
)


def test_machine_learning_workspaces() -> None:
    assert observe(machine_learning_workspaces, LEARNINGS) == [
        Linked(**of(LEARNING, "old"), **WAY_OPEN),
        Linked(**of(LEARNING, "old-linked"), **WAY_SHUT),
        Linked(**of(LEARNING, "old-both"), **{**WAY_SHUT, "publicly_accessible": True}),
        Linked(**of(LEARNING, "shut"), **WAY_SHUT),
        Linked(**of(LEARNING, "open"), **WAY_OPEN),
    ]


BRICKS = "Microsoft.Databricks/workspaces"


def hidden(*, value: bool) -> dict[str, Any]:
    return {"enableNoPublicIp": {"type": "Bool", "value": value}}


OWN = {"customVirtualNetworkId": {"type": "String", "value": NETWORK}}
WORKSPACES = world(
    databricks_workspaces,
    {
        f"{BRICKS}/read": [
            resource(BRICKS, "open", {"parameters": hidden(value=False)}),
            resource(
                BRICKS,
                "shut",
                {
                    "parameters": {**hidden(value=True), **OWN},
                    "publicNetworkAccess": "Disabled",
                    "privateEndpointConnections": [endpoint()],
                },
            ),
        ]
    },
)


def test_databricks_workspaces() -> None:
    assert observe(databricks_workspaces, WORKSPACES) == [
        AnalyticsWorkspace(
            **of(BRICKS, "open"), **WAY_OPEN, nodes_publicly_accessible=True, own_virtual_network=False
        ),
        AnalyticsWorkspace(
            **of(BRICKS, "shut"),
            **{**WAY_SHUT, "links": (LINK, AzureSubscription.resource(NETWORK))},
            nodes_publicly_accessible=False,
            own_virtual_network=True,
        ),
    ]
