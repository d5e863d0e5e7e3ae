"""Azure's clouds, and logging in to them: whatever azure-identity finds, and why it finds nothing."""

import json
import logging
import re
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import ReadError
from ..model import Reason
from ..redact import line

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions
    from azure.core.pipeline.policies import BearerTokenCredentialPolicy
    from azure.identity import DefaultAzureCredential

CONNECT_SECONDS = 5
READ_SECONDS = 30
UNANSWERED = 1
"""How often a call is made again to which nothing was answered."""

_HEARD = 10_000
"""Characters of an error that are looked at."""
_ATTEMPT = re.compile(r"^\t(\w+Credential): (.+)$", re.MULTILINE)
_UNAVAILABLE = re.compile(
    r"unavailable|not fully configured|not (?:be )?found|not installed|not configured|no accounts|"
    r"no response|please run|to login|not support|requires? the|required to use|missing|no identity",
    re.IGNORECASE,
)
_SILENT = re.compile(r"timed out|Failed to (?:establish|resolve)|Connection (?:aborted|reset)", re.IGNORECASE)
_LOGIN = (
    "log in with `az login`, give AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or run where "
    "there is a managed identity"
)


@dataclass(frozen=True)
class Cloud:
    """Where one of Azure's clouds answers."""

    manager: str
    """The Resource Manager, as in https://management.azure.com."""
    authority: str
    """Who gives tokens."""
    graph: str
    """Microsoft Graph, which tells of Entra's tenants."""
    custom: bool = False
    """Whether it is one that Microsoft's directory of clouds does not know."""


CLOUDS = {
    "AzureCloud": Cloud(
        "https://management.azure.com",
        "https://login.microsoftonline.com",
        "https://graph.microsoft.com",
    ),
    "AzureUSGovernment": Cloud(
        "https://management.usgovcloudapi.net",
        "https://login.microsoftonline.us",
        "https://graph.microsoft.us",
    ),
    "AzureChinaCloud": Cloud(
        "https://management.chinacloudapi.cn",
        "https://login.chinacloudapi.cn",
        "https://microsoftgraph.chinacloudapi.cn",
    ),
}
"""Microsoft's clouds, by the names that `az cloud list` has for them."""


def cloud(name: str, **own: str | None) -> Cloud:
    """A cloud by name, of which some addresses may be one's own: manager, authority, graph."""
    known = CLOUDS[name]
    told = {what: address.rstrip("/") for what, address in own.items() if address}
    if not told:
        return known
    return Cloud(
        **{"manager": known.manager, "authority": known.authority, "graph": known.graph, **told}, custom=True
    )


class Login:
    """Whoever azure-identity finds, in its documented order; shared by targets that log in alike."""

    def __init__(self, cloud: Cloud, need: str, tenant: str | None = None) -> None:
        """Prepare to log in, and ask nothing.

        Raises:
            ReadError: what the environment says of credentials cannot be right.
        """
        # They log whole paragraphs as warnings, which Python prints where nobody configured logging.
        for library in ("azure", "msal"):
            logging.getLogger(library).setLevel(logging.CRITICAL + 1)
        self._credential = _credential(cloud, need, tenant)
        self._tenant = {"tenant_id": tenant} if tenant else {}
        self._lock = threading.Lock()
        self._holders = 1

    def get_token(self, *scopes: str, **options: Any) -> "AccessToken":
        """A token, as azure-core asks for one."""
        return self._credential.get_token(*scopes, **{**options, **self._tenant})

    def get_token_info(self, *scopes: str, options: "TokenRequestOptions | None" = None) -> "AccessTokenInfo":
        """A token, as newer versions of azure-core ask for one."""
        told: Any = {**(options or {}), **self._tenant}
        return self._credential.get_token_info(*scopes, options=told)

    def policy(self, endpoint: str) -> "BearerTokenCredentialPolicy[Any, Any]":
        """What shows an endpoint its token."""
        from azure.core.pipeline.policies import BearerTokenCredentialPolicy

        return BearerTokenCredentialPolicy(self, f"{endpoint}/.default")

    def claims(self, need: str, endpoint: str) -> dict[str, str]:
        """What the token for an endpoint says of who is asking; nothing when it cannot be read.

        Raises:
            ReadError: there are no credentials, or they are not taken.
        """
        from azure.core.exceptions import AzureError

        try:
            token = self.get_token(f"{endpoint}/.default").token
        except (AzureError, ValueError) as error:
            raise no_token(need, error) from None
        return claims(token)

    def hold(self) -> "Login":
        """One more will close it."""
        with self._lock:
            self._holders += 1
        return self

    def close(self) -> None:
        """Close every connection, once all who hold it have said so."""
        with self._lock:
            self._holders -= 1
            last = self._holders == 0
        if last:
            self._credential.close()


def _credential(cloud: Cloud, need: str, tenant: str | None) -> "DefaultAzureCredential":
    from azure.identity import DefaultAzureCredential

    try:
        return DefaultAzureCredential(
            authority=cloud.authority,
            # Otherwise Microsoft's public cloud is asked whether it knows the authority.
            disable_instance_discovery=cloud.custom,
            additionally_allowed_tenants=[tenant] if tenant else [],
            connection_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retry_connect=UNANSWERED,
            retry_read=UNANSWERED,
        )
    except (ValueError, OSError) as error:
        raise no_token(need, error) from None


def identity(claims: dict[str, str]) -> str:
    """Who is asking, by the ids that Entra's own logs have for them."""
    name = claims.get("upn") or claims.get("unique_name") or claims.get("appid") or "unnamed"
    return f"{name} (object {claims.get('oid', 'untold')}, tenant {claims.get('tid', 'untold')})"


def claims(token: str) -> dict[str, str]:
    """A token's claims, unverified: they are shown, and nothing is granted by them."""
    from base64 import urlsafe_b64decode

    packed = ""
    held: object = None
    with suppress(IndexError, ValueError):
        packed = token.split(".")[1]
        held = json.loads(urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    known = held.items() if isinstance(held, dict) else ()
    return {name: value[:200] for name, value in known if isinstance(value, str) and value.isprintable()}


def no_token(need: str, error: Exception) -> ReadError:
    """Why nobody could log in; azure-identity tells it in a paragraph for each way that it tried."""
    said = str(error)[:_HEARD]
    entra = re.search(r"AADSTS\d+: .*", said)
    attempts = [(name, why) for name, why in _ATTEMPT.findall(said) if not _UNAVAILABLE.search(why)]
    reason, mend = Reason.CREDENTIALS, f"see the detail, or {_LOGIN}"
    if entra:
        detail = entra[0].partition("Trace ID:")[0]
        mend = "see that the tenant, the client id and its secret or certificate are right, and not expired"
    elif attempts:
        detail = ": ".join(attempts[-1])
        if _SILENT.search(detail):
            reason = Reason.TIMEOUT if "timed out" in detail else Reason.UNREACHABLE
            mend = "see whether the host that logs us in can be reached from here"
    elif _ATTEMPT.search(said):
        detail, mend = (
            "no credentials were found in the environment, on this machine or of the Azure CLI",
            _LOGIN,
        )
    else:
        detail = said
    return ReadError(need=need, reason=reason, detail=line(detail), mend=mend)
