"""Segmentation on AWS: what of instances, interfaces and load balancers the public internet reaches."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Literal

from scanner import AwsRegion, check

from ..semantics import networks, vpc
from ..semantics.spans import Spans, joined
from .vpc_facts import InVpc, LoadBalancer, NetworkInterface
from .vpc_paths import PATHS, Paths, addresses_of, exposed, versions

_INSTANCES = "ec2:DescribeInstances"
_INTERFACES = "ec2:DescribeNetworkInterfaces"
_BALANCERS = "elbv2:DescribeLoadBalancers"
_LISTENERS = "elbv2:DescribeListeners"
_CLASSIC = "elb:DescribeLoadBalancers"

# A NAT gateway takes answers only, whatever its interface's rules say. AWS spells it in both ways.
_DEAF = frozenset({"natGateway", "nat_gateway"})
_LISTENED: Mapping[str, Collection[str]] = {
    "UDP": ("udp",),
    "QUIC": ("udp",),
    "TCP_UDP": ("tcp", "udp"),
    "TCP_QUIC": ("tcp", "udp"),
    "GENEVE": ("udp",),
}
_SPOKEN: Mapping[str, Collection[int]] = {"ipv4": {4}, "dualstack-without-public-ipv4": {6}}
_KINDS: Mapping[str, Literal["application", "network", "gateway"]] = {
    "application": "application",
    "network": "network",
    "gateway": "gateway",
}


@check(_INSTANCES, *PATHS)
def instances(region: AwsRegion) -> Iterator[InVpc]:
    """What of each EC2 instance the public internet reaches by the addresses of its interfaces.

    That takes a public address, a route from its subnet by an internet gateway, a network ACL that lets
    the packet in (and for TCP an answer out), and a security group that lets it in; a rule that names a
    group lets in what is private. Counted as let through is what may yet be turned away by a firewall on
    the way or by VPC Block Public Access (`segmentation.aws_vpc.public_access_block`), and what passes a
    route table or a network ACL of another account that it does not let us see. What comes through a load
    balancer is said of the load balancer. Terminated instances are left out.
    """
    listed = [
        instance
        for reservation in region.all(_INSTANCES)
        for instance in reservation["Instances"]
        # An instance that is going has no network any more, or soon.
        if instance["State"]["Name"] not in {"terminated", "shutting-down"}
    ]
    paths = Paths.of(region)
    for instance in listed:
        arn = region.arn("ec2", f"instance/{instance['InstanceId']}")
        interfaces = instance.get("NetworkInterfaces") or ()
        with region.reading(arn):
            yield InVpc(
                resource=arn,
                publicly_accessible=any(_public(interface) for interface in interfaces),
                internet_routed=any(paths.routed(interface["SubnetId"]) for interface in interfaces),
                vpc=instance["VpcId"],
                **exposed(vpc.either([_entering(paths, interface) for interface in interfaces])),
                tags=region.tags(instance.get("Tags")),
                links=_links(region, interfaces),
            )


@check(_INTERFACES, *PATHS)
def network_interfaces(region: AwsRegion) -> Iterator[NetworkInterface]:
    """What of each network interface the public internet reaches: those of databases and of services, too.

    What that takes is said of `segmentation.aws_network.instances`. An interface without a security
    group, as a network load balancer may have it, lets everything in, though only what listens answers.
    """
    listed = [each for each in region.all(_INTERFACES) if each.get("OwnerId", region.id) == region.id]
    paths = Paths.of(region)
    for interface in listed:
        arn = region.arn("ec2", f"network-interface/{interface['NetworkInterfaceId']}")
        attachment = interface.get("Attachment") or {}
        with region.reading(arn):
            yield NetworkInterface(
                resource=arn,
                publicly_accessible=_public(interface),
                internet_routed=bool(paths.routed(interface["SubnetId"])),
                vpc=interface["VpcId"],
                kind=interface.get("InterfaceType", "interface"),
                machine=attachment.get("InstanceId"),
                managed=interface.get("RequesterManaged", False),
                attached=bool(attachment),
                # The default is to check, and so to drop what is not its own.
                ip_forwarding=not interface.get("SourceDestCheck", True),
                **exposed(_entering(paths, interface)),
                tags=region.tags(interface.get("TagSet")),
                links=_links(region, [interface]),
            )


@check(_BALANCERS, _LISTENERS, *PATHS)
def load_balancers(region: AwsRegion) -> Iterator[LoadBalancer]:
    """What of each application, network and gateway load balancer the public internet reaches.

    That is what it listens to; the listener's action, and who is behind it, are not looked at.
    """
    balancers = list(region.all(_BALANCERS))
    paths = Paths.of(region)

    def read(balancer: Mapping[str, Any]) -> LoadBalancer:
        listeners = list(region.all(_LISTENERS, LoadBalancerArn=balancer["LoadBalancerArn"]))
        groups = balancer.get("SecurityGroups") or ()
        public = balancer.get("Scheme") == "internet-facing"
        layout = _listening(
            paths,
            subnets=[zone["SubnetId"] for zone in balancer.get("AvailabilityZones") or ()],
            groups=groups,
            versions=_SPOKEN.get(balancer.get("IpAddressType", "ipv4"), {4, 6}) if public else set(),
            services=_services((each.get("Protocol"), each.get("Port")) for each in listeners),
        )
        return LoadBalancer(
            resource=balancer["LoadBalancerArn"],
            publicly_accessible=public,
            internet_routed=any(
                paths.routed(each["SubnetId"]) for each in balancer.get("AvailabilityZones") or ()
            ),
            vpc=balancer["VpcId"],
            kind=_KINDS[balancer["Type"]],
            filtered=bool(groups),
            **exposed(layout),
            links=_group_arns(region, groups),
        )

    yield from region.each(balancers, read, resource=lambda balancer: str(balancer["LoadBalancerArn"]))


@check(_CLASSIC, *PATHS)
def classic_load_balancers(region: AwsRegion) -> Iterator[LoadBalancer]:
    """What of each classic load balancer the public internet reaches: what it listens to."""
    balancers = list(region.all(_CLASSIC))
    paths = Paths.of(region)
    for balancer in balancers:
        arn = region.arn("elasticloadbalancing", f"loadbalancer/{balancer['LoadBalancerName']}")
        groups, subnets = balancer.get("SecurityGroups") or (), balancer.get("Subnets") or ()
        public = balancer.get("Scheme") == "internet-facing"
        listeners = [each["Listener"] for each in balancer.get("ListenerDescriptions") or ()]
        with region.reading(arn):
            layout = _listening(
                paths,
                subnets=subnets,
                groups=groups,
                versions={4} if public else set(),
                services=_services((each["Protocol"], each["LoadBalancerPort"]) for each in listeners),
            )
            yield LoadBalancer(
                resource=arn,
                publicly_accessible=public,
                internet_routed=any(paths.routed(subnet) for subnet in subnets),
                vpc=balancer["VPCId"],
                kind="classic",
                filtered=bool(groups),
                **exposed(layout),
                links=_group_arns(region, groups),
            )


def _public(interface: Mapping[str, Any]) -> bool:
    return networks.public(addresses_of(interface))


def _entering(paths: Paths, interface: Mapping[str, Any]) -> vpc.Layout:
    spoken = versions(addresses_of(interface))
    # Of an interface may be said that nothing of the internet's comes to it, though it has an IPv6 address.
    if not spoken or interface.get("DenyAllIgwTraffic") or interface.get("InterfaceType") in _DEAF:
        return ()
    # What a service of AWS's makes may have no group; then none filters.
    groups = [group["GroupId"] for group in interface.get("Groups") or ()]
    return paths.entering(interface["SubnetId"], groups or None, spoken)


def _listening(
    paths: Paths,
    *,
    subnets: Iterable[str],
    groups: Collection[str],
    versions: Collection[int],
    services: Spans,
) -> vpc.Layout:
    if not versions:
        return ()
    layouts = [paths.entering(subnet, groups or None, versions) for subnet in subnets]
    return vpc.only(vpc.either(layouts), services=services)


def _services(listeners: Iterable[tuple[str | None, int | None]]) -> Spans:
    return joined(
        span
        for said, port in listeners
        for protocol in _LISTENED.get((said or "").upper(), ("tcp",))
        for span in vpc.services(protocol, port, port)
    )


def _links(region: AwsRegion, interfaces: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return _group_arns(
        region, (group["GroupId"] for each in interfaces for group in each.get("Groups") or ())
    )


def _group_arns(region: AwsRegion, groups: Iterable[str]) -> tuple[str, ...]:
    return tuple(region.arn("ec2", f"security-group/{group}") for group in sorted(set(groups)))
