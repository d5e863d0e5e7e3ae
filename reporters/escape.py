"""Text that a scanned system chose, made harmless to whoever shows it."""

import re
import unicodedata

# Control, format (bidirectional, zero-width, tags), surrogate, and the two separators that break lines.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

# Azure's agent and GitHub's runner look for these anywhere in a line of a log, not only at its start.
_LOG_COMMAND = re.compile(r"##(?=\[|vso\[)", re.IGNORECASE)


def visible(text: str) -> str:
    r"""The text on one line, each character that does not show written as its escape: `\x1b`, `\u202e`."""
    if not text.isascii() or not text.isprintable():
        text = "".join(_escaped(character) for character in text)
    return _LOG_COMMAND.sub(r"#\\x23", text)


def bounded(text: str, limit: int) -> str:
    """The text, or as much of it as fits in so many characters, saying that it was longer."""
    if len(text) <= limit:
        return text
    tail = f"... ({len(text):,} characters)"
    return text[: max(limit - len(tail), 0)] + tail


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _UNSEEN:
        return character
    return character.encode("unicode_escape").decode("ascii")
