"""Accepting: targets that log in to hosts nobody knows, and write their keys down apart."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import ScannerError
from . import Group, Target
from .ansible import AnsibleInventory
from .host import HostTarget
from .instances import Listed

_OWN = ("~/.ssh", "/etc/ssh")


def accepting(targets: Sequence[Target | Group], file: Path) -> list[Target | Group]:
    """The same targets; whatever logs in to hosts writes unknown keys into this file.

    Raises:
        ScannerError: the file is one that other programs trust.
    """
    file = file.expanduser().absolute()
    if any(file.resolve().is_relative_to(Path(own).expanduser().resolve()) for own in _OWN):
        raise ScannerError(f"--accept-new {file}: ssh itself trusts what is there; expected a file elsewhere")
    return [_accepting(target, str(file)) for target in targets]


def _accepting(target: Target | Group, file: str) -> Target | Group:
    if isinstance(target, HostTarget):
        jump = target.jump
        if isinstance(jump, tuple):
            jump = tuple(replace(hop, accept_new=file) for hop in jump)
        return replace(target, accept_new=file, jump=jump)
    if isinstance(target, AnsibleInventory | Listed):
        return replace(target, template=replace(target.template, accept_new=file))
    return target
