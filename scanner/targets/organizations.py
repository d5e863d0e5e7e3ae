"""An AWS organization as a target: its accounts are found out when the scan begins, and each is entered."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ..errors import ReadError
from ..model import Reason
from ..view import View
from .accounts import AwsTarget
from .boto import Caller

ACCOUNTS = "organizations:ListAccounts"
"""How an organization's accounts are listed, by its management account or one that it delegated to."""
_CLOSED = "CLOSED"
"""The state of an account in which nothing is any more."""


@dataclass(frozen=True, kw_only=True)
class AwsOrganization:
    """Every account of an organization, each entered by a role of one name."""

    template: AwsTarget
    """What each of them is, but for its id, name and role."""
    role_name: str
    """The role that each account has for this: whoever lists the accounts may assume it."""

    kind: ClassVar[str] = AwsTarget.kind
    kinds: ClassVar[tuple[type[View], ...]] = AwsTarget.kinds

    @property
    def name(self) -> str:
        """The configured label."""
        return self.template.name

    @property
    def id(self) -> str:
        """What stands for its accounts while nobody knows them."""
        return f"aws:{self.name}"

    @property
    def labels(self) -> tuple[str, ...]:
        """Its name."""
        return (self.name,)

    def members(self) -> Sequence[AwsTarget]:
        """Its accounts, sorted by id; the one that lists them is entered as it is, the others by the role.

        Raises:
            ReadError: they cannot be listed, or there is none.
        """
        caller, identity, home = self.template.caller()
        try:
            found = {str(each["Id"]): each for each in self._listed(caller, home)}
        finally:
            caller.close()
        if not found:
            raise ReadError(
                need=ACCOUNTS,
                reason=Reason.INVALID_ANSWER,
                detail="the organization has no account, not even the one that asks",
                mend="see what answers instead of AWS",
            )
        partition = str(identity["Arn"]).split(":")[1]
        labels = _labels(found)
        return [self._member(each, labels[each], identity["Account"], partition) for each in sorted(found)]

    def _member(self, account: str, label: str, own: str, partition: str) -> AwsTarget:
        role = f"arn:{partition}:iam::{account}:role/{self.role_name}"
        return replace(
            self.template,
            name=f"{self.name}/{label}",
            account=account,
            role_arn=self.template.role_arn if account == own else role,
            external_id=self.template.external_id,
            via=None if account == own else self.template.role_arn,
            group=self.name,
        )

    def _listed(self, caller: Caller, home: str) -> Iterator[Mapping[str, Any]]:
        for page in caller.pages(ACCOUNTS, home, {}):
            for account in page["Accounts"]:
                if account.get("State", account.get("Status")) != _CLOSED:
                    yield account


def _labels(found: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """A label for each account: its name, or its id where two have one name."""
    names = [str(account.get("Name") or "") for account in found.values()]
    return {
        each: name if (name := str(account.get("Name") or "")) and names.count(name) == 1 else each
        for each, account in found.items()
    }
