"""Users of this machine who are not root, and what sudo lets them do; gone afterwards."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def login(password: str | None = None) -> Iterator[str]:
    """A user who may do nothing yet."""
    if os.geteuid() != 0:
        if os.environ.get("CI") == "true":
            pytest.fail("only root can make a user")
        pytest.skip("only root can make a user")
    name = f"wp{os.getpid()}"
    subprocess.run(["useradd", "-M", "-N", "-s", "/bin/sh", "-p", "*", name], check=True, capture_output=True)
    try:
        if password is not None:
            subprocess.run(["chpasswd"], input=f"{name}:{password}", text=True, check=True)
        yield name
    finally:
        # Even while sshd's last process for the user is still on its way out.
        subprocess.run(["userdel", "--force", name], check=False, capture_output=True)
        assert not subprocess.run(["id", name], check=False, capture_output=True).stdout


@contextmanager
def kept(path: Path, text: str, mode: int) -> Iterator[None]:
    """A file of the machine's that holds this, and afterwards what it held before."""
    before = path.read_text() if path.exists() else None
    path.touch(mode=mode)
    try:
        path.write_text(text)
        yield
    finally:
        path.unlink() if before is None else path.write_text(before)


@contextmanager
def sudoers(name: str, *lines: str) -> Iterator[None]:
    """Lines of sudoers, which sudo's own parser takes for such."""
    text = "".join(f"{line}\n" for line in lines)
    checked = subprocess.run(["visudo", "-cf", "-"], input=text, text=True, check=False, capture_output=True)
    assert checked.returncode == 0, checked.stderr
    with kept(Path(f"/etc/sudoers.d/{name}"), text, 0o440):
        yield
