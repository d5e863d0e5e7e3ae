"""Patching on hosts whose repositories publish advisories: how grave, since when, and against what."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from checks.semantics import advisories as said
from checks.semantics import packages
from scanner import Facts, Host, Reason, check

from . import Updates

_INSTALLED = "ls -d /usr/bin/dnf /usr/bin/yum"
# As a user, yum takes its own lists where it may ask for new ones, and the system's with -C (yum(8)). Where
# there is dnf, yum is another name for it.
_YUM_LIST = "test -e /usr/bin/dnf || test ! -e /usr/bin/yum || yum -q -C updateinfo list security"
_RED_HAT = (
    "if test -e /usr/bin/dnf; then dnf -q -C --setopt=logfilelevel=0 updateinfo info --security;"
    " elif test -e /usr/bin/yum; then yum -q -C updateinfo info security; fi"
)
_RED_HAT_METADATA = (
    "stat -c '%Y %n' /var/cache/dnf/*/repodata/repomd.xml /var/cache/dnf/*/repodata/*updateinfo*"
    " /var/cache/dnf/*/repodata/*primary.xml*"
    " /var/cache/libdnf5/*/repodata/repomd.xml /var/cache/libdnf5/*/repodata/*updateinfo*"
    " /var/cache/libdnf5/*/repodata/*primary.xml*"
    " /var/cache/yum/*/*/*/repomd.xml /var/cache/yum/*/*/*/*updateinfo* /var/cache/yum/*/*/*/cachecookie"
)
_ZYPPER = "zypper --non-interactive --no-refresh --xmlout list-patches --category security"
_ZYPPER_METADATA = (
    "stat -c '%Y %n' /var/cache/zypp/raw/*/repodata/repomd.xml /var/cache/zypp/raw/*/repodata/*updateinfo*"
)
_NEEDS = (_INSTALLED, _RED_HAT, _RED_HAT_METADATA, _ZYPPER, _ZYPPER_METADATA)


class YumUpdates(Updates):
    """How far a host that has yum and no dnf is behind."""

    security_updates: tuple[str, ...]
    """The packages for which a security update is available and not installed."""
    advisories: tuple[str, ...]
    """The security advisories that are not installed."""
    lists_updated_at: datetime
    """The moment that the lists which this was read from are of: what came later is not in them."""


class ZypperUpdates(Updates):
    """How far a SUSE host is behind; what is counted are SUSE's patches, of several packages each."""

    advisories: tuple[str, ...]
    """The security patches that are needed and not installed."""
    lists_updated_at: datetime
    """The moment that the lists which this was read from are of: what came later is not in them."""


class Advisories(Facts):
    """The security advisories that a host lacks, by how grave their publisher calls them."""

    critical_missing: int
    """How many that are called critical are not installed."""
    important_missing: int
    """How many that are called important are not installed."""
    lesser_missing: int
    """How many that are called moderate, medium or low are not installed."""
    unrated_missing: int
    """How many are not installed that nobody rates."""
    critical_advisories: tuple[str, ...]
    """Those that are called critical."""
    missing_cves: tuple[str, ...]
    """The vulnerabilities that they would mend, as CVE names them: CISA's list of exploited ones names them
    so, too."""


class AdvisoryAge(Facts):
    """Since when a host lacks security updates."""

    oldest_published_at: datetime | None
    """When the oldest advisory that is not installed was last published; none when all are installed."""


@check(_INSTALLED, _YUM_LIST, _RED_HAT_METADATA)
def yum(host: Host) -> Iterator[YumUpdates]:
    """Security updates that a host with yum and without dnf has not installed, as Amazon Linux 2.

    Asked of the metadata that the host has, without a network; its moment is when a repository's was last
    renewed. Where no repository publishes advisories nothing is said, since none missing would only mean that
    none is known.
    """
    if _red_hat(host) != "yum":
        return
    missing = host.run(_YUM_LIST).read(packages.dnf_advisories)
    yield YumUpdates(
        resource=host.id,
        security_updates_missing=len(missing),
        security_updates=tuple(sorted(missing)),
        advisories=tuple(sorted({advisory for group in missing.values() for advisory in group})),
        lists_updated_at=_renewed(host, _RED_HAT_METADATA, "yum makecache"),
    )


