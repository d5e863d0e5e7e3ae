"""Patching: releases that are still supported, and updates that are installed."""

from datetime import datetime
from typing import Literal

from scanner import Facts


class Release(Facts):
    """What is running, and until when its publisher mends it.

    `supported_until: {minDaysAhead: 0}` passes only what the packaged list of releases knows to be supported.
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
