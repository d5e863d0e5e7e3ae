from typing import Any

import pytest

from checks.segmentation.aws_network import (
    classic_load_balancers,
    instances,
    load_balancers,
    network_interfaces,
)
from checks.segmentation.vpc_facts import InVpc, LoadBalancer, NetworkInterface
from scanner.testing import by, look, observe, world

EC2 = "arn:aws:ec2:us-east-1:111122223333:"
OURS, THEIRS = "111122223333", "444455556666"
CLOSED: dict[str, Any] = {
    "public": False,
    "admin_ports": False,
    "database_ports": False,
    "anyone": False,
    "anyone_ports": (),
    "anyone_admin_ports": False,
    "anyone_ssh": False,
    "anyone_rdp": False,
    "anyone_http": False,
    "anyone_ftp": False,
    "anyone_udp": False,
    "public_database_ports": False,
}
SSH: dict[str, Any] = {
    **CLOSED,
    "public": True,
    "admin_ports": True,
    "anyone": True,
    "anyone_ports": ("tcp/22",),
    "anyone_admin_ports": True,
    "anyone_ssh": True,
}
WEB: dict[str, Any] = {**CLOSED, "public": True, "anyone": True, "anyone_ports": ("tcp/443",)}
EVERYTHING: dict[str, Any] = dict.fromkeys(CLOSED, True) | {"anyone_ports": ("all",)}


def permission(port: int, *cidrs: str, protocol: str = "tcp", **more: Any) -> dict[str, Any]:
    return {
        "IpProtocol": protocol,
        "FromPort": port,
        "ToPort": port,
        "IpRanges": [{"CidrIp": cidr} for cidr in cidrs if ":" not in cidr],
        "Ipv6Ranges": [{"CidrIpv6": cidr} for cidr in cidrs if ":" in cidr],
        **more,
    }


def group(name: str, *permissions: dict[str, Any]) -> dict[str, Any]:
    return {"GroupId": name, "GroupName": name, "OwnerId": OURS, "IpPermissions": list(permissions)}


def entry(number: int, action: str = "allow", *, egress: bool = False, **more: Any) -> dict[str, Any]:
    return {"RuleNumber": number, "RuleAction": action, "Egress": egress, "Protocol": "-1", **more}


def open_both_ways(*first: dict[str, Any]) -> list[dict[str, Any]]:
    cidrs = ({"CidrBlock": "0.0.0.0/0"}, {"Ipv6CidrBlock": "::/0"})
    return [
        *first,
        *(entry(100 + n, egress=egress, **cidr) for egress in (False, True) for n, cidr in enumerate(cidrs)),
        entry(32767, "deny", CidrBlock="0.0.0.0/0"),
        entry(32767, "deny", egress=True, CidrBlock="0.0.0.0/0"),
    ]


def acl(name: str, entries: list[dict[str, Any]], *subnets: str) -> dict[str, Any]:
    return {
        "NetworkAclId": name,
        "VpcId": "vpc-1",
        "OwnerId": OURS,
        "IsDefault": name == "acl-default",
        "Entries": entries,
        "Associations": [{"SubnetId": subnet, "NetworkAclId": name} for subnet in subnets],
    }


def table(
    name: str, *routes: dict[str, Any], main: bool = False, subnets: tuple[str, ...] = ()
) -> dict[str, Any]:
    places: list[dict[str, Any]] = [{"Main": False, "SubnetId": subnet} for subnet in subnets]
    return {
        "RouteTableId": name,
        "VpcId": "vpc-1",
        "OwnerId": OURS,
        "Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}, *routes],
        "Associations": [*places, *([{"Main": True}] if main else [])],
    }


def to(gateway: str, cidr: str = "0.0.0.0/0", **more: Any) -> dict[str, Any]:
    kind = "DestinationIpv6CidrBlock" if ":" in cidr else "DestinationCidrBlock"
    return {kind: cidr, "GatewayId": gateway, "State": "active", **more}


