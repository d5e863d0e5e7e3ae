"""A hospital's AWS account, some of it well kept and some of it not: `python -I hospital.py http://127.0.0.1:5000`.

What it makes, it makes in moto's server, which is told to draw the same ids every time. Whoever calls it
sees to it that no AWS_* variable of theirs, nor a ~/.aws, has a say.
"""

import io
import json
import sys
import urllib.request
import zipfile
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config

ACCOUNT = "123456789012"
REGIONS = ("us-east-1", "us-west-2")
"""Where the hospital keeps house: the main site, and the site that everybody forgot."""
SEED = 1847


class Hospital:
    """The account being furnished: clients that all talk to one endpoint."""

    def __init__(self, endpoint_url: str) -> None:
        """Talk to the server there, and to no other."""
        self._endpoint = endpoint_url
        self._session = boto3.Session(aws_access_key_id="demo", aws_secret_access_key="demo")  # noqa: S106 - moto takes any

    def client(self, service: str, region: str = REGIONS[0]) -> Any:
        """A client of one service in one region."""
        # S3 Control puts the account's id before the host's name, which no name server knows: the server
        # is its own proxy.
        config = Config(proxies={"http": self._endpoint}, s3={"addressing_style": "path"})
        return self._session.client(service, region_name=region, endpoint_url=self._endpoint, config=config)


def seed(endpoint_url: str) -> None:
    """Furnish the account of a moto server that is running and empty."""
    fixed = urllib.request.Request(f"{endpoint_url}/moto-api/seed?a={SEED}", method="POST")  # noqa: S310 - ours
    with urllib.request.urlopen(fixed, timeout=10):  # noqa: S310 - ours
        pass
    hospital = Hospital(endpoint_url)
    key = _keys(hospital)
    _people(hospital)
    _buckets(hospital, key)
    _trails(hospital, key)
    _networks(hospital)
    _security_groups(hospital)
    _machines(hospital, key)
    _patient_databases(hospital, key)
    _other_stores(hospital, key)
    _functions(hospital)
    _watch(hospital)


def _keys(hospital: Hospital) -> str:
    """The hospital's own key, which its well-kept stores use."""
    kms = hospital.client("kms")
    key: str = kms.create_key(Description="patient records", Tags=_tag_keys(_tags(owner="ciso")))[
        "KeyMetadata"
    ]["Arn"]
    kms.create_alias(AliasName="alias/patient-records", TargetKeyId=key)
    kms.enable_key_rotation(KeyId=key)
    return key


def _people(hospital: Hospital) -> None:
    """Five who can sign in, of whom two use a second factor; a program with a key; a lax password policy."""
    iam = hospital.client("iam")
    iam.update_account_password_policy(
        MinimumPasswordLength=8, RequireNumbers=True, AllowUsersToChangePassword=True
    )
    for name, console, second_factor, keys in (
        ("amelia.okafor", True, True, 0),
        ("bernard.lindqvist", True, True, 1),
        ("chen.wei", True, False, 0),
        ("dolores.haze", True, False, 2),
        ("night-desk", True, False, 0),
        ("lab-interface", False, False, 1),
    ):
        iam.create_user(UserName=name, Tags=_tags(owner="service-desk"))
        if console:
            iam.create_login_profile(UserName=name, Password="correct horse 1 Battery!")  # noqa: S106 - nobody's
        if second_factor:
            device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
            iam.enable_mfa_device(
                UserName=name,
                SerialNumber=device["SerialNumber"],
                AuthenticationCode1="123456",
                AuthenticationCode2="654321",
            )
        for _ in range(keys):
            iam.create_access_key(UserName=name)


def _buckets(hospital: Hospital, key: str) -> None:
    """Images of patients kept as they should be, exports of records that are not, and more."""
    s3 = hospital.client("s3")
    for name, encryption, logged, closed, tags in (
        ("northlake-access-logs", None, False, True, _tags(owner="ciso")),
        ("northlake-imaging-archive", key, True, True, _tags(owner="radiology", phi="true")),
        ("northlake-record-exports", None, False, False, _tags(owner="research", phi="true")),
        ("northlake-lab-results", key, False, True, _tags(owner="laboratory", phi="true")),
        ("northlake-website", None, False, False, _tags(owner="communications")),
    ):
        s3.create_bucket(Bucket=name)
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})
        if encryption:
            default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": encryption}
            rules = [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
            s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        if logged:
            _log_requests(s3, name, "northlake-access-logs")
        if closed:
            words = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
            s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(words, True))


