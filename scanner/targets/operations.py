"""AWS operations as checks name them: `service:Operation`, the service as boto3 names its client."""

import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import botocore.model
    import botocore.session

_READING = re.compile(r"^(Get|List|Describe|BatchGet)[A-Z]")

_HANDS_OUT = re.compile(
    r"^Get\w*(Credentials|Token|AccessKeys|AccessDetails|SecretValue|Records|Media)((For|From)\w+)?$"
)
"""What the names of operations end in that hand out secrets or records, in services yet to come too."""

READING_TOO = frozenset(
    {
        # Has AWS compile a list that GetCredentialReport reads; changes nothing that anybody owns.
        "iam:GenerateCredentialReport",
    }
)
"""Operations that only read, though their names do not say so."""

READS_DATA = frozenset(
    {
        "appconfig:GetConfiguration",
        "appconfigdata:GetLatestConfiguration",
        "athena:GetQueryResults",
        "cloudtrail:GetQueryResults",
        "codecommit:GetFile",
        "codecommit:GetBlob",
        "cognito-identity:GetCredentialsForIdentity",
        "cognito-identity:GetOpenIdToken",
        "connect:GetFederationToken",
        "dynamodb:BatchGetItem",
        "dynamodb:GetItem",
        "ebs:GetSnapshotBlock",
        "ec2:GetConsoleOutput",
        "ec2:GetConsoleScreenshot",
        "ec2:GetPasswordData",
        "ecr:GetAuthorizationToken",
        "ecr:GetDownloadUrlForLayer",
        "emr:GetOnClusterAppUIPresignedURL",
        "emr:GetPersistentAppUIPresignedURL",
        "gamelift:GetComputeAccess",
        "gamelift:GetInstanceAccess",
        "glacier:GetJobOutput",
        "iot-data:GetThingShadow",
        "kinesis:GetRecords",
        "kms:GetParametersForImport",
        # Its answer carries a signed address of the function's code, and the environment's values.
        "lambda:GetFunction",
        "lambda:GetLayerVersion",
        "lightsail:GetRelationalDatabaseMasterUserPassword",
        "logs:GetLogEvents",
        "logs:GetLogObject",
        "logs:GetLogRecord",
        "logs:GetQueryResults",
        "mediastore-data:GetObject",
        "medical-imaging:GetImageFrame",
        "omics:GetReadSet",
        "omics:GetReference",
        "rds:DownloadDBLogFilePortion",
        "redshift:GetClusterCredentials",
        "redshift:GetClusterCredentialsWithIAM",
        "s3:GetObject",
        "s3:GetObjectTorrent",
        "secretsmanager:BatchGetSecretValue",
        "secretsmanager:GetSecretValue",
        "ssm:GetParameter",
        "ssm:GetParameterHistory",
        "ssm:GetParameters",
        "ssm:GetParametersByPath",
        "sso:GetRoleCredentials",
        "storagegateway:DescribeChapCredentials",
        "sts:GetFederationToken",
        "sts:GetSessionToken",
        "workmailmessageflow:GetRawMessageContent",
    }
)
"""Reading operations that hand out records, code or secrets."""

_ACTIONS = {
    # Operations whose IAM action is named otherwise: Service Authorization Reference, 2026-11.
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3control:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",
}
_PREFIXES = {
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "opensearch": "es",
}

_ASKED = (
    "NextToken",
    "nextToken",
    "Marker",
    "NextMarker",
    "NextPageToken",
    "PageToken",
    "pageToken",
    "PaginationToken",
    "ContinuationToken",
    "position",
)
_ANSWERED = (
    "NextToken",
    "nextToken",
    "NextMarker",
    "Marker",
    "NextPageToken",
    "nextPageToken",
    "PaginationToken",
    "NextContinuationToken",
    "position",
)


def refuse(need: str) -> str | None:
    """Why this is no operation a check may declare; None when it is."""
    service, _, operation = need.partition(":")
    if not operation or not re.fullmatch(r"[a-z0-9-]+", service):
        return f"{need!r} is not an AWS operation; expected service:Operation, as in ec2:DescribeVolumes"
    if need in READS_DATA or _HANDS_OUT.match(operation):
        return f"{need} reads data or secrets; a check reads configuration only"
    if not _READING.match(operation) and need not in READING_TOO:
        return f"{need} is not a reading operation; a check may declare Get, List and Describe"
    return None


def action(need: str) -> str:
    """The IAM action that allows an operation."""
    service, _, operation = need.partition(":")
    return _ACTIONS.get(need) or f"{_PREFIXES.get(service, service)}:{operation}"


@cache
def _botocore() -> "botocore.session.Session":
    import botocore.session

    return botocore.session.get_session()


def models() -> Any:
    """Botocore's loader, which keeps what it has read: once for every account there is."""
    return _botocore().get_component("data_loader")


@cache
def model(need: str) -> "botocore.model.OperationModel":
    """What botocore documents of an operation.

    Raises:
        ValueError: botocore knows no such operation.
    """
    import botocore.exceptions
    import botocore.model

    service, _, operation = need.partition(":")
    try:
        return _botocore().get_service_model(service).operation_model(operation)
    except (botocore.exceptions.UnknownServiceError, botocore.model.OperationNotFoundError):
        raise ValueError(f"botocore knows no operation {need}") from None


@cache
def paginator(need: str) -> dict[str, Any] | None:
    """Botocore's description of how an operation is paged; None where it has none."""
    import botocore.exceptions

    service, _, operation = need.partition(":")
    try:
        described: dict[str, Any] = _botocore().get_paginator_model(service).get_paginator(operation)
    except (ValueError, botocore.exceptions.UnknownServiceError):
        return None  # the operation, or all of its service, has none
    return described


@cache
def tokens(need: str) -> tuple[str, str] | None:
    """Input and output member of a paged operation for which botocore has no paginator."""
    asked, answered = model(need).input_shape, model(need).output_shape
    if asked is None or answered is None:
        return None
    given = [name for name in _ASKED if name in asked.members]
    taken = [name for name in _ANSWERED if name in answered.members]
    return (given[0], taken[0]) if given and taken else None


@cache
def listing(need: str) -> str:
    """The member of the answer that holds the listed things, with dots where it lies deeper.

    Raises:
        ValueError: there is not exactly one; the check must name it.
    """
    described = paginator(need)
    if described and isinstance(described["result_key"], str):
        return described["result_key"]
    shape = model(need).output_shape
    lists = [name for name, member in shape.members.items() if member.type_name == "list"] if shape else []
    if len(lists) != 1:
        raise ValueError(f"{need} lists {lists or 'nothing'}; say which with key=")
    return lists[0]
