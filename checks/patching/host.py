"""Patching on hosts: updates that are missing, reboots that are pending, releases that are supported."""

from collections.abc import Iterator
from datetime import datetime

from checks.semantics import packages
from checks.semantics.units import enabled
from checks.semantics.versions import operating_system
from scanner import Facts, Host, Reason, check

from . import AutomaticUpdates, Release, Updates

_PLAN = "apt-get --simulate --ignore-hold -o Debug::NoLocking=1 dist-upgrade"
_LISTS = "ls /var/lib/apt/lists"
_PUBLISHED = "stat -c '%Y %n' /var/lib/apt/lists/*Release"
_ADVISORIES = "dnf -q -C --setopt=logfilelevel=0 updateinfo list --security"
_METADATA = (
    "stat -c '%Y %n' /var/cache/dnf/*/repodata/repomd.xml /var/cache/dnf/*/repodata/*updateinfo*"
    " /var/cache/dnf/*/repodata/*primary.xml*"
    " /var/cache/libdnf5/*/repodata/repomd.xml /var/cache/libdnf5/*/repodata/*updateinfo*"
    " /var/cache/libdnf5/*/repodata/*primary.xml*"
)
_TIMERS = "systemctl list-unit-files --no-legend --type=timer"
_BOOTED = "test -d /run/systemd/system"
_PERIODIC = "apt-config dump APT::Periodic"
_UNATTENDED = "test -x /usr/bin/unattended-upgrade"
_DNF_AUTOMATIC = (
    "grep -hs . /etc/dnf/automatic.conf /etc/dnf/dnf5-plugins/automatic.conf"
    " /usr/share/dnf5/dnf5-plugins/automatic.conf"
)
_YUM_CRON = "grep -hs . /etc/yum/yum-cron.conf /etc/yum/yum-cron-hourly.conf"
_SERVICES = "systemctl list-unit-files --no-legend --type=service"
_ONLINE_UPDATE = (
    "ls -d /etc/cron.daily/opensuse.org-online_update /etc/cron.weekly/opensuse.org-online_update"
    " /etc/cron.monthly/opensuse.org-online_update"
)
_FLAG = "test -e /run/reboot-required"
_SUSE_FLAG = "test -e /run/reboot-needed"
_RESTARTING = "needs-restarting -r"
_RUNNING = "uname -r"
_IMAGES = "ls -t -d /boot/vmlinuz-*"
_SYSTEM = "cat /etc/os-release"


class HostUpdates(Updates):
    """How far a host is behind with its updates, as its own lists of packages tell."""

    security_updates: tuple[str, ...]
    """The packages for which a security update is available and not installed."""
    lists_updated_at: datetime
    """The moment that the lists which this was read from are of: what came later is not in them."""


class AptUpdates(HostUpdates):
    """How far a Debian or Ubuntu host is behind."""

    updates_missing: int
    """How many updates of any kind are available and not installed."""


class DnfUpdates(HostUpdates):
    """How far a host of the Red Hat family is behind."""

    advisories: tuple[str, ...]
    """The security advisories that are not installed."""


class Reboot(Facts):
    """Whether a host runs what is installed on it."""

    reboot_pending: bool
    """Whether the host says that an update waits for it, or a newer kernel of its series is installed."""


@check(_PLAN, _LISTS, _PUBLISHED)
def apt(host: Host) -> Iterator[AptUpdates]:
    """Security updates that a Debian or Ubuntu host has not installed, held packages included.

    Asked of the lists that the host has, whose moment is when the oldest list of security updates was
    published. Without one nothing is said, since none missing would only mean that none is known. A security
    update that an ordinary one has replaced since counts as ordinary.
    """
    if not host.has("apt-get"):
        return
    plan = host.run(_PLAN).read(packages.apt_updates)
    if not host.run(_LISTS).read(packages.apt_security_lists):
        raise host.refuse(
            _LISTS, Reason.STALE, "there is no list of security updates", "run apt-get update on the host"
        )
    # stat ends with 1 where the pattern matches nothing.
    moments = host.run(_PUBLISHED, ok=(0, 1)).read(packages.moments)
    published = [moment for path, moment in moments.items() if "security" in path]
    if not published:
        raise host.refuse(
            _PUBLISHED,
            Reason.STALE,
            "the lists of security updates are without their release file",
            "run apt-get update on the host",
        )
    security = tuple(sorted(name for name, is_security in plan.items() if is_security))
    yield AptUpdates(
        resource=host.id,
        security_updates_missing=len(security),
        security_updates=security,
        updates_missing=len(plan),
        lists_updated_at=min(published),
    )


