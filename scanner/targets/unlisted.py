"""What an inventory tells of and nobody can enter: a host without a way in, a part that was not listed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NoReturn

from ..declaration import Check
from ..errors import ReadError
from ..model import Reason
from ..view import View
from . import AtOnce
from .host import Host


@dataclass(frozen=True, kw_only=True)
class _Refusing:
    name: str
    group: str
    reason: Reason
    detail: str
    mend: str
    need: str | None = None

    kind: ClassVar[str] = "hosts"
    kinds: ClassVar[tuple[type[View], ...]] = (Host,)
    at_once: ClassVar[Mapping[type[View], AtOnce]] = {}

    @property
    def id(self) -> str:
        """`host:` and its name."""
        return f"host:{self.name}"

    @property
    def labels(self) -> tuple[str, ...]:
        """Its name, and its group's."""
        return (self.name, self.group)

    def refuse(self) -> NoReturn:
        raise ReadError(need=self.need, reason=self.reason, detail=self.detail, mend=self.mend)


class Closed(_Refusing):
    """A host that is known, and that nobody can log in to: it is unreachable in the report."""

    def enter(self, checks: Mapping[str, Check]) -> NoReturn:
        """Say why.

        Raises:
            ReadError: always.
        """
        del checks
        self.refuse()


class Unlisted(_Refusing):
    """A part of an inventory that could not be listed: what is in it, nobody knows."""

    def members(self) -> Sequence[NoReturn]:
        """Say why.

        Raises:
            ReadError: always.
        """
        self.refuse()


def unlisted(name: str, group: str, refusal: ReadError) -> Unlisted:
    """A part that a refusal hides."""
    return Unlisted(
        name=name,
        group=group,
        reason=refusal.reason,
        detail=refusal.detail,
        mend=refusal.mend,
        need=refusal.need,
    )
