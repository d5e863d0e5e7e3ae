"""The options that several commands share."""

from collections.abc import Callable
from typing import Any

import click

LEVELS = ("critical", "high", "medium", "low", "any", "none")

Command = Callable[..., Any]


class FilePath(click.Path):
    """A path of pathlib's, which is imported when there is one."""

    def coerce_path_result(self, value: Any) -> Any:
        """Make the path one."""
        from pathlib import Path

        return Path(value)


config = click.option(
    "-c",
    "--config",
    type=FilePath(dir_okay=False),
    envvar="WARDROUND_CONFIG",
    help="The configuration. [default: the nearest wardround.yaml, up to the git work tree's root]",
)
target = click.option(
    "-t", "--target", "names", multiple=True, metavar="NAME", help="Only this configured target; repeatable."
)
_format = click.option(
    "-f",
    "--format",
    "formats",
    multiple=True,
    metavar="FORMAT[=PATH]",
    help="How to report, and into which file; repeatable. Without a path: to standard output. "
    "[default: text]",
)
fail_on = click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    envvar="WARDROUND_FAIL_ON",
    help="The least severity whose findings make the exit status 1. [default: high]",
)
allow_incomplete = click.option(
    "--allow-incomplete", is_flag=True, help="Exit with 0, not 3, when something could not be evaluated."
)
_quiet = click.option("-q", "--quiet", is_flag=True, help="Say nothing on standard error but errors.")

resume = click.option(
    "--resume",
    is_flag=True,
    help="Go on with the run that was cut short in --bundle; what it sealed is not read again.",
)
before = click.option(
    "--before",
    type=FilePath(file_okay=False),
    metavar="BUNDLE",
    help="The evidence of an earlier run, for checks that compare.",
)


def policies(*, required: bool = False) -> Callable[[Command], Command]:
    """The option that names policies."""
    return click.option(
        "-p",
        "--policy",
        "policies",
        multiple=True,
        required=required,
        metavar="POLICY",
        help="A shipped policy's name, or a path; repeatable.",
    )


BESIDE = "beside the bundle"
"""What --accept-new means without a path."""
accept_new = click.option(
    "--accept-new",
    is_flag=False,
    flag_value=BESIDE,
    metavar="[FILE]",
    help="Log in to hosts whose keys nobody knows, and write their keys to FILE, which is not yours of "
    "~/.ssh; a key that changed is refused all the same. [default: known_hosts.accepted beside the bundle]",
)
_color = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    envvar="WARDROUND_COLOR",
    help="Whether to use colour. [default: auto: on a terminal, unless NO_COLOR is set]",
)
_log_format = click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    envvar="WARDROUND_LOG_FORMAT",
    help="How to log on standard error: lines of text, or a JSON object a line. [default: text]",
)


def speaking(command: Command) -> Command:
    """The options of a command that logs."""
    return _quiet(_color(_log_format(command)))


def reporting(command: Command) -> Command:
    """The options of a command that reports."""
    return _format(speaking(command))
