"""Third parties on AWS: whom snapshots, images and documents are shared with."""

from collections.abc import Iterator
from typing import Any

from scanner import AwsRegion, check

from . import Granted, GrantedTo, SharedImage

EVERYBODY = "all"
"""How EC2, RDS and Systems Manager call everybody who has an AWS account."""


@check("ec2:DescribeSnapshots", "ec2:GetSnapshotBlockPublicAccessState")
def ebs_snapshots(region: AwsRegion) -> Iterator[Granted]:
    """Whether any AWS account can make a volume from the account's own EBS snapshots.

    One question tells it of all snapshots of a region. Which accounts a snapshot was given to by name would
    take one question for each; it is not asked here.
    """
    # Blocked snapshots keep the permission, and are listed with it; it has no effect.
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisableSnapshotBlockPublicAccess.html
    blocked = region.call("ec2:GetSnapshotBlockPublicAccessState")["State"] == "block-all-sharing"
    public = {
        snapshot["SnapshotId"]
        for snapshot in region.all(
            "ec2:DescribeSnapshots", OwnerIds=["self"], RestorableByUserIds=[EVERYBODY]
        )
    }
    for snapshot in region.all("ec2:DescribeSnapshots", OwnerIds=["self"]):
        yield Granted(
            resource=region.arn("ec2", f"snapshot/{snapshot['SnapshotId']}"),
            anyone=snapshot["SnapshotId"] in public and not blocked,
            tags=region.tags(snapshot.get("Tags")),
            links=(region.arn("ec2", f"volume/{snapshot['VolumeId']}"),) if snapshot.get("VolumeId") else (),
        )


@check("ec2:DescribeImages", "ec2:DescribeImageAttribute")
def machine_images(region: AwsRegion) -> Iterator[SharedImage]:
    """Who may start instances from the account's own machine images, and so read what is on their disks."""

    def read(image: dict[str, Any]) -> SharedImage:
        permissions = (
            region.call("ec2:DescribeImageAttribute", ImageId=image["ImageId"], Attribute="launchPermission")
        ).get("LaunchPermissions") or ()
        accounts = {grant["UserId"] for grant in permissions if grant.get("UserId")}
        return SharedImage(
            resource=arn(image),
            anyone=image["Public"],
            external_accounts=tuple(sorted(accounts - {region.id})),
            organizations=tuple(
                sorted(
                    grant[kind]
                    for grant in permissions
                    for kind in ("OrganizationArn", "OrganizationalUnitArn")
                    if grant.get(kind)
                )
            ),
            tags=region.tags(image.get("Tags")),
        )

    def arn(image: dict[str, Any]) -> str:
        return region.arn("ec2", f"image/{image['ImageId']}")

    yield from region.each(region.all("ec2:DescribeImages", Owners=["self"]), read, resource=arn)


@check("rds:DescribeDBSnapshots", "rds:DescribeDBSnapshotAttributes")
def rds_snapshots(region: AwsRegion) -> Iterator[GrantedTo]:
    """Who may restore the account's manual snapshots of database instances.

    RDS shares only those that somebody took by hand; its own automated ones are left out.
    """

    def read(snapshot: dict[str, Any]) -> GrantedTo:
        name = snapshot["DBSnapshotIdentifier"]
        answer = region.call("rds:DescribeDBSnapshotAttributes", DBSnapshotIdentifier=name)
        listed = answer["DBSnapshotAttributesResult"].get("DBSnapshotAttributes")
        return _restorable(region, snapshot, arn="DBSnapshotArn", attributes=listed)

    manual = (snapshot for snapshot in region.all("rds:DescribeDBSnapshots") if _by_hand(snapshot))
    yield from region.each(manual, read, resource=lambda snapshot: snapshot["DBSnapshotArn"])


@check("rds:DescribeDBClusterSnapshots", "rds:DescribeDBClusterSnapshotAttributes")
def rds_cluster_snapshots(region: AwsRegion) -> Iterator[GrantedTo]:
    """Who may restore the account's manual snapshots of database clusters (Aurora, DocumentDB, Neptune)."""

    def read(snapshot: dict[str, Any]) -> GrantedTo:
        name = snapshot["DBClusterSnapshotIdentifier"]
        answer = region.call("rds:DescribeDBClusterSnapshotAttributes", DBClusterSnapshotIdentifier=name)
        listed = answer["DBClusterSnapshotAttributesResult"].get("DBClusterSnapshotAttributes")
        return _restorable(region, snapshot, arn="DBClusterSnapshotArn", attributes=listed)

    manual = (snapshot for snapshot in region.all("rds:DescribeDBClusterSnapshots") if _by_hand(snapshot))
    yield from region.each(manual, read, resource=lambda snapshot: snapshot["DBClusterSnapshotArn"])


@check("redshift:DescribeClusterSnapshots")
def redshift_snapshots(region: AwsRegion) -> Iterator[GrantedTo]:
    """Which other accounts may restore the snapshots of Redshift clusters; Redshift has no public ones."""
    for snapshot in region.all("redshift:DescribeClusterSnapshots"):
        if snapshot.get("OwnerAccount", region.id) == region.id:
            name = f"snapshot:{snapshot['ClusterIdentifier']}/{snapshot['SnapshotIdentifier']}"
            grants = snapshot.get("AccountsWithRestoreAccess") or ()
            yield GrantedTo(
                resource=region.arn("redshift", name),
                anyone=False,
                external_accounts=tuple(sorted({grant["AccountId"] for grant in grants} - {region.id})),
                tags=region.tags(snapshot.get("Tags")),
            )


@check("ssm:ListDocuments", "ssm:DescribeDocumentPermission")
def ssm_documents(region: AwsRegion) -> Iterator[GrantedTo]:
    """Who may read and run the account's own Systems Manager documents."""

    def read(document: dict[str, Any]) -> GrantedTo:
        shared: set[Any] = set(
            region.all(
                "ssm:DescribeDocumentPermission",
                key="AccountIds",
                Name=document["Name"],
                PermissionType="Share",
            )
        )
        # The reference writes it in either case.
        # https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeDocumentPermission.html
        everybody = {account for account in shared if account.lower() == EVERYBODY}
        return GrantedTo(
            resource=arn(document),
            anyone=bool(everybody),
            external_accounts=tuple(sorted(shared - everybody - {region.id})),
            tags=region.tags(document.get("Tags")),
        )

    def arn(document: dict[str, Any]) -> str:
        return region.arn("ssm", f"document/{document['Name']}")

    own = region.all("ssm:ListDocuments", Filters=[{"Key": "Owner", "Values": ["Self"]}])
    yield from region.each(own, read, resource=arn)


def _by_hand(snapshot: dict[str, Any]) -> bool:
    return bool(snapshot["SnapshotType"] == "manual")


def _restorable(
    region: AwsRegion, snapshot: dict[str, Any], *, arn: str, attributes: list[dict[str, Any]] | None
) -> GrantedTo:
    given = {
        account
        for attribute in attributes or ()
        if attribute["AttributeName"] == "restore"
        for account in attribute.get("AttributeValues") or ()
    }
    return GrantedTo(
        resource=snapshot[arn],
        anyone=EVERYBODY in given,
        external_accounts=tuple(sorted(given - {EVERYBODY, region.id})),
        tags=region.tags(snapshot.get("TagList")),
    )
