from typing import Any

import pytest

from checks.segmentation import Endpoint, PublicAccess, Reached, SecurityGroup, SecurityGroupRule
from checks.segmentation.aws import (
    ec2_instances,
    opensearch_domains,
    rds_instances,
    redshift_clusters,
    s3_account,
    s3_buckets,
    security_group_rules,
    security_groups,
)
from scanner.testing import Error, by, look, observe, world

EC2 = "arn:aws:ec2:us-east-1:111122223333:"
OURS = "111122223333"
THEIRS = "444455556666"


def rule(number: int, **what: Any) -> dict[str, Any]:
    return {
        "SecurityGroupRuleId": f"sgr-{number}",
        "GroupId": "sg-1",
        "GroupOwnerId": OURS,
        "IsEgress": False,
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        **what,
    }


def fact(number: int, **what: Any) -> SecurityGroupRule:
    plain: dict[str, Any] = {
        "public": False,
        "admin_ports": False,
        "database_ports": False,
        "direction": "ingress",
        "anyone": False,
        "all_traffic": False,
        "protocol": "tcp",
        "from_port": 443,
        "to_port": 443,
        "ports": "443",
        "group_name": "web",
        "tags": {},
        "links": (f"{EC2}security-group/sg-1",),
    }
    return SecurityGroupRule(resource=f"{EC2}security-group-rule/sgr-{number}", **{**plain, **what})


GROUPS = {
    "SecurityGroups": [
        {"GroupId": "sg-1", "GroupName": "web", "OwnerId": OURS},
        {"GroupId": "sg-2", "GroupName": "default", "OwnerId": OURS},
    ]
}
LISTS = by(
    "PrefixListId",
    {
        "pl-halves": {"Entries": [{"Cidr": "0.0.0.0/1"}, {"Cidr": "128.0.0.0/1", "Description": "rest"}]},
        "pl-s3": [{"Entries": [{"Cidr": "10.0.0.0/8"}]}, {"Entries": [{"Cidr": "52.216.0.0/15"}]}],
        "pl-office": {"Entries": [{"Cidr": "10.0.0.0/8"}]},
        "pl-empty": {"Entries": []},
    },
)


def rules(*these: dict[str, Any]) -> dict[str, Any]:
    return {
        "ec2:DescribeSecurityGroupRules": {"SecurityGroupRules": list(these)},
        "ec2:DescribeSecurityGroups": GROUPS,
        "ec2:GetManagedPrefixListEntries": LISTS,
    }


RULES = world(
    security_group_rules,
    rules(
        rule(1, CidrIpv4="0.0.0.0/0", Tags=[{"Key": "owner", "Value": "net"}]),
        rule(2, CidrIpv6="::/0", FromPort=3000, ToPort=4000),
        rule(3, PrefixListId="pl-halves", FromPort=5432, ToPort=5432),
        rule(4, IsEgress=True, IpProtocol="-1", FromPort=-1, ToPort=-1, CidrIpv4="0.0.0.0/0"),
    ),
)


def test_security_group_rules() -> None:
    assert observe(security_group_rules, RULES) == [
        fact(1, peer="0.0.0.0/0", public=True, anyone=True, tags={"owner": "net"}),
        fact(
            2,
            peer="::/0",
            public=True,
            anyone=True,
            admin_ports=True,
            database_ports=True,
            from_port=3000,
            to_port=4000,
            ports="3000-4000",
        ),
        fact(
            3,
            peer="pl-halves",
            public=True,
            anyone=True,
            database_ports=True,
            from_port=5432,
            to_port=5432,
            ports="5432",
        ),
        fact(
            4,
            direction="egress",
            peer="0.0.0.0/0",
            public=True,
            anyone=True,
            admin_ports=True,
            database_ports=True,
            all_traffic=True,
            protocol="all",
            from_port=0,
            to_port=65535,
            ports="all",
        ),
    ]


