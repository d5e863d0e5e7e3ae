"""The networks that a machine is in, by its interfaces."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Interface, IPv6Interface, ip_interface

# What container engines and hypervisors make for what runs on this same machine.
_INNER = re.compile(
    r"lo$|docker|br-[0-9a-f]{12}$|cni|podman|nerdctl|virbr|lxdbr|lxcbr|incusbr|veth|vnet|cali|flannel|cilium"
    r"|lxc|weave|kube|dummy|nodelocaldns|vxlan\.calico|antrea|ovn|genev_sys"
)
_LINE = re.compile(r"\d+: (?P<name>[^ @]+)(@\S+)?\s+inet6? (?P<address>[0-9a-fA-F:.]+/\d+)( |$)")


def networks(lines: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The networks by interface that `ip -o addr` printed; those within this machine are left out."""
    found: dict[str, set[str]] = {}
    for line in lines:
        said = _LINE.match(line)
        if said is None or _INNER.match(said["name"]):
            continue
        address = _interface(said["address"])
        if address and not (address.is_link_local or address.is_loopback):
            found.setdefault(said["name"], set()).add(str(address.network))
    return {name: tuple(sorted(kept)) for name, kept in found.items()}


def _interface(text: str) -> IPv4Interface | IPv6Interface | None:
    try:
        return ip_interface(text)
    except ValueError:
        return None
