"""Instances of a cloud as hosts: those with certain tags, as the cloud lists them in the same run."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from ..errors import ReadError
from ..model import Reason
from ..view import View
from . import Group, Target
from .accounts import REGIONS, AwsTarget
from .boto import Caller
from .host import Host, HostTarget
from .organizations import AwsOrganization
from .unlisted import Closed, unlisted

INSTANCES = "ec2:DescribeInstances"
INSTANCE_ID = "instance-id"
"""The tag that says which instance of its cloud a host is."""
_ALIVE = ["pending", "running"]
_AT_ONCE = 8
_LABEL = re.compile(r"[\w.@+-]{1,64}")


@dataclass(frozen=True)
class Instance:
    """A machine as its cloud lists it."""

    id: str
    label: str
    tags: Mapping[str, str]
    address: str | None
    windows: bool = False


@dataclass(frozen=True, kw_only=True)
class Listed:
    """What inventories of clouds have in common."""

    template: HostTarget
    """What each host is, but for its name, address and tags."""
    tags: tuple[tuple[str, str], ...] = ()
    """What an instance must be tagged with."""
    address: Literal["private", "public"] = "private"

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
        """Its name, and that of the inventory it is a part of."""
        return (self.name, self.template.group) if self.template.group else (self.name,)

    def within(self, part: str) -> HostTarget:
        """The template of a part of the inventory, as an account of an organization."""
        return replace(self.template, name=f"{self.name}/{part}", group=self.template.group or self.name)

    def hosts(self, instances: Sequence[Instance], need: str) -> Iterator[Target]:
        """A target for each instance, those included that nobody can log in to."""
        counted = Counter(each.label for each in instances)
        for each in sorted(instances, key=lambda each: each.id):
            plain = _LABEL.fullmatch(each.label) and counted[each.label] == 1
            name = f"{self.name}/{each.label if plain else each.id.rpartition('/')[2]}"
            why = "it runs Windows, and hosts are looked at over SSH" if each.windows else ""
            if each.address is None:
                why = f"{each.id} has no {self.address} address"
            group = self.template.group or self.name
            if each.address is None or why:
                yield Closed(
                    name=name,
                    group=group,
                    reason=Reason.UNREACHABLE,
                    detail=why,
                    mend="leave it out by its tags, or choose the other kind of address",
                    need=need,
                )
                continue
            tags = {**each.tags, **self.template.tags, INSTANCE_ID: each.id}
            yield replace(self.template, name=name, group=group, address=each.address, tags=tags)


@dataclass(frozen=True, kw_only=True)
class AwsInstances(Listed):
    """The EC2 instances of an account, or of an organization's, that have certain tags and run."""

    source: AwsTarget | AwsOrganization

    def members(self) -> Sequence[Target | Group]:
        """Its hosts, and a part for each region or account that cannot be listed.

        Raises:
            ReadError: none of it can be listed.
        """
        if isinstance(self.source, AwsOrganization):
            return [
                AwsInstances(
                    template=self.within(account.name.removeprefix(f"{self.source.name}/")),
                    tags=self.tags,
                    address=self.address,
                    source=account,
                )
                for account in self.source.members()
            ]
        caller, _, home = self.source.caller()
        try:
            return self._of(caller, self._regions(caller, home, self.source.regions))
        finally:
            caller.close()

    @staticmethod
    def _regions(caller: Caller, home: str, wanted: tuple[str, ...] | None) -> list[str]:
        if wanted is not None:
            return sorted(wanted)
        (answer,) = caller.pages(REGIONS, home, {})
        return sorted(region["RegionName"] for region in answer["Regions"])

    def _of(self, caller: Caller, regions: Sequence[str]) -> list[Target | Group]:
        def one(region: str) -> list[Instance] | ReadError:
            try:
                return list(self._instances(caller, region))
            except ReadError as refusal:
                return refusal

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            answers = dict(zip(regions, pool.map(one, regions), strict=True))
        group = self.template.group or self.name
        found = [each for answer in answers.values() if isinstance(answer, list) for each in answer]
        hidden = [
            unlisted(f"{self.name}/{region}", group, answer)
            for region, answer in answers.items()
            if isinstance(answer, ReadError)
        ]
        return [*self.hosts(found, INSTANCES), *hidden]

    def _instances(self, caller: Caller, region: str) -> Iterator[Instance]:
        filters = [{"Name": "instance-state-name", "Values": _ALIVE}]
        filters += [{"Name": f"tag:{name}", "Values": [value]} for name, value in self.tags]
        for page in caller.pages(INSTANCES, region, {"Filters": filters}):
            for reservation in page["Reservations"]:
                for each in reservation["Instances"]:
                    yield self._instance(each)

    def _instance(self, said: Mapping[str, Any]) -> Instance:
        tags = {tag["Key"]: tag["Value"] for tag in said.get("Tags", ())}
        public = said.get("PublicIpAddress") or said.get("Ipv6Address")
        address = said.get("PrivateIpAddress") if self.address == "private" else public
        return Instance(
            id=said["InstanceId"],
            label=tags.get("Name", ""),
            tags=tags,
            address=address or None,
            windows=said.get("Platform") == "windows",
        )


def wanted(tags: Mapping[str, str], asked: Iterable[tuple[str, str]]) -> bool:
    """Whether a machine has the tags that are asked for; Azure's names are the same in any case."""
    held = {name.lower(): value for name, value in tags.items()}
    return all(held.get(name.lower()) == value for name, value in asked)
