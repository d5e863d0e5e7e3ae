"""Azure subscriptions as targets: credentials, who is asking, whose subscription it is."""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import ClassVar

from ..declaration import Check
from ..errors import ReadError
from ..model import Reason, Scope
from ..view import View
from .arm import CLOUDS, Arm, Cloud
from .arm_types import ENTERING, SUBSCRIPTION_VERSION
from .azure import SCOPE, AzureSubscription, Subscription


@dataclass(frozen=True, kw_only=True)
class AzureTarget:
    """A configured subscription."""

    name: str
    subscription: str
    """Its id; nobody else's is entered."""
    cloud: str = "AzureCloud"
    resource_manager: str | None = None
    """Where the Resource Manager answers, in a cloud of one's own."""
    authority: str | None = None
    """Who gives tokens, in a cloud of one's own."""

    kind: ClassVar[str] = "azure"
    kinds: ClassVar[tuple[type[View], ...]] = (AzureSubscription,)
    checks_at_once: ClassVar[int] = 8

    @property
    def id(self) -> str:
        """`azure:<subscription>`."""
        return f"azure:{self.subscription.lower()}"

    @property
    def labels(self) -> tuple[str, ...]:
        """Its name."""
        return (self.name,)

    def enter(self, checks: Mapping[str, Check], leaves: Executor | None) -> "AzureSession":
        """Find credentials, and assert which subscription it is.

        Raises:
            ReadError: there are no credentials, or they do not reach it.
        """
        caller = Arm(self._cloud())
        subscription = Subscription(self.subscription.lower(), caller)
        try:
            claims = caller.claims(ENTERING)
            path = f"/subscriptions/{subscription.id}"
            answer = next(iter(caller.pages(ENTERING, path, SUBSCRIPTION_VERSION)))
            self._assert_subscription(answer.get("subscriptionId"))
        except ReadError:
            caller.close()
            raise
        for check in checks.values():
            if check.on is AzureSubscription:
                for need in check.needs:
                    subscription.memo.expect(need, SCOPE)
        return AzureSession(subscription, _identity(claims), leaves)

    def _cloud(self) -> Cloud:
        known = CLOUDS[self.cloud]
        if self.resource_manager is None and self.authority is None:
            return known
        manager = (self.resource_manager or known.manager).rstrip("/")
        return Cloud(manager, (self.authority or known.authority).rstrip("/"), custom=True)

    def _assert_subscription(self, answered: object) -> None:
        told = str(answered)[:50]
        if told.lower() != self.subscription.lower():
            raise ReadError(
                need=ENTERING,
                reason=Reason.INVALID_ANSWER,
                detail=f"the subscription that answers is {told!r}; expected {self.subscription}",
                mend="see what answers instead of Azure",
            )


@dataclass(frozen=True)
class AzureSession:
    """A subscription that was entered."""

    subscription: Subscription
    identity: str
    leaves: Executor | None
    tags: ClassVar[None] = None
    scopes: ClassVar[tuple[Scope, ...]] = (Scope(name=SCOPE, on=AzureSubscription.__name__),)

    @property
    def id(self) -> str:
        """`azure:<subscription>`."""
        return f"azure:{self.subscription.id}"

    @property
    def calls(self) -> int:
        """How many pages Azure answered."""
        return self.subscription.caller.calls

    def view(self, scope: Scope, check: Check) -> AzureSubscription:
        """The subscription as one check may see it."""
        del scope
        return AzureSubscription(check.needs, self.subscription, self.leaves)

    def done(self, scope: Scope, check: Check) -> None:
        """Free the answers that no other check will ask for."""
        for need in check.needs:
            self.subscription.memo.done(need, scope.name)

    def close(self) -> None:
        """Close every connection."""
        self.subscription.caller.close()


def _identity(claims: Mapping[str, str]) -> str:
    """Who is asking, by the ids that Entra's own logs have for them."""
    name = claims.get("upn") or claims.get("unique_name") or claims.get("appid") or "unnamed"
    return f"{name} (object {claims.get('oid', 'untold')}, tenant {claims.get('tid', 'untold')})"
