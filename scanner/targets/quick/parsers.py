"""Botocore's parsers of answers, one of each protocol, which read moments quickly."""

import re
import threading
from contextlib import nullcontext, suppress
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

import botocore.session
from botocore.parsers import ResponseParserFactory
from botocore.utils import parse_timestamp

_LARGE = 2**16
"""Bytes of an answer of which only one at a time is taken apart: meanwhile it takes twenty times as many."""
_PARSING = threading.Lock()

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3}|\.\d{6})?Z", re.ASCII).fullmatch


class Parsers(ResponseParserFactory):
    """One parser of each protocol; they keep nothing of what they parse."""

    def __init__(self) -> None:
        super().__init__()
        self.set_parser_defaults(timestamp_parser=moment)
        self.create_parser: Any = cache(self._create_parser)

    def _create_parser(self, protocol: str) -> Any:
        parser: Any = super().create_parser(protocol)
        parser.parse = partial(_in_turn, parser.parse)
        return parser


def share(session: botocore.session.Session) -> None:
    """Have a session's answers read by them."""
    if type(session.get_component("response_parser_factory")) is ResponseParserFactory:
        session.register_component("response_parser_factory", Parsers())


def moment(value: Any) -> datetime:
    """A moment as a service writes it; read quickly where it is written as services usually do."""
    if isinstance(value, str) and _MOMENT(value):
        with suppress(ValueError):
            return datetime.fromisoformat(value)
    elif isinstance(value, int | float):
        with suppress(OverflowError, OSError, ValueError):
            return datetime.fromtimestamp(value, UTC)
    return parse_timestamp(value)


def _in_turn(parse: Any, answer: Any, shape: Any) -> Any:
    body = answer.get("body")
    with _PARSING if isinstance(body, bytes) and len(body) > _LARGE else nullcontext():
        return parse(answer, shape)
