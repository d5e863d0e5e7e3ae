"""A subscription and its tenant in one run, from outside: the installed command, real azure-identity, TLS."""

import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests import azure, planted
from tests.azure import HERE, SECRET, SUBSCRIPTION, TENANT, Answer, Azure
from tests.e2e.command import run

ANN, BOB, PAT = (f"{digit * 8}-0000-4000-8000-000000000001" for digit in "123")
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
POLICY = """\
policy: house
title: House rules
source: ourselves
controls:
  - control: H-1
    title: Who may do what
    owner: CISO
    requirements:
      - id: owners
        check: accounts.evidence.role_holders
        when: {privileged: true}
        expect: {active: true, guest: false}
        severity: high
      - {check: accounts.entra.settings, expect: {invitations_by: nobody}, severity: high}
      - check: accounts.entra.sign_ins
        when: {active: true}
        expect: {last_seen_at: {maxAgeDays: 90}}
        severity: high
"""
CONFIGURATION = """\
targets:
  - azure:
      name: clinic
      subscription: {subscription}
      resource_manager: {server.url}
      authority: {server.url}
  - entra:
      name: staff
      tenant: {tenant}
      graph: {server.graph_url}
      authority: {server.url}
policies: [./house.yaml]
"""
SETTINGS = "/policies/authorizationPolicy"


def user(each: str, name: str, *, enabled: bool = True, kind: str = "Member") -> dict[str, object]:
    return {
        "id": each,
        "userPrincipalName": f"{name}@clinic.example",
        "displayName": name,
        "accountEnabled": enabled,
        "userType": kind,
        "externalUserState": None,
        "createdDateTime": "2020-01-01T00:00:00Z",
        "signInActivity": {"lastSuccessfulSignInDateTime": "2021-01-01T00:00:00Z"},
    }


def assignment(number: int, who: str) -> dict[str, object]:
    return {
        "id": f"{HERE}/providers/Microsoft.Authorization/roleAssignments/{number}",
        "name": str(number),
        "properties": {
            "roleDefinitionId": f"{HERE}/providers/Microsoft.Authorization/roleDefinitions/{OWNER}",
            "principalId": who,
            "principalType": "User",
            "scope": HERE,
        },
    }


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Azure]:
    """A subscription with three owners, of whom one is a guest and one was dismissed."""
    private = tmp_path / "server"
    private.mkdir()
    with azure.running(private) as server:
        server.manager.resources = [
            assignment(1, ANN),
            assignment(2, BOB),
            assignment(3, PAT),
            {
                "id": f"{HERE}/providers/Microsoft.Authorization/roleDefinitions/{OWNER}",
                "name": OWNER,
                "properties": {
                    "roleName": "Owner",
                    "type": "BuiltInRole",
                    "permissions": [{"actions": ["*"], "notActions": []}],
                    "assignableScopes": ["/"],
                },
            },
        ]
        server.graph.entries = {
            "/users": [
                user(ANN, "ann"),
                user(BOB, "bob", enabled=False),
                user(PAT, "pat", kind="Guest"),
            ],
            SETTINGS: {
                "id": "authorizationPolicy",
                "allowInvitesFrom": "everyone",
                "guestUserRoleId": "10dae51f-b6af-4016-8d66-8c2a99b929b3",
                "defaultUserRolePermissions": {
                    "allowedToCreateApps": True,
                    "allowedToCreateSecurityGroups": True,
                    "allowedToCreateTenants": True,
                    "permissionGrantPoliciesAssigned": [],
                },
            },
        }
        folder = tmp_path / "scan"
        folder.mkdir()
        (folder / "house.yaml").write_text(POLICY)
        (folder / "wardround.yaml").write_text(
            CONFIGURATION.format(subscription=SUBSCRIPTION, tenant=TENANT, server=server)
        )
        yield server


def scan(tmp_path: Path, server: Azure) -> CompletedProcess[str]:
    own = ("-f", "json=report.json", "-f", "text", "-f", "html=report.html", "--bundle", "bundle")
    return run(tmp_path / "scan", "scan", *own, **server.environment)


def outcomes(tmp_path: Path) -> dict[str, object]:
    report = json.loads((tmp_path / "scan" / "report.json").read_text())
    return {
        f"{each['requirement'].rpartition('.')[2]} {str(each['resource'] or '').rpartition('/')[2]}": (
            each["outcome"]
        )
        for each in report["findings"]
    }


def unreadables(tmp_path: Path) -> set[tuple[str, str, str]]:
    report = json.loads((tmp_path / "scan" / "report.json").read_text())
    return {(each["reason"], each["need"], each["mend"]) for each in report["unreadable"]}


