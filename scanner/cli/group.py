"""The command as click has it, and how it is left."""

import errno
import gc
import io
import os
import signal
import sys
import threading
import traceback

import click

from .diff import diff
from .log import say
from .permissions import permissions
from .scan import collect, evaluate, report, scan
from .show import checks, policy

THREADS = "wardround-"
"""What the names of the threads begin with in which targets are read."""
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
"""What a disk says that takes nothing more."""


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
    for ending in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(ending) == signal.SIG_DFL:  # nohup's is ignored, and stays so
            signal.signal(ending, signal.default_int_handler)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What a terminal of another encoding cannot show is shown as an escape, and is no bug.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        status = wardround.main(prog_name="wardround", standalone_mode=False)
    except click.ClickException as error:
        text = io.StringIO()
        error.show(text)
        for part in text.getvalue().splitlines():
            say(part)
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
    from scanner.redact import redacted

    if isinstance(error, ScannerError):
        for message in error.messages:
            say(message)
        _leave(2)
    if isinstance(error, OSError) and error.errno in _FULL:
        click.echo(f"what was to be written could not be: {error.strerror}", err=True)
        _leave(2)
    for part in redacted("".join(traceback.format_exception(error))).splitlines():
        say(part)
    _leave(70)


def _leave(status: int) -> None:
    """Leave now: a call that hangs in some thread must not keep the command from ending."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError as error:
        # Python would try again, and fail with a status of its own.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        click.echo(f"standard output: {error.strerror}", err=True)
        status = 2
    if any(thread.name.startswith(THREADS) for thread in threading.enumerate()):
        os._exit(status)
    # Python would look for circular garbage before it ends, which can take as long as to begin.
    gc.freeze()
    sys.exit(status)
