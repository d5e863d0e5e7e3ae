"""What is said on standard error, and in which colours."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TextIO

import click


def say(line: str) -> None:
    """A line on standard error, with nothing in it that a terminal or a pipeline would obey."""
    from scanner.plain import line as harmless

    click.echo(harmless(line), err=True)


@dataclass(frozen=True)
class Log:
    """Lines for people, or JSON objects for machines, on standard error."""

    quiet: bool = False
    as_json: bool = False

    def say(self, line: str, **fields: Any) -> None:
        """One line, unless it was asked to be quiet."""
        if not self.quiet:
            self._write("info", line, fields)

    def _write(self, level: str, line: str, fields: Mapping[str, Any]) -> None:
        if self.as_json:
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            said = json.dumps({"at": at, "level": level, "message": line, **fields})
            # Pipelines run `##[...]` wherever a log has it; here it can only stand in a string.
            click.echo(said.replace("##", r"#\u0023"), err=True)
        else:
            say(line)

    @property
    def live(self) -> bool:
        """Whether somebody watches a terminal, where a line can be written over."""
        return (
            not self.quiet and not self.as_json and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        )


class _Plain:
    """A stream that says it is no terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def isatty(self) -> bool:
        return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Terminal(_Plain):
    """A stream that says it is a terminal, whatever it is."""

    def isatty(self) -> bool:
        return True


def coloured(stream: TextIO, color: str) -> TextIO:
    """A stream that says whether it takes colours.

    --color comes first, then NO_COLOR, then FORCE_COLOR and CLICOLOR_FORCE, then whether it is a terminal
    (https://no-color.org, https://force-color.org).
    """
    if color == "auto":
        forced = any(
            os.environ.get(name) not in {None, "", "0"} for name in ("FORCE_COLOR", "CLICOLOR_FORCE")
        )
        if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
            color = "never"
        elif forced:
            color = "always"
    if color == "always":
        os.environ.pop("NO_COLOR", None)  # else the terminal's library would still obey it
        os.environ["FORCE_COLOR"] = "1"
        return _Terminal(stream)  # type: ignore[return-value]  # it stands in for the stream
    return _Plain(stream) if color == "never" else stream  # type: ignore[return-value]
