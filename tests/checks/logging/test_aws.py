from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from checks.logging import Account, Bucket, Database, LoadBalancer, LogGroup, Trail, Vpc
from checks.logging.aws import (
    account,
    load_balancers,
    log_groups,
    opensearch_domains,
    rds_clusters,
    rds_instances,
    redshift_clusters,
    s3_buckets,
    trails,
    vpcs,
)
from scanner.targets.aws import Account as Entered
from scanner.targets.aws import AwsAccount
from scanner.testing import FakeAws, by, look, observe, world

OURS = "111122223333"
THEIRS = "444455556666"
MAIN = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main"
DATA = "arn:aws:cloudtrail:us-east-1:111122223333:trail/data"
FAR = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/far"
ORGANIZATION = "arn:aws:cloudtrail:us-east-1:444455556666:trail/organization"
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd"
GROUP = "arn:aws:logs:us-east-1:111122223333:log-group:trail:*"
DELIVERED = datetime(2026, 11, 20, 3, 4, 5, tzinfo=UTC)

WORKS = {"IsLogging": True, "LatestDeliveryTime": DELIVERED}
STOPPED = {"IsLogging": False, "LatestDeliveryTime": DELIVERED}
FAILS = {**WORKS, "LatestDeliveryError": "NoSuchBucket"}
WHOLE = {"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]}
OBJECTS = {
    "EventSelectors": [
        {
            "ReadWriteType": "All",
            "IncludeManagementEvents": False,
            "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}],
        }
    ]
}


def trail(arn: str, **what: Any) -> dict[str, Any]:
    return {"TrailARN": arn, "HomeRegion": arn.split(":")[3], "IsMultiRegionTrail": True, **what}


def trail_world(
    *listed: dict[str, Any], status: dict[str, Any], selectors: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "cloudtrail:DescribeTrails": {"trailList": list(listed)},
        "cloudtrail:GetTrailStatus": by("Name", status),
        "cloudtrail:GetEventSelectors": by("TrailName", selectors or {}),
    }


FULL = trail(
    MAIN,
    IsOrganizationTrail=False,
    HasCustomEventSelectors=True,
    LogFileValidationEnabled=True,
    KmsKeyId=KEY,
    CloudWatchLogsLogGroupArn=GROUP,
)
ACCOUNT = world(account, trail_world(FULL, status={MAIN: WORKS}, selectors={MAIN: WHOLE}))


def seen(*links: str, **what: bool) -> Account:
    nothing = {
        "multi_region_trail": False,
        "log_file_validation": False,
        "customer_key": False,
        "sent_to_cloudwatch": False,
        "s3_data_events": False,
    }
    return Account(resource="aws:111122223333", links=links, **{**nothing, **what})


def test_account() -> None:
    assert observe(account, ACCOUNT) == [
        seen(
            MAIN,
            multi_region_trail=True,
            log_file_validation=True,
            customer_key=True,
            sent_to_cloudwatch=True,
        )
    ]


def test_account_without_trails() -> None:
    assert observe(account, trail_world(status={})) == [seen()]


@pytest.mark.parametrize("status", [STOPPED, FAILS])
def test_a_trail_that_does_not_work_records_nothing(status: dict[str, Any]) -> None:
    assert observe(account, trail_world(FULL, status={MAIN: status}, selectors={MAIN: WHOLE})) == [seen(MAIN)]


def test_a_trail_of_one_region_does_not_cover_the_account() -> None:
    one = trail(MAIN, IsMultiRegionTrail=False, LogFileValidationEnabled=True)

    assert observe(account, trail_world(one, status={MAIN: WORKS})) == [seen()]


def test_a_trail_of_reads_only_does_not_cover_the_account() -> None:
    reads = {"EventSelectors": [{"ReadWriteType": "ReadOnly", "IncludeManagementEvents": True}]}

    assert observe(account, trail_world(FULL, status={MAIN: WORKS}, selectors={MAIN: reads})) == [seen(MAIN)]


def test_several_trails_cover_the_account_together() -> None:
    """Object access may be recorded by a trail of its own; validation of that one does not count."""
    data = trail(DATA, HasCustomEventSelectors=True, LogFileValidationEnabled=True)
    shadow = trail(FAR, CloudWatchLogsLogGroupArn=GROUP)
    answers = trail_world(data, shadow, status={DATA: WORKS, FAR: WORKS}, selectors={DATA: OBJECTS})

    assert observe(account, answers) == [
        seen(DATA, FAR, multi_region_trail=True, sent_to_cloudwatch=True, s3_data_events=True)
    ]


def test_one_trail_that_cannot_be_asked_hides_the_account() -> None:
    sight = look(account, trail_world(FULL, trail(FAR), status={MAIN: WORKS}, selectors={MAIN: WHOLE}))

    assert sight.facts == []
    assert [(refusal.resource, refusal.error.need) for refusal in sight.refusals] == [
        (None, "cloudtrail:GetTrailStatus")
    ]


class Places(FakeAws):
    """Notes where each question is asked."""

    def __init__(self, answers: dict[str, Any]) -> None:
        super().__init__(answers)
        self.asked: list[tuple[str, str]] = []

    def pages(self, need: str, region: str, parameters: dict[str, Any]) -> Iterator[dict[str, Any]]:
        self.asked.append((need, region))
        return super().pages(need, region, parameters)


def test_a_trail_is_asked_about_at_home() -> None:
    far = trail(FAR, HasCustomEventSelectors=True)
    aws = Places(trail_world(far, status={FAR: WORKS}, selectors={FAR: WHOLE}))

    list(account(AwsAccount(account.needs, Entered(OURS, "aws", "us-east-1", aws), "us-east-1")))

    assert aws.asked == [
        ("cloudtrail:DescribeTrails", "us-east-1"),
        ("cloudtrail:GetTrailStatus", "eu-west-1"),
        ("cloudtrail:GetEventSelectors", "eu-west-1"),
    ]


TRAILS = world(
    trails,
    trail_world(
        FULL,
        trail(DATA, IsMultiRegionTrail=False, HasCustomEventSelectors=True),
        trail(ORGANIZATION, IsOrganizationTrail=True, HasCustomEventSelectors=False),
        trail(FAR),
        status={MAIN: WORKS, DATA: {"IsLogging": False}, ORGANIZATION: FAILS},
        selectors={MAIN: WHOLE, DATA: OBJECTS},
    ),
)


def test_trails() -> None:
    """The shadow of a trail of another region is left to that region."""
    assert observe(trails, TRAILS) == [
        Trail(
            resource=MAIN,
            logged=True,
            multi_region=True,
            organization=False,
            management_events="all",
            s3_data_events=None,
            log_file_validation=True,
            customer_key=True,
            sent_to_cloudwatch=True,
            delivered_at=DELIVERED,
        ),
        Trail(
            resource=DATA,
            logged=False,
            multi_region=False,
            organization=False,
            management_events=None,
            s3_data_events="all",
            log_file_validation=False,
            customer_key=False,
            sent_to_cloudwatch=False,
            delivered_at=None,
        ),
        Trail(
            resource=ORGANIZATION,
            logged=False,
            multi_region=True,
            organization=True,
            management_events="all",
            s3_data_events=None,
            log_file_validation=False,
            customer_key=False,
            sent_to_cloudwatch=False,
            delivered_at=DELIVERED,
        ),
    ]


def test_a_trail_that_cannot_be_asked_hides_itself_only() -> None:
    sight = look(trails, {**TRAILS, "cloudtrail:GetEventSelectors": by("TrailName", {DATA: OBJECTS})})

    assert [facts.resource for facts in sight.facts] == [DATA, ORGANIZATION]
    assert [refusal.resource for refusal in sight.refusals] == [MAIN]


BUCKETS = world(
    s3_buckets,
    {
        "s3:ListBuckets": {
            "Buckets": [{"Name": "images", "BucketRegion": "eu-west-1"}, {"Name": "logs"}],
        },
        "s3:GetBucketLogging": by(
            "Bucket",
            {"images": {"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": "s3/"}}, "logs": {}},
        ),
    },
)


