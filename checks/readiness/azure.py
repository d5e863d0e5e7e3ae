"""Readiness on Azure: who is told when Defender for Cloud sees an attack."""

import re
from collections.abc import Iterator

from scanner import AzureSubscription, Fields, check

from . import SecurityContacts, Severity

_CONTACTS = "Microsoft.Security/securityContacts/read"

_LEVELS: dict[str, Severity] = {"Low": "low", "Medium": "medium", "High": "high", "Critical": "critical"}
_DEFAULT = "default"
_ON = "on"
_BETWEEN = re.compile(r"[;,\s]+")


@check(_CONTACTS)
def security_contacts(subscription: AzureSubscription) -> Iterator[SecurityContacts]:
    """Whom Defender for Cloud writes to, and of what.

    Only the contact that is called default counts
    (https://learn.microsoft.com/azure/defender-for-cloud/configure-email-notifications). One that is turned
    off writes to nobody, whatever else it says.
    """
    for contact in subscription.all(_CONTACTS):
        if contact.name.lower() == _DEFAULT and contact.flag("properties.isEnabled"):
            yield _told(subscription.id, contact.part("properties"))
            return
    yield SecurityContacts(
        resource=subscription.id,
        contact_emails=(),
        contact_phone=False,
        notified_roles=(),
        anyone_notified=False,
        alerts_from=None,
        attack_paths_from=None,
    )


def _told(resource: str, contact: Fields) -> SecurityContacts:
    emails = set(_BETWEEN.split(contact.text("emails", ""))) - {""}
    by_role = contact.text("notificationsByRole.state", "").lower() == _ON
    roles = contact.texts("notificationsByRole.roles") if by_role else ()
    sources = {source.text("sourceType"): source for source in contact.parts("notificationsSources")}
    alerts, attack_paths = sources.get("Alert"), sources.get("AttackPath")
    return SecurityContacts(
        resource=resource,
        contact_emails=tuple(sorted(emails)),
        contact_phone=bool(contact.text("phone", "")),
        notified_roles=tuple(sorted(roles)),
        anyone_notified=bool(emails or roles),
        alerts_from=alerts.word("minimalSeverity", _LEVELS) if alerts else None,
        attack_paths_from=attack_paths.word("minimalRiskLevel", _LEVELS) if attack_paths else None,
    )
