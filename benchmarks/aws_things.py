"""What stands in the synthetic account, as AWS describes it."""

from datetime import UTC, datetime
from typing import Any

ACCOUNT = "111122223333"
HOME = "us-east-1"
AT = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)
TAGS = ({"Key": "owner", "Value": "ward-7"}, {"Key": "phi", "Value": "true"})

Answer = dict[str, Any]


def master(region: str, name: str) -> str:
    """A key of the account's."""
    return f"arn:aws:kms:{region}:{ACCOUNT}:key/{name.replace(':', '-')}"


def reservation(region: str, number: int) -> Answer:
    """An instance, as it is listed."""
    address = {"PrivateIpAddress": "10.0.0.1", "Primary": True}
    return {
        "ReservationId": f"r-{number:017x}",
        "OwnerId": ACCOUNT,
        "Instances": [
            {
                "InstanceId": f"i-{number:017x}",
                "ImageId": f"ami-{number:017x}",
                "State": {"Name": "running", "Code": 16},
                "InstanceType": "t3.medium",
                "LaunchTime": AT,
                "PrivateIpAddress": "10.0.0.1",
                "VpcId": f"vpc-{0:017x}",
                "SubnetId": f"subnet-{0:017x}",
                "Placement": {"AvailabilityZone": f"{region}a", "Tenancy": "default"},
                "SecurityGroups": [{"GroupId": "sg-1", "GroupName": "default"}],
                "NetworkInterfaces": [
                    {
                        "NetworkInterfaceId": f"eni-{number:017x}",
                        "SubnetId": f"subnet-{0:017x}",
                        "PrivateIpAddresses": [address],
                        "Groups": [{"GroupId": "sg-1", "GroupName": "default"}],
                    }
                ],
                "BlockDeviceMappings": [
                    {"DeviceName": "/dev/xvda", "Ebs": {"VolumeId": f"vol-{number:017x}", "AttachTime": AT}}
                ],
                "MetadataOptions": {"HttpTokens": "required", "HttpEndpoint": "enabled"},
                "Tags": list(TAGS),
            }
        ],
    }


def group(number: int) -> Answer:
    """A security group."""
    return {
        "GroupId": f"sg-{number:017x}",
        "GroupName": f"group-{number}" if number else "default",
        "OwnerId": ACCOUNT,
        "VpcId": f"vpc-{0:017x}",
        "Description": "clinic",
        "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}],
        "Tags": list(TAGS),
    }


def rule(number: int, groups: int) -> Answer:
    """A rule of one of so many security groups."""
    listed = number % 50 == 49
    return {
        "SecurityGroupRuleId": f"sgr-{number:017x}",
        "GroupId": f"sg-{number % max(groups, 1):017x}",
        "GroupOwnerId": ACCOUNT,
        "IsEgress": number % 3 == 0,
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        **({"PrefixListId": "pl-1"} if listed else {"CidrIpv4": "10.0.0.0/8"}),
        "Tags": [],
    }


def database(region: str, number: int, of: str) -> Answer:
    """A database, encrypted with a key."""
    return {
        "DBInstanceArn": f"arn:aws:rds:{region}:{ACCOUNT}:db:d{number}",
        "DBInstanceIdentifier": f"d{number}",
        "Engine": "postgres",
        "EngineVersion": "16.4",
        "StorageEncrypted": True,
        "KmsKeyId": of,
        "PubliclyAccessible": False,
        "AutoMinorVersionUpgrade": True,
        "InstanceCreateTime": AT,
        "BackupRetentionPeriod": 35,
        "EnabledCloudwatchLogsExports": ["postgresql"],
        "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1", "Status": "active"}],
        "TagList": list(TAGS),
    }


def trail() -> Answer:
    """The one trail, which covers every region."""
    return {
        "Name": "all",
        "TrailARN": f"arn:aws:cloudtrail:{HOME}:{ACCOUNT}:trail/all",
        "HomeRegion": HOME,
        "IsMultiRegionTrail": True,
        "LogFileValidationEnabled": True,
        "HasCustomEventSelectors": True,
        "KmsKeyId": master(HOME, "trail"),
    }


def credential_report(users: int) -> bytes:
    """IAM's list of users, as it comes."""
    header = (
        "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"
        "password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,"
        "access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"
        "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,"
        "access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,"
        "cert_2_active,cert_2_last_rotated"
    )
    at = "2026-10-01T03:00:00+00:00"
    rest = (
        f"{at},true,{at},{at},N/A,true,true,{at},{at},us-east-1,s3,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
    )
    root = f"<root_account>,arn:aws:iam::{ACCOUNT}:root,{at},not_supported,{at},not_supported,not_supported"
    root += ",true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
    lines = [f"person-{n:06},arn:aws:iam::{ACCOUNT}:user/person-{n:06},{rest}" for n in range(users)]
    return "\n".join([header, root, *lines]).encode()