WHOLE = {
    "owners 1": "pass",
    "owners 2": "fail",
    "owners 3": "fail",
    f"settings entra:{TENANT}": "fail",
    f"sign_ins {ANN}": "fail",
    f"sign_ins {BOB}": "not-applicable",
    f"sign_ins {PAT}": "fail",
}


def test_owners_are_told_by_both_and_no_secret_is_kept(tmp_path: Path, clinic: Azure) -> None:
    result = scan(tmp_path, clinic)

    assert result.returncode == 1, result.stdout + result.stderr
    assert outcomes(tmp_path) == WHOLE
    for target in (f"azure:{SUBSCRIPTION}", f"entra:{TENANT}"):
        assert f"({target}), asked as {azure.CLIENT}" in result.stdout
    said = {"out": result.stdout.encode(), "err": result.stderr.encode()}
    kept = planted.files(tmp_path / "scan")
    assert planted.found({"the client's secret": SECRET, **clinic.tokens}, kept | said) == []


def test_with_exactly_the_printed_permissions_nothing_is_refused(tmp_path: Path, clinic: Azure) -> None:
    role = json.loads(run(tmp_path / "scan", "permissions", "--for", "azure").stdout)
    printed = run(tmp_path / "scan", "permissions", "--for", "entra")
    names = printed.stderr.strip().splitlines()[-1].split(", ")
    assert names == ["AuditLog.Read.All", "Policy.Read.All", "User.Read.All"]
    assert len(json.loads(printed.stdout)[0]["resourceAccess"]) == 3
    clinic.manager.allowed = frozenset(role["Actions"])
    clinic.graph.granted = frozenset(names)

    scan(tmp_path, clinic)

    assert outcomes(tmp_path) == WHOLE


@pytest.mark.parametrize(
    ("missing", "hidden"),
    [
        ("AuditLog.Read.All", {"sign_ins"}),
        ("Policy.Read.All", {"settings"}),
        ("User.Read.All", {"sign_ins", "owners"}),
    ],
)
def test_without_a_permission_only_what_needs_it_is_an_error(
    tmp_path: Path, clinic: Azure, missing: str, hidden: set[str]
) -> None:
    clinic.graph.granted = frozenset({"AuditLog.Read.All", "Policy.Read.All", "User.Read.All"} - {missing})

    result = scan(tmp_path, clinic)

    found = outcomes(tmp_path)
    assert {name.split()[0] for name, outcome in found.items() if outcome == "error"} == hidden
    kept = {name: outcome for name, outcome in WHOLE.items() if name.split()[0] not in hidden}
    assert {name: outcome for name, outcome in found.items() if outcome != "error"} == kept
    assert f"grant {missing}" in result.stdout or f"and {missing}" in result.stdout


def test_a_tenant_without_a_licence_is_told_so(tmp_path: Path, clinic: Azure) -> None:
    clinic.graph.premium = False

    scan(tmp_path, clinic)

    assert {reason for reason, _, _ in unreadables(tmp_path)} == {"unlicensed"}
    assert outcomes(tmp_path)["owners 2"] == "fail"


def test_an_unregistered_provider_is_no_verdict(tmp_path: Path, clinic: Azure) -> None:
    clinic.manager.unregistered = {"Microsoft.Authorization"}

    scan(tmp_path, clinic)

    (of_owners,) = [outcome for name, outcome in outcomes(tmp_path).items() if name.startswith("owners")]
    assert of_owners == "error"
    assert (
        "unregistered",
        "accounts.azure.role_assignments",
        "register Microsoft.Authorization: az provider register --namespace Microsoft.Authorization",
    ) in unreadables(tmp_path)


def test_a_tenant_that_is_somebody_elses_is_not_entered(tmp_path: Path, clinic: Azure) -> None:
    path = tmp_path / "scan" / "wardround.yaml"
    path.write_text(path.read_text().replace(TENANT, "00000000-aaaa-bbbb-cccc-ddddeeeeffff"))

    result = scan(tmp_path, clinic)

    assert f"the credentials are of the tenant {TENANT}" in result.stdout
    assert [call for call in clinic.calls if call.startswith("/v1.0")] == []


def test_half_an_answer_is_no_verdict(tmp_path: Path, clinic: Azure) -> None:
    clinic.instead[f"/v1.0{SETTINGS}"] = [Answer(body=b'{"allowInvitesFrom": "non')]

    scan(tmp_path, clinic)

    assert {reason for reason, _, _ in unreadables(tmp_path)} == {"invalid-answer"}
    assert outcomes(tmp_path) == {name: out for name, out in WHOLE.items() if "settings" not in name} | {
        "settings ": "error"
    }
