"""A synthetic AWS account, and how often a scan of it has to ask for what."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from math import ceil
from typing import Any

from aws_things import (
    ACCOUNT,
    AT,
    HOME,
    TAGS,
    database,
    group,
    master,
    reservation,
    rule,
    trail,
)

from scanner.targets import operations

BUSY = (HOME, "us-west-2", "eu-central-1")
"""The regions in which somebody works; the others hold what AWS put there."""
REGIONS = (
    *BUSY,
    "us-east-2",
    "us-west-1",
    "ca-central-1",
    "sa-east-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-north-1",
    "ap-south-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-southeast-1",
    "ap-southeast-2",
)
KEYS = 6
"""Customers' keys of each kind of store, in each busy region."""
EC2_PAGE, PAGE = 1000, 100
PATCH_STATES = 50

LISTED_ONLY = {"volumes", "snapshots", "rules", "log_groups", "functions", "secrets", "users"}
"""What is listed, and never asked after one by one: of this an account may have 100,000."""


@dataclass(frozen=True)
class World:
    """How many of each there are in the account; a third in each busy region, users and buckets aside."""

    volumes: int = 600
    snapshots: int = 300
    instances: int = 240
    rules: int = 300
    groups: int = 90
    log_groups: int = 300
    functions: int = 150
    secrets: int = 60
    users: int = 240
    buckets: int = 300
    tables: int = 120
    databases: int = 60
    db_snapshots: int = 60
    clusters: int = 15
    balancers: int = 60
    file_systems: int = 30
    warehouses: int = 6
    domains: int = 9
    kubernetes: int = 9

    @property
    def resources(self) -> int:
        """All of them."""
        return sum(asdict(self).values())

    def larger(self, resources: int) -> "World":
        """An account of about so many resources, for which no more calls are made but for pages."""
        fixed = sum(number for name, number in asdict(self).items() if name not in LISTED_ONLY)
        times = (resources - fixed) / (self.resources - fixed)
        return replace(self, **{name: int(getattr(self, name) * times) // 3 * 3 for name in LISTED_ONLY})

    @cached_property
    def lists(self) -> dict[tuple[str, str], list[Any]]:
        """What each listing lists in each region."""
        made: dict[tuple[str, str], list[Any]] = {}
        for region in REGIONS:
            for need, (items, everywhere) in self._listings(region).items():
                if region in BUSY or everywhere:
                    made[need, region] = list(items)
        made["s3:ListBuckets", HOME] = [
            {"Name": f"clinic-{number:05}", "CreationDate": AT, "BucketRegion": BUSY[number % 3]}
            for number in range(self.buckets)
        ]
        return made

    @cached_property
    def keys(self) -> frozenset[tuple[str, str]]:
        """The keys that a scan has to ask after: of this account, and named by more than AWS's aliases."""
        told = {
            (region, key)
            for (need, region), items in self.lists.items()
            if need != "cloudtrail:DescribeTrails"
            for item in items
            if (key := item.get("KmsKeyId", item.get("kmsKeyId")) if isinstance(item, dict) else None)
        }
        singly = {
            ("dynamodb:ListTables", "dynamodb:DescribeTable"),
            ("opensearch:ListDomainNames", "opensearch:DescribeDomain"),
        }
        told |= {(region, master(region, one)) for listing, one in singly for region in self._in(listing)}
        told |= {(region, master(region, "s3:GetBucketEncryption")) for region in BUSY}
        told |= {(region, master(region, "ec2:GetEbsDefaultKmsKeyId")) for region in BUSY}
        return frozenset(told)

    def _in(self, need: str) -> list[str]:
        return [region for region in BUSY if self.lists.get((need, region))]

    def _count(self, need: str) -> int:
        return sum(len(items) for (listed, _), items in self.lists.items() if listed == need)

    def calls(self, need: str, kinds: Iterable[str]) -> int:
        """How often a scan asks for something, pages apart, when checks on these kinds of views need it."""
        if need in PER:
            listing = PER[need]
            return listing(self) if callable(listing) else self._count(listing)
        shape = operations.model(need).input_shape
        if shape and shape.required_members:
            return 0  # of what it is asked about, the account has none
        return len(REGIONS) if "AwsRegion" in kinds else 1

    def pages(self, need: str) -> int:
        """How many pages a listing has beyond the first of each region."""
        size = page_size(need)
        return sum(
            max(ceil(len(items) / size), 1) - 1
            for (listed, _), items in self.lists.items()
            if listed == need and operations.paginator(need)
        )

    def _listings(self, region: str) -> dict[str, tuple[Iterable[Any], bool]]:
        """Each listing's items in one region, and whether AWS has put as many into the others too."""
        third = {name: range(number // 3) for name, number in asdict(self).items()}
        arn = f"arn:aws:{{}}:{region}:{ACCOUNT}:{{}}"

        def some(name: str, make: Callable[[int], Any]) -> tuple[Iterable[Any], bool]:
            return map(make, third[name]), False

        def customers(number: int, of: str) -> str:
            return master(region, f"{of}-{number % KEYS}")

        return {
            "ec2:DescribeVolumes": some(
                "volumes",
                lambda n: {
                    "VolumeId": f"vol-{n:017x}",
                    "Encrypted": n % 5 > 0,
                    **({"KmsKeyId": customers(n, "ebs")} if n % 5 else {}),
                    "Attachments": [
                        {
                            "InstanceId": f"i-{n:017x}",
                            "VolumeId": f"vol-{n:017x}",
                            "State": "attached",
                            "AttachTime": AT,
                            "Device": "/dev/xvda",
                            "DeleteOnTermination": True,
                        }
                    ],
                    "AvailabilityZone": f"{region}a",
                    "CreateTime": AT,
                    "Size": 100,
                    "SnapshotId": f"snap-{n:017x}",
                    "State": "in-use",
                    "VolumeType": "gp3",
                    "Iops": 3000,
                    "Tags": list(TAGS),
                },
            ),
            "ec2:DescribeSnapshots": some(
                "snapshots",
                lambda n: {
                    "SnapshotId": f"snap-{n:017x}",
                    "VolumeId": f"vol-{n:017x}",
                    "Encrypted": True,
                    "KmsKeyId": customers(n, "ebs"),
                    "OwnerId": ACCOUNT,
                    "StartTime": AT,
                    "State": "completed",
                    "Progress": "100%",
                    "VolumeSize": 100,
                    "Description": f"Created by CreateImage(i-{n:017x})",
                    "Tags": list(TAGS),
                },
            ),
            "ec2:DescribeInstances": some("instances", lambda n: reservation(region, n)),
            "ec2:DescribeSecurityGroups": (
                [group(n) for n in (third["groups"] if region in BUSY else range(1))],
                True,
            ),
            "ec2:DescribeSecurityGroupRules": (
                [rule(n, len(third["groups"])) for n in (third["rules"] if region in BUSY else range(2))],
                True,
            ),
            "ec2:DescribeVpcs": (
                [
                    {
                        "VpcId": f"vpc-{n:017x}",
                        "OwnerId": ACCOUNT,
                        "IsDefault": n == 0,
                        "CidrBlock": "10.0.0.0/16",
                    }
                    for n in range(3 if region in BUSY else 1)
                ],
                True,
            ),
            "ec2:GetManagedPrefixListEntries": ([{"Cidr": "198.51.100.0/24"}], False),
            "logs:DescribeLogGroups": some(
                "log_groups",
                lambda n: {
                    "logGroupName": f"/aws/lambda/f{n}",
                    "arn": arn.format("logs", f"log-group:/aws/lambda/f{n}:*"),
                    "retentionInDays": 2192,
                    "storedBytes": 1000 * n,
                    "creationTime": 1_700_000_000_000,
                    "kmsKeyId": customers(n, "logs"),
                    "logGroupClass": "STANDARD",
                },
            ),
            "lambda:ListFunctions": some(
                "functions",
                lambda n: {
                    "FunctionName": f"f{n}",
                    "FunctionArn": arn.format("lambda", f"function:f{n}"),
                    "Runtime": "python3.13",
                    "Handler": "f.handler",
                    "LastModified": "2026-11-01T03:00:00.000+0000",
                    "MemorySize": 128,
                    "Timeout": 3,
                },
            ),
            "secretsmanager:ListSecrets": some(
                "secrets",
                lambda n: {
                    "ARN": arn.format("secretsmanager", f"secret:s{n}"),
                    "Name": f"s{n}",
                    "KmsKeyId": customers(n, "secrets"),
                    "CreatedDate": AT,
                    "Tags": list(TAGS),
                },
            ),
            "dynamodb:ListTables": some("tables", lambda n: f"table-{n}"),
            "rds:DescribeDBInstances": some("databases", lambda n: database(region, n, customers(n, "rds"))),
            "rds:DescribeDBClusters": some(
                "clusters",
                lambda n: {
                    "DBClusterArn": arn.format("rds", f"cluster:c{n}"),
                    "DBClusterIdentifier": f"c{n}",
                    "Engine": "aurora-postgresql",
                    "EngineVersion": "16.4",
                    "DBClusterParameterGroup": "default.aurora-postgresql16",
                    "StorageEncrypted": True,
                    "KmsKeyId": customers(n, "rds"),
                    "EnabledCloudwatchLogsExports": ["postgresql"],
                    "TagList": list(TAGS),
                },
            ),
            "rds:DescribeDBSnapshots": some(
                "db_snapshots",
                lambda n: {
                    "DBSnapshotArn": arn.format("rds", f"snapshot:s{n}"),
                    "DBSnapshotIdentifier": f"s{n}",
                    "DBInstanceIdentifier": f"d{n}",
                    "SnapshotType": "automated",
                    "Engine": "postgres",
                    "Encrypted": True,
                    "KmsKeyId": customers(n, "rds"),
                    "SnapshotCreateTime": AT,
                    "TagList": list(TAGS),
                },
            ),
            "elbv2:DescribeLoadBalancers": some(
                "balancers",
                lambda n: {
                    "LoadBalancerArn": arn.format("elasticloadbalancing", f"loadbalancer/app/b{n}/{n:016x}"),
                    "LoadBalancerName": f"b{n}",
                    "Scheme": "internal",
                    "VpcId": f"vpc-{0:017x}",
                    "Type": "application",
                    "CreatedTime": AT,
                },
            ),
            "efs:DescribeFileSystems": some(
                "file_systems",
                lambda n: {
                    "FileSystemId": f"fs-{n:017x}",
                    "FileSystemArn": arn.format("elasticfilesystem", f"file-system/fs-{n:017x}"),
                    "Encrypted": True,
                    "KmsKeyId": customers(n, "efs"),
                    "CreationTime": AT,
                    "Tags": list(TAGS),
                },
            ),
            "redshift:DescribeClusters": some(
                "warehouses",
                lambda n: {
                    "ClusterIdentifier": f"w{n}",
                    "Encrypted": True,
                    "KmsKeyId": customers(n, "redshift"),
                    "PubliclyAccessible": False,
                    "Tags": list(TAGS),
                },
            ),
            "opensearch:ListDomainNames": some(
                "domains", lambda n: {"DomainName": f"domain-{n}", "EngineType": "OpenSearch"}
            ),
            "eks:ListClusters": some("kubernetes", lambda n: f"cluster-{n}"),
            "ssm:DescribeInstanceInformation": some(
                "instances", lambda n: {"InstanceId": f"i-{n:017x}", "PingStatus": "Online"}
            ),
            "resourcegroupstaggingapi:GetResources": some(
                "instances",
                lambda n: {"ResourceARN": arn.format("ec2", f"instance/i-{n:017x}"), "Tags": list(TAGS)},
            ),
            "cloudtrail:DescribeTrails": ([trail()], True),
        }


PER: Mapping[str, str | Callable[[World], int]] = {
    "kms:DescribeKey": lambda world: len(world.keys),
    "s3:ListBuckets": lambda _: 1,
    "dynamodb:DescribeTable": "dynamodb:ListTables",
    "dynamodb:DescribeContinuousBackups": "dynamodb:ListTables",
    "efs:DescribeFileSystemPolicy": "efs:DescribeFileSystems",
    "eks:DescribeCluster": "eks:ListClusters",
    "elbv2:DescribeListeners": "elbv2:DescribeLoadBalancers",
    "lambda:GetPolicy": "lambda:ListFunctions",
    "lambda:ListFunctionUrlConfigs": "lambda:ListFunctions",
    "secretsmanager:GetResourcePolicy": "secretsmanager:ListSecrets",
    "elbv2:DescribeLoadBalancerAttributes": "elbv2:DescribeLoadBalancers",
    "opensearch:DescribeDomain": "opensearch:ListDomainNames",
    "redshift:DescribeLoggingStatus": "redshift:DescribeClusters",
    # One trail, which its home region tells of; its selectors are its own.
    "cloudtrail:GetTrailStatus": lambda _: 1,
    "cloudtrail:GetEventSelectors": lambda _: 1,
    # Where new volumes are encrypted, and where a rule names a list.
    "ec2:GetEbsDefaultKmsKeyId": lambda _: len(BUSY),
    "ec2:GetManagedPrefixListEntries": lambda _: len(BUSY),
    "ssm:DescribeInstancePatchStates": lambda world: len(BUSY) * ceil(world.instances // 3 / PATCH_STATES),
    "s3control:GetPublicAccessBlock": lambda _: 1,
    # Of the one group of parameters that all clusters of a region have.
    "rds:DescribeDBClusterParameters": lambda _: len(BUSY),
    # Asked about one thing that is known beforehand, of the account or in every region.
    "account:GetAlternateContact": lambda _: 1,
    "iam:GetRole": lambda _: 1,
    "iam:ListEntitiesForPolicy": lambda _: 1,
    "inspector2:BatchGetAccountStatus": lambda _: len(REGIONS),
    "ssm:GetServiceSetting": lambda _: len(REGIONS),
    # For the regions and, once more, for CloudFront.
    "wafv2:ListLoggingConfigurations": lambda _: len(REGIONS) + 1,
    "wafv2:ListWebACLs": lambda _: len(REGIONS) + 1,
    # In every region twice: what is the account's own, and what else matters.
    "ec2:DescribeSnapshots": lambda _: 2 * len(REGIONS),
    "elasticache:DescribeCacheClusters": lambda _: 2 * len(REGIONS),
    # The account's own, and those that its instances were made of.
    "ec2:DescribeImages": lambda _: len(REGIONS) + len(BUSY),
    # Asked about what the account has none of, though no parameter need be given.
    **dict.fromkeys(
        (
            "ecs:ListServices",
            "elasticbeanstalk:DescribePlatformVersion",
            "elb:DescribeLoadBalancerPolicies",
            "elbv2:DescribeRules",
            "elbv2:DescribeSSLPolicies",
            "kinesis:DescribeStreamSummary",
            "logs:DescribeMetricFilters",
            "rds:DescribeDBMajorEngineVersions",
        ),
        lambda _: 0,
    ),
}
"""What is asked once for each of what a listing lists, or so often; of S3, see `per_bucket`."""


def per_bucket(need: str) -> bool:
    """Whether it is asked of each bucket."""
    shape = operations.model(need).input_shape
    return need.startswith("s3:") and shape is not None and shape.required_members == ["Bucket"]


def page_size(need: str) -> int:
    """How much AWS lists on one page."""
    return EC2_PAGE if need.startswith(("ec2:", "s3:")) else PAGE
