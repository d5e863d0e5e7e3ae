"""Patching: releases that are still supported, and updates that are installed."""

from datetime import datetime
from typing import Literal

from scanner import Facts


class Release(Facts):
    """What is running, and until when its publisher mends it.

    `supported_until: {minDaysAhead: 0}` passes only what the packaged list of releases knows to be supported;
    a check that asks the platform about what the list lacks says so, and then the platform is meant.
    """

    product: str
    """The product, as endoflife.date names it; where it lists none, as the platform names it."""
    version: str
    """The version that is running, as the platform tells it."""
    cycle: str | None
    """The release cycle of that version; none when the packaged list has none for it."""
    support_end: Literal["dated", "unannounced", "past", "unlisted"]
    """What the packaged list says of the end of security support: its date; that no date is announced yet;
    that it is past, without a date; or nothing, since it does not have the version."""
    supported_until: datetime | None
    """The day on which security support ends, or ended; none unless the list dates it."""
    extended_support_until: datetime | None
    """The day on which extended support ends, which mostly costs extra (Debian's LTS does not); none unless
    the list dates it."""


class Updates(Facts):
    """How far one machine is behind with its updates."""

    security_updates_missing: int | None
    """How many security updates are available and not in effect; none where nobody tells them from others."""


class AutomaticUpdates(Facts):
    """Whether a host installs security updates by itself."""

    automatic_updates: bool
    """Whether something that installs them is installed, told to install, and started by the host."""


class EngineRelease(Release):
    """A managed database's engine, and until when its publisher mends it."""

    auto_minor_version_upgrade: bool
    """Whether the platform installs new minor versions by itself."""
    extended_support: bool
    """Whether the platform mends it, at a charge, from supported_until to extended_support_until."""


class PatchState(Updates):
    """What a patch manager saw when it last looked at a machine."""

    scanned_at: datetime
    """When the patch manager last finished a scan or an installation."""
    critical_updates_missing: int | None
    """How many updates that the patch baseline calls critical are not in effect; none where not counted."""
    updates_missing: int
    """How many updates the patch baseline approves that are not installed."""
    updates_failed: int
    """How many updates the last installation tried and could not install."""
    updates_pending_reboot: int
    """How many updates are installed and wait for a restart."""


class PatchScan(Facts):
    """Whether a patch manager looks at a machine that it manages."""

    agent_online: bool
    """Whether the patch manager's agent on the machine answers."""
    scanned_at: datetime | None
    """When the patch manager last finished a scan or an installation; none if it never did."""


class Managed(Facts):
    """Whether a machine is managed at all."""

    managed: bool
    """Whether a patch manager's agent on the machine has registered."""


class MachineUpdates(Updates):
    """What a cloud's update manager saw when it last looked at a virtual machine."""

    powered_on: bool
    """Whether the machine runs; one that does not is not looked at."""
    assessment: Literal["succeeded", "warnings", "failed", "in-progress", "unknown"] | None
    """How the last look for updates ended; none if there never was one."""
    assessed_at: datetime | None
    """When the last look for updates ended, if it succeeded; none otherwise."""
    security_updates_missing: int | None
    """How many updates that are critical or for security are available and not installed, as of assessed_at;
    none where the last look did not succeed."""
    updates_missing: int | None
    """How many updates of any kind are available and not installed, as of assessed_at; none where the last
    look did not succeed."""
    reboot_pending: bool | None
    """Whether the machine waited for a restart at assessed_at; none where the last look did not succeed."""


class MachinePatching(Facts):
    """Who installs updates on a machine, and who looks for them."""

    patch_mode: Literal["platform", "system", "image", "manual"] | None
    """Who installs them: the platform; the operating system by itself; whatever its image is set to; or
    somebody by hand. None where the platform keeps no settings, since the machine was made of a disk."""
    customer_schedule: bool
    """Whether the platform leaves the time to a schedule of the customer's; without one, nothing comes."""
    periodic_assessment: bool
    """Whether the platform looks for updates by itself, every day."""


class SystemRelease(Release):
    """An operating system or platform, and until when its publisher mends it."""

    extended_support: bool
    """Whether it is mended from supported_until to extended_support_until, too: bought, or for everybody."""


