"""Least privilege, proven: a hospital scanned under exactly what `wardround permissions` prints, and less.

`tests.authorising` tells what is asked, without the table that the policy was printed from. Over HTTP, one
action of each protocol is taken away, and denied in that protocol's words. For every action there is, the
hospital's answers are kept, and given again to a scan that talks to nobody else.
"""

import contextlib
import importlib.util
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from botocore.exceptions import ClientError

from scanner import permissions, plan, plugins, policy
from scanner.cli import configuration, group
from scanner.errors import ReadError
from scanner.knowledge import BULK
from scanner.policy import resolved
from scanner.targets import boto, operations
from scanner.targets.memo import frozen
from tests import authorising, moto
from tests.authorising import Asked, Authoriser

ROOT = Path(__file__).parents[2]
POLICY = "hipaa-security-rule"
CONFIGURATION = f"""\
targets:
  - aws: {{name: hospital, account: "{moto.ACCOUNT}", regions: [us-east-1, us-west-2]}}
policies: [./house.yaml]
"""
MODULES = tuple(
    f"{family}.aws."
    for family in ("accounts", "context", "encryption", "logging", "mfa", "patching", "segmentation")
)
"""The checks that a whole hospital in Moto can answer, with what it lacks; the others' needs are held one by
one, by the complete world of each."""
ENTERING = "ec2:DescribeRegions"
IDLE = {
    # Moto does not say that a trail has selectors of its own, nor whose key a snapshot is encrypted with.
    "cloudtrail:GetEventSelectors": {"logging.aws.account"},
    "kms:DescribeKey": {"encryption.aws.ebs_snapshots"},
}
"""Checks that do not come to use an action in this hospital. Furnish it, rather than add to these; that they
use it, and what becomes of them without, is shown for each check by its complete world."""

UNTAGGED = {
    "encryption.aws.dynamodb_tables",
    "encryption.aws.ebs_default",
    "encryption.aws.log_groups",
    "encryption.aws.opensearch_domains",
    "encryption.aws.s3_buckets",
}
"""Checks whose listings bring no tags, and of whose resources tags decide what is asked."""

MACHINE = {"InstanceId": "mi-0123456789abcdef0", "PingStatus": "Online"}
PATCHES = {
    "InstanceId": MACHINE["InstanceId"],
    "PatchGroup": "",
    "BaselineId": "pb-1",
    "OperationStartTime": 1763600000,
    "OperationEndTime": 1763600000,
    "Operation": "Scan",
    "MissingCount": 1,
    "FailedCount": 0,
    "InstalledPendingRebootCount": 0,
}
LACKING = {
    Asked("ssm", "DescribeInstanceInformation"): json.dumps({"InstanceInformationList": [MACHINE]}),
    Asked("ssm", "DescribeInstancePatchStates"): json.dumps({"InstancePatchStates": [PATCHES]}),
    Asked("ec2", "GetEbsDefaultKmsKeyId"): (
        "<GetEbsDefaultKmsKeyIdResponse><requestId>1</requestId><kmsKeyId>alias/patient-records</kmsKeyId>"
        "</GetEbsDefaultKmsKeyIdResponse>"
    ),
    Asked("rds", "DescribeDBMajorEngineVersions"): (
        "<DescribeDBMajorEngineVersionsResponse><DescribeDBMajorEngineVersionsResult>"
        "<DBMajorEngineVersions><DBMajorEngineVersion><Engine>aurora-mysql</Engine>"
        "<MajorEngineVersion>8.0</MajorEngineVersion><SupportedEngineLifecycles><SupportedEngineLifecycle>"
        "<LifecycleSupportName>open-source-rds-standard-support</LifecycleSupportName>"
        "<LifecycleSupportStartDate>2021-11-18T00:00:00Z</LifecycleSupportStartDate>"
        "<LifecycleSupportEndDate>2028-04-30T23:59:59Z</LifecycleSupportEndDate>"
        "</SupportedEngineLifecycle></SupportedEngineLifecycles></DBMajorEngineVersion></DBMajorEngineVersions>"
        "</DescribeDBMajorEngineVersionsResult></DescribeDBMajorEngineVersionsResponse>"
    ),
}
"""What Moto does not answer, so that every operation that is asked is answered."""


