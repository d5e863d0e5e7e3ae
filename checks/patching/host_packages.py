"""Patching on hosts: what Alpine's and Ubuntu's own tools tell besides."""

from collections.abc import Iterator
from datetime import datetime

from checks.semantics import packages, ubuntu
from scanner import Facts, Host, Reason, check

from . import AutomaticUpdates, Updates

_APK = "apk --no-network version -l '<'"
_APK_LISTS = "stat -c '%Y %n' /var/cache/apk/APKINDEX.*.tar.gz /etc/apk/cache/APKINDEX.*.tar.gz"
_APK_VERSION = "apk --version"
_CRON = "sudo grep -rhs upgrade /etc/crontabs /etc/periodic"
_PRO = "pro security-status --format json"
_ORIGINS = "apt-config dump Unattended-Upgrade"
_UNATTENDED = "test -x /usr/bin/unattended-upgrade"
_STAMPS = (
    "stat -c '%Y %n' /var/lib/apt/periodic/unattended-upgrades-stamp /var/lib/apt/periodic/upgrade-stamp"
)


class ApkUpdates(Updates):
    """How far an Alpine host is behind; Alpine's lists do not tell security updates from others."""

    updates_missing: int
    """How many updates of any kind are available and not installed."""
    updates: tuple[str, ...]
    """The packages for which one is."""
    lists_updated_at: datetime
    """The moment that the lists which this was read from are of: what came later is not in them."""


class ProUpdates(Facts):
    """Which mends an Ubuntu host can get only from Ubuntu Pro."""

    attached: bool
    """Whether the host has a subscription to Ubuntu Pro."""
    esm_infra: bool
    """Whether it gets the mends of the base system after its standard support."""
    esm_apps: bool
    """Whether it gets the mends of the packages that the community keeps (universe)."""
    esm_updates_missing: int
    """How many security updates there are that only Ubuntu Pro gives and that are not installed."""


class UnattendedUpgrades(Facts):
    """What a Debian or Ubuntu host's unattended-upgrades installs, and when it last ran."""

    installed: bool
    """Whether the host has it."""
    security_origins: bool
    """Whether it is there and may install security updates."""
    last_run_at: datetime | None
    """When it last ran to its end; none if it never did."""


@check(_APK, _APK_LISTS)
def apk(host: Host) -> Iterator[ApkUpdates]:
    """Updates that an Alpine host has not installed.

    Asked of the lists that the host has, without a network; without any nothing is said. Alpine's lists do
    not say which updates are for security, so all are counted; those for which a package is held back, too.
    """
    if not host.has("apk"):
        return
    updates = host.run(_APK).read(packages.apk_upgrades)
    # stat ends with 1 where one of the patterns matches nothing.
    moments = host.run(_APK_LISTS, ok=(0, 1)).read(packages.moments)
    if not moments:
        raise host.refuse(
            _APK_LISTS, Reason.STALE, "there are no lists of packages", "run apk update on the host"
        )
    yield ApkUpdates(
        resource=host.id,
        security_updates_missing=None,
        updates_missing=len(updates),
        updates=updates,
        lists_updated_at=min(moments.values()),
    )


@check(_APK_VERSION, _CRON)
def apk_schedule(host: Host) -> Iterator[AutomaticUpdates]:
    """Whether an Alpine host installs updates by itself: whether cron has it run `apk upgrade`."""
    if not host.has("apk"):
        return
    # grep ends with 1 where nothing is found, and with 2 where one of the folders does not exist.
    lines = host.run(_CRON, ok=(0, 1, 2)).lines
    yield AutomaticUpdates(resource=host.id, automatic_updates=packages.cron_upgrades(lines))


@check(_PRO)
def ubuntu_pro(host: Host) -> Iterator[ProUpdates]:
    """Mends that an Ubuntu host lacks because only Ubuntu Pro gives them.

    Asked of the host's own lists. Nothing is said of a host without Ubuntu's pro command.
    """
    if not host.has("pro"):
        return
    status = ubuntu.pro_status(host.run(_PRO).text)
    if status is None:
        raise host.refuse(
            _PRO, Reason.INVALID_ANSWER, "its answer is not what Ubuntu documents", "update ubuntu-pro-client"
        )
    yield ProUpdates(
        resource=host.id,
        attached=status.attached,
        esm_infra="esm-infra" in status.enabled,
        esm_apps="esm-apps" in status.enabled,
        esm_updates_missing=status.esm_updates,
    )


@check(_UNATTENDED, _ORIGINS, _STAMPS)
def unattended_upgrades(host: Host) -> Iterator[UnattendedUpgrades]:
    """Whether unattended-upgrades may install security updates, and when it last ran."""
    if not host.has("apt-config"):
        return
    installed = host.run(_UNATTENDED, ok=(0, 1)).status == 0
    allowed = host.run(_ORIGINS).read(packages.apt_security_origins)
    # stat ends with 1 where one of the stamps does not exist.
    stamps = host.run(_STAMPS, ok=(0, 1)).read(packages.moments)
    yield UnattendedUpgrades(
        resource=host.id,
        installed=installed,
        security_origins=installed and allowed,
        last_run_at=max(stamps.values(), default=None),
    )
