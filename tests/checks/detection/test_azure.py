from datetime import UTC, datetime
from typing import Any

from checks.detection import (
    Assessment,
    Benchmark,
    ConfigurationAudit,
    DetectionPlan,
    Integrations,
    LogWorkspace,
    MachineAgents,
    MachineIdentity,
    VulnerabilityScans,
)
from checks.detection.azure import (
    assessments,
    defender_plans,
    integrations,
    log_workspaces,
    machine_configurations,
    security_benchmark,
    sql_managed_instances,
    sql_servers,
    virtual_machine_identities,
    virtual_machines,
)
from scanner.testing import SUBSCRIPTION, look, observe, world

WHOLE = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{WHOLE}/resourceGroups/EHR/providers"
ID = f"{WHOLE}/resourceGroups/ehr/providers"
PRICINGS = "Microsoft.Security/pricings/read"
SETTINGS = "Microsoft.Security/settings/read"
ASSESSMENTS = "Microsoft.Security/assessments/read"
SQL_SERVERS = "Microsoft.Sql/servers/read"
EXPRESS = "Microsoft.Sql/servers/sqlVulnerabilityAssessments/read"
CLASSIC = "Microsoft.Sql/servers/vulnerabilityAssessments/read"
INSTANCES = "Microsoft.Sql/managedInstances/read"
INSTANCE_SCANS = "Microsoft.Sql/managedInstances/vulnerabilityAssessments/read"
WORKSPACES = "Microsoft.OperationalInsights/workspaces/read"
SENTINEL = "Microsoft.SecurityInsights/onboardingStates/read"
ASSIGNMENTS = "Microsoft.Authorization/policyAssignments/read"
AUDITS = "Microsoft.GuestConfiguration/guestConfigurationAssignments/read"
MACHINES = "Microsoft.Compute/virtualMachines/read"
EXTENSIONS = "Microsoft.Compute/virtualMachines/extensions/read"


def resource(kind: str, name: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": f"{GROUP}/{kind}/{name}",
        "name": name,
        "type": kind,
        "location": "westeurope",
        "properties": properties,
        **more,
    }


def child(of: str, kind: str, name: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"id": f"{GROUP}/{of}/{name}", "name": name, "type": kind, "properties": properties}


def pricing(name: str, tier: str, **properties: Any) -> dict[str, Any]:
    return {
        "id": f"{WHOLE}/providers/Microsoft.Security/pricings/{name}",
        "name": name,
        "type": "Microsoft.Security/pricings",
        "properties": {"pricingTier": tier, "freeTrialRemainingTime": "PT0S", **properties},
    }


def plan(name: str, **facts: Any) -> DetectionPlan:
    nothing: dict[str, Any] = {
        "enabled": False,
        "covered": False,
        "sub_plan": None,
        "resources_covered": None,
        "extensions": (),
        "replaced_by": (),
    }
    return DetectionPlan(
        resource=f"{WHOLE}/providers/Microsoft.Security/pricings/{name.lower()}",
        plan=name,
        **nothing | facts,
    )


PLANS = world(
    defender_plans,
    {
        PRICINGS: [
            pricing(
                "VirtualMachines",
                "Standard",
                subPlan="P2",
                resourcesCoverageStatus="PartiallyCovered",
                extensions=[
                    {"name": "MdeDesignatedSubscription", "isEnabled": "False"},
                    {"name": "AgentlessVmScanning", "isEnabled": "True"},
                ],
            ),
            pricing("Dns", "Free"),
            pricing("KubernetesService", "Free", deprecated=True, replacedBy=["Containers"]),
            pricing("Containers", "Standard", resourcesCoverageStatus="FullyCovered"),
            pricing("KeyVaults", "Free", resourcesCoverageStatus="NotCovered"),
        ]
    },
)


def test_defender_plans() -> None:
    assert observe(defender_plans, PLANS) == [
        plan(
            "VirtualMachines",
            enabled=True,
            covered=True,
            sub_plan="P2",
            resources_covered="some",
            extensions=("AgentlessVmScanning",),
        ),
        plan("Dns", covered=True, replaced_by=("VirtualMachines",)),
        plan("KubernetesService", covered=True, replaced_by=("Containers",)),
        plan("Containers", enabled=True, covered=True, resources_covered="all"),
        plan("KeyVaults", resources_covered="none"),
    ]


