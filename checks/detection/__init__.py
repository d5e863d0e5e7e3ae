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
