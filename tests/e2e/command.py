"""The installed command, run as anybody would run it."""

import os
import subprocess
import sysconfig
from pathlib import Path

COMMAND = Path(sysconfig.get_path("scripts")) / "wardround"


def run(
    folder: Path, *arguments: str, command: Path = COMMAND, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run it in a folder, with nothing of ours in its environment."""
    kept = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [command, *arguments],
        cwd=folder,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
