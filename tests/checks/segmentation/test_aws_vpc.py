from typing import Any

import pytest

from checks.segmentation.aws_vpc import (
    internet_gateways,
    network_acls,
    public_access_block,
    route_tables,
    security_groups,
    subnets,
    vpc_peerings,
)
from checks.segmentation.vpc_facts import (
    InternetGateway,
    NetworkAcl,
    Peering,
    PublicAccessBlock,
    RouteTable,
    SecurityGroupUse,
    VpcSubnet,
)
from scanner.testing import look, observe, world

from .test_aws_network import (
    CLOSED,
    EC2,
    EVERYTHING,
    NOT_TO_SSH,
    OURS,
    PATHS,
    SSH,
    THEIRS,
    WEB,
    acl,
    entry,
    group,
    open_both_ways,
    permission,
    table,
    to,
)

VPC = (f"{EC2}vpc/vpc-1",)
GROUPS = world(
    security_groups,
    {
        **PATHS,
        "ec2:DescribeSecurityGroups": {
            "SecurityGroups": [
                {**group("default"), "VpcId": "vpc-1", "Tags": [{"Key": "owner", "Value": "net"}]},
                # One half each, and only together everybody.
                group("ssh", permission(22, "0.0.0.0/1"), permission(22, "128.0.0.0/1")),
                group(
                    "ftp",
                    permission(21, "0.0.0.0/0"),
                    permission(
                        9000,
                        PrefixListIds=[{"PrefixListId": "pl-partner"}],
                        UserIdGroupPairs=[{"GroupId": "ssh"}, {"GroupId": "ftp"}],
                    ),
                ),
                {
                    **group("out"),
                    "IpPermissionsEgress": [permission(443, UserIdGroupPairs=[{"GroupId": "web"}])],
                },
                group("web", permission(443, "0.0.0.0/0")),
                {**group("shared", permission(22, "0.0.0.0/0")), "OwnerId": THEIRS},
            ]
        },
        "ec2:DescribeNetworkInterfaces": {
            "NetworkInterfaces": [{"Groups": [{"GroupId": "ssh"}, {"GroupId": "web"}]}, {"Groups": []}, {}]
        },
    },
)


def used(name: str, **more: Any) -> SecurityGroupUse:
    plain: dict[str, Any] = {
        "group_name": name,
        "default": name == "default",
        "attached": False,
        "referenced": False,
        "tags": {},
    }
    return SecurityGroupUse(resource=f"{EC2}security-group/{name}", **{**plain, **more})


def test_security_groups() -> None:
    assert observe(security_groups, GROUPS) == [
        used("default", **CLOSED, tags={"owner": "net"}, links=VPC),
        used("ssh", **SSH, attached=True, referenced=True),
        used(
            "ftp",
            **{**CLOSED, "public": True, "anyone": True, "anyone_ftp": True, "anyone_ports": ("tcp/21",)},
        ),
        used("out", **CLOSED),
        used("web", **WEB, attached=True, referenced=True),
    ]


def test_a_prefix_list_that_cannot_be_read_hides_its_groups_only() -> None:
    sight = look(security_groups, GROUPS, denied=["ec2:GetManagedPrefixListEntries"])

    assert [refusal.resource for refusal in sight.refusals] == [f"{EC2}security-group/ftp"]
    assert len(sight.facts) == 4


ACLS = world(
    network_acls,
    {
        "ec2:DescribeNetworkAcls": {
            "NetworkAcls": [
                {
                    **acl("acl-default", open_both_ways(), "subnet-1"),
                    "Tags": [{"Key": "owner", "Value": "net"}],
                },
                acl("acl-no-ssh", open_both_ways(NOT_TO_SSH), "subnet-2"),
                acl(
                    "acl-web",
                    [
                        entry(90, Protocol="6", PortRange={"From": 443, "To": 443}, CidrBlock="0.0.0.0/0"),
                        entry(95, Protocol="17", PortRange={"From": 1, "To": 9}, CidrBlock="0.0.0.0/0"),
                        # Denied before, though it is told after.
                        entry(
                            80, "deny", Protocol="17", PortRange={"From": 1, "To": 9}, CidrBlock="0.0.0.0/0"
                        ),
                        entry(
                            90,
                            egress=True,
                            Protocol="6",
                            PortRange={"From": 1024, "To": 65535},
                            CidrBlock="0.0.0.0/0",
                        ),
                    ],
                ),
                acl(
                    "acl-ping",
                    [
                        entry(90, Protocol="1", IcmpTypeCode={"Type": 8, "Code": -1}, CidrBlock="0.0.0.0/0"),
                        entry(
                            80,
                            "deny",
                            Protocol="58",
                            IcmpTypeCode={"Type": -1, "Code": -1},
                            Ipv6CidrBlock="::/0",
                        ),
                        entry(91, Protocol="58", IcmpTypeCode={"Type": -1, "Code": -1}, Ipv6CidrBlock="::/0"),
                    ],
                ),
                {**acl("acl-shared", open_both_ways()), "OwnerId": THEIRS},
            ]
        }
    },
)


