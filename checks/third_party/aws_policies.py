"""Third parties on AWS: who from other accounts is let in by the policy of something alone.

Policies are read as they are, without what Organizations denies besides.
"""

from collections.abc import Iterator
from typing import Any

from scanner import AwsRegion, check

from ..semantics import iam, iam_enclaves
from ..semantics.iam_access import access
from . import Admitted, Key
from .aws_admitted import told, who

Item = dict[str, Any]


@check("lambda:ListFunctions", "lambda:GetPolicy")
def lambda_functions(region: AwsRegion) -> Iterator[Admitted]:
    """Who from outside may call or change functions, by their policies.

    Versions and aliases may have policies of their own, which are not looked at.
    """

    def read(function: Item) -> Admitted:
        answer = region.call(
            "lambda:GetPolicy", absent="ResourceNotFoundException", FunctionName=function["FunctionArn"]
        )
        policy = answer["Policy"] if answer else None
        return Admitted(resource=function["FunctionArn"], **who(region.id, policy))

    listed = region.all("lambda:ListFunctions")
    yield from region.each(listed, read, resource=lambda function: function["FunctionArn"])


@check("sns:ListTopics", "sns:GetTopicAttributes")
def sns_topics(region: AwsRegion) -> Iterator[Admitted]:
    """Who from outside may send to topics or listen to them, by their policies."""

    def read(topic: Item) -> Admitted:
        attributes = region.call("sns:GetTopicAttributes", TopicArn=topic["TopicArn"])["Attributes"]
        return Admitted(resource=topic["TopicArn"], **who(region.id, attributes.get("Policy")))

    yield from region.each(region.all("sns:ListTopics"), read, resource=lambda topic: topic["TopicArn"])


@check("sqs:ListQueues", "sqs:GetQueueAttributes")
def sqs_queues(region: AwsRegion) -> Iterator[Admitted]:
    """Who from outside may send to queues or take from them, by their policies."""

    def read(url: str) -> Admitted:
        answer = region.call("sqs:GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])
        policy = (answer.get("Attributes") or {}).get("Policy")
        return Admitted(resource=arn(url), **who(region.id, policy))

    def arn(url: str) -> str:
        return region.arn("sqs", url.rpartition("/")[2])

    # Asked without a number, SQS lists the first thousand and says nothing of the others.
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueues.html
    urls: Iterator[Any] = region.all("sqs:ListQueues", MaxResults=1000)
    yield from region.each(urls, read, resource=arn)


@check("secretsmanager:ListSecrets", "secretsmanager:GetResourcePolicy")
def secrets(region: AwsRegion) -> Iterator[Admitted]:
    """Who from outside may read secrets in Secrets Manager, by their policies."""

    def read(secret: Item) -> Admitted:
        answer = region.call("secretsmanager:GetResourcePolicy", SecretId=secret["ARN"])
        return Admitted(
            resource=secret["ARN"],
            **who(region.id, answer.get("ResourcePolicy")),
            tags=region.tags(secret.get("Tags")),
        )

    listed = region.all("secretsmanager:ListSecrets")
    yield from region.each(listed, read, resource=lambda secret: secret["ARN"])


@check("kms:ListKeys", "kms:DescribeKey", "kms:GetKeyPolicy")
def kms_keys(region: AwsRegion) -> Iterator[Key]:
    """Who from outside may use the account's own keys, by their policies.

    AWS's managed keys serve their own account. Grants, which services make by the thousand, are not looked
    at.
    """

    def read(key: Item) -> Key:
        answer = region.call("kms:GetKeyPolicy", KeyId=key["Arn"], PolicyName="default")
        said = iam.statements(answer["Policy"])
        return Key(
            resource=key["Arn"],
            **told(access(said, region.id)),
            attested=iam_enclaves.attested(said),
            unattested_use=iam_enclaves.unattested_use(said),
        )

    yield from region.each(_own_keys(region), read, resource=lambda key: key["Arn"])


@check("ecr:DescribeRepositories", "ecr:GetRepositoryPolicy")
def ecr_repositories(region: AwsRegion) -> Iterator[Admitted]:
    """Who from outside may pull images from repositories or push to them, by their policies."""

    def read(repository: Item) -> Admitted:
        answer = region.call(
            "ecr:GetRepositoryPolicy",
            absent="RepositoryPolicyNotFoundException",
            repositoryName=repository["repositoryName"],
        )
        policy = answer["policyText"] if answer else None
        return Admitted(resource=repository["repositoryArn"], **who(region.id, policy))

    listed = region.all("ecr:DescribeRepositories")
    yield from region.each(listed, read, resource=lambda repository: repository["repositoryArn"])


@check("backup:ListBackupVaults", "backup:GetBackupVaultAccessPolicy")
def backup_vaults(region: AwsRegion) -> Iterator[Admitted]:
    """Who from outside may copy into backup vaults or take from them, by their policies."""

    def read(vault: Item) -> Admitted:
        answer = region.call(
            "backup:GetBackupVaultAccessPolicy",
            absent="ResourceNotFoundException",
            BackupVaultName=vault["BackupVaultName"],
        )
        policy = answer["Policy"] if answer else None
        return Admitted(resource=vault["BackupVaultArn"], **who(region.id, policy))

    vaults = region.all("backup:ListBackupVaults")
    yield from region.each(vaults, read, resource=lambda vault: vault["BackupVaultArn"])


def _own_keys(region: AwsRegion) -> Iterator[Item]:
    def read(listed: Item) -> Item:
        described: Item = region.call("kms:DescribeKey", KeyId=listed["KeyArn"])["KeyMetadata"]
        return described

    for key in region.each(region.all("kms:ListKeys"), read, resource=lambda listed: listed["KeyArn"]):
        if key["KeyManager"] == "CUSTOMER":
            yield key
