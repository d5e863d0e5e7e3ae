"""Segmentation on AWS: what VPCs are made of, and where they lead."""

from collections.abc import Iterator, Mapping
from typing import Any

from scanner import AwsRegion, Reason, check

from ..semantics import vpc
from .vpc_facts import (
    InternetGateway,
    NetworkAcl,
    Peering,
    PublicAccessBlock,
    RouteTable,
    SecurityGroupUse,
    VpcSubnet,
)
from .vpc_paths import (
    ACLS,
    GROUPS,
    LISTS,
    SUBNETS,
    TABLES,
    Filters,
    entering_acl,
    exposed,
    leads_everywhere,
    routed,
    tables_by_place,
)

_INTERFACES = "ec2:DescribeNetworkInterfaces"
_GATEWAYS = "ec2:DescribeInternetGateways"
_PEERINGS = "ec2:DescribeVpcPeeringConnections"
_BLOCK = "ec2:DescribeVpcBlockPublicAccessOptions"
_EXCLUSIONS = "ec2:DescribeVpcBlockPublicAccessExclusions"
_NO_PEERING = frozenset({"deleted", "deleting", "rejected", "failed", "expired"})
_NO_EXCLUSION = frozenset({"create-failed", "delete-complete", "disable-complete"})


@check(GROUPS, LISTS, _INTERFACES)
def security_groups(region: AwsRegion) -> Iterator[SecurityGroupUse]:
    """What all rules of each security group together let in, and whether anything has the group.

    Groups that another account shares are left to that account's scan.
    """
    attached = {group["GroupId"] for each in region.all(_INTERFACES) for group in each.get("Groups") or ()}
    filters = Filters.of(region)
    named = {other for group in filters.groups.values() for other in _named(group)}
    for key, group in filters.groups.items():
        if group.get("OwnerId", region.id) != region.id:
            continue
        arn = region.arn("ec2", f"security-group/{key}")
        with region.reading(arn):
            yield SecurityGroupUse(
                resource=arn,
                group_name=group["GroupName"],
                # Nobody can give another group this name.
                default=group["GroupName"] == "default",
                attached=key in attached,
                referenced=key in named,
                **exposed(filters.entering([key])),
                tags=region.tags(group.get("Tags")),
                links=_vpc_link(region, group.get("VpcId")),
            )


@check(ACLS)
def network_acls(region: AwsRegion) -> Iterator[NetworkAcl]:
    """What each network ACL lets in, the first rule that is about a packet deciding.

    A TCP connection counts if the ACL lets an answer out, to whatever port.
    """
    for acl in region.all(ACLS):
        if acl.get("OwnerId", region.id) == region.id:
            layout = entering_acl(acl)
            yield NetworkAcl(
                resource=region.arn("ec2", f"network-acl/{acl['NetworkAclId']}"),
                default=acl.get("IsDefault", False),
                attached=bool(acl.get("Associations")),
                all_traffic=any(ports.every for ports in vpc.anyone(layout)),
                **exposed(layout),
                tags=region.tags(acl.get("Tags")),
                links=_vpc_link(region, acl.get("VpcId")),
            )


@check(SUBNETS, TABLES, LISTS)
def subnets(region: AwsRegion) -> Iterator[VpcSubnet]:
    """Whether what is launched in each subnet gets a public address, and where its traffic goes."""
    listed = [each for each in region.all(SUBNETS) if each.get("OwnerId", region.id) == region.id]
    tables = tables_by_place(region.all(TABLES))
    for subnet in listed:
        arn = region.arn("ec2", f"subnet/{subnet['SubnetId']}")
        with region.reading(arn):
            table = tables.get(subnet["SubnetId"]) or tables.get(subnet["VpcId"])
            if table is None:
                raise region.refuse(
                    TABLES, Reason.INVALID_ANSWER, "has no main table of its VPC", "scan again"
                )
            yield VpcSubnet(
                resource=arn,
                vpc=subnet["VpcId"],
                default=subnet.get("DefaultForAz", False),
                auto_public_addresses=subnet["MapPublicIpOnLaunch"],
                auto_ipv6_addresses=subnet.get("AssignIpv6AddressOnCreation", False),
                internet_routed=bool(routed(region, table)),
                tags=region.tags(subnet.get("Tags")),
                links=(
                    *_vpc_link(region, subnet["VpcId"]),
                    region.arn("ec2", f"route-table/{table['RouteTableId']}"),
                ),
            )


