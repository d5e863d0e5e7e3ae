from datetime import UTC, datetime
from typing import Any

from checks.detection import (
    AccessAnalysis,
    ConfigurationRecorder,
    DataDiscovery,
    DetectionCentre,
    FindingExport,
    OpenFindings,
    PostureManagement,
    SharedResources,
    ThreatDetection,
    VulnerabilityScanning,
)
from checks.detection.aws import (
    access_analyzers,
    access_findings,
    config_recorders,
    guardduty,
    guardduty_centre,
    guardduty_exports,
    guardduty_findings,
    inspector,
    macie,
    security_hub,
)
from scanner.model import Reason
from scanner.testing import Error, by, look, observe, world

GUARDDUTY = "arn:aws:guardduty:us-east-1:111122223333:detector"
HUB = "arn:aws:securityhub:us-east-1:111122223333:hub/default"
RECORDER = "arn:aws:config:us-east-1:111122223333:configuration-recorder"
MACIE = "arn:aws:macie2:us-east-1:111122223333:session"
ANALYZER = "arn:aws:access-analyzer:us-east-1:111122223333:analyzer"
LISTED = {"guardduty:ListDetectors": {"DetectorIds": ["d1"]}}
NO_DETECTOR: dict[str, Any] = {"guardduty:ListDetectors": {"DetectorIds": []}}

DETECTOR = world(
    guardduty,
    {
        **LISTED,
        "guardduty:GetDetector": {
            "Status": "ENABLED",
            "FindingPublishingFrequency": "FIFTEEN_MINUTES",
            "Features": [
                {"Name": "S3_DATA_EVENTS", "Status": "ENABLED"},
                {"Name": "EKS_AUDIT_LOGS", "Status": "DISABLED"},
                {"Name": "CLOUD_TRAIL", "Status": "ENABLED"},
            ],
        },
    },
)
CENTRE = world(
    guardduty_centre,
    {
        **LISTED,
        "guardduty:GetAdministratorAccount": {
            "Administrator": {"AccountId": "444455556666", "RelationshipStatus": "Enabled"}
        },
        "guardduty:ListMembers": {"Members": []},
    },
)
EXPORTS = world(
    guardduty_exports,
    {
        **LISTED,
        "guardduty:ListPublishingDestinations": {
            "Destinations": [
                {"DestinationId": "p0", "DestinationType": "S3", "Status": "STOPPED"},
                {"DestinationId": "p1", "DestinationType": "S3", "Status": "PUBLISHING"},
            ]
        },
    },
)


def statistics(**asked: Any) -> dict[str, Any]:
    assert asked == {
        "DetectorId": "d1",
        "FindingCriteria": {"Criterion": {"service.archived": {"Equals": ["false"]}}},
        "GroupBy": "SEVERITY",
        "MaxResults": 100,
    }
    totals = {2.0: 4, 3.9: 1, 4.0: 2, 6.9: 1, 7.0: 3, 8.9: 2, 9.0: 1, 10.0: 1}
    return {
        "FindingStatistics": {
            "GroupedBySeverity": [
                {"Severity": severity, "TotalFindings": total} for severity, total in totals.items()
            ]
        }
    }


FINDINGS = world(guardduty_findings, {**LISTED, "guardduty:GetFindingsStatistics": statistics})
POSTURE = world(
    security_hub,
    {
        "securityhub:DescribeHub": {"HubArn": HUB, "AutoEnableControls": True},
        "securityhub:GetEnabledStandards": {
            "StandardsSubscriptions": [
                {
                    "StandardsArn": "arn:aws:securityhub:us-east-1::standards/nist-800-53/v/5.0.0",
                    "StandardsStatus": "READY",
                },
                {
                    "StandardsArn": "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0",
                    "StandardsStatus": "INCOMPLETE",
                },
                {
                    "StandardsArn": "arn:aws:securityhub:us-east-1::standards/pci-dss/v/4.0.1",
                    "StandardsStatus": "DELETING",
                },
            ]
        },
    },
)
SCANS = world(
    inspector,
    {
        "inspector2:BatchGetAccountStatus": {
            "accounts": [
                {
                    "accountId": "111122223333",
                    "state": {"status": "ENABLED"},
                    "resourceState": {
                        "ec2": {"status": "ENABLED"},
                        "ecr": {"status": "DISABLED"},
                        "lambda": {"status": "ENABLED"},
                    },
                }
            ]
        }
    },
)
ROLE = {
    "Role": {
        "RoleName": "AWSServiceRoleForAmazonMacie",
        "CreateDate": datetime(2026, 1, 1, tzinfo=UTC),
    }
}
DISCOVERY = world(
    macie,
    {
        "iam:GetRole": by("RoleName", {ROLE["Role"]["RoleName"]: ROLE}),
        "macie2:GetMacieSession": {"status": "ENABLED"},
    },
)
CONFIG = world(
    config_recorders,
    {
        "config:DescribeConfigurationRecorders": {
            "ConfigurationRecorders": [
                {
                    "name": "default",
                    "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
                }
            ]
        },
        "config:DescribeConfigurationRecorderStatus": {
            "ConfigurationRecordersStatus": [{"name": "default", "recording": True, "lastStatus": "SUCCESS"}]
        },
    },
)
ANALYZERS = {
    "accessanalyzer:ListAnalyzers": {
        "analyzers": [
            {"arn": f"{ANALYZER}/open", "type": "ACCOUNT", "status": "ACTIVE", "tags": {"owner": "ciso"}},
            {"arn": f"{ANALYZER}/idle", "type": "ACCOUNT_UNUSED_ACCESS", "status": "FAILED"},
        ]
    }
}
world(access_analyzers, ANALYZERS)


