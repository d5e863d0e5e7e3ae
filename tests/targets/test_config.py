from pathlib import Path

import pytest

from scanner.documents import mistakes, parse
from scanner.errors import ScannerError
from scanner.targets import Target
from scanner.targets.accounts import AwsTarget
from scanner.targets.config import SCHEMA, targets
from scanner.targets.host import HostTarget
from scanner.targets.organizations import AwsOrganization
from scanner.targets.subscriptions import AzureGroup, AzureTarget
from scanner.targets.tenants import EntraTarget


def made(text: str, folder: Path) -> list[Target]:
    document = parse(text, "wardround.yaml")
    assert mistakes(document, {"properties": {"targets": {"items": SCHEMA}}}) == []
    return targets(document, document.data["targets"], folder)


def refusal(text: str, folder: Path) -> list[str]:
    with pytest.raises(ScannerError) as caught:
        made(text, folder)
    return list(caught.value.messages)


def test_an_account(tmp_path: Path) -> None:
    role = "arn:aws-us-gov:iam::111122223333:role/audit"
    text = (
        "targets:\n  - aws:\n      name: prod\n      account: '111122223333'\n      profile: p\n"
        f"      role_arn: {role}\n      external_id: x\n      regions: [us-gov-west-1]\n      max_rps: 7.5\n"
    )

    assert made(text, tmp_path) == [
        AwsTarget(
            name="prod",
            account="111122223333",
            profile="p",
            role_arn=role,
            external_id="x",
            max_rps=7.5,
            regions=("us-gov-west-1",),
        )
    ]
    assert made("targets:\n  - aws: {name: a, regions: all}\n", tmp_path) == [AwsTarget(name="a")]


SUBSCRIPTION = "aaaabbbb-1111-2222-3333-ccccddddeeee"


def test_a_subscription(tmp_path: Path) -> None:
    text = (
        f"targets:\n  - azure: {{name: a, subscription: {SUBSCRIPTION}, cloud: AzureChinaCloud}}\n"
        "  - azure:\n      name: own\n      subscription: 00001111-1111-2222-3333-CCCCDDDDEEEE\n"
        "      resource_manager: https://arm.local:8443\n      authority: https://login.local/\n"
    )

    assert made(text, tmp_path) == [
        AzureTarget(name="a", subscription=SUBSCRIPTION, cloud="AzureChinaCloud"),
        AzureTarget(
            name="own",
            subscription="00001111-1111-2222-3333-CCCCDDDDEEEE",
            resource_manager="https://arm.local:8443",
            authority="https://login.local/",
        ),
    ]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (
            "subscription: prod",
            'subscription: "prod": expected a subscription\'s id, as `az account list` shows it',
        ),
        (
            f"subscription: {SUBSCRIPTION}, cloud: Azure",
            'cloud: "Azure" is not one of AzureCloud, AzureUSGovernment, AzureChinaCloud',
        ),
        (
            f"subscription: {SUBSCRIPTION}, authority: 'http://login.local'",
            'authority: "http://login.local": expected an address: https://host',
        ),
        (f"subscription: {SUBSCRIPTION}, secret: x", "unknown key 'secret'"),
        (
            "cloud: AzureCloud",
            "expected a name, and one of subscription, subscriptions and management_group",
        ),
        (
            f"subscription: {SUBSCRIPTION}, subscriptions: all",
            "expected a name, and one of subscription, subscriptions and management_group",
        ),
        ("subscriptions: some", "expected all, or a list of subscriptions' ids"),
        ("subscriptions: [prod]", "expected all, or a list of subscriptions' ids"),
        (
            "management_group: a/b",
            "expected a management group's id, as `az account management-group list` shows it",
        ),
    ],
)
def test_a_subscriptions_mistakes(setting: str, said: str) -> None:
    document = parse(f"targets:\n  - azure: {{name: a, {setting}}}\n", "wardround.yaml")

    (message,) = mistakes(document, {"properties": {"targets": {"items": SCHEMA}}})

    assert said in message


