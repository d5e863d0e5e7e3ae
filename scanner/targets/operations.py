"""AWS operations as checks name them: `service:Operation`, the service as boto3 names its client."""

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from . import quick
from .disclosing import READS_DATA
from .reading import READING, READING_TOO

if TYPE_CHECKING:
    import botocore.model
    import botocore.session

_HANDS_OUT = re.compile(
    r"^(Get|BatchGet)\w*(Credentials|Token|AccessKeys|AccessDetails|ApiKeys?|SecretValue|StreamKey|Password"
    r"|PresignedURL|PresignedUrl|LoginUrl|EmbedUrl|QueryResults|Records?|Media)((For|From)\w+)?$"
)
"""What the names of operations end in that hand out secrets or records, in services yet to come too."""

_ACTIONS = {
    # Operations that need another action than the one of their name, or more: Service Authorization
    # Reference, and for S3 "Required permissions for Amazon S3 API operations", 2026-11.
    "ds-data:DescribeGroup": "ds-data:DescribeGroup ds:AccessDSData",
    "ds-data:DescribeUser": "ds-data:DescribeUser ds:AccessDSData",
    "ds-data:ListGroupMembers": "ds-data:ListGroupMembers ds:AccessDSData",
    "ds-data:ListGroups": "ds-data:ListGroups ds:AccessDSData",
    "ds-data:ListGroupsForMember": "ds-data:ListGroupsForMember ds:AccessDSData",
    "ds-data:ListUsers": "ds-data:ListUsers ds:AccessDSData",
    "network-firewall:DescribeLoggingConfiguration": "network-firewall:DescribeLoggingConfiguration "
    "logs:GetLogDelivery logs:ListLogDeliveries",
    "route53:ListHostedZonesByVPC": "route53:ListHostedZonesByVPC ec2:DescribeVpcs",
    "route53resolver:GetFirewallConfig": "route53resolver:GetFirewallConfig ec2:DescribeVpcs",
    "route53resolver:GetResolverConfig": "route53resolver:GetResolverConfig ec2:DescribeVpcs",
    "route53resolver:GetResolverQueryLogConfig": "route53resolver:GetResolverQueryLogConfig ec2:DescribeVpcs",
    "route53resolver:ListFirewallConfigs": "route53resolver:ListFirewallConfigs ec2:DescribeVpcs",
    "route53resolver:ListResolverConfigs": "route53resolver:ListResolverConfigs ec2:DescribeVpcs",
    "route53resolver:ListResolverQueryLogConfigAssociations": "ec2:DescribeVpcs "
    "route53resolver:ListResolverQueryLogConfigAssociations",
    "route53resolver:ListResolverQueryLogConfigs": "route53resolver:ListResolverQueryLogConfigs "
    "ec2:DescribeVpcs",
    "route53resolver:ListResolverRuleAssociations": "route53resolver:ListResolverRuleAssociations "
    "ec2:DescribeVpcs",
    "s3:GetBucketAccelerateConfiguration": "s3:GetAccelerateConfiguration",
    "s3:GetBucketAnalyticsConfiguration": "s3:GetAnalyticsConfiguration",
    "s3:GetBucketCors": "s3:GetBucketCORS",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketIntelligentTieringConfiguration": "s3:GetIntelligentTieringConfiguration",
    "s3:GetBucketInventoryConfiguration": "s3:GetInventoryConfiguration",
    "s3:GetBucketLifecycle": "s3:GetLifecycleConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetBucketMetadataConfiguration": "s3:GetBucketMetadataTableConfiguration",
    "s3:GetBucketMetricsConfiguration": "s3:GetMetricsConfiguration",
    "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:ListBucketAnalyticsConfigurations": "s3:GetAnalyticsConfiguration",
    "s3:ListBucketIntelligentTieringConfigurations": "s3:GetIntelligentTieringConfiguration",
    "s3:ListBucketInventoryConfigurations": "s3:GetInventoryConfiguration",
    "s3:ListBucketMetricsConfigurations": "s3:GetMetricsConfiguration",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3control:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",
    # Of the kinds of resources that it can list, load balancers, which it lists unless told otherwise.
    "wafv2:ListResourcesForWebACL": "wafv2:ListResourcesForWebACL "
    "elasticloadbalancing:DescribeWebACLAssociation",
}
_WHOLE_SERVICE = {"apigateway": "apigateway:GET", "apigatewayv2": "apigateway:GET"}
"""Services whose reading has one action, whatever the operation."""
_PREFIXES = {
    "accessanalyzer": "access-analyzer",
    "amp": "aps",
    "appintegrations": "app-integrations",
    "application-insights": "applicationinsights",
    "backupsearch": "backup-search",
    "bedrock-agent": "bedrock",
    "bedrock-agent-runtime": "bedrock",
    "bedrock-data-automation": "bedrock",
    "bedrock-data-automation-runtime": "bedrock",
    "bedrock-runtime": "bedrock",
    "chime-sdk-identity": "chime",
    "chime-sdk-media-pipelines": "chime",
    "chime-sdk-meetings": "chime",
    "chime-sdk-messaging": "chime",
    "chime-sdk-voice": "chime",
    "cleanroomsml": "cleanrooms-ml",
    "cloudcontrol": "cloudformation",
    "cloudhsmv2": "cloudhsm",
    "codeguruprofiler": "codeguru-profiler",
    "compute-optimizer-automation": "aco-automation",
    "connectcampaigns": "connect-campaigns",
    "connectcampaignsv2": "connect-campaigns",
    "connectcases": "cases",
    "connecthealth": "health-agent",
    "customer-profiles": "profile",
    "devops-agent": "aidevops",
    "docdb": "rds",
    "dynamodbstreams": "dynamodb",
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "emr": "elasticmapreduce",
    "eventbridgev2": "events",
    "greengrassv2": "greengrass",
    "iot-managed-integrations": "iotmanagedintegrations",
    "ivs-realtime": "ivs",
    "keyspacesstreams": "cassandra",
    "kinesis-video-archived-media": "kinesisvideo",
    "kinesis-video-signaling": "kinesisvideo",
    "kinesisanalyticsv2": "kinesisanalytics",
    "launch-wizard": "launchwizard",
    "lex-models": "lex",
    "lexv2-models": "lex",
    "location": "geo",
    "mailmanager": "ses",
    "marketplace-agreement": "aws-marketplace",
    "marketplace-catalog": "aws-marketplace",
    "marketplace-deployment": "aws-marketplace",
    "marketplace-entitlement": "aws-marketplace",
    "marketplace-reporting": "aws-marketplace",
    "mediastore-data": "mediastore",
    "migration-hub-refactor-spaces": "refactor-spaces",
    "migrationhub-config": "mgh",
    "migrationhuborchestrator": "migrationhub-orchestrator",
    "migrationhubstrategy": "migrationhub-strategy",
    "mwaa": "airflow",
    "mwaa-serverless": "airflow-serverless",
    "neptune": "rds",
    "notificationscontacts": "notifications-contacts",
    "opensearch": "es",
    "opensearchserverless": "aoss",
    "personalize-runtime": "personalize",
    "pinpoint": "mobiletargeting",
    "pinpoint-email": "ses",
    "pinpoint-sms-voice": "sms-voice",
    "pinpoint-sms-voice-v2": "sms-voice",
    "pricing-plan-manager": "pricingplanmanager",
    "qconnect": "wisdom",
    "resourcegroupstaggingapi": "tag",
    "s3control": "s3",
    "s3outposts": "s3-outposts",
    "sagemaker-a2i-runtime": "sagemaker",
    "sagemaker-edge": "sagemaker",
    "sagemaker-metrics": "sagemaker",
    "service-quotas": "servicequotas",
    "servicecatalog-appregistry": "servicecatalog",
    "sesv2": "ses",
    "signer-data": "signer",
    "simpledbv2": "sdb",
    "socialmessaging": "social-messaging",
    "sso-admin": "sso",
    "stepfunctions": "states",
    "supplychain": "scn",
    "support-app": "supportapp",
    "taxsettings": "tax",
    "timestream-query": "timestream",
    "timestream-write": "timestream",
    "voice-id": "voiceid",
    "workspaces-thin-client": "thinclient",
}
"""Services that IAM calls otherwise than boto3 does."""

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
    if not READING.match(operation) and need not in READING_TOO:
        return f"{need} is not a reading operation; a check may declare Get, List and Describe"
    return None


def actions(need: str) -> tuple[str, ...]:
    """The IAM actions that together allow an operation."""
    service, _, operation = need.partition(":")
    named = _ACTIONS.get(need) or _WHOLE_SERVICE.get(service)
    return tuple(named.split()) if named else (f"{_PREFIXES.get(service, service)}:{operation}",)


def action(need: str) -> str:
    """What to allow, in words, so that an operation is not denied."""
    return " and ".join(actions(need))


@cache
def _botocore() -> "botocore.session.Session":
    import botocore.session

    session = botocore.session.get_session()
    quick.models(session)
    return session


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
