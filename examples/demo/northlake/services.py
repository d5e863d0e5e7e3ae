"""What the hospital has Azure run for it: the portal, clinical interfaces, research."""

from collections.abc import Iterator

from .parts import HERE, KEYS, TENANT, Held, called, child, linked, resource, subnet

GROUP = "services"


def resources() -> Iterator[Held]:
    """Applications, and what they talk through."""
    yield from _web()
    yield from _clinical()
    yield from _messages()
    yield from _containers()
    yield from _research()
    yield from _errands()


def _web() -> Iterator[Held]:
    """The portal as it should be, and the site that it replaced."""
    for name, kept in (("northlake-portal", True), ("northlake-appointments", False)):
        group = GROUP if kept else "legacy"
        site = resource(
            group,
            "Microsoft.Web/sites",
            name,
            {
                "state": "Running",
                "httpsOnly": kept,
                "clientCertEnabled": False,
                "clientCertMode": "Required",
                "publicNetworkAccess": "Enabled",
                **({"virtualNetworkSubnetId": subnet("ehr")} if kept else {}),
            },
            kind="app,linux",
            tags={"owner": "portal" if kept else "nobody", "phi": "true"},
        )
        yield site
        version = "NODE|22-lts" if kept else "PHP|7.4"
        yield child(
            site,
            "config",
            "web",
            {
                "linuxFxVersion": version,
                "netFrameworkVersion": "v4.0",
                "remoteDebuggingEnabled": not kept,
                "http20Enabled": kept,
                "minTlsVersion": "1.2" if kept else "1.0",
                "scmMinTlsVersion": "1.2" if kept else "1.0",
                "ftpsState": "Disabled" if kept else "AllAllowed",
                "cors": {"allowedOrigins": ["https://portal.northlake.example"] if kept else ["*"]},
                "ipSecurityRestrictionsDefaultAction": "Deny" if kept else "Allow",
                "ipSecurityRestrictions": [_only_the_gateway()] if kept else [],
            },
        )
        yield child(site, "config", "authsettingsV2", {"platform": {"enabled": kept}})
        for policy in ("ftp", "scm"):
            yield child(site, "basicPublishingCredentialsPolicies", policy, {"allow": not kept})


def _only_the_gateway() -> Held:
    return {
        "vnetSubnetResourceId": subnet("gateway"),
        "action": "Allow",
        "priority": 100,
        "name": "from the gateway",
    }


def _clinical() -> Iterator[Held]:
    """Records by FHIR and images by DICOM, which the portal and the wards' applications ask."""
    workspace = resource(
        GROUP,
        "Microsoft.HealthcareApis/workspaces",
        "northlake",
        {
            "publicNetworkAccess": "Disabled",
            "privateEndpointConnections": linked("northlake"),
        },
        tags={"owner": "ehr", "phi": "true"},
    )
    yield workspace
    own_key = {"customerManagedKeyEncryption": {"keyEncryptionKeyUrl": f"{KEYS}/keys/fhir"}}
    for kind, name, keyed, origin, more in (
        ("fhirservices", "records", own_key, "https://portal.northlake.example", {"kind": "fhir-R4"}),
        ("dicomservices", "imaging", {}, "*", {}),
    ):
        properties = {
            "publicNetworkAccess": "Disabled",
            "privateEndpointConnections": linked(name),
            "corsConfiguration": {"origins": [origin], "methods": ["GET"], "allowCredentials": False},
            "encryption": keyed,
        }
        yield child(workspace, kind, name, properties, location="eastus", tags=workspace["tags"], **more)
    gateway = resource(
        GROUP,
        "Microsoft.ApiManagement/service",
        "northlake-api",
        {"createdAtUtc": "2024-05-01T08:00:00Z", "customProperties": _no_old_tls()},
        sku={"name": "Premium", "capacity": 1},
        tags={"owner": "ehr", "phi": "true"},
    )
    yield gateway
    for name, protocols in (("referrals", ["https"]), ("old-lab-results", ["http", "https"])):
        yield child(gateway, "apis", name, {"path": name, "isCurrent": True, "protocols": protocols})


def _no_old_tls() -> Held:
    below = "Microsoft.WindowsAzure.ApiManagement.Gateway.Security"
    settings = ("Protocols.Tls10", "Protocols.Tls11", "Protocols.Ssl30")
    return {f"{below}.{name}": "False" for name in settings}


