"""What is shared between botocore's clients changes nothing but how long it takes."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import botocore.args
import botocore.client
import botocore.endpoint
import botocore.endpoint_provider
import botocore.httpsession
import botocore.regions
import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import UnknownServiceError
from botocore.parsers import ResponseParserFactory
from botocore.utils import parse_timestamp
from hypothesis import given
from hypothesis import strategies as st
from moto.core.serialize import SERIALIZERS, get_serializer_class
from moto.core.utils import get_service_model

from scanner.errors import ReadError
from scanner.model import Reason
from scanner.plugins import checks
from scanner.targets import operations, quick
from scanner.targets.aws import Aws
from scanner.targets.boto import Boto
from scanner.targets.quick.loader import Models, share
from scanner.targets.quick.parsers import moment
from tests.tls import Authority, serving

NEEDS = sorted({need for check in checks().values() if issubclass(check.on, Aws) for need in check.needs})
AT = datetime(2026, 11, 1, 3, 4, 5, tzinfo=UTC)
REGIONS = ("us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1")
IDENTITY = b"""<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials of nobody, and nothing that the machine has configured."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")


@pytest.fixture
def stock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Botocore as it is, whatever was shared before."""
    creator = next(
        each for each in botocore.client.ClientCreator.__mro__ if each.__module__ == "botocore.client"
    )
    monkeypatch.setattr(botocore.client, "ClientCreator", creator)
    monkeypatch.setattr(botocore.regions, "EndpointProvider", botocore.endpoint_provider.EndpointProvider)
    monkeypatch.setattr(botocore.args, "EndpointCreator", botocore.endpoint.EndpointCreator)
    monkeypatch.setattr(botocore.args, "EndpointRulesetResolver", botocore.regions.EndpointRulesetResolver)


def session() -> Any:
    made = botocore.session.Session()
    made.register_component("data_loader", operations.models())
    return made


def client(service: str, region: str = "us-east-1", of: Any = None, **config: Any) -> Any:
    return quick.create_client(of or session(), service, region, Config(**config))


def sending(made: Any) -> Any:
    return made._endpoint.http_session  # noqa: SLF001 - there is no other way to it


# -- answers -----------------------------------------------------------------------------------------------


def test_this_botocore_is_one_that_was_tested() -> None:
    assert quick.tested()


MOMENTS = st.one_of(
    st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2037, 1, 1)).flatmap(  # noqa: DTZ001
        lambda naive: st.sampled_from(
            [
                naive.strftime("%Y-%m-%dT%H:%M:%SZ"),
                naive.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                naive.strftime("%Y-%m-%dT%H:%M:%S.123Z"),
                naive.strftime("%Y-%m-%dT%H:%M:%S.1Z"),
                naive.strftime("%Y-%m-%dT%H:%M:%S+0000"),
                naive.replace(tzinfo=timezone(timedelta(hours=-7))).isoformat(),
                naive.replace(tzinfo=UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"),
                str(int(naive.replace(tzinfo=UTC).timestamp())),
            ]
        )
    ),
    st.integers(min_value=-(2**31), max_value=2**37),
    st.floats(min_value=-(2**31), max_value=2**37, allow_nan=False),
)


@given(MOMENTS)
def test_moments_are_those_that_botocore_reads(value: Any) -> None:
    told = moment(value)

    assert told == parse_timestamp(value)
    assert told.utcoffset() is not None


@pytest.mark.parametrize("value", ["2026-13-01T00:00:00Z", "soon", "2026-02-30T00:00:00Z"])
def test_what_is_no_moment_is_none(value: str) -> None:
    with pytest.raises(ValueError, match="Invalid timestamp"):
        parse_timestamp(value)
    with pytest.raises(ValueError, match="Invalid timestamp"):
        moment(value)


def full(shape: Any, depth: int = 0) -> Any:
    """Something of a shape in which everything is said, to some depth."""
    if shape.type_name == "structure":
        members = list(shape.members.items())
        if getattr(shape, "is_tagged_union", False):
            members = members[:1]
        elif depth >= 6:
            members = []
        return {name: full(member, depth + 1) for name, member in members}
    if shape.type_name == "list":
        return [full(shape.member, depth + 1) for _ in range(2)]
    if shape.type_name == "map":
        return {"a": full(shape.value, depth + 1), "b": full(shape.value, depth + 1)}
    plain = {"boolean": True, "timestamp": AT, "blob": b"\x00clinic", "string": "räksmörgås <&>"}
    numbers = {"float": 1.5, "double": 1.5, "integer": 7, "long": 2**40}
    return (plain | numbers)[shape.type_name]


def answer(need: str) -> dict[str, Any]:
    """An answer that says everything, as botocore's parsers take it."""
    service, _, operation = need.partition(":")
    model = get_service_model(service).operation_model(operation)
    protocol = operations.model(need).service_model.resolved_protocol
    said = get_serializer_class(service, protocol)(model).serialize(full(model.output_shape))
    body = said["body"]
    return {
        "status_code": said["status_code"],
        "headers": {name.lower(): str(value) for name, value in said["headers"].items()},
        "body": body.encode() if isinstance(body, str) else body,
        "context": {"operation_name": operation},
    }


