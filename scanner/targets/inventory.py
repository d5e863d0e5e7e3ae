"""Inventories: where the hosts of a target come from, and how each is logged in to."""

import getpass
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .. import documents
from ..documents import Document, contents, mistakes, parse
from ..errors import ScannerError
from . import Group, Target, ssh_hosts
from .accounts import AwsTarget
from .ansible import AnsibleInventory
from .host import HostTarget, Sudo
from .instances import AwsInstances
from .machines import AzureMachines
from .organizations import AwsOrganization
from .secret import Secret
from .ssh_config import SshConfig
from .subscriptions import AzureGroup, AzureTarget

SOURCES = ("inventory", "ssh_config", "ansible", "aws", "azure")
_SECRETS = ("password", "passphrase")
_PATHS = frozenset({"identity", "certificate", "known_hosts"})
_TEXT = {"type": "string", "minLength": 1}
_PORT = {"type": "integer", "minimum": 1, "maximum": 65535, "description": "a port: 1 to 65535"}
_SECONDS = {"type": "number", "exclusiveMinimum": 0, "description": "a number of seconds, more than 0"}
_TAGS = {"type": "object", "additionalProperties": {"type": "string"}}
_TEXTS = {"type": "array", "minItems": 1, "items": _TEXT}
_PATHS_OF = {"anyOf": [_TEXT, _TEXTS], "description": "a path, or a list of paths"}
_VARIABLE = {
    "type": "string",
    "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
    "description": "the name of a variable of the environment",
}
_PROMPT = {"const": "prompt", "description": "prompt"}
_HOP = r"([^@\s,]+@)?(\[[^\]\s]+\]|[^@:\s,\[\]]+)(:\d{1,5})?"
LOGIN: dict[str, Any] = {
    "address": _TEXT,
    "port": _PORT,
    "user": _TEXT,
    "identity": _PATHS_OF,
    "certificate": _PATHS_OF,
    "known_hosts": _PATHS_OF,
    "passphrase": _PROMPT,
    "passphrase_env": _VARIABLE,
    "password": _PROMPT,
    "password_env": _VARIABLE,
    "sudo": {
        "anyOf": [
            {"type": "boolean"},
            {
                "type": "object",
                "additionalProperties": False,
                "minProperties": 1,
                "properties": {"user": _TEXT, "password": _PROMPT, "password_env": _VARIABLE},
            },
        ],
        "description": "true, false, or some of user, password_env and password",
    },
    "jump": {
        "type": "string",
        "pattern": rf"^{_HOP}(,{_HOP})*$",
        "description": "user@host:port, of which user and port may be left out",
    },
    "deadline_seconds": _SECONDS,
    "connect_seconds": _SECONDS,
    "tags": _TAGS,
}
_OF_CLOUD = {
    "type": "object",
    "additionalProperties": False,
    "required": ["target"],
    "properties": {"target": _TEXT, "tags": _TAGS, "address": {"enum": ["private", "public"]}},
}
HOSTS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {
        "name": _TEXT,
        "transport": {"enum": ["ssh", "local"]},
        "inventory": _TEXT,
        "ssh_config": {
            "anyOf": [
                _TEXT,
                {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["file"],
                    "properties": {"file": _TEXT, "hosts": _TEXTS},
                },
            ],
            "description": "a path, or a file and hosts, which is a list",
        },
        "ansible": {
            "type": "object",
            "additionalProperties": False,
            "required": ["inventory"],
            "properties": {"inventory": _TEXT, "groups": _TEXTS},
        },
        "aws": _OF_CLOUD,
        "azure": _OF_CLOUD,
        **LOGIN,
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
                "properties": {"name": _TEXT, **LOGIN},
            },
        }
    },
}


@dataclass(frozen=True)
class Place:
    """Where something stands in a file that people write."""

    document: Document
    path: documents.Path
    folder: Path
    named: bool
    """Whether the user named the configuration; one that was merely found may be a stranger's."""

    def below(self, *steps: str | int) -> "Place":
        """A place within this one."""
        return replace(self, path=(*self.path, *steps))

    def wrong(self, why: str) -> ScannerError:
        """An error with file and line."""
        return ScannerError(self.document.at(self.path, why))


def of_cloud(item: Mapping[str, Any]) -> bool:
    """Whether a target is found through another one."""
    settings = item.get("hosts")
    return isinstance(settings, dict) and bool(settings.keys() & {"aws", "azure"})


def literal_secrets(document: Document) -> list[str]:
    """Where a password or passphrase is written down, each with file and line, and none of them said."""
    found = sorted(path for path in document.lines if path and path[-1] in _SECRETS)
    return [
        document.at(
            path,
            f"{path[-1]}: a {path[-1]} is never written into a file; "
            f"expected {path[-1]}: prompt, or {path[-1]}_env: and the name of a variable",
        )
        for path in found
        if _within(document.data, path) != "prompt"
    ]


def hosts(
    place: Place, settings: Mapping[str, Any], known: Sequence[Target | Group]
) -> Iterator[Target | Group]:
    """The hosts that one target of the configuration stands for.

    Raises:
        ScannerError: an inventory cannot be read, or says something that cannot be.
    """
    sources = [word for word in SOURCES if word in settings]
    if len(sources) > 1:
        raise place.below(sources[1]).wrong(f"{' and '.join(sources)}: expected one of them")
    template = HostTarget(**_login(place, settings, f"at {settings['name']}"))
    if not sources:
        yield template
        return
    (source,) = sources
    try:
        yield from _SOURCES[source](place.below(source), settings, template, known)
    except OSError as error:
        said = f"{error.filename}: {error.strerror}: an inventory of hosts"
        raise place.below(source).wrong(said) from None


