"""Detection: what watches for attacks and weaknesses, and what it sees."""

from datetime import datetime
from typing import Literal

from scanner import Facts


class DetectionPlan(Facts):
    """One of the plans by which a cloud watches one kind of resource."""

    plan: str
    """The plan, as the platform names it: VirtualMachines, SqlServers, StorageAccounts."""
    enabled: bool
    """Whether the plan is on, and paid for."""
    covered: bool
    """Whether the plan is on, or one that has taken over what it did."""
    sub_plan: str | None
    """Which variant of the plan is on; none where it has none."""
    resources_covered: Literal["all", "some", "none"] | None
    """How much of what the plan is for it watches, since single resources may be left out; none where the
    platform does not say."""
    extensions: tuple[str, ...]
    """The parts of the plan that are on, as the platform names them."""
    replaced_by: tuple[str, ...]
    """The plans that have taken over what it did."""


class Integrations(Facts):
    """Who else gets to see what a cloud's detection sees."""

    endpoint_protection: bool
    """Whether machines are enrolled with the provider's endpoint protection (Defender for Endpoint)."""
    cloud_app_security: bool
    """Whether activity is handed to the watch on cloud applications (Defender for Cloud Apps)."""


class Assessment(Facts):
    """What a cloud's own posture management says of one resource in one respect."""

    assessment: str
    """The key of what was assessed, as the platform names it; one key is of one question."""
    title: str
    """The question, in the platform's words."""
    result: Literal["healthy", "unhealthy", "not-applicable"]
    """What the platform found."""
    cause: str | None
    """Why, in a word of the platform's; none where it gives none."""
    assessed_type: str
    """The type of what was assessed, as in Microsoft.Compute/virtualMachines."""


class VulnerabilityScans(Facts):
    """Whether somebody looks for weaknesses in how a database server is set up."""

    vulnerability_scans: Literal["express", "classic"] | None
    """How the platform keeps what it finds: by itself, or in a storage account of the customer's; none where
    it does not look."""
    periodic_scans: bool
    """Whether it looks every week."""
    report_emails: tuple[str, ...]
    """To whom it mails what it finds each time; nobody where it keeps that by itself, which mails nothing."""
    reports_to_admins: bool
    """Whether it mails what it finds to the administrators and owners of the subscription."""


class LogWorkspace(Facts):
    """A place where logs are searched."""

    siem: bool
    """Whether a security information and event management system works on it (Sentinel)."""


class Benchmark(Facts):
    """Whether a cloud compares everything in an account to its security benchmark."""

    benchmark_assigned: bool
    """Whether the benchmark is assigned to the account, or to something above it."""
    benchmark_enforced: bool
    """Whether an assignment of it is also enforced."""
    benchmark_exclusions: tuple[str, ...]
    """The parts of the account, as groups of resources, that no assignment of it is for, by id."""


class ConfigurationAudit(Facts):
    """What an agent on a machine says of how the machine is set up."""

    configuration: str
    """What the machine was compared to, by the name of its package: AzureWindowsBaseline."""
    result: Literal["compliant", "non-compliant", "pending"]
    """What the agent found; pending where it has not said."""
    checked_at: datetime | None
    """When the agent last said; none if it never did."""


class MachineAgents(Facts):
    """What watches on a virtual machine, as far as the cloud put it there."""

    operating_system: Literal["windows", "linux"]
    """What the machine runs."""
    antimalware: bool
    """Whether the provider's own antimalware is installed there, and not turned off."""
    antimalware_updates: bool
    """Whether it gets new versions of its kind by itself."""
    endpoint_detection: bool
    """Whether the provider's endpoint detection is installed there."""
    malware_protection: bool
    """Whether one of the two is; another vendor's is not seen."""
    configuration_agent: bool
    """Whether the agent is installed there that audits how the machine is set up."""
    monitoring_agent: bool
    """Whether the agent is installed there that sends logs away."""


class MachineIdentity(Facts):
    """By which names a machine signs in with its cloud."""

    own_identity: bool
    """Whether it has an identity that is its own; agents that audit it sign in with that."""
    shared_identities: int
    """How many identities it has that other machines may have, too."""


class ThreatDetection(Facts):
    """Whether a cloud watches what happens in a region for signs of an attack."""

    enabled: bool
    """Whether it watches at all."""
    features: tuple[str, ...]
    """What it watches, as the platform names it: S3_DATA_EVENTS, RDS_LOGIN_EVENTS, EBS_MALWARE_PROTECTION."""
    publishing_minutes: int | None
    """How long it waits before it tells again of what goes on happening; none where it does not watch."""


class DetectionCentre(Facts):
    """Who sees what is found in a region, besides the account itself."""

    centralised: bool
    """Whether it is seen together with what is found in other accounts: there, or here."""
    administrator: str | None
    """The account that sees it too; none where none does."""
    member_accounts: int
    """How many accounts' findings are seen here."""


class FindingExport(Facts):
    """Whether what was found outlives the platform, which forgets it."""

    exported: bool
    """Whether findings are being copied to a store of the customer's."""


class OpenFindings(Facts):
    """How many signs of an attack nobody has dealt with, by the platform's own grades.

    Of an account that sees others' findings it is theirs, too.
    """

    critical_findings: int
    """How many are critical."""
    high_findings: int
    """How many are of high severity."""
    medium_findings: int
    """How many are of medium severity."""
    low_findings: int
    """How many are of low severity."""


class PostureManagement(Facts):
    """Whether a cloud compares what is in a region to a standard, all the time."""

    enabled: bool
    """Whether it compares at all."""
    standards: tuple[str, ...]
    """The standards it compares to, all of whose controls it can tell."""
    standards_incomplete: tuple[str, ...]
    """The standards that are on, and some of whose controls it cannot tell."""
    new_controls_enabled: bool
    """Whether controls that are added to a standard are looked at without being asked for."""


class VulnerabilityScanning(Facts):
    """What a cloud searches for known weaknesses in a region."""

    machines_scanned: bool
    """Whether virtual machines are."""
    images_scanned: bool
    """Whether container images are."""
    functions_scanned: bool
    """Whether functions' libraries are."""
    function_code_scanned: bool
    """Whether functions' own code is."""


class DataDiscovery(Facts):
    """Whether a cloud searches stores for data that has to be protected."""

    enabled: bool
    """Whether the service is on, and not paused."""


class ConfigurationRecorder(Facts):
    """Whether a cloud keeps a record of how everything in a region is set up, and was."""

    recording: bool
    """Whether it records."""
    all_types: bool
    """Whether it records resources of every type, those to come included."""
    global_types: bool
    """Whether it records what has no region, too: users, roles and their policies."""
    delivered: bool
    """Whether it last managed to deliver what it recorded."""


class AccessAnalysis(Facts):
    """Whether a cloud works out who may reach what in a region."""

    external_access: bool
    """Whether it tells what is open to others than the account, or its organization."""
    unused_access: bool
    """Whether it tells which permissions nobody uses."""


class SharedResources(Facts):
    """What a cloud found to be open to others."""

    active_findings: int
    """How many resources' openings nobody has archived as meant."""
    public_findings: int
    """How many of them are open to everybody."""


class Firewalled(Facts):
    """Whether somebody looks at requests before they are served."""

    kind: Literal["load-balancer", "api-stage", "distribution"]
    """What serves them."""
    public: bool
    """Whether they may come from the internet."""
    firewalled: bool
    """Whether a web application firewall looks at each of them."""
