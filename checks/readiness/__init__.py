"""Readiness: who is told when something happens, and what is prepared for it."""

from typing import Literal

from scanner import Facts

Severity = Literal["low", "medium", "high", "critical"]


class SecurityContacts(Facts):
    """Whom a cloud tells when it sees an attack."""

    contact_emails: tuple[str, ...]
    """The addresses that are written to; none where nothing is sent."""
    contact_phone: bool
    """Whether there is a number under which the provider's security staff can call somebody."""
    notified_roles: tuple[str, ...]
    """The roles in the account whose holders are written to, too, as the platform names them."""
    anyone_notified: bool
    """Whether there is an address or a role that is written to."""
    alerts_from: Severity | None
    """The lowest severity of an alert that is written of; none where alerts are not."""
    attack_paths_from: Severity | None
    """The lowest risk of an attack path (an open way in) that is written of; none where they are not."""
