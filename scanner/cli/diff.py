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

    Of reports the verdicts are compared, and the exit status is 1 when something fails that did not; of
    bundles the facts are compared.
    """
    from .changed import facts, verdicts

    if old.is_dir() != new.is_dir():
        raise click.UsageError("compare two reports, or two bundles, not one with the other")
    if old.is_dir():
        for line in facts(old, new):
            click.echo(line)
        return 0
    lines, worse = verdicts(old, new)
    for line in lines:
        click.echo(line)
    return 1 if worse else 0
