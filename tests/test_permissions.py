import importlib
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from itertools import chain
from pathlib import Path

import pytest

from scanner import AwsRegion, AzureSubscription, EntraTenant, Facts, Host, check, permissions, plugins
from scanner.declaration import Check, mistakes
from scanner.errors import ScannerError
from scanner.targets import arm_types, graph_paths, operations
from scanner.targets.aws import Aws
from tests import authorising
from tests.cli.command import Command
from tests.cli.conftest import command  # noqa: F401 - a fixture

READING = {"Read", "List"}
SENSITIVE = {
    # Needs of ours in whose answers something is sensitive, or binary: why they are asked all the same.
    "account:GetAlternateContact": "the address of staff, which is what is asked for; the number is not kept",
    "backup:GetBackupPlan": "the tags that a plan gives to what it makes",
    "cloudfront:GetDistributionConfig": "what origins are told in headers; nothing else tells of the log",
    "cloudfront:ListDistributions": "what origins are told in headers; nothing else lists distributions",
    "ec2:DescribeLaunchTemplateVersions": "the start script of machines; nothing else tells a template",
    "ecs:DescribeTaskDefinition": "environment variables; nothing else tells what a container may do",
    "firehose:DescribeDeliveryStream": "names of users and tables at the destination; no password",
    "fsx:DescribeFileSystems": "a password, masked by AWS",
    "guardduty:ListMembers": "the mail addresses of accounts, not of people; only their number is kept",
    "iam:GetCredentialReport": "a table of names and moments, without any secret",
    "iam:ListVirtualMFADevices": "the seed of a device, which AWS tells once, when it is made",
    "lambda:ListFunctions": "environment variables; lambda:GetFunction would tell the code, too",
    "organizations:DescribeOrganization": "the mail address of the managing account; only numbers are kept",
    "rds:DescribeDBClusters": "a password that is about to change, masked by AWS",
    "rds:DescribeDBInstances": "a password that is about to change, masked by AWS",
    "redshift-serverless:ListNamespaces": "the name of the administrator",
    "redshift:DescribeClusters": "a password that is about to change, masked by AWS",
    "s3:GetBucketEncryption": "the id of a key, not the key",
    "ssm:DescribeInstanceInformation": "the address of a machine",
    "ssm:DescribeInstancePatchStates": "a note of whoever started the patching",
}


class Thing(Facts):
    """A thing."""

    good: bool


@check("s3:ListBuckets", "s3:GetBucketEncryption", "kms:DescribeKey")
def buckets(region: AwsRegion) -> Iterator[Thing]:
    """Buckets."""
    del region
    yield from ()


@check("sudo nft -j list ruleset", "sudo iptables-save", "sudo docker info", "cat /etc/os-release")
def rules(host: Host) -> Iterator[Thing]:
    """Rules."""
    del host
    yield from ()


def ours(view: type) -> list[Check]:
    return [check for check in plugins.checks().values() if issubclass(check.on, view)]


NEEDS = sorted({need for check in ours(Aws) for need in check.needs})


@pytest.mark.parametrize("need", NEEDS)
def test_each_need_is_allowed_by_actions_that_only_read(need: str) -> None:
    service, _, operation = need.partition(":")
    told = authorising.action(authorising.Asked(service, operation))
    assert told in operations.actions(need)
    for action in operations.actions(need):
        prefix, _, name = action.partition(":")
        assert authorising.reference()[prefix][name] in READING


def test_the_table_names_actions_that_exist_and_only_read() -> None:
    """The table of exceptions as a whole, for the checks of strangers."""
    named = operations._ACTIONS  # noqa: SLF001 - the table is what is looked at
    levels = {
        action: authorising.reference().get(action.partition(":")[0], {}).get(action.partition(":")[2])
        for action in chain.from_iterable(operations.actions(need) for need in named)
    }
    # AWS calls it writing: it lets somebody use the data of a directory, which only reading calls do here.
    assert levels.pop("ds:AccessDSData") is not None
    assert {action: level for action, level in levels.items() if level not in READING} == {}


def test_services_that_iam_calls_otherwise_exist() -> None:
    assert operations._PREFIXES.keys() <= set(authorising.services())  # noqa: SLF001 - as above
    assert set(operations._PREFIXES.values()) <= authorising.reference().keys()  # noqa: SLF001 - as above


@pytest.mark.parametrize("need", NEEDS)
def test_no_need_of_ours_is_answered_with_something_sensitive_unawares(need: str) -> None:
    sensitive = {name for name in authorising.sensitive(need) if not name.endswith("Token")}
    assert bool(sensitive) == (need in SENSITIVE)