def house() -> str:
    """The shipped policy's requirements of these checks, as a policy of our own: JSON is YAML, too."""
    (read,) = configuration.named([POLICY])
    controls = []
    for control in resolved(read, plan.facts(plugins.checks()), strict=True).controls:
        requirements = [
            {
                "id": f"{requirement.id} by {check}",
                "check": check,
                **({"when": requirement.when} if requirement.when else {}),
                "expect": requirement.expect,
                "severity": requirement.severity.value,
            }
            for requirement in control.requirements
            for check in requirement.checks
            if check.startswith(MODULES)
        ]
        if requirements:
            told = {"control": control.control, "title": control.title, "owner": control.owner}
            controls.append({**told, "requirements": requirements})
    return json.dumps({"policy": "house", "title": "House", "source": POLICY, "controls": controls})


HOUSE = house()


def planned() -> dict[str, Any]:
    """The AWS checks that a scan of the hospital runs."""
    checks = plugins.checks()
    asked = plan.asked(
        [resolved(policy.read(HOUSE.encode(), "house.yaml"), plan.facts(checks), strict=True)], checks
    )
    return {name: check for name, check in asked.items() if permissions.kinds([check]) == ("aws",)}


PLANNED = planned()
ACTIONS = sorted(
    action
    for statement in permissions.iam_policy(list(PLANNED.values()))["Statement"]
    for action in statement["Action"]
)


def declaring(action: str) -> set[str]:
    """The checks that declare a need of it, and come to use it."""
    return {
        name
        for name, check in PLANNED.items()
        if any(action in operations.actions(need) for need in check.needs)
        and name not in IDLE.get(action, ())
    }


Verdicts = dict[str, list[tuple[str, str | None, str, tuple[str, ...]]]]


class Hospital:
    """A seeded account behind IAM, a folder to look at it from, and what a scan was answered."""

    def __init__(self, folder: Path, server: moto.Moto, iam: Authoriser) -> None:
        self.folder = folder
        self.server = server
        self.iam = iam
        self.answers: dict[Any, Any] = {}
        self.whole: Verdicts = {}

    def command(self, *arguments: str) -> str:
        """What the command prints, run in this process."""
        with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(io.StringIO()):
            group.wardround.main(list(arguments), standalone_mode=False)
        return said.getvalue()

    def printed(self) -> frozenset[str]:
        """The actions of the policy that is printed for the hospital."""
        document = json.loads(
            self.command("permissions", "-c", str(self.folder / "wardround.yaml"), "--for", "aws")
        )
        return frozenset(action for statement in document["Statement"] for action in statement["Action"])

    def report(self) -> Any:
        """The report of a scan."""
        file = self.folder / "report.json"
        self.command("scan", "-q", "-c", str(self.folder / "wardround.yaml"), "-f", f"json={file}")
        return json.loads(file.read_text())


class Kept:
    """Whoever answers operations, from what was kept, to those who are allowed."""

    calls: ClassVar[Mapping[str, int]] = {}

    def __init__(self, answers: dict[Any, Any], allowed: frozenset[str]) -> None:
        self._answers = answers
        self._allowed = allowed

    def pages(self, need: str, region: str, parameters: dict[str, Any]) -> Iterator[Any]:
        """The answer that was kept.

        Raises:
            ReadError: it was refused then, or is not allowed now.
        """
        service, _, operation = need.partition(":")
        asked = Asked(service, operation)
        if asked not in authorising.FREE and authorising.action(asked) not in self._allowed:
            told = {"Error": {"Code": "AccessDenied", "Message": "no"}}
            raise boto.translated(need, region, ClientError(told, operation))
        answer = self._answers[need, region, frozen(parameters)]
        if isinstance(answer, ReadError):
            raise answer.again()
        yield from answer

    def leave(self, service: str, region: str) -> None:
        """Nothing is held."""

    def close(self) -> None:
        """Nothing is held."""


class Keeping(boto.Boto):
    """Botocore's clients, whose answers are kept."""

    answers: dict[Any, Any]

    def pages(self, need: str, region: str, parameters: dict[str, Any]) -> Iterator[Any]:
        """The answer, kept.

        Raises:
            ReadError: it was refused, which is kept, too.
        """
        where = (need, region, frozen(parameters))
        try:
            self.answers[where] = list(super().pages(need, region, parameters))
        except ReadError as refusal:
            self.answers[where] = refusal
            raise
        yield from self.answers[where]


