"""Where calls go, and for what they are signed: found out once a region, and for operations that differ."""

from collections.abc import Hashable
from typing import Any, NamedTuple

from .insides import Insides
from .plans import Plan
from .signing import Scope

_SIGNED = {"v4", "s3v4"}


class Way(NamedTuple):
    """Where an operation's calls go, and for what they are signed."""

    address: str
    headers: dict[str, str]
    context: dict[str, Any]
    scope: Scope


class Ways:
    """The ways of a client's calls.

    Attributes:
        moved: buckets that were elsewhere than where they were asked after.
    """

    def __init__(self, inside: Insides) -> None:
        """Nothing was asked yet."""
        self.moved: set[str] = set()
        self._inside = inside
        self._kept: dict[tuple[str, Hashable], Way] = {}

    def __call__(self, plan: Plan, parameters: Any, context: dict[str, Any], bucket: str) -> Way | None:
        """A call's way; None where botocore has to go it."""
        key = (self._region(), plan.alike)
        kept = plan.kept and bucket not in self.moved
        if kept and key in self._kept:
            return self._kept[key]
        way = self._found(plan, parameters, context, bucket)
        if way and kept and bucket not in way.address:
            self._kept[key] = way
        return way

    def _found(self, plan: Plan, parameters: Any, context: dict[str, Any], bucket: str) -> Way | None:
        found: dict[str, Any] = {**plan.context, **context}
        before = dict(found)
        address, headers, properties = self._inside.resolve(plan.model, parameters, found)
        if properties:
            found["endpoint_properties"] = properties
        version = self._inside.choose_signer(plan.model.name, "standard", found)
        signing = found.get("signing", {})
        if (
            version not in _SIGNED
            or not address.endswith(bucket)
            or not found.get("payload_signing_enabled", True)
            or signing.keys() - {"region", "signing_name", "disableDoubleEncoding"}
        ):
            return None
        return Way(
            address.removesuffix(bucket),
            headers or {},
            {name: value for name, value in found.items() if before.get(name) != value},
            Scope(
                signing.get("region") or self._inside.signer.region_name,
                signing.get("signing_name") or self._inside.signing_name,
                version == "s3v4",
            ),
        )

    def _region(self) -> str:
        asked_in = self._inside.asked_in
        return str((asked_in and asked_in()) or self._inside.meta.region_name)
