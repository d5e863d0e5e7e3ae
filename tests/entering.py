"""Entering hosts of tests.sshd, and how they refuse."""

import getpass
from typing import Any

import pytest

from scanner.declaration import Check
from scanner.errors import ReadError
from scanner.model import Reason
from scanner.targets.host import HostSession, HostTarget
from scanner.targets.login import Login
from scanner.targets.probe import Output
from tests.sshd import Sshd

ME = getpass.getuser()
CHECKS = {"a.host.b": Check(lambda _: iter(()), ("id -un",))}
ANSWERS = {"id -un": Output(0, f"{ME}\n")}


def target(server: Sshd, **options: Any) -> HostTarget:
    given: dict[str, Any] = {
        "address": server.address,
        "port": server.port,
        "user": server.user,
        "identity": str(server.user_key),
        "known_hosts": str(server.known_hosts),
        "deadline_seconds": 15,
        "connect_seconds": 5,
    }
    return HostTarget(name="web", **{**given, **options})


def enter(server: Sshd, **options: Any) -> HostSession:
    return target(server, **options).enter(CHECKS)


def refused(server: Sshd, **options: Any) -> tuple[Reason, str]:
    with pytest.raises(ReadError) as caught:
        enter(server, **options)
    assert "\n" not in caught.value.detail
    return caught.value.reason, caught.value.detail


def login(server: Sshd, **options: Any) -> Login:
    """A server as a jump host."""
    given: dict[str, Any] = {
        "address": server.address,
        "port": server.port,
        "user": server.user,
        "identity": (str(server.user_key),),
        "known_hosts": (str(server.known_hosts),),
        "connect_seconds": 5,
    }
    return Login(**{**given, **options})
