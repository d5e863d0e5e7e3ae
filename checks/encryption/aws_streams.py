"""Encryption at rest on AWS: what carries messages on, and keeps them until then."""

from collections.abc import Iterator
from operator import itemgetter
from typing import Any

from scanner import AwsRegion, check

from . import AtRest
from .kms import at_rest

_MOST_STREAMS = 10000


@check("sns:ListTopics", "sns:GetTopicAttributes", "kms:DescribeKey")
def sns_topics(region: AwsRegion) -> Iterator[AtRest]:
    """Whether SNS encrypts the messages of a topic as soon as it has them, and who holds the key.

    Without that they are kept as they came in, whatever the disks below are encrypted with.
    """

    def read(topic: dict[str, Any]) -> AtRest:
        answer = region.call("sns:GetTopicAttributes", TopicArn=topic["TopicArn"])
        key = answer["Attributes"].get("KmsMasterKeyId")
        return at_rest(region, topic["TopicArn"], key, encrypted=bool(key))

    yield from region.each(region.all("sns:ListTopics"), read, resource=itemgetter("TopicArn"))


@check("sqs:ListQueues", "sqs:GetQueueAttributes", "kms:DescribeKey")
def sqs_queues(region: AwsRegion) -> Iterator[AtRest]:
    """Whether SQS encrypts the messages of a queue, with its own key or with one of KMS."""

    def arn(url: str) -> str:
        return region.arn("sqs", url.rpartition("/")[2])

    def read(url: str) -> AtRest:
        # All, as other checks ask too: so it is one call.
        answer = region.call("sqs:GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])
        told = answer.get("Attributes", {})
        key = told.get("KmsMasterKeyId")
        return at_rest(
            region, arn(url), key, encrypted=bool(key) or told.get("SqsManagedSseEnabled") == "true"
        )

    # Without a page's size SQS tells of a thousand queues at most.
    urls: Iterator[Any] = region.all("sqs:ListQueues", MaxResults=1000)
    yield from region.each(urls, read, resource=arn)


@check("kinesis:ListStreams", "kinesis:DescribeStreamSummary", "kms:DescribeKey")
def kinesis_streams(region: AwsRegion) -> Iterator[AtRest]:
    """Whether Kinesis encrypts what a stream holds, and who holds the key."""

    def read(stream: dict[str, Any]) -> AtRest:
        answer = region.call("kinesis:DescribeStreamSummary", StreamARN=stream["StreamARN"])
        told = answer["StreamDescriptionSummary"]
        return at_rest(
            region,
            stream["StreamARN"],
            told.get("KeyId"),
            encrypted=told.get("EncryptionType", "NONE") != "NONE",
        )

    streams = region.all("kinesis:ListStreams", key="StreamSummaries")
    yield from region.each(streams, read, resource=itemgetter("StreamARN"))


@check("firehose:ListDeliveryStreams", "firehose:DescribeDeliveryStream", "kms:DescribeKey")
def firehose_streams(region: AwsRegion) -> Iterator[AtRest]:
    """Whether Firehose encrypts what it holds of a stream that is written to directly.

    Of a stream that reads from Kinesis or Kafka it holds nothing at rest; there the source has to be
    encrypted.
    """

    def arn(name: str) -> str:
        return region.arn("firehose", f"deliverystream/{name}")

    def read(name: str) -> AtRest:
        answer = region.call("firehose:DescribeDeliveryStream", DeliveryStreamName=name)
        told = answer["DeliveryStreamDescription"].get("DeliveryStreamEncryptionConfiguration", {})
        return at_rest(region, arn(name), told.get("KeyARN"), encrypted=told.get("Status") == "ENABLED")

    # Firehose tells no token to go on with; so many at once are more than a region may have.
    names: Iterator[Any] = region.all(
        "firehose:ListDeliveryStreams", DeliveryStreamType="DirectPut", Limit=_MOST_STREAMS
    )
    yield from region.each(names, read, resource=arn)


@check("kafka:ListClustersV2", "kms:DescribeKey")
def msk_clusters(region: AwsRegion) -> Iterator[AtRest]:
    """Who holds the key of MSK clusters, all of which are encrypted."""

    def read(cluster: dict[str, Any]) -> AtRest:
        told = cluster.get("Provisioned", {}).get("EncryptionInfo", {}).get("EncryptionAtRest", {})
        return at_rest(
            region,
            cluster["ClusterArn"],
            told.get("DataVolumeKMSKeyId"),
            tags=region.tags(cluster.get("Tags")),
        )

    yield from region.each(region.all("kafka:ListClustersV2"), read, resource=itemgetter("ClusterArn"))
