"""Clouds that answer from a test's world."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .errors import ReadError
from .model import Reason, resource_type
from .targets import arm_types, operations
from .targets.memo import Page


@dataclass(frozen=True)
class Error:
    """AWS or Azure answers with this error code."""

    code: str
    reason: Reason = Reason.FAILED


class FakeAws:
    """An AWS that answers from a world, and denies what the world lacks."""

    calls = 0

    def __init__(self, answers: Mapping[str, Any], denied: Collection[str] = ()) -> None:
        """Answer from this world; deny these needs all the same."""
        self._answers = answers
        self._denied = denied

    def pages(self, need: str, region: str, parameters: dict[str, Any]) -> Iterator[Page]:
        """The world's answer, the same in every region, held to the documented shape."""
        del region
        answer = None if need in self._denied else self._answers.get(need)
        if callable(answer):
            answer = answer(**parameters)
        if answer is None:
            answer = Error("AccessDenied", Reason.DENIED)
        if isinstance(answer, Error):
            raise ReadError(
                need=need,
                reason=answer.reason,
                detail=answer.code,
                mend=f"allow {operations.action(need)}",
                code=answer.code,
            )
        for page in answer if isinstance(answer, list) else [answer]:
            for mistake in _mistakes(operations.model(need).output_shape, page, need):
                raise AssertionError(mistake)
            yield page

    def close(self) -> None:
        """Nothing is held."""


class FakeArm:
    """An Azure that answers from a world, two resources a page, and denies what the world lacks."""

    calls = 0

    def __init__(self, answers: Mapping[str, Any], denied: Collection[str] = ()) -> None:
        """Answer from this world; deny these needs all the same."""
        self._answers = answers
        self._denied = denied

    def pages(self, need: str, path: str, version: str) -> Iterator[Page]:
        """The world's resources, each of which is of the type that is asked for."""
        del version
        answer = None if need in self._denied else self._answers.get(need)
        if answer is None:
            answer = Error("AuthorizationFailed", Reason.DENIED)
        if isinstance(answer, Error):
            raise ReadError(
                need=need,
                reason=answer.reason,
                detail=answer.code,
                mend=f"allow {need} on {path}",
                code=answer.code,
            )
        for item in answer:
            kind = resource_type(arm_types.canonical(item["id"]))
            if kind != arm_types.kind_of(need):
                raise AssertionError(f"{need}: {item['id']} is of type {kind}")
        for start in range(0, len(answer) or 1, 2):
            yield {"value": answer[start : start + 2]}

    def close(self) -> None:
        """Nothing is held."""


_TYPES: dict[str, Any] = {
    "string": str,
    "character": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "timestamp": datetime,
    "blob": bytes,
    "list": list,
    "map": dict,
    "structure": dict,
}


def _mistakes(shape: Any, value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, _TYPES[shape.type_name]) or (
        isinstance(value, bool) and shape.type_name != "boolean"
    ):
        yield f"{where} is {value!r}; AWS answers a {shape.type_name}"
    elif shape.type_name == "structure":
        for name, member in value.items():
            if name not in shape.members:
                yield f"{where} has no {name!r}; it has {', '.join(shape.members)}"
            else:
                yield from _mistakes(shape.members[name], member, f"{where}.{name}")
    elif shape.type_name == "list":
        for number, member in enumerate(value):
            yield from _mistakes(shape.member, member, f"{where}[{number}]")
    elif shape.type_name == "map":
        for name, member in value.items():
            yield from _mistakes(shape.value, member, f"{where}[{name!r}]")
