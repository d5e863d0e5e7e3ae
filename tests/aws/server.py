"""An AWS that answers from a check's complete world, over HTTP, in the words of each service's protocol.

What is asked is decoded from the wire. Whatever lists several things goes on: on a second page.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from scanner import testing

from . import answers, questions, wire
from .wire import Asked

_TOKENS = ("NextToken", "nextToken", "Marker", "NextMarker", "NextPageToken", "pageToken", "PaginationToken")
"""How a token is called that has no paginator in botocore, by which it is asked or answered."""
_PAGE = "page-"
"""What a token says before a number: some have to be as long as a name."""


class Question(NamedTuple):
    """One request."""

    need: str
    region: str
    parameters: str


class Pages(NamedTuple):
    """How an operation goes on: members of what is asked and answered, with dots where they lie deeper."""

    asked: str
    answered: str
    more: str | None
    lists: tuple[str, ...]


@dataclass
class Worlds:
    """The application; what it answers from can be changed between requests."""

    world: Mapping[str, Any] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    """First attempts only: a retry asks nothing new."""
    storm: int = 0
    """How often each question is answered that it is asked too often, before it is answered."""
    throttled: Counter[Question] = field(default_factory=Counter)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        asked = self._among(wire.operations(environ))
        operation = wire.model(asked.service).operation_model(asked.operation)
        given = questions.parameters(operation, environ, wire.body(environ), wire.labels(environ))
        region = (wire.signed(environ) or ("", ""))[0]
        question = Question(
            f"{asked.service}:{asked.operation}", region, json.dumps(given, sort_keys=True, default=str)
        )
        if "attempt=1;" in environ.get("HTTP_AMZ_SDK_REQUEST", "") + ";":
            self.questions.append(question)
        said = self._stormy(operation, question) or self._answer(operation, question.need, given)
        start_response(
            f"{said.status} Answered", [*said.headers.items(), ("Content-Length", str(len(said.body)))]
        )
        return [said.body]

    def _among(self, fitting: list[Asked]) -> Asked:
        """The operation that is meant: of services that share an address, the one that the world knows."""
        return next((each for each in fitting if ":".join(each) in self.world), fitting[0])

    def _stormy(self, operation: Any, question: Question) -> answers.Answer | None:
        if self.throttled[question] >= self.storm:
            return None
        self.throttled[question] += 1
        code, status = _THROTTLING.get(
            operation.service_model.resolved_protocol, ("ThrottlingException", 400)
        )
        return answers.error(operation, code, "Rate exceeded", status)

    def _answer(self, operation: Any, need: str, given: dict[str, Any]) -> answers.Answer:
        paged = pages(operation)
        start = int(given.pop(paged.asked, _PAGE).removeprefix(_PAGE) or 0) if paged else 0
        held = self.world.get(need, testing.Error("AccessDenied"))
        if callable(held):
            held = held(**given)
        if isinstance(held, testing.Error):
            return answers.error(operation, held.code, "There is none, or it is not yours")
        listed = held if isinstance(held, list) else [held]
        if not paged:
            (page,) = listed
            return answers.answer(operation, page)
        split = [half for page in listed for half in halves(page, paged)]
        return answers.answer(operation, _going_on(split, start, paged))


_THROTTLING = {
    "ec2": ("RequestLimitExceeded", 503),
    "query": ("Throttling", 400),
    "rest-xml": ("SlowDown", 503),
}


def pages(operation: Any) -> Pages | None:
    """How an operation goes on; None when it does not."""
    return _pages(operation.service_model.service_name, operation.name)


@cache
def _pages(service: str, name: str) -> Pages | None:
    operation = wire.model(service).operation_model(name)
    try:
        told = wire.session().get_paginator_model(service).get_paginator(name)
    except Exception:  # noqa: BLE001 - botocore says in several ways that it has none
        return _unpaginated(operation)
    if isinstance(told["input_token"], list):
        return None
    results = told["result_key"] if isinstance(told["result_key"], list) else [told["result_key"]]
    answered = told["output_token"].split("||")[0].strip()
    return Pages(told["input_token"], answered, told.get("more_results"), tuple(results))


def _unpaginated(operation: Any) -> Pages | None:
    """Of an operation without a paginator, by its members: a token in, a token out, and what is listed."""
    if operation.input_shape is None or operation.output_shape is None:
        return None
    taken = [each for each in _TOKENS if each in operation.input_shape.members]
    given = [each for each in _TOKENS if each in operation.output_shape.members]
    lists = [each for each, shape in operation.output_shape.members.items() if shape.type_name == "list"]
    return Pages(taken[0], given[0], None, tuple(lists)) if taken and given and lists else None


def halves(page: Mapping[str, Any], paged: Pages) -> Iterator[dict[str, Any]]:
    """A page as two, where it lists several things."""
    longest = max((len(_at(page, name)) for name in paged.lists), default=0)
    if longest < 2:
        yield deepcopy(dict(page))
        return
    for half in (slice(None, longest // 2), slice(longest // 2, None)):
        part = deepcopy(dict(page))
        for name in paged.lists:
            if _at(page, name):
                _put(part, name, _at(page, name)[half])
        yield part


def _going_on(split: list[dict[str, Any]], start: int, paged: Pages) -> dict[str, Any]:
    """One of several pages, and by what to ask for the next."""
    page = split[start]
    last = start + 1 == len(split)
    if not last:
        _put(page, paged.answered, f"{_PAGE}{start + 1}")
    if paged.more and (not last or "." not in paged.more):
        _put(page, paged.more, not last)
    return page


def _at(page: Mapping[str, Any], name: str) -> list[Any]:
    found: Any = page
    for part in name.split("."):
        found = (found or {}).get(part)
    return found if isinstance(found, list) else []


def _put(page: dict[str, Any], name: str, value: Any) -> None:
    *above, last = name.split(".")
    for part in above:
        page = page.setdefault(part, {})
    page[last] = value
