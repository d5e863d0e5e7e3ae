"""Azure's Resource Manager: how it answers, and what its errors mean."""

from http import HTTPStatus

from ..model import Reason
from .arm_types import action, kind_of
from .clouds import Cloud, Login
from .pace import Pace
from .rest import AGAIN, Manners, Refused, Rest

READS_AT_ONCE, READS_PER_SECOND = 250, 25
"""What one subscription answers to one caller: a bucket of reads, and its refilling.

https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
"""

_UNREGISTERED = frozenset(
    {
        "InvalidResourceNamespace",
        "MissingSubscriptionRegistration",
        "NoRegisteredProviderFound",
        "SubscriptionNotRegistered",
        "Subscription Not Registered",
    }
)
_NO_SUBSCRIPTION = frozenset({"InvalidSubscriptionId", "SubscriptionNotFound"})


def manager(cloud: Cloud, login: Login) -> Rest:
    """A cloud's Resource Manager, asked at its pace."""
    return Rest(cloud.manager, login, MANNERS, Pace(READS_AT_ONCE, READS_PER_SECOND))


def _explain(refused: Refused) -> tuple[Reason, str]:
    where = _scope(refused.path)
    if refused.code in _UNREGISTERED:
        provider = kind_of(refused.need).partition("/")[0]
        # https://learn.microsoft.com/azure/azure-resource-manager/management/resource-providers-and-types
        return Reason.UNREGISTERED, f"register {provider}: az provider register --namespace {provider}"
    if refused.status == HTTPStatus.FORBIDDEN:
        return Reason.DENIED, f"allow {action(refused.need)} on {where}"
    if refused.status == HTTPStatus.UNAUTHORIZED:
        return Reason.CREDENTIALS, "give credentials of the subscription's own tenant, not expired"
    if refused.code in _NO_SUBSCRIPTION:
        return Reason.CREDENTIALS, f"give credentials that may read {where}"
    if refused.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Reason.THROTTLED, "run when the subscription's other automation is quiet"
    return Reason.FAILED, AGAIN


def _scope(path: str) -> str:
    """The subscription or management group in a path."""
    parts = path.split("/")
    return "/".join(parts[:5] if parts[1:2] == ["providers"] else parts[:3])


def _provider(path: str) -> str:
    """Each provider is a service of its own behind the manager."""
    named = path.rpartition("/providers/")[2].partition("/")[0].lower() if "/providers/" in path else ""
    return named or "microsoft.resources"


MANNERS = Manners(next_link="nextLink", explain=_explain, part=_provider)
"""How the Resource Manager answers."""