def test_an_organization(tmp_path: Path) -> None:
    text = (
        "targets:\n  - aws: {name: all, organization: true, role_name: audit/Wardround, profile: root,"
        " regions: [us-east-1], external_id: x}\n"
    )

    assert made(text, tmp_path) == [
        AwsOrganization(
            template=AwsTarget(name="all", profile="root", regions=("us-east-1",), external_id="x"),
            role_name="audit/Wardround",
        )
    ]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("organization: true", "expected an account, or organization: true with a role_name"),
        ("role_name: x", "expected an account, or organization: true with a role_name"),
        (
            "organization: true, role_name: x, account: '123456789012'",
            "expected an account, or organization: true with a role_name",
        ),
        ("organization: false, role_name: x", "organization: false: expected true, or leave it out"),
        (
            "organization: true, role_name: 'a b'",
            "expected the name of a role that every account has, as in WardroundAudit",
        ),
    ],
)
def test_an_organizations_mistakes(settings: str, said: str) -> None:
    document = parse(f"targets:\n  - aws: {{name: a, {settings}}}\n", "wardround.yaml")

    (message,) = mistakes(document, {"properties": {"targets": {"items": SCHEMA}}})

    assert said in message


def test_several_subscriptions(tmp_path: Path) -> None:
    other = "00001111-1111-2222-3333-ccccddddeeee"
    text = (
        f"targets:\n  - azure: {{name: two, subscriptions: [{SUBSCRIPTION}, {other}], tenant: {other}}}\n"
        "  - azure: {name: every, subscriptions: all}\n"
        "  - azure: {name: some, management_group: hospital, cloud: AzureUSGovernment}\n"
    )

    assert made(text, tmp_path) == [
        AzureTarget(name=f"two/{SUBSCRIPTION}", subscription=SUBSCRIPTION, tenant=other, group="two"),
        AzureTarget(name=f"two/{other}", subscription=other, tenant=other, group="two"),
        AzureGroup(template=AzureTarget(name="every", subscription="")),
        AzureGroup(
            template=AzureTarget(name="some", subscription="", cloud="AzureUSGovernment"),
            management_group="hospital",
        ),
    ]


def test_a_tenant(tmp_path: Path) -> None:
    text = (
        f"targets:\n  - entra: {{name: a, tenant: {SUBSCRIPTION}, cloud: AzureChinaCloud}}\n"
        "  - entra: {name: b, tenant: 00001111-1111-2222-3333-ccccddddeeee, graph: 'https://graph.local'}\n"
    )

    assert made(text, tmp_path) == [
        EntraTarget(name="a", tenant=SUBSCRIPTION, cloud="AzureChinaCloud"),
        EntraTarget(name="b", tenant="00001111-1111-2222-3333-ccccddddeeee", graph="https://graph.local"),
    ]


def test_an_inventorys_hosts_take_what_is_said_of_all(tmp_path: Path) -> None:
    inventory = tmp_path / "lists" / "hosts.yaml"
    inventory.parent.mkdir()
    inventory.write_text(
        "hosts:\n"
        "  - {name: ehr-1, address: 10.0.0.1, tags: {phi: 'true'}}\n"
        "  - {name: ehr-2, user: root, port: 2222, identity: keys/ehr-2}\n"
    )
    text = (
        "targets:\n  - hosts:\n      name: ehr\n      inventory: lists/hosts.yaml\n      user: audit\n"
        "      identity: keys/audit\n      known_hosts: /etc/known\n      sudo: true\n"
        "      tags: {owner: CMIO}\n"
    )

    assert made(text, tmp_path) == [
        HostTarget(
            name="ehr-1",
            group="ehr",
            address="10.0.0.1",
            user="audit",
            identity=str(tmp_path / "keys/audit"),
            known_hosts="/etc/known",
            sudo=True,
            tags={"owner": "CMIO", "phi": "true"},
        ),
        HostTarget(
            name="ehr-2",
            group="ehr",
            user="root",
            port=2222,
            identity=str(tmp_path / "lists/keys/ehr-2"),
            known_hosts="/etc/known",
            sudo=True,
            tags={"owner": "CMIO"},
        ),
    ]


