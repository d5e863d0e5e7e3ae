"""Signatures are botocore's, whatever is signed."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.targets.quick.signing import Credentials, Question, Scope, sign

MOMENT = datetime(2026, 11, 1, 3, 4, 5)  # noqa: DTZ001 - botocore's are so
WRITTEN = "20261101T030405Z"

TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=12)
PAIRS = st.lists(st.tuples(TEXT.map(quote), TEXT.map(lambda text: quote(text, safe="~"))), max_size=4)
PATHS = st.lists(
    st.one_of(st.sampled_from(["", ".", "..", "a b", "~x"]), TEXT.map(lambda text: text.replace("?", ""))),
    max_size=4,
).map(lambda parts: "/" + quote("/".join(parts)))
HOSTS = st.sampled_from(
    ["https://ec2.us-east-1.amazonaws.com", "https://LOCALHOST:8443", "http://[::1]:80", "https://[::1]:4566"]
)
HEADERS = st.dictionaries(
    st.sampled_from(["Content-Type", "X-Amz-Target", "User-Agent", "Accept", "x-amzn-trace-id", "Host"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=12),
)


@pytest.fixture(autouse=True)
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A moment that stays."""
    if hasattr(botocore.auth, "get_current_datetime"):
        monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: MOMENT)
    else:  # as botocore was before it had that

        class Frozen(datetime):
            @classmethod
            def utcnow(cls) -> Any:
                return MOMENT

        monkeypatch.setattr(botocore.auth.datetime, "datetime", Frozen)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "HEAD"]),
    host=HOSTS,
    path=PATHS,
    pairs=PAIRS,
    headers=HEADERS,
    body=st.binary(max_size=40),
    token=st.sampled_from([None, "a token/with+=signs"]),
    s3=st.booleans(),
)
def test_a_signature_is_botocores(  # noqa: PLR0913, PLR0917 - a question has so many parts
    method: str,
    host: str,
    path: str,
    pairs: list[tuple[str, str]],
    headers: dict[str, str],
    body: bytes,
    token: str | None,
    s3: bool,
) -> None:
    query = "&".join(f"{name}={value}" for name, value in pairs)
    url = f"{host}{path}?{query}" if query else f"{host}{path}"
    request = AWSRequest(method=method, url=url, headers=headers, data=body)
    stock: Any = (botocore.auth.S3SigV4Auth if s3 else botocore.auth.SigV4Auth)(
        ReadOnlyCredentials("AKIAIOSFODNN7EXAMPLE", "a/secret+", token),
        "s3" if s3 else "ec2",
        "eu-central-1",
    )
    stock.add_auth(request)

    more = sign(
        Question(method, url, headers, body),
        Credentials("AKIAIOSFODNN7EXAMPLE", "a/secret+", token),
        Scope("eu-central-1", "s3" if s3 else "ec2", s3),
        WRITTEN,
        botocore.auth.SIGNED_HEADERS_BLACKLIST,
    )

    assert {**headers, **more} == dict(request.headers.items())