def filtering(name: str, *, attached: bool, **more: Any) -> NetworkAcl:
    return NetworkAcl(
        resource=f"{EC2}network-acl/{name}",
        default=name == "acl-default",
        attached=attached,
        links=VPC,
        **{"tags": {}, "all_traffic": False, **more},
    )


def test_network_acls() -> None:
    # SSH stays open to IPv6, which the rule does not deny.
    seen = {facts.resource.rpartition("/")[2]: facts for facts in observe(network_acls, ACLS)}

    assert seen == {
        "acl-default": filtering(
            "acl-default", attached=True, **EVERYTHING, all_traffic=True, tags={"owner": "net"}
        ),
        "acl-no-ssh": filtering("acl-no-ssh", attached=True, **EVERYTHING, all_traffic=True),
        "acl-web": filtering("acl-web", attached=False, **WEB),
        "acl-ping": filtering(
            "acl-ping",
            attached=False,
            **{**CLOSED, "public": True, "anyone": True, "anyone_ports": ("icmp",)},
        ),
    }


TABLES = [
    table(
        "rtb-main", {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"}, main=True
    ),
    table("rtb-public", to("igw-1"), subnets=("subnet-1",)),
    table("rtb-public6", to("igw-1", "::/0")),
    table("rtb-office", to("igw-1", "8.8.0.0/16")),
    table("rtb-list", {"DestinationPrefixListId": "pl-far", "GatewayId": "igw-1"}),
    table("rtb-guarded", to("vpce-1")),
    table("rtb-lost", to("igw-1", State="blackhole")),
    table("rtb-nat", {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "active"}),
    {**table("rtb-shared", to("igw-1")), "OwnerId": THEIRS},
]
ROUTES = world(route_tables, {**PATHS, "ec2:DescribeRouteTables": {"RouteTables": TABLES}})


def test_route_tables() -> None:
    seen = [
        ("rtb-main", True, False, False, False),
        ("rtb-public", False, True, True, True),
        ("rtb-public6", False, False, True, True),
        ("rtb-office", False, False, True, False),
        ("rtb-list", False, False, True, False),
        ("rtb-guarded", False, False, True, False),
        ("rtb-lost", False, False, False, False),
        ("rtb-nat", False, False, False, False),
    ]
    assert observe(route_tables, ROUTES) == [
        RouteTable(
            resource=f"{EC2}route-table/{name}",
            vpc="vpc-1",
            main=main,
            attached=attached,
            internet_routed=routed,
            internet_default=default,
            tags={},
            links=VPC,
        )
        for name, main, attached, routed, default in seen
    ]


SUBNETS = world(
    subnets,
    {
        "ec2:GetManagedPrefixListEntries": PATHS["ec2:GetManagedPrefixListEntries"],
        "ec2:DescribeRouteTables": {
            "RouteTables": [
                *TABLES,
                table(
                    "rtb-far",
                    {"DestinationPrefixListId": "pl-far", "GatewayId": "igw-1"},
                    subnets=("subnet-3",),
                ),
            ]
        },
        "ec2:DescribeSubnets": {
            "Subnets": [
                {
                    "SubnetId": "subnet-1",
                    "VpcId": "vpc-1",
                    "OwnerId": OURS,
                    "MapPublicIpOnLaunch": True,
                    "AssignIpv6AddressOnCreation": True,
                    "DefaultForAz": True,
                    "Tags": [{"Key": "owner", "Value": "net"}],
                },
                {"SubnetId": "subnet-2", "VpcId": "vpc-1", "MapPublicIpOnLaunch": False},
                {"SubnetId": "subnet-3", "VpcId": "vpc-1", "MapPublicIpOnLaunch": False},
                {"SubnetId": "subnet-4", "VpcId": "vpc-9", "MapPublicIpOnLaunch": True, "OwnerId": THEIRS},
            ]
        },
    },
)


def test_subnets() -> None:
    def links(name: str) -> tuple[str, ...]:
        return (*VPC, f"{EC2}route-table/{name}")

    assert observe(subnets, SUBNETS) == [
        VpcSubnet(
            resource=f"{EC2}subnet/subnet-1",
            vpc="vpc-1",
            default=True,
            auto_public_addresses=True,
            auto_ipv6_addresses=True,
            internet_routed=True,
            tags={"owner": "net"},
            links=links("rtb-public"),
        ),
        VpcSubnet(
            resource=f"{EC2}subnet/subnet-2",
            vpc="vpc-1",
            default=False,
            auto_public_addresses=False,
            auto_ipv6_addresses=False,
            internet_routed=False,
            tags={},
            links=links("rtb-main"),
        ),
        VpcSubnet(
            resource=f"{EC2}subnet/subnet-3",
            vpc="vpc-1",
            default=False,
            auto_public_addresses=False,
            auto_ipv6_addresses=False,
            internet_routed=True,
            tags={},
            links=links("rtb-far"),
        ),
    ]


GATEWAYS = world(
    internet_gateways,
    {
        "ec2:DescribeInternetGateways": {
            "InternetGateways": [
                {
                    "InternetGatewayId": "igw-1",
                    "OwnerId": OURS,
                    "Attachments": [{"State": "available", "VpcId": "vpc-1"}],
                },
                {"InternetGatewayId": "igw-2", "OwnerId": OURS, "Tags": [{"Key": "owner", "Value": "net"}]},
                {"InternetGatewayId": "igw-3", "OwnerId": THEIRS},
            ]
        }
    },
)


def test_internet_gateways() -> None:
    assert observe(internet_gateways, GATEWAYS) == [
        InternetGateway(
            resource=f"{EC2}internet-gateway/igw-1", attached=True, vpc="vpc-1", tags={}, links=VPC
        ),
        InternetGateway(
            resource=f"{EC2}internet-gateway/igw-2", attached=False, vpc=None, tags={"owner": "net"}
        ),
    ]


def peering(name: str, asks: str, asked: str, status: str = "active") -> dict[str, Any]:
    return {
        "VpcPeeringConnectionId": name,
        "Status": {"Code": status},
        "RequesterVpcInfo": {"OwnerId": asks, "VpcId": "vpc-1"},
        "AccepterVpcInfo": {"OwnerId": asked, "VpcId": "vpc-2"},
    }


PEERINGS = world(
    vpc_peerings,
    {
        "ec2:DescribeVpcPeeringConnections": {
            "VpcPeeringConnections": [
                peering("pcx-ours", OURS, OURS),
                peering("pcx-asked", THEIRS, OURS, "pending-acceptance"),
                peering("pcx-asks", OURS, THEIRS),
                peering("pcx-gone", OURS, THEIRS, "deleted"),
            ]
        }
    },
)


def test_vpc_peerings() -> None:
    base = f"{EC2}vpc-peering-connection/"
    assert observe(vpc_peerings, PEERINGS) == [
        Peering(
            resource=f"{base}pcx-ours",
            same_account=True,
            other_account=OURS,
            other_vpc="vpc-2",
            tags={},
            links=VPC,
        ),
        Peering(
            resource=f"{base}pcx-asked",
            same_account=False,
            other_account=THEIRS,
            other_vpc="vpc-1",
            tags={},
            links=(f"{EC2}vpc/vpc-2",),
        ),
        Peering(
            resource=f"{base}pcx-asks",
            same_account=False,
            other_account=THEIRS,
            other_vpc="vpc-2",
            tags={},
            links=VPC,
        ),
    ]


def block(mode: str, *states: str) -> dict[str, Any]:
    return {
        "ec2:DescribeVpcBlockPublicAccessOptions": {
            "VpcBlockPublicAccessOptions": {"InternetGatewayBlockMode": mode}
        },
        "ec2:DescribeVpcBlockPublicAccessExclusions": {
            "VpcBlockPublicAccessExclusions": [{"State": state} for state in states]
        },
    }


BLOCK = world(public_access_block, block("off"))


@pytest.mark.parametrize(
    ("answers", "ingress", "egress", "exclusions"),
    [
        (BLOCK, False, False, 0),
        (block("block-ingress", "create-complete", "delete-complete"), True, False, 1),
        (block("block-bidirectional", "update-complete", "create-failed"), True, True, 1),
    ],
)
def test_public_access_block(answers: Any, ingress: bool, egress: bool, exclusions: int) -> None:
    assert observe(public_access_block, answers) == [
        PublicAccessBlock(
            resource=f"{EC2}vpc-block-public-access",
            ingress_blocked=ingress,
            egress_blocked=egress,
            exclusions=exclusions,
        )
    ]