def test_home_folders_are_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/audit")

    (host,) = made("targets:\n  - hosts: {name: a, identity: ~/.ssh/audit}\n", tmp_path)

    assert host == HostTarget(name="a", identity="/home/audit/.ssh/audit")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "targets:\n  - aws: {name: a}\n  - aws: {name: a}\n",
            "wardround.yaml:3: the name 'a' is configured twice, here and on line 2",
        ),
        (
            "targets:\n  - aws: {name: a}\n  - hosts: {name: a}\n",
            "wardround.yaml:3: the name 'a' is configured twice, here and on line 2",
        ),
        (
            (
                "targets:\n  - aws: {name: a, account: '111122223333'}\n"
                "  - aws: {name: b, account: '111122223333'}\n"
            ),
            "wardround.yaml:3: aws:111122223333 is configured twice, here and on line 2",
        ),
        (
            (
                f"targets:\n  - azure: {{name: a, subscription: {SUBSCRIPTION}}}\n"
                f"  - azure: {{name: b, subscription: {SUBSCRIPTION.upper()}}}\n"
            ),
            f"wardround.yaml:3: azure:{SUBSCRIPTION} is configured twice, here and on line 2",
        ),
        (
            "targets:\n  - hosts: {name: a, inventory: hosts.yaml}\n",
            "{folder}/hosts.yaml:2: the host 'ehr-1' stands twice, here and on line 1",
        ),
    ],
)
def test_nothing_is_looked_at_twice(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "hosts.yaml").write_text("hosts: [{name: ehr-1},\n  {name: ehr-1}]\n")

    assert refusal(text, tmp_path) == [message.format(folder=tmp_path)]


@pytest.mark.parametrize(
    ("inventory", "messages"),
    [
        (None, ["wardround.yaml:2: {path}: No such file or directory: an inventory of hosts"]),
        ("", ["{path}:1: the file is empty"]),
        ("hosts: []\n", ["{path}:1: hosts: [] is empty"]),
        (
            "hosts:\n  - nmae: a\n",
            ["{path}:2: unknown key 'nmae' (did you mean 'name'?)"],
        ),
        (
            "hosts:\n  - name: a\n    prot: 22\n",
            ["{path}:3: unknown key 'prot' (did you mean 'port'?)"],
        ),
        (
            "hosts:\n  - name: a\n    port: 70000\n",
            ["{path}:3: hosts.0.port: 70000: expected a port: 1 to 65535"],
        ),
        ("hosts:\n  - name: 1\n", ["{path}:2: hosts.0.name: 1 is not a string; quote it"]),
        (
            "hosts:\n  - name: a\n    tags: {phi: true}\n",
            [
                (
                    "{path}:3: hosts.0.tags.phi: true is not a string; "
                    "YAML reads a bare yes, no, on or off so: quote it"
                )
            ],
        ),
    ],
)
def test_an_inventorys_mistakes_have_their_line(
    tmp_path: Path, inventory: str | None, messages: list[str]
) -> None:
    path = tmp_path / "hosts.yaml"
    if inventory is not None:
        path.write_text(inventory)

    found = refusal("targets:\n  - hosts: {name: a, inventory: hosts.yaml}\n", tmp_path)

    assert found == [message.format(path=path) for message in messages]


@pytest.mark.parametrize("target", [AwsTarget, AzureTarget, EntraTarget])
def test_every_kind_of_scope_has_threads_of_its_own(
    target: type[AwsTarget | AzureTarget | EntraTarget],
) -> None:
    assert set(target.at_once) == set(target.kinds)
