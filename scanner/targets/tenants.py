"""Entra tenants as targets: credentials, who is asking, whose tenant it is."""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import ClassVar

from ..declaration import Check
from ..errors import ReadError
from ..model import Reason, Scope
from ..view import View
from . import AtOnce, clouds, graph
from .clouds import Cloud, Login
from .entra import SCOPE, EntraTenant, Tenant

ENTERING = "a token for Microsoft Graph"
"""What entering a tenant asks: no permission."""


@dataclass(frozen=True, kw_only=True)
class EntraTarget:
    """A configured tenant."""

    name: str
    tenant: str
    """Its id; nobody else's is entered."""
    cloud: str = "AzureCloud"
    graph: str | None = None
    """Where Microsoft Graph answers, in a cloud of one's own."""
    authority: str | None = None
    """Who gives tokens, in a cloud of one's own."""

    kind: ClassVar[str] = "entra"
    kinds: ClassVar[tuple[type[View], ...]] = (EntraTenant,)
    at_once: ClassVar[Mapping[type[View], AtOnce]] = {EntraTenant: AtOnce(8)}

    @property
    def id(self) -> str:
        """`entra:<tenant>`."""
        return f"entra:{self.tenant.lower()}"

    @property
    def labels(self) -> tuple[str, ...]:
        """Its name."""
        return (self.name,)

    def enter(self, checks: Mapping[str, Check]) -> "EntraSession":
        """Find credentials, and assert which tenant they are of.

        Raises:
            ReadError: there are no credentials, or they are of another tenant.
        """
        cloud = self.endpoints()
        login = Login(cloud, ENTERING, self.tenant)
        caller = graph.graph(cloud, login)
        try:
            claims = login.claims(ENTERING, cloud.graph)
            self._assert_tenant(claims.get("tid"))
        except ReadError:
            caller.close()
            raise
        tenant = Tenant(self.tenant.lower(), caller)
        for check in checks.values():
            if check.on is EntraTenant:
                for need in check.needs:
                    tenant.memo.expect(need, SCOPE)
        return EntraSession(tenant, clouds.identity(claims))

    def endpoints(self) -> Cloud:
        """Where its cloud answers."""
        return clouds.cloud(self.cloud, graph=self.graph, authority=self.authority)

    def _assert_tenant(self, told: str | None) -> None:
        if (told or "").lower() != self.tenant.lower():
            raise ReadError(
                need=ENTERING,
                reason=Reason.CREDENTIALS,
                detail=f"the credentials are of the tenant {told or 'that their token does not tell'}; "
                f"expected {self.tenant}",
                mend=f"give credentials of {self.tenant}",
            )


@dataclass(frozen=True)
class EntraSession:
    """A tenant that was entered."""

    tenant: Tenant
    identity: str
    tags: ClassVar[None] = None
    scopes: ClassVar[tuple[Scope, ...]] = (Scope(name=SCOPE, on=EntraTenant.__name__),)

    @property
    def id(self) -> str:
        """`entra:<tenant>`."""
        return f"entra:{self.tenant.id}"

    @property
    def calls(self) -> Mapping[str, int]:
        """How many pages Graph answered, by area."""
        return self.tenant.caller.calls

    def view(self, scope: Scope, check: Check, leaves: Executor | None = None) -> EntraTenant:
        """The tenant as one check may see it."""
        del scope
        return EntraTenant(check.needs, self.tenant, leaves)

    def done(self, scope: Scope, check: Check) -> None:
        """Free the answers that no other check will ask for."""
        for need in check.needs:
            self.tenant.memo.done(need, scope.name)

    def close(self) -> None:
        """Close every connection."""
        self.tenant.caller.close()
