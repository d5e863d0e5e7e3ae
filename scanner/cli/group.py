"""The command as click has it, and how it is left."""

import os
import sys

import click

from .diff import diff
from .permissions import permissions
from .scan import collect, evaluate, report, scan
from .show import checks, policy


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="wardround", prog_name="wardround", message="%(prog)s %(version)s")
def wardround() -> None:
    """Look at every cloud account and host, and write down what falls short of a policy.

    \b
    Exit status:
      0    complete, nothing at or above --fail-on
      1    findings at or above --fail-on
      2    the command, a policy or the configuration is wrong
      3    nothing fails at that level, but something could not be evaluated
      4    no target could be entered
      70   a bug
      130  interrupted
    """  # noqa: D301 - the mark is click's, and a character


for command in (scan, collect, evaluate, report, policy, checks, permissions, diff):
    wardround.add_command(command)


def run() -> None:
    """Run the command, and leave with one of the statuses that --help lists."""
    try:
        status = wardround.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        _leave(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        _leave(130)
    except BrokenPipeError:
        # Whoever was reading has left, as `| head` does; what there is to say was said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _leave(0)
    except Exception as error:  # noqa: BLE001 - what is not the user's to mend is a bug, and says so
        _failed(error)
    _leave(status if isinstance(status, int) else 0)


def _failed(error: Exception) -> None:
    from scanner.errors import ScannerError

    if isinstance(error, ScannerError):
        for message in error.messages:
            click.echo(message, err=True)
        _leave(2)
    sys.excepthook(type(error), error, error.__traceback__)
    _leave(70)


def _leave(status: int) -> None:
    """Leave now: a call that hangs in some thread must not keep the command from ending."""
    sys.stdout.flush()
    sys.stderr.flush()
    if status == 130:  # noqa: PLR2004 - the shell's number for an interrupted command
        os._exit(status)
    sys.exit(status)