def test_the_first_plan_for_servers_does_not_watch_dns() -> None:
    seen = observe(
        defender_plans,
        {PRICINGS: [pricing("VirtualMachines", "Standard", subPlan="P1"), pricing("Dns", "Free")]},
    )

    assert seen == [
        plan("VirtualMachines", enabled=True, covered=True, sub_plan="P1"),
        plan("Dns", replaced_by=("VirtualMachines",)),
    ]


def test_a_plan_that_was_replaced_by_one_that_is_off_covers_nothing() -> None:
    listed = [pricing("ContainerRegistry", "Free", replacedBy=["Containers"]), pricing("Containers", "Free")]

    assert observe(defender_plans, {PRICINGS: listed}) == [
        plan("ContainerRegistry", replaced_by=("Containers",)),
        plan("Containers"),
    ]


def setting(name: str, *, enabled: bool) -> dict[str, Any]:
    return {
        "id": f"{WHOLE}/providers/Microsoft.Security/settings/{name}",
        "name": name,
        "kind": "DataExportSettings",
        "type": "Microsoft.Security/settings",
        "properties": {"enabled": enabled},
    }


INTEGRATIONS = world(
    integrations, {SETTINGS: [setting("MCAS", enabled=False), setting("WDATP", enabled=True)]}
)


def test_integrations() -> None:
    assert observe(integrations, INTEGRATIONS) == [
        Integrations(resource=WHOLE, endpoint_protection=True, cloud_app_security=False)
    ]


def test_a_setting_that_is_not_listed_is_off() -> None:
    assert observe(integrations, {SETTINGS: [setting("MCAS", enabled=True)]}) == [
        Integrations(resource=WHOLE, endpoint_protection=False, cloud_app_security=True)
    ]


EDR = "06e3a6db-6c0c-4ad9-943f-31d9d73ecf6c"


def assessment(of: str, key: str, status: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{of}/providers/Microsoft.Security/assessments/{key}",
        "name": key,
        "type": "Microsoft.Security/assessments",
        "properties": {
            "displayName": "EDR solution should be installed on Virtual Machines",
            "resourceDetails": {"source": "Azure", "id": of},
            "status": status,
        },
    }


ASSESSED = world(
    assessments,
    {
        ASSESSMENTS: [
            assessment(f"{GROUP}/Microsoft.Compute/virtualMachines/EHR-1", EDR, {"code": "Unhealthy"}),
            assessment(
                f"{GROUP}/Microsoft.Compute/virtualMachines/ehr-2",
                EDR,
                {"code": "NotApplicable", "cause": "OffByPolicy", "description": "Off by policy"},
            ),
            assessment(f"{GROUP}/Microsoft.Sql/servers/s/databases/d", EDR.upper(), {"code": "Healthy"}),
            assessment(WHOLE, EDR, {"code": "Healthy"}),
        ]
    },
)


def test_assessments() -> None:
    machines = f"{ID}/Microsoft.Compute/virtualMachines"

    assert observe(assessments, ASSESSED) == [
        Assessment(
            resource=f"{of}/providers/Microsoft.Security/assessments/{EDR}",
            assessment=EDR,
            title="EDR solution should be installed on Virtual Machines",
            result=result,
            cause=cause,
            assessed_type=kind,
            links=(of,),
        )
        for of, result, cause, kind in [
            (f"{machines}/ehr-1", "unhealthy", None, "Microsoft.Compute/virtualMachines"),
            (f"{machines}/ehr-2", "not-applicable", "OffByPolicy", "Microsoft.Compute/virtualMachines"),
            (f"{ID}/Microsoft.Sql/servers/s/databases/d", "healthy", None, "Microsoft.Sql/servers/databases"),
            (WHOLE, "healthy", None, "Microsoft.Resources/subscriptions"),
        ]
    ]


def scans(kind: str, name: str, **properties: Any) -> dict[str, Any]:
    return child(
        f"Microsoft.Sql/{kind}/{name}/vulnerabilityAssessments",
        f"Microsoft.Sql/{kind}/vulnerabilityAssessments",
        "default",
        properties,
    )


def express(name: str, state: str) -> dict[str, Any]:
    return child(
        f"Microsoft.Sql/servers/{name}/sqlVulnerabilityAssessments",
        "Microsoft.Sql/servers/sqlVulnerabilityAssessments",
        "default",
        {"state": state},
    )