@check(_ZYPPER, _ZYPPER_METADATA)
def zypper(host: Host) -> Iterator[ZypperUpdates]:
    """Security patches that a SUSE host needs and has not installed.

    Asked of the metadata that the host has, without a network; its moment is when zypper last saw that a
    repository has nothing newer. Where no repository publishes patches nothing is said, since none needed
    would only mean that none is known.
    """
    if not host.has("zypper"):
        return
    patches = said.zypper_patches(host.run(_ZYPPER).text)
    yield ZypperUpdates(
        resource=host.id,
        security_updates_missing=len(patches),
        advisories=tuple(patch.name for patch in patches),
        lists_updated_at=_renewed(host, _ZYPPER_METADATA, "zypper refresh"),
    )


@check(*_NEEDS)
def advisories(host: Host) -> Iterator[Advisories]:
    """How grave the security updates are that a host lacks, and which vulnerabilities they mend.

    Told by the advisories of the Red Hat family, Amazon and SUSE. Debian, Ubuntu and Alpine publish none
    that a host keeps, so nothing is said of their hosts; each missing security update counts there.
    """
    missing = _missing(host)
    if missing is None:
        return
    rated = [advisory.severity for advisory in missing]
    yield Advisories(
        resource=host.id,
        critical_missing=rated.count("critical"),
        important_missing=rated.count("important"),
        lesser_missing=rated.count("moderate") + rated.count("low"),
        unrated_missing=rated.count(None),
        critical_advisories=tuple(each.name for each in missing if each.severity == "critical"),
        missing_cves=tuple(sorted({cve for advisory in missing for cve in advisory.cves})),
    )


@check(*_NEEDS)
def advisory_age(host: Host) -> Iterator[AdvisoryAge]:
    """Since when security updates have been published that a host lacks.

    Told by the advisories of the Red Hat family, Amazon and SUSE. Debian, Ubuntu and Alpine keep no date of
    an update on the host, so nothing is said of their hosts.
    """
    missing = _missing(host)
    if missing is None:
        return
    dated = [advisory.published_at for advisory in missing if advisory.published_at]
    if len(dated) < len(missing):
        raise host.refuse(
            _ZYPPER if host.has("zypper") else _RED_HAT,
            Reason.INVALID_ANSWER,
            "an advisory does not say when it was published",
            "use repositories whose advisories are dated",
        )
    yield AdvisoryAge(resource=host.id, oldest_published_at=min(dated, default=None))


def _missing(host: Host) -> list[said.Advisory] | None:
    """All advisories that any of the host's package managers misses; None where none of them tells."""
    red_hat, suse = _red_hat(host), host.has("zypper")
    found: list[said.Advisory] = []
    if red_hat:
        found += host.run(_RED_HAT).read(said.dnf_info)
        _renewed(host, _RED_HAT_METADATA, f"{red_hat} makecache")
    if suse:
        found += said.zypper_patches(host.run(_ZYPPER).text)
        _renewed(host, _ZYPPER_METADATA, "zypper refresh")
    return found if red_hat or suse else None


def _red_hat(host: Host) -> Literal["dnf", "yum"] | None:
    """The package manager of a host of the Red Hat family; with dnf, yum is another name for it."""
    # ls ends with 1 or 2 where one of them does not exist.
    installed = host.run(_INSTALLED, ok=(0, 1, 2)).lines
    if "/usr/bin/dnf" in installed:
        return "dnf"
    return "yum" if "/usr/bin/yum" in installed else None


def _renewed(host: Host, metadata: str, renew: str) -> datetime:
    """When a repository's metadata was last renewed; refused where none of it holds advisories."""
    # stat ends with 1 where one of the patterns matches nothing.
    moments = host.run(metadata, ok=(0, 1)).read(packages.moments)
    if not any("updateinfo" in path for path in moments):
        raise host.refuse(
            metadata,
            Reason.STALE,
            "no repository's metadata here has security advisories",
            f"run {renew} on the host; use repositories that publish updateinfo",
        )
    return max(moments.values())
