"""What Ubuntu's pro command says."""

import json
from typing import Any

import msgspec


class ProStatus(msgspec.Struct, frozen=True):
    """What `pro security-status --format json` says of a host."""

    attached: bool
    enabled: frozenset[str]
    """The services that are on: esm-infra, esm-apps."""
    esm_updates: int
    """How many updates are available from those services and not installed."""


def pro_status(text: str) -> ProStatus | None:
    """What the command printed; None where it is not what Ubuntu documents."""
    match _parsed(text):
        case {
            "summary": {
                "ua": {"attached": bool(attached), "enabled_services": list(enabled)},
                "num_esm_infra_updates": int(infra),
                "num_esm_apps_updates": int(apps),
            }
        }:
            return ProStatus(
                attached, frozenset(name for name in enabled if isinstance(name, str)), infra + apps
            )
        case _:
            return None


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
