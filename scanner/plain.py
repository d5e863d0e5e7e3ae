"""Text that somebody else chose, made harmless to whoever shows or stores it."""

import re
import unicodedata
from typing import Any

import msgspec

# Control, format (bidirectional, zero-width, tags), surrogate, and the two separators that break lines.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

# Azure's agent and GitHub's runner look for these anywhere in a line of a log, not only at its start.
_LOG_COMMAND = re.compile(r"##(?=\[|vso\[)", re.IGNORECASE)

UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What reading JSON raises when it is not what it should be."""


def visible(text: str) -> str:
    r"""The text on one line, each character that does not show written as its escape: `\x1b`, `\u202e`."""
    if not text.isascii() or not text.isprintable():
        text = "".join(_escaped(character) for character in text)
    return _LOG_COMMAND.sub(r"#\\x23", text) if "##" in text else text


def line(text: str) -> str:
    """The text as a line of a log: on one line, and no command to whoever runs the pipeline."""
    shown = visible(text)
    # GitHub's runner takes a line for a command that begins so, indented or not.
    return f"> {shown}" if shown.lstrip().startswith("::") else shown


def as_json(value: Any) -> bytes:
    r"""A record or plain value as JSON; half a character, which UTF-8 cannot hold, as text: `\udcff`."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(whole(msgspec.to_builtins(value)))


def whole(value: Any) -> Any:
    """Plain data in which every text can be encoded."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {whole(name): whole(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [whole(item) for item in value]
    return value


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _UNSEEN:
        return character
    return character.encode("unicode_escape").decode("ascii")
