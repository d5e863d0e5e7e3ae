"""Where botocore is not as it is known to be, it makes its clients itself."""

import subprocess
import sys
from contextlib import closing
from typing import Any

import botocore.session
import pytest
from botocore.config import Config

from scanner.targets import quick

MAKING = """\
import botocore.client, botocore.httpsession, botocore.session, urllib3
from botocore.config import Config
from botocore.httpsession import URLLib3Session
from scanner.targets import quick

stock = botocore.session.Session().create_client("ec2", "us-east-1")
quick.tested()
{different}
session = botocore.session.Session()
quick.models(session)
for region in ("us-east-1", "us-west-2"):
    client = quick.create_client(session, "ec2", region, Config())
    quick.shorten(client)
    print(
        type(client._endpoint.http_session) is URLLib3Session,
        botocore.client.ClientCreator.__module__ == "botocore.client",
        quick.place(client, "eu-west-1") is None,
    )
"""
GONE = {
    "rules": "del botocore.regions.EndpointRulesetResolver",
    "connections": "del botocore.awsrequest.AWSHTTPSConnection",
    "headers": "del urllib3.HTTPHeaderDict",
    "the retries' module": "import sys; sys.modules['botocore.retries.quota'] = None",
    "where sessions keep their pools": """
init = URLLib3Session.__init__
def other(self, **given):
    init(self, **given)
    del self._pool_classes_by_scheme
URLLib3Session.__init__ = other
""",
    "how what hears of events is made": """
from botocore.hooks import EventAliaser
init = EventAliaser.__init__
def other(self, event_emitter, *, event_aliases=None):
    init(self, event_emitter, event_aliases)
EventAliaser.__init__ = other
EventAliaser.__copy__ = lambda self: self
""",
}


def made(different: str) -> list[str]:
    """Of two clients, whether they send as botocore does, whether they were made by it, for one region."""
    code = MAKING.format(different=different)
    result = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def test_of_the_botocore_that_is_known_clients_are_ours() -> None:
    assert made("") == ["False False False"] * 2


@pytest.mark.parametrize("name", GONE)
def test_of_a_botocore_that_looks_different_inside_they_are_stock(name: str) -> None:
    assert made(GONE[name]) == ["True True True"] * 2


@pytest.mark.parametrize("version", ["1.39.17", "1.45.0", "2.0.0", "1.4.0"])
def test_of_a_version_that_was_not_tested_they_are_stock(version: str) -> None:
    assert made(f"botocore.__version__ = {version!r}") == ["True True True"] * 2


def test_descriptions_are_read_by_stock_where_its_loader_looks_different() -> None:
    code = """
import botocore.session, botocore.loaders
from scanner.targets import quick
stock = botocore.loaders.JSONFileLoader
del botocore.loaders.JSONFileLoader
session = botocore.session.Session()
quick.models(session)
assert type(session.get_component("data_loader").file_loader) is stock
"""
    subprocess.run([sys.executable, "-I", "-c", code], timeout=60, check=True)


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("_request_signer", "_credentials"),
        ("_request_signer", "_signing_name"),
        ("_endpoint", "_response_parser_factory"),
        ("_endpoint", "http_session"),
        ("", "_serializer"),
        ("", "_user_agent_creator"),
        ("", "_ruleset_resolver"),
    ],
)
def test_a_client_that_lacks_something_makes_its_own_calls(part: str, name: str) -> None:
    with closing(quick.create_client(botocore.session.Session(), "ec2", "us-east-1", Config())) as client:
        stock = client._make_api_call  # noqa: SLF001 - there is no other way to it
        of: Any = getattr(client, part) if part else client
        was = getattr(of, name)
        delattr(of, name)
        quick.shorten(client)
        setattr(of, name, was)

        assert client._make_api_call == stock  # noqa: SLF001 - there is no other way to it


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import scanner.targets.quick", "botocore"),
        ("from scanner.targets import operations; operations.models()", "scanner.targets.quick.clients"),
    ],
)
def test_nothing_is_imported_before_somebody_asks(code: str, absent: str) -> None:
    told = f"{code}\nimport sys; assert {absent!r} not in sys.modules, sys.modules.keys()"

    subprocess.run([sys.executable, "-I", "-c", told], timeout=60, check=True)