CONTAINER = "https://clinic.blob.core.windows.net/scans/"
NEVER = {"recurringScans": {"isEnabled": False, "emailSubscriptionAdmins": True, "emails": []}}
WEEKLY = {
    "storageContainerPath": CONTAINER,
    "recurringScans": {
        "isEnabled": True,
        "emailSubscriptionAdmins": False,
        "emails": ["dba@clinic.example", ""],
    },
}
BY_HAND = {"storageContainerPath": CONTAINER, "recurringScans": {"isEnabled": False}}

SERVERS = world(
    sql_servers,
    {
        SQL_SERVERS: [
            resource("Microsoft.Sql/servers", name, {"version": "12.0"})
            for name in ("a", "b", "c", "d", "ab")
        ],
        EXPRESS: [express("a", "Enabled"), express("b", "Disabled"), express("d", "Disabled")],
        CLASSIC: [
            scans("servers", "a", **NEVER),
            scans("servers", "b", **WEEKLY),
            scans("servers", "c", **BY_HAND),
            scans("servers", "d", **NEVER),
        ],
    },
)
NO_SCANS: dict[str, Any] = {
    "vulnerability_scans": None,
    "periodic_scans": False,
    "report_emails": (),
    "reports_to_admins": False,
}
WEEKLY_SCANS = {
    "vulnerability_scans": "classic",
    "periodic_scans": True,
    "report_emails": ("dba@clinic.example",),
    "reports_to_admins": False,
}


def test_sql_servers() -> None:
    assert observe(sql_servers, SERVERS) == [
        VulnerabilityScans(
            resource=f"{ID}/Microsoft.Sql/servers/{name}", region="westeurope", tags={}, **NO_SCANS | facts
        )
        for name, facts in [
            ("a", {"vulnerability_scans": "express", "periodic_scans": True}),
            ("b", WEEKLY_SCANS),
            ("c", {"vulnerability_scans": "classic", "reports_to_admins": True}),
            ("d", {}),
            ("ab", {}),
        ]
    ]


SQL_INSTANCES = world(
    sql_managed_instances,
    {
        INSTANCES: [
            resource("Microsoft.Sql/managedInstances", name, {"state": "Ready"}) for name in ("lab", "new")
        ],
        INSTANCE_SCANS: [scans("managedInstances", "lab", **WEEKLY)],
    },
)


def test_sql_managed_instances() -> None:
    assert observe(sql_managed_instances, SQL_INSTANCES) == [
        VulnerabilityScans(
            resource=f"{ID}/Microsoft.Sql/managedInstances/{name}", region="westeurope", tags={}, **facts
        )
        for name, facts in [("lab", WEEKLY_SCANS), ("new", NO_SCANS)]
    ]


LOGS = world(
    log_workspaces,
    {
        WORKSPACES: [
            resource("Microsoft.OperationalInsights/workspaces", name, {"sku": {"name": "PerGB2018"}})
            for name in ("soc", "apps")
        ],
        SENTINEL: [
            child(
                "Microsoft.OperationalInsights/workspaces/soc/providers/Microsoft.SecurityInsights/onboardingStates",
                "Microsoft.SecurityInsights/onboardingStates",
                "default",
                {"customerManagedKey": False},
            )
        ],
    },
)


def test_log_workspaces() -> None:
    assert observe(log_workspaces, LOGS) == [
        LogWorkspace(
            resource=f"{ID}/Microsoft.OperationalInsights/workspaces/{name}",
            region="westeurope",
            tags={},
            siem=siem,
        )
        for name, siem in [("soc", True), ("apps", False)]
    ]


MCSB = "/providers/Microsoft.Authorization/policySetDefinitions/1f3afdf9-d0c9-4c3d-847f-89da613e70a8"
HITRUST = "/providers/Microsoft.Authorization/policySetDefinitions/a169a624-5599-4385-a696-c8d643089fab"
TEST = f"{WHOLE}/resourceGroups/Test"


def assignment(scope: str, name: str, definition: str = MCSB, **properties: Any) -> dict[str, Any]:
    return {
        "id": f"{scope}/providers/Microsoft.Authorization/policyAssignments/{name}",
        "name": name,
        "type": "Microsoft.Authorization/policyAssignments",
        "properties": {"policyDefinitionId": definition, "scope": scope, **properties},
    }