NOT_TO_SSH = entry(50, "deny", Protocol="6", PortRange={"From": 22, "To": 22}, CidrBlock="0.0.0.0/0")
GROUPS = [
    group("sg-ssh", permission(22, "0.0.0.0/0")),
    group("sg-ssh6", permission(22, "::/0")),
    group("sg-web", permission(443, "0.0.0.0/0", "::/0")),
    group("sg-all", permission(-1, "0.0.0.0/0", "::/0", protocol="-1")),
    group("sg-list", permission(5432, PrefixListIds=[{"PrefixListId": "pl-partner"}])),
    group("sg-group", permission(22, UserIdGroupPairs=[{"GroupId": "sg-web"}])),
    group("sg-denied", permission(22, PrefixListIds=[{"PrefixListId": "pl-denied"}])),
]
PATHS = {
    "ec2:DescribeSecurityGroups": {"SecurityGroups": GROUPS},
    "ec2:GetManagedPrefixListEntries": by(
        "PrefixListId",
        {
            "pl-partner": {"Entries": [{"Cidr": "8.8.8.0/24"}]},
            "pl-far": {"Entries": [{"Cidr": "8.8.0.0/16"}]},
        },
    ),
    "ec2:DescribeSubnets": {
        "Subnets": [
            {"SubnetId": f"subnet-{name}", "VpcId": "vpc-1"}
            for name in ("public", "private", "v6", "walled", "guarded", "mute", "far", "lost")
        ]
    },
    "ec2:DescribeRouteTables": {
        "RouteTables": [
            table("rtb-main", to("nat-1"), main=True),
            table(
                "rtb-public",
                to("igw-1"),
                to("igw-1", "::/0"),
                subnets=("subnet-public", "subnet-walled", "subnet-mute"),
            ),
            table("rtb-v6", to("igw-1", "::/0"), subnets=("subnet-v6",)),
            table("rtb-guarded", to("vpce-fw"), subnets=("subnet-guarded",)),
            table(
                "rtb-far",
                {"DestinationPrefixListId": "pl-far", "GatewayId": "igw-1"},
                {"DestinationPrefixListId": "pl-s3", "GatewayId": "vpce-s3"},
                subnets=("subnet-far",),
            ),
            table("rtb-lost", to("igw-gone", State="blackhole"), subnets=("subnet-lost",)),
        ]
    },
    "ec2:DescribeNetworkAcls": {
        "NetworkAcls": [
            acl(
                "acl-default",
                open_both_ways(),
                "subnet-public",
                "subnet-private",
                "subnet-v6",
                "subnet-guarded",
                "subnet-far",
                "subnet-lost",
            ),
            acl("acl-walled", open_both_ways(NOT_TO_SSH), "subnet-walled"),
            acl("acl-mute", [entry(100, CidrBlock="0.0.0.0/0")], "subnet-mute"),
        ]
    },
}


def interface(
    subnet: str, *groups: str, public: str | None = "52.94.0.7", six: str | None = None, **more: Any
) -> dict[str, Any]:
    own: dict[str, Any] = {"PrivateIpAddress": "10.0.0.4"}
    if public:
        own["Association"] = {"PublicIp": public}
    return {
        "SubnetId": f"subnet-{subnet}",
        "VpcId": "vpc-1",
        "Groups": [{"GroupId": name, "GroupName": name} for name in groups],
        "PrivateIpAddresses": [own],
        "Ipv6Addresses": [{"Ipv6Address": six}] if six else [],
        **more,
    }


def instance(name: str, *interfaces: dict[str, Any], state: str = "running", **more: Any) -> dict[str, Any]:
    placed = {} if state == "terminated" else {"VpcId": "vpc-1"}
    return {
        "InstanceId": name,
        "State": {"Name": state},
        "NetworkInterfaces": list(interfaces),
        **placed,
        **more,
    }


def reservations(*each: dict[str, Any]) -> dict[str, Any]:
    return {**PATHS, "ec2:DescribeInstances": {"Reservations": [{"Instances": list(each)}]}}


def links(*groups: str) -> tuple[str, ...]:
    return tuple(f"{EC2}security-group/{name}" for name in groups)


