"""Secrets, from outside: planted wherever a scan comes by, and in nothing that it leaves behind."""

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from scanner import plugins
from tests import planted, sshd
from tests.e2e.command import run
from tests.moto import Moto

PROXY = "proxy-planted-password"
SECRETS = {
    "the secret key of the environment": "EnvKey0123456789abcdefghijPLANTED/+zzzzA",
    "the session token of the environment": "FwoGZXIvYXdzPLANTEDtoken" + "Env9/" * 60,
    "the secret key of the credentials file": "FileKey0123456789abcdefghiPLANTED/+zzzzB",
    "a secret key in an error": "ErrKey0123456789abcdefghijPLANTED/+zzzzC",
    "the proxy's password": PROXY,
    "a signature in an error": "0f3ePLANTEDsignature5d7a",
    "the function's environment": "lambda-planted-value",
    "the database's password": "rds-planted-password-1",
    "user data": "userdata-planted-password",
    "a parameter": "parameter-planted-value",
    "a secret": "secretsmanager-planted-value",
    "a tag that is not allowed": "tag-planted-value",
    "somebody else's variable": "variable-planted-value",
    "the text of a key": "b3BlbnNzaC1rZXktdjEAAAAAPLANTEDkeytext",
    "a passphrase": "planted passphrase",
}
REGION = "us-east-1"
ERROR = (
    "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>{}</Message></Error></ErrorResponse>"
)


