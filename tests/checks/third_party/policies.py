"""Policies in worlds, and whom they let in."""

import json
from typing import Any


def policy(*said: dict[str, Any]) -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Resource": "*", **each} for each in said],
        }
    )


def to(principal: object, action: str, **condition: object) -> dict[str, Any]:
    return {"Principal": principal, "Action": action, "Condition": condition}


def who(**known: Any) -> dict[str, Any]:
    nobody: dict[str, Any] = {
        "anyone": False,
        "external_accounts": (),
        "organizations": (),
        "identities": (),
        "networks": (),
        "unbound_services": (),
    }
    return nobody | known