def test_an_iam_policy_groups_actions_by_service() -> None:
    assert permissions.iam_policy([buckets, rules]) == {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "Ec2", "Effect": "Allow", "Action": ["ec2:DescribeRegions"], "Resource": "*"},
            {"Sid": "Kms", "Effect": "Allow", "Action": ["kms:DescribeKey"], "Resource": "*"},
            {
                "Sid": "S3",
                "Effect": "Allow",
                "Action": ["s3:GetEncryptionConfiguration", "s3:ListAllMyBuckets"],
                "Resource": "*",
            },
        ],
    }


@check("Microsoft.Storage/storageAccounts/read", "Microsoft.Compute/disks/read")
def stores(subscription: AzureSubscription) -> Iterator[Thing]:
    """Stores."""
    del subscription
    yield from ()


def test_a_role_allows_what_azures_checks_declare_and_entering() -> None:
    scopes = ["/subscriptions/aaaabbbb-1111-2222-3333-ccccddddeeee", "/subscriptions/00001111"]
    assert permissions.azure_role([buckets, stores, rules], scopes) == {
        "Name": "Wardround",
        "IsCustom": True,
        "Description": "Reads what a scan by Wardround looks at, and nothing else.",
        "Actions": [
            "Microsoft.Compute/disks/read",
            "Microsoft.Resources/subscriptions/read",
            "Microsoft.Storage/storageAccounts/read",
        ],
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": sorted(scopes),
    }


def test_a_role_may_find_a_management_groups_subscriptions() -> None:
    group = "/providers/Microsoft.Management/managementGroups/hospital"
    role = permissions.azure_role([stores], [group], groups=True)
    assert "Microsoft.Management/managementGroups/descendants/read" in role["Actions"]
    assert role["AssignableScopes"] == [group]


@check("Policy.Read.All /policies/authorizationPolicy", "AuditLog.Read.All /users")
def people(tenant: EntraTenant) -> Iterator[Thing]:
    """People."""
    del tenant
    yield from ()


def test_graphs_permissions_are_those_of_each_path() -> None:
    assert permissions.graph_permissions([people, stores]) == (
        "AuditLog.Read.All",
        "Policy.Read.All",
        "User.Read.All",
    )
    assert permissions.resource_accesses(["Policy.Read.All", "User.Read.All"]) == [
        {
            "resourceAppId": "00000003-0000-0000-c000-000000000000",
            "resourceAccess": [
                {"id": "246dd0d5-5bd0-4def-940b-0421030a5b68", "type": "Role"},
                {"id": "df021288-bdef-4463-88db-98f22de89214", "type": "Role"},
            ],
        }
    ]


def test_every_permission_of_every_path_can_be_asked_for() -> None:
    names = {name for need in graph_paths.PATHS for name in graph_paths.permissions(need)}
    assert names == set(graph_paths.ROLES)
    assert [need for need in graph_paths.PATHS if graph_paths.refuse(need)] == []


def test_the_role_of_all_checks_only_reads() -> None:
    role = permissions.azure_role(list(plugins.checks().values()), ())
    needs = {need.partition("?")[0] for check in ours(AzureSubscription) for need in check.needs}
    needs.remove("Microsoft.Security/jitNetworkAccessPolicies/read")
    needs.add("Microsoft.Security/locations/jitNetworkAccessPolicies/read")
    assert set(role["Actions"]) == {*needs, "Microsoft.Resources/subscriptions/read"}
    assert [action for action in role["Actions"] if "*" in action or not action.endswith("/read")] == []
    assert role["AssignableScopes"] == ["/subscriptions/00000000-0000-0000-0000-000000000000"]


def published() -> set[str]:
    """The operations that Microsoft publishes, as far as we ask for them, in small letters."""
    lines = (Path(__file__).parent / "shapes" / "azure-operations.txt").read_text().splitlines()
    return {line.partition(" ")[0].lower() for line in lines if not line.startswith("#")}


def test_azure_takes_every_action_of_the_role_of_all_checks() -> None:
    """Azure refuses a custom role with an action that no provider publishes."""
    role = permissions.azure_role(list(plugins.checks().values()), (), groups=True)
    assert [action for action in role["Actions"] if action.lower() not in published()] == []


def test_azure_takes_every_action_that_a_strangers_check_may_need() -> None:
    asked = {arm_types.action(need) for need in arm_types.LISTINGS}
    asked |= {arm_types.ENTERING, arm_types.DESCENDANTS}
    assert {action.lower() for action in asked} == published()


def test_the_policy_of_all_checks_is_one_that_iam_takes() -> None:
    policy = permissions.iam_policy(list(plugins.checks().values()))
    sids = [statement["Sid"] for statement in policy["Statement"]]
    assert len(set(sids)) == len(sids)
    assert all(sid.isalnum() for sid in sids)
    assert len("".join(json.dumps(policy).split())) <= permissions.INLINE_POLICIES