class MachineRelease(SystemRelease):
    """The operating system of a virtual machine."""

    told_by: Literal["agent", "image"]
    """Who tells the release: the agent on the machine; or the image that it was made of, which does not know
    of an upgrade since."""


class ConnectedMachineRelease(SystemRelease):
    """The operating system of a machine elsewhere that a cloud manages."""

    agent_online: bool
    """Whether the agent on the machine answers."""


class ClusterRelease(SystemRelease):
    """The Kubernetes version of a cluster."""

    upgrade_channel: Literal["rapid", "stable", "patch", "node-image"] | None
    """Which new versions the platform installs by itself; none when it installs none."""
    node_upgrades: Literal["node-image", "security-patch", "unmanaged", "none"] | None
    """How the nodes' operating system is updated: by new images; by patches that the platform tested; by
    itself, out of the platform's sight; not at all. None where the platform does not say."""
    node_versions: tuple[str, ...]
    """The Kubernetes versions that its nodes run, which may lag behind the cluster's."""


class ScaleSetUpgrades(Facts):
    """How the machines of a scale set come to what the set is set to."""

    upgrade_mode: Literal["automatic", "rolling", "manual"] | None
    """When a machine takes over a change of the set: at once, batch by batch, or when told to. None for a set
    whose machines are managed one by one."""
    automatic_image_upgrades: bool
    """Whether machines are made anew from each new version of their image."""
    cluster_nodes: bool
    """Whether the set is the nodes of a Kubernetes cluster, which upgrades them itself."""


class CacheVersion(Facts):
    """The version of a managed cache."""

    version: str
    """The version that is running, as the platform tells it."""
    preview_channel: bool
    """Whether it gets updates before they are generally released."""


class SearchRelease(SystemRelease):
    """The engine of a search domain."""

    automatic_software_updates: bool
    """Whether the platform installs its own updates, below the engine's version, in the domain's off-peak
    window."""
    software_update_waiting: bool
    """Whether there is an update of the platform's own that is not installed."""


class MinorUpgrades(Facts):
    """Who brings in new minor versions of what a platform runs."""

    auto_minor_version_upgrade: bool
    """Whether the platform installs new minor versions by itself."""


class Upgrades(Facts):
    """Who brings in new versions of what a platform runs."""

    automatic_upgrades: bool
    """Whether the platform installs new versions by itself, in the maintenance window."""


class PlatformRelease(Facts):
    """The platform below an application, and whether its publisher still mends it."""

    platform: str
    """The platform branch, as its publisher names it; a custom platform's own name."""
    branch_state: Literal["beta", "supported", "deprecated", "retired"] | None
    """What the publisher says of the branch: no longer mended once retired; none for a custom platform."""
    recommended: bool
    """Whether it is the version that the publisher recommends: the branch's newest."""


class ManagedUpdates(Facts):
    """Who updates the platform below an application."""

    managed_updates: bool
    """Whether the platform updates itself, in a window every week."""
    update_level: Literal["minor", "patch"] | None
    """Which new versions it then installs: patches only, or minor versions too; none without such updates."""


class MachineAge(Facts):
    """Since when a machine runs, or does not."""

    powered_on: bool
    """Whether the machine runs."""
    launched_at: datetime
    """When the machine was last started; a restart of its operating system does not count."""
    stopped_at: datetime | None
    """When the machine was stopped; none while it runs, and where the cloud does not say."""


class MachineImage(Facts):
    """What a machine was made of; it may have been updated since."""

    image_id: str
    """The image, as the platform names it."""
    image_created_at: datetime | None
    """When the image was made; none where the image is gone, or not shown to the account any more."""
    image_deprecated_at: datetime | None
    """From when on its publisher advises against it; none where none does."""


class Associations(Facts):
    """Whether a machine is as its manager was told to have it."""

    associations_met: int
    """How many of the states that are to be kept (State Manager's associations) are."""
    associations_missed: int
    """How many of them are not."""
    checked_at: datetime
    """When that was last looked at."""


class ServicePlatform(Facts):
    """The platform on which a service's containers run, where the provider brings the machines."""

    platform_version: str
    """The version that is asked for: LATEST, or a number."""
    newest_platform: bool
    """Whether each new start takes the newest there is, with its updates."""
