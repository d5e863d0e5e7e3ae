"""Azure subscriptions: the view that checks get."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypedDict, TypeVar, overload

from ..errors import ReadError
from ..model import Reason
from ..view import View
from . import arm_types
from .fields import Complain, Fields
from .memo import Key, Memo, Page
from .rest import Caller, listed

SCOPE = "subscription"
"""The one scope that a subscription has."""

Item = TypeVar("Item")
Seen = TypeVar("Seen")


@dataclass(frozen=True)
class Subscription:
    """A subscription that was entered."""

    id: str
    caller: Caller
    tenant: str = ""
    """The tenant that it trusts."""
    memo: Memo = field(default_factory=Memo)

    @property
    def path(self) -> str:
        """Its own ARM id."""
        return f"/subscriptions/{self.id}"


class About(TypedDict):
    """What every observation of an ARM resource says of it besides its facts."""

    resource: str
    region: str | None
    tags: dict[str, str]


class Resource(Fields):
    """A resource, as Azure describes it."""

    def __init__(self, held: Mapping[str, Any], complain: Complain) -> None:
        """Hold what Azure answered."""
        super().__init__(held, complain)
        self.id = arm_types.canonical(str(held["id"]))

    @property
    def name(self) -> str:
        """Its name, as whoever made it wrote it."""
        return self.text("name", "") or self.id.rpartition("/")[2]

    @property
    def region(self) -> str | None:
        """Where it lives, as in westeurope; None when it has no location."""
        return str(self.text("location", "")).replace(" ", "").lower() or None

    @property
    def tags(self) -> dict[str, str]:
        """Its tags, as they came with the answer; Azure leaves them out where there are none."""
        return {name: str(value or "") for name, value in self.part("tags").held.items()}

    @property
    def about(self) -> About:
        """Its id, region and tags, for an observation of it."""
        return About(resource=self.id, region=self.region, tags=self.tags)


class AzureSubscription(View):
    """An Azure subscription through the read actions that a check declared."""

    platform: ClassVar[str] = "azure"

    def __init__(
        self, needs: Collection[str], subscription: Subscription, leaves: Executor | None = None
    ) -> None:
        """Show a check this subscription."""
        super().__init__(needs, leaves)
        self._subscription = subscription
        self.id = subscription.path
        self.tenant = subscription.tenant

    @classmethod
    def refuse_need(cls, need: str) -> str | None:
        """Only read actions, and only those whose api-version is pinned."""
        return arm_types.refuse(need)

    def all(self, need: str, of: str | None = None, *, absent: str = "") -> Iterator[Resource]:
        """Every resource of the type that an action reads, to the last page.

        Args:
            need: the action, which the check declared.
            of: the id of the resource whose children or extensions are meant; None: all in the subscription.
            absent: the one error code that means there is none.

        Raises:
            ReadError: it was refused.
        """
        listing = arm_types.LISTINGS[self.declared(need)]
        path = arm_types.path(need, of or self.id)
        for page in self._asked(need, path, listing.query, absent):
            for item in page["value"]:
                yield Resource(item, self._complaint(need))

    @overload
    def one(self, need: str, resource: str) -> Resource: ...
    @overload
    def one(self, need: str, resource: str, *, absent: str) -> Resource | None: ...
    def one(self, need: str, resource: str, *, absent: str = "") -> Resource | None:
        """One resource by its id, where a listing does not tell what is asked.

        Args:
            need: the action, which the check declared.
            resource: its id.
            absent: the one error code that means there is none: then None.

        Raises:
            ReadError: it was refused.
        """
        self.declared(need)
        for page in self._asked(need, resource, {}, absent, single=True):
            return Resource(page["value"][0], self._complaint(need))
        return None

    def each(
        self,
        items: Iterable[Item],
        read: Callable[[Item], Seen],
        *,
        resource: Callable[[Item], str] | None = None,
    ) -> Iterator[Seen]:
        """Read something more for each item, overlapping; a refusal is of the item, unless said otherwise."""
        return super().each(items, read, resource=resource or _id)

    def _asked(
        self, need: str, path: str, query: Mapping[str, str], absent: str, *, single: bool = False
    ) -> Iterator[Page]:
        told = {"api-version": arm_types.LISTINGS[need].version, **query}
        subscription = self._subscription

        def ask() -> Iterator[Page]:
            pages = subscription.caller.pages(need, path, told)
            if single:
                pages = ({"value": [page]} for page in pages)
            return listed(need, pages, _is_resource)

        verb: Literal["GET", "LIST"] = "GET" if single else "LIST"
        try:
            yield from subscription.memo.pages(Key(need, SCOPE, (verb, path)), ask)
        except ReadError as refusal:
            if absent and refusal.code == absent:
                return
            raise self.refused(refusal) from None

    def _complaint(self, need: str) -> Complain:
        def complain(detail: str) -> ReadError:
            mend = "report it to whoever maintains wardround, with the resource's type"
            return self.refused(ReadError(need=need, reason=Reason.INVALID_ANSWER, detail=detail, mend=mend))

        return complain

    @staticmethod
    def resource(arm_id: str) -> str:
        """An ARM id in one spelling; Azure does not heed capitals in ids, and mixes them."""
        return arm_types.canonical(arm_id)


def _id(item: Any) -> str:
    return str(item.id)


def _is_resource(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("id"), str) and item["id"].startswith("/")
