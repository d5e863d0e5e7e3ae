"""Microsoft Graph: how it answers, and what its errors mean."""

from http import HTTPStatus

from ..model import Reason
from .clouds import Cloud, Login
from .graph_paths import permissions
from .rest import AGAIN, Manners, Refused, Rest

_UNLICENSED = (
    "AadPremiumLicenseRequired",
    "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
    "RequestFromNonPremiumTenantOrB2CTenant",
    "license",
)
"""What Graph says where the tenant lacks a licence, as code or in the message."""


def graph(cloud: Cloud, login: Login) -> Rest:
    """A cloud's Graph."""
    return Rest(cloud.graph, login, MANNERS)


def _explain(refused: Refused) -> tuple[Reason, str]:
    said = f"{refused.code} {refused.message}"
    if refused.status < HTTPStatus.INTERNAL_SERVER_ERROR and any(word in said for word in _UNLICENSED):
        return (
            Reason.UNLICENSED,
            "this is told to tenants with Entra ID P1 or P2 only: get the licence, or judge by other facts",
        )
    if refused.status == HTTPStatus.FORBIDDEN:
        asked = " and ".join(permissions(refused.need))
        return Reason.DENIED, f"grant {asked} on Microsoft Graph, as application permission with consent"
    if refused.status == HTTPStatus.UNAUTHORIZED:
        return Reason.CREDENTIALS, "give credentials of the tenant, not expired"
    if refused.status == HTTPStatus.TOO_MANY_REQUESTS:
        return Reason.THROTTLED, "run when the tenant's other automation is quiet"
    return Reason.FAILED, AGAIN


def _area(path: str) -> str:
    """Graph is a front of many services: the first word of a path tells which."""
    return path.split("/")[2].partition("(")[0]


MANNERS = Manners(next_link="@odata.nextLink", explain=_explain, part=_area)
"""How Graph answers."""
