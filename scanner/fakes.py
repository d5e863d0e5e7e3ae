"""Clouds that answer from a test's world."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from .errors import ReadError
from .model import Reason, resource_type
from .targets import arm_types, graph_paths, operations
from .targets.memo import Page


@dataclass(frozen=True)
class Error:
    """AWS or Azure answers with this error code."""

    code: str
    reason: Reason = Reason.FAILED


_NONE = Error("ResourceNotFound")


class FakeAws:
    """An AWS that answers from a world, and denies what the world lacks."""

    calls: ClassVar[Mapping[str, int]] = {}

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

    def leave(self, service: str, region: str) -> None:
        """Nothing is held."""

    def close(self) -> None:
        """Nothing is held."""


class FakeArm:
    """An Azure that answers from a world, two resources a page, and denies what the world lacks.

    A world says for each action all that it reads, in the whole subscription: of a resource's children those
    are given whose ids go on from its own.
    """

    calls: ClassVar[Mapping[str, int]] = {}

    def __init__(self, answers: Mapping[str, Any], denied: Collection[str] = ()) -> None:
        """Answer from this world; deny these needs all the same."""
        self._answers = answers
        self._denied = denied

    def pages(self, need: str, path: str, query: Mapping[str, str]) -> Iterator[Page]:
        """The world's resources, each of which is of the type that is asked for."""
        del query
        listing = arm_types.LISTINGS[need]
        of = _listed_of(listing.kind, path)
        about = arm_types.canonical(path if of is None else of)
        answer = None if need in self._denied else self._answers.get(need)
        if callable(answer):
            answer = answer(of=about)
        answer = _told(need, answer, f"allow {need} on {path}")
        kind = listing.kind if listing.items is None else listing.items
        held = {arm_types.canonical(item["id"]): item for item in answer}
        for item in held:
            if kind and resource_type(item) != kind:
                raise AssertionError(f"{need}: {item} is of type {resource_type(item)}; expected {kind}")
        if of is None:
            yield _told(need, held.get(about, _NONE), "ask for what there is")
            return
        below = f"{about}/providers/{listing.kind}/" if listing.kind in _OWN else f"{about}/"
        everything = _IN_RESOURCE not in about and listing.kind not in _OWN
        chosen = [item for known, item in held.items() if everything or known.startswith(below)]
        for start in range(0, len(chosen) or 1, 2):
            yield {"value": chosen[start : start + 2]}

    def close(self) -> None:
        """Nothing is held."""


class FakeGraph:
    """A Microsoft Graph that answers from a world, two entries a page, and denies what the world lacks.

    A world says a list, or one object, or a function of the names in a path (`by`).
    """

    calls: ClassVar[Mapping[str, int]] = {}

    def __init__(self, answers: Mapping[str, Any], denied: Collection[str] = ()) -> None:
        """Answer from this world; deny these needs all the same."""
        self._answers = answers
        self._denied = denied

    def pages(self, need: str, path: str, query: Mapping[str, str]) -> Iterator[Page]:
        """The world's entries."""
        del query
        answer = None if need in self._denied else self._answers.get(need)
        if callable(answer):
            answer = answer(**_names(need, path))
        answer = _told(need, answer, f"grant {graph_paths.permission(need)}")
        if isinstance(answer, Mapping):
            yield dict(answer)
            return
        for start in range(0, len(answer) or 1, 2):
            yield {"value": answer[start : start + 2]}

    def close(self) -> None:
        """Nothing is held."""


_OWN = frozenset({"Microsoft.Insights/diagnosticSettings"})
"""Types of which a subscription lists its own only, and not those of everything in it."""
_IN_RESOURCE = "/providers/"
"""What the id of a resource has, and a subscription's has not."""


def _listed_of(kind: str, path: str) -> str | None:
    """Of whom a path lists everything of a type; None where it is one resource's own."""
    below = f"/providers/{kind}"
    if path.endswith(below):
        return path.removesuffix(below)
    of, _, last = path.rpartition("/")
    parent, _, own = kind.rpartition("/")
    return of if last == own and resource_type(arm_types.canonical(of)) == parent else None


def _told(need: str, answer: Any, mend: str) -> Any:
    """The world's answer.

    Raises:
        ReadError: it is an error, or there is none.
    """
    if answer is None:
        answer = Error("AuthorizationFailed", Reason.DENIED)
    if isinstance(answer, Error):
        raise ReadError(need=need, reason=answer.reason, detail=answer.code, mend=mend, code=answer.code)
    return answer


def _names(need: str, path: str) -> dict[str, str]:
    """The names in a path's braces."""
    template = graph_paths.path(need, {"id": "(ID)"}).replace("%28ID%29", "(?P<id>[^/]+)")
    found = re.fullmatch(template, path)
    return found.groupdict() if found else {}


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