INSTANCES = world(
    instances,
    reservations(
        instance("i-ssh", interface("public", "sg-ssh"), Tags=[{"Key": "phi", "Value": "true"}]),
        instance("i-inside", interface("private", "sg-ssh", public=None)),
        instance("i-partner", interface("public", "sg-list", "sg-group")),
        instance("i-gone", state="terminated"),
        instance("i-going", state="shutting-down"),
    ),
)


def test_instances() -> None:
    assert observe(instances, INSTANCES) == [
        InVpc(
            resource=f"{EC2}instance/i-ssh",
            publicly_accessible=True,
            internet_routed=True,
            vpc="vpc-1",
            **SSH,
            tags={"phi": "true"},
            links=links("sg-ssh"),
        ),
        InVpc(
            resource=f"{EC2}instance/i-inside",
            publicly_accessible=False,
            internet_routed=False,
            vpc="vpc-1",
            **CLOSED,
            tags={},
            links=links("sg-ssh"),
        ),
        InVpc(
            resource=f"{EC2}instance/i-partner",
            publicly_accessible=True,
            internet_routed=True,
            vpc="vpc-1",
            **{**CLOSED, "public": True, "database_ports": True, "public_database_ports": True},
            tags={},
            links=links("sg-group", "sg-list"),
        ),
    ]


SIX = "2600:1f18::7"


@pytest.mark.parametrize(
    ("interfaces", "expected"),
    [
        ([interface("public", "sg-ssh")], ("tcp/22",)),
        # Groups add up, and so do interfaces.
        ([interface("public", "sg-ssh", "sg-web")], ("tcp/22", "tcp/443")),
        ([interface("public", "sg-ssh"), interface("public", "sg-web")], ("tcp/22", "tcp/443")),
        # A public address and a rule are nothing without a route back.
        ([interface("private", "sg-ssh")], ()),
        ([interface("lost", "sg-ssh")], ()),
        ([interface("public", "sg-ssh"), interface("private", "sg-web")], ("tcp/22",)),
        # What is said of IPv4 opens nothing to IPv6, and the other way round.
        ([interface("public", "sg-ssh6")], ()),
        ([interface("public", "sg-ssh", public=None, six=SIX)], ()),
        ([interface("public", "sg-ssh6", public=None, six=SIX)], ("tcp/22",)),
        ([interface("v6", "sg-ssh6", public=None, six=SIX)], ("tcp/22",)),
        ([interface("v6", "sg-ssh")], ()),
        ([interface("private", "sg-ssh6", public=None, six=SIX)], ()),
        ([interface("public", "sg-ssh6", public=None, six="fd00::7")], ()),
        (
            [interface("v6", "sg-ssh6", public=None, Ipv6Prefixes=[{"Ipv6Prefix": "2600:1f18:1::/80"}])],
            ("tcp/22",),
        ),
        # The network ACL's rules come before the group's.
        ([interface("walled", "sg-ssh", "sg-web")], ("tcp/443",)),
        ([interface("mute", "sg-ssh")], ()),
        ([interface("guarded", "sg-ssh")], ("tcp/22",)),
        ([interface("far", "sg-ssh")], ()),
        ([interface("public", "sg-group")], ()),
        # A subnet that another account shares tells nothing of its routes; a group that has gone, nothing.
        ([interface("shared", "sg-ssh")], ("tcp/22",)),
        ([interface("public", "sg-gone")], ()),
        ([interface("public", "sg-all")], ("all",)),
    ],
)
def test_what_anyone_reaches(interfaces: list[dict[str, Any]], expected: tuple[str, ...]) -> None:
    (facts,) = observe(instances, reservations(instance("i-1", *interfaces)))

    assert isinstance(facts, InVpc)
    assert facts.anyone_ports == expected


def test_a_route_to_some_addresses_only_is_public_all_the_same() -> None:
    (facts,) = observe(instances, reservations(instance("i-1", interface("far", "sg-ssh"))))

    assert facts == InVpc(
        resource=f"{EC2}instance/i-1",
        publicly_accessible=True,
        internet_routed=True,
        vpc="vpc-1",
        **{**CLOSED, "public": True, "admin_ports": True},
        tags={},
        links=links("sg-ssh"),
    )


