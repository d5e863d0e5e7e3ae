"""What AWS was asked: a request's parameters, read off the wire by botocore's models."""

import json
import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from scanner.targets.quick.parsers import moment


def parameters(operation: Any, environ: Mapping[str, Any], body: bytes, labels: Mapping[str, str]) -> Any:
    """The parameters of an operation, as whoever asked it named them; `labels` are those in its path.

    Raises:
        LookupError: it is asked in a way that is not known here.
    """
    shape = operation.input_shape
    if shape is None:
        return {}
    protocol = operation.service_model.resolved_protocol
    if protocol == "json":
        return _of_json(shape, json.loads(body or b"{}"))
    if protocol in {"query", "ec2"}:
        form = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
        return _Form(form, ec2=protocol == "ec2").structure(shape, "")
    if protocol in {"rest-json", "rest-xml"}:
        return _of_rest(shape, protocol, environ, body, labels)
    raise LookupError(f"{operation.name} is asked by {protocol}")


def _of_json(shape: Any, value: Any) -> Any:
    if shape.type_name == "structure" and not getattr(shape, "is_document_type", False):
        known = {member.serialization.get("name", name): name for name, member in shape.members.items()}
        return {known[name]: _of_json(shape.members[known[name]], held) for name, held in value.items()}
    if shape.type_name == "list":
        return [_of_json(shape.member, each) for each in value]
    if shape.type_name == "map":
        return {key: _of_json(shape.value, held) for key, held in value.items()}
    if shape.type_name == "timestamp":
        return moment(value)
    return b64decode(value) if shape.type_name == "blob" else value


class _Form:
    """A form of names and values that stands for a structure."""

    def __init__(self, form: Mapping[str, str], *, ec2: bool) -> None:
        self._form = form
        self._ec2 = ec2

    def structure(self, shape: Any, prefix: str) -> dict[str, Any]:
        """The members that the form names."""
        found = {}
        for name, member in shape.members.items():
            key = f"{prefix}{self._name(name, member)}"
            if self._has(self._listed(key, member)):
                found[name] = self._value(member, key)
        return found

    def _name(self, name: str, member: Any) -> str:
        told = member.serialization.get("name", name)
        if not self._ec2:
            return str(told)
        return str(member.serialization.get("queryName") or told[0].upper() + told[1:])

    def _has(self, key: str) -> bool:
        return any(name == key or name.startswith(f"{key}.") for name in self._form)

    def _listed(self, key: str, shape: Any) -> str:
        """The name before the numbers of a list or map; any other key as it is."""
        if shape.type_name == "list" and not self._ec2:
            own = shape.member.serialization.get("name")
            if not shape.serialization.get("flattened"):
                return key if self._form.get(key) == "" else f"{key}.{own or 'member'}"
            return f"{key.rpartition('.')[0]}.{own}".lstrip(".") if own else key
        if shape.type_name == "map" and not shape.serialization.get("flattened"):
            return f"{key}.entry"
        return key

    def _value(self, shape: Any, key: str) -> Any:
        key = self._listed(key, shape)
        if shape.type_name == "structure":
            return self.structure(shape, f"{key}.")
        if shape.type_name == "list":
            return [self._value(shape.member, each) for each in self._numbered(key)]
        if shape.type_name == "map":
            names = [
                shape.key.serialization.get("name", "key"),
                shape.value.serialization.get("name", "value"),
            ]
            return {
                self._form[f"{each}.{names[0]}"]: self._value(shape.value, f"{each}.{names[1]}")
                for each in self._numbered(key)
            }
        return _of_text(shape, self._form[key])

    def _numbered(self, key: str) -> list[str]:
        numbers = {
            int(found[1]) for name in self._form if (found := re.match(rf"{re.escape(key)}\.(\d+)", name))
        }
        return [f"{key}.{number}" for number in sorted(numbers)]


def _of_rest(
    shape: Any, protocol: str, environ: Mapping[str, Any], body: bytes, labels: Mapping[str, str]
) -> dict[str, Any]:
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        known = member.serialization.get("name", name)
        header = environ.get(f"HTTP_{known.upper().replace('-', '_')}")
        match member.serialization.get("location"):
            case "uri":
                found[name] = _of_text(member, unquote(labels[known]))
            case "querystring" if known in query:
                found[name] = _of_query(member, query[known])
            case "header" if header is not None:
                found[name] = _of_text(member, header)
            case "querystring" | "header" | "headers" | None:
                pass
    return found | _of_body(shape, protocol, body)


def _of_query(member: Any, values: list[str]) -> Any:
    if member.type_name == "list":
        return [_of_text(member.member, value) for value in values]
    return _of_text(member, values[0])


def _of_body(shape: Any, protocol: str, body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    payload = shape.serialization.get("payload")
    inside = shape.members[payload] if payload else shape
    if protocol == "rest-xml":
        raise LookupError(f"{shape.name} has a body: nothing that only reads sent XML so far")
    read: Any = _of_json(inside, json.loads(body))
    return {payload: read} if payload else read


def _of_text(shape: Any, value: str) -> Any:
    match shape.type_name:
        case "boolean":
            return value == "true"
        case "integer" | "long":
            return int(value)
        case "float" | "double":
            return float(value)
        case "timestamp":
            return moment(value)
        case "blob":
            return b64decode(value)
        case _:
            return value
