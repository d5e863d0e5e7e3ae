"""Patching on Azure: releases that are still mended, and what Update Manager sees of updates."""

from collections.abc import Iterator, Mapping
from typing import Literal

from scanner import AzureSubscription, Fields, Resource, check

from ..semantics import azure_releases, versions
from . import (
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

_MACHINES = "Microsoft.Compute/virtualMachines/read"
_STATES = "Microsoft.Compute/virtualMachines/read?statusOnly=true"
_SCALE_SETS = "Microsoft.Compute/virtualMachineScaleSets/read"
_ARC = "Microsoft.HybridCompute/machines/read"
_CLUSTERS = "Microsoft.ContainerService/managedClusters/read"
_POSTGRESQL = "Microsoft.DBforPostgreSQL/flexibleServers/read"
_MYSQL = "Microsoft.DBforMySQL/flexibleServers/read"
_SITES = "Microsoft.Web/sites/read"
_SITE_CONFIGURATION = "Microsoft.Web/sites/config/read"
_REDIS = "Microsoft.Cache/redis/read"

Outcome = Literal["succeeded", "warnings", "failed", "in-progress", "unknown"]
PatchMode = Literal["platform", "system", "image", "manual"]
Mode = Literal["automatic", "rolling", "manual"]
Channel = Literal["rapid", "stable", "patch", "node-image"]
NodeUpgrades = Literal["node-image", "security-patch", "unmanaged", "none"]

_POWER = "powerstate/"
_ASSESSMENTS: Mapping[str, Outcome] = {
    "Succeeded": "succeeded",
    "CompletedWithWarnings": "warnings",
    "Failed": "failed",
    "InProgress": "in-progress",
    "Unknown": "unknown",
}
_COUNTED = ("succeeded", "warnings")
"""How a look for updates ends whose counts stand for something; a failed one counts zero, too."""
_PATCH_MODES: Mapping[str, PatchMode] = {
    "AutomaticByPlatform": "platform",
    "AutomaticByOS": "system",
    "ImageDefault": "image",
    "Manual": "manual",
}
_ASSESSED = {"AutomaticByPlatform": True, "ImageDefault": False}
_MODES: Mapping[str, Mode] = {"Automatic": "automatic", "Rolling": "rolling", "Manual": "manual"}
_CHANNELS: Mapping[str, Channel | None] = {
    "rapid": "rapid",
    "stable": "stable",
    "patch": "patch",
    "node-image": "node-image",
    "none": None,
}
_NODE_UPGRADES: Mapping[str, NodeUpgrades] = {
    "NodeImage": "node-image",
    "SecurityPatch": "security-patch",
    "Unmanaged": "unmanaged",
    "None": "none",
}
_LONG_TERM = {"AKSLongTermSupport": True, "KubernetesOfficial": False}
# How the tags begin that AKS leaves on its nodes: https://learn.microsoft.com/azure/aks/use-tags
_OF_AKS = "aks-managed-"
_EXTENDED_LICENCES = ("UBUNTU_PRO", "RHEL_ELS_")
"""How the licences of machines begin whose extended support was bought after they were made."""
_STATUSES = {"Connected": True, "Disconnected": False, "Expired": False, "Error": False}
_DOTNET_CORE = 5
"""The first .NET that App Service names so on Windows; before it is the framework, a part of Windows."""


@check(_STATES)
def virtual_machines(subscription: AzureSubscription) -> Iterator[MachineUpdates]:
    """What Update Manager saw of each virtual machine's updates when it last looked.

    Azure tells of the last look only. One that failed, or is not over, says nothing of the updates, though
    it comes with numbers; nor does Azure look at a machine that is switched off.
    """
    for machine in subscription.all(_STATES):
        with subscription.reading(machine.id):
            seen = machine.part("properties.instanceView.patchStatus.availablePatchSummary")
            # What Azure has not found out yet, it leaves out.
            assessment = seen.word("status", _ASSESSMENTS, None)
            counted = assessment in _COUNTED
            security = seen.number("criticalAndSecurityPatchCount") if counted else None
            yield MachineUpdates(
                resource=machine.id,
                region=machine.region,
                powered_on=_powered_on(machine),
                assessment=assessment,
                assessed_at=seen.moment("lastModifiedTime") if counted else None,
                security_updates_missing=security,
                updates_missing=None if security is None else security + seen.number("otherPatchCount"),
                reboot_pending=seen.flag("rebootPending") if counted else None,
            )


@check(_MACHINES)
def virtual_machine_patching(subscription: AzureSubscription) -> Iterator[MachinePatching]:
    """Who installs updates on virtual machines, and whether Azure looks for them every day."""
    for machine in subscription.all(_MACHINES):
        with subscription.reading(machine.id):
            yield _patching(machine)


@check(_ARC)
def arc_machine_patching(subscription: AzureSubscription) -> Iterator[MachinePatching]:
    """Who installs updates on machines that Azure Arc manages, and whether Azure looks for them every day."""
    for machine in subscription.all(_ARC):
        with subscription.reading(machine.id):
            yield _patching(machine)


@check(_MACHINES, _STATES)
def virtual_machine_releases(subscription: AzureSubscription) -> Iterator[MachineRelease]:
    """Until when the operating systems of virtual machines are mended.

    The agent on a running machine tells what runs. Of others the image is known that they were made of; an
    image of one's own does not tell what is in it.
    """
    states = {state.id: state for state in subscription.all(_STATES)}
    for machine in subscription.all(_MACHINES):
        with subscription.reading(machine.id):
            view = states[machine.id].part("properties.instanceView") if machine.id in states else None
            name = view.text("osName", "") if view else ""
            found = (
                azure_releases.system(name, view.text("osVersion", ""))
                if view and name
                else _image(machine.part("properties.storageProfile"))
            )
            licence = machine.text("properties.licenseType", "").upper()
            yield MachineRelease(
                **machine.about,
                **found.support,
                extended_support=found.extended_support or licence.startswith(_EXTENDED_LICENCES),
                told_by="agent" if name else "image",
            )


@check(_SCALE_SETS)
def scale_sets(subscription: AzureSubscription) -> Iterator[ScaleSetUpgrades]:
    """How the machines of scale sets come to new images and settings."""
    for scale_set in subscription.all(_SCALE_SETS):
        with subscription.reading(scale_set.id):
            policy = scale_set.part("properties.upgradePolicy")
            yield ScaleSetUpgrades(
                **scale_set.about,
                upgrade_mode=policy.word("mode", _MODES, None),
                # Off unless set: https://learn.microsoft.com/azure/virtual-machine-scale-sets/
                # virtual-machine-scale-sets-automatic-upgrade
                automatic_image_upgrades=policy.flag(
                    "automaticOSUpgradePolicy.enableAutomaticOSUpgrade", False
                ),
                cluster_nodes=any(tag.lower().startswith(_OF_AKS) for tag in scale_set.tags),
            )


@check(_SCALE_SETS)
def scale_set_releases(subscription: AzureSubscription) -> Iterator[SystemRelease]:
    """Until when the operating systems are mended whose images scale sets make machines of.

    A flexible scale set may have no image of its own: then its machines are among virtual machines only.
    """
    for scale_set in subscription.all(_SCALE_SETS):
        with subscription.reading(scale_set.id):
            storage = scale_set.part("properties.virtualMachineProfile.storageProfile")
            if storage.has("imageReference"):
                found = _image(storage)
                yield SystemRelease(
                    **scale_set.about, **found.support, extended_support=found.extended_support
                )


@check(_ARC)
def arc_machines(subscription: AzureSubscription) -> Iterator[ConnectedMachineRelease]:
    """Until when the operating systems of machines that Azure Arc manages are mended, as its agent tells."""
    for machine in subscription.all(_ARC):
        with subscription.reading(machine.id):
            name = machine.text("properties.osSku", "") or machine.text("properties.osName")
            found = azure_releases.system(name, machine.text("properties.osVersion", ""))
            bought = machine.text("properties.licenseProfile.esuProfile.licenseAssignmentState", "")
            # Off Azure, what extends Windows is bought; Debian's LTS is for everybody.
            extended = found.extended_support and found.support["product"] != "windows-server"
            yield ConnectedMachineRelease(
                **machine.about,
                **found.support,
                extended_support=extended or bought == "Assigned",
                agent_online=machine.word("properties.status", _STATUSES),
            )


@check(_CLUSTERS)
def aks_clusters(subscription: AzureSubscription) -> Iterator[ClusterRelease]:
    """Until when the Kubernetes versions of AKS clusters are mended, and what AKS upgrades by itself."""
    for cluster in subscription.all(_CLUSTERS):
        with subscription.reading(cluster.id):
            asked = cluster.text("properties.kubernetesVersion")
            running = cluster.text("properties.currentKubernetesVersion", asked)
            pools = cluster.parts("properties.agentPoolProfiles")
            nodes = {pool.text("currentOrchestratorVersion", "") for pool in pools} - {""}
            profile = cluster.part("properties.autoUpgradeProfile")
            yield ClusterRelease(
                **cluster.about,
                **versions.support("azure-kubernetes-service", running),
                extended_support=cluster.word("properties.supportPlan", _LONG_TERM, False),
                upgrade_channel=profile.word("upgradeChannel", _CHANNELS, None),
                # The default has changed with the api-version a cluster was made in, so an absent one tells
                # nothing: https://learn.microsoft.com/azure/aks/auto-upgrade-node-os-image
                node_upgrades=profile.word("nodeOSUpgradeChannel", _NODE_UPGRADES, None),
                node_versions=tuple(sorted(nodes)),
            )


@check(_POSTGRESQL)
def postgresql_servers(subscription: AzureSubscription) -> Iterator[Release]:
    """Until when the PostgreSQL versions of flexible servers are mended; Azure follows PostgreSQL's dates."""
    for server in subscription.all(_POSTGRESQL):
        with subscription.reading(server.id):
            major = server.text("properties.version")
            minor = server.text("properties.minorVersion", "")
            # Azure tells the minor version alone, as 4, or the whole, as 16.4.
            version = minor if "." in minor else ".".join(part for part in (major, minor) if part)
            yield Release(**server.about, **versions.support("postgresql", version))


@check(_MYSQL)
def mysql_servers(subscription: AzureSubscription) -> Iterator[Release]:
    """Until when the MySQL versions of flexible servers are mended by Azure."""
    for server in subscription.all(_MYSQL):
        with subscription.reading(server.id):
            version = server.text("properties.version")
            yield Release(**server.about, **versions.support("azure-database-for-mysql", version))


@check(_SITES, _SITE_CONFIGURATION)
def app_services(subscription: AzureSubscription) -> Iterator[Release]:
    """Until when the runtimes of web and function apps are mended.

    A container brings its own runtime, and is not among these. On Windows, App Service tells of Java and of
    .NET from 5 on; what it says there of PHP, Python and Node.js is a default that an app need not use, and
    .NET Framework is a part of Windows.
    """

    def read(site: Resource) -> Release | None:
        settings = subscription.one(_SITE_CONFIGURATION, f"{site.id}/config/web")
        found = azure_releases.runtime(_stack(site, settings))
        return Release(**site.about, **found) if found else None

    for release in subscription.each(subscription.all(_SITES), read):
        if release:
            yield release


@check(_REDIS)
def redis_caches(subscription: AzureSubscription) -> Iterator[CacheVersion]:
    """Which Redis version caches run; Microsoft mends those that it offers, and says when it retires one."""
    for cache in subscription.all(_REDIS):
        with subscription.reading(cache.id):
            yield CacheVersion(
                **cache.about,
                version=cache.text("properties.redisVersion"),
                # Stable unless set: https://learn.microsoft.com/azure/azure-cache-for-redis/cache-administration
                preview_channel=cache.word(
                    "properties.updateChannel", {"Preview": True, "Stable": False}, False
                ),
            )


def _powered_on(machine: Resource) -> bool:
    codes = [status.text("code", "").lower() for status in machine.parts("properties.instanceView.statuses")]
    states = [code.removeprefix(_POWER) for code in codes if code.startswith(_POWER)]
    if not states:
        # As while it is being made.
        raise machine.strange("properties.instanceView.statuses", "one of them a PowerState")
    return "running" in states


def _patching(machine: Resource) -> MachinePatching:
    """What a machine's profile says; absent settings mean what Azure documents.

    https://learn.microsoft.com/azure/virtual-machines/automatic-vm-guest-patching: without a mode, Windows
    updates itself unless that is turned off, and Linux does what its image does.
    """
    windows = machine.part("properties.osProfile.windowsConfiguration")
    linux = machine.part("properties.osProfile.linuxConfiguration")
    default: PatchMode | None = None
    if windows.held:
        default = "system" if windows.flag("enableAutomaticUpdates", True) else "manual"
    elif linux.held:
        default = "image"
    settings = (windows if windows.held else linux).part("patchSettings")
    platform = settings.part("automaticByPlatformSettings")
    return MachinePatching(
        **machine.about,
        patch_mode=settings.word("patchMode", _PATCH_MODES, default),
        customer_schedule=platform.flag("bypassPlatformSafetyChecksOnUserSchedule", False),
        periodic_assessment=settings.word("assessmentMode", _ASSESSED, False),
    )


def _image(storage: Fields) -> azure_releases.Image:
    image = storage.part("imageReference")
    publisher = image.text("publisher", "")
    if publisher:
        return azure_releases.image(publisher, image.text("offer"), image.text("sku"))
    own = image.text("id", "") or image.text("sharedGalleryImageId", "")
    named = own or image.text("communityGalleryImageId", "") or storage.text("osDisk.osType")
    return azure_releases.Image(versions.support("image", named), extended_support=False)


def _stack(site: Resource, settings: Resource) -> str:
    """The runtime of an app, as NAME|version; empty where App Service does not tell."""
    # Where functions scale flexibly, the app itself has it.
    flexible = site.part("properties.functionAppConfig.runtime")
    if flexible.has("name"):
        return f"{flexible.text('name')}|{flexible.text('version', '')}"
    on_linux = settings.text("properties.linuxFxVersion", "")
    on_windows = settings.text("properties.windowsFxVersion", "")
    java = settings.text("properties.javaVersion", "")
    framework = settings.text("properties.netFrameworkVersion", "").lower().removeprefix("v")
    if on_linux or on_windows:
        return on_linux or on_windows
    if java:
        return f"JAVA|{java}"
    major = framework.partition(".")[0]
    modern = major.isdigit() and int(major) >= _DOTNET_CORE
    return f"DOTNETCORE|{framework}" if modern else ""
