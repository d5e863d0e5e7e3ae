"""An Ansible inventory as hosts: ansible-inventory says what is in it, and nothing else of it is kept."""

import json
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from ..errors import ReadError
from ..model import Reason
from ..view import View
from . import Group, Target, program
from .host import Host, HostTarget
from .probe import sanitised
from .unlisted import Closed

PROGRAM = "ansible-inventory"
_SECONDS = 60
_MOST_BYTES = 64 * 1024 * 1024
_IMPLIED = frozenset({"all", "ungrouped", "_meta"})
_OVER_SSH = frozenset({"ssh", "smart", "paramiko", "paramiko_ssh", "ansible.builtin.ssh"})
_LOCAL = frozenset({"local", "ansible.builtin.local"})
_WORDS = {
    "address": ("ansible_host", "ansible_ssh_host"),
    "port": ("ansible_port", "ansible_ssh_port"),
    "user": ("ansible_user", "ansible_ssh_user"),
    "identity": ("ansible_private_key_file", "ansible_ssh_private_key_file"),
}
_ARGUMENTS = ("ansible_ssh_common_args", "ansible_ssh_extra_args")


@dataclass(frozen=True, kw_only=True)
class AnsibleInventory:
    """Every host of an Ansible inventory, or of some of its groups."""

    template: HostTarget
    """What each host is, but for what the inventory says of it."""
    inventory: str
    """Where it is: whatever `ansible-inventory -i` takes."""
    groups: tuple[str, ...] = ()
    """Only the hosts in one of these; none: all of them."""

    kind: ClassVar[str] = "hosts"
    kinds: ClassVar[tuple[type[View], ...]] = (Host,)

    @property
    def name(self) -> str:
        """The configured label."""
        return self.template.name

    @property
    def id(self) -> str:
        """What stands for its hosts while nobody knows them."""
        return f"hosts:{self.name}"

    @property
    def labels(self) -> tuple[str, ...]:
        """Its name."""
        return (self.name,)

    def members(self) -> Sequence[Target | Group]:
        """Its hosts, sorted by name.

        Raises:
            ReadError: it cannot be listed, or there is no such host.
        """
        listed = self._listed()
        variables = _mapping(_mapping(listed.get("_meta")).get("hostvars"))
        groups = dict(_memberships(listed))
        hosts = sorted({*variables, *groups})
        unknown = sorted(set(self.groups) - set(listed))
        if unknown:
            raise self._refused(
                f"there is no group {', '.join(unknown)}", "correct groups in the configuration"
            )
        chosen = [host for host in hosts if not self.groups or groups.get(host, set()) & set(self.groups)]
        if not chosen:
            raise self._refused("there is no host in it", "correct the inventory, or take it out")
        return [self._member(host, _mapping(variables.get(host)), groups.get(host, set())) for host in chosen]

    def _listed(self) -> Mapping[str, Any]:
        found = shutil.which(PROGRAM)
        if found is None:
            raise self._refused(f"{PROGRAM} is not installed, or not on PATH", "install ansible-core")
        try:
            ended = program.run([found, "--list", "-i", self.inventory], seconds=_SECONDS, most=_MOST_BYTES)
        except TimeoutError:
            detail = f"{PROGRAM} took longer than {_SECONDS} s"
            raise self._refused(detail, "see what it waits for", Reason.TIMEOUT) from None
        except program.TooMuch:
            detail = f"{PROGRAM} said more than {_MOST_BYTES // 2**20} MiB"
            raise self._refused(detail, "name a part of the inventory") from None
        except OSError as error:
            raise self._refused(f"{found}: {error.strerror}", "install ansible-core again") from None
        if ended.status != 0:
            said = sanitised(ended.err.strip().split(b"\n")[-1])
            detail = f"{PROGRAM} ended with status {ended.status}" + (f": {said}" if said else "")
            raise self._refused(detail, f"see what `{PROGRAM} --list -i {self.inventory}` says")
        try:
            return _mapping(json.loads(ended.out))
        except ValueError:
            raise self._refused(
                f"what {PROGRAM} said is not JSON", "see what stands in its place", Reason.INVALID_ANSWER
            ) from None

    def _member(self, host: str, said: Mapping[str, Any], groups: set[str]) -> Target:
        name = f"{self.name}/{sanitised(host.encode())}"
        try:
            return replace(
                self.template,
                name=name,
                group=self.name,
                tags={**self.template.tags, **_tags(said, groups)},
                **_login(host, said),
            )
        except ValueError as error:
            return Closed(
                name=name,
                group=self.name,
                reason=Reason.UNREACHABLE,
                detail=str(error),
                mend="say it so in the inventory, or leave the host out",
            )

    def _refused(self, detail: str, mend: str, reason: Reason = Reason.FAILED) -> ReadError:
        said = f"the inventory {self.inventory}: {detail}"
        return ReadError(need=PROGRAM, reason=reason, detail=said, mend=mend)


