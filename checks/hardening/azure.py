"""Settings of Azure's services that make them harder to misuse; who may log in is in azure_logins."""

from collections.abc import Iterator

from scanner import AzureSubscription, Resource, check

from . import CrossOrigin, Registry, WebApp

_WORKSPACES = "Microsoft.HealthcareApis/workspaces/read"


@check("Microsoft.Web/sites/read", "Microsoft.Web/sites/config/read")
def web_apps(subscription: AzureSubscription) -> Iterator[WebApp]:
    """Whether web apps, function apps and workflows may be debugged from outside, or called by any page.

    Deployment slots are not looked at.
    """

    def read(site: Resource) -> WebApp:
        config = subscription.one("Microsoft.Web/sites/config/read", f"{site.id}/config/web")
        return WebApp(
            **site.about,
            remote_debugging=config.flag("properties.remoteDebuggingEnabled"),
            any_origin="*" in config.texts("properties.cors.allowedOrigins"),
        )

    yield from subscription.each(subscription.all("Microsoft.Web/sites/read"), read)


@check("Microsoft.HealthcareApis/services/read")
def healthcare_apis(subscription: AzureSubscription) -> Iterator[CrossOrigin]:
    """Whether the Azure API for FHIR may be called by any page."""
    for service in subscription.all("Microsoft.HealthcareApis/services/read"):
        with subscription.reading(service.id):
            yield _cross_origin(service)


@check(_WORKSPACES, "Microsoft.HealthcareApis/workspaces/fhirservices/read")
def fhir_services(subscription: AzureSubscription) -> Iterator[CrossOrigin]:
    """Whether FHIR services may be called by any page."""
    yield from _of_workspaces(subscription, "Microsoft.HealthcareApis/workspaces/fhirservices/read")


@check(_WORKSPACES, "Microsoft.HealthcareApis/workspaces/dicomservices/read")
def dicom_services(subscription: AzureSubscription) -> Iterator[CrossOrigin]:
    """Whether DICOM services may be called by any page."""
    yield from _of_workspaces(subscription, "Microsoft.HealthcareApis/workspaces/dicomservices/read")


@check("Microsoft.ContainerRegistry/registries/read")
def container_registries(subscription: AzureSubscription) -> Iterator[Registry]:
    """Whether container registries have an administrator's password.

    Tokens for single repositories, and whether anybody may pull, are not looked at.
    """
    for registry in subscription.all("Microsoft.ContainerRegistry/registries/read"):
        with subscription.reading(registry.id):
            yield Registry(
                **registry.about,
                admin_user=registry.flag("properties.adminUserEnabled", default=False),
            )


def _of_workspaces(subscription: AzureSubscription, need: str) -> Iterator[CrossOrigin]:
    for workspace in subscription.all(_WORKSPACES):
        for service in subscription.all(need, workspace.id):
            with subscription.reading(service.id):
                yield _cross_origin(service)


def _cross_origin(service: Resource) -> CrossOrigin:
    return CrossOrigin(
        **service.about,
        any_origin="*" in service.texts("properties.corsConfiguration.origins"),
    )