@pytest.mark.parametrize(
    "need",
    [need for need in NEEDS if operations.model(need).service_model.resolved_protocol in SERIALIZERS],
)
def test_answers_are_understood_as_botocore_does(need: str) -> None:
    model = operations.model(need)
    made = session()
    with closing(client(model.service_model.service_name, of=made)):
        ours = made.get_component("response_parser_factory")
    protocol = model.service_model.resolved_protocol
    told = ResponseParserFactory().create_parser(protocol).parse(answer(need), model.output_shape)

    assert ours.create_parser(protocol).parse(answer(need), model.output_shape) == told
    assert len(told) > 1
    assert ours.create_parser(protocol) is ours.create_parser(protocol)


def reached(shape: Any, seen: set[str]) -> Any:
    """All of a shape, but for its prose, as plain as it can be compared."""
    if shape is None or shape.name in seen:
        return shape and shape.name
    seen = seen | {shape.name}
    told = {"name": shape.name, "type": shape.type_name, "said": shape.serialization, "more": shape.metadata}
    if shape.type_name == "structure":
        told["members"] = {name: reached(member, seen) for name, member in shape.members.items()}
    if shape.type_name == "list":
        told["member"] = reached(shape.member, seen)
    if shape.type_name == "map":
        told["key"], told["value"] = reached(shape.key, seen), reached(shape.value, seen)
    return told


@pytest.mark.parametrize("service", sorted({need.partition(":")[0] for need in NEEDS}))
def test_of_what_is_read_everything_is_known(service: str) -> None:
    ours = operations.model(by_service()[service]).service_model
    stock = botocore.session.Session().get_service_model(service)
    named = {need.partition(":")[2] for need in NEEDS if need.partition(":")[0] == service}

    assert ours.metadata == stock.metadata
    assert {shape.name for shape in ours.error_shapes} == {shape.name for shape in stock.error_shapes}
    assert named <= set(ours.operation_names) < set(stock.operation_names) or service == "sts"
    for name in named:
        one, other = ours.operation_model(name), stock.operation_model(name)
        assert reached(one.input_shape, set()) == reached(other.input_shape, set())
        assert reached(one.output_shape, set()) == reached(other.output_shape, set())
        assert [each.name for each in one.error_shapes] == [each.name for each in other.error_shapes]
        # Botocore writes down there what it found out, when it asks.
        assert unasked(one.http) == unasked(other.http)


def unasked(http: dict[str, str]) -> dict[str, str]:
    return {**http, "authPath": "", "requestUri": http["requestUri"].replace("/{Bucket}", "")}


# -- questions ---------------------------------------------------------------------------------------------


class Heard:
    """What would have been sent."""

    def __init__(self, made: Any) -> None:
        self.requests: list[Any] = []
        made.meta.events.register_last("before-send", self.sending)

    def sending(self, request: Any, **_: Any) -> AWSResponse:
        self.requests.append(request)

        class Raw:
            def stream(self, **_: Any) -> Iterator[bytes]:
                yield b""

        return AWSResponse(request.url, 500, {}, Raw())