def test_a_line_of_sudoers_allows_exactly_one_command() -> None:
    assert list(permissions.sudoers([buckets, rules], ["audit", "ehr"])) == [
        f"{user} ALL=(root) NOPASSWD: {commands}"
        for user in ("audit", "ehr")
        for commands in (
            "/usr/sbin/docker info, /sbin/docker info, /usr/bin/docker info, /bin/docker info",
            '/usr/sbin/iptables-save "", /sbin/iptables-save ""',
            "/usr/sbin/nft -j list ruleset, /sbin/nft -j list ruleset",
        )
    ]


def test_what_sudoers_takes_for_its_own_is_escaped() -> None:
    @check("sudo /opt/a,b --only=x:y 'in one'")
    def odd(host: Host) -> Iterator[Thing]:
        """It."""
        del host
        yield from ()

    lines = list(permissions.sudoers([odd], ["audit@example.org"]))
    assert lines == [r"audit\@example.org ALL=(root) NOPASSWD: /opt/a\,b --only\=x\:y in one"]
    assert accepted(lines)


@pytest.mark.parametrize(
    "user", ["", "ALL", "AUDIT", "%wheel", "#0", "a b", "a\nb ALL=(ALL) ALL", "a,b", "+x"]
)
def test_a_name_that_means_something_else_to_sudoers_is_refused(user: str) -> None:
    with pytest.raises(ScannerError, match="is not a user's name that sudoers can hold"):
        list(permissions.sudoers([rules], [user]))


def test_sudo_accepts_the_lines_of_all_checks() -> None:
    lines = list(permissions.sudoers(list(plugins.checks().values()), ["audit"]))
    privileged = {need for check in ours(Host) for need in check.needs if need.startswith("sudo ")}
    assert len(lines) == len(privileged)
    for need in privileged:
        words = shlex.split(need)[1:]
        program = f"/{words[0].removeprefix('/')}"
        wanted = f"{program} {' '.join(words[1:])}" if words[1:] else f'{program} ""'
        # One command may be the beginning of another.
        assert sum(line.replace("\\", "").endswith(wanted) for line in lines) == 1
    assert accepted(lines)


def accepted(lines: list[str]) -> bool:
    """Whether sudo's own parser takes these lines for sudoers."""
    text = "".join(f"{line}\n" for line in lines)
    visudo = ["/usr/sbin/visudo", "-c", "-q", "-f", "-"]
    return subprocess.run(visudo, input=text, text=True, check=False).returncode == 0


def test_sudo_would_not_accept_anything() -> None:
    assert not accepted([r"audit ALL=(root) NOPASSWD: /opt/a,b"])


WRITES = "is not a reading operation; a check may declare Get, List and Describe"
READS = "reads data or secrets; a check reads configuration only"