def verdicts(report: Any) -> Verdicts:
    """By check: requirement, resource, outcome and reasons."""
    found: Verdicts = {name: [] for name in PLANNED}
    for finding in report["findings"]:
        if finding["check"] in found:
            found[finding["check"]].append(
                (
                    finding["requirement"],
                    finding["resource"],
                    finding["outcome"],
                    tuple(finding["reasons"]),
                )
            )
    return found


def complete(app: moto.App) -> moto.App:
    """Moto, and the answers that it lacks."""

    def answering(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        asked = authorising.operation(environ)
        if asked is None or asked not in LACKING:
            return app(environ, start_response)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [LACKING[asked].encode()]

    return answering


def furnish(url: str) -> None:
    """Seed the demonstration's hospital, and what it lacks for every operation to be asked by every check."""
    spec = importlib.util.spec_from_file_location("hospital", ROOT / "examples" / "demo" / "hospital.py")
    assert spec
    assert spec.loader
    demo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(demo)
    demo.seed(url)
    account = demo.Hospital(url).client
    ec2, rds = account("ec2"), account("rds")
    (key,) = [
        alias["TargetKeyId"]
        for alias in account("kms").list_aliases()["Aliases"]
        if alias["AliasName"] == "alias/patient-records"
    ]
    ec2.enable_ebs_encryption_by_default()
    partners = ec2.create_managed_prefix_list(
        PrefixListName="partners", AddressFamily="IPv4", MaxEntries=1, Entries=[{"Cidr": "203.0.113.0/24"}]
    )
    group_id = ec2.create_security_group(GroupName="partners", Description="partners")["GroupId"]
    listed = [{"PrefixListId": partners["PrefixList"]["PrefixListId"]}]
    opening = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": listed}
    ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=[opening])
    subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]][:2]
    account("eks").create_cluster(
        name="portal",
        roleArn=f"arn:aws:iam::{moto.ACCOUNT}:role/eks",
        resourcesVpcConfig={"subnetIds": subnets},
    )
    account("elbv2").create_load_balancer(Name="portal", Subnets=subnets)
    own = {"Enabled": True, "KmsKeyId": key}
    account("opensearch").create_domain(DomainName="search", EncryptionAtRestOptions=own)
    keeper = {"MasterUsername": "keeper", "MasterUserPassword": "Not-a-secret-1"}
    account("redshift").create_cluster(
        ClusterIdentifier="reports", NodeType="ra3.large", Encrypted=True, KmsKeyId=key, **keeper
    )
    rds.create_db_cluster(
        DBClusterIdentifier="claims", Engine="aurora-mysql", StorageEncrypted=True, KmsKeyId=key, **keeper
    )
    # The packaged list of releases does not have this engine, so RDS is asked about it.
    rds.create_db_instance(
        DBInstanceIdentifier="claims-1",
        DBClusterIdentifier="claims",
        DBInstanceClass="db.r6g.large",
        Engine="aurora-mysql",
        EngineVersion="8.0.mysql_aurora.3.08.0",
        PubliclyAccessible=False,
    )
    rds.create_db_cluster_snapshot(DBClusterSnapshotIdentifier="claims", DBClusterIdentifier="claims")
    account("secretsmanager").create_secret(Name="portal", SecretString="not-one", KmsKeyId=key)
    account("logs").create_log_group(logGroupName="/ehr/own-key", kmsKeyId=key)


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    folder = tmp_path_factory.mktemp("hospital")
    (folder / "wardround.yaml").write_text(CONFIGURATION)
    (folder / "house.yaml").write_text(HOUSE)
    iam = Authoriser()
    with pytest.MonkeyPatch.context() as patch:
        # Moto's own images would be thousands of snapshots of the account's.
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        with moto.running(lambda app: iam.around(complete(app))) as server:
            server.reset()
            furnish(server.url)
            for name, value in server.environment.items():
                patch.setenv(name, value)
            iam.used.clear()
            made = Hospital(folder, server, iam)
            iam.allowed = made.printed()
            patch.setattr(Keeping, "answers", made.answers, raising=False)
            patch.setattr("scanner.targets.accounts.Boto", Keeping)
            made.whole = verdicts(made.report())
            patch.setattr("scanner.targets.accounts.Boto", boto.Boto)
            yield made
            server.reset()


