import botocore.session
import pytest

from scanner.targets import operations


@pytest.mark.parametrize(
    "need",
    [
        "ec2:DescribeVolumes",
        "s3:ListBuckets",
        "s3:GetBucketEncryption",
        "iam:GenerateCredentialReport",
        "iam:GetCredentialReport",
        "codebuild:BatchGetProjects",
        "application-autoscaling:DescribeScalableTargets",
    ],
)
def test_reading_configuration_may_be_declared(need: str) -> None:
    assert operations.refuse(need) is None


READS = "reads data or secrets; a check reads configuration only"
WRITES = "is not a reading operation; a check may declare Get, List and Describe"
NONE = "is not an AWS operation; expected service:Operation, as in ec2:DescribeVolumes"


@pytest.mark.parametrize(
    ("need", "said"),
    [
        ("ec2:DeleteVolume", f"ec2:DeleteVolume {WRITES}"),
        ("iam:CreateUser", f"iam:CreateUser {WRITES}"),
        ("ec2:Getaway", f"ec2:Getaway {WRITES}"),
        ("s3:HeadObject", f"s3:HeadObject {WRITES}"),
        ("s3:GetObject", f"s3:GetObject {READS}"),
        ("secretsmanager:GetSecretValue", f"secretsmanager:GetSecretValue {READS}"),
        ("lambda:GetFunction", f"lambda:GetFunction {READS}"),
        ("redshift-serverless:GetCredentials", f"redshift-serverless:GetCredentials {READS}"),
        ("iot:GetTokenForAnything", f"iot:GetTokenForAnything {READS}"),
        ("dynamodbstreams:GetRecords", f"dynamodbstreams:GetRecords {READS}"),
        ("ec2:GetPasswordData", f"ec2:GetPasswordData {READS}"),
        ("DescribeVolumes", f"'DescribeVolumes' {NONE}"),
        ("EC2:DescribeVolumes", f"'EC2:DescribeVolumes' {NONE}"),
        ("ec2:", f"'ec2:' {NONE}"),
        ("cat /etc/passwd", f"'cat /etc/passwd' {NONE}"),
    ],
)
def test_anything_else_may_not(need: str, said: str) -> None:
    assert operations.refuse(need) == said


def test_what_reads_data_exists() -> None:
    """A misspelt name would forbid nothing."""
    known = botocore.session.Session()  # ours reads of services only what may be declared
    unknown = []
    for need in operations.READS_DATA | operations.READING_TOO:
        service, _, operation = need.partition(":")
        if operation not in known.get_service_model(service).operation_names:
            unknown.append(need)

    assert unknown == []


@pytest.mark.parametrize(
    ("need", "action"),
    [
        ("ec2:DescribeVolumes", "ec2:DescribeVolumes"),
        ("s3:GetBucketEncryption", "s3:GetEncryptionConfiguration"),
        ("s3:ListBuckets", "s3:ListAllMyBuckets"),
        ("s3control:GetPublicAccessBlock", "s3:GetAccountPublicAccessBlock"),
        ("efs:DescribeFileSystems", "elasticfilesystem:DescribeFileSystems"),
        ("elbv2:DescribeListeners", "elasticloadbalancing:DescribeListeners"),
    ],
)
def test_the_action_that_allows_an_operation(need: str, action: str) -> None:
    assert operations.action(need) == action


@pytest.mark.parametrize(
    ("need", "key"),
    [
        ("ec2:DescribeVolumes", "Volumes"),
        ("s3:ListBuckets", "Buckets"),
        ("cloudfront:ListDistributions", "DistributionList.Items"),
        ("cloudtrail:DescribeTrails", "trailList"),
    ],
)
def test_what_a_listing_lists(need: str, key: str) -> None:
    assert operations.listing(need) == key


@pytest.mark.parametrize("need", ["cloudwatch:DescribeAlarms", "iam:GetAccountSummary"])
def test_what_lists_several_things_or_none_must_be_told(need: str) -> None:
    with pytest.raises(ValueError, match="say which with key="):
        operations.listing(need)


def test_a_service_that_pages_nothing_has_no_paginators() -> None:
    assert operations.paginator("pinpoint:GetApps") is None
    assert operations.paginator("ec2:DescribeNothing") is None


@pytest.mark.parametrize("need", ["ec2:DescribeNothing", "nowhere:DescribeVolumes"])
def test_what_botocore_does_not_know(need: str) -> None:
    with pytest.raises(ValueError, match=f"^botocore knows no operation {need}$"):
        operations.model(need)
