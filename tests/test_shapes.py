"""Hand-written answers of Azure's and Graph's are of the shape that Microsoft publishes."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from scanner.declaration import Check
from scanner.targets import graph_paths
from scanner.targets.arm_types import LISTINGS, kind_of, path
from scanner.targets.azure import AzureSubscription
from scanner.targets.entra import EntraTenant
from scanner.testing import WORLDS, Error
from tests.shapes import PATH_ENTITIES, arm, graph, graph_mistakes, mistakes
from tests.worlds import CHECKS

ON_AZURE = {
    name: check
    for name, check in CHECKS.items()
    if issubclass(check.on, AzureSubscription | EntraTenant) and check in WORLDS
}

WITHOUT_ENTITY = {
    "/reports/servicePrincipalSignInActivities": "is of the beta; the package has the models of v1.0",
}
NEAR = {
    "Microsoft.DBforMySQL/flexibleServers": "2024-02-01-preview",
    "Microsoft.Databricks/workspaces": "2026-01-01",
    "Microsoft.MachineLearningServices/workspaces": "2023-10-01",
    "Microsoft.OperationalInsights/clusters": "2022-10-01",
    "Microsoft.OperationalInsights/workspaces": "2022-10-01",
    "Microsoft.RecoveryServices/vaults/replicationProtectedItems": "2023-08-01",
    "Microsoft.SecurityInsights/onboardingStates": "2022-12-01-preview",
    "Microsoft.Sql/managedInstances": "2023-05-01-preview",
    "Microsoft.Sql/managedInstances/databases": "2022-08-01-preview",
    "Microsoft.Sql/managedInstances/databases/transparentDataEncryption": "2020-11-01-preview",
    "Microsoft.Sql/managedInstances/encryptionProtector": "2020-11-01-preview",
    "Microsoft.Sql/managedInstances/vulnerabilityAssessments": "2020-11-01-preview",
    "Microsoft.Sql/servers": "2023-05-01-preview",
    "Microsoft.Sql/servers/administrators": "2020-11-01-preview",
    "Microsoft.Sql/servers/auditingSettings": "2021-11-01-preview",
    "Microsoft.Sql/servers/databases": "2023-02-01-preview",
    "Microsoft.Sql/servers/databases/backupLongTermRetentionPolicies": "2023-05-01-preview",
    "Microsoft.Sql/servers/databases/transparentDataEncryption": "2022-08-01-preview",
    "Microsoft.Sql/servers/encryptionProtector": "2020-11-01-preview",
    "Microsoft.Sql/servers/firewallRules": "2020-11-01-preview",
    "Microsoft.Sql/servers/sqlVulnerabilityAssessments": "2022-11-01-preview",
    "Microsoft.Sql/servers/virtualNetworkRules": "2020-11-01-preview",
    "Microsoft.Sql/servers/vulnerabilityAssessments": "2020-11-01-preview",
}
"""Types of which no package has the pinned api-version, and the version that is taken for it.

All of the pinned ones are in https://github.com/Azure/azure-rest-api-specs, as stable.
"""


WITHIN = {"Microsoft.SecurityInsights/onboardingStates": "extends workspaces only"}
"""Types that a subscription does not list, though they are no child's."""


REFERENCE = r': "[\[{]*(@\w+|=[A-Z]\w+(?!\w*\|))[\]}]*"'
"""A model, or an enumeration by its name, in a type."""


