from datetime import UTC, datetime
from typing import Any

from checks.patching import (
    CacheVersion,
    ClusterRelease,
    ConnectedMachineRelease,
    MachinePatching,
    MachineRelease,
    MachineUpdates,
    Release,
    ScaleSetUpgrades,
    SystemRelease,
)
from checks.patching.azure import (
    aks_clusters,
    app_services,
    arc_machine_patching,
    arc_machines,
    mysql_servers,
    postgresql_servers,
    redis_caches,
    scale_set_releases,
    scale_sets,
    virtual_machine_patching,
    virtual_machine_releases,
    virtual_machines,
)
from scanner.testing import SUBSCRIPTION, look, observe, world

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/EHR/providers"
ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ehr/providers"
MACHINES = "Microsoft.Compute/virtualMachines/read"
STATES = "Microsoft.Compute/virtualMachines/read?statusOnly=true"
SCALE_SETS = "Microsoft.Compute/virtualMachineScaleSets/read"
ARC = "Microsoft.HybridCompute/machines/read"
CLUSTERS = "Microsoft.ContainerService/managedClusters/read"
POSTGRESQL = "Microsoft.DBforPostgreSQL/flexibleServers/read"
MYSQL = "Microsoft.DBforMySQL/flexibleServers/read"
SITES = "Microsoft.Web/sites/read"
SITE_CONFIGURATION = "Microsoft.Web/sites/config/read"
REDIS = "Microsoft.Cache/redis/read"


