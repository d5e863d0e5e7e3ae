"""Stages of reaching a host: each with a name and a deadline, and its failure told in our words."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import ReadError
from ..model import Reason
from .login import Login
from .probe import Deadline, sanitised


@contextmanager
def stage(name: str, deadline: Deadline, reason: Reason, mend: str) -> Iterator[None]:
    """Tell what went wrong in one stage in our words; a stage that outlived its deadline timed out.

    Raises:
        ReadError: it went wrong.
    """
    began = time.monotonic()
    try:
        yield
    except ReadError:
        raise
    except Exception as error:  # noqa: BLE001 - a strange server makes paramiko raise anything
        if deadline.left <= 0 or isinstance(error, TimeoutError):
            detail = f"{name} took longer than {time.monotonic() - began:.0f} s"
            raise refused(Reason.TIMEOUT, detail, "see why the host is slow, or give it longer") from None
        said = sanitised((str(error) or type(error).__name__).encode())
        raise refused(reason, f"{name}: {said}", mend) from None


def seconds(login: Login, deadline: Deadline) -> float:
    """How long a stage of this login may take: its own limit, within the host's."""
    return max(0.1, min(login.connect_seconds, deadline.left))


def refused(reason: Reason, detail: str, mend: str) -> ReadError:
    """A refusal of the host as a whole."""
    return ReadError(need=None, reason=reason, detail=detail, mend=mend)
