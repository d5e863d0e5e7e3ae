"""Readiness: who is told when something happens, and what is prepared for it."""

from typing import Literal

from scanner import Facts

Severity = Literal["low", "medium", "high", "critical"]


class SecurityContact(Facts):
    """Whom a cloud tells when it sees an attack."""

    contact_emails: tuple[str, ...]
    """The addresses that are written to; none where nothing is sent."""
    contact_phone: bool
    """Whether there is a number under which the provider's security staff can call somebody."""


class SecurityContacts(SecurityContact):
    """Whom a cloud tells when it sees an attack, and of what."""

    notified_roles: tuple[str, ...]
    """The roles in the account whose holders are written to, too, as the platform names them."""
    anyone_notified: bool
    """Whether there is an address or a role that is written to."""
    alerts_from: Severity | None
    """The lowest severity of an alert that is written of; none where alerts are not."""
    attack_paths_from: Severity | None
    """The lowest risk of an attack path (an open way in) that is written of; none where they are not."""


class SupportAccess(Facts):
    """Whether somebody can ask the cloud's provider for help when something happens."""

    support_access: bool
    """Whether the right to open cases with the provider's support is given to somebody by itself, and does
    not come with all others only."""


class AlarmTopic(Facts):
    """Who reads what alarms send."""

    exists: bool
    """Whether there is such a topic still."""
    confirmed_subscriptions: int
    """How many subscribers have confirmed that they get it."""


class Balancer(Facts):
    """What a load balancer outlives."""

    kind: Literal["application", "network", "gateway", "classic"]
    """What kind it is, as AWS names it."""
    zones: int
    """In how many availability zones it is."""
    cross_zone: bool
    """Whether it shares the work out over all of its zones, so that what is left of them carries it; a target
    group may say otherwise."""
    deletion_protected: bool | None
    """Whether it cannot be deleted before that is allowed; none where its kind cannot be protected."""
