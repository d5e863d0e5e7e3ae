from checks.third_party import Admitted, Key
from checks.third_party.aws_policies import (
    backup_vaults,
    ecr_repositories,
    kms_keys,
    lambda_functions,
    secrets,
    sns_topics,
    sqs_queues,
)
from scanner.testing import ACCOUNT, Error, by, look, observe, world

from .policies import policy, to, who

PARTNER = "444455556666"
ORGANIZATION = "o-a1b2c3d4e5"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:"
SNS = f"arn:aws:sns:us-east-1:{ACCOUNT}:"
SQS = f"arn:aws:sqs:us-east-1:{ACCOUNT}:"
SECRET = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:"
KMS = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/"
ECR = f"arn:aws:ecr:us-east-1:{ACCOUNT}:repository/"
VAULT = f"arn:aws:backup:us-east-1:{ACCOUNT}:backup-vault:"


FUNCTIONS = world(
    lambda_functions,
    {
        "lambda:ListFunctions": {
            "Functions": [{"FunctionArn": FUNCTION + name} for name in ("open", "intake", "own")]
        },
        "lambda:GetPolicy": by(
            "FunctionName",
            {
                FUNCTION + "open": {
                    "Policy": policy(
                        to(
                            "*",
                            "lambda:InvokeFunctionUrl",
                            StringEquals={"lambda:FunctionUrlAuthType": "NONE"},
                        )
                    )
                },
                FUNCTION + "intake": {
                    "Policy": policy(
                        to({"Service": "s3.amazonaws.com"}, "lambda:InvokeFunction"),
                        to(
                            {"Service": "events.amazonaws.com"},
                            "lambda:InvokeFunction",
                            ArnLike={"AWS:SourceArn": f"arn:aws:events:us-east-1:{ACCOUNT}:rule/*"},
                        ),
                        to({"AWS": f"arn:aws:iam::{PARTNER}:role/feed"}, "lambda:InvokeFunction"),
                    )
                },
                FUNCTION + "own": Error("ResourceNotFoundException"),
            },
        ),
    },
)
TOPICS = world(
    sns_topics,
    {
        "sns:ListTopics": {"Topics": [{"TopicArn": SNS + "alarms"}, {"TopicArn": SNS + "hl7"}]},
        "sns:GetTopicAttributes": by(
            "TopicArn",
            {
                SNS + "alarms": {
                    "Attributes": {
                        "Policy": policy(
                            to({"AWS": "*"}, "SNS:Publish", StringEquals={"AWS:SourceOwner": ACCOUNT})
                        )
                    }
                },
                SNS + "hl7": {
                    "Attributes": {
                        "Policy": policy(
                            to(
                                "*",
                                "SNS:Subscribe",
                                StringEquals={"aws:PrincipalOrgID": ORGANIZATION},
                            )
                        )
                    }
                },
            },
        ),
    },
)
QUEUES = world(
    sqs_queues,
    {
        "sqs:ListQueues": {
            "QueueUrls": [
                f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/adt",
                f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/lab",
            ]
        },
        "sqs:GetQueueAttributes": by(
            "QueueUrl",
            {
                f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/adt": {
                    "Attributes": {"Policy": policy(to({"AWS": "*"}, "SQS:SendMessage"))}
                },
                f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/lab": {},
            },
        ),
    },
)
SECRETS = world(
    secrets,
    {
        "secretsmanager:ListSecrets": {
            "SecretList": [
                {"ARN": SECRET + "emr-AbCdEf", "Tags": [{"Key": "owner", "Value": "dba"}]},
                {"ARN": SECRET + "fax-AbCdEf"},
            ]
        },
        "secretsmanager:GetResourcePolicy": by(
            "SecretId",
            {
                SECRET + "emr-AbCdEf": {
                    "ResourcePolicy": policy(to({"AWS": PARTNER}, "secretsmanager:GetSecretValue"))
                },
                SECRET + "fax-AbCdEf": {"ARN": SECRET + "fax-AbCdEf"},
            },
        ),
    },
)
KEYS = world(
    kms_keys,
    {
        "kms:ListKeys": {"Keys": [{"KeyArn": KMS + name} for name in ("emr", "enclave", "aws")]},
        "kms:DescribeKey": by(
            "KeyId",
            {
                KMS + name: {"KeyMetadata": {"KeyId": name, "Arn": KMS + name, "KeyManager": manager}}
                for name, manager in (("emr", "CUSTOMER"), ("enclave", "CUSTOMER"), ("aws", "AWS"))
            },
        ),
        "kms:GetKeyPolicy": by(
            "KeyId",
            {
                KMS + "emr": {
                    "Policy": policy(to({"AWS": ACCOUNT}, "kms:*"), to({"AWS": PARTNER}, "kms:Decrypt"))
                },
                KMS + "enclave": {
                    "Policy": policy(
                        to({"AWS": ACCOUNT}, "kms:Put*"),
                        to(
                            {"AWS": ACCOUNT},
                            "kms:Decrypt",
                            StringEqualsIgnoreCase={"kms:RecipientAttestation:ImageSha384": "ab12"},
                        ),
                    )
                },
            },
        ),
    },
)
REPOSITORIES = world(
    ecr_repositories,
    {
        "ecr:DescribeRepositories": {
            "repositories": [
                {"repositoryArn": ECR + name, "repositoryName": name} for name in ("viewer", "pacs")
            ]
        },
        "ecr:GetRepositoryPolicy": by(
            "repositoryName",
            {
                "viewer": {
                    "policyText": policy(
                        to(
                            "*",
                            "ecr:BatchGetImage",
                            IpAddress={"aws:SourceIp": ["198.51.100.0/24"]},
                        )
                    )
                },
                "pacs": Error("RepositoryPolicyNotFoundException"),
            },
        ),
    },
)
VAULTS = world(
    backup_vaults,
    {
        "backup:ListBackupVaults": {
            "BackupVaultList": [
                {"BackupVaultName": name, "BackupVaultArn": VAULT + name} for name in ("copies", "Default")
            ]
        },
        "backup:GetBackupVaultAccessPolicy": by(
            "BackupVaultName",
            {
                "copies": {"Policy": policy(to({"AWS": PARTNER}, "backup:CopyIntoBackupVault"))},
                "Default": Error("ResourceNotFoundException"),
            },
        ),
    },
)


