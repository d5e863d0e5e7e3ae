"""A small account in moto's server that speaks each of AWS's protocols, and what a collection of it saw."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import boto3

from scanner import collect as collecting
from scanner import plugins
from scanner.evidence import Bundle, Writer
from scanner.model import Manifest, Observation, Reason, Unreadable
from scanner.targets.accounts import AwsTarget
from tests.judging import policy, requirement
from tests.moto import ACCOUNT, CREDENTIALS, Moto

REGIONS = ("us-east-1", "us-west-2")
CHECKS = (
    "encryption.aws.dynamodb_tables",  # JSON
    "encryption.aws.ebs_volumes",  # EC2
    "encryption.aws.efs_file_systems",  # REST, JSON
    "encryption.aws.log_groups",
    "encryption.aws.rds_instances",  # query
    "encryption.aws.s3_buckets",  # REST, XML; a call for each
    "mfa.aws.iam_users",
)
POLICY = """\
policy: clinic
title: Clinic
source: us
controls:
  - control: c
    title: What there is
    owner: CISO
    requirements:
      - {check: encryption.aws.dynamodb_tables, expect: {encrypted: true}, severity: high}
      - {check: encryption.aws.ebs_volumes, expect: {encrypted: true}, severity: high}
      - {check: encryption.aws.efs_file_systems, expect: {encrypted: true}, severity: high}
      - {check: encryption.aws.log_groups, expect: {encrypted: true}, severity: high}
      - {check: encryption.aws.rds_instances, expect: {encrypted: true}, severity: high}
      - {check: encryption.aws.s3_buckets, expect: {encrypted: true}, severity: high}
      - {check: mfa.aws.iam_users, expect: {mfa_active: true}, severity: high}
"""

Seen = dict[tuple[str, str], list[Observation | Unreadable]]
"""What was seen and refused, by scope and check; moments are left out."""


def seed(moto: Moto) -> None:
    """Furnish the account: a few of each thing, in both regions."""
    moto.reset()

    session = boto3.Session(CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"])

    @cache
    def client(service: str, region: str = "us-east-1") -> Any:
        return session.client(service, region_name=region, endpoint_url=moto.url)

    for name in ("charts", "images", "bills"):
        client("s3").create_bucket(Bucket=f"clinic-{name}")
        client("s3").put_bucket_encryption(
            Bucket=f"clinic-{name}",
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
        )
        client("iam").create_user(UserName=name)
    for region in REGIONS:
        ec2 = client("ec2", region)
        for encrypted in (True, False, True):
            ec2.create_volume(AvailabilityZone=f"{region}a", Size=1, Encrypted=encrypted)
        client("logs", region).create_log_group(logGroupName="/clinic")
        client("efs", region).create_file_system(CreationToken="t", Encrypted=True)
        client("rds", region).create_db_instance(
            DBInstanceIdentifier="ehr",
            DBInstanceClass="db.t3.micro",
            Engine="postgres",
            AllocatedStorage=20,
            StorageEncrypted=False,
        )
        client("dynamodb", region).create_table(
            TableName="visits",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )


def collect(folder: Path, **options: Any) -> "Collected":
    """A collection of the clinic, in this process."""
    writer = Writer(folder)
    collecting.collect(
        [policy(*(requirement(name) for name in CHECKS))],
        plugins.checks(),
        [AwsTarget(name="clinic", account=ACCOUNT, regions=REGIONS)],
        writer,
        tool=collecting.Tool("wardround", "0"),
        now=lambda: datetime.now(UTC),
        **options,
    )
    return Collected.read(folder)


@dataclass(frozen=True)
class Collected:
    """A bundle of the clinic, unpacked."""

    manifest: Manifest
    seen: Seen

    @classmethod
    def read(cls, folder: Path) -> "Collected":
        """Unpack a bundle."""
        bundle = Bundle(folder)
        seen: Seen = {}
        for target in bundle.manifest.plan.targets:
            for scope in target.scopes:
                for check in CHECKS:
                    part = bundle.part(target.id, scope.name, check)
                    if part is not None:
                        seen[scope.name, check] = [_timeless(entry) for entry in part]
        return cls(bundle.manifest, seen)

    def refusals(self) -> Iterator[Unreadable]:
        """Everything that was refused."""
        for entries in self.seen.values():
            yield from (entry for entry in entries if isinstance(entry, Unreadable))


def _timeless(entry: Observation | Unreadable) -> Observation | Unreadable:
    if isinstance(entry, Unreadable):
        return entry
    values = {name: getattr(entry, name) for name in entry.__struct_fields__}
    return Observation(**values | {"at": datetime.min.replace(tzinfo=UTC)})


def assert_nothing_lost_or_invented(calm: Seen, faulty: Seen, reasons: set[Reason]) -> None:
    """Hold what was seen under faults to what was seen without.

    Every observation that is there is equal; every one that is missing is covered by a refusal with one of
    these reasons, a need and a mend.
    """
    assert faulty.keys() == calm.keys()
    for where, expected in calm.items():
        assert not [entry for entry in expected if isinstance(entry, Unreadable)], "the calm run is whole"
        seen = [entry for entry in faulty[where] if isinstance(entry, Observation)]
        refused = [entry for entry in faulty[where] if isinstance(entry, Unreadable)]
        missing = {entry.resource for entry in expected} - {entry.resource for entry in seen}
        assert seen == [entry for entry in expected if entry.resource not in missing]
        covered = {entry.resource for entry in refused}
        assert not missing or None in covered or missing <= covered, where
        assert {entry.reason for entry in refused} <= reasons, refused
        assert all(entry.need and entry.mend for entry in refused)


def statuses(manifest: Manifest) -> Mapping[str, str]:
    """The states of scopes, by name."""
    return {scope.name: scope.state for target in manifest.plan.targets for scope in target.scopes}