def seed(server: Moto) -> None:
    """An account in which secrets lie where accounts have them."""
    server.reset()
    session = boto3.Session("AKIAIOSFODNN7EXAMPLE", "example", region_name=REGION)

    def client(service: str) -> object:
        return session.client(service, endpoint_url=server.url)

    iam, functions, databases, machines = map(client, ("iam", "lambda", "rds", "ec2"))
    trust = {"Version": "2012-10-17", "Statement": []}
    role = iam.create_role(RoleName="f", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    functions.create_function(
        FunctionName="f",
        Runtime="python3.12",
        Role=role,
        Handler="f.f",
        Code={"ZipFile": b"x"},
        Environment={"Variables": {"DB_PASSWORD": SECRETS["the function's environment"]}},
    )
    databases.create_db_instance(
        DBInstanceIdentifier="d",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="root",
        MasterUserPassword=SECRETS["the database's password"],
    )
    image = machines.register_image(Name="base", RootDeviceName="/dev/sda1")["ImageId"]
    (instance,) = machines.run_instances(
        ImageId=image, MinCount=1, MaxCount=1, UserData=f"PASSWORD={SECRETS['user data']}"
    )["Instances"]
    machines.create_tags(
        Resources=[instance["InstanceId"]],
        Tags=[{"Key": "bootstrap-token", "Value": SECRETS["a tag that is not allowed"]}],
    )
    client("ssm").put_parameter(Name="p", Type="SecureString", Value=SECRETS["a parameter"])
    client("secretsmanager").create_secret(Name="s", SecretString=SECRETS["a secret"])


@pytest.fixture
def refusing(moto_server: Moto) -> Iterator[Moto]:
    """The account; some of its answers quote what was sent."""
    seed(moto_server)
    said = (
        f"the key {SECRETS['a secret key in an error']} and x-amz-security-token:"
        f"{SECRETS['the session token of the environment']} in https://x/?X-Amz-Signature="
        f"{SECRETS['a signature in an error']} from http://joe:{PROXY}@proxy"
    )
    for operation in (
        "ec2:DescribeVolumes",
        "ec2:DescribeRegions",
        "rds:DescribeDBClusters",
        "iam:ListUsers",
    ):
        moto_server.instead[operation] = ("403 Forbidden", ERROR.format(said.replace("&", "&amp;")))
    yield moto_server
    moto_server.reset()


def environment(server: Moto, folder: Path) -> dict[str, str]:
    """Credentials everywhere that AWS's tools look, and a proxy with a password."""
    credentials = folder / ".aws" / "credentials"
    credentials.parent.mkdir()
    credentials.write_text(
        f"[audit]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n"
        f"aws_secret_access_key = {SECRETS['the secret key of the credentials file']}\n"
    )
    proxy = server.url.replace("//", f"//joe:{PROXY}@")
    return server.environment | {
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
        "AWS_SECRET_ACCESS_KEY": SECRETS["the secret key of the environment"],
        "AWS_SESSION_TOKEN": SECRETS["the session token of the environment"],
        "HTTP_PROXY": proxy,
        "http_proxy": proxy,
        "UNRELATED_API_KEY": SECRETS["somebody else's variable"],
    }


def left_behind(
    folder: Path, arguments: tuple[str, ...], environ: dict[str, str]
) -> tuple[int, dict[str, bytes]]:
    """How a run ended, and everything that it printed and wrote."""
    result = run(folder, *arguments, **environ)
    kept = {name: held for name, held in planted.files(folder).items() if name.startswith("out/")}
    return result.returncode, kept | {"stdout": result.stdout.encode(), "stderr": result.stderr.encode()}


@pytest.mark.parametrize("target", ["name: env", "name: file, profile: audit"])
def test_an_account(tmp_path: Path, refusing: Moto, target: str) -> None:
    (tmp_path / "wardround.yaml").write_text(
        f"targets:\n  - aws: {{{target}, regions: [{REGION}]}}\n  - hosts: {{name: here, transport: local}}\n"
        "policies: [hipaa-security-rule]\n"
    )
    formats = [part for name in plugins.reporters() for part in ("-f", f"{name}=out/{name}")]

    status, left = left_behind(
        tmp_path,
        ("scan", *formats, "--bundle", "out/bundle", "--log-format", "json"),
        environment(refusing, tmp_path),
    )

    assert status == 1
    assert b"[redacted]" in left["out/text"]
    assert b"SignatureDoesNotMatch" in left["out/json"]
    assert sum(map(len, json.loads(left["out/bundle/manifest.json"])["parts"].values())) > 30
    assert planted.found(SECRETS, left) == []


@pytest.mark.parametrize("command", ["scan", "collect"])
def test_credentials_that_are_refused(tmp_path: Path, refusing: Moto, command: str) -> None:
    said = f"{SECRETS['a secret key in an error']} {SECRETS['the session token of the environment']}"
    refusing.instead["sts:GetCallerIdentity"] = ("403 Forbidden", ERROR.format(said))
    (tmp_path / "wardround.yaml").write_text("targets: [{aws: {name: a}}]\npolicies: [hipaa-security-rule]\n")

    status, left = left_behind(tmp_path, (command, "--bundle", "out/bundle"), environment(refusing, tmp_path))

    assert status == 4
    assert planted.found(SECRETS, left) == []


def test_an_sdk_that_runs_a_program_for_credentials(tmp_path: Path, refusing: Moto) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho 'failed: password={SECRETS['a passphrase']}' >&2\nexit 1\n")
    program.chmod(0o700)
    environ = environment(refusing, tmp_path)
    (tmp_path / ".aws" / "config").write_text(f"[profile p]\ncredential_process = {program}\n")
    environ["AWS_CONFIG_FILE"] = str(tmp_path / ".aws" / "config")
    (tmp_path / "wardround.yaml").write_text(
        "targets: [{aws: {name: a, profile: p}}]\npolicies: [hipaa-security-rule]\n"
    )

    status, left = left_behind(tmp_path, ("scan", "-f", "text", "--bundle", "out/bundle"), environ)

    assert status == 4
    assert b"custom-process" in left["stdout"]
    assert planted.found(SECRETS, left) == []


@pytest.mark.parametrize("form", ["garbled", "locked", "good"])
def test_a_host(tmp_path: Path, form: str) -> None:
    secrets = dict(SECRETS)
    with sshd.running() as server:
        key = server.user_key
        if form == "garbled":
            key = tmp_path / "key"
            text = SECRETS["the text of a key"]
            key.write_text(
                f"-----BEGIN OPENSSH PRIVATE KEY-----\n{text}\n-----END OPENSSH PRIVATE KEY-----\n"
            )
        elif form == "locked":
            key = tmp_path / "key"
            sshd.keygen(key, "-N", SECRETS["a passphrase"])
        secrets["the key"] = "".join(key.read_text().splitlines()[1:-1])[-60:-4]
        login = f"address: {server.address}, port: {server.port}, user: {server.user}"
        (tmp_path / "wardround.yaml").write_text(
            f"targets:\n  - hosts: {{name: a, {login}, identity: {key}, known_hosts: {server.known_hosts}}}\n"
            "policies: [hipaa-security-rule]\n"
        )
        status, left = left_behind(
            tmp_path,
            ("scan", "-f", "text", "-f", "json=out/json", "-f", "html=out/html", "--bundle", "out/bundle"),
            {"SSH_KEY_PASSPHRASE": SECRETS["a passphrase"], "TOKEN": SECRETS["somebody else's variable"]},
        )

    assert (status == 4) is (form != "good")
    assert planted.found(secrets, left) == []
