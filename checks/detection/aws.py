"""Detection on AWS: GuardDuty, Security Hub, Inspector, Macie, Config and Access Analyzer."""

from collections.abc import Iterator
from typing import Any

from scanner import AwsRegion, check

from . import (
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

_DETECTORS = "guardduty:ListDetectors"
_PUBLISHING = {"FIFTEEN_MINUTES": 15, "ONE_HOUR": 60, "SIX_HOURS": 360}
# https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html
_CRITICAL, _HIGH, _MEDIUM = 9.0, 7.0, 4.0
_GRADES = 100
"""More than the grades from 1.0 to 10.0."""
_NOT_SUBSCRIBED = "InvalidAccessException"
"""Security Hub's word for an account that it is not on in. IAM's refusal is AccessDeniedException."""
_ON = "ENABLED"
_EXTERNAL = frozenset({"ACCOUNT", "ORGANIZATION"})
_UNUSED = frozenset({"ACCOUNT_UNUSED_ACCESS", "ORGANIZATION_UNUSED_ACCESS"})
_MACIE_ROLE = "AWSServiceRoleForAmazonMacie"
_ELSEWHERE = {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""Where partitions other than AWS's own keep IAM; asked there, it is one question for all regions."""


@check(_DETECTORS, "guardduty:GetDetector")
def guardduty(region: AwsRegion) -> Iterator[ThreatDetection]:
    """Whether GuardDuty watches each region, and what there."""
    found = [region.call("guardduty:GetDetector", DetectorId=detector) for detector in region.all(_DETECTORS)]
    on = [detector for detector in found if detector["Status"] == _ON]
    features = {
        feature["Name"]
        for detector in on
        for feature in detector.get("Features") or ()
        if feature["Status"] == _ON
    }
    waits = [_PUBLISHING[detector["FindingPublishingFrequency"]] for detector in on]
    yield ThreatDetection(
        resource=region.arn("guardduty", "detector"),
        enabled=bool(on),
        features=tuple(sorted(features)),
        publishing_minutes=min(waits, default=None),
    )


@check(_DETECTORS, "guardduty:GetAdministratorAccount", "guardduty:ListMembers")
def guardduty_centre(region: AwsRegion) -> Iterator[DetectionCentre]:
    """Whether what GuardDuty finds is seen in one place with what it finds in other accounts."""
    for detector in _detectors(region):
        told = region.call("guardduty:GetAdministratorAccount", DetectorId=detector)
        administrator = told.get("Administrator") or {}
        # Others' are listed as soon as they are invited; these have come.
        members = list(region.all("guardduty:ListMembers", DetectorId=detector, OnlyAssociated="true"))
        named = (
            administrator.get("AccountId") if administrator.get("RelationshipStatus") == "Enabled" else None
        )
        yield DetectionCentre(
            resource=region.arn("guardduty", f"detector/{detector}"),
            centralised=named is not None or bool(members),
            administrator=named,
            member_accounts=len(members),
        )


@check(_DETECTORS, "guardduty:ListPublishingDestinations")
def guardduty_exports(region: AwsRegion) -> Iterator[FindingExport]:
    """Whether GuardDuty copies what it finds to a bucket; it forgets it after 90 days."""
    for detector in _detectors(region):
        destinations = region.all("guardduty:ListPublishingDestinations", DetectorId=detector)
        yield FindingExport(
            resource=region.arn("guardduty", f"detector/{detector}"),
            exported=any(each["Status"] == "PUBLISHING" for each in destinations),
        )


@check(_DETECTORS, "guardduty:GetFindingsStatistics")
def guardduty_findings(region: AwsRegion) -> Iterator[OpenFindings]:
    """How many of GuardDuty's findings of the last 90 days nobody archived; only their number is asked."""
    for detector in _detectors(region):
        answer = region.call(
            "guardduty:GetFindingsStatistics",
            DetectorId=detector,
            FindingCriteria={"Criterion": {"service.archived": {"Equals": ["false"]}}},
            GroupBy="SEVERITY",
            MaxResults=_GRADES,
        )
        grades = answer["FindingStatistics"].get("GroupedBySeverity") or ()
        yield OpenFindings(
            resource=region.arn("guardduty", f"detector/{detector}"),
            critical_findings=_graded(grades, _CRITICAL, None),
            high_findings=_graded(grades, _HIGH, _CRITICAL),
            medium_findings=_graded(grades, _MEDIUM, _HIGH),
            low_findings=_graded(grades, 0.0, _MEDIUM),
        )


@check("securityhub:DescribeHub", "securityhub:GetEnabledStandards")
def security_hub(region: AwsRegion) -> Iterator[PostureManagement]:
    """Whether Security Hub (CSPM) is on in each region, and which standards it compares to.

    A standard is incomplete while Config does not record what its controls look at.
    """
    hub = region.call("securityhub:DescribeHub", absent=_NOT_SUBSCRIBED)
    standards = list(region.all("securityhub:GetEnabledStandards")) if hub else []
    yield PostureManagement(
        resource=region.arn("securityhub", "hub/default"),
        enabled=hub is not None,
        standards=_standards(standards, "READY"),
        standards_incomplete=_standards(standards, "INCOMPLETE"),
        new_controls_enabled=hub is not None and hub.get("AutoEnableControls", False),
    )


@check("inspector2:BatchGetAccountStatus")
def inspector(region: AwsRegion) -> Iterator[VulnerabilityScanning]:
    """What Inspector searches for known weaknesses in each region."""
    answer = region.call("inspector2:BatchGetAccountStatus", accountIds=[region.id])
    (status,) = answer["accounts"]
    kinds = status["resourceState"]
    yield VulnerabilityScanning(
        resource=region.arn("inspector2", "account"),
        machines_scanned=_scanned(kinds, "ec2"),
        images_scanned=_scanned(kinds, "ecr"),
        functions_scanned=_scanned(kinds, "lambda"),
        function_code_scanned=_scanned(kinds, "lambdaCode"),
    )


@check("iam:GetRole", "macie2:GetMacieSession")
def macie(region: AwsRegion) -> Iterator[DataDiscovery]:
    """Whether Macie is on in each region.

    Where it is off, Macie answers as it does to those who may not ask: that stays unreadable. Only where its
    role (AWSServiceRoleForAmazonMacie) is missing is it certain: Macie makes the role when it is first turned
    on anywhere, and it cannot be deleted before Macie is off everywhere
    (https://docs.aws.amazon.com/macie/latest/user/service-linked-roles.html).
    """
    home = _ELSEWHERE.get(region.partition, "us-east-1")
    ever = region.call("iam:GetRole", absent="NoSuchEntity", region=home, RoleName=_MACIE_ROLE)
    enabled = ever is not None and region.call("macie2:GetMacieSession")["status"] == _ON
    yield DataDiscovery(resource=region.arn("macie2", "session"), enabled=enabled)


@check("config:DescribeConfigurationRecorders", "config:DescribeConfigurationRecorderStatus")
def config_recorders(region: AwsRegion) -> Iterator[ConfigurationRecorder]:
    """Whether Config records how everything in each region is set up, and delivers the record.

    What has no region need be recorded in one region only.
    """
    recorders = {
        recorder["name"]: recorder.get("recordingGroup") or {}
        for recorder in region.all("config:DescribeConfigurationRecorders")
    }
    working = [
        status
        for status in region.all("config:DescribeConfigurationRecorderStatus")
        if status["recording"] and status["name"] in recorders
    ]
    groups = [recorders[status["name"]] for status in working]
    yield ConfigurationRecorder(
        resource=region.arn("config", "configuration-recorder"),
        recording=bool(working),
        all_types=any(group.get("allSupported", False) for group in groups),
        global_types=any(_global(group) for group in groups),
        # The models write Success, and the service SUCCESS.
        delivered=any(status.get("lastStatus", "").lower() == "success" for status in working),
    )


@check("accessanalyzer:ListAnalyzers")
def access_analyzers(region: AwsRegion) -> Iterator[AccessAnalysis]:
    """Whether IAM Access Analyzer works in each region; an organization's is its administrator's to see."""
    kinds = {
        analyzer["type"]
        for analyzer in region.all("accessanalyzer:ListAnalyzers")
        if analyzer["status"] == "ACTIVE"
    }
    yield AccessAnalysis(
        resource=region.arn("access-analyzer", "analyzer"),
        external_access=bool(kinds & _EXTERNAL),
        unused_access=bool(kinds & _UNUSED),
    )


@check("accessanalyzer:ListAnalyzers", "accessanalyzer:ListFindings")
def access_findings(region: AwsRegion) -> Iterator[SharedResources]:
    """How much IAM Access Analyzer found to be open to others that nobody has archived as meant."""

    def read(analyzer: dict[str, Any]) -> SharedResources:
        findings = list(
            region.all(
                "accessanalyzer:ListFindings",
                analyzerArn=analyzer["arn"],
                filter={"status": {"eq": ["ACTIVE"]}},
            )
        )
        return SharedResources(
            resource=analyzer["arn"],
            active_findings=len(findings),
            public_findings=sum(finding.get("isPublic", False) for finding in findings),
            tags=region.tags(analyzer.get("tags")),
        )

    external = (each for each in region.all("accessanalyzer:ListAnalyzers") if each["type"] in _EXTERNAL)
    yield from region.each(external, read, resource=lambda analyzer: str(analyzer["arn"]))


def _detectors(region: AwsRegion) -> Iterator[Any]:
    yield from region.all(_DETECTORS)


def _graded(grades: Any, least: float, below: float | None) -> int:
    return sum(
        grade["TotalFindings"]
        for grade in grades
        if grade["Severity"] >= least and (below is None or grade["Severity"] < below)
    )


def _standards(listed: list[dict[str, Any]], status: str) -> tuple[str, ...]:
    """The names of standards, as in aws-foundational-security-best-practices/v/1.0.0."""
    return tuple(
        sorted(
            standard["StandardsArn"].partition("/")[2]
            for standard in listed
            if standard["StandardsStatus"] == status
        )
    )


def _scanned(kinds: dict[str, Any], kind: str) -> bool:
    # A kind that a region does not have yet is not among them.
    return bool(kinds.get(kind, {}).get("status") == _ON)


def _global(group: dict[str, Any]) -> bool:
    kinds = group.get("resourceTypes") or ()
    return group.get("includeGlobalResourceTypes", False) or any(
        kind.startswith("AWS::IAM::") for kind in kinds
    )
