"""What Microsoft publishes of the shapes of Azure's and Graph's answers, and what is wrong with an answer.

arm.json and graph.json are derived by derive.py; what a type in them looks like stands in azure_models.py.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

_PRIMITIVES: dict[str, type | tuple[type, ...]] = {
    "boolean": bool,
    "datetime": str,
    "integer": int,
    "number": (int, float),
    "string": str,
}
_TOLD = {
    "boolean": "a boolean",
    "datetime": "a string",
    "integer": "an integer",
    "number": "a number",
    "string": "a string",
}
_WORDS = {
    bool: "a boolean",
    dict: "an object",
    float: "a number",
    int: "an integer",
    list: "a list",
    str: "a string",
}
_CONTAINERS: dict[str, type[Any]] = {"[": list, "{": dict}

PATH_ENTITIES = {
    "/applications": "application",
    "/applications/{id}/owners": "directoryObject",
    "/domains": "domain",
    "/groups/{id}/transitiveMembers": "directoryObject",
    "/identity/conditionalAccess/namedLocations": "namedLocation",
    "/identity/conditionalAccess/policies": "conditionalAccessPolicy",
    "/oauth2PermissionGrants": "oAuth2PermissionGrant",
    "/organization": "organization",
    "/policies/authenticationMethodsPolicy": "authenticationMethodsPolicy",
    "/policies/authorizationPolicy": "authorizationPolicy",
    "/policies/crossTenantAccessPolicy/default": "crossTenantAccessPolicyConfigurationDefault",
    "/policies/crossTenantAccessPolicy/partners": "crossTenantAccessPolicyConfigurationPartner",
    "/policies/identitySecurityDefaultsEnforcementPolicy": "identitySecurityDefaultsEnforcementPolicy",
    "/reports/authenticationMethods/userRegistrationDetails": "userRegistrationDetails",
    "/roleManagement/directory/roleAssignments": "unifiedRoleAssignment",
    "/roleManagement/directory/roleDefinitions": "unifiedRoleDefinition",
    "/roleManagement/directory/roleEligibilitySchedules": "unifiedRoleEligibilitySchedule",
    "/servicePrincipals": "servicePrincipal",
    "/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')": "servicePrincipal",
    "/servicePrincipals/{id}/appRoleAssignedTo": "appRoleAssignment",
    "/users": "user",
}
"""What Graph tells at a path, or lists there."""


@cache
def arm() -> dict[str, Any]:
    """What is published of Azure's Resource Manager."""
    return _read("arm.json")


@cache
def graph() -> dict[str, Any]:
    """What is published of Microsoft Graph."""
    return _read("graph.json")


def mistakes(need: str, answer: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a resource that a need, or a type, is answered with; what is missing never is."""
    kind = need.partition("?")[0].removesuffix("/read")
    told = arm()["types"][kind]
    name = str(answer.get("id", "")).rpartition("/")[2]
    names = [told["named"][name]] if name in told["named"] else told["models"]
    shape = _Shape(arm()["models"][told["source"]])
    yield from min((list(shape.model(each, answer, "")) for each in names), key=len)


def graph_mistakes(entity: str, answer: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with an entity that Graph answers with; what is missing never is."""
    yield from _Shape(graph()["models"]).model(entity, answer, "")


class _Shape:
    """The models of one source."""

    def __init__(self, models: Mapping[str, Any]) -> None:
        self._models = models

    def model(self, name: str, held: object, at: str) -> Iterator[str]:
        """What is wrong with an object that should be of this model, or of one of its kinds."""
        told = self._models[name]
        by = told.get("by")
        if isinstance(held, Mapping) and by in held:
            kind = str(held[by])
            of = told["kinds"].get(kind)
            if of not in (None, f"@{name}"):
                yield from self._value(of, held, at)
                return
            if of is None and kind.rpartition(".")[2] != name:
                yield f"{_below(at, by)}: {kind!r} is not published; known are {', '.join(told['kinds'])}"
                return
        yield from self._object(told["properties"], held, at)

    def _object(self, properties: Mapping[str, Any], held: object, at: str) -> Iterator[str]:
        if not isinstance(held, Mapping):
            yield f"{at}: {held!r} is {_word(held)}; published is an object"
            return
        for name, value in held.items():
            told = properties.get(name, properties.get("*"))
            if told is not None:
                yield from self._value(told, value, _below(at, name))
            elif "@" not in name:
                yield f"{_below(at, name)}: not published; known are {', '.join(sorted(properties))}"

    def _value(self, told: Any, held: object, at: str) -> Iterator[str]:
        if held is None or told == "any":
            return
        if isinstance(told, Mapping):
            yield from self._object(told, held, at)
        elif told[0] == "@":
            yield from self.model(told[1:], held, at)
        elif told[0] == "=":
            known = self._models[told] if told in self._models else told[1:].split("|")
            if held not in known:
                yield f"{at}: {held!r} is not published; known are {', '.join(known)}"
        elif told[0] in _CONTAINERS:
            yield from self._each(told, held, at)
        elif not isinstance(held, _PRIMITIVES[told]) or (isinstance(held, bool) and told != "boolean"):
            yield f"{at}: {held!r} is {_word(held)}; published is {_TOLD[told]}"

    def _each(self, told: str, held: object, at: str) -> Iterator[str]:
        if told[1] == "=" and isinstance(held, str):
            # Graph writes several words of one enumeration as one text: "mfa,password".
            held = held.split(",")
        if not isinstance(held, _CONTAINERS[told[0]]):
            yield f"{at}: {held!r} is {_word(held)}; published is {_WORDS[_CONTAINERS[told[0]]]}"
            return
        entries = held.items() if isinstance(held, dict) else enumerate(held)
        for name, value in entries:
            yield from self._value(told[1:-1], value, f"{at}[{name!r}]")


def _below(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _word(held: object) -> str:
    return _WORDS.get(type(held), type(held).__name__)


def _read(name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))
    return told
