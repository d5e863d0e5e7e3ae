from checks.encryption import AtRest
from checks.encryption.aws_streams import (
    firehose_streams,
    kinesis_streams,
    msk_clusters,
    sns_topics,
    sqs_queues,
)
from scanner.testing import by, observe, world

HERE = "us-east-1:111122223333:"
OURS = f"arn:aws:kms:{HERE}key/ours"
DESCRIBED = by(
    "KeyId",
    {key: {"KeyMetadata": {"KeyId": "ours", "KeyManager": "CUSTOMER"}} for key in (OURS, "ours")},
)
URL = "https://sqs.us-east-1.amazonaws.com/111122223333/"

TOPICS = world(
    sns_topics,
    {
        "sns:ListTopics": {"Topics": [{"TopicArn": f"arn:aws:sns:{HERE}{name}"} for name in "abcd"]},
        "sns:GetTopicAttributes": by(
            "TopicArn",
            {
                f"arn:aws:sns:{HERE}{name}": {"Attributes": told}
                for name, told in (
                    ("a", {"KmsMasterKeyId": "ours"}),
                    ("b", {"KmsMasterKeyId": "alias/aws/sns"}),
                    ("c", {"DisplayName": "c"}),
                    ("d", {"KmsMasterKeyId": ""}),
                )
            },
        ),
        "kms:DescribeKey": DESCRIBED,
    },
)
QUEUES = world(
    sqs_queues,
    {
        "sqs:ListQueues": lambda MaxResults: {  # noqa: N803 - as AWS names it
            "QueueUrls": [URL + name for name in ("kms", "sqs", "plain", "silent")][:MaxResults]
        },
        "sqs:GetQueueAttributes": by(
            "QueueUrl",
            {
                URL + "kms": {"Attributes": {"KmsMasterKeyId": OURS, "SqsManagedSseEnabled": "false"}},
                URL + "sqs": {"Attributes": {"SqsManagedSseEnabled": "true"}},
                URL + "plain": {"Attributes": {"SqsManagedSseEnabled": "false"}},
                URL + "silent": {},
            },
        ),
        "kms:DescribeKey": DESCRIBED,
    },
)
STREAMS = world(
    kinesis_streams,
    {
        "kinesis:ListStreams": {
            "StreamNames": ["vitals", "beds", "test"],
            "StreamSummaries": [
                {"StreamName": name, "StreamARN": f"arn:aws:kinesis:{HERE}stream/{name}"}
                for name in ("vitals", "beds", "test")
            ],
        },
        "kinesis:DescribeStreamSummary": by(
            "StreamARN",
            {
                f"arn:aws:kinesis:{HERE}stream/{name}": {"StreamDescriptionSummary": told}
                for name, told in (
                    ("vitals", {"EncryptionType": "KMS", "KeyId": "ours"}),
                    ("beds", {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}),
                    ("test", {"EncryptionType": "NONE"}),
                )
            },
        ),
        "kms:DescribeKey": DESCRIBED,
    },
)


def direct(DeliveryStreamType: str, Limit: int) -> object:  # noqa: N803 - as AWS names them
    names = ["ours", "theirs", "off", "never"] if DeliveryStreamType == "DirectPut" else ["copied"]
    return {"DeliveryStreamNames": names[:Limit], "HasMoreDeliveryStreams": len(names) > Limit}


DELIVERIES = world(
    firehose_streams,
    {
        "firehose:ListDeliveryStreams": direct,
        "firehose:DescribeDeliveryStream": by(
            "DeliveryStreamName",
            {
                name: {"DeliveryStreamDescription": told}
                for name, told in (
                    (
                        "ours",
                        {
                            "DeliveryStreamEncryptionConfiguration": {
                                "KeyType": "CUSTOMER_MANAGED_CMK",
                                "KeyARN": OURS,
                                "Status": "ENABLED",
                            }
                        },
                    ),
                    (
                        "theirs",
                        {
                            "DeliveryStreamEncryptionConfiguration": {
                                "KeyType": "AWS_OWNED_CMK",
                                "Status": "ENABLED",
                            }
                        },
                    ),
                    ("off", {"DeliveryStreamEncryptionConfiguration": {"Status": "DISABLED"}}),
                    ("never", {"DeliveryStreamName": "never"}),
                )
            },
        ),
        "kms:DescribeKey": DESCRIBED,
    },
)
CLUSTERS = world(
    msk_clusters,
    {
        "kafka:ListClustersV2": {
            "ClusterInfoList": [
                {
                    "ClusterArn": f"arn:aws:kafka:{HERE}cluster/hl7/1",
                    "ClusterType": "PROVISIONED",
                    "Tags": {"phi": "true"},
                    "Provisioned": {
                        "EncryptionInfo": {"EncryptionAtRest": {"DataVolumeKMSKeyId": OURS}},
                    },
                },
                {
                    "ClusterArn": f"arn:aws:kafka:{HERE}cluster/fax/2",
                    "ClusterType": "SERVERLESS",
                    "Serverless": {"VpcConfigs": []},
                },
            ]
        },
        "kms:DescribeKey": DESCRIBED,
    },
)


def test_sns_topics() -> None:
    assert observe(sns_topics, TOPICS) == [
        AtRest(resource=f"arn:aws:sns:{HERE}a", encrypted=True, key_manager="customer"),
        AtRest(resource=f"arn:aws:sns:{HERE}b", encrypted=True, key_manager="provider"),
        AtRest(resource=f"arn:aws:sns:{HERE}c", encrypted=False, key_manager=None),
        AtRest(resource=f"arn:aws:sns:{HERE}d", encrypted=False, key_manager=None),
    ]


def test_sqs_queues() -> None:
    assert observe(sqs_queues, QUEUES) == [
        AtRest(resource=f"arn:aws:sqs:{HERE}kms", encrypted=True, key_manager="customer"),
        AtRest(resource=f"arn:aws:sqs:{HERE}sqs", encrypted=True, key_manager="provider"),
        AtRest(resource=f"arn:aws:sqs:{HERE}plain", encrypted=False, key_manager=None),
        AtRest(resource=f"arn:aws:sqs:{HERE}silent", encrypted=False, key_manager=None),
    ]


def test_kinesis_streams() -> None:
    arn = f"arn:aws:kinesis:{HERE}stream/"
    assert observe(kinesis_streams, STREAMS) == [
        AtRest(resource=arn + "vitals", encrypted=True, key_manager="customer"),
        AtRest(resource=arn + "beds", encrypted=True, key_manager="provider"),
        AtRest(resource=arn + "test", encrypted=False, key_manager=None),
    ]


def test_firehose_streams() -> None:
    arn = f"arn:aws:firehose:{HERE}deliverystream/"
    assert observe(firehose_streams, DELIVERIES) == [
        AtRest(resource=arn + "ours", encrypted=True, key_manager="customer"),
        AtRest(resource=arn + "theirs", encrypted=True, key_manager="provider"),
        AtRest(resource=arn + "off", encrypted=False, key_manager=None),
        AtRest(resource=arn + "never", encrypted=False, key_manager=None),
    ]


def test_msk_clusters() -> None:
    arn = f"arn:aws:kafka:{HERE}cluster/"
    assert observe(msk_clusters, CLUSTERS) == [
        AtRest(resource=arn + "hl7/1", encrypted=True, key_manager="customer", tags={"phi": "true"}),
        AtRest(resource=arn + "fax/2", encrypted=True, key_manager="provider", tags={}),
    ]
