"""Keys on AWS: keys of KMS, secrets and certificates."""

from collections.abc import Iterator
from operator import itemgetter
from typing import Any, Literal

from scanner import AwsRegion, check

from . import Certificate, CustomerKey, KeyRotation, ManagedSecret

Origin = Literal["provider", "customer", "hsm", "external"]

_ORIGINS: dict[str, Origin] = {
    "AWS_KMS": "provider",
    "EXTERNAL": "customer",
    "AWS_CLOUDHSM": "hsm",
    "EXTERNAL_KEY_STORE": "external",
}
_SYMMETRIC = "SYMMETRIC_DEFAULT"
_ROTATES_IN = frozenset({"Enabled", "Disabled"})
"""The states in which a key has a rotation of its own: one that is to be deleted has none."""
_ISSUED = frozenset({"ISSUED", "EXPIRED", "INACTIVE"})
_ALGORITHMS = [
    "RSA_1024",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "EC_prime256v1",
    "EC_secp384r1",
    "EC_secp521r1",
]
"""All kinds of keys; ACM lists two of them unless it is asked for more."""


@check("kms:ListKeys", "kms:DescribeKey")
def kms_keys(region: AwsRegion) -> Iterator[CustomerKey]:
    """Whether the account's own KMS keys are in use, or about to be deleted.

    With a deleted key everything is lost that it encrypted.
    """
    for key in _own_keys(region):
        yield CustomerKey(
            resource=key["Arn"],
            enabled=key["Enabled"],
            deletion_at=key.get("DeletionDate"),
            expires_at=key.get("ValidTo"),
            origin=_ORIGINS[key["Origin"]],
            multi_region=key.get("MultiRegion", False),
        )


@check("kms:ListKeys", "kms:DescribeKey", "kms:GetKeyRotationStatus")
def kms_rotations(region: AwsRegion) -> Iterator[KeyRotation]:
    """Whether KMS replaces the material of the account's own keys.

    It can do so for symmetric keys that it made itself, of which no other is said anything here.
    """

    def read(key: dict[str, Any]) -> KeyRotation:
        told = region.call("kms:GetKeyRotationStatus", KeyId=key["Arn"])
        rotates = told["KeyRotationEnabled"]
        return KeyRotation(
            resource=key["Arn"],
            rotated_automatically=rotates,
            # AWS tells no period of keys whose rotation is older than the choice of one.
            rotation_days=told.get("RotationPeriodInDays", 365) if rotates else None,
        )

    yield from region.each(
        (key for key in _own_keys(region) if _rotates(key)), read, resource=itemgetter("Arn")
    )


def _own_keys(region: AwsRegion) -> Iterator[dict[str, Any]]:
    """The keys that are the customer's, each as KMS describes it."""

    def read(listed: dict[str, Any]) -> dict[str, Any]:
        described: dict[str, Any] = region.call("kms:DescribeKey", KeyId=listed["KeyArn"])["KeyMetadata"]
        return described

    for key in region.each(region.all("kms:ListKeys"), read, resource=itemgetter("KeyArn")):
        if key["KeyManager"] == "CUSTOMER":
            yield key


def _rotates(key: dict[str, Any]) -> bool:
    made_by_kms = key["Origin"] == "AWS_KMS" and key.get("KeySpec") == _SYMMETRIC
    return made_by_kms and key["KeyState"] in _ROTATES_IN


@check("secretsmanager:ListSecrets")
def secrets(region: AwsRegion) -> Iterator[ManagedSecret]:
    """Whether secrets in Secrets Manager are replaced, and when they last were. They are never read.

    A secret that is a copy of another region's is left to the region that it comes from.
    """
    for secret in region.all("secretsmanager:ListSecrets"):
        if secret.get("PrimaryRegion", region.name) == region.name:
            yield ManagedSecret(
                resource=secret["ARN"],
                rotated_automatically=secret.get("RotationEnabled", False),
                rotated_at=secret.get("LastRotatedDate"),
                changed_at=secret.get("LastChangedDate"),
                deletion_at=secret.get("DeletedDate"),
                tags=region.tags(secret.get("Tags")),
            )


@check("acm:ListCertificates")
def certificates(region: AwsRegion) -> Iterator[Certificate]:
    """When certificates of ACM end, and whether AWS replaces them before.

    It can replace those that it issued itself and that are in use; what was brought has to be brought anew.
    """
    for certificate in region.all("acm:ListCertificates", Includes={"keyTypes": _ALGORITHMS}):
        issued = certificate["Status"] in _ISSUED
        yield Certificate(
            resource=certificate["CertificateArn"],
            issued=issued,
            expires_at=certificate.get("NotAfter"),
            in_use=certificate.get("InUse", False),
            renewed_automatically=certificate.get("RenewalEligibility") == "ELIGIBLE",
        )