def _memberships(listed: Mapping[str, Any]) -> Iterator[tuple[str, set[str]]]:
    """Every host, and the groups that it is in, or that a group of its is in."""
    parents: dict[str, set[str]] = {}
    for group, held in listed.items():
        for child in _mapping(held).get("children") or ():
            parents.setdefault(str(child), set()).add(group)
    found: dict[str, set[str]] = {}
    for group, held in listed.items():
        for host in _mapping(held).get("hosts") or ():
            found.setdefault(str(host), set()).update({group, *_above(group, parents)})
    for host, groups in found.items():
        yield host, groups - _IMPLIED


def _above(group: str, parents: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [group]
    while waiting:
        new = parents.get(waiting.pop(), set()) - seen
        seen |= new
        waiting += new
    return seen


def _tags(said: Mapping[str, Any], groups: set[str]) -> dict[str, str]:
    """Each group as a tag, and all of them as one; what `wardround_tags` says has the last word."""
    own = _mapping(said.get("wardround_tags"))
    return {
        **dict.fromkeys(sorted(groups), "true"),
        "groups": ",".join(sorted(groups)),
        **{
            str(name): str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in own.items()
        },
    }


def _login(host: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """What the inventory says of how to log in; everything else in it stays there.

    Raises:
        ValueError: it says something that nobody can do here.
    """
    connection = _text(said, "ansible_connection") or "ssh"
    if connection in _LOCAL:
        return {"transport": "local"}
    if connection not in _OVER_SSH:
        raise ValueError(f"ansible_connection is {sanitised(connection.encode())}; expected ssh or local")
    login: dict[str, Any] = {"address": host}
    for setting, words in _WORDS.items():
        value = next((text for word in words if (text := _text(said, word))), None)
        if value is not None:
            login[setting] = value
    if "port" in login:
        login["port"] = _port(login["port"])
    if "identity" in login:
        login["identity"] = str(Path(login["identity"]).expanduser())
    jump = _jump(" ".join(filter(None, (_text(said, word) for word in _ARGUMENTS))))
    return {**login, "jump": jump} if jump else login


def _text(said: Mapping[str, Any], word: str) -> str:
    value = said.get(word)
    text = "" if value is None else str(value)
    if "{{" in text or isinstance(value, list | dict):
        raise ValueError(f"{word} is a template, which {PROGRAM} does not fill in; expected a value")
    return text


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text) <= 65535:  # noqa: PLR2004 - ports end there
        raise ValueError(f"ansible_port is {sanitised(text.encode())}; expected 1 to 65535")
    return int(text)


def _jump(arguments: str) -> str:
    """The jump hosts among the arguments for ssh."""
    words = shlex.split(arguments)
    for at, word in enumerate(words):
        behind = words[at + 1] if at + 1 < len(words) else ""
        option = behind if word == "-o" else word.removeprefix("-o") if word.startswith("-o") else ""
        name, _, value = option.partition("=")
        if word == "-J" or name.lower() == "proxyjump":
            return behind if word == "-J" else value
        if name.lower() == "proxycommand":
            raise ValueError("its ssh arguments have a ProxyCommand; expected ProxyJump")
    return ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
