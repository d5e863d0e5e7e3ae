from checks.third_party import Granted, GrantedTo, SharedImage
from checks.third_party.aws_sharing import (
    ebs_snapshots,
    machine_images,
    rds_cluster_snapshots,
    rds_snapshots,
    redshift_snapshots,
    ssm_documents,
)
from scanner.testing import ACCOUNT, by, look, observe, world

EC2 = f"arn:aws:ec2:us-east-1:{ACCOUNT}:"
RDS = f"arn:aws:rds:us-east-1:{ACCOUNT}:"
REDSHIFT = f"arn:aws:redshift:us-east-1:{ACCOUNT}:"
SSM = f"arn:aws:ssm:us-east-1:{ACCOUNT}:"
PARTNER = "444455556666"
ANOTHER = "222233334444"
ORGANIZATION = "arn:aws:organizations::123456789012:organization/o-a1b2c3d4e5"
UNIT = "arn:aws:organizations::123456789012:ou/o-a1b2c3d4e5/ou-ab12-cdefghij"


def snapshots(OwnerIds: list[str], RestorableByUserIds: list[str] | None = None) -> object:  # noqa: N803 - as AWS names them
    assert OwnerIds == ["self"]
    listed = [
        {"SnapshotId": "snap-1", "VolumeId": "vol-1", "Tags": [{"Key": "phi", "Value": "true"}]},
        {"SnapshotId": "snap-2"},
    ]
    return {"Snapshots": listed if RestorableByUserIds is None else listed[1:]}


def documents(Filters: list[dict[str, object]]) -> object:  # noqa: N803 - as AWS names it
    named: list[dict[str, object]] = [
        {"Name": "drain-ward", "Tags": [{"Key": "owner", "Value": "it"}]},
        {"Name": "patch-modality"},
        {"Name": "restart-pacs"},
    ]
    ours = Filters == [{"Key": "Owner", "Values": ["Self"]}]
    return {"DocumentIdentifiers": named if ours else [*named, {"Name": "AWS-RunShellScript"}]}


def attributes(result: str, listed: str, *values: str) -> dict[str, object]:
    return {result: {listed: [{"AttributeName": "restore", "AttributeValues": list(values)}]}}


SNAPSHOTS = world(
    ebs_snapshots,
    {
        "ec2:DescribeSnapshots": snapshots,
        "ec2:GetSnapshotBlockPublicAccessState": {"State": "block-new-sharing"},
    },
)
IMAGES = world(
    machine_images,
    {
        "ec2:DescribeImages": {
            "Images": [
                {"ImageId": "ami-1", "Public": True, "Tags": [{"Key": "phi", "Value": "false"}]},
                {"ImageId": "ami-2", "Public": False},
                {"ImageId": "ami-3", "Public": False},
            ]
        },
        "ec2:DescribeImageAttribute": by(
            "ImageId",
            {
                "ami-1": {"LaunchPermissions": [{"Group": "all"}]},
                "ami-2": {
                    "LaunchPermissions": [
                        {"UserId": PARTNER},
                        {"UserId": ACCOUNT},
                        {"OrganizationalUnitArn": UNIT},
                        {"OrganizationArn": ORGANIZATION},
                        {"UserId": ANOTHER},
                    ]
                },
                "ami-3": {"ImageId": "ami-3"},
            },
        ),
    },
)
DB_SNAPSHOTS = world(
    rds_snapshots,
    {
        "rds:DescribeDBSnapshots": {
            "DBSnapshots": [
                {
                    "DBSnapshotArn": RDS + "snapshot:before-upgrade",
                    "DBSnapshotIdentifier": "before-upgrade",
                    "SnapshotType": "manual",
                    "TagList": [{"Key": "phi", "Value": "true"}],
                },
                {
                    "DBSnapshotArn": RDS + "snapshot:rds:emr-2026-11-20",
                    "DBSnapshotIdentifier": "rds:emr-2026-11-20",
                    "SnapshotType": "automated",
                },
                {
                    "DBSnapshotArn": RDS + "snapshot:to-vendor",
                    "DBSnapshotIdentifier": "to-vendor",
                    "SnapshotType": "manual",
                },
                {
                    "DBSnapshotArn": RDS + "snapshot:kept",
                    "DBSnapshotIdentifier": "kept",
                    "SnapshotType": "manual",
                },
            ]
        },
        "rds:DescribeDBSnapshotAttributes": by(
            "DBSnapshotIdentifier",
            {
                "before-upgrade": attributes("DBSnapshotAttributesResult", "DBSnapshotAttributes", "all"),
                "to-vendor": attributes(
                    "DBSnapshotAttributesResult", "DBSnapshotAttributes", PARTNER, ANOTHER
                ),
                "kept": attributes("DBSnapshotAttributesResult", "DBSnapshotAttributes"),
            },
        ),
    },
)
CLUSTER_SNAPSHOTS = world(
    rds_cluster_snapshots,
    {
        "rds:DescribeDBClusterSnapshots": {
            "DBClusterSnapshots": [
                {
                    "DBClusterSnapshotArn": RDS + "cluster-snapshot:claims",
                    "DBClusterSnapshotIdentifier": "claims",
                    "SnapshotType": "manual",
                },
                {
                    "DBClusterSnapshotArn": RDS + "cluster-snapshot:awsbackup:job-1",
                    "DBClusterSnapshotIdentifier": "awsbackup:job-1",
                    "SnapshotType": "awsbackup",
                },
                {
                    "DBClusterSnapshotArn": RDS + "cluster-snapshot:open",
                    "DBClusterSnapshotIdentifier": "open",
                    "SnapshotType": "manual",
                },
            ]
        },
        "rds:DescribeDBClusterSnapshotAttributes": by(
            "DBClusterSnapshotIdentifier",
            {
                "claims": attributes(
                    "DBClusterSnapshotAttributesResult", "DBClusterSnapshotAttributes", PARTNER
                ),
                "open": attributes("DBClusterSnapshotAttributesResult", "DBClusterSnapshotAttributes", "all"),
            },
        ),
    },
)
WAREHOUSE_SNAPSHOTS = world(
    redshift_snapshots,
    {
        "redshift:DescribeClusterSnapshots": {
            "Snapshots": [
                {
                    "ClusterIdentifier": "claims",
                    "SnapshotIdentifier": "q3",
                    "OwnerAccount": ACCOUNT,
                    "AccountsWithRestoreAccess": [{"AccountId": PARTNER}, {"AccountId": ANOTHER}],
                    "Tags": [{"Key": "owner", "Value": "finance"}],
                },
                {"ClusterIdentifier": "claims", "SnapshotIdentifier": "q4", "OwnerAccount": ACCOUNT},
                {"ClusterIdentifier": "theirs", "SnapshotIdentifier": "q4", "OwnerAccount": PARTNER},
            ]
        }
    },
)
DOCUMENTS = world(
    ssm_documents,
    {
        "ssm:ListDocuments": documents,
        "ssm:DescribeDocumentPermission": by(
            "Name",
            {
                "drain-ward": [{"AccountIds": [PARTNER], "NextToken": "2"}, {"AccountIds": [ANOTHER]}],
                "patch-modality": {"AccountIds": ["All"]},
                "restart-pacs": {"AccountIds": []},
            },
        ),
    },
)


