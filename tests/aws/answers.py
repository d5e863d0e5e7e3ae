"""What AWS answers, as each of its protocols writes it, told by botocore's models and by none of its code.

https://smithy.io/2.0/aws/protocols/index.html
"""

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

XML = ("query", "ec2", "rest-xml")
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


class Answer(NamedTuple):
    """A status, headers and a body."""

    status: int
    headers: dict[str, str]
    body: bytes


def answer(operation: Any, said: Mapping[str, Any]) -> Answer:
    """What an operation answers, in the protocol by which botocore asks its service."""
    protocol = operation.service_model.resolved_protocol
    shape = operation.output_shape
    if protocol == "json":
        return Answer(200, _typed("application/x-amz-json-1.1"), _json(shape, said) if shape else b"{}")
    if protocol in {"query", "ec2"}:
        return Answer(200, _typed("text/xml"), _wrapped(operation, said).encode())
    status, headers = _heads(shape, said) if shape else (200, {})
    kind = "application/xml" if protocol == "rest-xml" else "application/json"
    return Answer(status, _typed(kind) | headers, _rest(operation, said) if shape else b"")


def error(operation: Any, code: str, message: str, status: int | None = None) -> Answer:
    """An error, as the protocol words it; its status is that of its model, if it has one."""
    service = operation.service_model
    protocol = service.resolved_protocol
    modelled = {shape.error_code: shape.metadata.get("error", {}) for shape in operation.error_shapes}
    status = status or modelled.get(code, {}).get("httpStatusCode", 400)
    if protocol in XML:
        told = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        return Answer(status, _typed("text/xml"), _FORMS[_form(service, protocol)].format(told).encode())
    headers = {"x-amzn-ErrorType": code} if protocol == "rest-json" else {}
    if "awsQueryCompatible" in service.metadata:
        headers["x-amzn-query-error"] = f"{code};Sender"
    told = json.dumps({"__type": code, "message": message})
    return Answer(status, _typed("application/json") | headers, told.encode())


_FORMS = {
    "ec2": "<Response><Errors><Error>{}</Error></Errors><RequestID>1</RequestID></Response>",
    "query": "<ErrorResponse><Error><Type>Sender</Type>{}</Error><RequestId>1</RequestId></ErrorResponse>",
    "s3": '<?xml version="1.0"?><Error>{}<RequestId>1</RequestId></Error>',
}


def _form(service: Any, protocol: str) -> str:
    if protocol == "rest-xml":
        return "s3" if service.service_name == "s3" else "query"
    return protocol


def _typed(kind: str) -> dict[str, str]:
    return {"Content-Type": kind}


def _heads(shape: Any, said: Mapping[str, Any]) -> tuple[int, dict[str, str]]:
    """The status and the headers of an answer, in services that say something by them."""
    status, headers = 200, {}
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        if name not in said or location is None:
            continue
        if location == "statusCode":
            status = said[name]
        elif location == "headers":
            prefix = member.serialization.get("name", "")
            headers |= {f"{prefix}{key}": str(value) for key, value in said[name].items()}
        else:
            headers[member.serialization.get("name", name)] = _text(member, said[name], "rfc822")
    return status, headers


def _rest(operation: Any, said: Mapping[str, Any]) -> bytes:
    shape = operation.output_shape
    payload = shape.serialization.get("payload")
    if payload:
        shape, said = shape.members[payload], said.get(payload, {})
        if shape.type_name in {"string", "blob"}:
            return said.encode() if isinstance(said, str) else bytes(said)
    if operation.service_model.resolved_protocol == "rest-json":
        return _json(shape, said)
    return f'<?xml version="1.0"?>{_element(f"{operation.name}Result", shape, said)}'.encode()


def _wrapped(operation: Any, said: Mapping[str, Any]) -> str:
    shape = operation.output_shape
    told = "".join(_inside(shape, said)) if shape else ""
    wrapper = shape.serialization.get("resultWrapper") if shape else None
    if wrapper:
        told = f"<{wrapper}>{told}</{wrapper}>"
    ec2 = operation.service_model.resolved_protocol == "ec2"
    request = (
        "<requestId>1</requestId>" if ec2 else "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"
    )
    return f"<{operation.name}Response>{told}{request}</{operation.name}Response>"


def _json(shape: Any, said: Any) -> bytes:
    return json.dumps(_plain(shape, said)).encode()


def _plain(shape: Any, value: Any) -> Any:
    """A value as JSON has it."""
    if shape.type_name == "structure":
        if getattr(shape, "is_document_type", False):
            return value
        return {
            shape.members[name].serialization.get("name", name): _plain(shape.members[name], held)
            for name, held in value.items()
            if "location" not in shape.members[name].serialization
        }
    if shape.type_name == "list":
        return [_plain(shape.member, each) for each in value]
    if shape.type_name == "map":
        return {key: _plain(shape.value, held) for key, held in value.items()}
    if shape.type_name == "timestamp":
        form = shape.serialization.get("timestampFormat", "unixTimestamp")
        return value.timestamp() if form == "unixTimestamp" else _moment(value, form)
    return base64.b64encode(value).decode() if shape.type_name == "blob" else value


def _element(name: str, shape: Any, value: Any) -> str:
    """A value as XML has it."""
    attributes = "".join(_attributes(shape, value)) if shape.type_name == "structure" else ""
    return f"<{name}{attributes}>{''.join(_inside(shape, value))}</{name}>"


def _attributes(shape: Any, value: Mapping[str, Any]) -> Iterator[str]:
    for name, member in shape.members.items():
        if name in value and member.serialization.get("xmlAttribute"):
            known = member.serialization["name"]
            if known.startswith("xsi:"):
                yield f' xmlns:xsi="{_XSI}"'
            yield f" {known}={quoteattr(value[name])}"


def _inside(shape: Any, value: Any) -> Iterator[str]:
    if shape.type_name == "structure":
        for name, held in value.items():
            member = shape.members[name]
            if "location" not in member.serialization and not member.serialization.get("xmlAttribute"):
                yield from _member(name, member, held)
    elif shape.type_name == "list":
        for each in value:
            yield _element(shape.member.serialization.get("name", "member"), shape.member, each)
    elif shape.type_name == "map":
        for key, held in value.items():
            yield f"<entry>{_pair(shape, key, held)}</entry>"
    else:
        yield escape(_text(shape, value, "iso8601"))


def _member(name: str, member: Any, held: Any) -> Iterator[str]:
    known = member.serialization.get("name", name)
    if not member.serialization.get("flattened"):
        yield _element(known, member, held)
    elif member.type_name == "list":
        each_known = member.member.serialization.get("name", known)
        for each in held:
            yield _element(each_known, member.member, each)
    else:
        for key, each in held.items():
            yield f"<{known}>{_pair(member, key, each)}</{known}>"


def _pair(shape: Any, key: str, held: Any) -> str:
    names = shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")
    return _element(names[0], shape.key, key) + _element(names[1], shape.value, held)


def _text(shape: Any, value: Any, form: str) -> str:
    if shape.type_name == "timestamp":
        return _moment(value, shape.serialization.get("timestampFormat", form))
    if shape.type_name == "boolean":
        return "true" if value else "false"
    return base64.b64encode(value).decode() if shape.type_name == "blob" else str(value)


def _moment(value: datetime, form: str) -> str:
    if form == "unixTimestamp":
        return str(value.timestamp())
    if form == "rfc822":
        return format_datetime(value.astimezone(UTC), usegmt=True)
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
