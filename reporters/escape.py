"""Text that a scanned system chose, made harmless to whoever shows it."""

import re

from scanner import visible

__all__ = ["bounded", "code", "prose", "visible"]

# What GitHub makes into mentions, links and references, backslash or not; then what a backslash makes plain.
_LIVE = re.compile(r"(?P<live>(?:@|://|www(?=\.)|#(?=\d))+)|[\\`*_{}\[\]()#+!|<>~&$^-]", re.IGNORECASE)


def bounded(text: str, limit: int) -> str:
    """The text, or as much of it as fits in so many characters, saying that it was longer."""
    if len(text) <= limit:
        return text
    tail = f"... ({len(text):,} characters)"
    return text[: max(limit - len(tail), 0)] + tail


def prose(text: str) -> str:
    """The text as Markdown that says only itself: no markup, link, mention, reference or cell's end."""
    return _LIVE.sub(lambda match: f"`{match[0]}`" if match["live"] else f"\\{match[0]}", visible(text))


def code(text: str) -> str:
    """The text as Markdown code, to stand in a table's cell."""
    text = visible(text).replace("|", "\\|")
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    pad = " " if text[:1] in {"`", " "} or text[-1:] in {"`", " "} or not text else ""
    return f"{fence}{pad}{text}{pad}{fence}"
