"""Azure subscriptions as targets: one by its id, or those that are seen, or that a management group has."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from ..declaration import Check
from ..errors import ReadError
from ..model import Reason, Scope
from ..view import View
from . import AtOnce, arm, clouds
from .arm_types import DESCENDANTS, DESCENDANTS_VERSION, ENTERING, SUBSCRIPTION_VERSION
from .azure import SCOPE, AzureSubscription, Subscription
from .clouds import Cloud, Login


@dataclass(frozen=True, kw_only=True)
class AzureTarget:
    """A configured subscription."""

    name: str
    subscription: str
    """Its id; nobody else's is entered."""
    tenant: str | None = None
    """The tenant to log in to; None: the one that the credentials are of."""
    cloud: str = "AzureCloud"
    resource_manager: str | None = None
    """Where the Resource Manager answers, in a cloud of one's own."""
    authority: str | None = None
    """Who gives tokens, in a cloud of one's own."""
    group: str | None = None
    """The name of the target that listed it."""
    login: Login | None = field(default=None, compare=False, repr=False)
    """Who is logged in already."""

    kind: ClassVar[str] = "azure"
    kinds: ClassVar[tuple[type[View], ...]] = (AzureSubscription,)
    at_once: ClassVar[Mapping[type[View], AtOnce]] = {AzureSubscription: AtOnce(8)}

    @property
    def id(self) -> str:
        """`azure:<subscription>`."""
        return f"azure:{self.subscription.lower()}"

    @property
    def labels(self) -> tuple[str, ...]:
        """Its name, and its group's."""
        return (self.name, self.group) if self.group else (self.name,)

    def enter(self, checks: Mapping[str, Check]) -> "AzureSession":
        """Find credentials, and assert which subscription it is.

        Raises:
            ReadError: there are no credentials, or they do not reach it.
        """
        cloud = self.endpoints()
        login = self.login.hold() if self.login else Login(cloud, ENTERING, self.tenant)
        caller = arm.manager(cloud, login)
        try:
            claims = login.claims(ENTERING, cloud.manager)
            path = f"/subscriptions/{self.subscription.lower()}"
            answer = next(iter(caller.pages(ENTERING, path, {"api-version": SUBSCRIPTION_VERSION})))
            self._assert_subscription(answer.get("subscriptionId"))
        except ReadError:
            caller.close()
            raise
        tenant = str(answer.get("tenantId") or claims.get("tid") or "").lower()
        subscription = Subscription(self.subscription.lower(), caller, tenant)
        for check in checks.values():
            if check.on is AzureSubscription:
                for need in check.needs:
                    subscription.memo.expect(need, SCOPE)
        return AzureSession(subscription, clouds.identity(claims))

    def endpoints(self) -> Cloud:
        """Where its cloud answers."""
        return clouds.cloud(self.cloud, manager=self.resource_manager, authority=self.authority)

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
    tags: ClassVar[None] = None
    scopes: ClassVar[tuple[Scope, ...]] = (Scope(name=SCOPE, on=AzureSubscription.__name__),)

    @property
    def id(self) -> str:
        """`azure:<subscription>`."""
        return f"azure:{self.subscription.id}"

    @property
    def calls(self) -> Mapping[str, int]:
        """How many pages Azure answered, by provider."""
        return self.subscription.caller.calls

    def view(self, scope: Scope, check: Check, leaves: Executor | None = None) -> AzureSubscription:
        """The subscription as one check may see it."""
        del scope
        return AzureSubscription(check.needs, self.subscription, leaves)

    def done(self, scope: Scope, check: Check) -> None:
        """Free the answers that no other check will ask for."""
        for need in check.needs:
            self.subscription.memo.done(need, scope.name)

    def close(self) -> None:
        """Close every connection."""
        self.subscription.caller.close()


@dataclass(frozen=True, kw_only=True)
class AzureGroup:
    """Subscriptions that are found out when the scan begins: all that are seen, or a management group's."""

    template: AzureTarget
    """What each of them is, but for its id and name."""
    management_group: str | None = None
    """The management group's id; None: all that the credentials see."""

    kind: ClassVar[str] = AzureTarget.kind
    kinds: ClassVar[tuple[type[View], ...]] = AzureTarget.kinds

    @property
    def name(self) -> str:
        """The configured label."""
        return self.template.name

    @property
    def id(self) -> str:
        """What stands for its subscriptions while nobody knows them."""
        return f"azure:{self.name}"

    @property
    def labels(self) -> tuple[str, ...]:
        """Its name."""
        return (self.name,)

    def members(self) -> Sequence[AzureTarget]:
        """The subscriptions, sorted by id, each to be logged in to with the same credentials.

        Raises:
            ReadError: they cannot be listed, or there is none.
        """
        need = DESCENDANTS if self.management_group else ENTERING
        cloud = self.template.endpoints()
        login = Login(cloud, need, self.template.tenant)
        caller = arm.manager(cloud, login.hold())
        try:
            found = dict(self._found(need, caller))
        except ReadError:
            login.close()
            raise
        finally:
            caller.close()
        if not found:
            login.close()
            raise ReadError(
                need=need,
                reason=Reason.DENIED,
                detail="the credentials see no subscription",
                mend="give them a role on the subscriptions, or on a management group of theirs",
            )
        return [
            replace(
                self.template,
                name=f"{self.name}/{label or each}",
                subscription=each,
                group=self.name,
                # The last of them closes it.
                login=login if at == 0 else login.hold(),
            )
            for at, (each, label) in enumerate(sorted(_named(found).items()))
        ]

    def _found(self, need: str, caller: Any) -> Iterator[tuple[str, str]]:
        """The ids and names of the subscriptions there are."""
        if self.management_group is None:
            for page in caller.pages(need, "/subscriptions", {"api-version": SUBSCRIPTION_VERSION}):
                for item in page.get("value") or ():
                    yield str(item["subscriptionId"]).lower(), str(item.get("displayName") or "")
            return
        path = f"/providers/Microsoft.Management/managementGroups/{self.management_group}/descendants"
        for page in caller.pages(need, path, {"api-version": DESCENDANTS_VERSION}):
            for item in page.get("value") or ():
                if str(item.get("type")).lower().endswith("/subscriptions"):
                    label = (item.get("properties") or {}).get("displayName")
                    yield str(item["name"]).lower(), str(label or "")


def _named(found: Mapping[str, str]) -> dict[str, str]:
    """A label for each; the id where two have one name, or none."""
    counted = list(found.values())
    return {each: label if label and counted.count(label) == 1 else each for each, label in found.items()}
