"""Segmentation on AWS: security groups, and what is public."""

from collections.abc import Iterator
from typing import Any

from scanner import AwsAccount, AwsRegion, check

from ..semantics import networks
from . import Endpoint, PublicAccess, Reached, SecurityGroup, SecurityGroupRule

_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_NO_BLOCKS = "NoSuchPublicAccessBlockConfiguration"


@check("ec2:DescribeSecurityGroupRules", "ec2:DescribeSecurityGroups", "ec2:GetManagedPrefixListEntries")
def security_group_rules(region: AwsRegion) -> Iterator[SecurityGroupRule]:
    """What each rule of each security group lets through, from where and to where.

    A prefix list stands for its entries, AWS's own lists included: one of public addresses is public. Groups
    that another account shares are left to that account's scan.
    """
    names: dict[str, str] = {}

    def rules() -> Iterator[dict[str, Any]]:
        for rule in region.all("ec2:DescribeSecurityGroupRules"):
            if not names:
                # Listed after the rules, of which all are: a group that has gone by then has none any more.
                groups = region.all("ec2:DescribeSecurityGroups")
                names.update({group["GroupId"]: group["GroupName"] for group in groups})
            if rule.get("GroupOwnerId", region.id) == region.id and rule["GroupId"] in names:
                yield rule

    def read(rule: dict[str, Any]) -> SecurityGroupRule:
        cidrs = _cidrs(region, rule)
        ports = _ports(rule)
        return SecurityGroupRule(
            resource=arn(rule),
            public=networks.public(cidrs),
            anyone=networks.anyone(cidrs),
            admin_ports=ports.admin,
            database_ports=ports.database,
            direction="egress" if rule["IsEgress"] else "ingress",
            peer=_peer(region, rule),
            all_traffic=ports.every,
            protocol=ports.protocol,
            from_port=ports.first,
            to_port=ports.last,
            ports=str(ports),
            group_name=names[rule["GroupId"]],
            tags=region.tags(rule.get("Tags")),
            links=(region.arn("ec2", f"security-group/{rule['GroupId']}"),),
        )

    def arn(rule: dict[str, Any]) -> str:
        return region.arn("ec2", f"security-group-rule/{rule['SecurityGroupRuleId']}")

    yield from region.each(rules(), read, resource=arn)


@check("ec2:DescribeSecurityGroups")
def security_groups(region: AwsRegion) -> Iterator[SecurityGroup]:
    """Which security groups there are, and whether they let anything through at all."""
    for group in region.all("ec2:DescribeSecurityGroups"):
        if group.get("OwnerId", region.id) == region.id:
            yield SecurityGroup(
                resource=region.arn("ec2", f"security-group/{group['GroupId']}"),
                group_name=group["GroupName"],
                # Nobody can give another group this name.
                default=group["GroupName"] == "default",
                closed=not group.get("IpPermissions") and not group.get("IpPermissionsEgress"),
                tags=region.tags(group.get("Tags")),
                links=(region.arn("ec2", f"vpc/{group['VpcId']}"),) if group.get("VpcId") else (),
            )


@check("ec2:DescribeInstances")
def ec2_instances(region: AwsRegion) -> Iterator[Reached]:
    """Whether instances have public addresses, IPv4 or IPv6, on any of their interfaces."""
    for reservation in region.all("ec2:DescribeInstances"):
        for instance in reservation["Instances"]:
            # A terminated instance is listed for another hour, without a network.
            if instance["State"]["Name"] != "terminated":
                yield Reached(
                    resource=region.arn("ec2", f"instance/{instance['InstanceId']}"),
                    publicly_accessible=networks.public(_addresses(instance)),
                    tags=region.tags(instance.get("Tags")),
                    links=tuple(
                        region.arn("ec2", f"security-group/{group['GroupId']}")
                        for group in instance.get("SecurityGroups") or ()
                    ),
                )


@check("rds:DescribeDBInstances")
def rds_instances(region: AwsRegion) -> Iterator[Endpoint]:
    """Whether database instances (RDS, Aurora, DocumentDB, Neptune) have public addresses."""
    for instance in region.all("rds:DescribeDBInstances"):
        yield Endpoint(
            resource=instance["DBInstanceArn"],
            publicly_accessible=instance["PubliclyAccessible"],
            engine=instance["Engine"],
            tags=region.tags(instance.get("TagList")),
            links=tuple(
                region.arn("ec2", f"security-group/{group['VpcSecurityGroupId']}")
                for group in instance.get("VpcSecurityGroups") or ()
            ),
        )


@check("redshift:DescribeClusters")
def redshift_clusters(region: AwsRegion) -> Iterator[Endpoint]:
    """Whether Redshift clusters have public addresses."""
    for cluster in region.all("redshift:DescribeClusters"):
        yield Endpoint(
            resource=region.arn("redshift", f"cluster:{cluster['ClusterIdentifier']}"),
            publicly_accessible=cluster["PubliclyAccessible"],
            engine="redshift",
            tags=region.tags(cluster.get("Tags")),
            links=tuple(
                region.arn("ec2", f"security-group/{group['VpcSecurityGroupId']}")
                for group in cluster.get("VpcSecurityGroups") or ()
            ),
        )