def test_s3_buckets() -> None:
    assert observe(s3_buckets, BUCKETS) == [
        Bucket(resource="arn:aws:s3:::images", region="eu-west-1", logged=True, log_bucket="logs"),
        Bucket(resource="arn:aws:s3:::logs", logged=False, log_bucket=None),
    ]


def test_a_bucket_is_asked_about_where_it_is() -> None:
    aws = Places(dict(BUCKETS))

    list(s3_buckets(AwsAccount(s3_buckets.needs, Entered(OURS, "aws", "us-east-1", aws), "us-east-1")))

    assert aws.asked == [
        ("s3:ListBuckets", "us-east-1"),
        ("s3:GetBucketLogging", "eu-west-1"),
        ("s3:GetBucketLogging", "us-east-1"),
    ]


def flow_log(resource: str, traffic: str, *, delivered: str | None = "SUCCESS") -> dict[str, Any]:
    log = {"ResourceId": resource, "TrafficType": traffic, "FlowLogStatus": "ACTIVE"}
    return {**log, "DeliverLogsStatus": delivered} if delivered else log


VPCS = world(
    vpcs,
    {
        "ec2:DescribeVpcs": {
            "Vpcs": [
                {
                    "VpcId": "vpc-1",
                    "OwnerId": OURS,
                    "IsDefault": False,
                    "Tags": [{"Key": "owner", "Value": "net"}],
                },
                {"VpcId": "vpc-2", "OwnerId": OURS, "IsDefault": True},
                {"VpcId": "vpc-3", "OwnerId": THEIRS, "IsDefault": False},
            ]
        },
        "ec2:DescribeFlowLogs": {"FlowLogs": [flow_log("vpc-1", "ALL"), flow_log("subnet-2", "ALL")]},
    },
)


