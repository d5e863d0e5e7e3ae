"""Secrets that a login needs: where each comes from, never what it is."""

import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..errors import ReadError, ScannerError
from ..model import Reason

_ANSWERED: dict[str, str] = {}
"""What was typed, by what was asked: nobody is asked twice."""
_LOCK = threading.Lock()


@dataclass(frozen=True)
class Secret:
    """A password or passphrase, from the environment or a terminal; calling it gives the secret."""

    variable: str | None
    """The variable of the environment that holds it; None: somebody is asked."""
    question: str
    """What it is, as a person would be asked for it."""

    def __call__(self) -> str:
        """The secret itself.

        Raises:
            ReadError: the variable is not set or empty, or nobody was asked.
        """
        found = os.environ.get(self.variable) if self.variable else _ANSWERED.get(self.question)
        if found:
            return found
        detail, mend = self._missing()
        raise ReadError(need=None, reason=Reason.CREDENTIALS, detail=detail, mend=mend)

    def _missing(self) -> tuple[str, str]:
        if self.variable:
            return (
                f"{self.question}: the variable {self.variable} of the environment is not set, or empty",
                f"set {self.variable} where wardround is started",
            )
        return (f"{self.question}: nobody was asked for it", "start wardround on a terminal")


def asked(secrets: Iterable[Secret]) -> None:
    """Ask on the terminal for what is to be typed, each once, and see that the environment has the rest.

    Raises:
        ScannerError: a variable is not set, or there is no terminal to ask on.
    """
    for secret in dict.fromkeys(secrets):
        if secret.variable is not None:
            if not os.environ.get(secret.variable):
                raise ScannerError("; ".join(secret._missing()))  # noqa: SLF001 - our own
            continue
        with _LOCK:
            if secret.question not in _ANSWERED:
                _ANSWERED[secret.question] = _typed(secret.question)


def _typed(question: str) -> str:
    import getpass

    # getpass would read standard input in the open where there is no terminal.
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        raise ScannerError(
            f"{question}: there is no terminal to ask on; name a variable of the environment instead"
        ) from None
    try:
        typed = getpass.getpass(f"{question}: ")
    except EOFError:
        typed = ""
    if not typed:
        raise ScannerError(f"{question}: nothing was typed")
    return typed


def within(values: Iterable[object]) -> Iterator[Secret]:
    """The secrets among values, and in the ones that hold others."""
    for value in values:
        if isinstance(value, Secret):
            yield value
        elif isinstance(value, tuple):
            yield from within(value)
        elif hasattr(value, "__dataclass_fields__"):
            yield from within(vars(value).values())