def shared(analyzerArn: str, filter: dict[str, Any]) -> dict[str, Any]:  # noqa: A002, N803 - as AWS names them
    assert (analyzerArn, filter) == (f"{ANALYZER}/open", {"status": {"eq": ["ACTIVE"]}})
    return {"findings": [{"id": "f1", "isPublic": True}, {"id": "f2", "isPublic": False}, {"id": "f3"}]}


SHARED = world(access_findings, {**ANALYZERS, "accessanalyzer:ListFindings": shared})


def test_guardduty() -> None:
    assert observe(guardduty, DETECTOR) == [
        ThreatDetection(
            resource=GUARDDUTY,
            enabled=True,
            features=("CLOUD_TRAIL", "S3_DATA_EVENTS"),
            publishing_minutes=15,
        )
    ]


def test_guardduty_that_was_never_on_or_is_suspended() -> None:
    off = ThreatDetection(resource=GUARDDUTY, enabled=False, features=(), publishing_minutes=None)
    suspended = {
        **LISTED,
        "guardduty:GetDetector": {
            "Status": "DISABLED",
            "FindingPublishingFrequency": "SIX_HOURS",
            "Features": [{"Name": "CLOUD_TRAIL", "Status": "ENABLED"}],
        },
    }

    assert observe(guardduty, NO_DETECTOR) == [off]
    assert observe(guardduty, suspended) == [off]


def centre(administrator: dict[str, Any], members: list[dict[str, Any]]) -> list[Any]:
    return observe(
        guardduty_centre,
        {
            **LISTED,
            "guardduty:GetAdministratorAccount": administrator,
            "guardduty:ListMembers": lambda DetectorId, OnlyAssociated: (  # noqa: N803 - as AWS names them
                {"Members": members} if (DetectorId, OnlyAssociated) == ("d1", "true") else None
            ),
        },
    )


def test_guardduty_of_a_member() -> None:
    assert observe(guardduty_centre, CENTRE) == [
        DetectionCentre(
            resource=f"{GUARDDUTY}/d1", centralised=True, administrator="444455556666", member_accounts=0
        )
    ]


def test_guardduty_of_the_administrator_is_central_too() -> None:
    assert centre({}, [{"AccountId": "777788889999"}]) == [
        DetectionCentre(resource=f"{GUARDDUTY}/d1", centralised=True, administrator=None, member_accounts=1)
    ]


def test_guardduty_of_an_account_on_its_own_or_whose_member_left() -> None:
    alone = DetectionCentre(
        resource=f"{GUARDDUTY}/d1", centralised=False, administrator=None, member_accounts=0
    )

    assert centre({}, []) == [alone]
    left = {"Administrator": {"AccountId": "444455556666", "RelationshipStatus": "Removed"}}
    assert centre(left, []) == [alone]


def test_guardduty_exports() -> None:
    assert observe(guardduty_exports, EXPORTS) == [FindingExport(resource=f"{GUARDDUTY}/d1", exported=True)]


def test_an_export_that_cannot_write_is_none() -> None:
    stuck = {"DestinationId": "p1", "Status": "UNABLE_TO_PUBLISH_FIX_DESTINATION_PROPERTY"}
    seen = observe(
        guardduty_exports, {**LISTED, "guardduty:ListPublishingDestinations": {"Destinations": [stuck]}}
    )

    assert seen == [FindingExport(resource=f"{GUARDDUTY}/d1", exported=False)]


