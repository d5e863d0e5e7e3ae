"""Entra's tokens: for a client's secret or assertion, and for a machine's own identity."""

import json
from base64 import urlsafe_b64encode
from typing import Any

from .answer import Answer, said

TENANT = "99990000-aaaa-bbbb-cccc-ddddeeeeffff"
CLIENT = "12341234-5678-5678-9abc-def0def0def0"
OBJECT = "43214321-8765-8765-cba9-0fed0fed0fed"
SECRET = "pl4nted~client.secret-of-the-clinic"  # noqa: S105 - it opens nothing but this server
HEADER = "planted-identity-header"
FEDERATED = "planted.federated.token"


def _part(held: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(held).encode()).decode().rstrip("=")


def token(audience: str) -> str:
    """A token for one audience; anybody can tell it from that for another."""
    claims = {"oid": OBJECT, "tid": TENANT, "appid": CLIENT, "aud": audience}
    return ".".join([_part({"alg": "RS256"}), _part(claims), "planted-signature-9"])


def of_client(form: dict[str, list[str]], audiences: set[str]) -> Answer:
    """What a client gets for its secret or its assertion."""
    known = form.get("client_secret") == [SECRET] or form.get("client_assertion") == [FEDERATED]
    (scope,) = form.get("scope", [""])
    audience = scope.removesuffix("/.default")
    if not known or audience not in audiences:
        refusal = {
            "error": "invalid_client",
            "error_description": "AADSTS7000215: Invalid client secret provided. Trace ID: 1 Correlation",
            "error_codes": [7000215],
        }
        return Answer(401, json.dumps(refusal).encode())
    return said({"token_type": "Bearer", "expires_in": 3599, "access_token": token(audience)})


def of_machine(shown: bool, resource: str, audiences: set[str]) -> Answer:
    """What a machine gets that shows it is one: a header of App Service's, or that of instances' metadata."""
    if not shown or resource not in audiences:
        return Answer(401)
    return said(
        {
            "access_token": token(resource),
            "expires_on": "4000000000",
            "expires_in": "3599",
            "resource": resource,
            "token_type": "Bearer",
        }
    )


def discovery(url: str, tenant: str) -> Answer:
    """What Entra tells about a tenant."""
    base = f"{url}/{tenant}"
    return said(
        {
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
        }
    )
