"""Every check on Azure and Entra, over TLS: its complete world on a server, and no permission but its own.

The server takes the action from the address, as Azure does, and not from the product's table.
"""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

from scanner import AzureSubscription, EntraTenant, permissions, testing
from scanner.declaration import Check, seen
from scanner.facts import Facts
from scanner.targets import arm, graph, graph_paths
from scanner.targets.azure import Subscription
from scanner.targets.clouds import Cloud, Login
from scanner.targets.entra import Tenant
from scanner.view import View
from tests import azure
from tests.azure import HERE, SUBSCRIPTION, TENANT, Azure
from tests.worlds import CHECKS

ON_AZURE = [name for name, check in CHECKS.items() if check.on is AzureSubscription]
ON_ENTRA = [name for name, check in CHECKS.items() if check.on is EntraTenant]
ENTERING = "Microsoft.Resources/subscriptions/read"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    folder = tmp_path_factory.mktemp("azure")
    with pytest.MonkeyPatch.context() as patch, azure.running(folder) as running:
        for name in ("AZURE_AUTHORITY_HOST", "AZURE_TOKEN_CREDENTIALS", "HTTPS_PROXY", "https_proxy"):
            patch.delenv(name, raising=False)
        patch.setenv("HOME", str(folder))
        for name, value in running.environment.items():
            patch.setenv(name, value)
        running.manager.page_size = running.graph.page_size = 2
        yield running


@pytest.fixture(scope="module")
def cloud(server: Azure) -> Cloud:
    return Cloud(server.url, server.url, server.graph_url, custom=True)


@pytest.fixture(scope="module")
def login(cloud: Cloud) -> Iterator[Login]:
    """Logged in once: how is tried elsewhere."""
    with closing(Login(cloud, ENTERING)) as made:
        yield made


def plain(world: Mapping[str, Any]) -> bool:
    """Whether a world is one that a server can have: no answer depends on who is asked."""
    return not any(callable(answer) or isinstance(answer, testing.Error) for answer in world.values())


def resources(world: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Everything in a world, once; of machines, what they are and how they are together."""
    found: dict[str, dict[str, Any]] = {}
    for answer in world.values():
        for item in answer:
            key = item["id"].lower()
            found[key] = {
                **found.get(key, {}),
                **item,
                "properties": {**found.get(key, {}).get("properties", {}), **item.get("properties", {})},
            }
    return list(found.values())


def sight(check: Check, view: View) -> tuple[list[Facts], list[str]]:
    facts = list(seen(check, view))
    return facts, [str(refusal.error) for refusal in view.refusals]


def same(seen_facts: list[Facts], check: Check, world: Mapping[str, Any]) -> None:
    expected = {facts.resource: facts for facts in testing.observe(check, world)}
    assert {facts.resource: facts for facts in seen_facts} == expected


@pytest.mark.parametrize("name", ON_AZURE)
def test_a_subscription_is_seen_as_its_world_says(
    server: Azure, cloud: Cloud, login: Login, name: str
) -> None:
    check, world = CHECKS[name], testing.WORLDS[CHECKS[name]]
    assert plain(world), "a world of resources needs no functions"
    server.manager.resources = json.loads(json.dumps(resources(world)))
    server.manager.subscriptions = {
        item["id"].split("/")[2].lower(): {} for item in [*server.manager.resources, {"id": HERE}]
    }
    server.manager.allowed = frozenset({ENTERING, *permissions.azure_role([check], [])["Actions"]})
    server.calls.clear()

    with closing(arm.manager(cloud, login.hold())) as caller, ThreadPoolExecutor(4) as leaves:
        subscription = Subscription(SUBSCRIPTION, caller, TENANT)
        facts, refusals = sight(check, AzureSubscription(check.needs, subscription, leaves))

    assert refusals == []
    same(facts, check, world)
    asked = [call for call in server.calls if "api-version" in call]
    assert len(asked) == len(set(asked)) > 0


@pytest.mark.parametrize("name", ON_ENTRA)
def test_a_tenant_is_seen_as_its_world_says(server: Azure, cloud: Cloud, login: Login, name: str) -> None:
    check, world = CHECKS[name], testing.WORLDS[CHECKS[name]]
    server.graph.entries = dict(entries(world))
    server.graph.granted = frozenset(permissions.graph_permissions([check]))
    server.calls.clear()

    with closing(graph.graph(cloud, login.hold())) as caller, ThreadPoolExecutor(4) as leaves:
        facts, refusals = sight(check, EntraTenant(check.needs, Tenant(TENANT, caller), leaves))

    assert refusals == []
    same(facts, check, world)
    asked = [call for call in server.calls if call.startswith(("/v1.0", "/beta"))]
    assert len(asked) == len(set(asked)) > 0


def refused(held: Any) -> Any:
    return azure.error(403, held.code) if isinstance(held, testing.Error) else held


def entries(world: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What each path of a world holds; an answer by name (`by`) holds one for each."""
    for need, answer in world.items():
        path = graph_paths.path(need, {"id": "{id}"}).removeprefix(f"/{graph_paths.PATHS[need].version}")
        if callable(answer):
            for each, held in answer.answers.items():
                yield path.replace("%7Bid%7D", each), refused(held)
        else:
            yield path, answer
