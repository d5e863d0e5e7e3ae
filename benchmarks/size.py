"""How large an installation is: packages and megabytes over an empty virtual environment.

To repeat: `make size`, or `python -I benchmarks/size.py` in an environment that has uv or pip. This
checkout is installed as its users would, without development tools, into a new environment in a temporary
folder, byte code compiled as pip does it; what was there before is not counted. Needs the package index.
The status is 1 above 45 packages or 130 MB.
"""

import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
MOST_PACKAGES = 45
MOST_MEGABYTES = 130
MEGABYTE = 1_000_000


def main() -> int:
    """Install, count, print, and tell by the status whether it is small enough."""
    with tempfile.TemporaryDirectory(prefix="wardround-size-") as folder:
        place = Path(folder)
        venv.create(place, with_pip=False, symlinks=True)
        before = _bytes(place)
        _install(place / "bin" / "python")
        megabytes = (_bytes(place) - before) / MEGABYTE
        packages = sorted(_packages(place))
    print(
        f"{len(packages)} packages, at most {MOST_PACKAGES}; "
        f"{megabytes:.1f} MB, at most {MOST_MEGABYTES}: {' '.join(packages)}"
    )
    return int(len(packages) > MOST_PACKAGES or megabytes > MOST_MEGABYTES)


def _install(python: Path) -> None:
    uv = Path(sysconfig.get_path("scripts")) / "uv"
    # Copies, as uv's links are of no length; byte code even where a variable says not to write it.
    fast: list[str | Path] = [
        uv,
        "pip",
        "install",
        "--quiet",
        "--link-mode=copy",
        "--compile-bytecode",
        "--python",
        python,
        PROJECT,
    ]
    slow: list[str | Path] = [
        sys.executable,
        "-I",
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--compile",
        PROJECT,
    ]
    installers = [fast, slow] if uv.exists() else [slow]
    for command in installers:
        if subprocess.run(command, check=False).returncode == 0:
            return
    sys.exit("wardround could not be installed into an empty environment")


def _packages(place: Path) -> list[str]:
    found = place.glob("lib/python*/site-packages/*.dist-info")
    return [path.stem.rpartition("-")[0] for path in found]


def _bytes(place: Path) -> int:
    """How long the files are."""
    return sum(path.lstat().st_size for path in place.rglob("*") if path.is_file() and not path.is_symlink())


if __name__ == "__main__":
    sys.exit(main())
