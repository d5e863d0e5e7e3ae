"""The configuration: found, read, and what is said of its mistakes."""

from pathlib import Path

import pytest

from scanner.cli.configuration import load, named
from scanner.errors import ScannerError
from scanner.model import Location
from scanner.targets.accounts import AwsTarget
from scanner.targets.host import HostTarget
from tests.cli.command import POLICY

WHOLE = """\
targets:
  - aws: {name: prod, account: "111122223333", regions: [us-east-1]}
  - hosts: {name: here, transport: local}
policies: [./house.yaml]
fail_on: low
allowed_tags: [PHI, Team]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A work tree with a policy, and where we are."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "house.yaml").write_text(POLICY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(folder: Path, text: str, policies: tuple[str, ...] = ()) -> list[str]:
    (folder / "wardround.yaml").write_text(text)
    with pytest.raises(ScannerError) as caught:
        load(None, policies)
    return list(caught.value.messages)


def test_a_whole_configuration(folder: Path) -> None:
    (folder / "wardround.yaml").write_text(WHOLE)

    read = load(None, ())

    assert read.targets == (
        AwsTarget(name="prod", account="111122223333", regions=("us-east-1",)),
        HostTarget(name="here", transport="local"),
    )
    assert [file.policy.policy for file in read.grounds.policies] == ["house"]
    assert read.grounds.policies[0].policy.file == "house.yaml"
    assert read.grounds.policies[0].policy.configured_at == Location(file="wardround.yaml", line=4)
    assert read.fail_on == "low"
    assert read.allowed_tags == {"phi", "team"}


def test_what_is_not_said_has_a_default(folder: Path) -> None:
    (folder / "wardround.yaml").write_text("targets: [{aws: {name: a}}]\n")

    read = load(None, ("house.yaml",))

    assert read.fail_on == "high"
    assert "phi" in read.allowed_tags
    assert read.grounds.policies[0].policy.configured_at is None


def test_policies_of_the_command_line_come_instead_of_the_files(folder: Path) -> None:
    (folder / "other.yaml").write_text(POLICY.replace("policy: house", "policy: other"))
    (folder / "wardround.yaml").write_text(WHOLE)

    assert [file.policy.policy for file in load(None, ("other.yaml",)).grounds.policies] == ["other"]


def test_the_nearest_is_found_up_to_the_work_trees_root(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "wardround.yaml").write_text(WHOLE)
    deep = folder / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)

    assert load(None, ()).fail_on == "low"


def test_beyond_the_work_tree_nothing_is_looked_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "wardround.yaml").write_text(WHOLE)
    inner = folder / "inner"
    (inner / ".git").mkdir(parents=True)
    monkeypatch.chdir(inner)

    with pytest.raises(ScannerError) as caught:
        load(None, ())

    assert str(caught.value) == (
        f"no wardround.yaml here or above, up to {inner}: write one, or name one with -c"
    )


def test_paths_are_from_the_configurations_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "wardround.yaml").write_text(WHOLE)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    assert load(folder / "wardround.yaml", ()).grounds.policies[0].policy.policy == "house"
    with pytest.raises(ScannerError):
        load(folder / "wardround.yaml", ("house.yaml",))


AWS = "targets:\n  - aws: {name: a}\n"


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("", ["wardround.yaml:1: the file is empty"]),
        ("policies: [house.yaml]\n", ["wardround.yaml:1: the file: 'targets' is missing"]),
        ("targets: []\n", ["wardround.yaml:1: targets: [] is empty"]),
        (AWS, ["wardround.yaml:1: no policy: give policies: here, or -p on the command line"]),
        (
            AWS + "polices: [x]\n",
            ["wardround.yaml:3: unknown key 'polices' (did you mean 'policies'?)"],
        ),
        (
            AWS + "fail_on: hihg\n",
            [
                (
                    'wardround.yaml:3: fail_on: "hihg" is not one of critical, high, medium, low, any, none '
                    "(did you mean 'high'?)"
                )
            ],
        ),
        (
            AWS + "fail_on: no\n",
            ["wardround.yaml:3: fail_on: false is not one of critical, high, medium, low, any, none"],
        ),
        (
            "targets:\n  - aws:\n      name: a\n      account: 111122223333\n",
            ["wardround.yaml:4: targets.0.aws.account: 111122223333 is not a string; quote it"],
        ),
        (
            "targets:\n  - aws: {name: a, account: '1111'}\n",
            ['wardround.yaml:2: targets.0.aws.account: "1111": expected an account id: twelve digits'],
        ),
        (
            "targets:\n  - aws:\n      name: a\n      regoins: all\n",
            ["wardround.yaml:4: unknown key 'regoins' (did you mean 'regions'?)"],
        ),
        (
            "targets:\n  - aws:\n      name: a\n      regions: us-east-1\n",
            ['wardround.yaml:4: targets.0.aws.regions: "us-east-1": expected all, or a list of regions'],
        ),
        (
            "targets:\n  - aws:\n      name: a\n      role_arn: audit\n",
            [
                (
                    'wardround.yaml:4: targets.0.aws.role_arn: "audit": '
                    "expected a role's ARN, as in arn:aws:iam::111122223333:role/audit"
                )
            ],
        ),
        ("targets:\n  - aws: {}\n", ["wardround.yaml:2: targets.0.aws: 'name' is missing"]),
        (
            "targets:\n  - asw: {name: a}\n",
            ["wardround.yaml:2: unknown key 'asw' (did you mean 'aws'?)"],
        ),
        (
            "targets:\n  - hosts: {name: a, sudo: 'yes'}\n",
            [
                (
                    'wardround.yaml:2: targets.0.hosts.sudo: "yes": expected true, false, '
                    "or some of user, password_env and password"
                )
            ],
        ),
        (
            "targets:\n  - hosts: {name: a, transport: telnet}\n",
            ['wardround.yaml:2: targets.0.hosts.transport: "telnet" is not one of ssh, local'],
        ),
        (
            AWS + "  - aws: {name: a}\npolicies: [house.yaml]\n",
            ["wardround.yaml:3: the name 'a' is configured twice, here and on line 2"],
        ),
        (
            AWS + "policies:\n  - house.yaml\n  - hipaa-securty-rule\n",
            [
                "wardround.yaml:5: unknown policy 'hipaa-securty-rule' (did you mean 'hipaa-security-rule'?)",
            ],
        ),
        (
            AWS + "policies: [house.yaml, house.yaml]\n",
            ["house.yaml:1: policy 'house' is named twice, here and in house.yaml"],
        ),
    ],
)
def test_mistakes_are_said_with_their_line(folder: Path, text: str, messages: list[str]) -> None:
    assert said(folder, text) == messages


def test_a_policys_mistakes_are_its_own(folder: Path) -> None:
    (folder / "house.yaml").write_text(POLICY.replace("owner: CTO", "ownr: CTO"))

    assert said(folder, WHOLE) == [
        "house.yaml:7: unknown key 'ownr' (did you mean 'owner'?)",
    ]


def test_shipped_policies_have_names_and_others_paths(folder: Path) -> None:
    (folder / "hipaa-security-rule").write_text("this is no policy")

    (shipped,) = named(["hipaa-security-rule"])

    assert shipped.policy.policy == "hipaa-security-rule"
    assert shipped.document.name == "hipaa-security-rule.yaml"