def entries(world: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every resource or entity of a world, with the need that it answers."""
    for need, answer in world.items():
        if isinstance(answer, Error) or callable(answer):
            continue
        for entry in [answer] if isinstance(answer, Mapping) else answer:
            yield need, entry


def wrong_in(need: str, held: Mapping[str, Any]) -> Iterator[str]:
    if not need.startswith("Microsoft."):
        at = need.partition(" ")[2]
        return iter(()) if at in WITHOUT_ENTITY else graph_mistakes(PATH_ENTITIES[at], held)
    return mistakes(need, held)


@pytest.mark.parametrize("check", ON_AZURE.values(), ids=ON_AZURE.keys())
def test_worlds_are_published(check: Check) -> None:
    assert [(need, wrong) for need, held in entries(WORLDS[check]) for wrong in wrong_in(need, held)] == []


def test_every_type_has_a_shape() -> None:
    assert arm()["types"].keys() == {kind_of(need) for need in LISTINGS}


def test_every_path_has_an_entity() -> None:
    paths = {need.partition(" ")[2] for need in graph_paths.PATHS}

    assert paths - PATH_ENTITIES.keys() == WITHOUT_ENTITY.keys()
    assert set(PATH_ENTITIES.values()) <= graph()["models"].keys()


def test_pinned_versions_are_published() -> None:
    pinned = {kind_of(need): listing.version for need, listing in LISTINGS.items()}
    published = {kind: told["version"] for kind, told in arm()["types"].items()}

    assert {kind: version for kind, version in published.items() if pinned[kind] != version} == NEAR


@pytest.mark.parametrize("need", LISTINGS)
def test_lists_are_where_they_are_published(need: str) -> None:
    kind = kind_of(need)
    lists = arm()["types"][kind]["lists"]
    nested = kind.count("/") > 1
    below = f"/{kind.rpartition('/')[2]}" if nested else f"/providers/{kind}"

    assert lists == [path(need, url.removesuffix(below)) for url in lists]
    everywhere = {f"/subscriptions/{{}}/providers/{kind}", f"/{{}}/providers/{kind}"}
    assert nested or kind in WITHIN or everywhere.intersection(lists)


def test_everything_referred_to_is_there() -> None:
    for told in arm()["types"].values():
        names = {*told["models"], *told["named"].values()}
        assert names - arm()["models"][told["source"]].keys() == set()
    for source, models in {**arm()["models"], "graph": graph()["models"]}.items():
        known = {name if name.startswith("=") else f"@{name}" for name in models}
        assert (source, set(re.findall(REFERENCE, json.dumps(models))) - known) == (source, set())


def disk(**properties: object) -> dict[str, object]:
    return {"id": "/subscriptions/x", "location": "westeurope", "properties": properties}


@pytest.mark.parametrize(
    ("held", "wrong"),
    [
        (disk(diskSizeGB=128, encryption={"type": "EncryptionAtRestWithPlatformKey"}), []),
        (disk(timeCreated="2026-01-01T00:00:00Z", securityProfile=None), []),
        (disk(diskSizeGB="128"), ["properties.diskSizeGB: '128' is a string; published is an integer"]),
        (disk(diskSizeGB=True), ["properties.diskSizeGB: True is a boolean; published is an integer"]),
        (disk(burstingEnabled=1), ["properties.burstingEnabled: 1 is an integer; published is a boolean"]),
        (disk(encryption=[]), ["properties.encryption: [] is a list; published is an object"]),
        (
            disk(encryption={"Type": "EncryptionAtRestWithPlatformKey"}),
            ["properties.encryption.Type: not published; known are diskEncryptionSetId, type"],
        ),
        (
            disk(encryption={"type": "EncryptionAtRestWithTea"}),
            [
                (
                    "properties.encryption.type: 'EncryptionAtRestWithTea' is not published; known are "
                    "EncryptionAtRestWithCustomerKey, EncryptionAtRestWithPlatformAndCustomerKeys, "
                    "EncryptionAtRestWithPlatformKey"
                )
            ],
        ),
        ({"zones": "1"}, ["zones: '1' is a string; published is a list"]),
        ({"zones": [1]}, ["zones[0]: 1 is an integer; published is a string"]),
        ({"tags": {"phi": True}}, ["tags['phi']: True is a boolean; published is a string"]),
    ],
)
def test_mistakes_in_a_resource(held: Mapping[str, Any], wrong: list[str]) -> None:
    assert list(mistakes("Microsoft.Compute/disks/read", held)) == wrong


def test_kinds_of_a_model_have_properties_of_their_own() -> None:
    items = "Microsoft.RecoveryServices/vaults/backupProtectedItems/read"
    machine = {
        "protectedItemType": "Microsoft.Compute/virtualMachines",
        "virtualMachineId": "/subscriptions/x",
    }

    assert list(mistakes(items, {"properties": machine})) == []
    (wrong,) = mistakes(items, {"properties": machine | {"protectedItemType": "Teapot"}})
    assert wrong.startswith("properties.protectedItemType: 'Teapot' is not published; known are ")
    (wrong,) = mistakes(items, {"properties": machine | {"virtualMachine": "/subscriptions/x"}})
    assert wrong.startswith("properties.virtualMachine: not published; known are ")


def test_what_has_a_name_of_its_own_has_a_shape_of_its_own() -> None:
    need = "Microsoft.Web/sites/config/read"
    login = {"properties": {"globalValidation": {"requireAuthentication": True}}}
    site = "/subscriptions/x/resourceGroups/x/providers/Microsoft.Web/sites/x/config/"

    assert list(mistakes(need, {"id": f"{site}authsettingsV2", **login})) == []
    (wrong,) = mistakes(need, {"id": f"{site}web", **login})
    assert wrong.startswith("properties.globalValidation: not published; known are ")


@pytest.mark.parametrize(
    ("held", "wrong"),
    [
        ({"state": "enabled", "grantControls": {"operator": "OR", "builtInControls": ["mfa"]}}, []),
        (
            {"state": "on"},
            ["state: 'on' is not published; known are disabled, enabled, enabledForReportingButNotEnforced"],
        ),
        ({"id": 1}, ["id: 1 is an integer; published is a string"]),
        (
            {"grantControls": {"authenticationStrength@odata.context": "x", "builtInControl": []}},
            [
                (
                    "grantControls.builtInControl: not published; known are @odata.type, "
                    "authenticationStrength, builtInControls, customAuthenticationFactors, operator, "
                    "termsOfUse"
                )
            ],
        ),
    ],
)
def test_mistakes_in_an_entity(held: Mapping[str, Any], wrong: list[str]) -> None:
    assert list(graph_mistakes("conditionalAccessPolicy", held)) == wrong


def test_an_entity_says_of_what_kind_it_is() -> None:
    place = {"@odata.type": "#microsoft.graph.ipNamedLocation", "isTrusted": True}
    member = {"@odata.type": "#microsoft.graph.device", "id": "x"}

    assert list(graph_mistakes("namedLocation", place)) == []
    assert list(graph_mistakes("directoryObject", member)) == []
    assert list(graph_mistakes("namedLocation", {"isTrusted": True})) == [
        (
            "isTrusted: not published; known are @odata.type, createdDateTime, deletedDateTime, "
            "displayName, id, modifiedDateTime"
        )
    ]
    assert list(graph_mistakes("namedLocation", {"@odata.type": "#microsoft.graph.moon"})) == [
        (
            "@odata.type: '#microsoft.graph.moon' is not published; known are "
            "#microsoft.graph.countryNamedLocation, #microsoft.graph.ipNamedLocation"
        )
    ]