def test_ebs_snapshots() -> None:
    assert observe(ebs_snapshots, SNAPSHOTS) == [
        Granted(
            resource=EC2 + "snapshot/snap-1",
            anyone=False,
            tags={"phi": "true"},
            links=(EC2 + "volume/vol-1",),
        ),
        Granted(resource=EC2 + "snapshot/snap-2", anyone=True, tags={}),
    ]


def test_what_is_shared_with_everybody_is_closed_where_all_sharing_is_blocked() -> None:
    blocked = {**SNAPSHOTS, "ec2:GetSnapshotBlockPublicAccessState": {"State": "block-all-sharing"}}

    assert [facts.anyone for facts in observe(ebs_snapshots, blocked) if isinstance(facts, Granted)] == [
        False,
        False,
    ]


def test_machine_images() -> None:
    assert observe(machine_images, IMAGES) == [
        SharedImage(
            resource=EC2 + "image/ami-1",
            anyone=True,
            external_accounts=(),
            organizations=(),
            tags={"phi": "false"},
        ),
        SharedImage(
            resource=EC2 + "image/ami-2",
            anyone=False,
            external_accounts=(ANOTHER, PARTNER),
            organizations=(ORGANIZATION, UNIT),
            tags={},
        ),
        SharedImage(
            resource=EC2 + "image/ami-3", anyone=False, external_accounts=(), organizations=(), tags={}
        ),
    ]


def test_rds_snapshots() -> None:
    assert observe(rds_snapshots, DB_SNAPSHOTS) == [
        GrantedTo(
            resource=RDS + "snapshot:before-upgrade",
            anyone=True,
            external_accounts=(),
            tags={"phi": "true"},
        ),
        GrantedTo(
            resource=RDS + "snapshot:to-vendor",
            anyone=False,
            external_accounts=(ANOTHER, PARTNER),
            tags={},
        ),
        GrantedTo(resource=RDS + "snapshot:kept", anyone=False, external_accounts=(), tags={}),
    ]


def test_a_snapshot_that_was_deleted_meanwhile_is_a_refusal_of_that_snapshot() -> None:
    gone = {**DB_SNAPSHOTS, "rds:DescribeDBSnapshotAttributes": by("DBSnapshotIdentifier", {})}
    sight = look(rds_snapshots, gone)

    assert sight.facts == []
    assert {refusal.resource for refusal in sight.refusals} == {
        RDS + "snapshot:before-upgrade",
        RDS + "snapshot:to-vendor",
        RDS + "snapshot:kept",
    }


def test_rds_cluster_snapshots() -> None:
    assert observe(rds_cluster_snapshots, CLUSTER_SNAPSHOTS) == [
        GrantedTo(
            resource=RDS + "cluster-snapshot:claims", anyone=False, external_accounts=(PARTNER,), tags={}
        ),
        GrantedTo(resource=RDS + "cluster-snapshot:open", anyone=True, external_accounts=(), tags={}),
    ]


def test_redshift_snapshots() -> None:
    assert observe(redshift_snapshots, WAREHOUSE_SNAPSHOTS) == [
        GrantedTo(
            resource=REDSHIFT + "snapshot:claims/q3",
            anyone=False,
            external_accounts=(ANOTHER, PARTNER),
            tags={"owner": "finance"},
        ),
        GrantedTo(resource=REDSHIFT + "snapshot:claims/q4", anyone=False, external_accounts=(), tags={}),
    ]


def test_ssm_documents() -> None:
    assert observe(ssm_documents, DOCUMENTS) == [
        GrantedTo(
            resource=SSM + "document/drain-ward",
            anyone=False,
            external_accounts=(ANOTHER, PARTNER),
            tags={"owner": "it"},
        ),
        GrantedTo(resource=SSM + "document/patch-modality", anyone=True, external_accounts=(), tags={}),
        GrantedTo(resource=SSM + "document/restart-pacs", anyone=False, external_accounts=(), tags={}),
    ]