@pytest.mark.parametrize(
    ("need", "why"),
    [
        ("ec2:TerminateInstances", WRITES),
        ("s3:PutBucketPolicy", WRITES),
        ("iam:CreateUser", WRITES),
        ("sts:AssumeRole", WRITES),
        ("lambda:Invoke", WRITES),
        ("s3:GetObject", READS),
        ("s3:ListObjectsV2", READS),
        ("dynamodb:GetItem", READS),
        ("secretsmanager:GetSecretValue", READS),
        ("ssm:GetParametersByPath", READS),
        ("medical-imaging:GetImageSetMetadata", READS),
        ("cognito-idp:ListUsers", READS),
        ("cognito-identity:GetId", READS),
        ("s3control:GetDataAccess", READS),
        ("lambda:GetFunction", READS),
    ],
)
def test_a_check_that_writes_or_reads_data_is_not_loaded(
    need: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = check(need)(buckets.function)
    assert list(mistakes(declared)) == [f"{declared.where}: {need} {why}"]
    package = tmp_path / "strange"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "x.py").write_text(
        "from collections.abc import Iterator\nfrom scanner import AwsRegion, Facts, check\n"
        'class Thing(Facts):\n    """It."""\n    good: bool\n'
        f'@check("{need}")\ndef things(region: AwsRegion) -> Iterator[Thing]:\n    """It."""\n    yield\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    strange = EntryPoint("strange", "strange", "wardround.checks")
    monkeypatch.setattr(plugins, "entry_points", lambda group: [strange] if group == strange.group else [])
    importlib.invalidate_caches()
    for cached in (plugins.checks, plugins._checks):  # noqa: SLF001 - what is installed is remembered
        cached.cache_clear()
    try:
        with pytest.raises(ScannerError) as refused:
            plugins.checks()
    finally:
        for cached in (plugins.checks, plugins._checks):  # noqa: SLF001 - what is installed is remembered
            cached.cache_clear()
        for name in ("strange", "strange.x"):
            sys.modules.pop(name, None)
    (message,) = refused.value.messages
    assert f"{package / 'x.py'}:6: {need} {why}" in message


HOSTS = "targets:\n  - hosts: {name: ehr, address: 10.0.0.1, user: looker, sudo: true}\n"
CLOUD = 'targets:\n  - aws: {name: prod, account: "111122223333"}\n'


def test_the_command_prints_the_policy_of_what_is_configured(command: Command) -> None:  # noqa: F811
    command.write("wardround.yaml", f"{CLOUD}policies: [./house.yaml]\n")
    result = command("permissions")
    assert result.status == 0
    assert json.loads(result.out) == permissions.iam_policy([volumes()])
    assert "sts:AssumeRole" in result.err


def test_the_command_prints_sudoers_for_the_configured_login(command: Command) -> None:  # noqa: F811
    command.write("wardround.yaml", f"{HOSTS}policies: [./host.yaml]\n")
    house = (command.folder / "house.yaml").read_text()
    rewritten = house.replace("encryption.aws.ebs_volumes", "segmentation.host.firewall")
    command.write("host.yaml", rewritten.replace("encrypted: true", "default_input: drop"))
    firewall = plugins.checks()["segmentation.host.firewall"]
    result = command("permissions")
    assert result.status == 0, result.err
    assert result.out.splitlines() == list(permissions.sudoers([firewall], ["looker"]))
    named = command("permissions", "--user", "night")
    assert named.out.splitlines() == list(permissions.sudoers([firewall], ["night"]))


def test_the_command_prints_the_role_of_the_configured_subscriptions(command: Command) -> None:  # noqa: F811
    subscription = "aaaabbbb-1111-2222-3333-ccccddddeeee"
    configured = f"targets:\n  - azure: {{name: clinic, subscription: {subscription}}}\n"
    command.write("wardround.yaml", f"{configured}policies: [./azure.yaml]\n")
    house = (command.folder / "house.yaml").read_text()
    command.write("azure.yaml", house.replace("encryption.aws.ebs_volumes", "encryption.azure.disks"))
    disks = plugins.checks()["encryption.azure.disks"]
    result = command("permissions")
    assert result.status == 0, result.err
    assert json.loads(result.out) == permissions.azure_role(
        [disks], [f"/subscriptions/{subscription.lower()}"]
    )
    assert "az role definition create" in result.err
    assert "No subscription is configured" not in result.err
    (command.folder / "wardround.yaml").unlink()
    unconfigured = command("permissions", "-p", "./azure.yaml", "--for", "azure")
    assert json.loads(unconfigured.out) == permissions.azure_role([disks], [])
    assert unconfigured.err.endswith("put the ids of yours into AssignableScopes.\n")


def test_without_a_configuration_the_policies_count(command: Command) -> None:  # noqa: F811
    result = command("permissions", "-p", "./house.yaml")
    assert json.loads(result.out) == permissions.iam_policy([volumes()])


@pytest.mark.parametrize(
    ("configuration", "arguments", "said"),
    [
        (None, [], "no wardround.yaml here"),
        (
            None,
            ["-p", "hipaa-security-rule"],
            "the plan looks at aws, azure, entra and hosts: say which with --for\n",
        ),
        (None, ["-p", "./house.yaml", "--for", "hosts"], "--for hosts: the plan looks at aws only\n"),
        (
            f"{HOSTS}policies: [./house.yaml]\n",
            [],
            "the policies look at no configured target: there is nothing to allow\n",
        ),
        (None, ["-p", "./house.yaml", "--for", "azure"], "--for azure: the plan looks at aws only\n"),
        (
            None,
            ["-p", "./house.yaml", "--for", "gcp"],
            "'gcp' is not one of 'aws', 'azure', 'entra', 'hosts'",
        ),
        (None, ["-p", "no-such"], "unknown policy 'no-such'"),
    ],
)
def test_what_cannot_be_printed_is_said(
    command: Command,  # noqa: F811
    configuration: str | None,
    arguments: list[str],
    said: str,
) -> None:
    if configuration:
        command.write("wardround.yaml", configuration)
    result = command("permissions", *arguments)
    assert (result.status, result.out) == (2, "")
    assert said in result.err


def volumes() -> Check:
    return plugins.checks()["encryption.aws.ebs_volumes"]


def test_an_organizations_policy_says_where_it_belongs(command: Command) -> None:  # noqa: F811
    command.write(
        "wardround.yaml",
        "targets:\n  - aws: {name: all, organization: true, role_name: Audit}\npolicies: [./house.yaml]\n",
    )

    result = command("permissions")

    assert json.loads(result.out)["Version"] == "2012-10-17"
    assert "Attach it to Audit in every account." in result.err
    assert "sts:AssumeRole on arn:aws:iam::*:role/Audit, besides." in result.err