@check(_ADVISORIES, _METADATA)
def dnf(host: Host) -> Iterator[DnfUpdates]:
    """Security updates that a host of the Red Hat family has not installed.

    Asked of the metadata that the host has, without a network; its moment is when a repository's was last
    renewed. Where no repository publishes advisories (as on CentOS, and many mirrors) nothing is said, since
    none missing would only mean that none is known.
    """
    if not host.has("dnf"):
        return
    missing = host.run(_ADVISORIES).read(packages.dnf_advisories)
    # stat ends with 1 where one of the patterns matches nothing, as one of dnf 4 and dnf 5 always does.
    moments = host.run(_METADATA, ok=(0, 1)).read(packages.moments)
    if not any("updateinfo" in path for path in moments):
        raise host.refuse(
            _METADATA,
            Reason.STALE,
            "no repository's metadata here has security advisories",
            "run dnf makecache on the host; use repositories that publish updateinfo",
        )
    yield DnfUpdates(
        resource=host.id,
        security_updates_missing=len(missing),
        security_updates=tuple(sorted(missing)),
        advisories=tuple(sorted({advisory for group in missing.values() for advisory in group})),
        # dnf touches a repository's primary list when it finds that nothing is newer.
        lists_updated_at=max(moments.values()),
    )


@check(_TIMERS, _SERVICES, _BOOTED, _PERIODIC, _UNATTENDED, _DNF_AUTOMATIC, _YUM_CRON, _ONLINE_UPDATE)
def automatic_updates(host: Host) -> Iterator[AutomaticUpdates]:
    """Whether a host installs security updates by itself.

    By unattended-upgrades, dnf-automatic or yum-cron; on SUSE by the online update that YaST sets up, by
    os-update or transactional-update. Nothing is said of a host without systemd.
    """
    if not host.has("systemctl"):
        return
    timers = host.run(_TIMERS).read(enabled)
    # grep ends with 2 where one of the files does not exist.
    by_timer = packages.installs_by_timer(timers, host.run(_DNF_AUTOMATIC, ok=(0, 1, 2)).lines)
    services = host.run(_SERVICES).read(enabled)
    by_yum = packages.yum_cron_installs(services, host.run(_YUM_CRON, ok=(0, 1, 2)).lines)
    by_apt = host.run(_UNATTENDED, ok=(0, 1)).status == 0 and _apt_installs(host, timers)
    # ls ends with 2 where one of them does not exist.
    by_yast = bool(host.run(_ONLINE_UPDATE, ok=(0, 1, 2)).lines)
    if (by_apt or by_timer or by_yum) and host.run(_BOOTED, ok=(0, 1)).status == 1:
        raise host.refuse(
            _BOOTED,
            Reason.NOT_COLLECTED,
            "the host was not started by systemd, so its timers do not run; cron may do their work",
            "scan the machine that the container runs on, or see what its image is built from",
        )
    yield AutomaticUpdates(resource=host.id, automatic_updates=by_apt or by_timer or by_yum or by_yast)


@check(_FLAG, _SUSE_FLAG, _RESTARTING, _RUNNING, _IMAGES)
def reboot(host: Host) -> Iterator[Reboot]:
    """Whether a host still has to be rebooted for its updates to work.

    On the Red Hat family this is what needs-restarting says, where it is installed. Elsewhere it is the flag
    that Debian's, Ubuntu's and SUSE's packages leave, and the kernels in /boot; libraries that running
    programs still hold are not seen there.
    """
    flagged = host.run(_FLAG, ok=(0, 1)).status == 0 or host.run(_SUSE_FLAG, ok=(0, 1)).status == 0
    # ls ends with 2 where there is no kernel, as in a container.
    images = host.run(_IMAGES, ok=(0, 1, 2)).lines
    newer = packages.newer_kernel(host.run(_RUNNING).text.strip(), images)
    told = host.has("needs-restarting") and _told_to_reboot(host)
    yield Reboot(resource=host.id, reboot_pending=flagged or newer or told)


@check(_SYSTEM)
def release(host: Host) -> Iterator[Release]:
    """The release of the operating system, and until when its publisher mends it."""
    said = host.run(_SYSTEM).read(packages.os_release)
    yield Release(
        resource=host.id, **operating_system(said.get("ID", "linux"), said.get("VERSION_ID", "rolling"))
    )


def _apt_installs(host: Host, timers: frozenset[str]) -> bool:
    settings = host.run(_PERIODIC).read(packages.apt_settings)
    return packages.apt_installs_by_itself(settings) and "apt-daily-upgrade.timer" in timers


def _told_to_reboot(host: Host) -> bool:
    """It ends with 1 both when a reboot is due and when it breaks; only its words tell which."""
    said = host.run(_RESTARTING, ok=(0, 1))
    if said.status == 1 and "Reboot is required" not in said.text:
        raise host.refuse(
            _RESTARTING, Reason.FAILED, "ended with 1 without saying why", "see why it fails on the host"
        )
    return said.status == 1
