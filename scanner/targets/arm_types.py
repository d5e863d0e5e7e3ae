"""What may be asked of Azure's Resource Manager: each read action, and the version in which it is asked."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple


class Listing(NamedTuple):
    """How a type is read: all of a subscription's, or all below one resource, by one call and its pages."""

    kind: str
    """The type, as Azure documents it."""
    version: str
    """The pinned api-version: what is answered to it does not change."""
    query: Mapping[str, str] = {}
    """What else is said."""
    items: str | None = None
    """The type of what is listed, where ids name another one than `kind`; empty where they name various."""


ENTERING = "Microsoft.Resources/subscriptions/read"
"""What entering a subscription asks, and listing all of them."""
SUBSCRIPTION_VERSION = "2022-12-01"
DESCENDANTS = "Microsoft.Management/managementGroups/descendants/read"
"""What finding the subscriptions of a management group asks."""
DESCENDANTS_VERSION = "2020-05-01"

_VERSIONS = {
    "Microsoft.ApiManagement/service": "2022-08-01",
    "Microsoft.ApiManagement/service/apis": "2022-08-01",
    "Microsoft.Authorization/policyAssignments": "2023-04-01",
    "Microsoft.Authorization/roleAssignments": "2022-04-01",
    "Microsoft.Authorization/roleDefinitions": "2022-04-01",
    "Microsoft.Batch/batchAccounts": "2024-02-01",
    "Microsoft.Cache/redis": "2024-11-01",
    "Microsoft.Cache/redis/firewallRules": "2024-11-01",
    "Microsoft.CognitiveServices/accounts": "2023-05-01",
    "Microsoft.Compute/diskEncryptionSets": "2024-03-02",
    "Microsoft.Compute/disks": "2024-03-02",
    "Microsoft.Compute/virtualMachineScaleSets": "2024-07-01",
    "Microsoft.Compute/virtualMachines": "2024-07-01",
    "Microsoft.Compute/virtualMachines/extensions": "2024-07-01",
    "Microsoft.ContainerRegistry/registries": "2023-07-01",
    "Microsoft.ContainerService/managedClusters": "2024-05-01",
    "Microsoft.DBforMySQL/flexibleServers": "2023-12-30",
    "Microsoft.DBforMySQL/flexibleServers/administrators": "2023-12-30",
    "Microsoft.DBforMySQL/flexibleServers/configurations": "2023-12-30",
    "Microsoft.DBforMySQL/flexibleServers/firewallRules": "2023-12-30",
    "Microsoft.DBforPostgreSQL/flexibleServers": "2024-08-01",
    "Microsoft.DBforPostgreSQL/flexibleServers/configurations": "2024-08-01",
    "Microsoft.DBforPostgreSQL/flexibleServers/firewallRules": "2024-08-01",
    "Microsoft.DataFactory/factories": "2018-06-01",
    "Microsoft.DataProtection/backupVaults": "2024-04-01",
    "Microsoft.DataProtection/backupVaults/backupInstances": "2024-04-01",
    "Microsoft.Databricks/workspaces": "2024-05-01",
    "Microsoft.Devices/IotHubs": "2023-06-30",
    "Microsoft.DocumentDB/databaseAccounts": "2024-05-15",
    "Microsoft.EventHub/namespaces": "2024-01-01",
    "Microsoft.EventHub/namespaces/networkRuleSets": "2024-01-01",
    "Microsoft.GuestConfiguration/guestConfigurationAssignments": "2022-01-25",
    "Microsoft.HealthcareApis/services": "2023-11-01",
    "Microsoft.HealthcareApis/workspaces": "2023-11-01",
    "Microsoft.HealthcareApis/workspaces/dicomservices": "2023-11-01",
    "Microsoft.HealthcareApis/workspaces/fhirservices": "2023-11-01",
    "Microsoft.HybridCompute/machines": "2024-07-10",
    "Microsoft.Insights/actionGroups": "2023-01-01",
    "Microsoft.Insights/activityLogAlerts": "2020-10-01",
    "Microsoft.Insights/components": "2020-02-02",
    "Microsoft.Insights/diagnosticSettings": "2021-05-01-preview",
    "Microsoft.KeyVault/managedHSMs": "2023-07-01",
    "Microsoft.KeyVault/vaults": "2023-07-01",
    "Microsoft.KeyVault/vaults/keys": "2023-07-01",
    "Microsoft.KeyVault/vaults/secrets": "2023-07-01",
    "Microsoft.Logic/workflows": "2019-05-01",
    "Microsoft.MachineLearningServices/workspaces": "2024-04-01",
    "Microsoft.ManagedServices/registrationAssignments": "2022-10-01",
    "Microsoft.Network/applicationGateways": "2024-05-01",
    "Microsoft.Network/bastionHosts": "2024-05-01",
    "Microsoft.Network/loadBalancers": "2024-05-01",
    "Microsoft.Network/networkInterfaces": "2024-05-01",
    "Microsoft.Network/networkSecurityGroups": "2024-05-01",
    "Microsoft.Network/networkWatchers": "2024-05-01",
    "Microsoft.Network/networkWatchers/flowLogs": "2024-05-01",
    "Microsoft.Network/publicIPAddresses": "2024-05-01",
    "Microsoft.Network/virtualNetworks": "2024-05-01",
    "Microsoft.OperationalInsights/clusters": "2023-09-01",
    "Microsoft.OperationalInsights/workspaces": "2023-09-01",
    "Microsoft.RecoveryServices/vaults": "2024-04-01",
    "Microsoft.RecoveryServices/vaults/backupPolicies": "2024-04-01",
    "Microsoft.RecoveryServices/vaults/backupProtectedItems": "2024-04-01",
    "Microsoft.RecoveryServices/vaults/replicationProtectedItems": "2024-04-01",
    "Microsoft.Search/searchServices": "2023-11-01",
    "Microsoft.Security/assessments": "2021-06-01",
    "Microsoft.Security/jitNetworkAccessPolicies": "2020-01-01",
    "Microsoft.Security/pricings": "2024-01-01",
    "Microsoft.Security/securityContacts": "2023-12-01-preview",
    "Microsoft.Security/settings": "2022-05-01",
    "Microsoft.SecurityInsights/onboardingStates": "2024-03-01",
    "Microsoft.ServiceBus/namespaces": "2022-10-01-preview",
    "Microsoft.ServiceBus/namespaces/networkRuleSets": "2022-10-01-preview",
    "Microsoft.Sql/managedInstances": "2023-08-01",
    "Microsoft.Sql/managedInstances/databases": "2023-08-01",
    "Microsoft.Sql/managedInstances/databases/transparentDataEncryption": "2023-08-01",
    "Microsoft.Sql/managedInstances/encryptionProtector": "2023-08-01",
    "Microsoft.Sql/managedInstances/vulnerabilityAssessments": "2023-08-01",
    "Microsoft.Sql/servers": "2023-08-01",
    "Microsoft.Sql/servers/administrators": "2023-08-01",
    "Microsoft.Sql/servers/auditingSettings": "2023-08-01",
    "Microsoft.Sql/servers/databases": "2023-08-01",
    "Microsoft.Sql/servers/databases/backupLongTermRetentionPolicies": "2023-08-01",
    "Microsoft.Sql/servers/databases/transparentDataEncryption": "2023-08-01",
    "Microsoft.Sql/servers/encryptionProtector": "2023-08-01",
    "Microsoft.Sql/servers/firewallRules": "2023-08-01",
    "Microsoft.Sql/servers/sqlVulnerabilityAssessments": "2023-08-01",
    "Microsoft.Sql/servers/virtualNetworkRules": "2023-08-01",
    "Microsoft.Sql/servers/vulnerabilityAssessments": "2023-08-01",
    "Microsoft.Storage/storageAccounts": "2023-05-01",
    "Microsoft.Storage/storageAccounts/blobServices": "2023-05-01",
    "Microsoft.Storage/storageAccounts/fileServices": "2023-05-01",
    "Microsoft.StreamAnalytics/streamingjobs": "2020-03-01",
    "Microsoft.Web/hostingEnvironments": "2023-12-01",
    "Microsoft.Web/sites": "2023-12-01",
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": "2023-12-01",
    "Microsoft.Web/sites/config": "2023-12-01",
    "Microsoft.Web/sites/privateEndpointConnections": "2023-12-01",
}
"""Every type that may be read, and its api-version."""