def _log_requests(s3: Any, bucket: str, into: str) -> None:
    delivery = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{into}/*",
    }
    s3.put_bucket_policy(Bucket=into, Policy=_policy(delivery))
    target = {"TargetBucket": into, "TargetPrefix": f"{bucket}/"}
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": target})


def _trails(hospital: Hospital, key: str) -> None:
    """The main site records what is done; the other one has a trail that somebody switched off."""
    s3 = hospital.client("s3")
    for bucket in ("northlake-audit-trail", "northlake-old-trail"):
        s3.create_bucket(Bucket=bucket)
    east, west = (hospital.client("cloudtrail", region) for region in REGIONS)
    east.create_trail(
        Name="everything",
        S3BucketName="northlake-audit-trail",
        IsMultiRegionTrail=True,
        IncludeGlobalServiceEvents=True,
        EnableLogFileValidation=True,
        KmsKeyId=key,
    )
    east.start_logging(Name="everything")
    west.create_trail(Name="before-the-merger", S3BucketName="northlake-old-trail", IsMultiRegionTrail=False)


def _networks(hospital: Hospital) -> None:
    """A network whose traffic is recorded, and the default ones, whose is not; logs that are kept, or not."""
    ec2, logs, iam = (hospital.client(service) for service in ("ec2", "logs", "iam"))
    for name, days in (
        ("/ehr/audit", 2557),
        ("/ehr/flows", 2557),
        ("/lab/interface", 30),
        ("/website", None),
    ):
        logs.create_log_group(logGroupName=name)
        if days:
            logs.put_retention_policy(logGroupName=name, retentionInDays=days)
    role = iam.create_role(
        RoleName="flows", AssumeRolePolicyDocument=_trusting("vpc-flow-logs.amazonaws.com")
    )
    vpc = ec2.create_vpc(
        CidrBlock="10.20.0.0/16", TagSpecifications=_tagged("vpc", Name="clinical", owner="network")
    )
    ec2.create_flow_logs(
        ResourceIds=[vpc["Vpc"]["VpcId"]],
        ResourceType="VPC",
        TrafficType="ALL",
        LogGroupName="/ehr/flows",
        DeliverLogsPermissionArn=role["Role"]["Arn"],
    )


def _security_groups(hospital: Hospital) -> None:
    """Doors that are open to those who work behind them, and doors that are open to the world."""
    for region, name, port, source in (
        (REGIONS[0], "ehr-database", 5432, "10.20.0.0/16"),
        (REGIONS[0], "portal", 443, "0.0.0.0/0"),
        (REGIONS[0], "radiology-desktops", 3389, "0.0.0.0/0"),
        (REGIONS[1], "laboratory-database", 5432, "0.0.0.0/0"),
        (REGIONS[1], "vendor-support", 22, "203.0.113.0/24"),
    ):
        ec2 = hospital.client("ec2", region)
        (vpc,) = ec2.describe_vpcs(Filters=[{"Name": "isDefault", "Values": ["true"]}])["Vpcs"]
        group = ec2.create_security_group(
            GroupName=name,
            Description=f"{name}: who may come in",
            VpcId=vpc["VpcId"],
            TagSpecifications=_tagged("security-group", owner="network"),
        )
        opening = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": source}]}
        ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[opening])


def _machines(hospital: Hospital, key: str) -> None:
    """Servers, their disks, and copies of those."""
    east = hospital.client("ec2")
    east.run_instances(
        ImageId="ami-12c6146b",
        InstanceType="m5.large",
        MinCount=1,
        MaxCount=2,
        MetadataOptions={"HttpTokens": "required"},
        TagSpecifications=_tagged("instance", Name="ehr-app", owner="ehr", phi="true"),
    )
    for region, name, encrypted in (
        (REGIONS[0], "ehr-documents", True),
        (REGIONS[0], "scratch", False),
        (REGIONS[1], "pathology-slides", False),
    ):
        ec2 = hospital.client("ec2", region)
        volume = ec2.create_volume(
            AvailabilityZone=f"{region}a",
            Size=100,
            VolumeType="gp3",
            TagSpecifications=_tagged("volume", Name=name, phi="false" if name == "scratch" else "true"),
            **({"Encrypted": True, "KmsKeyId": key} if encrypted else {"Encrypted": False}),
        )
        ec2.create_snapshot(VolumeId=volume["VolumeId"], Description=f"{name}, nightly")


def _patient_databases(hospital: Hospital, key: str) -> None:
    """The records' database as it should be, others nearly so, the laboratory's under nobody's eye."""
    own = {"StorageEncrypted": True, "KmsKeyId": key}
    databases: tuple[tuple[str, str, str, str, Mapping[str, Any]], ...] = (
        (
            REGIONS[0],
            "ehr-records",
            "postgres",
            "17.6",
            {**own, "EnableCloudwatchLogsExports": ["postgresql"]},
        ),
        (REGIONS[0], "appointments", "mysql", "8.4", own),
        (REGIONS[0], "billing", "mysql", "8.0.28", {"StorageEncrypted": False}),
        (
            REGIONS[1],
            "laboratory",
            "postgres",
            "11.22",
            {"StorageEncrypted": False, "PubliclyAccessible": True},
        ),
    )
    for region, name, engine, version, more in databases:
        well_kept = more.get("StorageEncrypted", False)
        rds = hospital.client("rds", region)
        rds.create_db_instance(
            DBInstanceIdentifier=name,
            DBInstanceClass="db.m6g.large",
            Engine=engine,
            EngineVersion=version,
            AllocatedStorage=200,
            MasterUsername="keeper",
            MasterUserPassword="not-a-secret-1",
            BackupRetentionPeriod=35 if well_kept else 1,
            DeletionProtection=well_kept,
            MultiAZ=well_kept,
            Tags=_tags(owner=name, phi="true"),
            **{"PubliclyAccessible": False, **more},
        )
        rds.create_db_snapshot(DBSnapshotIdentifier=f"{name}-before-upgrade", DBInstanceIdentifier=name)


def _other_stores(hospital: Hospital, key: str) -> None:
    """Tables and shared file systems."""
    dynamodb, efs = hospital.client("dynamodb"), hospital.client("efs")
    for name, encryption in (
        ("consents", {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}),
        ("sessions", {"Enabled": False}),
    ):
        dynamodb.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            SSESpecification=encryption,
            Tags=_tags(owner="portal", phi="true"),
        )
    tags = _tags(owner="radiology", phi="true")
    efs.create_file_system(CreationToken="scans", Encrypted=True, KmsKeyId=key, Tags=tags)
    efs.create_file_system(CreationToken="scans-old", Encrypted=False, Tags=tags)


def _functions(hospital: Hospital) -> None:
    """Code that runs now and then, on a runtime that is mended and on one that no longer is."""
    role = hospital.client("iam").create_role(
        RoleName="functions", AssumeRolePolicyDocument=_trusting("lambda.amazonaws.com")
    )
    for name, runtime in (("remind-patients", "python3.13"), ("import-hl7", "python3.7")):
        hospital.client("lambda").create_function(
            FunctionName=name,
            Runtime=runtime,
            Role=role["Role"]["Arn"],
            Handler="main.handle",
            Code={"ZipFile": _archive("main.py", "def handle(event, context): ...\n")},
            Tags={"owner": "integration"},
        )


def _watch(hospital: Hospital) -> None:
    """At the main site, somebody looks for intruders and makes copies; at the other, nobody does."""
    hospital.client("guardduty").create_detector(Enable=True)
    backup = hospital.client("backup")
    backup.create_backup_vault(BackupVaultName="patient-records")
    nightly = {
        "RuleName": "nightly",
        "TargetBackupVaultName": "patient-records",
        "ScheduleExpression": "cron(0 3 * * ? *)",
        "Lifecycle": {"DeleteAfterDays": 2557},
    }
    backup.create_backup_plan(BackupPlan={"BackupPlanName": "patient-records", "Rules": [nightly]})


def _tags(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _tag_keys(tags: list[dict[str, str]]) -> list[dict[str, str]]:
    """The same, as KMS spells it."""
    return [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags]


def _tagged(kind: str, **tags: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": _tags(**tags)}]


def _trusting(service: str) -> str:
    return _policy({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


def _policy(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _archive(name: str, text: str) -> bytes:
    """A zip file that is the same each time."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), text)
    return made.getvalue()


if __name__ == "__main__":
    seed(sys.argv[1])
