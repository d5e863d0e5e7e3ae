"""Least privilege of a whole hospital, scanned over HTTP under exactly what `wardround permissions` prints.

What each check needs, alone and by action, is shown by its complete world: see tests.checks.test_aws_worlds.
Here it is the command that prints, and reports that say what it did not see.
"""

import contextlib
import importlib.util
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scanner import permissions, plan, plugins, policy
from scanner.cli import configuration, group
from scanner.policy import resolved
from scanner.targets import operations
from tests import moto
from tests.authorising import Authoriser

ROOT = Path(__file__).parents[2]
POLICY = "hipaa-security-rule"
CONFIGURATION = f"""\
targets:
  - aws: {{name: hospital, account: "{moto.ACCOUNT}", regions: [us-east-1, us-west-2]}}
policies: [./house.yaml]
"""
MODULES = tuple(
    f"{family}.aws." for family in ("accounts", "context", "encryption", "logging", "mfa", "segmentation")
)
"""The checks to which Moto has an answer."""
ENTERING = "ec2:DescribeRegions"


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
    """The checks that declare a need of it."""
    return {
        name
        for name, check in PLANNED.items()
        if any(action in operations.actions(need) for need in check.needs)
    }


Verdicts = dict[str, list[tuple[str, str | None, str, tuple[str, ...]]]]


class Hospital:
    """A seeded account behind IAM, a folder to look at it from, and what a scan was answered."""

    def __init__(self, folder: Path, server: moto.Moto, iam: Authoriser) -> None:
        self.folder = folder
        self.server = server
        self.iam = iam
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


def seed(url: str) -> None:
    """The demonstration's hospital."""
    spec = importlib.util.spec_from_file_location("hospital", ROOT / "examples" / "demo" / "hospital.py")
    assert spec
    assert spec.loader
    demo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(demo)
    demo.seed(url)


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    folder = tmp_path_factory.mktemp("hospital")
    (folder / "wardround.yaml").write_text(CONFIGURATION)
    (folder / "house.yaml").write_text(HOUSE)
    iam = Authoriser()
    with pytest.MonkeyPatch.context() as patch:
        # Moto's own images would be thousands of snapshots of the account's.
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        with moto.running(iam.around) as server:
            server.reset()
            seed(server.url)
            for name, value in server.environment.items():
                patch.setenv(name, value)
            iam.used.clear()
            made = Hospital(folder, server, iam)
            iam.allowed = made.printed()
            made.whole = verdicts(made.report())
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
    assert {name for name in PLANNED if less[name] != hospital.whole[name]} == blind
    for name in blind:
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
    assert iam.used <= frozenset(ACTIONS)


@pytest.mark.parametrize(
    "action",
    [
        "ec2:DescribeVolumes",  # the EC2 protocol
        "rds:DescribeDBInstances",  # query
        "dynamodb:DescribeTable",  # JSON
        "elasticfilesystem:DescribeFileSystems",  # REST, in JSON
        "s3:GetEncryptionConfiguration",  # REST, in XML
    ],
)
def test_what_is_taken_away_is_refused_and_named(hospital: Hospital, iam: Authoriser, action: str) -> None:
    assert iam.allowed is not None
    iam.allowed -= {action}
    hold(hospital, action, hospital.report())
    assert {refused for refused, _ in iam.refused} == {action}


def test_without_the_list_of_regions_only_named_ones_are_entered(
    hospital: Hospital, iam: Authoriser, monkeypatch: pytest.MonkeyPatch
) -> None:
    iam.allowed = frozenset(ACTIONS) - {ENTERING}
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
