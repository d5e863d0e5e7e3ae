"""Secrets: what a scan comes by is in no record, no detail, no traceback and no `repr`."""

import gzip
import io
import re
import string
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import botocore.exceptions
import botocore.model
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner import plugins, testing
from scanner.declaration import Check
from scanner.errors import ReadError
from scanner.facts import Facts
from scanner.model import Reason, Scope
from scanner.observe import Place
from scanner.plain import as_json
from scanner.redact import GONE, redacted
from scanner.targets import aws, operations
from scanner.targets.accounts import AwsTarget
from scanner.targets.aws import Aws
from scanner.targets.boto import translated
from scanner.targets.host import Host, HostSession, Output, Probe
from scanner.targets.keys import Keys
from scanner.targets.login import Login
from scanner.targets.probe import sanitised
from tests import planted
from tests.cli.command import POLICY, Command
from tests.judging import AT
from tests.moto import Moto
from tests.worlds import CHECKS

KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYPLANTEDKEY"
TOKEN = "FwoGZXIvYXdzEPLANTED" + "aB3/" * 40
PEM = (
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEPLANTED\nAAAA\n-----END OPENSSH PRIVATE KEY-----"
)
HASH = "$6$c2FsdA$Q9pLANTEDxYz0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ/."
WORD = "hunter2-planted"

SAID = [
    (f"http://joe:{WORD}@proxy:3128 refused", f"http://joe:{GONE}@proxy:3128 refused"),
    (f"https://x/?X-Amz-Signature={WORD}&X-Amz-Date=1", f"https://x/?X-Amz-Signature={GONE}&X-Amz-Date=1"),
    (f"?X-Amz-Security-Token={TOKEN}&a=b", f"?X-Amz-Security-Token={GONE}&a=b"),
    (f"x-amz-security-token:{TOKEN}\n", f"x-amz-security-token:{GONE}\n"),
    (f"key {KEY} is wrong", f"key {GONE} is wrong"),
    (f"the token '{TOKEN}'.", f"the token '{GONE}'."),
    (f'{{"SecretAccessKey": "{KEY}"}}', f'{{"SecretAccessKey": {GONE}}}'),
    (f'action(type="omfwd" password="{WORD} x")', f'action(type="omfwd" password={GONE})'),
    (f"MasterUserPassword={WORD}&x=1", f"MasterUserPassword={GONE}&x=1"),
    (f"password: {WORD} tail", f"password: {GONE} tail"),
    (f"Authorization: Bearer {WORD}", f"Authorization: Bearer {GONE}"),
    (f"root:{HASH}:19000:0", f"root:{GONE}:19000:0"),
    (f"before {PEM} after", f"before {GONE} after"),
    (f"cut short {PEM[:60]}", f"cut short {GONE}"),
]
KEPT = [
    "ExpiredToken: The security token included in the request is expired",
    "InvalidClientTokenId: the key AKIAIOSFODNN7EXAMPLE is not known",
    "AccessDenied: User: arn:aws:iam::111122223333:user/x may not perform: s3:ListAllMyBuckets",
    "the host key changed: SHA256:uNiVztksCsDhcc0u9e8BgrJXVGDzW7hJ8Xy6nW7nFzA",
    "sudo: a password is required",
    "audit was not let in: Permission denied (publickey,password).",
    "e83c5163316f89bfbde7d9ab23ca2e25604af290 is a commit",
    "/aws/lambda/a-function-of-a-long-name/with-a-path-that-is-long-enough-to-be-taken-for-a-token-by-mistake-x",
    "secret, token and signature are words",
]


@pytest.mark.parametrize(("said", "kept"), SAID)
def test_what_looks_like_a_secret_is_taken_out(said: str, kept: str) -> None:
    assert redacted(said) == kept


@pytest.mark.parametrize("said", KEPT)
def test_what_explains_stays(said: str) -> None:
    assert redacted(said) == said


KEYS = st.text(string.ascii_letters + string.digits + "+/", min_size=40, max_size=40).filter(
    lambda key: re.search("[A-Z]", key) and re.search("[a-z]", key) and re.search("[0-9]", key)
)


@given(before=st.text(), key=KEYS, after=st.text())
def test_a_key_is_taken_out_wherever_it_stands(before: str, key: str, after: str) -> None:
    assert key not in redacted(f"{before} {key} {after}")
    assert redacted(redacted(f"{before} {key}")) == redacted(f"{before} {key}")


