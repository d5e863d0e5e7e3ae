"""What somebody should be told of at once when it happens in an AWS account, as CloudTrail records it.

Which events stand for a kind of activity follows the CIS Amazon Web Services Foundations Benchmark, chapter
on monitoring, less those of EC2-Classic, which is gone. What the events are called is AWS's:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html.
"""

from typing import Any

Event = dict[str, Any]

_USER = {
    "type": "IAMUser",
    "principalId": "AIDAEXAMPLE",
    "arn": "arn:aws:iam::111122223333:user/somebody",
    "accountId": "111122223333",
    "userName": "somebody",
}
_ROOT = {
    "type": "Root",
    "principalId": "111122223333",
    "arn": "arn:aws:iam::111122223333:root",
    "accountId": "111122223333",
}


def _event(service: str, name: str, **more: Any) -> Event:
    return {
        "eventVersion": "1.08",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "eventType": "AwsApiCall",
        "eventCategory": "Management",
        "managementEvent": True,
        "readOnly": False,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "console.amazonaws.com",
        "recipientAccountId": "111122223333",
        "userIdentity": _USER,
        "requestParameters": {},
        "responseElements": None,
        **more,
    }


def _calls(service: str, names: str) -> tuple[Event, ...]:
    return tuple(_event(service, name) for name in names.split())


def _login(outcome: str, **more: Any) -> Event:
    return _event(
        "signin",
        "ConsoleLogin",
        eventType="AwsConsoleSignIn",
        responseElements={"ConsoleLogin": outcome},
        **more,
    )


_NO_MFA = {"MFAUsed": "No", "MobileVersion": "No"}

ROOT_USE = (
    _event("iam", "CreateAccessKey", userIdentity=_ROOT),
    _login("Success", userIdentity=_ROOT, additionalEventData={"MFAUsed": "Yes", "MobileVersion": "No"}),
)
FAILED_LOGINS = (_login("Failure", errorMessage="Failed authentication", additionalEventData=_NO_MFA),)
LOGINS_WITHOUT_MFA = (_login("Success", additionalEventData=_NO_MFA),)
UNAUTHORIZED_CALLS = (
    _event("ec2", "RunInstances", errorCode="Client.UnauthorizedOperation"),
    _event("s3", "PutBucketPolicy", errorCode="AccessDenied"),
    _event("kms", "ScheduleKeyDeletion", errorCode="AccessDeniedException"),
)
IAM_CHANGES = _calls(
    "iam",
    "AttachGroupPolicy AttachRolePolicy AttachUserPolicy CreatePolicy CreatePolicyVersion DeleteGroupPolicy "
    "DeletePolicy DeletePolicyVersion DeleteRolePolicy DeleteUserPolicy DetachGroupPolicy DetachRolePolicy "
    "DetachUserPolicy PutGroupPolicy PutRolePolicy PutUserPolicy",
)
TRAIL_CHANGES = _calls("cloudtrail", "CreateTrail DeleteTrail StartLogging StopLogging UpdateTrail")
KEY_REMOVALS = _calls("kms", "DisableKey ScheduleKeyDeletion")
BUCKET_POLICY_CHANGES = _calls(
    "s3",
    "DeleteBucketCors DeleteBucketLifecycle DeleteBucketPolicy DeleteBucketReplication PutBucketAcl "
    "PutBucketCors PutBucketLifecycle PutBucketPolicy PutBucketReplication",
)
CONFIG_CHANGES = _calls(
    "config", "DeleteDeliveryChannel PutConfigurationRecorder PutDeliveryChannel StopConfigurationRecorder"
)
SECURITY_GROUP_CHANGES = _calls(
    "ec2",
    "AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CreateSecurityGroup DeleteSecurityGroup "
    "RevokeSecurityGroupEgress RevokeSecurityGroupIngress",
)
NETWORK_ACL_CHANGES = _calls(
    "ec2",
    "CreateNetworkAcl CreateNetworkAclEntry DeleteNetworkAcl DeleteNetworkAclEntry "
    "ReplaceNetworkAclAssociation ReplaceNetworkAclEntry",
)
GATEWAY_CHANGES = _calls(
    "ec2",
    "AttachInternetGateway CreateCustomerGateway CreateInternetGateway DeleteCustomerGateway "
    "DeleteInternetGateway DetachInternetGateway",
)
ROUTE_TABLE_CHANGES = _calls(
    "ec2",
    "CreateRoute CreateRouteTable DeleteRoute DeleteRouteTable DisassociateRouteTable ReplaceRoute "
    "ReplaceRouteTableAssociation",
)
VPC_CHANGES = _calls(
    "ec2",
    "AcceptVpcPeeringConnection CreateVpc CreateVpcPeeringConnection DeleteVpc DeleteVpcPeeringConnection "
    "ModifyVpcAttribute RejectVpcPeeringConnection",
)