VARIES = {"x-amz-date", "amz-sdk-invocation-id", "user-agent"}


def sent(need: str, region: str, made_for: str | None = None) -> list[Any]:
    """The request for an operation, but for what differs from one moment to the next."""
    service, _, operation = need.partition(":")
    shape = operations.model(need).input_shape
    given = {name: full(shape.members[name]) for name in shape.required_members} if shape else {}
    given = {name: "a1-b2" if isinstance(value, str) else value for name, value in given.items()}
    given |= {"AccountId": "123456789012"} if service == "s3control" else {}
    once = {"mode": "standard", "total_max_attempts": 1}
    with closing(client(service, made_for or region, parameter_validation=False, retries=once)) as made:
        heard = Heard(made)
        at = quick.place(made, region) if made_for else None
        assert bool(at) is (bool(made_for) and service not in {"s3", "s3control", "sts"})
        with (
            quick.Asking(at),
            pytest.raises(botocore.exceptions.ClientError),
        ):
            getattr(made, botocore.xform_name(operation))(**given)
    return [
        (
            request.method,
            request.url,
            request.body,
            {
                name.lower(): re.sub(
                    r"Signature=\w+|/\d{8}/", "", value if isinstance(value, str) else value.decode()
                )
                for name, value in request.headers.items()
                if name.lower() not in VARIES
            },
        )
        for request in heard.requests
    ]