def test_a_prefix_list_that_cannot_be_read_hides_whom_it_lets_in_only() -> None:
    sight = look(
        instances,
        reservations(
            instance("i-1", interface("public", "sg-denied")), instance("i-2", interface("private", "sg-web"))
        ),
    )

    assert [facts.resource for facts in sight.facts] == [f"{EC2}instance/i-2"]
    assert [refusal.resource for refusal in sight.refusals] == [f"{EC2}instance/i-1"]


def eni(name: str, subnet: str, *groups: str, **more: Any) -> dict[str, Any]:
    return interface(
        subnet, *groups, NetworkInterfaceId=name, OwnerId=OURS, InterfaceType="interface", **more
    )


INTERFACES = world(
    network_interfaces,
    {
        **PATHS,
        "ec2:DescribeNetworkInterfaces": {
            "NetworkInterfaces": [
                eni(
                    "eni-1",
                    "public",
                    "sg-web",
                    Attachment={"InstanceId": "i-1", "Status": "attached"},
                    SourceDestCheck=False,
                    TagSet=[{"Key": "owner", "Value": "net"}],
                ),
                eni(
                    "eni-db",
                    "public",
                    "sg-list",
                    RequesterManaged=True,
                    SourceDestCheck=True,
                    Attachment={"InstanceOwnerId": "amazon-rds"},
                ),
                eni("eni-free", "private", "sg-ssh", public=None),
                {**eni("eni-nat", "public"), "InterfaceType": "natGateway", "RequesterManaged": True},
                {**eni("eni-nat-2", "public"), "InterfaceType": "nat_gateway"},
                {**eni("eni-nlb", "public"), "InterfaceType": "network_load_balancer"},
                eni("eni-denied", "public", "sg-ssh6", public=None, six=SIX, DenyAllIgwTraffic=True),
                {**eni("eni-theirs", "public", "sg-ssh"), "OwnerId": THEIRS},
            ]
        },
    },
)


def test_network_interfaces() -> None:
    plain: dict[str, Any] = {
        "publicly_accessible": True,
        "internet_routed": True,
        "vpc": "vpc-1",
        "kind": "interface",
        "machine": None,
        "managed": False,
        "attached": False,
        "ip_forwarding": False,
        "tags": {},
    }
    base = f"{EC2}network-interface/"
    assert observe(network_interfaces, INTERFACES) == [
        NetworkInterface(
            resource=f"{base}eni-1",
            **{**plain, "machine": "i-1", "attached": True, "ip_forwarding": True, "tags": {"owner": "net"}},
            **WEB,
            links=links("sg-web"),
        ),
        NetworkInterface(
            resource=f"{base}eni-db",
            **{**plain, "managed": True, "attached": True},
            **{**CLOSED, "public": True, "database_ports": True, "public_database_ports": True},
            links=links("sg-list"),
        ),
        NetworkInterface(
            resource=f"{base}eni-free",
            **{**plain, "publicly_accessible": False, "internet_routed": False},
            **CLOSED,
            links=links("sg-ssh"),
        ),
        NetworkInterface(
            resource=f"{base}eni-nat", **{**plain, "kind": "natGateway", "managed": True}, **CLOSED
        ),
        NetworkInterface(resource=f"{base}eni-nat-2", **{**plain, "kind": "nat_gateway"}, **CLOSED),
        NetworkInterface(
            resource=f"{base}eni-nlb", **{**plain, "kind": "network_load_balancer"}, **EVERYTHING
        ),
        NetworkInterface(resource=f"{base}eni-denied", **plain, **CLOSED, links=links("sg-ssh6")),
    ]


ELB = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/"


