"""Encryption in transit on Azure.

Settings are told as they are. Azure has by now stopped taking TLS 1.0 and 1.1 in most services, whatever is
set: https://learn.microsoft.com/en-us/lifecycle/announcements/tls-support-ending-10-31-2024.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from scanner import AzureSubscription, Resource, check

from ..semantics.azure_sites import kind_of
from . import Deployment, InTransit, Version, WebSite

_NUMBERS: dict[str, Version] = {"1.0": "TLSv1.0", "1.1": "TLSv1.1", "1.2": "TLSv1.2", "1.3": "TLSv1.3"}
_NUMBERS_OR_NONE: dict[str, Version | None] = {**_NUMBERS, "None": None}
_STORAGE: dict[str, Version] = {
    "TLS1_0": "TLSv1.0",
    "TLS1_1": "TLSv1.1",
    "TLS1_2": "TLSv1.2",
    "TLS1_3": "TLSv1.3",
}
_COSMOS: dict[str, Version] = {"Tls": "TLSv1.0", "Tls11": "TLSv1.1", "Tls12": "TLSv1.2"}
_ENGINES: dict[str, Version] = {
    "tlsv1": "TLSv1.0",
    "tlsv1.0": "TLSv1.0",
    "tlsv1.1": "TLSv1.1",
    "tlsv1.2": "TLSv1.2",
    "tlsv1.3": "TLSv1.3",
}
_SWITCH = {"on": True, "off": False}


@check("Microsoft.Storage/storageAccounts/read")
def storage_accounts(subscription: AzureSubscription) -> Iterator[InTransit]:
    """Whether storage accounts take HTTPS only, and from which version of TLS on.

    Where it is required, SMB without encryption is turned away, too. NFS shares do not heed it.
    """
    for account in subscription.all("Microsoft.Storage/storageAccounts/read"):
        with subscription.reading(account.id):
            yield InTransit(
                **account.about,
                tls_required=account.flag("properties.supportsHttpsTrafficOnly"),
                # An account that does not say takes TLS 1.0:
                # https://learn.microsoft.com/rest/api/storagerp/storage-accounts/list#storageaccount
                min_tls=account.word("properties.minimumTlsVersion", _STORAGE, "TLSv1.0"),
            )


_SITES = ("Microsoft.Web/sites/read", "Microsoft.Web/sites/config/read")
_CERTIFICATES = {"Required": True, "Optional": False, "OptionalInteractiveUser": False}
_FTP: dict[str, Literal["tls", "plain"] | None] = {"AllAllowed": "plain", "FtpsOnly": "tls", "Disabled": None}


@check(*_SITES)
def web_sites(subscription: AzureSubscription) -> Iterator[WebSite]:
    """Whether web apps, function apps and workflows speak to visitors in HTTPS only, and in which TLS.

    Deployment slots have settings of their own and are not read.
    """

    def read(site: Resource) -> WebSite:
        settings = _settings(subscription, site)
        return WebSite(
            **site.about,
            kind=kind_of(site.text("kind", "")),
            tls_required=site.flag("properties.httpsOnly"),
            min_tls=settings.word("properties.minTlsVersion", _NUMBERS),
            client_certificate=_certificate(site),
            # Off unless it was turned on:
            # https://learn.microsoft.com/azure/app-service/configure-common#configure-general-settings
            http2=settings.flag("properties.http20Enabled", default=False),
        )

    yield from subscription.each(subscription.all("Microsoft.Web/sites/read"), read)


@check(*_SITES)
def web_deployments(subscription: AzureSubscription) -> Iterator[Deployment]:
    """Whether code comes to web apps, function apps and workflows in TLS only, and in which.

    The version is the one asked for by Kudu, which takes code in HTTPS.
    """

    def read(site: Resource) -> Deployment:
        settings = _settings(subscription, site)
        ftp = settings.word("properties.ftpsState", _FTP)
        return Deployment(
            **site.about,
            kind=kind_of(site.text("kind", "")),
            tls_required=ftp != "plain",
            min_tls=settings.word("properties.scmMinTlsVersion", _NUMBERS),
            ftp=ftp,
        )

    yield from subscription.each(subscription.all("Microsoft.Web/sites/read"), read)


def _settings(subscription: AzureSubscription, site: Resource) -> Resource:
    # What the site itself says of its settings is empty in listings.
    return subscription.one("Microsoft.Web/sites/config/read", f"{site.id}/config/web")


def _certificate(site: Resource) -> Literal["required", "optional"] | None:
    if not site.flag("properties.clientCertEnabled", default=False):
        return None
    required = site.word("properties.clientCertMode", _CERTIFICATES)
    # On these paths nobody is asked for one.
    spared = site.text("properties.clientCertExclusionPaths", "")
    return "required" if required and not spared else "optional"


@check("Microsoft.Sql/servers/read")
def sql_servers(subscription: AzureSubscription) -> Iterator[InTransit]:
    """Whether SQL servers turn away connections without TLS, and from which version on.

    Encryption is asked of whoever connects only where a least version is set.
    """
    for server in subscription.all("Microsoft.Sql/servers/read"):
        with subscription.reading(server.id):
            yield _sql(server)


@check("Microsoft.Sql/managedInstances/read")
def managed_instances(subscription: AzureSubscription) -> Iterator[InTransit]:
    """Whether SQL managed instances turn away connections without TLS, and from which version on.

    Encryption is asked of whoever connects only where a least version is set.
    """
    for instance in subscription.all("Microsoft.Sql/managedInstances/read"):
        with subscription.reading(instance.id):
            yield _sql(instance)


def _sql(server: Resource) -> InTransit:
    # Who needs connections without encryption is told to set none:
    # https://learn.microsoft.com/azure/azure-sql/database/connectivity-settings#minimum-tls-version
    least = server.word("properties.minimalTlsVersion", _NUMBERS_OR_NONE, None)
    return InTransit(**server.about, tls_required=least is not None, min_tls=least)


@check(
    "Microsoft.DBforMySQL/flexibleServers/read", "Microsoft.DBforMySQL/flexibleServers/configurations/read"
)
def mysql_servers(subscription: AzureSubscription) -> Iterator[InTransit]:
    """Whether MySQL flexible servers turn away connections without TLS, and from which version on."""

    def read(server: Resource) -> InTransit:
        need = "Microsoft.DBforMySQL/flexibleServers/configurations/read"
        told = {parameter.name: parameter for parameter in subscription.all(need, of=server.id)}
        versions = _parameter(server, told, "tls_version")
        listed = versions.text("properties.value").lower().split(",")
        if not set(listed) <= _ENGINES.keys():
            raise versions.strange("properties.value", "versions of TLS")
        return InTransit(
            **server.about,
            tls_required=_parameter(server, told, "require_secure_transport").word(
                "properties.value", _SWITCH
            ),
            min_tls=min(_ENGINES[version] for version in listed),
        )

    yield from subscription.each(subscription.all("Microsoft.DBforMySQL/flexibleServers/read"), read)


@check(
    "Microsoft.DBforPostgreSQL/flexibleServers/read",
    "Microsoft.DBforPostgreSQL/flexibleServers/configurations/read",
)
def postgresql_servers(subscription: AzureSubscription) -> Iterator[InTransit]:
    """Whether PostgreSQL flexible servers turn away connections without TLS, and from which version on."""

    def read(server: Resource) -> InTransit:
        need = "Microsoft.DBforPostgreSQL/flexibleServers/configurations/read"
        told = {parameter.name: parameter for parameter in subscription.all(need, of=server.id)}
        return InTransit(
            **server.about,
            tls_required=_parameter(server, told, "require_secure_transport").word(
                "properties.value", _SWITCH
            ),
            min_tls=_parameter(server, told, "ssl_min_protocol_version").word("properties.value", _ENGINES),
        )

    yield from subscription.each(subscription.all("Microsoft.DBforPostgreSQL/flexibleServers/read"), read)


def _parameter(server: Resource, told: Mapping[str, Resource], name: str) -> Resource:
    if name not in told:
        raise server.strange(f"configurations.{name}", "a server parameter")
    return told[name]


@check("Microsoft.Cache/redis/read")
def redis_caches(subscription: AzureSubscription) -> Iterator[InTransit]:
    """Whether Redis caches keep the port without TLS closed, and from which version of TLS on they answer."""
    for cache in subscription.all("Microsoft.Cache/redis/read"):
        with subscription.reading(cache.id):
            yield InTransit(
                **cache.about,
                # Closed unless it was opened:
                # https://learn.microsoft.com/rest/api/redis/redis/list-by-subscription#redisresource
                tls_required=not cache.flag("properties.enableNonSslPort", default=False),
                # Caches made since March 2024 take 1.2 at least, and have no say in it:
                # https://learn.microsoft.com/azure/azure-cache-for-redis/cache-remove-tls-10-11
                min_tls=cache.word("properties.minimumTlsVersion", _NUMBERS, "TLSv1.2"),
            )


@check("Microsoft.DocumentDB/databaseAccounts/read")
def cosmos_accounts(subscription: AzureSubscription) -> Iterator[InTransit]:
    """From which version of TLS on Cosmos DB accounts answer; without TLS none does."""
    for account in subscription.all("Microsoft.DocumentDB/databaseAccounts/read"):
        with subscription.reading(account.id):
            yield InTransit(
                **account.about,
                tls_required=True,
                # An account that does not say takes TLS 1.0; Mongo and Cassandra take 1.2 all the same:
                # https://learn.microsoft.com/rest/api/cosmos-db-resource-provider/database-accounts/list#minimaltlsversion
                min_tls=account.word("properties.minimalTlsVersion", _COSMOS, "TLSv1.0"),
            )


@check("Microsoft.EventHub/namespaces/read")
def event_hub_namespaces(subscription: AzureSubscription) -> Iterator[InTransit]:
    """From which version of TLS on Event Hubs namespaces answer; without TLS none does."""
    for namespace in subscription.all("Microsoft.EventHub/namespaces/read"):
        with subscription.reading(namespace.id):
            yield _namespace(namespace)


@check("Microsoft.ServiceBus/namespaces/read")
def service_bus_namespaces(subscription: AzureSubscription) -> Iterator[InTransit]:
    """From which version of TLS on Service Bus namespaces answer; without TLS none does."""
    for namespace in subscription.all("Microsoft.ServiceBus/namespaces/read"):
        with subscription.reading(namespace.id):
            yield _namespace(namespace)


def _namespace(namespace: Resource) -> InTransit:
    # https://learn.microsoft.com/azure/event-hubs/transport-layer-security-enforce-minimum-version
    least = namespace.word("properties.minimumTlsVersion", _NUMBERS, None)
    return InTransit(**namespace.about, tls_required=True, min_tls=least)


@check("Microsoft.Devices/IotHubs/read")
def iot_hubs(subscription: AzureSubscription) -> Iterator[InTransit]:
    """From which version of TLS on IoT hubs answer devices; without TLS none does."""
    for hub in subscription.all("Microsoft.Devices/IotHubs/read"):
        with subscription.reading(hub.id):
            # https://learn.microsoft.com/azure/iot-hub/iot-hub-tls-support
            least = hub.word("properties.minTlsVersion", _NUMBERS, None)
            yield InTransit(**hub.about, tls_required=True, min_tls=least)
