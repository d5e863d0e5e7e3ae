"""The command that compares two runs."""

from typing import TYPE_CHECKING

import click

from .options import FilePath

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("old", type=FilePath(exists=True))
@click.argument("new", type=FilePath(exists=True))
def diff(old: "Path", new: "Path") -> int:
    """Say what changed from OLD to NEW: two reports written with -f json, or two bundles.

    Of reports the verdicts are compared. The exit status is 1 when something fails that did not, or that was
    waived; else 3 when something cannot be evaluated that could; else 0. Of bundles the facts are compared.
    """
    from .changed import facts, verdicts

    if old.is_dir() != new.is_dir():
        raise click.UsageError("compare two reports, or two bundles, not one with the other")
    if old.is_dir():
        for line in facts(old, new):
            click.echo(line)
        return 0
    lines, status = verdicts(old, new)
    for line in lines:
        click.echo(line)
    return status.value
