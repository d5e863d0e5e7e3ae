"""What the event selectors of a CloudTrail trail let it record."""

import re
from collections.abc import Mapping
from typing import Any, Literal

Kinds = Literal["all", "read", "write"] | None

_READ_WRITE = {"All": {"read", "write"}, "ReadOnly": {"read"}, "WriteOnly": {"write"}}
# All buckets, those to come included: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DataResource.html
_ALL_BUCKETS = re.compile(r"arn:[a-z-]+:s3(:::)?")
# High-volume sources that AWS lets a trail leave out, and whose absence leaves the rest of the record whole.
_LEFT_OUT = {"kms.amazonaws.com", "rdsdata.amazonaws.com"}


def management_events(selectors: Mapping[str, Any] | None) -> Kinds:
    """Which management events a trail records; a trail without selectors of its own records all of them.

    A selector for only some of them (by event name, by user, ...) does not count. The two sources that are
    usually left out for their volume, KMS and the RDS data API, do not matter.
    """
    if selectors is None:
        return "all"
    kinds: set[str] = set()
    for selector in selectors.get("EventSelectors") or ():
        if selector.get("IncludeManagementEvents", True):
            kinds |= _READ_WRITE[selector.get("ReadWriteType", "All")]
    for selector in selectors.get("AdvancedEventSelectors") or ():
        fields = _fields(selector)
        source = fields.pop("eventSource", {})
        if _says(fields, eventCategory="Management") and _only_leaves_out(source):
            kinds |= _advanced(fields)
    return _named(kinds)


def s3_data_events(selectors: Mapping[str, Any] | None) -> Kinds:
    """Which reads and writes of objects a trail records in all S3 buckets; some buckets do not count."""
    kinds: set[str] = set()
    for selector in (selectors or {}).get("EventSelectors") or ():
        for resource in selector.get("DataResources") or ():
            if resource.get("Type") == "AWS::S3::Object" and any(
                _ALL_BUCKETS.fullmatch(value) for value in resource.get("Values") or ()
            ):
                kinds |= _READ_WRITE[selector.get("ReadWriteType", "All")]
    for selector in (selectors or {}).get("AdvancedEventSelectors") or ():
        fields = _fields(selector)
        if _says(fields, eventCategory="Data", **{"resources.type": "AWS::S3::Object"}):
            kinds |= _advanced(fields)
    return _named(kinds)


def _fields(selector: Mapping[str, Any]) -> dict[str, dict[str, list[str]]]:
    return {
        field["Field"]: {word: values for word, values in field.items() if word != "Field" and values}
        for field in selector["FieldSelectors"]
    }


def _says(fields: Mapping[str, Mapping[str, list[str]]], **wanted: str) -> bool:
    """Whether the fields say this, and narrow it by nothing but read and write."""
    return fields.keys() - {"readOnly"} == wanted.keys() and all(
        fields[name] == {"Equals": [value]} for name, value in wanted.items()
    )


def _only_leaves_out(source: Mapping[str, list[str]]) -> bool:
    return not source or (source.keys() == {"NotEquals"} and set(source["NotEquals"]) <= _LEFT_OUT)


def _advanced(fields: Mapping[str, Mapping[str, list[str]]]) -> set[str]:
    return {
        kind
        for kind, value in (("read", "true"), ("write", "false"))
        if "readOnly" not in fields or value in fields["readOnly"].get("Equals", ())
    }


def _named(kinds: set[str]) -> Kinds:
    if kinds == {"read", "write"}:
        return "all"
    if "read" in kinds:
        return "read"
    return "write" if kinds else None
