"""The command's door: what is asked most is answered before anything is imported."""

import gc
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
    # What is loaded stays, what is kept of answers is packed, and hardly any garbage is circular: looking for
    # it took a tenth of the time. Who leaves some behind looks for it then (targets.ssh).
    gc.set_threshold(50_000, 20, 100)
    from .group import run

    run()
