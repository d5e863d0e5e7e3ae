"""The configuration's targets: what may be said of each kind, and what is made of it."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..documents import Document, contents, mistakes, parse
from ..errors import ScannerError
from . import Group, Target
from .accounts import AwsTarget
from .attestations import AttestationsTarget
from .clouds import CLOUDS
from .host import HostTarget
from .organizations import AwsOrganization
from .subscriptions import AzureGroup, AzureTarget
from .tenants import EntraTarget

_TEXT = {"type": "string", "minLength": 1}
_PORT = {"type": "integer", "minimum": 1, "maximum": 65535, "description": "a port: 1 to 65535"}
_SECONDS = {"type": "number", "exclusiveMinimum": 0, "description": "a number of seconds, more than 0"}
_TAGS = {"type": "object", "additionalProperties": {"type": "string"}}

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
_LOGIN: dict[str, Any] = {
    "address": _TEXT,
    "port": _PORT,
    "user": _TEXT,
    "identity": _TEXT,
    "known_hosts": _TEXT,
    "sudo": {"type": "boolean"},
    "jump": {
        "type": "string",
        "pattern": r"^([^@\s]+@)?(\[[^\]\s]+\]|[^@:\s\[\]]+)(:\d{1,5})?$",
        "description": "user@host:port, of which user and port may be left out",
    },
    "deadline_seconds": _SECONDS,
    "connect_seconds": _SECONDS,
    "tags": _TAGS,
}
HOSTS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {
        "name": _TEXT,
        "transport": {"enum": ["ssh", "local"]},
        "inventory": _TEXT,
        **_LOGIN,
    },
}
INVENTORY: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["hosts"],
    "properties": {
        "hosts": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name"],
                "properties": {"name": _TEXT, **_LOGIN},
            },
        }
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
        "hosts": HOSTS,
        "attestations": ATTESTATIONS,
    },
    "description": "one kind of target: aws, azure, entra, hosts or attestations",
}
"""One item of the configuration's targets."""


def targets(document: Document, listed: list[dict[str, Any]], folder: Path) -> list[Target | Group]:
    """The targets that a configuration lists; relative paths are from its folder.

    Raises:
        ScannerError: an inventory cannot be read, or two targets have one id or name.
    """
    made: list[Target | Group] = []
    taken: dict[str, int] = {}
    for index in range(len(listed)):
        line = document.line(("targets", index))
        for target in _made(document, index, folder):
            for word in (f"the name {target.name!r}", target.id):
                if word in taken:
                    said = f"{word} is configured twice, here and on line {taken[word]}"
                    raise ScannerError(document.at(("targets", index), said))
                taken[word] = line
            made.append(target)
    return made


def _made(document: Document, index: int, folder: Path) -> Iterator[Target | Group]:
    ((kind, settings),) = document.data["targets"][index].items()
    try:
        yield from _KINDS[kind](settings, folder)
    except OSError as error:
        said = f"{error.filename}: {error.strerror}: an inventory of hosts"
        raise ScannerError(document.at(("targets", index, kind, "inventory"), said)) from None


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


def _hosts(settings: Mapping[str, Any], folder: Path) -> Iterator[Target]:
    shared = _placed(settings, folder)
    if "inventory" not in settings:
        yield HostTarget(**shared)
        return
    path = folder / Path(shared.pop("inventory")).expanduser()
    for host in _inventory(path):
        tags = {**shared.get("tags", {}), **host.get("tags", {})}
        yield HostTarget(**{**shared, **_placed(host, path.parent), "tags": tags, "group": shared["name"]})


def _placed(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The settings, their paths from the folder of the file that names them."""
    return {
        name: str(folder / Path(value).expanduser()) if name in {"identity", "known_hosts"} else value
        for name, value in settings.items()
    }


def _inventory(path: Path) -> list[dict[str, Any]]:
    document = parse(contents(path), str(path))
    wrong = mistakes(document, INVENTORY)
    if wrong:
        raise ScannerError(*wrong)
    hosts: list[dict[str, Any]] = document.data["hosts"]
    lines: dict[str, int] = {}
    for index, host in enumerate(hosts):
        if host["name"] in lines:
            said = f"the host {host['name']!r} stands twice, here and on line {lines[host['name']]}"
            raise ScannerError(document.at(("hosts", index), said))
        lines[host["name"]] = document.line(("hosts", index))
    return hosts


def _attestations(settings: Mapping[str, Any], folder: Path) -> Iterator[Target]:
    yield AttestationsTarget(
        name=settings["name"], folder=str(folder / Path(settings["folder"]).expanduser())
    )


_KINDS: dict[str, Callable[[Mapping[str, Any], Path], Iterator[Target | Group]]] = {
    "aws": _aws,
    "azure": _azure,
    "entra": _entra,
    "hosts": _hosts,
    "attestations": _attestations,
}