CLINIC = "/providers/Microsoft.Management/managementGroups/clinic"
POLICY = world(
    security_benchmark,
    {
        ASSIGNMENTS: [
            assignment(WHOLE, "SecurityCenterBuiltIn", enforcementMode="DoNotEnforce", notScopes=[TEST]),
            assignment(
                CLINIC, "benchmark", MCSB.upper(), enforcementMode="Default", notScopes=[TEST, CLINIC]
            ),
            assignment(WHOLE, "hitrust", HITRUST, enforcementMode="Default"),
        ]
    },
)


def test_security_benchmark() -> None:
    assert observe(security_benchmark, POLICY) == [
        Benchmark(
            resource=WHOLE,
            benchmark_assigned=True,
            benchmark_enforced=True,
            benchmark_exclusions=(f"{WHOLE}/resourceGroups/test",),
        )
    ]


def test_a_benchmark_that_is_not_enforced() -> None:
    seen = observe(
        security_benchmark,
        {ASSIGNMENTS: [assignment(WHOLE, "SecurityCenterBuiltIn", enforcementMode="DoNotEnforce")]},
    )

    assert seen == [
        Benchmark(resource=WHOLE, benchmark_assigned=True, benchmark_enforced=False, benchmark_exclusions=())
    ]


def test_a_benchmark_of_a_group_or_that_leaves_the_subscription_out_is_none() -> None:
    listed = [assignment(TEST, "here"), assignment(CLINIC, "above", notScopes=[WHOLE.upper()])]

    assert observe(security_benchmark, {ASSIGNMENTS: listed}) == [
        Benchmark(resource=WHOLE, benchmark_assigned=False, benchmark_enforced=False, benchmark_exclusions=())
    ]


AUDIT = "Microsoft.GuestConfiguration/guestConfigurationAssignments"


def audit(machine: str, name: str, **properties: Any) -> dict[str, Any]:
    return {
        "id": f"{GROUP}/{machine}/providers/{AUDIT}/{name}",
        "name": name,
        "type": AUDIT,
        "location": "westeurope",
        "properties": properties,
    }


BASELINE = "AzureBaseline_SecurityOptionsAccounts"
CONFIGURATIONS = world(
    machine_configurations,
    {
        AUDITS: [
            audit(
                "Microsoft.Compute/virtualMachines/EHR-1",
                BASELINE,
                guestConfiguration={"name": BASELINE, "version": "1.*", "kind": "DSC"},
                complianceStatus="NonCompliant",
                lastComplianceStatusChecked="2026-11-21T02:45:00Z",
            ),
            audit(
                "Microsoft.HybridCompute/machines/ward-1",
                "AzureLinuxBaseline$pid7f3a",
                lastComplianceStatusChecked="0001-01-01T00:00:00Z",
            ),
        ]
    },
)


def test_machine_configurations() -> None:
    audits = f"providers/{AUDIT}"
    ehr, ward = (
        f"{ID}/Microsoft.Compute/virtualMachines/ehr-1",
        f"{ID}/Microsoft.HybridCompute/machines/ward-1",
    )

    assert observe(machine_configurations, CONFIGURATIONS) == [
        ConfigurationAudit(
            resource=f"{ehr}/{audits}/{BASELINE.lower()}",
            configuration=BASELINE,
            result="non-compliant",
            checked_at=datetime(2026, 11, 21, 2, 45, tzinfo=UTC),
            links=(ehr,),
        ),
        ConfigurationAudit(
            resource=f"{ward}/{audits}/azurelinuxbaseline$pid7f3a",
            configuration="AzureLinuxBaseline",
            result="pending",
            checked_at=None,
            links=(ward,),
        ),
    ]


def machine(name: str, system: str, **more: Any) -> dict[str, Any]:
    disk = {"osType": system, "createOption": "FromImage"}
    return resource("Microsoft.Compute/virtualMachines", name, {"storageProfile": {"osDisk": disk}}, **more)


def extension(
    of: str, publisher: str, kind: str, state: str = "Succeeded", **properties: Any
) -> dict[str, Any]:
    return child(
        f"Microsoft.Compute/virtualMachines/{of}/extensions",
        "Microsoft.Compute/virtualMachines/extensions",
        kind,
        {
            "publisher": publisher,
            "type": kind,
            "typeHandlerVersion": "1.0",
            "provisioningState": state,
            **properties,
        },
    )