_QUERIES: dict[str, dict[str, str]] = {
    # How every machine is, and not what it was made to be.
    "Microsoft.Compute/virtualMachines": {"statusOnly": "true"},
}
"""What may be said with a listing; a need names it behind a question mark."""

_ITEMS = {
    # By ids that name the container in which something is backed up or replicated.
    "Microsoft.RecoveryServices/vaults/backupProtectedItems": "",
    "Microsoft.RecoveryServices/vaults/replicationProtectedItems": "",
    # By ids that name the region, too.
    "Microsoft.Security/jitNetworkAccessPolicies": "",
}
"""What is listed where ids do not name the type that was asked for."""

_ACTIONS = {
    # No operation is published for all regions at once, and a custom role takes only what is published.
    # https://learn.microsoft.com/azure/role-based-access-control/permissions/security#microsoftsecurity
    "Microsoft.Security/jitNetworkAccessPolicies": (
        "Microsoft.Security/locations/jitNetworkAccessPolicies/read"
    ),
}
"""What a role must allow to read a type, where Microsoft publishes another action than the type's own."""


def _listings() -> Iterator[tuple[str, Listing]]:
    for kind, version in sorted(_VERSIONS.items()):
        yield f"{kind}/read", Listing(kind, version, {}, _ITEMS.get(kind))
        for name, value in _QUERIES.get(kind, {}).items():
            yield f"{kind}/read?{name}={value}", Listing(kind, version, {name: value}, _ITEMS.get(kind))