def test_lambda_functions() -> None:
    assert observe(lambda_functions, FUNCTIONS) == [
        Admitted(resource=FUNCTION + "open", **who(anyone=True)),
        Admitted(
            resource=FUNCTION + "intake",
            **who(external_accounts=(PARTNER,), unbound_services=("s3.amazonaws.com",)),
        ),
        Admitted(resource=FUNCTION + "own", **who()),
    ]


def test_a_function_whose_policy_is_denied_is_a_refusal_of_that_function() -> None:
    sight = look(lambda_functions, FUNCTIONS, denied=["lambda:GetPolicy"])

    assert sight.facts == []
    assert {refusal.resource for refusal in sight.refusals} == {
        FUNCTION + name for name in ("open", "intake", "own")
    }


def test_sns_topics() -> None:
    assert observe(sns_topics, TOPICS) == [
        Admitted(resource=SNS + "alarms", **who()),
        Admitted(resource=SNS + "hl7", **who(organizations=(ORGANIZATION,))),
    ]


def test_sqs_queues() -> None:
    assert observe(sqs_queues, QUEUES) == [
        Admitted(resource=SQS + "adt", **who(anyone=True)),
        Admitted(resource=SQS + "lab", **who()),
    ]


def test_secrets() -> None:
    assert observe(secrets, SECRETS) == [
        Admitted(resource=SECRET + "emr-AbCdEf", **who(external_accounts=(PARTNER,)), tags={"owner": "dba"}),
        Admitted(resource=SECRET + "fax-AbCdEf", **who(), tags={}),
    ]


def test_kms_keys() -> None:
    assert observe(kms_keys, KEYS) == [
        Key(resource=KMS + "emr", **who(external_accounts=(PARTNER,)), attested=False, unattested_use=True),
        Key(resource=KMS + "enclave", **who(), attested=True, unattested_use=False),
    ]


def test_ecr_repositories() -> None:
    assert observe(ecr_repositories, REPOSITORIES) == [
        Admitted(resource=ECR + "viewer", **who(networks=("198.51.100.0/24",))),
        Admitted(resource=ECR + "pacs", **who()),
    ]


def test_backup_vaults() -> None:
    assert observe(backup_vaults, VAULTS) == [
        Admitted(resource=VAULT + "copies", **who(external_accounts=(PARTNER,))),
        Admitted(resource=VAULT + "Default", **who()),
    ]
