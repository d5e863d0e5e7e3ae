"""What may be asked of Azure's Resource Manager: each read action, and the version in which it is asked."""

import re
from collections.abc import Iterator
from typing import NamedTuple


class Listing(NamedTuple):
    """How everything of one type in a subscription is listed."""

    path: str
    """Below the subscription."""
    version: str
    """The pinned api-version: what is answered to it does not change."""


ENTERING = "Microsoft.Resources/subscriptions/read"
"""What entering a subscription asks."""
SUBSCRIPTION_VERSION = "2022-12-01"

_VERSIONS = {
    "Microsoft.Compute/disks": "2024-03-02",
    "Microsoft.Storage/storageAccounts": "2023-05-01",
}
"""Types that are listed by one call for a whole subscription, and their api-version."""

_LINKED = ("Microsoft.Compute/diskEncryptionSets", "Microsoft.Compute/virtualMachines")
"""Types that are named by others, and not listed yet."""

LISTINGS = {
    f"{kind}/read": Listing(f"/providers/{kind}", version) for kind, version in sorted(_VERSIONS.items())
}
"""Everything that a check may declare, by action."""

_SPELT = {kind.lower(): kind for kind in (*_VERSIONS, *_LINKED)}
_WORDS = {word.lower(): word for word in ("subscriptions", "resourceGroups", "providers")}
_ACTION = re.compile(r"Microsoft\.\w+(/\w+)+/read", re.ASCII)


def refuse(need: str) -> str | None:
    """Why a check may not declare this need; None when it may."""
    if not _ACTION.fullmatch(need):
        return f"{need} is not a read action of Azure's; a check may declare those that end in /read"
    if need not in LISTINGS:
        return f"{need} has no pinned api-version; known are {', '.join(LISTINGS)}"
    return None


def kind_of(need: str) -> str:
    """The type that an action reads, as in Microsoft.Compute/disks."""
    return need.removesuffix("/read")


def canonical(resource: str) -> str:
    """An ARM id in one spelling: ids that differ in capitals only are of one resource, and Azure mixes them.

    Names are in small letters, types as Azure documents them where we know them.
    """
    return "/".join(_spelt(resource.strip().lower().rstrip("/").split("/")))


def _spelt(parts: list[str]) -> Iterator[str]:
    at = 0
    while at < len(parts):
        if at % 2 and parts[at] == "providers" and at + 2 < len(parts):
            kind = _SPELT.get(f"{parts[at + 1]}/{parts[at + 2]}", f"{parts[at + 1]}/{parts[at + 2]}")
            yield from ("providers", kind)
            at += 3
        else:
            # Every second segment is a name, which may be one of these words, too.
            yield _WORDS.get(parts[at], parts[at]) if at % 2 else parts[at]
            at += 1