def test_vpcs() -> None:
    arn = "arn:aws:ec2:us-east-1:111122223333:vpc/"
    assert observe(vpcs, VPCS) == [
        Vpc(resource=f"{arn}vpc-1", logged=True, traffic_logged="all", default=False, tags={"owner": "net"}),
        Vpc(resource=f"{arn}vpc-2", logged=False, traffic_logged=None, default=True, tags={}),
    ]


@pytest.mark.parametrize(
    ("logs", "expected"),
    [
        ([], None),
        ([flow_log("vpc-1", "ACCEPT")], "accept"),
        ([flow_log("vpc-1", "REJECT")], "reject"),
        ([flow_log("vpc-1", "REJECT"), flow_log("vpc-1", "ACCEPT")], "all"),
        ([flow_log("vpc-1", "REJECT"), flow_log("vpc-1", "ALL")], "all"),
        ([flow_log("vpc-1", "ALL", delivered="FAILED")], None),
        ([flow_log("vpc-1", "ALL", delivered=None)], None),
        ([{**flow_log("vpc-1", "ALL"), "FlowLogStatus": "INACTIVE"}], None),
        ([flow_log("vpc-1", "ALL", delivered="FAILED"), flow_log("vpc-1", "REJECT")], "reject"),
    ],
)
def test_traffic_of_vpcs(logs: list[dict[str, Any]], expected: str | None) -> None:
    answers = {**VPCS, "ec2:DescribeFlowLogs": {"FlowLogs": logs}}

    vpc, _ = observe(vpcs, answers)

    assert isinstance(vpc, Vpc)
    assert (vpc.traffic_logged, vpc.logged) == (expected, expected is not None)


DB = "arn:aws:rds:us-east-1:111122223333:db:"
CLUSTER = "arn:aws:rds:us-east-1:111122223333:cluster:"

INSTANCES = world(
    rds_instances,
    {
        "rds:DescribeDBInstances": {
            "DBInstances": [
                {
                    "DBInstanceArn": f"{DB}ehr",
                    "Engine": "postgres",
                    "EnabledCloudwatchLogsExports": ["upgrade", "postgresql"],
                    "TagList": [{"Key": "phi", "Value": "true"}],
                },
                {"DBInstanceArn": f"{DB}lab", "Engine": "mysql"},
                {"DBInstanceArn": f"{DB}a-1", "Engine": "aurora-mysql", "DBClusterIdentifier": "a"},
            ]
        }
    },
)


