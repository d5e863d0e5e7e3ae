"""By what Azure's services let somebody in: the directory's identities, or keys and passwords."""

from collections.abc import Iterator

from scanner import AzureSubscription, Resource, check

from . import ClusterLogin, DirectoryLogin, Login, StorageLogin

_ON = {"Enabled": True, "Disabled": False}
_MYSQL = "Microsoft.DBforMySQL/flexibleServers"


@check("Microsoft.Web/sites/read", "Microsoft.Web/sites/basicPublishingCredentialsPolicies/read")
def web_app_publishing(subscription: AzureSubscription) -> Iterator[Login]:
    """Whether web apps take new code from whoever has a password of theirs, by FTP or the site for tools."""

    def read(site: Resource) -> Login:
        need = "Microsoft.Web/sites/basicPublishingCredentialsPolicies/read"
        policies = list(subscription.all(need, site.id))
        return Login(
            **site.about,
            local_authentication=any(policy.flag("properties.allow") for policy in policies),
        )

    yield from subscription.each(subscription.all("Microsoft.Web/sites/read"), read)


@check("Microsoft.ContainerService/managedClusters/read")
def kubernetes_clusters(subscription: AzureSubscription) -> Iterator[ClusterLogin]:
    """By what Kubernetes clusters let somebody in, and whether roles say what they may do."""
    for cluster in subscription.all("Microsoft.ContainerService/managedClusters/read"):
        with subscription.reading(cluster.id):
            directory = cluster.part("properties.aadProfile")
            yield ClusterLogin(
                **cluster.about,
                role_based_access=cluster.flag("properties.enableRBAC"),
                local_authentication=not cluster.flag("properties.disableLocalAccounts", default=False),
                directory_authentication=bool(directory.held),
                directory_authorization=directory.flag("enableAzureRBAC", default=False),
            )


@check("Microsoft.Storage/storageAccounts/read")
def storage_accounts(subscription: AzureSubscription) -> Iterator[StorageLogin]:
    """By what storage accounts let somebody in.

    Local authentication is by the account's keys and what is signed with them, or by users of SFTP.
    """
    for account in subscription.all("Microsoft.Storage/storageAccounts/read"):
        with subscription.reading(account.id):
            # What is left out allows keys:
            # https://learn.microsoft.com/azure/storage/common/shared-key-authorization-prevent
            keys = account.flag("properties.allowSharedKeyAccess", default=True)
            # SFTP knows no other users than its own:
            # https://learn.microsoft.com/azure/storage/blobs/secure-file-transfer-protocol-support
            sftp = account.flag("properties.isSftpEnabled", default=False)
            users = account.flag("properties.isLocalUserEnabled", default=True)
            yield StorageLogin(
                **account.about,
                local_authentication=keys or (sftp and users),
                directory_authentication=True,
                directory_by_default=account.flag("properties.defaultToOAuthAuthentication", default=False),
            )


@check("Microsoft.Sql/servers/read", "Microsoft.Sql/servers/administrators/read")
def sql_servers(subscription: AzureSubscription) -> Iterator[DirectoryLogin]:
    """By what SQL servers let somebody in.

    Those of the directory can log in once it gave an administrator.
    """

    def read(server: Resource) -> DirectoryLogin:
        administrators = list(subscription.all("Microsoft.Sql/servers/administrators/read", server.id))
        return DirectoryLogin(
            **server.about,
            local_authentication=not any(
                each.flag("properties.azureADOnlyAuthentication", default=False) for each in administrators
            ),
            directory_authentication=bool(administrators),
        )

    yield from subscription.each(subscription.all("Microsoft.Sql/servers/read"), read)


@check("Microsoft.DBforPostgreSQL/flexibleServers/read")
def postgresql_servers(subscription: AzureSubscription) -> Iterator[DirectoryLogin]:
    """By what flexible servers of PostgreSQL let somebody in."""
    for server in subscription.all("Microsoft.DBforPostgreSQL/flexibleServers/read"):
        with subscription.reading(server.id):
            # Left out on servers that are older than the choice, which know passwords alone:
            # https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-azure-ad-authentication
            yield DirectoryLogin(
                **server.about,
                local_authentication=server.word("properties.authConfig.passwordAuth", _ON, default=True),
                directory_authentication=server.word(
                    "properties.authConfig.activeDirectoryAuth", _ON, default=False
                ),
            )