def test_where_rules_lead() -> None:
    group = {"GroupId": "sg-9", "UserId": OURS}
    stranger = {"GroupId": "sg-9", "UserId": THEIRS, "PeeringStatus": "active"}

    assert observe(
        security_group_rules,
        rules(
            rule(1, CidrIpv4="198.18.0.0/15"),
            rule(2, CidrIpv4="8.8.8.0/24"),
            rule(3, PrefixListId="pl-s3"),
            rule(4, PrefixListId="pl-office"),
            rule(5, PrefixListId="pl-empty"),
            rule(6, ReferencedGroupInfo=group),
            rule(7, ReferencedGroupInfo=stranger),
        ),
    ) == [
        fact(1, peer="198.18.0.0/15"),
        fact(2, peer="8.8.8.0/24", public=True),
        fact(3, peer="pl-s3", public=True),
        fact(4, peer="pl-office"),
        fact(5, peer="pl-empty"),
        fact(6, peer="sg-9"),
        fact(7, peer="444455556666/sg-9"),
    ]


def test_protocols_of_rules() -> None:
    """ICMP's type 8 is no port 8, and ESP has none; TCP without ports is all of them."""
    everywhere = {
        "from_port": 0,
        "to_port": 65535,
        "ports": "0-65535",
        "admin_ports": True,
        "database_ports": True,
    }
    portless = {"from_port": None, "to_port": None, "ports": ""}

    assert observe(
        security_group_rules,
        rules(
            rule(1, CidrIpv4="10.0.0.0/8", IpProtocol="icmp", FromPort=8, ToPort=-1),
            rule(2, CidrIpv4="10.0.0.0/8", IpProtocol="50", FromPort=-1, ToPort=-1),
            rule(3, CidrIpv4="10.0.0.0/8", FromPort=-1, ToPort=-1),
            rule(4, CidrIpv4="10.0.0.0/8", IpProtocol="udp", FromPort=0, ToPort=65535),
        ),
    ) == [
        fact(1, peer="10.0.0.0/8", protocol="icmp", **portless),
        fact(2, peer="10.0.0.0/8", protocol="50", **portless),
        fact(3, peer="10.0.0.0/8", **everywhere),
        fact(4, peer="10.0.0.0/8", protocol="udp", **everywhere),
    ]


def test_rules_of_gone_and_of_shared_groups_are_left_out() -> None:
    answers = rules(
        rule(1, CidrIpv4="10.0.0.0/8", GroupId="sg-gone"),
        rule(2, CidrIpv4="10.0.0.0/8", GroupOwnerId=THEIRS),
        rule(3, CidrIpv4="10.0.0.0/8", GroupId="sg-2"),
    )

    assert observe(security_group_rules, answers) == [
        fact(3, peer="10.0.0.0/8", group_name="default", links=(f"{EC2}security-group/sg-2",))
    ]


def test_a_prefix_list_that_cannot_be_read_hides_its_rules_only() -> None:
    sight = look(
        security_group_rules,
        rules(rule(1, PrefixListId="pl-denied"), rule(2, CidrIpv4="10.0.0.0/8")),
    )

    assert sight.facts == [fact(2, peer="10.0.0.0/8")]
    assert [(refusal.resource, refusal.error.need) for refusal in sight.refusals] == [
        (f"{EC2}security-group-rule/sgr-1", "ec2:GetManagedPrefixListEntries")
    ]


