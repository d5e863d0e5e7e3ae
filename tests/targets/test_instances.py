"""Hosts out of clouds: EC2 by Moto's server, virtual machines by a Resource Manager on loopback."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from scanner.documents import parse
from scanner.errors import ReadError
from scanner.model import Reason
from scanner.targets import Group, config
from scanner.targets.host import HostTarget
from scanner.targets.instances import AwsInstances, Listed
from scanner.targets.unlisted import Closed, Unlisted
from tests import azure
from tests.azure import GROUP, SUBSCRIPTION, Azure
from tests.moto import Moto

DENIED = (
    "403 Forbidden",
    "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></Response>",
)


@pytest.fixture
def server(moto_server: Moto, monkeypatch: pytest.MonkeyPatch) -> Moto:
    moto_server.reset()
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in moto_server.environment.items():
        monkeypatch.setenv(name, value)
    return moto_server


def launch(server: Moto, region: str, **tags: str) -> dict[str, Any]:
    ec2 = boto3.client("ec2", region_name=region, endpoint_url=server.url)
    image = ec2.register_image(Name=f"i-{region}-{len(server.calls)}", RootDeviceName="/dev/xvda")["ImageId"]
    (made,) = ec2.run_instances(
        ImageId=image,
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": key, "Value": tags[key]} for key in tags]}
        ],
    )["Instances"]
    return made


def listing(settings: str, aws: str = "{name: prod, regions: [us-east-1, us-west-2]}") -> Group:
    text = (
        f"targets:\n  - hosts: {{name: ehr, user: audit, tags: {{owner: CMIO}}, aws: {settings}}}\n"
        f"  - aws: {aws}\n"
    )
    document = parse(text, "wardround.yaml")
    found, _ = config.targets(document, document.data["targets"], Path())
    assert isinstance(found, AwsInstances)
    return found


def test_instances_that_run_and_have_the_tags(server: Moto) -> None:
    web = launch(server, "us-east-1", Name="web", role="ehr", phi="true")
    twins = [launch(server, "us-west-2", Name="twin", role="ehr") for _ in range(2)]
    launch(server, "us-east-1", Name="other", role="lab")
    gone = launch(server, "us-east-1", Name="gone", role="ehr")
    ec2 = boto3.client("ec2", region_name="us-east-1", endpoint_url=server.url)
    ec2.stop_instances(InstanceIds=[gone["InstanceId"]])
    server.calls.clear()

    members = listing("{target: prod, tags: {role: ehr}}").members()

    def host(label: str, made: dict[str, Any], **tags: str) -> HostTarget:
        return HostTarget(
            name=f"ehr/{label}",
            group="ehr",
            user="audit",
            address=made["PrivateIpAddress"],
            tags={"role": "ehr", "owner": "CMIO", "instance-id": made["InstanceId"], **tags},
        )

    expected = [
        host("web", web, Name="web", phi="true"),
        *(host(each["InstanceId"], each, Name="twin") for each in twins),
    ]
    assert sorted(members, key=lambda each: each.name) == sorted(expected, key=lambda each: each.name)
    assert [call.what for call in server.calls].count("DescribeInstances") == 2


def test_a_public_address_or_none(server: Moto) -> None:
    made = launch(server, "us-east-1", Name="web")
    public = listing("{target: prod, address: public}").members()
    ec2 = boto3.client("ec2", region_name="us-east-1", endpoint_url=server.url)
    shown = ec2.describe_instances()["Reservations"][0]["Instances"][0].get("PublicIpAddress")

    (host,) = public
    assert made["InstanceId"]
    assert (host.address if isinstance(host, HostTarget) else None) == shown


def test_a_region_that_cannot_be_listed_is_a_part_that_nobody_knows(server: Moto) -> None:
    server.instead["ec2:DescribeInstances"] = DENIED

    members = listing("{target: prod}").members()

    assert [(type(each), each.name) for each in members] == [
        (Unlisted, "ehr/us-east-1"),
        (Unlisted, "ehr/us-west-2"),
    ]
    for each in members:
        assert isinstance(each, Group)
        with pytest.raises(ReadError) as caught:
            each.members()
        assert (caught.value.need, caught.value.reason) == ("ec2:DescribeInstances", Reason.DENIED)


def test_every_account_of_an_organization_is_a_part(server: Moto) -> None:
    client = boto3.client("organizations", endpoint_url=server.url, region_name="us-east-1")
    client.create_organization(FeatureSet="ALL")
    client.create_account(AccountName="lab", Email="lab@example.org")
    launch(server, "us-east-1", Name="web")

    parts = listing(
        "{target: all}", "{name: all, organization: true, role_name: Audit, regions: [us-east-1]}"
    ).members()

    assert all(isinstance(part, Listed) and part.labels == (part.name, "ehr") for part in parts)
    found = {part.name: [each.name for each in part.members()] for part in parts if isinstance(part, Group)}
    assert found == {"ehr/master": ["ehr/master/web"], "ehr/lab": []}


def machine(name: str, tags: dict[str, str], system: str = "Linux") -> list[dict[str, Any]]:
    card = f"{GROUP}/Microsoft.Network/networkInterfaces/{name}-card"
    address = f"{GROUP}/Microsoft.Network/publicIPAddresses/{name}-ip"
    last = sum(name.encode()) % 250
    return [
        {
            "id": f"{GROUP}/Microsoft.Compute/virtualMachines/{name}",
            "name": name,
            "location": "westeurope",
            "tags": tags,
            "properties": {
                "storageProfile": {"osDisk": {"osType": system}},
                "networkProfile": {"networkInterfaces": [{"id": card.upper()}]},
            },
        },
        {
            "id": card,
            "properties": {
                "ipConfigurations": [
                    {
                        "properties": {
                            "primary": True,
                            "privateIPAddress": f"10.0.0.{last}",
                            "publicIPAddress": {"id": address},
                        }
                    }
                ]
            },
        },
        {"id": address, "properties": {"ipAddress": f"192.0.2.{last}"}},
    ]


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Azure]:
    with azure.running(tmp_path) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        server.manager.resources = [
            *machine("Records", {"Role": "ehr", "phi": "true"}),
            *machine("desk", {"role": "ehr"}, "Windows"),
            *machine("lab", {"role": "lab"}),
        ]
        yield server


def machines(server: Azure, settings: str, which: str = f"subscription: {SUBSCRIPTION}") -> Group:
    text = (
        f"targets:\n  - azure: {{name: clinic, {which}, resource_manager: '{server.url}', "
        f"authority: '{server.url}'}}\n  - hosts: {{name: ehr, azure: {settings}}}\n"
    )
    document = parse(text, "wardround.yaml")
    found = config.targets(document, document.data["targets"], Path())[-1]
    assert isinstance(found, Group)
    return found


def test_virtual_machines_that_have_the_tags(cloud: Azure) -> None:
    private = machines(cloud, "{target: clinic, tags: {role: ehr}}").members()
    public = machines(cloud, "{target: clinic, tags: {role: ehr}, address: public}").members()

    resource = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ehr/providers/Microsoft.Compute/virtualMachines"
    records = HostTarget(
        name="ehr/Records",
        group="ehr",
        address=f"10.0.0.{sum(b'Records') % 250}",
        tags={"Role": "ehr", "phi": "true", "instance-id": f"{resource}/records"},
    )
    (desk,) = [each for each in private if isinstance(each, Closed)]
    assert [each for each in private if each is not desk] == [records]
    assert (desk.name, desk.detail) == (
        "ehr/desk",
        "it runs Windows, and hosts are looked at over SSH",
    )
    assert [each.address for each in public if isinstance(each, HostTarget)] == [
        f"192.0.2.{sum(b'Records') % 250}"
    ]


def test_each_subscription_is_a_part(cloud: Azure) -> None:
    (part,) = machines(cloud, "{target: clinic, tags: {role: lab}}", "subscriptions: all").members()

    assert isinstance(part, Group)
    assert part.name == "ehr/clinic"
    assert [each.name for each in part.members()] == ["ehr/clinic/lab"]


def test_machines_that_cannot_be_listed(cloud: Azure) -> None:
    cloud.manager.denied = frozenset({"Microsoft.Network/networkInterfaces/read"})

    with pytest.raises(ReadError) as caught:
        machines(cloud, "{target: clinic}").members()

    assert (caught.value.need, caught.value.reason) == (
        "Microsoft.Network/networkInterfaces/read",
        Reason.DENIED,
    )