def test_guardduty_findings_by_the_platforms_own_grades() -> None:
    assert observe(guardduty_findings, FINDINGS) == [
        OpenFindings(
            resource=f"{GUARDDUTY}/d1",
            critical_findings=2,
            high_findings=5,
            medium_findings=3,
            low_findings=5,
        )
    ]


def test_without_a_detector_there_is_nothing_to_say_of_its_findings() -> None:
    assert observe(guardduty_findings, NO_DETECTOR) == []


def test_security_hub() -> None:
    assert observe(security_hub, POSTURE) == [
        PostureManagement(
            resource=HUB,
            enabled=True,
            standards=("nist-800-53/v/5.0.0",),
            standards_incomplete=("cis-aws-foundations-benchmark/v/1.2.0",),
            new_controls_enabled=True,
        )
    ]


def test_security_hub_that_is_off() -> None:
    assert observe(security_hub, {"securityhub:DescribeHub": Error("InvalidAccessException")}) == [
        PostureManagement(
            resource=HUB, enabled=False, standards=(), standards_incomplete=(), new_controls_enabled=False
        )
    ]


def test_inspector() -> None:
    assert observe(inspector, SCANS) == [
        VulnerabilityScanning(
            resource="arn:aws:inspector2:us-east-1:111122223333:account",
            machines_scanned=True,
            images_scanned=False,
            functions_scanned=True,
            function_code_scanned=False,
        )
    ]


def test_macie() -> None:
    assert observe(macie, DISCOVERY) == [DataDiscovery(resource=MACIE, enabled=True)]


def test_macie_that_is_paused_or_was_never_on() -> None:
    off = [DataDiscovery(resource=MACIE, enabled=False)]

    assert observe(macie, {**DISCOVERY, "macie2:GetMacieSession": {"status": "PAUSED"}}) == off
    assert observe(macie, {"iam:GetRole": Error("NoSuchEntity")}) == off


def test_macie_that_is_off_here_cannot_be_told_from_a_refusal() -> None:
    denied = Error("AccessDeniedException", Reason.DENIED)
    sight = look(macie, {**DISCOVERY, "macie2:GetMacieSession": denied})

    assert (sight.facts, [refusal.error.need for refusal in sight.refusals]) == (
        [],
        ["macie2:GetMacieSession"],
    )


def test_config_recorders() -> None:
    assert observe(config_recorders, CONFIG) == [
        ConfigurationRecorder(
            resource=RECORDER, recording=True, all_types=True, global_types=True, delivered=True
        )
    ]


def test_a_recorder_of_some_types_that_cannot_deliver() -> None:
    group = {"allSupported": False, "resourceTypes": ["AWS::EC2::Instance", "AWS::IAM::Role"]}
    seen = observe(
        config_recorders,
        {
            "config:DescribeConfigurationRecorders": {
                "ConfigurationRecorders": [{"name": "some", "recordingGroup": group}]
            },
            "config:DescribeConfigurationRecorderStatus": {
                "ConfigurationRecordersStatus": [{"name": "some", "recording": True, "lastStatus": "FAILURE"}]
            },
        },
    )

    assert seen == [
        ConfigurationRecorder(
            resource=RECORDER, recording=True, all_types=False, global_types=True, delivered=False
        )
    ]


def test_no_recorder_and_one_that_is_stopped() -> None:
    off = ConfigurationRecorder(
        resource=RECORDER, recording=False, all_types=False, global_types=False, delivered=False
    )
    stopped = {"name": "default", "recording": False, "lastStatus": "SUCCESS"}
    none = {
        "config:DescribeConfigurationRecorders": {"ConfigurationRecorders": []},
        "config:DescribeConfigurationRecorderStatus": {"ConfigurationRecordersStatus": []},
    }

    assert observe(config_recorders, none) == [off]
    assert observe(
        config_recorders,
        {
            **CONFIG,
            "config:DescribeConfigurationRecorderStatus": {"ConfigurationRecordersStatus": [stopped]},
        },
    ) == [off]


def test_access_analyzers() -> None:
    assert observe(access_analyzers, ANALYZERS) == [
        AccessAnalysis(resource=ANALYZER, external_access=True, unused_access=False)
    ]
    assert observe(access_analyzers, {"accessanalyzer:ListAnalyzers": {"analyzers": []}}) == [
        AccessAnalysis(resource=ANALYZER, external_access=False, unused_access=False)
    ]


def test_access_findings() -> None:
    assert observe(access_findings, SHARED) == [
        SharedResources(
            resource=f"{ANALYZER}/open", active_findings=3, public_findings=1, tags={"owner": "ciso"}
        )
    ]
