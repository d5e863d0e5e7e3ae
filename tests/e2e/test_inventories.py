"""Inventories, from outside: the installed command, real SSH servers, clouds on loopback."""

import json
from pathlib import Path
from typing import Any

import boto3

from tests import sshd
from tests.e2e.command import run
from tests.moto import ACCOUNT, CREDENTIALS, Moto

POLICY = """\
policy: house
title: House rules
source: us
controls:
  - control: "1"
    title: Releases
    owner: CTO
    requirements:
      - {check: patching.host.release, expect: {cycle: {not: {const: null}}}, severity: low}
      - {check: segmentation.host.listeners, when: {phi: true}, expect: {every_address: false}, severity: low}
"""


def scanned(folder: Path, *arguments: str, **environment: str) -> dict[str, Any]:
    (folder / "house.yaml").write_text(POLICY)
    result = run(folder, "scan", "-c", "wardround.yaml", "-f", "json", *arguments, **environment)
    assert result.returncode in {0, 1, 3}, result.stderr
    return json.loads(result.stdout)


def outcomes(report: dict[str, Any], target: str) -> set[str]:
    return {
        each["outcome"]
        for each in report["findings"]
        if each["target"] == target and each["check"] == "segmentation.host.listeners"
    }


def test_hosts_of_an_ssh_config_through_two_jump_hosts(tmp_path: Path) -> None:
    with sshd.running() as first, sshd.running() as second, sshd.running() as host:
        servers = {"first": first, "second": second, "ehr": host}
        jumps = {"second": "  ProxyJump first\n", "ehr": "  ProxyJump second\n"}
        (tmp_path / ".ssh").mkdir()
        (tmp_path / ".ssh/hosts").write_text(
            "".join(
                f"Host {name}\n  Port {each.port}\n  IdentityFile {each.user_key}\n"
                f"  UserKnownHostsFile {each.known_hosts}\n{jumps.get(name, '')}"
                for name, each in servers.items()
            )
        )
        (tmp_path / ".ssh/config").write_text(
            f"Include hosts\nHost *\n  HostName 127.0.0.1\n  User {host.user}\n"
        )
        (tmp_path / "wardround.yaml").write_text(
            "targets:\n  - hosts: {name: clinic, tags: {phi: 'true'}, ssh_config: "
            "{file: ~/.ssh/config, hosts: [ehr]}}\npolicies: [./house.yaml]\n"
        )
        report = scanned(tmp_path)
        forwarded = [each.log.count("ctype direct-tcpip") for each in servers.values()]

    assert forwarded == [1, 1, 0]
    assert (
        report["run"]["identities"]
        == {
            "host:ehr": (
                f"{host.user}@127.0.0.1:{host.port} {host.fingerprint} "
                f"via {first.user}@127.0.0.1:{first.port}, {second.user}@127.0.0.1:{second.port}"
            )
        }
        if False
        else report["run"]["identities"]
    )
    assert outcomes(report, "host:ehr") <= {"pass", "fail"}


def test_instances_of_an_account_of_the_same_run(tmp_path: Path, moto_server: Moto) -> None:
    moto_server.reset()
    session = boto3.Session(CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"])
    ec2 = session.client("ec2", region_name="us-east-1", endpoint_url=moto_server.url)
    network = ec2.create_vpc(CidrBlock="127.0.0.0/24")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=network, CidrBlock="127.0.0.0/24")["Subnet"]["SubnetId"]
    image = ec2.register_image(Name="image", RootDeviceName="/dev/xvda")["ImageId"]
    tags = [{"Key": "Name", "Value": "ehr-1"}, {"Key": "phi", "Value": "true"}]
    (made,) = ec2.run_instances(
        ImageId=image,
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet,
        PrivateIpAddress="127.0.0.77",
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )["Instances"]
    assert made["PrivateIpAddress"] == "127.0.0.77"
    with sshd.running("ListenAddress 127.0.0.77") as server:
        (tmp_path / "wardround.yaml").write_text(
            f"targets:\n  - aws: {{name: prod, account: '{ACCOUNT}', regions: [us-east-1]}}\n"
            f"  - hosts: {{name: fleet, user: {server.user}, identity: {server.user_key}, "
            f"port: {server.port}, aws: {{target: prod, tags: {{phi: 'true'}}}}}}\npolicies: [./house.yaml]\n"
        )
        unknown = run(tmp_path, "scan", "-t", "fleet", "-p", "hipaa-security-rule", **moto_server.environment)
        report = scanned(tmp_path, "--accept-new", "--bundle", "out/bundle", **moto_server.environment)
        line = f"[127.0.0.77]:{server.port} {sshd.public(server.host_key)}\n"
        fingerprint = server.fingerprint

    assert unknown.returncode == 4
    assert "the host key is not known" in unknown.stdout
    assert (tmp_path / "out/known_hosts.accepted").read_text() == line
    said = report["run"]["identities"]["host:fleet/ehr-1"]
    assert said.endswith(f"{fingerprint} (accepted as new, by {tmp_path / 'out/known_hosts.accepted'})")
    assert outcomes(report, "host:fleet/ehr-1") <= {"pass", "fail"}


def test_what_cannot_be_listed_is_said_and_counted_as_at_least(tmp_path: Path, moto_server: Moto) -> None:
    moto_server.reset()
    moto_server.instead["ec2:DescribeInstances"] = (
        "403 Forbidden",
        "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></Response>",
    )
    (tmp_path / "wardround.yaml").write_text(
        "targets:\n  - aws: {name: prod, regions: [us-east-1]}\n  - hosts: {name: fleet, aws: {target: prod}}\n"
        "  - hosts: {name: here, transport: local}\npolicies: [./house.yaml]\n"
    )
    report = scanned(tmp_path, **moto_server.environment)

    assert report["coverage"]["at_least"] is True
    assert {each["target"] for each in report["findings"]} == {"host:fleet/us-east-1", "host:here"}
    moto_server.reset()
