"""Derives arm.json and graph.json from what Microsoft publishes: the models of its own Python packages.

    python -I tests/shapes/derive.py

Run by hand, where PyPI can be had, when a type or a pinned api-version changes; read the difference like
code. Each package is downloaded into a folder of its own that is removed afterwards, and is read, never run.
The packages are generated from Microsoft's API descriptions and are under the MIT licence. Kept of them are
the names of properties, their types, the published values of enumerations, and where a type is listed.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

from scanner.targets.arm_types import LISTINGS, Listing, kind_of
from tests.shapes.azure_models import Folder, folders
from tests.shapes.graph_models import entities

HERE = Path(__file__).parent
LICENCE = "MIT"

PACKAGES = (
    ("azure-ai-ml", "1.22.0", "Microsoft.MachineLearningServices"),
    ("azure-mgmt-apimanagement", "4.0.1", "Microsoft.ApiManagement"),
    ("azure-mgmt-applicationinsights", "4.0.0", "Microsoft.Insights/components"),
    ("azure-mgmt-authorization", "4.0.0", "Microsoft.Authorization"),
    ("azure-mgmt-batch", "17.3.0", "Microsoft.Batch"),
    ("azure-mgmt-cognitiveservices", "13.5.0", "Microsoft.CognitiveServices"),
    ("azure-mgmt-compute", "33.0.0", "Microsoft.Compute"),
    ("azure-mgmt-containerregistry", "10.3.0", "Microsoft.ContainerRegistry"),
    ("azure-mgmt-containerservice", "31.0.0", "Microsoft.ContainerService"),
    ("azure-mgmt-cosmosdb", "9.5.1", "Microsoft.DocumentDB"),
    ("azure-mgmt-databricks", "3.0.0", "Microsoft.Databricks"),
    ("azure-mgmt-datafactory", "9.1.0", "Microsoft.DataFactory"),
    ("azure-mgmt-dataprotection", "1.4.0", "Microsoft.DataProtection"),
    ("azure-mgmt-eventhub", "11.1.0", "Microsoft.EventHub"),
    ("azure-mgmt-guestconfig", "1.0.0b2", "Microsoft.GuestConfiguration"),
    ("azure-mgmt-healthcareapis", "2.0.0", "Microsoft.HealthcareApis"),
    ("azure-mgmt-hybridcompute", "9.0.0", "Microsoft.HybridCompute"),
    ("azure-mgmt-iothub", "4.0.0", "Microsoft.Devices"),
    ("azure-mgmt-keyvault", "10.3.1", "Microsoft.KeyVault"),
    ("azure-mgmt-loganalytics", "13.0.0b7", "Microsoft.OperationalInsights"),
    ("azure-mgmt-logic", "10.0.0", "Microsoft.Logic"),
    ("azure-mgmt-managedservices", "7.0.0b1", "Microsoft.ManagedServices"),
    ("azure-mgmt-monitor", "6.0.2", "Microsoft.Insights"),
    ("azure-mgmt-mysqlflexibleservers", "1.0.0b1", "Microsoft.DBforMySQL"),
    ("azure-mgmt-network", "28.1.0", "Microsoft.Network"),
    ("azure-mgmt-postgresqlflexibleservers", "1.0.0", "Microsoft.DBforPostgreSQL"),
    ("azure-mgmt-recoveryservices", "3.0.0", "Microsoft.RecoveryServices/vaults"),
    ("azure-mgmt-recoveryservicesbackup", "9.1.0", "Microsoft.RecoveryServices/vaults/backup"),
    ("azure-mgmt-recoveryservicessiterecovery", "1.2.0", "Microsoft.RecoveryServices/vaults/replication"),
    ("azure-mgmt-redis", "14.5.0", "Microsoft.Cache"),
    ("azure-mgmt-resource-policy", "1.0.0b1", "Microsoft.Authorization/policyAssignments"),
    ("azure-mgmt-search", "9.1.0", "Microsoft.Search"),
    ("azure-mgmt-security", "7.0.0", "Microsoft.Security/"),
    ("azure-mgmt-security", "8.0.0b2", "Microsoft.Security/securityContacts"),
    ("azure-mgmt-securityinsight", "2.0.0b2", "Microsoft.SecurityInsights"),
    ("azure-mgmt-servicebus", "8.2.0", "Microsoft.ServiceBus"),
    ("azure-mgmt-sql", "4.0.0b20", "Microsoft.Sql"),
    ("azure-mgmt-storage", "21.2.1", "Microsoft.Storage"),
    ("azure-mgmt-streamanalytics", "1.0.0", "Microsoft.StreamAnalytics"),
    ("azure-mgmt-web", "7.3.1", "Microsoft.Web"),
)
"""What is published where: the package, its version, and what the types that it describes begin with.