@pytest.fixture
def iam(hospital: Hospital) -> Iterator[Authoriser]:
    """The hospital's IAM, as it was before the test when that is over."""
    before = hospital.iam.allowed
    hospital.iam.refused.clear()
    yield hospital.iam
    hospital.iam.allowed = before
    hospital.iam.refused.clear()


def hold(hospital: Hospital, action: str, report: Any) -> None:
    """Without one action, exactly the checks that declare it turn to error, and nothing is invented."""
    less = verdicts(report)
    blind = declaring(action)
    assert {
        (unreadable["check"], unreadable["reason"], unreadable["mend"]) for unreadable in report["unreadable"]
    } == {(name, "denied", f"allow {action}") for name in blind}
    # Tags that are read in bulk are not judged; what they decide of is, where tags came with no listing.
    judged = {name for name in blind if hospital.whole[name]}
    assert judged == blind - {name for name in blind if name.startswith(BULK)}
    changed = {name for name in PLANNED if less[name] != hospital.whole[name]}
    assert changed - (UNTAGGED if blind - judged else set()) == judged
    judged = changed
    for name in judged:
        before = hospital.whole[name]
        new = [verdict for verdict in less[name] if verdict not in before]
        assert {outcome for _, _, outcome, _ in new} == {"error"}, name
        # What is no longer said of a resource is said to be an error: of it, or of all of its scope.
        silent = {verdict[:2] for verdict in before} - {verdict[:2] for verdict in less[name]}
        assert {requirement for requirement, _ in silent} <= {
            requirement for requirement, resource, *_ in new if resource is None
        }


def test_under_what_is_printed_nothing_is_refused(hospital: Hospital, iam: Authoriser) -> None:
    assert iam.allowed == frozenset(ACTIONS)
    report = hospital.report()
    assert iam.refused == []
    assert report["unreadable"] == []
    assert verdicts(report) == hospital.whole
    assert {outcome for found in hospital.whole.values() for _, _, outcome, _ in found} >= {"pass", "fail"}
    assert {action for action in ACTIONS if action not in iam.used} == {
        action for action in ACTIONS if action != ENTERING and not declaring(action)
    }


@pytest.mark.parametrize(
    "action",
    [
        "ec2:DescribeVolumes",  # the EC2 protocol
        "rds:DescribeDBInstances",  # query
        "kms:DescribeKey",  # JSON
        "lambda:ListFunctions",  # REST, in JSON
        "s3:GetEncryptionConfiguration",  # REST, in XML
    ],
)
def test_what_is_taken_away_is_refused_and_named(hospital: Hospital, iam: Authoriser, action: str) -> None:
    assert iam.allowed is not None
    iam.allowed -= {action}
    hold(hospital, action, hospital.report())
    assert {refused for refused, _ in iam.refused} == {action}


@pytest.mark.parametrize("action", [action for action in ACTIONS if action != ENTERING])
def test_each_action_is_needed(hospital: Hospital, monkeypatch: pytest.MonkeyPatch, action: str) -> None:
    kept = Kept(hospital.answers, frozenset(ACTIONS) - {action})
    monkeypatch.setattr("scanner.targets.accounts.Boto", lambda *_: kept)
    hold(hospital, action, hospital.report())


def test_without_the_list_of_regions_only_named_ones_are_entered(
    hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(hospital.answers, frozenset(ACTIONS) - {ENTERING})
    monkeypatch.setattr("scanner.targets.accounts.Boto", lambda *_: kept)
    less = verdicts(hospital.report())
    # The tags of a bucket may lie in any region; which there are, nobody tells now.
    differing = {name for name in PLANNED if less[name] != hospital.whole[name]}
    assert differing <= {"encryption.aws.s3_buckets"}
    monkeypatch.setattr(hospital, "folder", hospital.folder / "everywhere")
    hospital.folder.mkdir()
    everywhere = CONFIGURATION.replace(", regions: [us-east-1, us-west-2]", "")
    (hospital.folder / "wardround.yaml").write_text(everywhere)
    (hospital.folder / "house.yaml").write_text(HOUSE)
    regional = hospital.report()
    assert {
        (unreadable["scope"], unreadable["need"], unreadable["mend"]) for unreadable in regional["unreadable"]
    } == {("regions", ENTERING, f"allow {ENTERING}")}
    assert regional["coverage"]["at_least"]