def by_service() -> dict[str, str]:
    return {need.partition(":")[0]: need for need in NEEDS}


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("need", by_service().values(), ids=by_service())
def test_what_is_asked_is_what_botocore_would_ask(
    need: str, region: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = sent(need, region)
    request.getfixturevalue("stock")
    monkeypatch.setattr(quick, "TESTED", ((0, 0), (0, 0)))

    assert ours
    assert ours == sent(need, region)


HOMES = {"us-east-1": "eu-west-1", "us-gov-west-1": "us-gov-east-1", "cn-north-1": "cn-northwest-1"}


@pytest.mark.parametrize(
    ("need", "region"),
    [
        *((need, "eu-central-1") for need in NEEDS),
        *((need, region) for need in by_service().values() for region in ("ap-northeast-3", *REGIONS)),
    ],
)
def test_whoever_asks_everywhere_asks_what_botocore_would_ask_there(
    need: str, region: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if need.partition(":")[0] in {"s3", "s3control", "sts"}:
        return
    ours = sent(need, region, HOMES.get(region, "us-east-1"))
    request.getfixturevalue("stock")
    monkeypatch.setattr(quick, "TESTED", ((0, 0), (0, 0)))

    assert ours
    assert ours == sent(need, region)


def test_clients_share_what_they_are_made_of() -> None:
    made = session()
    here, there = (client("ec2", region, of=made) for region in ("us-east-1", "us-west-2"))
    elsewhere = client("ec2", "us-east-1")
    with closing(here), closing(there), closing(elsewhere):
        assert type(here) is type(there) is type(elsewhere)
        assert here.meta.service_model is there.meta.service_model is elsewhere.meta.service_model
        contexts = {sending(each)._trusts for each in (here, there, elsewhere)}  # noqa: SLF001 - our own
        assert len(contexts) == 1
        assert None not in contexts
        assert here.meta.events is not there.meta.events


def test_of_another_botocore_clients_are_stock(
    stock: None,  # noqa: ARG001 - it undoes what was shared
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quick, "TESTED", ((0, 0), (0, 0)))
    made = session()
    with closing(client("ec2", of=made)) as ours, closing(client("ec2", of=made)) as other:
        assert type(sending(ours)) is botocore.httpsession.URLLib3Session
        assert type(made.get_component("response_parser_factory")) is ResponseParserFactory
        assert type(ours) is not type(other)


# -- trust -------------------------------------------------------------------------------------------------


def asked_over_tls(monkeypatch: pytest.MonkeyPatch, port: int, **environment: object) -> Any:
    for name, value in environment.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://localhost:{port}")
    monkeypatch.setattr("scanner.targets.boto.ATTEMPTS", 1)
    with closing(Boto(session())) as boto:
        return list(boto.pages("sts:GetCallerIdentity", "us-east-1", {}))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.mark.parametrize("word", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_whom_the_configured_bundle_trusts_is_trusted(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    with serving(lambda *_: (200, IDENTITY), authority.context("localhost")) as port:
        pages = asked_over_tls(monkeypatch, port, **{word: authority.certificate})

    assert pages == [{"Account": "123456789012"}]


def test_whom_nobody_trusts_is_refused(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        serving(lambda *_: (200, IDENTITY), authority.context("localhost")) as port,
        pytest.raises(ReadError) as caught,
    ):
        asked_over_tls(monkeypatch, port)

    assert caught.value.reason is Reason.UNREACHABLE
    assert "CERTIFICATE_VERIFY_FAILED" in caught.value.detail


def test_somebody_else_is_refused(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        serving(lambda *_: (200, IDENTITY), authority.context("elsewhere.example")) as port,
        pytest.raises(ReadError) as caught,
    ):
        asked_over_tls(monkeypatch, port, AWS_CA_BUNDLE=authority.certificate)

    assert caught.value.reason is Reason.UNREACHABLE
    assert "'localhost' doesn't match 'elsewhere.example'" in caught.value.detail


def test_a_bundle_that_is_not_there_is_told(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (
        serving(lambda *_: (200, IDENTITY), authority.context("localhost")) as port,
        pytest.raises(ReadError) as caught,
    ):
        asked_over_tls(monkeypatch, port, AWS_CA_BUNDLE=tmp_path / "gone.pem")

    assert caught.value.reason is Reason.UNREACHABLE


def test_the_certificates_are_read_once(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    make = botocore.httpsession.create_urllib3_context

    class Counting(botocore.httpsession.SSLContext):
        def load_verify_locations(self, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
            read.append(str(cafile))
            super().load_verify_locations(cafile, capath, cadata)

    monkeypatch.setattr(botocore.httpsession, "SSLContext", Counting)
    assert isinstance(make(), Counting)
    with serving(lambda *_: (200, IDENTITY), authority.context("localhost")) as port:
        for _ in range(3):
            asked_over_tls(monkeypatch, port, AWS_CA_BUNDLE=authority.certificate)

    assert read == [str(authority.certificate)]


@pytest.mark.parametrize("kind", ["service-2", "paginators-1", "endpoint-rule-set-1", "nonesuch-1"])
def test_services_are_those_that_botocore_finds_and_the_others_are_refused_as_by_it(kind: str) -> None:
    stock, ours = (botocore.session.Session().get_component("data_loader") for _ in range(2))
    session = botocore.session.Session()
    session.register_component("data_loader", ours)
    share(session)
    known = stock.list_available_services(kind)
    every = {*stock.list_available_services("service-2"), "nonesuch"}

    assert list(ours.list_available_services(kind)) == known
    assert len(ours.list_available_services(kind)) == len(known)
    assert {name for name in every if name in ours.list_available_services(kind)} == set(known)
    for loader in (stock, ours):
        with pytest.raises(UnknownServiceError, match="nonesuch"):
            loader.load_service_model("nonesuch", kind)


def test_a_model_that_many_ask_for_at_once_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    stock = Models._load_file  # noqa: SLF001 - what reads a file

    def slowly(self: Models, path: str, open_method: Any) -> Any:
        read.append(path)
        time.sleep(0.01)  # others come meanwhile
        return stock(self, path, open_method)

    monkeypatch.setattr(Models, "_load_file", slowly)
    session = botocore.session.get_session()
    share(session)
    loader = session.get_component("data_loader")
    with ThreadPoolExecutor(4) as pool:
        models = list(pool.map(lambda _: loader.load_service_model("sts", "service-2"), range(4)))

    assert [path for path in read if "sts" in path and "service-2.json" in path]
    assert sorted(read) == sorted(set(read))
    assert all(model == models[0] for model in models)