def resource(kind: str, name: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": f"{GROUP}/{kind}/{name}",
        "name": name.rpartition("/")[2],
        "type": kind,
        "location": "westeurope",
        "properties": properties,
        **more,
    }


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def state(name: str, power: str, summary: dict[str, Any] | None = None, **view: Any) -> dict[str, Any]:
    statuses = [
        {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded"},
        {"code": f"PowerState/{power}", "level": "Info", "displayStatus": f"VM {power}"},
    ]
    patches = {"patchStatus": {"availablePatchSummary": summary}} if summary else {}
    return resource(
        "Microsoft.Compute/virtualMachines",
        name,
        {"vmId": "0a1b", "instanceView": {"statuses": statuses, **patches, **view}},
    )


def summary(status: str, critical: int = 0, other: int = 0, *, reboot: bool = False) -> dict[str, Any]:
    return {
        "status": status,
        "assessmentActivityId": "68f8b292-dfc2-4646-9781-33cc88631968",
        "rebootPending": reboot,
        "criticalAndSecurityPatchCount": critical,
        "otherPatchCount": other,
        "startTime": "2026-11-20T22:00:00+00:00",
        "lastModifiedTime": "2026-11-20T22:05:00.1234567+00:00",
        "error": {"code": "0", "message": "", "details": []},
    }


AT = datetime(2026, 11, 20, 22, 5, 0, 123456, tzinfo=UTC)
NOT_COUNTED = {
    "assessed_at": None,
    "security_updates_missing": None,
    "updates_missing": None,
    "reboot_pending": None,
}

UPDATES = world(
    virtual_machines,
    {
        STATES: [
            state("EHR-1", "running", summary("Succeeded", 3, 4, reboot=True)),
            state("ehr-2", "running", summary("CompletedWithWarnings")),
            state("ehr-3", "running", summary("Failed")),
            state("ehr-4", "running", {"status": "InProgress", "startTime": "2026-11-21T02:59:00+00:00"}),
            state("ehr-5", "deallocated", summary("Succeeded", 1)),
            state("ehr-6", "stopped"),
        ]
    },
)


def test_virtual_machines() -> None:
    assert observe(virtual_machines, UPDATES) == [
        MachineUpdates(
            resource=f"{ID}/Microsoft.Compute/virtualMachines/{name}",
            region="westeurope",
            powered_on=powered_on,
            assessment=assessment,
            **counts,
        )
        for name, powered_on, assessment, counts in [
            ("ehr-1", True, "succeeded", counted(3, 7, reboot=True)),
            ("ehr-2", True, "warnings", counted(0, 0)),
            ("ehr-3", True, "failed", NOT_COUNTED),
            ("ehr-4", True, "in-progress", NOT_COUNTED),
            ("ehr-5", False, "succeeded", counted(1, 1)),
            ("ehr-6", False, None, NOT_COUNTED),
        ]
    ]


def counted(security: int, updates: int, *, reboot: bool = False) -> dict[str, Any]:
    return {
        "assessed_at": AT,
        "security_updates_missing": security,
        "updates_missing": updates,
        "reboot_pending": reboot,
    }


def test_a_machine_whose_power_azure_does_not_tell_is_refused() -> None:
    made = resource("Microsoft.Compute/virtualMachines", "new", {"instanceView": {"statuses": []}})

    sight = look(virtual_machines, {STATES: [made]})

    assert sight.facts == []
    assert [(refusal.resource, refusal.error.detail) for refusal in sight.refusals] == [
        (
            f"{ID}/Microsoft.Compute/virtualMachines/new",
            "properties.instanceView.statuses is a list; expected one of them a PowerState",
        )
    ]


def machine(name: str, profile: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    properties = {"storageProfile": {"osDisk": {"osType": "Linux", "createOption": "FromImage"}}}
    return resource(
        "Microsoft.Compute/virtualMachines",
        name,
        properties | ({"osProfile": profile} if profile else {}),
        **more,
    )


def windows(**configuration: Any) -> dict[str, Any]:
    return {"computerName": "ehr", "windowsConfiguration": {"provisionVMAgent": True, **configuration}}


def linux(**configuration: Any) -> dict[str, Any]:
    return {"computerName": "ehr", "linuxConfiguration": {"provisionVMAgent": True, **configuration}}


BY_PLATFORM = {
    "patchMode": "AutomaticByPlatform",
    "assessmentMode": "AutomaticByPlatform",
    "automaticByPlatformSettings": {"rebootSetting": "IfRequired"},
}
SCHEDULED = {
    "patchMode": "AutomaticByPlatform",
    "assessmentMode": "ImageDefault",
    "automaticByPlatformSettings": {"bypassPlatformSafetyChecksOnUserSchedule": True},
}

PROFILES = [
    ("platform", linux(patchSettings=BY_PLATFORM), "platform", False, True),
    ("scheduled", windows(patchSettings=SCHEDULED), "platform", True, False),
    ("by-hand", windows(patchSettings={"patchMode": "Manual"}), "manual", False, False),
    ("by-itself", windows(patchSettings={"patchMode": "AutomaticByOS"}), "system", False, False),
    ("default", windows(), "system", False, False),
    ("off", windows(enableAutomaticUpdates=False), "manual", False, False),
    ("image", linux(), "image", False, False),
    ("of-a-disk", None, None, False, False),
]

PATCHING = world(
    virtual_machine_patching, {MACHINES: [machine(name, profile) for name, profile, *_ in PROFILES]}
)


def test_virtual_machine_patching() -> None:
    assert observe(virtual_machine_patching, PATCHING) == [
        MachinePatching(
            resource=f"{ID}/Microsoft.Compute/virtualMachines/{name}",
            region="westeurope",
            tags={},
            patch_mode=mode,
            customer_schedule=scheduled,
            periodic_assessment=assessed,
        )
        for name, _, mode, scheduled, assessed in PROFILES
    ]


def arc(name: str, **properties: Any) -> dict[str, Any]:
    said = {"status": "Connected", "agentVersion": "1.47", "osType": "linux", **properties}
    return resource("Microsoft.HybridCompute/machines", name, said)


LOOKED_AT = {"patchMode": "ImageDefault", "assessmentMode": "AutomaticByPlatform"}

ARC_PATCHING = world(
    arc_machine_patching,
    {
        ARC: [
            arc("ward-1", osProfile={"linuxConfiguration": {"patchSettings": LOOKED_AT}}),
        ]
    },
)


def test_arc_machine_patching() -> None:
    assert observe(arc_machine_patching, ARC_PATCHING) == [
        MachinePatching(
            resource=f"{ID}/Microsoft.HybridCompute/machines/ward-1",
            region="westeurope",
            tags={},
            patch_mode="image",
            customer_schedule=False,
            periodic_assessment=True,
        )
    ]


def of_image(name: str, image: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    storage = {"osDisk": {"osType": "Linux", "createOption": "FromImage"}}
    properties = {"storageProfile": storage | ({"imageReference": image} if image else {}), **more}
    return resource("Microsoft.Compute/virtualMachines", name, properties)


UBUNTU = {
    "publisher": "Canonical",
    "offer": "0001-com-ubuntu-server-focal",
    "sku": "20_04-lts-gen2",
    "version": "latest",
    "exactVersion": "20.04.202401161",
}
GALLERY = f"{GROUP}/Microsoft.Compute/galleries/golden/images/ehr"
FOCAL = {
    "product": "ubuntu",
    "cycle": "20.04",
    "support_end": "dated",
    "supported_until": day("2025-05-31"),
    "extended_support_until": day("2030-04-02"),
}
UNLISTED: dict[str, Any] = {
    "cycle": None,
    "support_end": "unlisted",
    "supported_until": None,
    "extended_support_until": None,
}

RELEASES = world(
    virtual_machine_releases,
    {
        MACHINES: [
            of_image("upgraded", UBUNTU),
            of_image("off", UBUNTU),
            of_image("pro", UBUNTU, licenseType="UBUNTU_PRO"),
            of_image("own", {"id": GALLERY}),
            of_image("made-of-a-disk", None),
        ],
        STATES: [
            state("upgraded", "running", osName="ubuntu", osVersion="22.04"),
            state("off", "deallocated"),
            state("pro", "deallocated"),
            state("own", "running"),
        ],
    },
)


def test_virtual_machine_releases() -> None:
    jammy = {
        "product": "ubuntu",
        "version": "22.04",
        "cycle": "22.04",
        "support_end": "dated",
        "supported_until": day("2027-04-01"),
        "extended_support_until": day("2032-04-09"),
    }
    focal = {**FOCAL, "version": "0001-com-ubuntu-server-focal:20_04-lts-gen2"}

    assert observe(virtual_machine_releases, RELEASES) == [
        MachineRelease(
            resource=f"{ID}/Microsoft.Compute/virtualMachines/{name}",
            region="westeurope",
            tags={},
            told_by=told_by,
            extended_support=extended,
            **release,
        )
        for name, told_by, extended, release in [
            ("upgraded", "agent", False, jammy),
            ("off", "image", False, focal),
            ("pro", "image", True, focal),
            ("own", "image", False, {"product": "image", "version": GALLERY, **UNLISTED}),
            ("made-of-a-disk", "image", False, {"product": "image", "version": "Linux", **UNLISTED}),
        ]
    ]


def scale_set(name: str, policy: dict[str, Any] | None, image: dict[str, Any] | None, **more: Any) -> Any:
    properties: dict[str, Any] = {"provisioningState": "Succeeded"}
    if policy:
        properties["upgradePolicy"] = policy
    if image:
        properties["virtualMachineProfile"] = {"storageProfile": {"imageReference": image}}
    return resource("Microsoft.Compute/virtualMachineScaleSets", name, properties, **more)


AUTOMATIC = {"mode": "Rolling", "automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True}}
SETS = [
    scale_set("portal", AUTOMATIC, UBUNTU),
    scale_set("nodes", {"mode": "Manual"}, {"id": GALLERY}, tags={"aks-managed-poolName": "system"}),
    scale_set("flexible", None, None),
]
SCALE_SET_UPGRADES = world(scale_sets, {SCALE_SETS: SETS})
SCALE_SET_RELEASES = world(scale_set_releases, {SCALE_SETS: SETS})


def test_scale_sets() -> None:
    assert observe(scale_sets, SCALE_SET_UPGRADES) == [
        ScaleSetUpgrades(
            resource=f"{ID}/Microsoft.Compute/virtualMachineScaleSets/{name}",
            region="westeurope",
            tags=tags,
            upgrade_mode=mode,
            automatic_image_upgrades=automatic,
            cluster_nodes=nodes,
        )
        for name, tags, mode, automatic, nodes in [
            ("portal", {}, "rolling", True, False),
            ("nodes", {"aks-managed-poolName": "system"}, "manual", False, True),
            ("flexible", {}, None, False, False),
        ]
    ]


def test_scale_set_releases() -> None:
    sets = f"{ID}/Microsoft.Compute/virtualMachineScaleSets"

    assert observe(scale_set_releases, SCALE_SET_RELEASES) == [
        SystemRelease(
            resource=f"{sets}/portal",
            region="westeurope",
            tags={},
            extended_support=False,
            version="0001-com-ubuntu-server-focal:20_04-lts-gen2",
            **FOCAL,
        ),
        SystemRelease(
            resource=f"{sets}/nodes",
            region="westeurope",
            tags={"aks-managed-poolName": "system"},
            extended_support=False,
            product="image",
            version=GALLERY,
            **UNLISTED,
        ),
    ]


WS2012 = {"osName": "windows", "osType": "windows", "osVersion": "6.3.9600"}
BOUGHT = {"esuProfile": {"licenseAssignmentState": "Assigned", "esuEligibility": "Eligible"}}

ARC_RELEASES = world(
    arc_machines,
    {
        ARC: [
            arc("imaging", osSku="Windows Server 2012 R2 Standard", **WS2012),
            arc("lab", osSku="Windows Server 2012 R2 Standard", licenseProfile=BOUGHT, **WS2012),
            arc("ward", osName="debian", osVersion="12", status="Disconnected"),
        ]
    },
)


def test_arc_machines() -> None:
    old = {
        "product": "windows-server",
        "version": "6.3.9600",
        "cycle": "2012-r2",
        "support_end": "dated",
        "supported_until": day("2023-10-10"),
        "extended_support_until": day("2026-10-13"),
    }
    debian = {
        "product": "debian",
        "version": "12",
        "cycle": "12",
        "support_end": "dated",
        "supported_until": day("2026-07-11"),
        "extended_support_until": day("2028-06-30"),
    }

    assert observe(arc_machines, ARC_RELEASES) == [
        ConnectedMachineRelease(
            resource=f"{ID}/Microsoft.HybridCompute/machines/{name}",
            region="westeurope",
            tags={},
            extended_support=extended,
            agent_online=online,
            **release,
        )
        for name, extended, online, release in [
            ("imaging", False, True, old),
            ("lab", True, True, old),
            ("ward", True, False, debian),
        ]
    ]


def cluster(name: str, version: str, **properties: Any) -> dict[str, Any]:
    return resource(
        "Microsoft.ContainerService/managedClusters", name, {"kubernetesVersion": version, **properties}
    )


AKS = world(
    aks_clusters,
    {
        CLUSTERS: [
            cluster(
                "ehr",
                "1.33",
                currentKubernetesVersion="1.33.5",
                supportPlan="AKSLongTermSupport",
                autoUpgradeProfile={"upgradeChannel": "stable", "nodeOSUpgradeChannel": "SecurityPatch"},
                agentPoolProfiles=[
                    {"name": "system", "currentOrchestratorVersion": "1.33.5"},
                    {"name": "gpu", "currentOrchestratorVersion": "1.32.9"},
                ],
            ),
            cluster("old", "1.22.4", autoUpgradeProfile={"upgradeChannel": "none"}),
        ]
    },
)


def test_aks_clusters() -> None:
    clusters = f"{ID}/Microsoft.ContainerService/managedClusters"

    assert observe(aks_clusters, AKS) == [
        ClusterRelease(
            resource=f"{clusters}/ehr",
            region="westeurope",
            tags={},
            product="azure-kubernetes-service",
            version="1.33.5",
            cycle="1.33",
            support_end="dated",
            supported_until=day("2026-07-31"),
            extended_support_until=day("2027-07-31"),
            extended_support=True,
            upgrade_channel="stable",
            node_upgrades="security-patch",
            node_versions=("1.32.9", "1.33.5"),
        ),
        ClusterRelease(
            resource=f"{clusters}/old",
            region="westeurope",
            tags={},
            product="azure-kubernetes-service",
            version="1.22.4",
            cycle="1.22",
            support_end="dated",
            supported_until=day("2022-12-04"),
            extended_support_until=None,
            extended_support=False,
            upgrade_channel=None,
            node_upgrades=None,
            node_versions=(),
        ),
    ]


POSTGRESQL_SERVERS = world(
    postgresql_servers,
    {
        POSTGRESQL: [
            resource(
                "Microsoft.DBforPostgreSQL/flexibleServers", name, {"version": major, "minorVersion": minor}
            )
            for name, major, minor in [("ehr", "16", "4"), ("lab", "16", "16.4"), ("old", "11", None)]
        ]
    },
)
MYSQL_SERVERS = world(
    mysql_servers,
    {MYSQL: [resource("Microsoft.DBforMySQL/flexibleServers", "forms", {"version": "8.0.21"})]},
)


def test_postgresql_servers() -> None:
    assert observe(postgresql_servers, POSTGRESQL_SERVERS) == [
        Release(
            resource=f"{ID}/Microsoft.DBforPostgreSQL/flexibleServers/{name}",
            region="westeurope",
            tags={},
            product="postgresql",
            version=version,
            cycle=cycle,
            support_end="dated",
            supported_until=day(until),
            extended_support_until=None,
        )
        for name, version, cycle, until in [
            ("ehr", "16.4", "16", "2028-11-09"),
            ("lab", "16.4", "16", "2028-11-09"),
            ("old", "11", "11", "2023-11-09"),
        ]
    ]


def test_mysql_servers() -> None:
    assert observe(mysql_servers, MYSQL_SERVERS) == [
        Release(
            resource=f"{ID}/Microsoft.DBforMySQL/flexibleServers/forms",
            region="westeurope",
            tags={},
            product="azure-database-for-mysql",
            version="8.0.21",
            cycle="8.0",
            support_end="dated",
            supported_until=day("2026-12-31"),
            extended_support_until=day("2029-05-31"),
        )
    ]


def site(name: str, **properties: Any) -> dict[str, Any]:
    return resource("Microsoft.Web/sites", name, {"state": "Running", **properties})


def settings(name: str, **properties: Any) -> dict[str, Any]:
    # Of a Windows app, .NET Framework is the default, and PHP may be one that it does not use.
    said = {"netFrameworkVersion": "v4.0", "linuxFxVersion": "", "javaVersion": None, **properties}
    told = resource("Microsoft.Web/sites", f"{name}/config/web", said)
    del told["location"]
    return told | {"type": "Microsoft.Web/sites/config"}


APPS = world(
    app_services,
    {
        SITES: [
            site("portal"),
            site("in-a-container"),
            site("java"),
            site("dotnet"),
            site("framework"),
            site("flexible", functionAppConfig={"runtime": {"name": "python", "version": "3.9"}}),
        ],
        SITE_CONFIGURATION: [
            settings("portal", linuxFxVersion="NODE|18-lts"),
            settings("in-a-container", linuxFxVersion="DOCKER|ehr.azurecr.io/portal:4"),
            settings("java", javaVersion="1.8"),
            settings("dotnet", netFrameworkVersion="v8.0"),
            settings("framework", phpVersion="5.6"),
            settings("flexible"),
        ],
    },
)


def test_app_services() -> None:
    assert observe(app_services, APPS) == [
        Release(
            resource=f"{ID}/Microsoft.Web/sites/{name}",
            region="westeurope",
            tags={},
            product=product,
            version=version,
            cycle=cycle,
            support_end="dated",
            supported_until=day(until),
            extended_support_until=None,
        )
        for name, product, version, cycle, until in [
            ("portal", "nodejs", "18-lts", "18", "2025-04-30"),
            ("java", "eclipse-temurin", "8", "8", "2030-12-31"),
            ("dotnet", "dotnet", "8.0", "8", "2026-11-10"),
            ("flexible", "python", "3.9", "3.9", "2025-10-31"),
        ]
    ]


CACHES = world(
    redis_caches,
    {
        REDIS: [
            resource(
                "Microsoft.Cache/redis", "sessions", {"redisVersion": "6.0", "updateChannel": "Preview"}
            ),
            resource("Microsoft.Cache/redis", "old", {"redisVersion": "4.0.14"}),
        ]
    },
)


def test_redis_caches() -> None:
    assert observe(redis_caches, CACHES) == [
        CacheVersion(
            resource=f"{ID}/Microsoft.Cache/redis/{name}",
            region="westeurope",
            tags={},
            version=version,
            preview_channel=preview,
        )
        for name, version, preview in [("sessions", "6.0", True), ("old", "4.0.14", False)]
    ]