def antimalware(of: str, *, upgrades: bool, enabled: object, state: str = "Succeeded") -> dict[str, Any]:
    return extension(
        of,
        "Microsoft.Azure.Security",
        "IaaSAntimalware",
        state,
        autoUpgradeMinorVersion=upgrades,
        settings={"AntimalwareEnabled": enabled, "RealtimeProtectionEnabled": "true"},
    )


DEFENDER = "Microsoft.Azure.AzureDefenderForServers"
AGENTS = world(
    virtual_machines,
    {
        MACHINES: [
            machine("EHR-1", "Windows"),
            machine("off", "Windows"),
            machine("broken", "Windows"),
            machine("pinned", "Windows"),
            machine("linux", "Linux"),
            machine("bare", "Linux"),
        ],
        EXTENSIONS: [
            antimalware("EHR-1", upgrades=True, enabled="true"),
            extension("EHR-1", "Microsoft.GuestConfiguration", "ConfigurationforWindows"),
            extension("EHR-1", "Microsoft.Azure.Monitor", "AzureMonitorWindowsAgent"),
            antimalware("off", upgrades=True, enabled=False),
            antimalware("broken", upgrades=True, enabled=True, state="Failed"),
            antimalware("pinned", upgrades=False, enabled=True),
            extension("linux", DEFENDER, "MDE.Linux"),
            extension("linux", "Microsoft.GuestConfiguration", "ConfigurationForLinux"),
            extension("bare", "Vendor.Security", "IaaSAntimalware"),
        ],
    },
)


def test_virtual_machines() -> None:
    kept = ("antimalware", "antimalware_updates", "endpoint_detection", "malware_protection")
    agents = (*kept, "configuration_agent", "monitoring_agent")

    assert observe(virtual_machines, AGENTS) == [
        MachineAgents(
            resource=f"{ID}/Microsoft.Compute/virtualMachines/{name}",
            region="westeurope",
            tags={},
            operating_system=system,
            **{agent: agent in present for agent in agents},
        )
        for name, system, present in [
            ("ehr-1", "windows", set(agents) - {"endpoint_detection"}),
            ("off", "windows", set()),
            ("broken", "windows", set()),
            ("pinned", "windows", {"antimalware", "malware_protection"}),
            ("linux", "linux", {"endpoint_detection", "malware_protection", "configuration_agent"}),
            ("bare", "linux", set()),
        ]
    ]


def test_a_machine_of_an_unknown_system_is_refused_alone() -> None:
    machines = [machine("cray", "UNICOS"), machine("bare", "Linux")]

    sight = look(virtual_machines, {MACHINES: machines, EXTENSIONS: []})

    assert [facts.resource for facts in sight.facts] == [f"{ID}/Microsoft.Compute/virtualMachines/bare"]
    assert [(refusal.resource, refusal.error.detail) for refusal in sight.refusals] == [
        (
            f"{ID}/Microsoft.Compute/virtualMachines/cray",
            "properties.storageProfile.osDisk.osType is 'UNICOS'; known are Windows, Linux",
        )
    ]


SHARED = {
    f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/ehr": {"principalId": "p", "clientId": "c"}
}
IDENTITIES = world(
    virtual_machine_identities,
    {
        MACHINES: [
            machine("own", "Linux", identity={"type": "SystemAssigned", "principalId": "p", "tenantId": "t"}),
            machine(
                "both",
                "Linux",
                identity={"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": SHARED},
            ),
            machine("shared", "Linux", identity={"type": "UserAssigned", "userAssignedIdentities": SHARED}),
            machine("none", "Linux"),
        ]
    },
)


def test_virtual_machine_identities() -> None:
    assert observe(virtual_machine_identities, IDENTITIES) == [
        MachineIdentity(
            resource=f"{ID}/Microsoft.Compute/virtualMachines/{name}",
            region="westeurope",
            tags={},
            own_identity=own,
            shared_identities=shared,
        )
        for name, own, shared in [
            ("own", True, 0),
            ("both", True, 1),
            ("shared", False, 1),
            ("none", False, 0),
        ]
    ]