def _messages() -> Iterator[Held]:
    """HL7 messages between applications, and readings from the wards' monitors."""
    for kind, name, kept in (
        ("Microsoft.EventHub/namespaces", "northlake-hl7", True),
        ("Microsoft.ServiceBus/namespaces", "northlake-referrals", False),
    ):
        encryption = {
            "keySource": "Microsoft.KeyVault",
            "keyVaultProperties": [{"keyName": "hl7", "keyVaultUri": KEYS}],
        }
        namespace = resource(
            GROUP,
            kind,
            name,
            {
                "status": "Active",
                "disableLocalAuth": kept,
                "minimumTlsVersion": "1.2" if kept else "1.0",
                "publicNetworkAccess": "Disabled" if kept else "Enabled",
                "privateEndpointConnections": linked(name) if kept else [],
                **({"encryption": encryption} if kept else {}),
            },
            sku={"name": "Premium", "tier": "Premium"},
            tags={"owner": "ehr", "phi": "true"},
        )
        yield namespace
        access = "Disabled" if kept else "Enabled"
        rules: Held = {
            "publicNetworkAccess": access,
            "defaultAction": "Deny" if kept else "Allow",
            "ipRules": [],
            "virtualNetworkRules": [],
        }
        yield child(namespace, "networkRuleSets", "default", rules, location="eastus")
    yield resource(
        GROUP,
        "Microsoft.Devices/IotHubs",
        "northlake-monitors",
        {
            "state": "Active",
            "minTlsVersion": "1.2",
            "publicNetworkAccess": "Disabled",
            "privateEndpointConnections": linked("northlake-monitors"),
            "ipFilterRules": [],
        },
        sku={"name": "S1", "tier": "Standard", "capacity": 1},
        tags={"owner": "wards", "phi": "true"},
    )


def _containers() -> Iterator[Held]:
    yield resource(
        GROUP,
        "Microsoft.ContainerRegistry/registries",
        "northlakeimages",
        {
            "adminUserEnabled": True,
            "publicNetworkAccess": "Enabled",
            "networkRuleSet": {"defaultAction": "Allow", "ipRules": []},
            "encryption": {"status": "disabled"},
            "privateEndpointConnections": [],
        },
        sku={"name": "Premium", "tier": "Premium"},
        tags={"owner": "portal", "phi": "false"},
    )
    yield resource(
        GROUP,
        "Microsoft.ContainerService/managedClusters",
        "northlake-interfaces",
        {
            "provisioningState": "Succeeded",
            "kubernetesVersion": "1.30.4",
            "currentKubernetesVersion": "1.30.4",
            "supportPlan": "KubernetesOfficial",
            "enableRBAC": True,
            "disableLocalAccounts": True,
            "aadProfile": {"managed": True, "enableAzureRBAC": True, "tenantID": TENANT},
            "diskEncryptionSetID": called("ehr", "Microsoft.Compute/diskEncryptionSets", "records"),
            "securityProfile": {"azureKeyVaultKms": {"enabled": True, "keyId": f"{KEYS}/keys/etcd/1"}},
            "apiServerAccessProfile": {"enablePrivateCluster": True},
            "autoUpgradeProfile": {"upgradeChannel": "none", "nodeOSUpgradeChannel": "NodeImage"},
            "agentPoolProfiles": [
                {
                    "name": "nodes",
                    "count": 3,
                    "mode": "System",
                    "osDiskType": "Managed",
                    "osType": "Linux",
                    "enableEncryptionAtHost": True,
                    "enableNodePublicIP": False,
                }
            ],
        },
        sku={"name": "Base", "tier": "Standard"},
        tags={"owner": "ehr", "phi": "true"},
    )


def _research() -> Iterator[Held]:
    """What research made for itself."""
    yield resource(
        "research",
        "Microsoft.Databricks/workspaces",
        "cohorts",
        {
            "managedResourceGroupId": f"{HERE}/resourceGroups/cohorts-managed",
            "publicNetworkAccess": "Enabled",
            "parameters": {
                "enableNoPublicIp": {"type": "Bool", "value": False},
                "requireInfrastructureEncryption": {"type": "Bool", "value": False},
            },
        },
        sku={"name": "premium"},
        tags={"owner": "research", "phi": "true"},
    )
    yield resource(
        "research",
        "Microsoft.CognitiveServices/accounts",
        "note-summaries",
        {
            "disableLocalAuth": False,
            "publicNetworkAccess": "Enabled",
            "privateEndpointConnections": [],
            "encryption": {"keySource": "Microsoft.CognitiveServices"},
        },
        kind="OpenAI",
        sku={"name": "S0"},
        tags={"owner": "research", "phi": "true"},
    )
    yield resource(
        "research",
        "Microsoft.Search/searchServices",
        "note-search",
        {
            "disableLocalAuth": True,
            "publicNetworkAccess": "enabled",
            "networkRuleSet": {"ipRules": [{"value": "198.51.100.7"}]},
            "privateEndpointConnections": [],
        },
        sku={"name": "standard"},
        tags={"owner": "research", "phi": "true"},
    )


def _errands() -> Iterator[Held]:
    """Small things that carry patients' data from one place to another, of which nobody keeps a log."""
    yield resource(
        GROUP,
        "Microsoft.Logic/workflows",
        "fax-to-chart",
        {"state": "Enabled"},
        tags={"owner": "front-desk", "phi": "true"},
    )
    yield resource(
        "research",
        "Microsoft.DataFactory/factories",
        "nightly-extracts",
        {"provisioningState": "Succeeded", "publicNetworkAccess": "Enabled"},
        tags={"owner": "research", "phi": "true"},
    )
