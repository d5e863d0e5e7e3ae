from typing import Any

import pytest

from checks.hardening import CrossOrigin, Registry, WebApp
from checks.hardening.azure import (
    container_registries,
    dicom_services,
    fhir_services,
    healthcare_apis,
    web_apps,
)
from scanner.testing import SUBSCRIPTION, Check, World, look, observe, world

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/EHR"
ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ehr/providers"


def resource(kind: str, path: str, properties: dict[str, Any], /, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{GROUP}/providers/{kind}/{path}",
        "name": path.rpartition("/")[2],
        "type": kind,
        "location": "West Europe",
        "properties": properties,
        **more,
    }


def below(kind: str, path: str, properties: dict[str, Any]) -> dict[str, Any]:
    """A child resource, whose type goes on from its parent's."""
    *_, child, name = path.split("/")
    return {
        "id": f"{GROUP}/providers/{kind}/{path}",
        "name": name,
        "type": f"{kind}/{child}",
        "properties": properties,
    }


def of(kind: str, name: str) -> dict[str, Any]:
    return {"resource": f"{ID}/{kind}/{name}", "region": "westeurope", "tags": {}}


SITE = "Microsoft.Web/sites"
WEB_APPS = world(
    web_apps,
    {
        f"{SITE}/read": [
            resource(SITE, "portal", {"state": "Running"}),
            resource(SITE, "labs", {"state": "Running"}),
        ],
        f"{SITE}/config/read": [
            below(
                SITE,
                "portal/config/web",
                {
                    "remoteDebuggingEnabled": False,
                    "cors": {"allowedOrigins": ["https://portal.example"], "supportCredentials": False},
                },
            ),
            below(
                SITE,
                "labs/config/web",
                {
                    "remoteDebuggingEnabled": True,
                    "cors": {"allowedOrigins": ["https://portal.example", "*"]},
                },
            ),
        ],
    },
)


def test_web_apps() -> None:
    assert observe(web_apps, WEB_APPS) == [
        WebApp(**of(SITE, "portal"), remote_debugging=False, any_origin=False),
        WebApp(**of(SITE, "labs"), remote_debugging=True, any_origin=True),
    ]


def test_a_setting_that_is_not_told_is_refused() -> None:
    told = {**WEB_APPS, f"{SITE}/config/read": [below(SITE, "portal/config/web", {})]}

    sight = look(web_apps, {**told, f"{SITE}/read": [resource(SITE, "portal", {})]})

    assert sight.facts == []
    assert [(refusal.resource, refusal.error.detail) for refusal in sight.refusals] == [
        (
            f"{ID}/{SITE}/portal",
            "properties.remoteDebuggingEnabled is missing; expected true or false",
        )
    ]


FHIR = "Microsoft.HealthcareApis/services"
WORKSPACE = "Microsoft.HealthcareApis/workspaces"
ANY = {"corsConfiguration": {"origins": ["*"], "methods": ["GET"], "allowCredentials": False}}
ONE = {"corsConfiguration": {"origins": ["https://portal.example"]}}
HEALTHCARE_APIS = world(
    healthcare_apis,
    {f"{FHIR}/read": [resource(FHIR, "any", ANY), resource(FHIR, "one", ONE), resource(FHIR, "none", {})]},
)


def test_healthcare_apis() -> None:
    assert observe(healthcare_apis, HEALTHCARE_APIS) == [
        CrossOrigin(**of(FHIR, name), any_origin=name == "any") for name in ("any", "one", "none")
    ]


def health(check: Check, kind: str) -> World:
    services = {"any": ANY, "one": ONE, "none": {}}
    return world(
        check,
        {
            f"{WORKSPACE}/read": [resource(WORKSPACE, "clinic", {})],
            f"{WORKSPACE}/{kind}/read": [
                below(WORKSPACE, f"clinic/{kind}/{name}", told) | {"location": "westeurope"}
                for name, told in services.items()
            ],
        },
    )


HEALTH = [
    (check, kind, health(check, kind))
    for check, kind in ((fhir_services, "fhirservices"), (dicom_services, "dicomservices"))
]


@pytest.mark.parametrize(("check", "kind", "answers"), HEALTH, ids=["fhir", "dicom"])
def test_services_of_healthcare_workspaces(check: Check, kind: str, answers: World) -> None:
    assert observe(check, answers) == [
        CrossOrigin(**of(f"{WORKSPACE}/clinic/{kind}", name), any_origin=name == "any")
        for name in ("any", "one", "none")
    ]


REGISTRY = "Microsoft.ContainerRegistry/registries"
REGISTRIES = world(
    container_registries,
    {
        f"{REGISTRY}/read": [
            resource(REGISTRY, "admin", {"adminUserEnabled": True}, sku={"name": "Basic"}),
            resource(REGISTRY, "directory", {"adminUserEnabled": False}, sku={"name": "Premium"}),
        ]
    },
)


def test_container_registries() -> None:
    assert observe(container_registries, REGISTRIES) == [
        Registry(**of(REGISTRY, "admin"), admin_user=True),
        Registry(**of(REGISTRY, "directory"), admin_user=False),
    ]
