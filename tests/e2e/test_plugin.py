"""The example plug-in, from outside: built, installed beside wardround, and run by the command."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from scanner.cli.configuration import SCHEMA
from scanner.documents import mistakes, parse
from tests.e2e.command import run
from tests.e2e.environment import PLUGIN, Environment
from tests.moto import ACCOUNT, CREDENTIALS, Moto

AWS = f"""\
targets:
  - aws: {{name: hospital, account: "{ACCOUNT}", regions: [us-east-1]}}
policies: [housekeeping]
"""
HOST = """\
targets:
  - hosts: {name: here, transport: local}
policies: [housekeeping]
"""
ALLOWED = "allow_host_commands: [wardround-housekeeping]\n"
WITHHELD = "not-collected: the host commands of the plug-in wardround-housekeeping are not allowed"


class Plugin:
    """The installed command, in a folder of its own."""

    def __init__(self, folder: Path, command: Path) -> None:
        self.folder = folder
        self.command = command

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run it."""
        return run(self.folder, *arguments, command=self.command, **environment)

    def configure(self, text: str) -> None:
        """Write the configuration that is found, and that can be named too."""
        (self.folder / "wardround.yaml").write_text(text)

    def report(self, *arguments: str, **environment: str) -> tuple[int, dict[str, Any]]:
        """Scan, and read the report."""
        result = self("scan", "--fail-on", "low", "-f", "json", *arguments, **environment)
        assert result.stdout, result.stderr
        return result.returncode, json.loads(result.stdout)


@pytest.fixture
def plugin(tmp_path: Path, installed: Environment) -> Plugin:
    return Plugin(tmp_path, installed.command)


@pytest.fixture
def vpcs(moto_server: Moto) -> Iterator[dict[str, bool]]:
    """Whether each VPC says where it belongs, by ARN: ours does, the account's default one does not."""
    moto_server.reset()
    ec2 = boto3.client(
        "ec2",
        endpoint_url=moto_server.url,
        region_name="us-east-1",
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )
    tags = [{"Key": "Environment", "Value": "production"}]
    ec2.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}])
    listed = ec2.describe_vpcs()["Vpcs"]
    ec2.close()
    yield {
        f"arn:aws:ec2:us-east-1:{ACCOUNT}:vpc/{vpc['VpcId']}": vpc["CidrBlock"] == "10.1.0.0/16"
        for vpc in listed
    }
    moto_server.reset()


def test_its_own_tests_pass(installed: Environment) -> None:
    result = subprocess.run(
        [installed.python, "-I", "-m", "pytest", "-q", "-p", "no:cacheprovider", PLUGIN / "tests"],
        cwd=PLUGIN,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "5 passed" in result.stdout


def test_its_cloud_check_policy_and_format_are_used(
    plugin: Plugin, vpcs: dict[str, bool], moto_server: Moto
) -> None:
    plugin.configure(AWS)
    status, report = plugin.report("-f", "owners=owners.tsv", **moto_server.environment)
    assert sorted(vpcs.values()) == [False, True]
    assert {
        (finding["resource"], finding["check"], finding["outcome"], tuple(finding["reasons"]))
        for finding in report["findings"]
    } == {
        (arn, "labels.aws.vpcs", "pass", ())
        if labelled
        else (arn, "labels.aws.vpcs", "fail", ("environment is false; expected true",))
        for arn, labelled in vpcs.items()
    }
    assert status == 1
    assert (plugin.folder / "owners.tsv").read_text() == "owner\tfailing\tnot evaluated\nOperations\t1\t0\n"


def test_its_host_commands_run_when_the_named_configuration_allows_it(plugin: Plugin) -> None:
    plugin.configure(HOST + ALLOWED)
    path = Path("/etc/machine-info")
    labelled = path.exists() and "\nDEPLOYMENT=" in f"\n{path.read_text()}"
    for named in ({"WARDROUND_CONFIG": "wardround.yaml"}, {}):
        status, report = plugin.report(*(() if named else ("-c", "wardround.yaml")), **named)
        (finding,) = report["findings"]
        assert (finding["check"], finding["resource"]) == ("labels.host.machine_info", "host:here")
        assert finding["facts"] == {"environment": labelled}
        assert status == int(not labelled)


@pytest.mark.parametrize(
    ("configuration", "arguments"),
    [(HOST, ("-c", "wardround.yaml")), (HOST, ()), (HOST + ALLOWED, ())],
    ids=["named without", "found without", "found with"],
)
def test_otherwise_nothing_is_asked_and_the_report_says_so(
    plugin: Plugin, configuration: str, arguments: tuple[str, ...]
) -> None:
    plugin.configure(configuration)
    status, report = plugin.report(*arguments, "-f", "owners=owners.tsv")
    (finding,) = report["findings"]
    assert (finding["outcome"], finding["reasons"]) == ("error", [WITHHELD])
    cells = {name: report["coverage"][name] for name in ("expected", "evaluated", "not_evaluated")}
    assert cells == {"expected": 1, "evaluated": 0, "not_evaluated": 1}
    needs = {check["id"]: check["needs"] for check in report["plan"]["checks"]}
    assert needs == {"labels.aws.vpcs": ["ec2:DescribeVpcs"], "labels.host.machine_info": []}
    (unreadable,) = report["unreadable"]
    assert "add `allow_host_commands: [wardround-housekeeping]`" in unreadable["mend"]
    assert status == 3
    assert (plugin.folder / "owners.tsv").read_text() == "owner\tfailing\tnot evaluated\nOperations\t0\t1\n"


def test_its_readme_shows_a_configuration_that_is_well_formed() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", (PLUGIN / "README.md").read_text(), re.DOTALL)
    document = parse(block, "README.md")
    assert mistakes(document, SCHEMA) == []
    assert document.data["allow_host_commands"] == ["wardround-housekeeping"]


def test_it_is_in_the_manual(plugin: Plugin) -> None:
    listed = plugin("policy", "list").stdout.splitlines()
    assert "housekeeping: Housekeeping (1 control, 1 requirement)" in listed
    explained = plugin("checks", "explain", "labels.host.machine_info").stdout.splitlines()
    assert "  cat /etc/machine-info" in explained
    assert "Named by: housekeeping" in explained


def test_what_it_is_not_called_cannot_be_allowed(plugin: Plugin) -> None:
    plugin.configure(HOST + "allow_host_commands: [wardround-housekeping]\n")
    result = plugin("scan", "-c", "wardround.yaml")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        "wardround.yaml:4: no plug-in 'wardround-housekeping' with host commands is installed "
        "(did you mean 'wardround-housekeeping'?)\n"
    )
