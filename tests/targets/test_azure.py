"""Azure subscriptions: the real azure-identity and azure-core, against a server of our own over TLS."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from scanner import AzureSubscription, Facts, check
from scanner.declaration import Check, mistakes
from scanner.errors import ReadError, Undeclared
from scanner.model import Reason, Scope
from scanner.targets import answers, arm_types, clouds, rest
from scanner.targets.clouds import CLOUDS, Cloud
from scanner.targets.rest import Rest
from scanner.targets.subscriptions import AzureGroup, AzureSession, AzureTarget
from tests import azure
from tests.azure import CLIENT, GROUP, HERE, OBJECT, SECRET, SUBSCRIPTION, TENANT, Answer, Azure

DISKS = f"{HERE}/providers/Microsoft.Compute/disks"
ACCOUNTS = f"{HERE}/providers/Microsoft.Storage/storageAccounts"

READ_DISKS = "Microsoft.Compute/disks/read"
READ_ACCOUNTS = "Microsoft.Storage/storageAccounts/read"
ENTERING = "Microsoft.Resources/subscriptions/read"


class Thing(Facts):
    """A thing."""

    good: bool


@check(READ_DISKS, READ_ACCOUNTS)
def things(subscription: AzureSubscription) -> Iterator[Thing]:
    """Something of a subscription."""
    del subscription
    yield from ()


CHECKS: dict[str, Check] = {"encryption.azure.things": things}


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Azure]:
    """A server that azure-identity of this process logs in at, and nowhere else."""
    for name in ("AZURE_AUTHORITY_HOST", "AZURE_TOKEN_CREDENTIALS", "HTTPS_PROXY", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with azure.running(tmp_path) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


def target(server: Azure, **settings: Any) -> AzureTarget:
    own = {"subscription": SUBSCRIPTION, "resource_manager": server.url, "authority": server.url}
    return AzureTarget(name="clinic", **{**own, **settings})


def entered(server: Azure, **settings: Any) -> AzureSession:
    return target(server, **settings).enter(CHECKS)


def refused(server: Azure, **settings: Any) -> ReadError:
    with pytest.raises(ReadError) as caught:
        entered(server, **settings)
    assert SECRET not in f"{caught.value} {caught.value.mend}"
    return caught.value


def seen(server: Azure, need: str = READ_DISKS) -> list[dict[str, Any]]:
    with closing(entered(server)) as session:
        return [dict(item.held) for item in session.view(session.scopes[0], things).all(need)]


def denial(server: Azure, need: str = READ_DISKS) -> ReadError:
    """How a listing is refused, in a subscription that was entered."""
    with closing(entered(server)) as session:
        view = session.view(session.scopes[0], things)
        with pytest.raises(ReadError) as caught:
            list(view.all(need))
    assert [(refusal.resource, refusal.error) for refusal in view.refusals] == [(None, caught.value)]
    assert not [token for token in server.tokens.values() if token in f"{caught.value} {caught.value.mend}"]
    return caught.value


def disks(count: int) -> list[dict[str, Any]]:
    return [{"id": f"{GROUP}/Microsoft.Compute/disks/disk-{number}"} for number in range(count)]


# -- entering ----------------------------------------------------------------------------------------------


def test_a_subscription_is_entered_by_a_clients_secret(server: Azure) -> None:
    with closing(entered(server, subscription=SUBSCRIPTION.upper())) as session:
        assert session.id == f"azure:{SUBSCRIPTION}"
        assert session.identity == f"{CLIENT} (object {OBJECT}, tenant {TENANT})"
        assert session.scopes == (Scope(name="subscription", on="AzureSubscription"),)
        assert session.calls == {"microsoft.resources": 1}
    assert [call.partition("?")[0] for call in server.calls] == [
        f"/{TENANT}/v2.0/.well-known/openid-configuration",
        f"/{TENANT}/oauth2/v2.0/token",
        HERE,
    ]


def test_a_managed_identity(server: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    monkeypatch.delenv("AZURE_CLIENT_ID")
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{server.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", azure.HEADER)

    with closing(entered(server)) as session:
        assert session.identity == f"{CLIENT} (object {OBJECT}, tenant {TENANT})"


def test_the_identity_that_instances_metadata_gives(server: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    monkeypatch.delenv("AZURE_CLIENT_ID")
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", server.url)

    with closing(entered(server)) as session:
        assert session.identity == f"{CLIENT} (object {OBJECT}, tenant {TENANT})"
    assert any(call.startswith("/metadata/identity/oauth2/token") for call in server.calls)


def test_a_workloads_identity(server: Azure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    (tmp_path / "federated").write_text(azure.FEDERATED)
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "federated"))
    # As AKS gives it to pods.
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", server.url)

    with closing(entered(server)) as session:
        assert session.identity == f"{CLIENT} (object {OBJECT}, tenant {TENANT})"


def test_the_azure_clis_login(server: Azure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9")
    said = {
        "accessToken": azure.token(server.url),
        "expires_on": 4_000_000_000,
        "tokenType": "Bearer",
        "tenant": TENANT,
    }
    az = tmp_path / "az"
    az.write_text(f"#!/bin/sh\ncat <<'EOF'\n{json.dumps(said)}\nEOF\n")
    az.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    with closing(entered(server)) as session:
        assert session.identity == f"{CLIENT} (object {OBJECT}, tenant {TENANT})"


def test_a_wrong_secret_is_told_in_entras_words(server: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "expired-long-ago")

    error = refused(server)

    assert vars(error) == {
        "need": ENTERING,
        "reason": Reason.CREDENTIALS,
        "detail": "AADSTS7000215: Invalid client secret provided.",
        "mend": "see that the tenant, the client id and its secret or certificate are right, and not expired",
        "code": "",
    }
    assert HERE not in str(server.calls)


@pytest.mark.parametrize(
    ("name", "value", "detail"),
    [
        ("AZURE_TENANT_ID", "not a tenant", "Invalid tenant ID provided."),
        ("AZURE_TOKEN_CREDENTIALS", "telepathy", "Invalid value for AZURE_TOKEN_CREDENTIALS"),
    ],
)
def test_an_environment_that_cannot_be_right(
    server: Azure, monkeypatch: pytest.MonkeyPatch, name: str, value: str, detail: str
) -> None:
    monkeypatch.setenv(name, value)

    error = refused(server)

    assert (error.need, error.reason) == (ENTERING, Reason.CREDENTIALS)
    assert error.detail.startswith(detail)
    assert server.calls == []


def test_a_certificate_that_is_not_there(server: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    monkeypatch.setenv("AZURE_CLIENT_CERTIFICATE_PATH", "/no/such/certificate.pem")

    error = refused(server)

    assert (error.reason, "/no/such/certificate.pem" in error.detail) == (Reason.CREDENTIALS, True)


def test_an_authority_that_is_not_there(server: Azure) -> None:
    error = refused(server, authority="https://localhost:9")

    assert (error.reason, error.mend) == (
        Reason.UNREACHABLE,
        "see whether the host that logs us in can be reached from here",
    )


def test_no_credentials_are_told_in_a_line(server: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_CLIENT_SECRET")
    monkeypatch.setenv("PATH", "/nowhere")
    # Where a machine of Azure's own would be asked, nobody is.
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9")

    error = refused(server)

    assert (error.reason, error.detail, error.mend) == (
        Reason.CREDENTIALS,
        "no credentials were found in the environment, on this machine or of the Azure CLI",
        (
            "log in with `az login`, give AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or run "
            "where there is a managed identity"
        ),
    )


def test_a_subscription_that_the_credentials_do_not_see(server: Azure) -> None:
    other = "00001111-1111-2222-3333-ccccddddeeee"

    error = refused(server, subscription=other)

    assert (error.need, error.reason, error.code) == (ENTERING, Reason.CREDENTIALS, "SubscriptionNotFound")
    assert error.mend == f"give credentials that may read /subscriptions/{other}"


def test_another_subscription_that_answers_is_not_entered(server: Azure) -> None:
    server.manager.subscriptions[SUBSCRIPTION]["subscriptionId"] = "00001111-1111-2222-3333-ccccddddeeee"

    error = refused(server)

    assert (error.reason, error.detail) == (
        Reason.INVALID_ANSWER,
        (f"the subscription that answers is '00001111-1111-2222-3333-ccccddddeeee'; expected {SUBSCRIPTION}"),
    )


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a.W10.c", "a.eyJvaWQiOjF9.c"])
def test_a_token_that_tells_nothing_names_nobody(token: str) -> None:
    assert clouds.claims(token) == {}


def test_clouds_have_endpoints_of_their_own() -> None:
    def cloud(**settings: str) -> Cloud:
        return AzureTarget(name="a", subscription=SUBSCRIPTION, **settings).endpoints()

    assert cloud() == CLOUDS["AzureCloud"]
    assert cloud(cloud="AzureUSGovernment") == Cloud(
        "https://management.usgovcloudapi.net",
        "https://login.microsoftonline.us",
        "https://graph.microsoft.us",
    )
    assert cloud(resource_manager="https://arm.local/", authority="https://login.local/") == Cloud(
        "https://arm.local", "https://login.local", "https://graph.microsoft.com", custom=True
    )


# -- listing -----------------------------------------------------------------------------------------------


def test_a_listing_is_read_to_its_last_page_and_asked_for_once(server: Azure) -> None:
    server.manager.resources, server.manager.page_size = disks(5), 2

    with closing(entered(server)) as session:
        for _ in range(2):
            view = session.view(session.scopes[0], things)
            assert [item.held for item in view.all(READ_DISKS)] == disks(5)
        session.done(session.scopes[0], things)
        assert session.calls == {"microsoft.resources": 1, "microsoft.compute": 3}
    assert [call for call in server.calls if call.startswith(DISKS)] == [
        f"{DISKS}?api-version=2024-03-02",
        f"{DISKS}?api-version=2024-03-02&$skiptoken=2",
        f"{DISKS}?api-version=2024-03-02&$skiptoken=4",
    ]


def test_what_a_check_did_not_declare_is_not_asked(server: Azure) -> None:
    with closing(entered(server)) as session, pytest.raises(Undeclared):
        list(session.view(session.scopes[0], things).all("Microsoft.Network/publicIPAddresses/read"))


@pytest.mark.parametrize(
    ("link", "detail"),
    [
        (
            "https://elsewhere.example.org/x",
            "the listing goes on at another host, to which no token is shown",
        ),
        ("http://localhost/x", "the listing goes on at another host, to which no token is shown"),
        (
            "https://elsewhere.example.org\\\\@localhost/x",
            "the listing goes on at another host, to which no token is shown",
        ),
        ("{url}.example.org/x", "the listing goes on at another host, to which no token is shown"),
        ("{url}" + DISKS + "?api-version=2024-03-02", "the listing goes round in a circle"),
    ],
)
def test_a_listing_that_leads_astray(server: Azure, link: str, detail: str) -> None:
    body = f'{{"value": [], "nextLink": "{link.format(url=server.url)}"}}'
    server.instead[DISKS] = [Answer(body=body.encode())]

    error = denial(server)

    assert (error.reason, error.detail) == (Reason.INVALID_ANSWER, detail)


# -- refusals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "reason", "detail", "mend"),
    [
        (
            azure.error(403, "AuthorizationFailed", "The client does not have authorization"),
            Reason.DENIED,
            "AuthorizationFailed: The client does not have authorization",
            f"allow {READ_DISKS} on {HERE}",
        ),
        (
            azure.error(401, "ExpiredAuthenticationToken", "The access token expired"),
            Reason.CREDENTIALS,
            "ExpiredAuthenticationToken: The access token expired",
            "give credentials of the subscription's own tenant, not expired",
        ),
        (
            azure.error(409, "MissingSubscriptionRegistration", "not registered"),
            Reason.UNREGISTERED,
            "MissingSubscriptionRegistration: not registered",
            "register Microsoft.Compute: az provider register --namespace Microsoft.Compute",
        ),
        (
            azure.error(429, "TooManyRequests", "slow down", Retry_After="3600"),
            Reason.THROTTLED,
            "TooManyRequests: slow down (it asks to wait 3600 s)",
            "run when the subscription's other automation is quiet",
        ),
        (
            Answer(302, b"", {"Location": "https://login.example.org/"}),
            Reason.INVALID_ANSWER,
            "302: Found",
            "try again; if it stays, see the detail",
        ),
        (
            Answer(404, b"<html>a gateway's page"),
            Reason.FAILED,
            "404: Not Found",
            "try again; if it stays, see the detail",
        ),
        (
            Answer(body=b'{"value": [{"id": "/subscr'),
            Reason.INVALID_ANSWER,
            "status 200 and 26 bytes that are no JSON object",
            "try again; if it stays, see the detail",
        ),
        (
            Answer(body=b"<html>log in"),
            Reason.INVALID_ANSWER,
            "status 200 and 12 bytes that are no JSON object",
            "try again; if it stays, see the detail",
        ),
        (
            Answer(body=b"[" * 100_000),
            Reason.INVALID_ANSWER,
            "status 200 and 100000 bytes that are no JSON object",
            "try again; if it stays, see the detail",
        ),
        (
            Answer(body=b'{"value": [1]}'),
            Reason.INVALID_ANSWER,
            "the answer is no list of what was asked for",
            "try again; if it stays, see what answers instead of Azure",
        ),
        (
            Answer(body=b"{}"),
            Reason.INVALID_ANSWER,
            "the answer is no list of what was asked for",
            "try again; if it stays, see what answers instead of Azure",
        ),
    ],
)
def test_each_refusal_tells_what_would_mend_it(
    server: Azure, answer: Answer, reason: Reason, detail: str, mend: str
) -> None:
    server.instead[DISKS] = [answer]

    error = denial(server)

    assert (error.need, error.reason, error.detail, error.mend) == (READ_DISKS, reason, detail, mend)


def test_throttling_is_waited_out_as_long_as_azure_asks(server: Azure) -> None:
    server.manager.resources = disks(1)
    throttled = azure.error(429, "TooManyRequests", Retry_After="1")
    server.instead[DISKS] = [throttled, Answer(body=b'{"value": []}')]
    began = time.monotonic()

    assert seen(server) == []

    assert 1 <= time.monotonic() - began < 10


def test_throttling_without_end_comes_to_one(server: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "RETRIES", 2)
    server.instead[DISKS] = [azure.error(429, "TooManyRequests", "slow down", Retry_After="1")]

    error = denial(server)

    assert error.reason is Reason.THROTTLED
    assert sum(call.startswith(DISKS) for call in server.calls) == 3


def test_a_failure_of_a_moment_is_tried_again(server: Azure) -> None:
    good = Answer(body=b'{"value": [{"id": "/x"}]}')
    server.instead[DISKS] = [azure.error(500, "InternalServerError"), good]

    assert seen(server) == [{"id": "/x"}]


def test_half_an_answer_is_none(server: Azure) -> None:
    server.instead[DISKS] = [Answer(body=b'{"value": []}', promised=100)]

    assert denial(server).reason in {Reason.INVALID_ANSWER, Reason.UNREACHABLE}


@pytest.mark.parametrize("path", [DISKS, HERE, "token"])
def test_whoever_never_answers_is_given_up(server: Azure, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(clouds, "READ_SECONDS", 1)
    server.instead[path] = [Answer(hangs=True)]
    began = time.monotonic()

    error = denial(server) if path == DISKS else refused(server)

    assert error.reason is Reason.TIMEOUT
    assert time.monotonic() - began < 15


def test_nobody_there_is_unreachable(server: Azure) -> None:
    with closing(entered(server)) as session:
        caller = session.subscription.caller
        assert isinstance(caller, Rest)
        caller.base = "https://localhost:9"  # it went away
        with pytest.raises(ReadError) as caught:
            list(session.view(session.scopes[0], things).all(READ_DISKS))
    assert (caught.value.reason, caught.value.mend) == (
        Reason.UNREACHABLE,
        "see whether localhost can be reached from here",
    )


def test_a_strangers_certificate_is_not_trusted(server: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")

    assert "certificate" in refused(server).detail.lower()
    assert server.calls == []


# -- words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("need", "why"),
    [
        (READ_DISKS, None),
        ("Microsoft.Compute/disks/write", "is not a read action of Azure's"),
        ("Microsoft.Storage/storageAccounts/listKeys/action", "is not a read action of Azure's"),
        ("Microsoft.Compute/*/read", "is not a read action of Azure's"),
        ("*/read", "is not a read action of Azure's"),
        ("ec2:DescribeVolumes", "is not a read action of Azure's"),
        ("Microsoft.Quantum/workspaces/read", "has no pinned api-version"),
    ],
)
def test_only_reading_can_be_declared(need: str, why: str | None) -> None:
    said = list(mistakes(check(need)(things.function)))

    assert [why in each for each in said] == ([True] if why else [])


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        (f"/SUBSCRIPTIONS/{SUBSCRIPTION.upper()}", f"/subscriptions/{SUBSCRIPTION}"),
        (
            "/subscriptions/S/RESOURCEGROUPS/EHR/providers/microsoft.compute/Disks/Records/",
            "/subscriptions/s/resourceGroups/ehr/providers/Microsoft.Compute/disks/records",
        ),
        (
            "/subscriptions/s/resourcegroups/Providers/providers/Microsoft.New/Things/Providers/parts/P",
            "/subscriptions/s/resourceGroups/providers/providers/microsoft.new/things/providers/parts/p",
        ),
    ],
)
def test_ids_have_one_spelling(given: str, canonical: str) -> None:
    assert arm_types.canonical(given) == canonical
    assert arm_types.canonical(canonical) == canonical


# -- children, extensions, single resources ------------------------------------------------------------------

SERVER = f"{GROUP}/Microsoft.Sql/servers/Records"
READ_SERVERS = "Microsoft.Sql/servers/read"
READ_DATABASES = "Microsoft.Sql/servers/databases/read"
READ_SETTINGS = "Microsoft.Insights/diagnosticSettings/read"
READ_CONFIG = "Microsoft.Web/sites/config/read"


@check(READ_SERVERS, READ_DATABASES, READ_SETTINGS, READ_CONFIG)
def parts(subscription: AzureSubscription) -> Iterator[Thing]:
    """What resources have of their own."""
    del subscription
    yield from ()


@pytest.fixture
def furnished(server: Azure) -> Azure:
    server.manager.resources = [
        {"id": SERVER, "name": "Records", "location": "West Europe", "tags": {"phi": "true", "none": None}},
        {"id": f"{GROUP}/Microsoft.Sql/servers/RecordsOld", "tags": None},
        {"id": f"{SERVER}/databases/ehr"},
        {"id": f"{GROUP}/Microsoft.Sql/servers/RecordsOld/databases/old"},
        {"id": f"{SERVER}/databases/ehr/providers/Microsoft.Insights/diagnosticSettings/audit"},
        {"id": f"{HERE}/providers/Microsoft.Insights/diagnosticSettings/activity"},
        {
            "id": f"{GROUP}/Microsoft.Web/sites/portal name/config/web",
            "properties": {"ftpsState": "Disabled"},
        },
    ]
    return server


def view_of(session: AzureSession) -> AzureSubscription:
    return session.view(session.scopes[0], parts)


def test_a_resource_tells_its_id_name_region_and_tags(furnished: Azure) -> None:
    with closing(entered(furnished)) as session:
        first, second = view_of(session).all(READ_SERVERS)

    own = arm_types.canonical(SERVER)
    assert first.about == {
        "resource": own,
        "region": "westeurope",
        "tags": {"phi": "true", "none": ""},
    }
    assert (first.name, second.name, second.about["region"], second.tags) == (
        "Records",
        "recordsold",
        None,
        {},
    )


def test_children_and_extensions_are_those_of_the_resource_that_is_named(furnished: Azure) -> None:
    with closing(entered(furnished)) as session:
        view = view_of(session)
        (database,) = view.all(READ_DATABASES, of=arm_types.canonical(SERVER))
        (setting,) = view.all(READ_SETTINGS, of=database.id)
        (activity,) = view.all(READ_SETTINGS, of=view.id)

    assert database.id == f"{arm_types.canonical(SERVER)}/databases/ehr"
    assert setting.id == f"{database.id}/providers/Microsoft.Insights/diagnosticSettings/audit"
    assert activity.id == f"{HERE}/providers/Microsoft.Insights/diagnosticSettings/activity"


def test_one_resource_is_read_by_its_id_and_once(furnished: Azure) -> None:
    site = f"{GROUP}/Microsoft.Web/sites/portal name/config/web"
    with closing(entered(furnished)) as session:
        for _ in range(2):
            assert view_of(session).one(READ_CONFIG, site).text("properties.ftpsState") == "Disabled"

    assert sum("config/web" in call for call in furnished.calls) == 1


def test_one_error_may_mean_that_there_is_none(furnished: Azure) -> None:
    missing = f"{GROUP}/Microsoft.Web/sites/other/config/web"
    with closing(entered(furnished)) as session:
        view = view_of(session)
        assert view.one(READ_CONFIG, missing, absent="ResourceNotFound") is None
        assert view.refusals == []
        with pytest.raises(ReadError, match="ResourceNotFound"):
            view.one(READ_CONFIG, missing)
        assert list(view.all(READ_DATABASES, of=SERVER, absent="X")) != []


def test_reads_of_many_resources_overlap_and_a_refusal_is_of_its_resource(furnished: Azure) -> None:
    path = f"{arm_types.canonical(SERVER)}old/databases"
    furnished.instead[path] = [azure.error(404, "ResourceNotFound", "gone")]
    with closing(entered(furnished)) as session, ThreadPoolExecutor(4) as leaves:
        view = AzureSubscription(parts.needs, session.subscription, leaves)
        found = list(view.each(view.all(READ_SERVERS), lambda one: list(view.all(READ_DATABASES, of=one.id))))

    assert [[item.id.rpartition("/")[2] for item in each] for each in found] == [["ehr"]]
    assert [refusal.resource for refusal in view.refusals] == [f"{arm_types.canonical(SERVER)}old"]


def test_what_a_resource_does_not_tell_is_a_refusal_of_it(furnished: Azure) -> None:
    with closing(entered(furnished)) as session:
        view = view_of(session)
        for item in view.all(READ_SERVERS):
            with view.reading(item.id):
                item.flag("properties.encrypted")

    assert [(refusal.resource, refusal.error.need, refusal.error.detail) for refusal in view.refusals] == [
        (each, READ_SERVERS, "properties.encrypted is missing; expected true or false")
        for each in (arm_types.canonical(SERVER), f"{arm_types.canonical(SERVER)}old")
    ]


# -- silence, dripping ---------------------------------------------------------------------------------------


def test_a_provider_that_never_answers_is_asked_no_more_and_others_are(
    furnished: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clouds, "READ_SECONDS", 0.2)
    monkeypatch.setattr(answers, "PATIENCE_SECONDS", 0.1)
    names = [f"{GROUP}/Microsoft.Sql/servers/s{number}" for number in range(6)]
    for name in names:
        furnished.instead[f"{name}/databases"] = [Answer(hangs=True)]
    with closing(entered(furnished)) as session:
        view = view_of(session)
        monkeypatch.setattr(answers, "PATIENCE_SECONDS", 60.0)
        reasons = []
        for name in names:
            with pytest.raises(ReadError) as caught:
                list(view.all(READ_DATABASES, of=name))
            reasons.append(caught.value.reason)
            monkeypatch.setattr(answers, "PATIENCE_SECONDS", 0.1 if len(reasons) < 2 else 60.0)
        assert list(view.all(READ_SETTINGS, of=view.id)) != []

    assert reasons == [Reason.TIMEOUT] * 6
    # Two were asked for, and once more each; the others were not.
    assert sum("/servers/s" in call for call in furnished.calls) == 4


def test_an_answer_that_drips_is_given_up(server: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "ANSWER_SECONDS", 0.5)
    server.instead[DISKS] = [Answer(drips=True)]

    error = denial(server)

    assert error.reason is Reason.TIMEOUT
    assert error.detail.startswith("the answer was not whole after 0.5 s")


def test_an_answer_without_end_is_given_up(server: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "ANSWER_BYTES", 1000)
    server.instead[DISKS] = [Answer(body=b" " * 200_000)]

    error = denial(server)

    assert (error.reason, error.detail) == (
        Reason.INVALID_ANSWER,
        "the answer is longer than 1000 bytes",
    )


# -- groups of subscriptions ---------------------------------------------------------------------------------

OTHER = "bbbbcccc-1111-2222-3333-ccccddddeeee"
THIRD = "ccccdddd-1111-2222-3333-ccccddddeeee"


def group(server: Azure, **settings: Any) -> AzureGroup:
    return AzureGroup(template=target(server, subscription=""), **settings)


@pytest.fixture
def several(server: Azure) -> Azure:
    for each, label in ((OTHER, "laboratory"), (THIRD, "clinic")):
        server.manager.subscriptions[each] = {
            "id": f"/subscriptions/{each}",
            "subscriptionId": each.upper(),
            "displayName": label,
        }
    server.manager.groups["hospital"] = [SUBSCRIPTION, OTHER]
    return server


def test_all_subscriptions_are_those_that_are_seen(several: Azure) -> None:
    members = group(several).members()

    # Two are called clinic: they go by their ids.
    assert [(each.name, each.id, each.labels) for each in members] == [
        (f"clinic/{SUBSCRIPTION}", f"azure:{SUBSCRIPTION}", (f"clinic/{SUBSCRIPTION}", "clinic")),
        ("clinic/laboratory", f"azure:{OTHER}", ("clinic/laboratory", "clinic")),
        (f"clinic/{THIRD}", f"azure:{THIRD}", (f"clinic/{THIRD}", "clinic")),
    ]
    for member in members:
        with closing(member.enter(CHECKS)) as session:
            assert session.id == member.id
    assert sum("/oauth2/v2.0/token" in call for call in several.calls) == 1


def test_a_management_groups_subscriptions(several: Azure) -> None:
    members = group(several, management_group="hospital").members()

    assert [each.subscription for each in members] == [SUBSCRIPTION, OTHER]


@pytest.mark.parametrize("management_group", [None, "hospital"])
def test_a_group_without_subscriptions_is_no_empty_success(
    several: Azure, management_group: str | None
) -> None:
    several.manager.subscriptions.clear()
    several.manager.groups["hospital"] = []

    with pytest.raises(ReadError) as caught:
        group(several, management_group=management_group).members()

    assert (caught.value.reason, caught.value.detail) == (
        Reason.DENIED,
        "the credentials see no subscription",
    )


def test_a_management_group_that_may_not_be_read(several: Azure) -> None:
    several.manager.allowed = frozenset({ENTERING})

    with pytest.raises(ReadError) as caught:
        group(several, management_group="hospital").members()

    assert (caught.value.reason, caught.value.mend) == (
        Reason.DENIED,
        (
            "allow Microsoft.Management/managementGroups/descendants/read on "
            "/providers/Microsoft.Management/managementGroups/hospital"
        ),
    )