SECURITY_GROUPS = world(
    security_groups,
    {
        "ec2:DescribeSecurityGroups": {
            "SecurityGroups": [
                {
                    "GroupId": "sg-1",
                    "GroupName": "default",
                    "OwnerId": OURS,
                    "VpcId": "vpc-1",
                    "IpPermissions": [],
                    "IpPermissionsEgress": [],
                    "Tags": [{"Key": "owner", "Value": "net"}],
                },
                {
                    "GroupId": "sg-2",
                    "GroupName": "web",
                    "OwnerId": OURS,
                    "VpcId": "vpc-1",
                    "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
                },
                {
                    "GroupId": "sg-3",
                    "GroupName": "in",
                    "OwnerId": OURS,
                    "IpPermissions": [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-3"}]}],
                },
                {"GroupId": "sg-4", "GroupName": "shared", "OwnerId": THEIRS, "VpcId": "vpc-2"},
            ]
        }
    },
)


def test_security_groups() -> None:
    vpc = (f"{EC2}vpc/vpc-1",)
    assert observe(security_groups, SECURITY_GROUPS) == [
        SecurityGroup(
            resource=f"{EC2}security-group/sg-1",
            group_name="default",
            default=True,
            closed=True,
            tags={"owner": "net"},
            links=vpc,
        ),
        SecurityGroup(
            resource=f"{EC2}security-group/sg-2",
            group_name="web",
            default=False,
            closed=False,
            tags={},
            links=vpc,
        ),
        SecurityGroup(
            resource=f"{EC2}security-group/sg-3", group_name="in", default=False, closed=False, tags={}
        ),
    ]


def instance(name: str, *interfaces: dict[str, Any], state: str = "running", **what: Any) -> dict[str, Any]:
    return {
        "InstanceId": name,
        "State": {"Name": state},
        "NetworkInterfaces": [
            {"PrivateIpAddresses": [{"PrivateIpAddress": "10.0.0.4", **interface}]}
            if "Ipv6Address" not in interface
            else {"PrivateIpAddresses": [], "Ipv6Addresses": [interface]}
            for interface in interfaces
        ],
        **what,
    }


PUBLIC = {"Association": {"PublicIp": "52.94.0.7"}}
INSTANCES = world(
    ec2_instances,
    {
        "ec2:DescribeInstances": {
            "Reservations": [
                {
                    "Instances": [
                        instance(
                            "i-1",
                            {},
                            PUBLIC,
                            SecurityGroups=[{"GroupId": "sg-1"}],
                            Tags=[{"Key": "owner", "Value": "net"}],
                        ),
                        instance("i-2", {}),
                    ]
                },
                {
                    "Instances": [
                        instance("i-3", {"Ipv6Address": "2600:1f18::7"}),
                        instance("i-4", {"Ipv6Address": "fd00::7"}, state="stopped"),
                        instance("i-5", state="terminated"),
                    ]
                },
            ]
        }
    },
)


def test_ec2_instances() -> None:
    assert observe(ec2_instances, INSTANCES) == [
        Reached(
            resource=f"{EC2}instance/i-1",
            publicly_accessible=True,
            tags={"owner": "net"},
            links=(f"{EC2}security-group/sg-1",),
        ),
        Reached(resource=f"{EC2}instance/i-2", publicly_accessible=False, tags={}),
        Reached(resource=f"{EC2}instance/i-3", publicly_accessible=True, tags={}),
        Reached(resource=f"{EC2}instance/i-4", publicly_accessible=False, tags={}),
    ]


DOMAINS = world(
    opensearch_domains,
    {
        "opensearch:ListDomainNames": {
            "DomainNames": [
                {"DomainName": "notes", "EngineType": "OpenSearch"},
                {"DomainName": "old", "EngineType": "Elasticsearch"},
            ]
        },
        "opensearch:DescribeDomain": by(
            "DomainName",
            {
                "notes": {"DomainStatus": {"VPCOptions": {"VPCId": "vpc-1", "SecurityGroupIds": ["sg-1"]}}},
                "old": {"DomainStatus": {}},
            },
        ),
    },
)


def test_opensearch_domains() -> None:
    arn = "arn:aws:es:us-east-1:111122223333:domain/"
    assert observe(opensearch_domains, DOMAINS) == [
        Endpoint(
            resource=f"{arn}notes",
            publicly_accessible=False,
            engine="opensearch",
            links=(f"{EC2}security-group/sg-1",),
        ),
        Endpoint(resource=f"{arn}old", publicly_accessible=True, engine="elasticsearch"),
    ]


DB = "arn:aws:rds:us-east-1:111122223333:db:"

RDS = world(
    rds_instances,
    {
        "rds:DescribeDBInstances": {
            "DBInstances": [
                {
                    "DBInstanceArn": f"{DB}ehr",
                    "Engine": "postgres",
                    "PubliclyAccessible": True,
                    "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1", "Status": "active"}],
                    "TagList": [{"Key": "phi", "Value": "true"}],
                },
                {"DBInstanceArn": f"{DB}lab", "Engine": "aurora-mysql", "PubliclyAccessible": False},
            ]
        }
    },
)


