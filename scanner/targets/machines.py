"""Azure's virtual machines as hosts: those with certain tags, as the run's own subscriptions list them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import Group, Target, arm, arm_types
from .clouds import Login
from .instances import Instance, Listed, wanted
from .rest import Caller, listed
from .subscriptions import AzureGroup, AzureTarget

MACHINES = "Microsoft.Compute/virtualMachines/read"
INTERFACES = "Microsoft.Network/networkInterfaces/read"
ADDRESSES = "Microsoft.Network/publicIPAddresses/read"


@dataclass(frozen=True, kw_only=True)
class AzureMachines(Listed):
    """The virtual machines of a subscription, or of several, that have certain tags."""

    sources: tuple[AzureTarget | AzureGroup, ...]

    def members(self) -> Sequence[Target | Group]:
        """Its hosts; where there are several subscriptions, a part for each.

        Raises:
            ReadError: it cannot be listed.
        """
        if len(self.sources) == 1 and isinstance(self.sources[0], AzureTarget):
            return list(self.hosts(self._instances(self.sources[0]), MACHINES))
        parts: list[AzureTarget] = []
        for source in self.sources:
            parts += source.members() if isinstance(source, AzureGroup) else [source]
        return [
            AzureMachines(
                template=self.within(each.name.rpartition("/")[2]),
                tags=self.tags,
                address=self.address,
                sources=(each,),
            )
            for each in parts
        ]

    def _instances(self, source: AzureTarget) -> list[Instance]:
        cloud = source.endpoints()
        login = source.login.hold() if source.login else Login(cloud, MACHINES, source.tenant)
        caller = arm.manager(cloud, login)
        try:
            machines = [
                each
                for each in _all(caller, MACHINES, source.subscription)
                if wanted(each.get("tags") or {}, self.tags)
            ]
            if not machines:
                return []
            interfaces = _by_id(_all(caller, INTERFACES, source.subscription))
            public = _by_id(_all(caller, ADDRESSES, source.subscription)) if self.address == "public" else {}
        finally:
            caller.close()
        return [self._instance(each, interfaces, public) for each in machines]

    def _instance(
        self, said: Mapping[str, Any], interfaces: Mapping[str, Any], public: Mapping[str, Any]
    ) -> Instance:
        properties = said.get("properties") or {}
        disk = (properties.get("storageProfile") or {}).get("osDisk") or {}
        return Instance(
            id=arm_types.canonical(str(said["id"])),
            label=str(said.get("name") or said["id"].rpartition("/")[2]),
            tags={name: str(value or "") for name, value in (said.get("tags") or {}).items()},
            address=self._address(properties, interfaces, public),
            windows=str(disk.get("osType")).lower() == "windows",
        )

    def _address(
        self, machine: Mapping[str, Any], interfaces: Mapping[str, Any], public: Mapping[str, Any]
    ) -> str | None:
        """The address of the primary interface's primary configuration."""
        named = (machine.get("networkProfile") or {}).get("networkInterfaces") or ()
        for each in sorted(named, key=lambda each: not _primary(each)):
            card = interfaces.get(arm_types.canonical(str(each["id"])), {})
            ways = (card.get("properties") or {}).get("ipConfigurations") or ()
            for way in sorted(ways, key=lambda way: not _primary(way)):
                own = way.get("properties") or {}
                if self.address == "private":
                    address = own.get("privateIPAddress")
                else:
                    place = arm_types.canonical(str((own.get("publicIPAddress") or {}).get("id") or ""))
                    address = (public.get(place, {}).get("properties") or {}).get("ipAddress")
                if address:
                    return str(address)
        return None


def _primary(said: Mapping[str, Any]) -> bool:
    return bool((said.get("properties") or {}).get("primary"))


def _all(caller: Caller, need: str, subscription: str) -> Iterator[Mapping[str, Any]]:
    path = arm_types.path(need, f"/subscriptions/{subscription.lower()}")
    pages = caller.pages(need, path, {"api-version": arm_types.LISTINGS[need].version})
    for page in listed(need, pages, _is_resource):
        yield from page["value"]


def _is_resource(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("id"), str)


def _by_id(found: Iterator[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {arm_types.canonical(str(each["id"])): each for each in found}
