"""The configuration's targets: what may be said of each kind, and what is made of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..documents import Document
from ..errors import ScannerError
from . import Group, Target, inventory
from .accounts import AwsTarget
from .attestations import AttestationsTarget
from .clouds import CLOUDS
from .inventory import Place
from .organizations import AwsOrganization
from .subscriptions import AzureGroup, AzureTarget
from .tenants import EntraTarget

_TEXT = {"type": "string", "minLength": 1}

AWS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {
        "name": _TEXT,
        "account": {"type": "string", "pattern": r"^\d{12}$", "description": "an account id: twelve digits"},
        "profile": _TEXT,
        "role_arn": {
            "type": "string",
            "pattern": r"^arn:aws[a-z-]*:iam::\d{12}:role/.+$",
            "description": "a role's ARN, as in arn:aws:iam::111122223333:role/audit",
        },
        "external_id": _TEXT,
        "organization": {"const": True, "description": "true, or leave it out"},
        "role_name": {
            "type": "string",
            "pattern": r"^[\w+=,.@/-]{1,512}$",
            "description": "the name of a role that every account has, as in WardroundAudit",
        },
        "regions": {
            "anyOf": [{"const": "all"}, {"type": "array", "minItems": 1, "items": _TEXT}],
            "description": "all, or a list of regions",
        },
        "max_rps": {
            "type": "number",
            "exclusiveMinimum": 0,
            "description": "the most calls per second: a number, more than 0",
        },
    },
    "dependentRequired": {"organization": ["role_name"], "role_name": ["organization"]},
    "not": {"type": "object", "required": ["organization", "account"]},
    "description": "an account, or organization: true with a role_name",
}
_URL = {"type": "string", "pattern": r"^https://[^/\s?#@]+/?$", "description": "an address: https://host"}
_ID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
_SUBSCRIPTION = {
    "type": "string",
    "pattern": _ID,
    "description": "a subscription's id, as `az account list` shows it",
}
_TENANT = {"type": "string", "pattern": _ID, "description": "a tenant's id, as `az account list` shows it"}
AZURE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {
        "name": _TEXT,
        "subscription": _SUBSCRIPTION,
        "subscriptions": {
            "anyOf": [{"const": "all"}, {"type": "array", "minItems": 1, "items": _SUBSCRIPTION}],
            "description": "all, or a list of subscriptions' ids",
        },
        "management_group": {
            "type": "string",
            "pattern": r"^[\w().-]{1,90}$",
            "description": "a management group's id, as `az account management-group list` shows it",
        },
        "tenant": _TENANT,
        "cloud": {"enum": list(CLOUDS)},
        "resource_manager": _URL,
        "authority": _URL,
    },
    "oneOf": [{"required": [word]} for word in ("subscription", "subscriptions", "management_group")],
    "description": "a name, and one of subscription, subscriptions and management_group",
}
ENTRA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "tenant"],
    "properties": {
        "name": _TEXT,
        "tenant": _TENANT,
        "cloud": {"enum": list(CLOUDS)},
        "graph": _URL,
        "authority": _URL,
    },
}
ATTESTATIONS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "folder"],
    "properties": {"name": _TEXT, "folder": _TEXT},
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
    "properties": {
        "aws": AWS,
        "azure": AZURE,
        "entra": ENTRA,
        "hosts": inventory.HOSTS,
        "attestations": ATTESTATIONS,
    },
    "description": "one kind of target: aws, azure, entra, hosts or attestations",
}
"""One item of the configuration's targets."""


def targets(
    document: Document, listed: list[dict[str, Any]], folder: Path, *, named: bool = True
) -> list[Target | Group]:
    """The targets that a configuration lists; relative paths are from its folder.

    Args:
        document: the configuration.
        listed: its targets.
        folder: where it stands.
        named: whether the user named it; one that was merely found may be a stranger's.

    Raises:
        ScannerError: an inventory cannot be read, or two targets have one id or name.
    """
    found: dict[int, list[Target | Group]] = {}
    # Those that are found through other targets come after these.
    for index in sorted(range(len(listed)), key=lambda at: inventory.of_cloud(listed[at])):
        known = [each for made in found.values() for each in made]
        found[index] = list(_made(Place(document, ("targets", index), folder, named=named), known))
    _hold_single(document, found)
    return [each for index in sorted(found) for each in found[index]]


def _hold_single(document: Document, found: Mapping[int, list[Target | Group]]) -> None:
    taken: dict[str, int] = {}
    for index in sorted(found):
        line = document.line(("targets", index))
        for target in found[index]:
            for word in (f"the name {target.name!r}", target.id):
                if word in taken:
                    said = f"{word} is configured twice, here and on line {taken[word]}"
                    raise ScannerError(document.at(("targets", index), said))
                taken[word] = line


def _made(place: Place, known: Sequence[Target | Group]) -> Iterator[Target | Group]:
    ((kind, settings),) = place.document.data["targets"][place.path[-1]].items()
    if kind == "hosts":
        yield from inventory.hosts(place.below("hosts"), settings, known)
    else:
        yield from _KINDS[kind](settings, place.folder)


def _aws(settings: Mapping[str, Any], folder: Path) -> Iterator[Target | Group]:
    del folder
    regions = settings.get("regions", "all")
    chosen = None if regions == "all" else tuple(regions)
    own = {word: value for word, value in settings.items() if word not in {"organization", "role_name"}}
    target = AwsTarget(**{**own, "regions": chosen})
    if settings.get("organization"):
        yield AwsOrganization(template=target, role_name=settings["role_name"])
    else:
        yield target


def _azure(settings: Mapping[str, Any], folder: Path) -> Iterator[Target | Group]:
    del folder
    shared = {
        word: value
        for word, value in settings.items()
        if word not in {"subscription", "subscriptions", "management_group"}
    }
    listed = settings.get("subscriptions")
    if "subscription" in settings:
        yield AzureTarget(**settings)
    elif isinstance(listed, list):
        for each in listed:
            name = f"{settings['name']}/{each}"
            yield AzureTarget(**{**shared, "name": name, "subscription": each, "group": settings["name"]})
    else:
        template = AzureTarget(**shared, subscription="")
        yield AzureGroup(template=template, management_group=settings.get("management_group"))


def _entra(settings: Mapping[str, Any], folder: Path) -> Iterator[Target]:
    del folder
    yield EntraTarget(**settings)


def _attestations(settings: Mapping[str, Any], folder: Path) -> Iterator[Target]:
    yield AttestationsTarget(
        name=settings["name"], folder=str(folder / Path(settings["folder"]).expanduser())
    )


_KINDS: dict[str, Callable[[Mapping[str, Any], Path], Iterator[Target | Group]]] = {
    "aws": _aws,
    "azure": _azure,
    "entra": _entra,
    "attestations": _attestations,
}
