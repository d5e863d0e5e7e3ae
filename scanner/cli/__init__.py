"""The command's door: what is asked most is answered before anything is imported."""

import os
import sys

HELP = os.path.join(os.path.dirname(__file__), "help.txt")  # noqa: PTH118, PTH120 - pathlib takes longer than all of this
"""What `wardround --help` prints; `make golden` writes it."""


def main() -> None:
    """Run the command, and leave with one of the statuses that --help lists."""
    if sys.argv[1:] in (["--help"], ["-h"]):
        with open(HELP, encoding="utf-8") as text:  # noqa: PTH123 - pathlib takes longer than all of this
            sys.stdout.write(text.read())
        sys.exit(0)
    from .group import run

    run()
