"""Azure subscriptions: the view that checks get."""

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ..errors import ReadError
from ..model import Reason
from ..view import View
from . import arm_types
from .arm import Caller
from .memo import Key, Memo, Page

SCOPE = "subscription"
"""The one scope that a subscription has."""


@dataclass(frozen=True)
class Subscription:
    """A subscription that was entered."""

    id: str
    caller: Caller
    memo: Memo = field(default_factory=Memo)


class AzureSubscription(View):
    """An Azure subscription through the read actions that a check declared."""

    platform: ClassVar[str] = "azure"

    def __init__(
        self, needs: Collection[str], subscription: Subscription, leaves: Executor | None = None
    ) -> None:
        """Show a check this subscription."""
        super().__init__(needs, leaves)
        self._subscription = subscription
        self.id = subscription.id

    @classmethod
    def refuse_need(cls, need: str) -> str | None:
        """Only read actions, and only those whose api-version is pinned."""
        return arm_types.refuse(need)

    def all(self, need: str) -> Iterator[Page]:
        """Every resource of the type that an action reads, to the last page, as Azure describes each.

        Raises:
            ReadError: it was refused.
        """
        listing = arm_types.LISTINGS[self.declared(need)]
        subscription = self._subscription
        path = f"/subscriptions/{subscription.id}{listing.path}"
        try:
            pages = subscription.memo.pages(
                Key(need, SCOPE, ()),
                lambda: _listed(need, subscription.caller.pages(need, path, listing.version)),
            )
        except ReadError as refusal:
            raise self.refused(refusal) from None
        for page in pages:
            yield from page["value"]

    @staticmethod
    def resource(arm_id: str) -> str:
        """An ARM id in one spelling; Azure does not heed capitals in ids, and mixes them."""
        return arm_types.canonical(arm_id)

    @staticmethod
    def region(item: Mapping[str, Any]) -> str | None:
        """Where a resource lives, as in westeurope; None when it has no location."""
        return str(item.get("location") or "").replace(" ", "").lower() or None

    @staticmethod
    def tags(listed: Mapping[str, str] | None) -> dict[str, str]:
        """A resource's tags, as they came with the listing; Azure leaves them out where there are none."""
        return {name: str(value or "") for name, value in (listed or {}).items()}


def _listed(need: str, pages: Iterator[Page]) -> Iterator[Page]:
    """The pages, each of which holds a list of resources with ids."""
    for page in pages:
        value = page.get("value")
        if not isinstance(value, list) or not all(_is_resource(item) for item in value):
            raise ReadError(
                need=need,
                reason=Reason.INVALID_ANSWER,
                detail="the answer is no list of resources",
                mend="try again; if it stays, see what answers instead of Azure",
            )
        yield {"value": value}


def _is_resource(item: object) -> bool:
    return isinstance(item, dict) and isinstance(item.get("id"), str) and item["id"].startswith("/")