Made = Iterator[Target | Group]


def _own(place: Place, settings: Mapping[str, Any], template: HostTarget, known: object) -> Made:
    del known
    path = place.folder / Path(settings["inventory"]).expanduser()
    document = parse(contents(path), str(path))
    wrong = literal_secrets(document) or mistakes(document, INVENTORY)
    if wrong:
        raise ScannerError(*wrong)
    lines: dict[str, int] = {}
    for index, host in enumerate(document.data["hosts"]):
        here = Place(document, ("hosts", index), path.parent, place.named)
        if host["name"] in lines:
            raise here.wrong(
                f"the host {host['name']!r} stands twice, here and on line {lines[host['name']]}"
            )
        lines[host["name"]] = document.line(here.path)
        own = _login(here, host, f"at {host['name']}")
        tags = {**template.tags, **host.get("tags", {})}
        yield replace(template, **{**own, "tags": tags, "group": template.name})


def _ssh_config(place: Place, settings: Mapping[str, Any], template: HostTarget, known: object) -> Made:
    del known
    said = settings["ssh_config"]
    said = {"file": said} if isinstance(said, str) else said
    config = SshConfig(place.folder / Path(said["file"]).expanduser())
    # As ssh does, and not as root, unless the configuration says whom.
    shared = replace(template, user=settings.get("user", getpass.getuser()))
    made = 0
    for alias, wrong in ssh_hosts.aliases(config, said.get("hosts")):
        if wrong:
            raise place.below("hosts").wrong(wrong)
        made += 1
        yield ssh_hosts.target(config, alias, shared)
    if not made:
        raise place.wrong(f"{config.path} names no Host as it is, only by patterns; expected hosts: a list")


def _ansible(place: Place, settings: Mapping[str, Any], template: HostTarget, known: object) -> Made:
    del known
    _hold_named(place, "ansible-inventory runs what an inventory brings along")
    said = settings["ansible"]
    path = place.folder / Path(said["inventory"]).expanduser()
    path.stat()
    yield AnsibleInventory(template=template, inventory=str(path), groups=tuple(said.get("groups", ())))


def _aws(
    place: Place, settings: Mapping[str, Any], template: HostTarget, known: Sequence[Target | Group]
) -> Made:
    said = settings["aws"]
    for each in _sources(place, said["target"], known, "aws"):
        if isinstance(each, AwsTarget | AwsOrganization):
            yield AwsInstances(template=template, source=each, **_filter(said))


def _azure(
    place: Place, settings: Mapping[str, Any], template: HostTarget, known: Sequence[Target | Group]
) -> Made:
    said = settings["azure"]
    found = _sources(place, said["target"], known, "azure")
    sources = tuple(each for each in found if isinstance(each, AzureTarget | AzureGroup))
    yield AzureMachines(template=template, sources=sources, **_filter(said))


_SOURCES = {"inventory": _own, "ssh_config": _ssh_config, "ansible": _ansible, "aws": _aws, "azure": _azure}


def _filter(said: Mapping[str, Any]) -> dict[str, Any]:
    tags = tuple(sorted(said.get("tags", {}).items()))
    return {"tags": tags, "address": said.get("address", "private")}


def _sources(place: Place, name: str, known: Sequence[Target | Group], kind: str) -> Sequence[Target | Group]:
    found = [each for each in known if each.kind == kind and name in each.labels]
    if not found:
        named = sorted({label for each in known if each.kind == kind for label in each.labels})
        near = documents.suggestion(name, named) or (f"; configured are {', '.join(named)}" if named else "")
        raise place.below("target").wrong(f"no {kind} target is called {name!r}{near}")
    return found


def _login(place: Place, settings: Mapping[str, Any], where: str) -> dict[str, Any]:
    """What a mapping says of a login, as a target's fields."""
    kept = {word: value for word, value in settings.items() if word not in SOURCES}
    who = f"{settings['user']} {where}" if "user" in settings else where.removeprefix("at ")
    for word in _SECRETS:
        secret = _secret(place, kept, word, f"the {word} of {who}")
        if secret is not None:
            kept[word] = secret
    for word in kept.keys() & _PATHS:
        paths = [kept[word]] if isinstance(kept[word], str) else kept[word]
        placed = tuple(str(place.folder / Path(each).expanduser()) for each in paths)
        kept[word] = placed[0] if isinstance(kept[word], str) else placed
    if isinstance(kept.get("sudo"), dict):
        sudo = dict(kept["sudo"])
        secret = _secret(place.below("sudo"), sudo, "password", f"the password for sudo of {who}")
        kept["sudo"] = Sudo(user=sudo.get("user", "root"), password=secret)
    return kept


def _secret(place: Place, kept: dict[str, Any], word: str, question: str) -> Secret | None:
    """Where a secret comes from; the words that say so are taken out."""
    variable, typed = kept.pop(f"{word}_env", None), kept.pop(word, None)
    if variable is None and typed is None:
        return None
    if variable is not None and typed is not None:
        raise place.below(word).wrong(f"{word} and {word}_env: expected one of them")
    _hold_named(place.below(f"{word}_env" if variable else word), "a secret is told to the hosts in it")
    return Secret(variable, question)


def _hold_named(place: Place, why: str) -> None:
    """Refuse what a configuration may only say that the user has named."""
    if not place.named:
        raise place.wrong(
            f"{why}, and a configuration that was merely found may be a stranger's: name it with -c"
        )


def _within(data: Any, path: Iterable[str | int]) -> Any:
    for step in path:
        data = data[step]
    return data