@check("opensearch:ListDomainNames", "opensearch:DescribeDomain")
def opensearch_domains(region: AwsRegion) -> Iterator[Endpoint]:
    """Whether OpenSearch and Elasticsearch domains have public addresses: those outside a VPC have."""

    def read(domain: dict[str, Any]) -> Endpoint:
        status = region.call("opensearch:DescribeDomain", DomainName=domain["DomainName"])["DomainStatus"]
        vpc = status.get("VPCOptions") or {}
        return Endpoint(
            resource=arn(domain),
            publicly_accessible=not vpc.get("VPCId"),
            engine=domain["EngineType"].lower(),
            links=tuple(
                region.arn("ec2", f"security-group/{group}") for group in vpc.get("SecurityGroupIds") or ()
            ),
        )

    def arn(domain: dict[str, Any]) -> str:
        return region.arn("es", f"domain/{domain['DomainName']}")

    yield from region.each(region.all("opensearch:ListDomainNames"), read, resource=arn)


@check("s3control:GetPublicAccessBlock")
def s3_account(account: AwsAccount) -> Iterator[PublicAccess]:
    """Whether public access is ruled out for all of the account's buckets, those to come included."""
    yield PublicAccess(
        resource=f"aws:{account.id}",
        public_access_blocked=all(_account_blocks(account).get(block, False) for block in _BLOCKS),
    )


@check("s3:ListBuckets", "s3:GetPublicAccessBlock", "s3control:GetPublicAccessBlock")
def s3_buckets(account: AwsAccount) -> Iterator[PublicAccess]:
    """Whether public access to each bucket is ruled out, by its own settings or the account's."""
    whole = _account_blocks(account)

    def read(bucket: dict[str, Any]) -> PublicAccess:
        answer = account.call(
            "s3:GetPublicAccessBlock",
            absent=_NO_BLOCKS,
            region=bucket.get("BucketRegion"),
            Bucket=bucket["Name"],
        )
        own = answer["PublicAccessBlockConfiguration"] if answer else {}
        return PublicAccess(
            resource=arn(bucket),
            region=bucket.get("BucketRegion"),
            public_access_blocked=all(own.get(block) or whole.get(block) for block in _BLOCKS),
        )

    def arn(bucket: dict[str, Any]) -> str:
        return f"arn:{account.partition}:s3:::{bucket['Name']}"

    # S3 says where a bucket is only when the listing is asked for in pages; botocore finds the others.
    yield from account.each(account.all("s3:ListBuckets", MaxBuckets=1000), read, resource=arn)


def _account_blocks(account: AwsAccount) -> dict[str, bool]:
    answer = account.call("s3control:GetPublicAccessBlock", absent=_NO_BLOCKS, AccountId=account.id)
    return dict(answer["PublicAccessBlockConfiguration"]) if answer else {}


def _addresses(instance: dict[str, Any]) -> Iterator[str]:
    for interface in instance.get("NetworkInterfaces") or ():
        for address in interface.get("PrivateIpAddresses") or ():
            if public := address.get("Association", {}).get("PublicIp"):
                yield public
        for address in interface.get("Ipv6Addresses") or ():
            yield address["Ipv6Address"]


def _ports(rule: dict[str, Any]) -> networks.Ports:
    protocol, first, last = rule["IpProtocol"], rule.get("FromPort", -1), rule.get("ToPort", -1)
    if protocol == "-1":
        return networks.Ports("all", 0, networks.LAST_PORT)
    # For ICMP these are type and code; other protocols have no ports, and are let through whole.
    if protocol not in {"tcp", "udp"}:
        return networks.Ports(protocol, None, None)
    if first == -1:
        return networks.Ports(protocol, 0, networks.LAST_PORT)
    return networks.Ports(protocol, first, last)


def _cidrs(region: AwsRegion, rule: dict[str, Any]) -> tuple[str, ...]:
    """The address ranges of the other side; none when it is a security group, whose members are private."""
    if prefix_list := rule.get("PrefixListId"):
        entries = region.all("ec2:GetManagedPrefixListEntries", PrefixListId=prefix_list)
        return tuple(entry["Cidr"] for entry in entries)
    return tuple(rule[kind] for kind in ("CidrIpv4", "CidrIpv6") if rule.get(kind))


def _peer(region: AwsRegion, rule: dict[str, Any]) -> str:
    for kind in ("CidrIpv4", "CidrIpv6", "PrefixListId"):
        if rule.get(kind):
            return str(rule[kind])
    group = rule["ReferencedGroupInfo"]
    owner = group.get("UserId", region.id)
    return str(group["GroupId"]) if owner == region.id else f"{owner}/{group['GroupId']}"