@pytest.mark.parametrize(
    "piece", ["token", "a", "://", "password=", "-----BEGIN ", "aB1", '"', "token ", "=", "$6$"]
)
def test_it_is_quick_whatever_is_said(piece: str) -> None:
    started = time.monotonic()
    redacted(piece * (300_000 // len(piece)))
    assert time.monotonic() - started < 5


SECRETS = {"key": KEY, "token": TOKEN, "pem": PEM.splitlines()[1], "hash": HASH[10:], "word": WORD}


def told(said: str) -> bytes:
    return str(ReadError(need="x", reason=Reason.FAILED, detail=said, mend="y")).encode()


@pytest.mark.parametrize(
    "error",
    [
        botocore.exceptions.ProxyConnectionError(proxy_url=f"http://joe:{WORD}@proxy:1", error=OSError(KEY)),
        botocore.exceptions.EndpointConnectionError(
            endpoint_url=f"https://x/?X-Amz-Signature={WORD}", error=""
        ),
        botocore.exceptions.CredentialRetrievalError(
            provider="custom-process", error_msg=f'{{"SecretAccessKey": "{KEY}", "SessionToken": "{TOKEN}"}}'
        ),
        botocore.exceptions.ClientError(
            {
                "Error": {
                    "Code": "SignatureDoesNotMatch",
                    "Message": f"{'x' * 270} {KEY} x-amz-security-token:{TOKEN}",
                }
            },
            "DescribeVolumes",
        ),
        botocore.exceptions.ReadTimeoutError(endpoint_url=f"https://joe:{WORD}@x/", error=""),
        botocore.exceptions.SSLError(endpoint_url=f"https://x/?token={TOKEN}", error=PEM),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_an_sdk_raises(error: Exception) -> None:
    refusal = translated("ec2:DescribeVolumes", "us-east-1", error)

    places = {
        "detail": refusal.detail.encode(),
        "str": str(refusal).encode(),
        "again": repr(refusal.again()).encode(),
    }
    assert planted.found(SECRETS, places) == []
    # A secret that is cut in two would look like none.
    assert not any(secret[:12] in refusal.detail for secret in SECRETS.values())


@pytest.mark.parametrize("said", [said for said, _ in SAID])
def test_what_a_host_prints(said: str) -> None:
    places = {"sanitised": sanitised(said.encode()).encode(), "refusal": told(said)}
    assert planted.found(SECRETS, places) == []


def records(check: Check, world: Mapping[str, Any]) -> bytes:
    """Everything that a check's run leaves behind."""
    with ThreadPoolExecutor(2) as leaves:
        view = testing._view(check, world, frozenset(), leaves)  # noqa: SLF001 - as the collector sees it
        place = Place("a.b.c", "t", Scope(name="s", on=check.on.__name__), lambda: AT)
        return b"\n".join(as_json(entry) for entry in place.entries(check, view))


CANARY = "Canary1planted"
_NAMED = re.compile(
    r"password|secret|token$|userdata|environment|privatekey|credential|connectionstring", re.IGNORECASE
)
_FRAME = re.compile(
    r"^(next)?(token|marker)$|^next|^mfa|kms|lastused|passwordlast|passwordenabled", re.IGNORECASE
)


def stuffed(shape: botocore.model.Shape, value: Any, put: list[str]) -> Any:
    """An answer to which everything is added that AWS documents and that is, or may hold, a secret."""
    if shape.type_name == "list":
        return [stuffed(shape.member, member, put) for member in value]
    if shape.type_name == "structure":
        more = {
            name: filled(member)
            for name, member in shape.members.items()
            if name not in value
            and not _FRAME.search(name)
            and (_NAMED.search(name) or member.metadata.get("sensitive"))
        }
        put += [name for name, member in more.items() if CANARY in str(member)]
        return {name: stuffed(shape.members[name], member, put) for name, member in value.items()} | more
    return value


def filled(shape: botocore.model.Shape, depth: int = 0) -> Any:
    """A value of a shape, with the canary wherever there is text."""
    deeper = depth < 3
    plain = {"boolean": False, "timestamp": AT, "blob": CANARY.encode(), "string": f"{CANARY}{KEY}"}
    match shape.type_name:
        case "structure":
            return {name: filled(member, depth + 1) for name, member in shape.members.items() if deeper}
        case "list":
            return [filled(shape.member, depth + 1)] if deeper else []
        case "map":
            return {f"DB_PASSWORD_{CANARY}": filled(shape.value, depth + 1)} if deeper else {}
    return plain.get(shape.type_name, 1)


def planted_world(check: Check, put: list[str]) -> dict[str, Any]:
    return {need: _answer(need, answer, put) for need, answer in testing.WORLDS[check].items()}


def _answer(need: str, answer: Any, put: list[str]) -> Any:
    if callable(answer):
        return lambda **parameters: _answer(need, answer(**parameters), put)
    if isinstance(answer, list):
        return [_answer(need, page, put) for page in answer]
    return stuffed(operations.model(need).output_shape, answer, put) if isinstance(answer, dict) else answer


ON_AWS = {name: check for name, check in CHECKS.items() if issubclass(check.on, Aws)}
ON_HOSTS = {name: check for name, check in CHECKS.items() if issubclass(check.on, Host)}


@pytest.mark.parametrize("name", ON_AWS)
def test_what_aws_answers_besides_is_not_kept(name: str) -> None:
    check = ON_AWS[name]
    world = planted_world(check, [])

    kept = records(check, world)

    assert kept == records(check, testing.WORLDS[check])
    assert CANARY.encode() not in kept


def test_something_was_planted() -> None:
    put: list[str] = []
    for check in ON_AWS.values():
        records(check, planted_world(check, put))

    assert {"MasterUserPassword", "MasterUserSecret", "Environment"} & set(put)
    assert len(put) > 10


HOST_LINES = f"""
root:{HASH}:19700:0:99999:7:::
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{CANARY} joe@laptop-{CANARY}
action(type="omfwd" target="10.0.0.9" template="x" password="{CANARY}")
$ActionSendStreamDriverPassword {CANARY}
export AWS_SECRET_ACCESS_KEY={KEY}
{PEM}
"""


@pytest.mark.parametrize("name", ON_HOSTS)
@pytest.mark.parametrize("status", [0, 1, 2])
def test_what_a_host_answers_besides_is_not_kept(name: str, status: int) -> None:
    check = ON_HOSTS[name]
    answers = {
        need: replace(
            answer if isinstance(answer, Output) else Output(0, answer),
            status=status,
            text=(answer.text if isinstance(answer, Output) else answer) + HOST_LINES,
            errors=f"line 3: password={CANARY} {KEY}\nroot:{HASH}:1\n",
        )
        for need, answer in testing.WORLDS[check].items()
    }

    kept = records(check, answers)

    # Where a status says that a host has no such thing, nothing is said of it.
    assert kept or status
    secrets = SECRETS | {"canary": CANARY}
    assert planted.found(secrets, {"records": kept}) == []


def test_a_check_with_a_bug_says_where_and_not_what() -> None:
    check = next(iter(ON_HOSTS.values()))

    def broken(view: Host) -> Iterator[Facts]:
        password = WORD
        raise RuntimeError(f"{view} {KEY} {password}")
        yield

    kept = records(replace(check, function=broken), testing.WORLDS[check])

    assert b"RuntimeError at test_secrets.py:" in kept
    assert planted.found(SECRETS, {"records": kept}) == []


@pytest.mark.parametrize("chained", [False, True])
def test_a_bug_elsewhere_shows_no_values(
    command: Command, monkeypatch: pytest.MonkeyPatch, *, chained: bool
) -> None:
    def broken(*_: object) -> None:
        token = TOKEN
        raise RuntimeError(f"http://joe:{WORD}@x {KEY} {token}") from (
            ValueError(f"{PEM} {HASH}") if chained else None
        )

    monkeypatch.setattr(plugins, "checks", broken)

    result = command("policy", "lint", "house.yaml")

    assert result.status == 70
    assert "Traceback (most recent call last):" in result.err
    assert f"RuntimeError: http://joe:{GONE}@x {GONE} {GONE}" in result.err
    assert (f"ValueError: {GONE} {GONE}" in result.err) is chained
    assert planted.found(SECRETS, {"err": result.err.encode()}) == []


@pytest.fixture
def command(tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    made = Command(tmp_path, monkeypatch, capsys)
    made.write("house.yaml", POLICY)
    return made


def test_what_is_entered_shows_nothing(
    moto_server: Moto, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    for name, value in moto_server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    target = AwsTarget(name="prod", regions=("us-east-1",))
    session = target.enter({})
    view = session.view(
        session.scopes[0], next(check for check in ON_AWS.values() if check.on is aws.AwsAccount)
    )
    probe = Probe({"cat /etc/shadow": Output(0, HASH, WORD)}, frozenset({"cat"}))
    host = HostSession(id="host:a", name="a", identity="root@a", tags={}, probe=probe)
    (tmp_path / "key").write_text(PEM)
    keys = Keys(Login("ehr-1", identity=(str(tmp_path / "key"),)))
    with pytest.raises(ReadError) as refused:
        keys.all()
    shown = io.StringIO()
    for thing in (
        target,
        session,
        session.account,
        session.account.memo,
        session.account.caller,
        view,
        host,
        keys,
    ):
        print(repr(thing), str(thing), file=shown)
    print(Login("a", identity=(str(tmp_path / "key"),), connect_seconds=1), refused.value, probe, file=shown)
    session.close()

    assert planted.found(SECRETS, {"shown": shown.getvalue().encode()}) == []


def test_the_search_finds() -> None:
    packed = b64encode(b"x" * 301 + KEY.encode())
    places = {
        "plain": f"a{KEY}b".encode(),
        "base64": b"in " + packed,
        "nothing": b"x",
        "part": gzip.compress(KEY.encode()),
    }

    assert sorted(set(planted.found({"key": KEY}, places))) == [
        ("key", place) for place in ("base64", "part", "plain")
    ]