def test_rds_instances() -> None:
    assert observe(rds_instances, RDS) == [
        Endpoint(
            resource=f"{DB}ehr",
            publicly_accessible=True,
            engine="postgres",
            tags={"phi": "true"},
            links=(f"{EC2}security-group/sg-1",),
        ),
        Endpoint(resource=f"{DB}lab", publicly_accessible=False, engine="aurora-mysql", tags={}),
    ]


REDSHIFT = world(
    redshift_clusters,
    {
        "redshift:DescribeClusters": {
            "Clusters": [
                {
                    "ClusterIdentifier": "claims",
                    "PubliclyAccessible": True,
                    "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1", "Status": "active"}],
                    "Tags": [{"Key": "phi", "Value": "true"}],
                },
                {"ClusterIdentifier": "lab", "PubliclyAccessible": False},
            ]
        }
    },
)


def test_redshift_clusters() -> None:
    arn = "arn:aws:redshift:us-east-1:111122223333:cluster:"
    assert observe(redshift_clusters, REDSHIFT) == [
        Endpoint(
            resource=f"{arn}claims",
            publicly_accessible=True,
            engine="redshift",
            tags={"phi": "true"},
            links=(f"{EC2}security-group/sg-1",),
        ),
        Endpoint(resource=f"{arn}lab", publicly_accessible=False, engine="redshift", tags={}),
    ]


def blocks(*, acls: bool = True, policies: bool = True) -> dict[str, Any]:
    return {
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": acls,
            "IgnorePublicAcls": acls,
            "BlockPublicPolicy": policies,
            "RestrictPublicBuckets": policies,
        }
    }


NO_BLOCKS = Error("NoSuchPublicAccessBlockConfiguration")
S3_ACCOUNT = world(s3_account, {"s3control:GetPublicAccessBlock": by("AccountId", {OURS: blocks()})})


@pytest.mark.parametrize(
    ("answer", "blocked"),
    [
        (blocks(), True),
        (blocks(acls=False), False),
        (blocks(policies=False), False),
        ({"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}, False),
        (NO_BLOCKS, False),
    ],
)
def test_s3_account(answer: Any, blocked: bool) -> None:
    assert observe(s3_account, {"s3control:GetPublicAccessBlock": answer}) == [
        PublicAccess(resource="aws:111122223333", public_access_blocked=blocked)
    ]


BUCKETS = world(
    s3_buckets,
    {
        "s3:ListBuckets": {
            "Buckets": [
                {"Name": "images", "BucketRegion": "eu-west-1"},
                {"Name": "half", "BucketRegion": "us-east-1"},
                {"Name": "none"},
                {"Name": "policies"},
            ]
        },
        "s3:GetPublicAccessBlock": by(
            "Bucket",
            {
                "images": blocks(),
                "half": blocks(policies=False),
                "none": NO_BLOCKS,
                "policies": blocks(acls=False),
            },
        ),
        "s3control:GetPublicAccessBlock": blocks(acls=False),
    },
)


def bucket(name: str, blocked: bool, region: str | None = None) -> PublicAccess:
    return PublicAccess(resource=f"arn:aws:s3:::{name}", public_access_blocked=blocked, region=region)


def test_s3_buckets() -> None:
    """What the bucket leaves open, the account may close."""
    assert observe(s3_buckets, BUCKETS) == [
        bucket("images", True, "eu-west-1"),
        bucket("half", True, "us-east-1"),
        bucket("none", False),
        bucket("policies", False),
    ]


def test_s3_buckets_of_an_account_without_blocks() -> None:
    assert observe(s3_buckets, {**BUCKETS, "s3control:GetPublicAccessBlock": NO_BLOCKS}) == [
        bucket("images", True, "eu-west-1"),
        bucket("half", False, "us-east-1"),
        bucket("none", False),
        bucket("policies", False),
    ]
