"""Entra tenants: the real azure-identity and azure-core, against Graph on a server of our own over TLS."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from scanner import EntraTenant, Facts, check
from scanner.declaration import Check, mistakes
from scanner.errors import ReadError, Undeclared
from scanner.model import Reason, Scope, resource_type
from scanner.targets import clouds, graph_paths, rest
from scanner.targets.clouds import Cloud
from scanner.targets.tenants import EntraSession, EntraTarget
from tests import azure
from tests.azure import CLIENT, OBJECT, TENANT, Answer, Azure

POLICIES = "Policy.Read.All /identity/conditionalAccess/policies"
USERS = "User.Read.All /users"
SIGN_INS = "AuditLog.Read.All /users"
MEMBERS = "GroupMember.Read.All /groups/{id}/transitiveMembers"
SETTINGS = "Policy.Read.All /policies/authorizationPolicy"
REGISTRATIONS = "AuditLog.Read.All /reports/authenticationMethods/userRegistrationDetails"
PATH = "/v1.0/identity/conditionalAccess/policies"


class Thing(Facts):
    """A thing."""

    good: bool


@check(POLICIES, USERS, SIGN_INS, MEMBERS, SETTINGS, REGISTRATIONS)
def things(tenant: EntraTenant) -> Iterator[Thing]:
    """Something of a tenant."""
    del tenant
    yield from ()


CHECKS: dict[str, Check] = {"mfa.entra.things": things}


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


def entered(server: Azure, **settings: Any) -> EntraSession:
    own = {"tenant": TENANT, "graph": server.graph_url, "authority": server.url}
    return EntraTarget(name="staff", **{**own, **settings}).enter(CHECKS)


def view(session: EntraSession) -> EntraTenant:
    return session.view(session.scopes[0], things)


def denial(server: Azure, need: str = POLICIES) -> ReadError:
    with closing(entered(server)) as session:
        seen = view(session)
        with pytest.raises(ReadError) as caught:
            list(seen.all(need))
    assert [(refusal.resource, refusal.error) for refusal in seen.refusals] == [(None, caught.value)]
    assert not [token for token in server.tokens.values() if token in str(caught.value)]
    return caught.value


def test_a_tenant_is_entered_without_a_call_to_graph(server: Azure) -> None:
    with closing(entered(server, tenant=TENANT.upper())) as session:
        assert session.id == f"entra:{TENANT}"
        assert session.identity == f"{CLIENT} (object {OBJECT}, tenant {TENANT})"
        assert session.scopes == (Scope(name="tenant", on="EntraTenant"),)
        assert session.calls == {}
    assert [call for call in server.calls if call.startswith("/v1.0")] == []


def test_another_tenants_credentials_are_not_taken(server: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    other = "00001111-aaaa-bbbb-cccc-ddddeeeeffff"
    monkeypatch.setenv("AZURE_TENANT_ID", other)
    with pytest.raises(ReadError) as caught:
        entered(server, tenant=other)

    assert (caught.value.reason, caught.value.detail, caught.value.mend) == (
        Reason.CREDENTIALS,
        f"the credentials are of the tenant {TENANT}; expected {other}",
        f"give credentials of {other}",
    )


def test_listings_are_read_to_their_last_page_and_asked_for_once(server: Azure) -> None:
    server.graph.entries["/users"] = [{"id": f"U-{number}", "userType": "Member"} for number in range(5)]
    server.graph.page_size = 2

    with closing(entered(server)) as session:
        for _ in range(2):
            assert [entry.id for entry in view(session).all(USERS)] == [f"u-{n}" for n in range(5)]
        session.done(session.scopes[0], things)
        assert session.calls == {"users": 3}
    assert sum(call.startswith("/v1.0/users") for call in server.calls) == 3


def test_names_stand_in_paths_and_cannot_lead_out_of_them(server: Azure) -> None:
    server.graph.entries["/groups/g1/transitiveMembers"] = [{"id": "u1"}]

    with closing(entered(server)) as session:
        assert [entry.id for entry in view(session).all(MEMBERS, id="g1")] == ["u1"]
        with pytest.raises(ReadError):
            list(view(session).all(MEMBERS, id="../users?x="))
    assert [call for call in server.calls if "groups" in call][-1].startswith(
        "/v1.0/groups/..%2Fusers%3Fx%3D/transitiveMembers"
    )


def test_one_object_is_read_as_it_is(server: Azure) -> None:
    server.graph.entries["/policies/authorizationPolicy"] = {"id": "p", "allowInvitesFrom": "none"}

    with closing(entered(server)) as session:
        seen = view(session)
        assert seen.one(SETTINGS).text("allowInvitesFrom") == "none"
        with pytest.raises(ReadError, match="guestUserRoleId is missing; expected a text"):
            seen.one(SETTINGS).text("guestUserRoleId")
    assert len(seen.refusals) == 1


def test_entries_have_ids_that_tell_their_type(server: Azure) -> None:
    with closing(entered(server)) as session:
        resource = view(session).resource("users", "ABC")

    assert (resource, resource_type(resource)) == (f"entra:{TENANT}/users/abc", "entra:users")
    assert resource_type(f"entra:{TENANT}") == "entra"


def test_what_a_check_did_not_declare_is_not_asked(server: Azure) -> None:
    with closing(entered(server)) as session, pytest.raises(Undeclared):
        list(view(session).all("Application.Read.All /applications"))


@pytest.mark.parametrize(
    ("answer", "reason", "detail", "mend"),
    [
        (
            azure.error(403, "Authorization_RequestDenied", "Insufficient privileges"),
            Reason.DENIED,
            "Authorization_RequestDenied: Insufficient privileges",
            "grant Policy.Read.All on Microsoft Graph, as application permission with consent",
        ),
        (
            azure.error(403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", "no premium license"),
            Reason.UNLICENSED,
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant: no premium license",
            ("this is told to tenants with Entra ID P1 or P2 only: get the licence, or judge by other facts"),
        ),
        (
            azure.error(
                401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."
            ),
            Reason.CREDENTIALS,
            "InvalidAuthenticationToken: Lifetime validation failed, the token is expired.",
            "give credentials of the tenant, not expired",
        ),
        (
            azure.error(400, "BadRequest", "/me request is only valid with delegated authentication flow."),
            Reason.FAILED,
            "BadRequest: /me request is only valid with delegated authentication flow.",
            "try again; if it stays, see the detail",
        ),
        (
            Answer(404, b"<html>who?</html>"),
            Reason.FAILED,
            "404: Not Found",
            "try again; if it stays, see the detail",
        ),
        (
            Answer(body=b'{"value": [{"id": "u'),
            Reason.INVALID_ANSWER,
            "status 200 and 20 bytes that are no JSON object",
            "try again; if it stays, see the detail",
        ),
        (
            Answer(body=b'{"value": ["u"]}'),
            Reason.INVALID_ANSWER,
            "the answer is no list of what was asked for",
            "try again; if it stays, see what answers instead of Azure",
        ),
    ],
)
def test_each_refusal_tells_what_would_mend_it(
    server: Azure, answer: Answer, reason: Reason, detail: str, mend: str
) -> None:
    server.instead[PATH] = [answer]

    error = denial(server)

    assert (error.need, error.reason, error.detail, error.mend) == (POLICIES, reason, detail, mend)


def test_throttling_without_end_comes_to_one(server: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "RETRIES", 1)
    server.instead[PATH] = [azure.error(429, "TooManyRequests", "slow down", Retry_After="0")]

    assert denial(server).reason is Reason.THROTTLED


def test_a_path_that_never_answers_is_given_up(server: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clouds, "READ_SECONDS", 0.3)
    server.instead[PATH] = [Answer(hangs=True)]

    assert denial(server).reason is Reason.TIMEOUT


def test_a_permission_that_was_not_granted_is_named_with_the_others_it_needs(server: Azure) -> None:
    server.graph.granted = frozenset({"User.Read.All"})

    assert denial(server, SIGN_INS).mend == (
        "grant AuditLog.Read.All and User.Read.All on Microsoft Graph, as application permission with consent"
    )


def test_a_tenant_without_a_licence_is_told_so(server: Azure) -> None:
    server.graph.premium = False

    assert [denial(server, need).reason for need in (SIGN_INS, REGISTRATIONS)] == [Reason.UNLICENSED] * 2


def test_a_token_of_the_resource_manager_opens_no_graph(server: Azure) -> None:
    headers = {"authorization": f"Bearer {azure.token(server.url)}"}

    assert server.get("/v1.0/users", headers).status == 401


@pytest.mark.parametrize(
    ("need", "why"),
    [
        (USERS, None),
        ("User.ReadWrite.All /users", "is not among the paths that may be read"),
        ("User.Invite.All /invitations", "is not a permission to read and a path"),
        ("Mail.Read /users/{id}/messages", "is not among the paths that may be read"),
        ("/users", "is not a permission to read and a path"),
        ("Microsoft.Compute/disks/read", "is not a permission to read and a path"),
    ],
)
def test_only_reading_can_be_declared(need: str, why: str | None) -> None:
    said = list(mistakes(check(need)(things.function)))

    assert [why in each for each in said] == ([True] if why else [])


def test_every_path_is_read_only() -> None:
    assert [need for need in graph_paths.PATHS if "Write" in need or not need.isascii()] == []


def test_clouds_have_graphs_of_their_own() -> None:
    def cloud(**settings: str) -> Cloud:
        return EntraTarget(name="a", tenant=TENANT, **settings).endpoints()

    assert cloud(cloud="AzureChinaCloud").graph == "https://microsoftgraph.chinacloudapi.cn"
    assert cloud(graph="https://graph.local/").graph == "https://graph.local"
    assert cloud(graph="https://graph.local/").custom
