"""Where reports go: one to standard output, the others into files, annotations and log to standard error."""

import io
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from scanner import plugins
from scanner.documents import suggestion
from scanner.files import replacing
from scanner.report import Report

from .log import Log, coloured


class Outputs:
    """The formats that were asked for, checked before anything is collected, and the log."""

    def __init__(
        self,
        formats: Sequence[str] = (),
        *,
        quiet: bool = False,
        color: str = "auto",
        log_format: str = "text",
    ) -> None:
        """Take FORMAT[=PATH] apart.

        Raises:
            click.UsageError: no such format, two that want one place, or a path that cannot be written.
        """
        self._color = color
        self.log = Log(quiet=quiet, as_json=log_format == "json")
        self._wanted: list[tuple[str, ModuleType, Path | None]] = []
        known = plugins.reporters()
        for wanted in formats or ("text",):
            name, named, path = wanted.partition("=")
            if name not in known:
                near = suggestion(name, known) or f"; known are {', '.join(known)}"
                raise click.UsageError(f"-f {wanted}: unknown format {name!r}{near}")
            if named and (why := _why_not(path, [taken for *_, taken in self._wanted])):
                raise click.UsageError(f"-f {wanted}: {why}")
            self._wanted.append((name, known[name], Path(path) if named else None))
        loud = [name for name, module, path in self._wanted if path is None and not _to_stderr(module)]
        if len(loud) > 1:
            raise click.UsageError(
                f"standard output carries one report; give {' and '.join(loud[1:])} a path, as in "
                f"-f {loud[1]}=report.{loud[1]}"
            )

    def show(self, report: Report) -> None:
        """Write every report.

        Raises:
            ScannerError: a file cannot be written.
        """
        for name, module, path in self._wanted:
            if path is not None:
                with replacing(path) as file:
                    text = io.TextIOWrapper(file, encoding="utf-8", newline="\n", write_through=True)
                    module.write(report, text)
                    text.detach()
                self.say(f"{name}: {path}")
            else:
                stream = sys.stderr if _to_stderr(module) else sys.stdout
                if isinstance(stream, io.TextIOWrapper):
                    stream.reconfigure(errors="backslashreplace")
                module.write(report, coloured(stream, self._color))
                stream.flush()
            if name == "github":
                _step_summary(report)

    def say(self, line: str) -> None:
        """A line of log, unless it was asked to be quiet."""
        self.log.say(line)


def _why_not(path: str, taken: Sequence[Path | None]) -> str | None:
    """Why no report can be written there: better said before an hour of collecting than after it."""
    wanted = Path(path)
    if not path:
        return "the path is missing"
    if wanted.resolve() in {other.resolve() for other in taken if other} and not _shared(wanted):
        return "two reports cannot share a file"
    try:
        if _shared(wanted):
            return "it is a folder" if wanted.is_dir() else None
        folder = next(folder for folder in wanted.resolve().parents if folder.exists())
        if not folder.is_dir():
            return f"{folder} is not a folder"
    except OSError as error:
        return error.strerror
    return None if os.access(folder, os.W_OK, effective_ids=True) else f"{folder} cannot be written to"


def _shared(path: Path) -> bool:
    """Whether it is no plain file but a pipe or a device, as /dev/stdout, which several may write to."""
    return path.exists() and not path.is_file()


def as_json(value: Any) -> str:
    """A value as people read JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def _to_stderr(module: ModuleType) -> bool:
    return getattr(module, "STREAM", "stdout") == "stderr"


def _step_summary(report: Report) -> None:
    """GitHub shows what is appended to the file that this variable names."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path:
        # All at once: it shares the file with other steps, and whoever interrupts us shall not leave a half.
        text = io.StringIO()
        plugins.reporters()["markdown"].write(report, text)
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text.getvalue())
