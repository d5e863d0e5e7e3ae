from typing import Any

import pytest

from checks.readiness import SecurityContacts
from checks.readiness.azure import security_contacts
from scanner.testing import SUBSCRIPTION, look, observe, world

NEED = "Microsoft.Security/securityContacts/read"
ID = f"/subscriptions/{SUBSCRIPTION}"

NOBODY: dict[str, Any] = {
    "contact_emails": (),
    "contact_phone": False,
    "notified_roles": (),
    "anyone_notified": False,
    "alerts_from": None,
    "attack_paths_from": None,
}


def contact(name: str = "default", **properties: Any) -> dict[str, Any]:
    return {
        "id": f"{ID}/providers/Microsoft.Security/securityContacts/{name}",
        "name": name,
        "type": "Microsoft.Security/securityContacts",
        "properties": {"isEnabled": True, **properties},
    }


EVERYTHING = {
    "emails": "soc@clinic.example;ciso@clinic.example",
    "phone": "+31 20 555 0100",
    "notificationsByRole": {"state": "On", "roles": ["Owner", "Contributor"]},
    "notificationsSources": [
        {"sourceType": "AttackPath", "minimalRiskLevel": "Critical"},
        {"sourceType": "Alert", "minimalSeverity": "Medium"},
    ],
}

WORLD = world(security_contacts, {NEED: [contact("default2", emails="x@x"), contact(**EVERYTHING)]})


def test_security_contacts() -> None:
    assert observe(security_contacts, WORLD) == [
        SecurityContacts(
            resource=ID,
            contact_emails=("ciso@clinic.example", "soc@clinic.example"),
            contact_phone=True,
            notified_roles=("Contributor", "Owner"),
            anyone_notified=True,
            alerts_from="medium",
            attack_paths_from="critical",
        )
    ]


@pytest.mark.parametrize(
    "contacts",
    [
        [],
        [contact("default1", **EVERYTHING)],
        [contact(**EVERYTHING) | {"properties": {**EVERYTHING, "isEnabled": False}}],
        [
            contact(
                emails="", notificationsByRole={"state": "Off", "roles": ["Owner"]}, notificationsSources=[]
            )
        ],
    ],
    ids=["none", "another", "turned off", "empty"],
)
def test_nobody_is_told(contacts: list[dict[str, Any]]) -> None:
    assert observe(security_contacts, {NEED: contacts}) == [SecurityContacts(resource=ID, **NOBODY)]


def test_roles_alone_are_somebody() -> None:
    owners = contact(emails="", notificationsByRole={"state": "On", "roles": ["Owner"]})

    assert observe(security_contacts, {NEED: [owners]}) == [
        SecurityContacts(resource=ID, **NOBODY | {"notified_roles": ("Owner",), "anyone_notified": True})
    ]


def test_a_contact_of_which_azure_does_not_say_whether_it_is_on_is_refused() -> None:
    silent = {**contact(), "properties": {"emails": "soc@clinic.example"}}

    sight = look(security_contacts, {NEED: [silent]})

    assert sight.facts == []
    assert [refusal.error.detail for refusal in sight.refusals] == [
        "properties.isEnabled is missing; expected true or false"
    ]