def test_rds_instances() -> None:
    assert observe(rds_instances, INSTANCES) == [
        Database(
            resource=f"{DB}ehr",
            logged=True,
            engine="postgres",
            log_exports=("postgresql", "upgrade"),
            tags={"phi": "true"},
        ),
        Database(resource=f"{DB}lab", logged=False, engine="mysql", log_exports=(), tags={}),
    ]


@pytest.mark.parametrize(
    ("engine", "exports", "logged"),
    [
        ("postgres", ["upgrade"], False),
        ("mysql", ["error", "general", "slowquery"], False),
        ("mysql", ["audit"], True),
        ("mariadb", ["audit"], True),
        ("oracle-ee-cdb", ["audit"], True),
        ("oracle-se2", ["alert", "listener"], False),
        ("custom-oracle-ee", ["audit"], True),
        ("sqlserver-web", ["agent"], False),
        ("sqlserver-web", ["error"], True),
        ("db2-se", ["diag.log"], False),
        ("db2-se", [], False),
    ],
)
def test_audit_logs_of_engines(engine: str, exports: list[str], logged: bool) -> None:
    instance = {
        "DBInstanceArn": f"{DB}ehr",
        "Engine": engine,
        "EnabledCloudwatchLogsExports": exports,
        "TagList": [],
    }

    assert observe(rds_instances, {"rds:DescribeDBInstances": {"DBInstances": [instance]}}) == [
        Database(
            resource=f"{DB}ehr", logged=logged, engine=engine, log_exports=tuple(sorted(exports)), tags={}
        )
    ]


CLUSTERS = world(
    rds_clusters,
    {
        "rds:DescribeDBClusters": {
            "DBClusters": [
                {
                    "DBClusterArn": f"{CLUSTER}a",
                    "Engine": "aurora-postgresql",
                    "EnabledCloudwatchLogsExports": ["postgresql"],
                },
                {
                    "DBClusterArn": f"{CLUSTER}d",
                    "Engine": "docdb",
                    "EnabledCloudwatchLogsExports": ["profiler"],
                    "TagList": [{"Key": "phi", "Value": "true"}],
                },
            ]
        }
    },
)


def test_rds_clusters() -> None:
    assert observe(rds_clusters, CLUSTERS) == [
        Database(
            resource=f"{CLUSTER}a",
            logged=True,
            engine="aurora-postgresql",
            log_exports=("postgresql",),
            tags={},
        ),
        Database(
            resource=f"{CLUSTER}d",
            logged=False,
            engine="docdb",
            log_exports=("profiler",),
            tags={"phi": "true"},
        ),
    ]


def cluster(name: str) -> dict[str, Any]:
    return {"ClusterIdentifier": name, "Tags": [{"Key": "phi", "Value": "true"}]}


LATER = datetime(2026, 11, 20, 4, tzinfo=UTC)
REDSHIFT = world(
    redshift_clusters,
    {
        "redshift:DescribeClusters": {"Clusters": [cluster("claims"), cluster("lab")]},
        "redshift:DescribeLoggingStatus": by(
            "ClusterIdentifier",
            {
                "claims": {
                    "LoggingEnabled": True,
                    "LogDestinationType": "cloudwatch",
                    "LogExports": ["userlog", "connectionlog"],
                },
                "lab": {"LoggingEnabled": False},
            },
        ),
    },
)


def redshift(name: str, *exports: str, logged: bool) -> Database:
    return Database(
        resource=f"arn:aws:redshift:us-east-1:111122223333:cluster:{name}",
        logged=logged,
        engine="redshift",
        log_exports=exports,
        tags={"phi": "true"},
    )


def test_redshift_clusters() -> None:
    assert observe(redshift_clusters, REDSHIFT) == [
        redshift("claims", "connectionlog", "userlog", logged=True),
        redshift("lab", logged=False),
    ]