@check(f"{_MYSQL}/read", f"{_MYSQL}/administrators/read", f"{_MYSQL}/configurations/read")
def mysql_servers(subscription: AzureSubscription) -> Iterator[DirectoryLogin]:
    """By what flexible servers of MySQL let somebody in.

    Those of the directory can log in once it gave an administrator, and alone where aad_auth_only is on.
    """

    def read(server: Resource) -> DirectoryLogin:
        settings = subscription.all(f"{_MYSQL}/configurations/read", server.id)
        alone = any(each.name == "aad_auth_only" and _is_on(each) for each in settings)
        administrators = list(subscription.all(f"{_MYSQL}/administrators/read", server.id))
        return DirectoryLogin(
            **server.about,
            local_authentication=not alone,
            directory_authentication=bool(administrators),
        )

    yield from subscription.each(subscription.all(f"{_MYSQL}/read"), read)


@check("Microsoft.DocumentDB/databaseAccounts/read")
def cosmos_accounts(subscription: AzureSubscription) -> Iterator[Login]:
    """Whether Cosmos DB accounts let in by their keys.

    Which of their APIs know the directory is not told.
    """
    for account in subscription.all("Microsoft.DocumentDB/databaseAccounts/read"):
        with subscription.reading(account.id):
            yield Login(
                **account.about,
                local_authentication=not account.flag("properties.disableLocalAuth", default=False),
            )


@check("Microsoft.Cache/redis/read")
def redis_caches(subscription: AzureSubscription) -> Iterator[DirectoryLogin]:
    """By what Redis caches let somebody in."""
    for cache in subscription.all("Microsoft.Cache/redis/read"):
        with subscription.reading(cache.id):
            keys = not cache.flag("properties.disableAccessKeyAuthentication", default=False)
            yield DirectoryLogin(
                **cache.about,
                local_authentication=keys,
                directory_authentication=cache.word(
                    "properties.redisConfiguration.aad-enabled", {"True": True, "False": False}, default=False
                ),
            )


@check("Microsoft.Search/searchServices/read")
def search_services(subscription: AzureSubscription) -> Iterator[DirectoryLogin]:
    """By what AI Search services let somebody in."""
    for service in subscription.all("Microsoft.Search/searchServices/read"):
        with subscription.reading(service.id):
            keys = not service.flag("properties.disableLocalAuth", default=False)
            # Keys alone, unless said otherwise:
            # https://learn.microsoft.com/azure/search/search-security-enable-roles
            yield DirectoryLogin(
                **service.about,
                local_authentication=keys,
                directory_authentication=not keys or service.has("properties.authOptions.aadOrApiKey"),
            )


@check("Microsoft.EventHub/namespaces/read")
def event_hub_namespaces(subscription: AzureSubscription) -> Iterator[DirectoryLogin]:
    """By what Event Hubs namespaces let somebody in."""
    yield from _switched(subscription, "Microsoft.EventHub/namespaces/read")


@check("Microsoft.ServiceBus/namespaces/read")
def service_bus_namespaces(subscription: AzureSubscription) -> Iterator[DirectoryLogin]:
    """By what Service Bus namespaces let somebody in."""
    yield from _switched(subscription, "Microsoft.ServiceBus/namespaces/read")


@check("Microsoft.CognitiveServices/accounts/read")
def ai_services(subscription: AzureSubscription) -> Iterator[DirectoryLogin]:
    """By what AI services, as of OpenAI, vision, speech and language, let somebody in."""
    yield from _switched(subscription, "Microsoft.CognitiveServices/accounts/read")


def _switched(subscription: AzureSubscription, need: str) -> Iterator[DirectoryLogin]:
    """Services that know the directory anyway, and let in by keys until that is turned off."""
    for item in subscription.all(need):
        with subscription.reading(item.id):
            yield DirectoryLogin(
                **item.about,
                local_authentication=not item.flag("properties.disableLocalAuth", default=False),
                directory_authentication=True,
            )


def _is_on(setting: Resource) -> bool:
    return setting.word("properties.value", {"ON": True, "OFF": False})