LISTINGS = dict(_listings())
"""Everything that a check may declare, by need: an action, and what is said with it."""

_NAMESPACE = "providers"
"""What stands before a provider's name in an id."""
_WORDS = {word.lower(): word for word in ("subscriptions", "resourceGroups")}
_NAMESPACES = {kind.partition("/")[0].lower(): kind.partition("/")[0] for kind in _VERSIONS}
_SPELT = {kind.lower(): kind.rpartition("/")[2] for kind in _VERSIONS}
_ACTION = re.compile(r"Microsoft\.\w+(/\w+)+/read", re.ASCII)


def refuse(need: str) -> str | None:
    """Why a check may not declare this need; None when it may."""
    if not _ACTION.fullmatch(_read(need)):
        return f"{need} is not a read action of Azure's; a check may declare those that end in /read"
    if need not in LISTINGS:
        return f"{need} has no pinned api-version; known are {', '.join(LISTINGS)}"
    return None


def action(need: str) -> str:
    """What a role must allow for a need."""
    return _ACTIONS.get(kind_of(need), _read(need))


def kind_of(need: str) -> str:
    """The type that a need reads, as in Microsoft.Compute/disks."""
    return _read(need).removesuffix("/read")


def _read(need: str) -> str:
    """A need without what is said with a listing."""
    return need.partition("?")[0]


def path(need: str, of: str) -> str:
    """Where everything of a type is listed that a subscription, a group or another resource has.

    A child's type goes on from its parent's; anything else is below its provider, as a diagnostic setting is
    that any resource may have.
    """
    kind = LISTINGS[need].kind
    parent, _, last = kind.rpartition("/")
    own = _kind(of)
    return f"{of}/{last}" if own and own.lower() == parent.lower() else f"{of}/providers/{kind}"


def canonical(resource: str) -> str:
    """An ARM id in one spelling: ids that differ in capitals only are of one resource, and Azure mixes them.

    Names are in small letters, types as Azure documents them where we know them.
    """
    return "/".join(_spelt(resource.strip().lower().rstrip("/").split("/")))


def _kind(resource: str) -> str:
    """The type in an id; empty for what has no provider."""
    _, found, tail = resource.rpartition("/providers/")
    provider, *parts = tail.split("/")
    return "/".join((provider, *parts[::2])) if found else ""


def _spelt(parts: list[str]) -> Iterator[str]:
    # Types stand at odd places and names at even ones, which may be one of these words, too.
    kind = ""
    for at, part in enumerate(parts):
        if at % 2 == 0:
            named = kind == _NAMESPACE
            kind = part if named else kind
            yield _NAMESPACES.get(part, part) if named else part
        elif part == _NAMESPACE:
            kind = part
            yield part
        else:
            kind = f"{kind}/{part}" if kind else ""
            yield _SPELT.get(kind, part) if kind else _WORDS.get(part, part)
