"""The commands that look and judge: scan, collect, evaluate, report."""

from typing import TYPE_CHECKING, Any

import click

from . import options

if TYPE_CHECKING:  # --help is quicker without them
    from datetime import datetime
    from pathlib import Path


@click.command()
@options.config
@options.policies()
@options.target
@options.reporting
@click.option(
    "--bundle",
    type=options.FilePath(file_okay=False),
    help="Keep the evidence in this new folder, to be judged again.",
)
@options.resume
@options.before
@options.accept_new
@options.fail_on
@options.allow_incomplete
def scan(  # noqa: PLR0913, PLR0917 - an option each
    config: "Path | None",
    policies: tuple[str, ...],
    names: tuple[str, ...],
    bundle: "Path | None",
    before: "Path | None",
    accept_new: str | None,
    fail_on: str | None,
    *,
    resume: bool,
    allow_incomplete: bool,
    **said: Any,
) -> int:
    """Look at the configured targets, judge what was seen, and report."""
    from scanner.evidence import Bundle

    from . import run
    from .configuration import load
    from .output import Outputs

    if resume and bundle is None:
        raise click.UsageError("--resume goes on with a bundle: name it with --bundle")
    outputs = Outputs(**said)
    configuration = load(config, policies)
    if before:
        Bundle(before)  # that it is none is better said before an hour of collecting than after it
    with run.folder(bundle) as kept:
        accepted = run.accepted(accept_new, bundle)
        run.collect(configuration, names, kept, outputs, resume=resume, accept_new=accepted)
        report = run.judged(configuration.grounds, kept, before=before)
        outputs.show(report)
        if bundle:
            outputs.say(f"evidence: {bundle}")
    return report.status(
        run.severities(fail_on or configuration.fail_on), allow_incomplete=allow_incomplete
    ).value


@click.command()
@options.config
@options.policies()
@options.target
@click.option(
    "--bundle",
    required=True,
    type=options.FilePath(file_okay=False),
    help="The new folder that the evidence is kept in.",
)
@options.resume
@options.accept_new
@options.speaking
def collect(  # noqa: PLR0913 - an option each
    config: "Path | None",
    policies: tuple[str, ...],
    names: tuple[str, ...],
    bundle: "Path",
    accept_new: str | None,
    *,
    resume: bool,
    **said: Any,
) -> int:
    """Only look: keep as evidence what the configured targets show, and judge nothing."""
    from . import run
    from .configuration import load
    from .output import Outputs

    outputs = Outputs(**said)
    accepted = run.accepted(accept_new, bundle)
    run.collect(load(config, policies), names, bundle, outputs, resume=resume, accept_new=accepted)
    outputs.say(f"evidence: {bundle}")
    return run.entered(bundle).value


@click.command()
@click.argument("bundle", type=options.FilePath(file_okay=False))
@options.policies(required=True)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]),
    help="The moment, in UTC, that ages are counted to. [default: when the evidence was collected]",
)
@click.option("--waivers", type=options.FilePath(dir_okay=False), metavar="FILE", help="Accepted findings.")
@click.option(
    "--context", type=options.FilePath(dir_okay=False), metavar="FILE", help="What is known of resources."
)
@options.before
@options.reporting
@options.fail_on
@options.allow_incomplete
def evaluate(  # noqa: PLR0913, PLR0917 - an option each
    bundle: "Path",
    policies: tuple[str, ...],
    as_of: "datetime | None",
    waivers: "Path | None",
    context: "Path | None",
    before: "Path | None",
    fail_on: str | None,
    *,
    allow_incomplete: bool,
    **said: Any,
) -> int:
    """Only judge: decide what the evidence in BUNDLE says about each policy, offline."""
    from . import run
    from .configuration import grounds, named
    from .output import Outputs

    outputs = Outputs(**said)
    basis = grounds(named(policies), waivers, context)
    report = run.judged(basis, bundle, as_of=as_of, before=before)
    outputs.show(report)
    return report.status(run.severities(fail_on), allow_incomplete=allow_incomplete).value


@click.command()
@click.argument("file", required=False, type=options.FilePath(dir_okay=False))
@options.reporting
@click.option("--schema", is_flag=True, help="Print the JSON Schema of report.json instead.")
def report(file: "Path | None", *, schema: bool, **said: Any) -> None:
    """Show FILE, a report written with -f json, again in any format."""
    from scanner.reportfile import json_schema, read

    from .output import Outputs, as_json

    if schema:
        click.echo(as_json(json_schema()))
        return
    if file is None:
        raise click.UsageError("Missing argument 'FILE'.")
    Outputs(**said).show(read(file))
