"""Detection on Azure: Defender for Cloud, vulnerability scans, Sentinel, and agents on machines."""

from collections.abc import Iterable, Iterator
from typing import Literal

from scanner import AzureSubscription, Fields, Resource, check

from . import (
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

_PRICINGS = "Microsoft.Security/pricings/read"
_SETTINGS = "Microsoft.Security/settings/read"
_ASSESSMENTS = "Microsoft.Security/assessments/read"
_SQL_SERVERS = "Microsoft.Sql/servers/read"
_EXPRESS = "Microsoft.Sql/servers/sqlVulnerabilityAssessments/read"
_CLASSIC = "Microsoft.Sql/servers/vulnerabilityAssessments/read"
_INSTANCES = "Microsoft.Sql/managedInstances/read"
_INSTANCE_SCANS = "Microsoft.Sql/managedInstances/vulnerabilityAssessments/read"
_WORKSPACES = "Microsoft.OperationalInsights/workspaces/read"
_SENTINEL = "Microsoft.SecurityInsights/onboardingStates/read"
_ASSIGNMENTS = "Microsoft.Authorization/policyAssignments/read"
_AUDITS = "Microsoft.GuestConfiguration/guestConfigurationAssignments/read"
_MACHINES = "Microsoft.Compute/virtualMachines/read"
_EXTENSIONS = "Microsoft.Compute/virtualMachines/extensions/read"

Coverage = Literal["all", "some", "none"]
Healthy = Literal["healthy", "unhealthy", "not-applicable"]
Compliance = Literal["compliant", "non-compliant", "pending"]
System = Literal["windows", "linux"]

_ON = {"Standard": True, "Free": False}
_COVERED: dict[str, Coverage] = {"FullyCovered": "all", "PartiallyCovered": "some", "NotCovered": "none"}
_TRUE = {"True": True, "False": False}
"""How Defender's plans write booleans."""
_DNS = "Dns"
_SERVERS = "VirtualMachines"
_SERVERS_WITH_DNS = "P2"

_RESULTS: dict[str, Healthy] = {
    "Healthy": "healthy",
    "Unhealthy": "unhealthy",
    "NotApplicable": "not-applicable",
}
_AUDITED: dict[str, Compliance] = {
    "Compliant": "compliant",
    "NonCompliant": "non-compliant",
    "Pending": "pending",
}
_STATES = {"Enabled": True, "Disabled": False}
_ENFORCED = {"Default": True, "DoNotEnforce": False}
_BENCHMARKS = (
    "/providers/microsoft.authorization/policysetdefinitions/1f3afdf9-d0c9-4c3d-847f-89da613e70a8",
    "/providers/microsoft.authorization/policysetdefinitions/e3ec7e09-768c-4b64-882c-fcada3772047",
)
"""The Microsoft cloud security benchmark, and its second version; Defender assigns it as ASC Default."""
_OF_A_GROUP = "/resourcegroups/"

_SYSTEMS: dict[str, System] = {"Windows": "windows", "Linux": "linux"}
_ANTIMALWARE = frozenset({"microsoft.azure.security/iaasantimalware"})
_ENDPOINT = frozenset(
    {
        "microsoft.azure.azuredefenderforservers/mde.windows",
        "microsoft.azure.azuredefenderforservers/mde.linux",
    }
)
_CONFIGURATION = frozenset(
    {
        "microsoft.guestconfiguration/configurationforwindows",
        "microsoft.guestconfiguration/configurationforlinux",
    }
)
_MONITOR = frozenset(
    {
        "microsoft.azure.monitor/azuremonitorwindowsagent",
        "microsoft.azure.monitor/azuremonitorlinuxagent",
    }
)
_INSTALLED = "succeeded"
_OFF = "false"


@check(_PRICINGS)
def defender_plans(subscription: AzureSubscription) -> Iterator[DetectionPlan]:
    """Which plans of Defender for Cloud are on.

    Since August 2023 nobody can turn on the plan for DNS any more: the second plan for servers has taken it
    over, with machines that use Azure's own name servers
    (https://learn.microsoft.com/azure/defender-for-cloud/defender-for-dns-introduction).
    """
    plans = {plan.name: plan for plan in subscription.all(_PRICINGS)}
    for name, plan in plans.items():
        with subscription.reading(plan.id):
            enabled = plan.word("properties.pricingTier", _ON)
            heirs = plan.texts("properties.replacedBy")
            # Who has taken over may have nothing to say yet of itself, but of this plan it has.
            taken_over = any(_enabled(plans[heir]) for heir in heirs if heir in plans)
            if name == _DNS and _SERVERS in plans:
                heirs = heirs or (_SERVERS,)
                servers = plans[_SERVERS]
                taken_over = _enabled(servers) and servers.text("properties.subPlan", "") == _SERVERS_WITH_DNS
            parts = plan.parts("properties.extensions")
            on = (part.text("name") for part in parts if part.word("isEnabled", _TRUE))
            yield DetectionPlan(
                resource=plan.id,
                plan=name,
                enabled=enabled,
                covered=enabled or taken_over,
                sub_plan=plan.text("properties.subPlan", None),
                resources_covered=plan.word("properties.resourcesCoverageStatus", _COVERED, None),
                extensions=tuple(sorted(on)),
                replaced_by=heirs,
            )


@check(_SETTINGS)
def integrations(subscription: AzureSubscription) -> Iterator[Integrations]:
    """Whether Defender for Cloud feeds Defender for Endpoint and Defender for Cloud Apps.

    A setting that Azure does not list is off.
    """
    on = {each.name.upper() for each in subscription.all(_SETTINGS) if each.flag("properties.enabled", False)}
    yield Integrations(
        resource=subscription.id, endpoint_protection="WDATP" in on, cloud_app_security="MCAS" in on
    )


@check(_ASSESSMENTS)
def assessments(subscription: AzureSubscription) -> Iterator[Assessment]:
    """What Defender for Cloud says of each resource, in each respect.

    Since the end of July 2026 each weakness of software, of a database or of an image is an assessment of its
    own; those that summed them up are gone (https://learn.microsoft.com/azure/defender-for-cloud/
    transition-grouped-individual-recommendations).
    """
    for assessment in subscription.all(_ASSESSMENTS):
        with subscription.reading(assessment.id):
            assessed = _below(assessment.id)
            yield Assessment(
                resource=assessment.id,
                assessment=assessment.name.lower(),
                title=assessment.text("properties.displayName", ""),
                result=assessment.word("properties.status.code", _RESULTS),
                cause=assessment.text("properties.status.cause", None),
                assessed_type=_type(assessed),
                links=(assessed,),
            )


@check(_SQL_SERVERS, _EXPRESS, _CLASSIC)
def sql_servers(subscription: AzureSubscription) -> Iterator[VulnerabilityScans]:
    """Whether Defender looks for weaknesses in SQL servers, and whom it tells.

    What Azure configures by itself (express) looks every week and mails nobody
    (https://learn.microsoft.com/azure/defender-for-cloud/sql-azure-vulnerability-assessment-overview).
    """

    def read(server: Resource) -> VulnerabilityScans:
        express = any(
            each.word("properties.state", _STATES) for each in subscription.all(_EXPRESS, server.id)
        )
        classic = list(subscription.all(_CLASSIC, server.id))
        if express:
            return VulnerabilityScans(
                **server.about,
                vulnerability_scans="express",
                periodic_scans=True,
                report_emails=(),
                reports_to_admins=False,
            )
        return _classic(server, classic)

    yield from subscription.each(subscription.all(_SQL_SERVERS), read)


@check(_INSTANCES, _INSTANCE_SCANS)
def sql_managed_instances(subscription: AzureSubscription) -> Iterator[VulnerabilityScans]:
    """Whether Defender looks for weaknesses in SQL managed instances, and whom it tells."""

    def read(instance: Resource) -> VulnerabilityScans:
        return _classic(instance, subscription.all(_INSTANCE_SCANS, instance.id))

    yield from subscription.each(subscription.all(_INSTANCES), read)


@check(_WORKSPACES, _SENTINEL)
def log_workspaces(subscription: AzureSubscription) -> Iterator[LogWorkspace]:
    """Whether Sentinel works on the Log Analytics workspaces."""

    def read(workspace: Resource) -> LogWorkspace:
        return LogWorkspace(**workspace.about, siem=any(subscription.all(_SENTINEL, workspace.id)))

    yield from subscription.each(subscription.all(_WORKSPACES), read)


@check(_ASSIGNMENTS)
def security_benchmark(subscription: AzureSubscription) -> Iterator[Benchmark]:
    """Whether the Microsoft cloud security benchmark is assigned to the subscription, and enforced.

    By whatever name, here or to a management group above; an assignment to a group of resources does not
    count, nor one that leaves this subscription out.
    """
    assigned = [each for each in subscription.all(_ASSIGNMENTS) if _benchmark(subscription.id, each)]
    # Enforced unless said otherwise:
    # https://learn.microsoft.com/azure/governance/policy/concepts/assignment-structure#enforcement-mode
    enforced = [each.word("properties.enforcementMode", _ENFORCED, True) for each in assigned]
    left_out = [
        {subscription.resource(scope) for scope in each.texts("properties.notScopes")} for each in assigned
    ]
    nowhere = set.intersection(*left_out) if left_out else set()
    yield Benchmark(
        resource=subscription.id,
        benchmark_assigned=bool(assigned),
        benchmark_enforced=any(enforced),
        benchmark_exclusions=tuple(sorted(each for each in nowhere if each.startswith(subscription.id))),
    )


@check(_AUDITS)
def machine_configurations(subscription: AzureSubscription) -> Iterator[ConfigurationAudit]:
    """What machine configuration (once guest configuration) says of how machines are set up.

    Only what a policy has assigned to a machine is audited there; a machine without an assignment is not
    among these.
    """
    for audit in subscription.all(_AUDITS):
        with subscription.reading(audit.id):
            yield ConfigurationAudit(
                resource=audit.id,
                # A policy that may be assigned twice adds its own mark to the assignment's name.
                configuration=audit.text("properties.guestConfiguration.name", "")
                or audit.name.partition("$")[0],
                # An agent that has not reported yet is pending.
                result=audit.word("properties.complianceStatus", _AUDITED, "pending"),
                checked_at=audit.moment("properties.lastComplianceStatusChecked", None),
                links=(_below(audit.id),),
            )


@check(_MACHINES, _EXTENSIONS)
def virtual_machines(subscription: AzureSubscription) -> Iterator[MachineAgents]:
    """Which of Microsoft's agents watch on virtual machines, of those that are installed as extensions."""

    def read(machine: Resource) -> MachineAgents:
        extensions = [
            part
            for part in subscription.all(_EXTENSIONS, machine.id)
            if part.text("properties.provisioningState", "").lower() == _INSTALLED
        ]
        kinds = {_kind(part) for part in extensions}
        antimalware = [part for part in extensions if _kind(part) in _ANTIMALWARE and _watches(part)]
        return MachineAgents(
            **machine.about,
            operating_system=machine.word("properties.storageProfile.osDisk.osType", _SYSTEMS),
            antimalware=bool(antimalware),
            antimalware_updates=any(
                part.flag("properties.autoUpgradeMinorVersion", False) for part in antimalware
            ),
            endpoint_detection=bool(kinds & _ENDPOINT),
            malware_protection=bool(antimalware or kinds & _ENDPOINT),
            configuration_agent=bool(kinds & _CONFIGURATION),
            monitoring_agent=bool(kinds & _MONITOR),
        )

    yield from subscription.each(subscription.all(_MACHINES), read)


@check(_MACHINES)
def virtual_machine_identities(subscription: AzureSubscription) -> Iterator[MachineIdentity]:
    """Whether virtual machines have an identity that is their own, as machine configuration needs."""
    for machine in subscription.all(_MACHINES):
        with subscription.reading(machine.id):
            kinds = machine.text("identity.type", "").lower()
            yield MachineIdentity(
                **machine.about,
                own_identity="systemassigned" in kinds,
                shared_identities=len(machine.part("identity.userAssignedIdentities").held),
            )


def _enabled(plan: Resource) -> bool:
    return plan.word("properties.pricingTier", _ON)


def _below(extension: str) -> str:
    """The id of the resource that an extension is of."""
    return extension.rpartition("/providers/")[0]


def _type(resource: str) -> str:
    head, found, tail = resource.rpartition("/providers/")
    if found:
        provider, *parts = tail.split("/")
        return "/".join((provider, *parts[::2]))
    return "Microsoft.Resources/" + (
        "resourceGroups" if _OF_A_GROUP in head.lower() + "/" else "subscriptions"
    )


def _classic(server: Resource, assessments: Iterable[Resource]) -> VulnerabilityScans:
    """What the customer configured; Azure lists a default even where nobody ever did."""
    for each in assessments:
        scans = each.part("properties.recurringScans")
        periodic = scans.flag("isEnabled", False)
        if periodic or each.has("properties.storageContainerPath"):
            return VulnerabilityScans(
                **server.about,
                vulnerability_scans="classic",
                periodic_scans=periodic,
                report_emails=tuple(mail for mail in scans.texts("emails") if mail),
                # They are told unless that is turned off:
                # https://learn.microsoft.com/rest/api/sql/server-vulnerability-assessments
                reports_to_admins=scans.flag("emailSubscriptionAdmins", True),
            )
    return VulnerabilityScans(
        **server.about,
        vulnerability_scans=None,
        periodic_scans=False,
        report_emails=(),
        reports_to_admins=False,
    )


def _benchmark(subscription: str, assignment: Resource) -> bool:
    definition = assignment.text("properties.policyDefinitionId").lower()
    excluded = {scope.lower().rstrip("/") for scope in assignment.texts("properties.notScopes")}
    return (
        definition in _BENCHMARKS
        and _OF_A_GROUP not in assignment.id.lower()
        and subscription.lower() not in excluded
    )


def _kind(extension: Fields) -> str:
    return f"{extension.text('properties.publisher', '')}/{extension.text('properties.type', '')}".lower()


def _watches(antimalware: Fields) -> bool:
    """Whether it is not turned off by its own settings, which write booleans as they please."""
    said = antimalware.part("properties.settings").held.get("AntimalwareEnabled", True)
    return str(said).lower() != _OFF
