"""Entra tenants: the view that checks get."""

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import ClassVar

from ..errors import ReadError
from ..model import Reason
from ..view import View
from . import graph_paths
from .fields import Complain, Fields
from .memo import Key, Memo, Page
from .rest import Caller, listed

SCOPE = "tenant"
"""The one scope that a tenant has."""


@dataclass(frozen=True)
class Tenant:
    """A tenant that was entered."""

    id: str
    caller: Caller
    memo: Memo = field(default_factory=Memo)


class Entry(Fields):
    """An entry of the directory, as Graph describes it."""

    @property
    def id(self) -> str:
        """Its object id.

        Raises:
            ReadError: it has none.
        """
        return self.text("id").lower()


class EntraTenant(View):
    """An Entra tenant through the permissions and paths of Microsoft Graph that a check declared."""

    platform: ClassVar[str] = "entra"

    def __init__(self, needs: Collection[str], tenant: Tenant, leaves: Executor | None = None) -> None:
        """Show a check this tenant."""
        super().__init__(needs, leaves)
        self._tenant = tenant
        self.id = f"entra:{tenant.id}"
        self.tenant = tenant.id

    @classmethod
    def refuse_need(cls, need: str) -> str | None:
        """Only permissions to read, each with a path that is known."""
        return graph_paths.refuse(need)

    def all(self, need: str, *, absent: str = "", **names: str) -> Iterator[Entry]:
        """Every entry that a path lists, to the last page.

        Args:
            need: a declared permission and path.
            absent: the one error code that means there is none.
            names: what stands in the path's braces.

        Raises:
            ReadError: it was refused.
        """
        for page in self._asked(need, names, absent, single=False):
            for item in page["value"]:
                yield Entry(item, self._complaint(need))

    def one(self, need: str, **names: str) -> Entry:
        """The one object that a path is.

        Raises:
            ReadError: it was refused.
        """
        (page,) = self._asked(need, names, single=True)
        return Entry(page["value"][0], self._complaint(need))

    def resource(self, kind: str, entry: str) -> str:
        """The id of an entry of a kind, as in users: `entra:<tenant>/users/<object id>`."""
        return f"{self.id}/{kind}/{entry.lower()}"

    def _asked(
        self, need: str, names: Mapping[str, str], absent: str = "", *, single: bool
    ) -> Iterator[Page]:
        reading = graph_paths.PATHS[self.declared(need)]
        path = graph_paths.path(need, names)
        tenant = self._tenant

        def ask() -> Iterator[Page]:
            pages = tenant.caller.pages(need, path, reading.query)
            if single:
                pages = ({"value": [page]} for page in pages)
            return listed(need, pages, _is_entry)

        try:
            yield from tenant.memo.pages(Key(need, SCOPE, (path,)), ask)
        except ReadError as refusal:
            if absent and refusal.code == absent:
                return
            raise self.refused(refusal) from None

    def _complaint(self, need: str) -> Complain:
        def complain(detail: str) -> ReadError:
            mend = "report it to whoever maintains wardround, with the path"
            return self.refused(ReadError(need=need, reason=Reason.INVALID_ANSWER, detail=detail, mend=mend))

        return complain


def _is_entry(item: object) -> bool:
    return isinstance(item, dict)
