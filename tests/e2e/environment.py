"""An environment of its own, with wardround and the example plug-in installed as they are anywhere."""

import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "examples" / "plugin"


@dataclass(frozen=True)
class Environment:
    """A virtual environment."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def command(self) -> Path:
        """The command that was installed into it."""
        return self.folder / "bin" / "wardround"


def made(folder: Path) -> Environment:
    """Build both packages and install them without a network.

    What they depend on, and what builds them, is that of the environment that runs the tests, behind what is
    installed here.
    """
    environment = Environment(folder / "environment")
    wheels = folder / "wheels"
    offline = ("--no-deps", "--no-index", "--quiet", "--disable-pip-version-check")
    pip = (sys.executable, "-I", "-m", "pip")
    _run(*pip, "wheel", *offline, "--no-build-isolation", "-w", str(wheels), str(ROOT), str(PLUGIN))
    _run(sys.executable, "-I", "-m", "venv", "--without-pip", str(environment.folder))
    built = sorted(str(wheel) for wheel in wheels.glob("*.whl"))
    _run(*pip, "--python", str(environment.python), "install", *offline, *built)
    paths = {name: str(environment.folder) for name in ("base", "platbase")}
    own = Path(sysconfig.get_path("purelib", "venv", vars=paths))
    theirs = sysconfig.get_path("purelib")
    (own / "behind.pth").write_text(f"import site; site.addsitedir({theirs!r})\n")
    return environment


def _run(*command: str) -> None:
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
