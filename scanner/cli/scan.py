"""The commands that look and judge: scan, collect, evaluate, report."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:  # --help is quicker without them
    from datetime import datetime
    from pathlib import Path

LEVELS = ("critical", "high", "medium", "low", "any", "none")

Command = Callable[..., Any]


class _Path(click.Path):
    """A path of pathlib's, which is imported when there is one."""

    def coerce_path_result(self, value: Any) -> Any:
        from pathlib import Path

        return Path(value)


_config = click.option(
    "-c",
    "--config",
    type=_Path(dir_okay=False),
    envvar="WARDROUND_CONFIG",
    help="The configuration. [default: the nearest wardround.yaml, up to the git work tree's root]",
)
_target = click.option(
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
_fail_on = click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    envvar="WARDROUND_FAIL_ON",
    help="The least severity whose findings make the exit status 1. [default: high]",
)
_allow_incomplete = click.option(
    "--allow-incomplete", is_flag=True, help="Exit with 0, not 3, when something could not be evaluated."
)
_quiet = click.option("-q", "--quiet", is_flag=True, help="Say nothing on standard error but errors.")


_before = click.option(
    "--before",
    type=_Path(file_okay=False),
    metavar="BUNDLE",
    help="The evidence of an earlier run, for checks that compare.",
)


def _policies(*, required: bool = False) -> Callable[[Command], Command]:
    return click.option(
        "-p",
        "--policy",
        "policies",
        multiple=True,
        required=required,
        metavar="POLICY",
        help="A shipped policy's name, or a path; repeatable.",
    )


@click.command()
@_config
@_policies()
@_target
@_format
@click.option(
    "--bundle",
    type=_Path(file_okay=False),
    help="Keep the evidence in this new folder, to be judged again.",
)
@_before
@_fail_on
@_allow_incomplete
@_quiet
def scan(  # noqa: PLR0913, PLR0917 - an option each
    config: "Path | None",
    policies: tuple[str, ...],
    names: tuple[str, ...],
    formats: tuple[str, ...],
    bundle: "Path | None",
    before: "Path | None",
    fail_on: str | None,
    *,
    allow_incomplete: bool,
    quiet: bool,
) -> int:
    """Look at the configured targets, judge what was seen, and report."""
    from . import run
    from .configuration import load
    from .output import Outputs

    outputs = Outputs(formats, quiet=quiet)
    configuration = load(config, policies)
    with run.folder(bundle) as kept:
        run.collect(configuration, names, kept, outputs)
        report = run.judged(configuration.grounds, kept, before=before)
        outputs.show(report)
        if bundle:
            outputs.say(f"evidence: {bundle}")
    return report.status(
        run.severities(fail_on or configuration.fail_on), allow_incomplete=allow_incomplete
    ).value


@click.command()
@_config
@_policies()
@_target
@click.option(
    "--bundle",
    required=True,
    type=_Path(file_okay=False),
    help="The new folder that the evidence is kept in.",
)
@_quiet
def collect(
    config: "Path | None", policies: tuple[str, ...], names: tuple[str, ...], bundle: "Path", *, quiet: bool
) -> int:
    """Only look: keep as evidence what the configured targets show, and judge nothing."""
    from . import run
    from .configuration import load
    from .output import Outputs

    outputs = Outputs((), quiet=quiet)
    run.collect(load(config, policies), names, bundle, outputs)
    outputs.say(f"evidence: {bundle}")
    return run.entered(bundle).value


@click.command()
@click.argument("bundle", type=_Path(file_okay=False))
@_policies(required=True)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]),
    help="The moment, in UTC, that ages are counted to. [default: when the evidence was collected]",
)
@click.option("--waivers", type=_Path(dir_okay=False), metavar="FILE", help="Accepted findings.")
@click.option("--context", type=_Path(dir_okay=False), metavar="FILE", help="What is known of resources.")
@_before
@_format
@_fail_on
@_allow_incomplete
@_quiet
def evaluate(  # noqa: PLR0913, PLR0917 - an option each
    bundle: "Path",
    policies: tuple[str, ...],
    as_of: "datetime | None",
    waivers: "Path | None",
    context: "Path | None",
    before: "Path | None",
    formats: tuple[str, ...],
    fail_on: str | None,
    *,
    allow_incomplete: bool,
    quiet: bool,
) -> int:
    """Only judge: decide what the evidence in BUNDLE says about each policy, offline."""
    from . import run
    from .configuration import grounds, named
    from .output import Outputs

    outputs = Outputs(formats, quiet=quiet)
    basis = grounds(named(policies), waivers, context)
    report = run.judged(basis, bundle, as_of=as_of, before=before)
    outputs.show(report)
    return report.status(run.severities(fail_on), allow_incomplete=allow_incomplete).value


@click.command()
@click.argument("file", required=False, type=_Path(dir_okay=False))
@_format
@click.option("--schema", is_flag=True, help="Print the JSON Schema of report.json instead.")
@_quiet
def report(file: "Path | None", formats: tuple[str, ...], *, schema: bool, quiet: bool) -> None:
    """Show FILE, a report written with -f json, again in any format."""
    from scanner.reportfile import json_schema, read

    from .output import Outputs, as_json

    if schema:
        click.echo(as_json(json_schema()))
        return
    if file is None:
        raise click.UsageError("Missing argument 'FILE'.")
    Outputs(formats, quiet=quiet).show(read(file))