@check(TABLES, LISTS)
def route_tables(region: AwsRegion) -> Iterator[RouteTable]:
    """Whether route tables send traffic to the internet, and who has them."""
    for table in region.all(TABLES):
        if table.get("OwnerId", region.id) != region.id:
            continue
        places = table.get("Associations") or ()
        arn = region.arn("ec2", f"route-table/{table['RouteTableId']}")
        with region.reading(arn):
            yield RouteTable(
                resource=arn,
                vpc=table["VpcId"],
                main=any(place.get("Main") for place in places),
                attached=any(place.get("SubnetId") for place in places),
                internet_routed=bool(routed(region, table)),
                internet_default=leads_everywhere(table),
                tags=region.tags(table.get("Tags")),
                links=_vpc_link(region, table["VpcId"]),
            )


@check(_GATEWAYS)
def internet_gateways(region: AwsRegion) -> Iterator[InternetGateway]:
    """Which VPC each internet gateway opens to the internet."""
    for gateway in region.all(_GATEWAYS):
        if gateway.get("OwnerId", region.id) == region.id:
            # AWS attaches a gateway to one VPC at most.
            at = next((each["VpcId"] for each in gateway.get("Attachments") or ()), None)
            yield InternetGateway(
                resource=region.arn("ec2", f"internet-gateway/{gateway['InternetGatewayId']}"),
                attached=at is not None,
                vpc=at,
                tags=region.tags(gateway.get("Tags")),
                links=_vpc_link(region, at),
            )


@check(_PEERINGS)
def vpc_peerings(region: AwsRegion) -> Iterator[Peering]:
    """Whose VPCs are joined to ours; requests that wait for an answer are among them."""
    for peering in region.all(_PEERINGS):
        if (peering.get("Status") or {}).get("Code") in _NO_PEERING:
            continue
        sides = [peering["RequesterVpcInfo"], peering["AccepterVpcInfo"]]
        # Where both are ours, the other side is the one that was asked.
        other = next((side for side in sides if side["OwnerId"] != region.id), sides[1])
        ours = [side["VpcId"] for side in sides if side["OwnerId"] == region.id]
        yield Peering(
            resource=region.arn("ec2", f"vpc-peering-connection/{peering['VpcPeeringConnectionId']}"),
            same_account=other["OwnerId"] == region.id,
            other_account=other["OwnerId"],
            other_vpc=other["VpcId"],
            tags=region.tags(peering.get("Tags")),
            links=_vpc_link(region, ours[0] if ours else None),
        )


@check(_BLOCK, _EXCLUSIONS)
def public_access_block(region: AwsRegion) -> Iterator[PublicAccessBlock]:
    """Whether VPC Block Public Access turns away what comes from the internet to the VPCs of a region."""
    options = region.call(_BLOCK)["VpcBlockPublicAccessOptions"]
    mode = options.get("InternetGatewayBlockMode", "off")
    let_off = [each for each in region.all(_EXCLUSIONS) if each.get("State") not in _NO_EXCLUSION]
    yield PublicAccessBlock(
        resource=region.arn("ec2", "vpc-block-public-access"),
        ingress_blocked=mode != "off",
        egress_blocked=mode == "block-bidirectional",
        exclusions=len(let_off),
    )


def _named(group: Mapping[str, Any]) -> Iterator[str]:
    for kind in ("IpPermissions", "IpPermissionsEgress"):
        for told in group.get(kind) or ():
            for pair in told.get("UserIdGroupPairs") or ():
                if pair.get("GroupId") != group["GroupId"]:
                    yield pair["GroupId"]


def _vpc_link(region: AwsRegion, key: str | None) -> tuple[str, ...]:
    return (region.arn("ec2", f"vpc/{key}"),) if key else ()
