from typing import Any

import pytest

from checks.semantics.trails import management_events, s3_data_events


def classic(**selector: Any) -> dict[str, Any]:
    return {"EventSelectors": [selector]}


def advanced(*selectors: dict[str, dict[str, list[str]]]) -> dict[str, Any]:
    return {
        "AdvancedEventSelectors": [
            {"FieldSelectors": [{"Field": field, **words} for field, words in selector.items()]}
            for selector in selectors
        ]
    }


MANAGEMENT = {"eventCategory": {"Equals": ["Management"]}}
OBJECTS = {"eventCategory": {"Equals": ["Data"]}, "resources.type": {"Equals": ["AWS::S3::Object"]}}
READS = {"readOnly": {"Equals": ["true"]}}
WRITES = {"readOnly": {"Equals": ["false"]}}


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        (None, "all"),
        ({}, None),
        (classic(ReadWriteType="All", IncludeManagementEvents=True), "all"),
        (classic(ReadWriteType="All", ExcludeManagementEventSources=["kms.amazonaws.com"]), "all"),
        (classic(ReadWriteType="ReadOnly", IncludeManagementEvents=True), "read"),
        (classic(ReadWriteType="WriteOnly", IncludeManagementEvents=True), "write"),
        (classic(ReadWriteType="All", IncludeManagementEvents=False), None),
        (
            {"EventSelectors": [{"ReadWriteType": "ReadOnly"}, {"ReadWriteType": "WriteOnly"}]},
            "all",
        ),
        (advanced(MANAGEMENT), "all"),
        (advanced({**MANAGEMENT, **READS}), "read"),
        (advanced({**MANAGEMENT, **WRITES}), "write"),
        (advanced({**MANAGEMENT, **READS}, {**MANAGEMENT, **WRITES}), "all"),
        (advanced({**MANAGEMENT, "eventSource": {"NotEquals": ["kms.amazonaws.com"]}}), "all"),
        (advanced({**MANAGEMENT, "eventSource": {"NotEquals": ["iam.amazonaws.com"]}}), None),
        (advanced({**MANAGEMENT, "eventSource": {"Equals": ["kms.amazonaws.com"]}}), None),
        (advanced({**MANAGEMENT, "eventName": {"Equals": ["RunInstances"]}}), None),
        (advanced(OBJECTS), None),
    ],
)
def test_management_events(selectors: dict[str, Any] | None, expected: str | None) -> None:
    assert management_events(selectors) == expected


def objects(*values: str, kind: str = "AWS::S3::Object", what: str = "All") -> dict[str, Any]:
    return classic(ReadWriteType=what, DataResources=[{"Type": kind, "Values": list(values)}])


@pytest.mark.parametrize(
    ("selectors", "expected"),
    [
        (None, None),
        ({}, None),
        (classic(ReadWriteType="All", IncludeManagementEvents=True, DataResources=[]), None),
        (objects("arn:aws:s3"), "all"),
        (objects("arn:aws:s3:::"), "all"),
        (objects("arn:aws-us-gov:s3:::"), "all"),
        (objects("arn:aws:s3:::one/"), None),
        (objects("arn:aws:s3:::one/", "arn:aws:s3:::"), "all"),
        (objects("arn:aws:s3", what="WriteOnly"), "write"),
        (objects("arn:aws:lambda", kind="AWS::Lambda::Function"), None),
        (advanced(OBJECTS), "all"),
        (advanced(MANAGEMENT, {**OBJECTS, **READS}), "read"),
        (advanced({**OBJECTS, "resources.ARN": {"StartsWith": ["arn:aws:s3:::one/"]}}), None),
        (advanced(MANAGEMENT), None),
    ],
)
def test_s3_data_events(selectors: dict[str, Any] | None, expected: str | None) -> None:
    assert s3_data_events(selectors) == expected
