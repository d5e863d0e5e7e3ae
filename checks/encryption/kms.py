"""Who holds the keys with which AWS encrypts."""

from collections.abc import Mapping
from typing import Literal, TypedDict, Unpack

from scanner import AwsAccount, AwsRegion

from . import AtRest

Manager = Literal["provider", "customer"]


class Frame(TypedDict, total=False):
    """Where an observation belongs, besides the resource that it is about."""

    region: str | None
    tags: Mapping[str, str] | None
    links: tuple[str, ...]


def at_rest(
    view: AwsAccount | AwsRegion,
    resource: str,
    key: str | None,
    *,
    encrypted: bool = True,
    **frame: Unpack[Frame],
) -> AtRest:
    """How a store is kept that is encrypted with this key; with none given, with one of the service's own."""
    return AtRest(
        resource=resource,
        encrypted=encrypted,
        key_manager=manager(view, key, region=frame.get("region")) if encrypted else None,
        **frame,
    )


def manager(view: AwsAccount | AwsRegion, key: str | None, *, region: str | None = None) -> Manager:
    """Who manages a key, given as an id, an alias or an ARN; where none is given it is the service's own."""
    if key is None or key.rpartition(":")[2].startswith("alias/aws/"):
        return "provider"
    if key.startswith("arn:") and key.split(":")[4] != view.id:
        # AWS's managed keys serve their own account only, so another account's key is a customer's; to
        # describe it would mostly be denied.
        return "customer"
    answer = view.call("kms:DescribeKey", KeyId=key, region=region)
    return "customer" if answer["KeyMetadata"]["KeyManager"] == "CUSTOMER" else "provider"