def balancer(name: str, *groups: str, subnet: str = "public", **more: Any) -> dict[str, Any]:
    return {
        "LoadBalancerArn": f"{ELB}{name}",
        "Scheme": "internet-facing",
        "Type": "application",
        "VpcId": "vpc-1",
        "IpAddressType": "ipv4",
        "SecurityGroups": list(groups),
        "AvailabilityZones": [{"SubnetId": f"subnet-{subnet}"}],
        **more,
    }


def listeners(*each: tuple[str, int]) -> dict[str, Any]:
    return {"Listeners": [{"Protocol": protocol, "Port": port} for protocol, port in each]}


BALANCERS = world(
    load_balancers,
    {
        **PATHS,
        "elbv2:DescribeLoadBalancers": {
            "LoadBalancers": [
                balancer("web", "sg-web"),
                balancer("web6", "sg-ssh6", IpAddressType="dualstack-without-public-ipv4"),
                balancer("inner", "sg-all", Scheme="internal", subnet="private"),
                balancer("net", Type="network", IpAddressType="dualstack"),
                balancer("partner", "sg-list"),
                {
                    "LoadBalancerArn": f"{ELB}appliances",
                    "Type": "gateway",
                    "VpcId": "vpc-1",
                    "AvailabilityZones": [{"SubnetId": "subnet-guarded"}],
                },
            ]
        },
        "elbv2:DescribeListeners": by(
            "LoadBalancerArn",
            {
                f"{ELB}web": listeners(("HTTPS", 443), ("HTTP", 80)),
                f"{ELB}web6": listeners(("TLS", 22)),
                f"{ELB}inner": listeners(("HTTP", 80)),
                f"{ELB}net": listeners(("TCP_UDP", 53), ("UDP", 60), ("TCP", 80)),
                f"{ELB}partner": listeners(("HTTPS", 443)),
                f"{ELB}appliances": {"Listeners": [{"ListenerArn": "arn"}]},
            },
        ),
    },
)


def balanced(name: str, *groups: str, **more: Any) -> LoadBalancer:
    plain: dict[str, Any] = {
        "publicly_accessible": True,
        "internet_routed": True,
        "vpc": "vpc-1",
        "kind": "application",
        "filtered": bool(groups),
        "links": links(*groups),
    }
    return LoadBalancer(resource=f"{ELB}{name}", **{**plain, **more})


def test_load_balancers() -> None:
    assert observe(load_balancers, BALANCERS) == [
        balanced("web", "sg-web", **WEB),
        balanced("web6", "sg-ssh6", **SSH),
        balanced("inner", "sg-all", **CLOSED, publicly_accessible=False, internet_routed=False),
        balanced(
            "net",
            kind="network",
            **{
                **CLOSED,
                "public": True,
                "anyone": True,
                "anyone_http": True,
                "anyone_udp": True,
                "anyone_ports": ("tcp/53", "tcp/80", "udp/53", "udp/60"),
            },
        ),
        balanced("partner", "sg-list", **CLOSED),
        balanced("appliances", kind="gateway", **CLOSED, publicly_accessible=False),
    ]


CLASSIC = world(
    classic_load_balancers,
    {
        **PATHS,
        "elb:DescribeLoadBalancers": {
            "LoadBalancerDescriptions": [
                {
                    "LoadBalancerName": name,
                    "Scheme": scheme,
                    "VPCId": "vpc-1",
                    "Subnets": ["subnet-public"],
                    "SecurityGroups": [groups],
                    "ListenerDescriptions": [
                        {"Listener": {"Protocol": "TCP", "LoadBalancerPort": 22, "InstancePort": 2222}}
                    ],
                }
                for name, scheme, groups in (
                    ("jump", "internet-facing", "sg-all"),
                    ("inner", "internal", "sg-all"),
                    ("partner", "internet-facing", "sg-list"),
                )
            ]
        },
    },
)


def test_classic_load_balancers() -> None:
    assert observe(classic_load_balancers, CLASSIC) == [
        balanced("jump", "sg-all", kind="classic", **SSH),
        balanced("inner", "sg-all", kind="classic", publicly_accessible=False, **CLOSED),
        balanced("partner", "sg-list", kind="classic", **CLOSED),
    ]
