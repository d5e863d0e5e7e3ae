from datetime import UTC, datetime

from checks.keys import Certificate, CustomerKey, KeyRotation, ManagedSecret
from checks.keys.aws import certificates, kms_keys, kms_rotations, secrets
from scanner.testing import by, look, observe, world

KEYS = "arn:aws:kms:us-east-1:111122223333:key/"
SECRETS = "arn:aws:secretsmanager:us-east-1:111122223333:secret:"
ACM = "arn:aws:acm:us-east-1:111122223333:certificate/"
SPRING = datetime(2026, 3, 20, tzinfo=UTC)
WINTER = datetime(2026, 12, 21, tzinfo=UTC)
OTHERS = {
    "aws": {"KeyManager": "AWS"},
    "signing": {"KeySpec": "RSA_2048"},
    "brought": {"Origin": "EXTERNAL", "ValidTo": WINTER},
    "hsm": {"Origin": "AWS_CLOUDHSM", "Enabled": False, "KeyState": "Disabled"},
    "outside": {"Origin": "EXTERNAL_KEY_STORE"},
    "doomed": {"Enabled": False, "KeyState": "PendingDeletion", "DeletionDate": WINTER},
    "everywhere": {"MultiRegion": True},
    "old": {"Enabled": False, "KeyState": "Disabled"},
    "patients": {},
}
LISTED = {"Keys": [{"KeyId": name, "KeyArn": KEYS + name} for name in OTHERS]}
DESCRIBED = by(
    "KeyId",
    {
        KEYS + name: {
            "KeyMetadata": {
                "KeyId": name,
                "Arn": KEYS + name,
                "Enabled": True,
                "KeyState": "Enabled",
                "KeyManager": "CUSTOMER",
                "KeySpec": "SYMMETRIC_DEFAULT",
                "Origin": "AWS_KMS",
                "MultiRegion": False,
                **told,
            }
        }
        for name, told in OTHERS.items()
    },
)

OWN = world(kms_keys, {"kms:ListKeys": LISTED, "kms:DescribeKey": DESCRIBED})
ROTATIONS = world(
    kms_rotations,
    {
        "kms:ListKeys": LISTED,
        "kms:DescribeKey": DESCRIBED,
        "kms:GetKeyRotationStatus": by(
            "KeyId",
            {
                KEYS + "everywhere": {"KeyRotationEnabled": True, "RotationPeriodInDays": 180},
                KEYS + "old": {"KeyRotationEnabled": True},
                KEYS + "patients": {"KeyRotationEnabled": False},
            },
        ),
    },
)
HELD = world(
    secrets,
    {
        "secretsmanager:ListSecrets": {
            "SecretList": [
                {
                    "ARN": SECRETS + "emr",
                    "RotationEnabled": True,
                    "LastRotatedDate": WINTER,
                    "LastChangedDate": WINTER,
                    "PrimaryRegion": "us-east-1",
                    "Tags": [{"Key": "owner", "Value": "dba"}],
                },
                {"ARN": SECRETS + "fax", "LastChangedDate": SPRING},
                {"ARN": SECRETS + "copy", "PrimaryRegion": "eu-west-1"},
                {"ARN": SECRETS + "gone", "RotationEnabled": False, "DeletedDate": WINTER},
            ]
        }
    },
)


def listed(Includes: dict[str, list[str]]) -> object:  # noqa: N803 - as AWS names it
    found = [
        {
            "CertificateArn": ACM + "portal",
            "KeyAlgorithm": "RSA_2048",
            "Status": "ISSUED",
            "NotAfter": WINTER,
            "InUse": True,
            "RenewalEligibility": "ELIGIBLE",
        },
        {
            "CertificateArn": ACM + "brought",
            "KeyAlgorithm": "EC_secp384r1",
            "Status": "EXPIRED",
            "NotAfter": SPRING,
            "InUse": True,
            "RenewalEligibility": "INELIGIBLE",
        },
        {"CertificateArn": ACM + "asked", "KeyAlgorithm": "RSA_4096", "Status": "PENDING_VALIDATION"},
        {
            "CertificateArn": ACM + "revoked",
            "KeyAlgorithm": "EC_prime256v1",
            "Status": "REVOKED",
            "NotAfter": WINTER,
            "InUse": False,
        },
    ]
    kinds = Includes["keyTypes"]
    return {"CertificateSummaryList": [one for one in found if one["KeyAlgorithm"] in kinds]}


CERTIFICATES = world(certificates, {"acm:ListCertificates": listed})


def key(name: str, **said: object) -> CustomerKey:
    usual: dict[str, object] = {
        "enabled": True,
        "deletion_at": None,
        "expires_at": None,
        "origin": "provider",
        "multi_region": False,
    }
    return CustomerKey(resource=KEYS + name, **(usual | said))


def test_kms_keys() -> None:
    assert observe(kms_keys, OWN) == [
        key("signing"),
        key("brought", origin="customer", expires_at=WINTER),
        key("hsm", origin="hsm", enabled=False),
        key("outside", origin="external"),
        key("doomed", enabled=False, deletion_at=WINTER),
        key("everywhere", multi_region=True),
        key("old", enabled=False),
        key("patients"),
    ]


def test_rotation_is_told_of_keys_that_kms_can_rotate() -> None:
    assert observe(kms_rotations, ROTATIONS) == [
        KeyRotation(resource=KEYS + "everywhere", rotated_automatically=True, rotation_days=180),
        KeyRotation(resource=KEYS + "old", rotated_automatically=True, rotation_days=365),
        KeyRotation(resource=KEYS + "patients", rotated_automatically=False, rotation_days=None),
    ]


def test_a_key_that_cannot_be_described_is_a_refusal_of_that_key() -> None:
    sight = look(kms_keys, {"kms:ListKeys": LISTED, "kms:DescribeKey": by("KeyId", {})})

    assert sight.facts == []
    assert [refusal.resource for refusal in sight.refusals] == [KEYS + name for name in OTHERS]


def test_secrets() -> None:
    assert observe(secrets, HELD) == [
        ManagedSecret(
            resource=SECRETS + "emr",
            rotated_automatically=True,
            rotated_at=WINTER,
            changed_at=WINTER,
            deletion_at=None,
            tags={"owner": "dba"},
        ),
        ManagedSecret(
            resource=SECRETS + "fax",
            rotated_automatically=False,
            rotated_at=None,
            changed_at=SPRING,
            deletion_at=None,
            tags={},
        ),
        ManagedSecret(
            resource=SECRETS + "gone",
            rotated_automatically=False,
            rotated_at=None,
            changed_at=None,
            deletion_at=WINTER,
            tags={},
        ),
    ]


def test_certificates_of_every_kind_of_key() -> None:
    assert observe(certificates, CERTIFICATES) == [
        Certificate(
            resource=ACM + "portal",
            issued=True,
            expires_at=WINTER,
            in_use=True,
            renewed_automatically=True,
        ),
        Certificate(
            resource=ACM + "brought",
            issued=True,
            expires_at=SPRING,
            in_use=True,
            renewed_automatically=False,
        ),
        Certificate(
            resource=ACM + "asked",
            issued=False,
            expires_at=None,
            in_use=False,
            renewed_automatically=False,
        ),
        Certificate(
            resource=ACM + "revoked",
            issued=False,
            expires_at=WINTER,
            in_use=False,
            renewed_automatically=False,
        ),
    ]