@pytest.mark.parametrize(
    ("moments", "logged"),
    [
        ({"LastFailureTime": DELIVERED}, False),
        ({"LastFailureTime": LATER, "LastSuccessfulDeliveryTime": DELIVERED}, False),
        ({"LastFailureTime": DELIVERED, "LastSuccessfulDeliveryTime": LATER}, True),
        ({"LastSuccessfulDeliveryTime": DELIVERED}, True),
    ],
)
def test_redshift_logs_that_do_not_arrive(moments: dict[str, datetime], logged: bool) -> None:
    answers = {
        "redshift:DescribeClusters": {"Clusters": [cluster("claims")]},
        "redshift:DescribeLoggingStatus": {"LoggingEnabled": True, **moments},
    }

    assert observe(redshift_clusters, answers) == [redshift("claims", logged=logged)]


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
                "notes": {
                    "DomainStatus": {
                        "LogPublishingOptions": {
                            "SEARCH_SLOW_LOGS": {"Enabled": True},
                            "AUDIT_LOGS": {"Enabled": True},
                        }
                    }
                },
                "old": {"DomainStatus": {"LogPublishingOptions": {"AUDIT_LOGS": {"Enabled": False}}}},
            },
        ),
    },
)


def test_opensearch_domains() -> None:
    arn = "arn:aws:es:us-east-1:111122223333:domain/"
    assert observe(opensearch_domains, DOMAINS) == [
        Database(
            resource=f"{arn}notes",
            logged=True,
            engine="opensearch",
            log_exports=("AUDIT_LOGS", "SEARCH_SLOW_LOGS"),
        ),
        Database(resource=f"{arn}old", logged=False, engine="elasticsearch", log_exports=()),
    ]


ELB = "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/"

BALANCERS = world(
    load_balancers,
    {
        "elbv2:DescribeLoadBalancers": {
            "LoadBalancers": [
                {"LoadBalancerArn": f"{ELB}app/a/1", "Type": "application", "Scheme": "internet-facing"},
                {"LoadBalancerArn": f"{ELB}net/n/2", "Type": "network", "Scheme": "internal"},
                {"LoadBalancerArn": f"{ELB}gwy/g/3", "Type": "gateway"},
            ]
        },
        "elbv2:DescribeLoadBalancerAttributes": by(
            "LoadBalancerArn",
            {
                f"{ELB}app/a/1": {"Attributes": [{"Key": "access_logs.s3.enabled", "Value": "true"}]},
                f"{ELB}net/n/2": {
                    "Attributes": [
                        {"Key": "access_logs.s3.enabled", "Value": "false"},
                        {"Key": "deletion_protection.enabled", "Value": "true"},
                    ]
                },
            },
        ),
    },
)


def test_load_balancers() -> None:
    assert observe(load_balancers, BALANCERS) == [
        LoadBalancer(resource=f"{ELB}app/a/1", logged=True, public=True, kind="application"),
        LoadBalancer(resource=f"{ELB}net/n/2", logged=False, public=False, kind="network"),
    ]


LOGS = "arn:aws:logs:us-east-1:111122223333:log-group:"

GROUPS = world(
    log_groups,
    {
        "logs:DescribeLogGroups": [
            {
                "logGroups": [
                    {"arn": f"{LOGS}/ehr/audit:*", "logGroupName": "/ehr/audit", "retentionInDays": 2192},
                    {"arn": f"{LOGS}/ehr/all:*", "logGroupName": "/ehr/all"},
                ]
            },
            {"logGroups": [{"arn": f"{LOGS}/pass:*", "logGroupClass": "DELIVERY"}]},
        ]
    },
)


def test_log_groups() -> None:
    assert observe(log_groups, GROUPS) == [
        LogGroup(resource=f"{LOGS}/ehr/audit", retention_days=2192, kept_forever=False),
        LogGroup(resource=f"{LOGS}/ehr/all", retention_days=36500, kept_forever=True),
        LogGroup(resource=f"{LOGS}/pass", retention_days=1, kept_forever=False),
    ]