Each holds the pinned api-version, or the nearest before it; where that lacks what the pinned one has, or
there is none, the nearest after it. tests/test_shapes.py lists those.
"""

NEAR = {"Microsoft.MachineLearningServices/workspaces": "2023-10-01"}
"""The folder to look into, where the package has many and none for the pinned api-version."""

_OWN = 2
"""A provider and a type: what is below that has a parent."""

GRAPH = ("msgraph-sdk", "1.65.0")
ENTITIES = (
    "AppRoleAssignment",
    "Application",
    "AuthenticationMethodsPolicy",
    "AuthorizationPolicy",
    "ConditionalAccessPolicy",
    "CrossTenantAccessPolicyConfigurationDefault",
    "CrossTenantAccessPolicyConfigurationPartner",
    "DirectoryObject",
    "Domain",
    "Group",
    "IdentitySecurityDefaultsEnforcementPolicy",
    "NamedLocation",
    "OAuth2PermissionGrant",
    "Organization",
    "ServicePrincipal",
    "UnifiedRoleAssignment",
    "UnifiedRoleDefinition",
    "UnifiedRoleEligibilitySchedule",
    "User",
    "UserRegistrationDetails",
)


def main() -> None:
    """Download, read, and write both files."""
    _write(HERE / "arm.json", _arm())
    with TemporaryDirectory() as scratch:
        models = entities(_download(*GRAPH, Path(scratch)), ENTITIES)
    source = {"licence": LICENCE, "package": GRAPH[0], "release": GRAPH[1], "version": "v1.0"}
    _write(HERE / "graph.json", {"models": models, "sources": {"graph": source}})


def _arm() -> dict[str, Any]:
    told: dict[str, Any] = {"models": {}, "sources": {}, "types": {}}
    for package in PACKAGES:
        wanted = {kind_of(need): listing for need, listing in LISTINGS.items() if _package(need) == package}
        with TemporaryDirectory() as scratch:
            published = list(folders(_download(*package[:2], Path(scratch))))
            for kind, listing in wanted.items():
                _add(told, package, kind, listing, published)
    return told


def _add(
    told: dict[str, Any], package: tuple[str, str, str], kind: str, listing: Listing, of: Iterable[Folder]
) -> None:
    wished = NEAR.get(kind, listing.version)
    for folder in of:
        if folder.version and folder.version != wished:
            continue
        found = [each for each in folder.operations if each.item and _lists(each.url, kind)]
        if not found:
            continue
        source = f"{package[0].removeprefix('azure-mgmt-')} {folder.version or package[1]}"
        models = sorted({each.item for each in found if each.item})
        named = {name: each.answer for each in folder.operations if (name := _names(each.url, kind))}
        told["sources"][source] = {"licence": LICENCE, "package": package[0], "release": package[1]}
        told["models"].setdefault(source, {}).update(folder.closure((*models, *named.values())))
        told["types"][kind] = {
            "lists": sorted({each.url for each in found}),
            "models": models,
            "named": named,
            "source": source,
            "version": found[0].version,
        }
        return
    sys.exit(f"{package[0]} {package[1]} does not list {kind}")


def _lists(url: str, kind: str) -> bool:
    """Whether a URL lists all of a type: in a subscription, below a parent, or of any resource."""
    head, _, tail = url.rpartition("/providers/")
    parts = tail.rstrip("/").split("/")
    within = "/providers/" in head and not head.startswith("/providers/")
    wide = head in ("/subscriptions/{}", "/{}") or len(parts) > _OWN or within
    return wide and len(parts) % 2 == 0 and "/".join((parts[0], *parts[1::2])).lower() == kind.lower()


def _names(url: str, kind: str) -> str | None:
    """The name that a URL asks for, where one of a type has a name of its own, and so a shape."""
    rest, _, name = url.rpartition("/")
    return name if name.isalnum() and _lists(rest, kind) else None


def _package(need: str) -> tuple[str, str, str] | None:
    fitting = [package for package in PACKAGES if need.startswith(package[2])]
    return max(fitting, key=lambda package: len(package[2]), default=None)


def _download(name: str, release: str, folder: Path) -> ZipFile:
    pip = (sys.executable, "-I", "-m", "pip", "--quiet", "--disable-pip-version-check", "download")
    what = ("--no-deps", "--only-binary=:all:", "--dest", str(folder), f"{name}=={release}")
    subprocess.run((*pip, *what), check=True)
    (wheel,) = folder.glob("*.whl")
    archive = ZipFile(wheel)
    (metadata,) = (each for each in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", each))
    told = archive.read(metadata).decode()
    if not re.search(r"^License(-Expression)?: MIT\b|:: MIT License$", told, re.MULTILINE):
        sys.exit(f"{name} {release} is not under the MIT licence")
    return archive


def _write(file: Path, told: Mapping[str, Any]) -> None:
    """One line for each model, so that a difference can be read."""
    file.write_text("".join(_lines(told)), encoding="utf-8")


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    yield "{\n"
    yield ",\n".join(
        f"{json.dumps(section)}: {_block(entries, 1)}" for section, entries in sorted(told.items())
    )
    yield "\n}\n"


def _block(entries: Mapping[str, Any], depth: int) -> str:
    indent = " " * depth
    lines = (f"{indent}{json.dumps(name)}: {_line(entry, depth)}" for name, entry in sorted(entries.items()))
    return "{\n" + ",\n".join(lines) + f"\n{indent[1:]}}}"


def _line(entry: Any, depth: int) -> str:
    folder = isinstance(entry, dict) and all(isinstance(each, dict | list) for each in entry.values())
    if folder and not entry.keys() & {"lists", "properties"}:
        return _block(entry, depth + 1)
    return json.dumps(entry, sort_keys=True, separators=(",", ":"))


if __name__ == "__main__":
    main()
