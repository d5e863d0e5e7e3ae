"""AWS accounts as targets: credentials, the caller's identity, the enabled regions."""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from ..declaration import Check
from ..errors import ReadError
from ..model import Reason, Scope, Unreadable
from ..view import View
from . import AtOnce, operations
from .aws import Account, Aws, AwsAccount, AwsRegion
from .boto import Boto, translated
from .memo import EVERYWHERE, Page

if TYPE_CHECKING:
    import botocore.session

_HOMES = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}
_IDENTITY = "sts:GetCallerIdentity"
REGIONS = "ec2:DescribeRegions"
"""How the enabled regions are listed."""


@dataclass(frozen=True, kw_only=True)
class AwsTarget:
    """A configured account."""

    name: str
    account: str | None = None
    """Twelve digits; when given, nobody else's account is entered."""
    profile: str | None = None
    role_arn: str | None = None
    external_id: str | None = None
    regions: tuple[str, ...] | None = None
    """None: every enabled one."""
    via: str | None = None
    """The role that may assume `role_arn`; None: whoever the credentials are of."""
    group: str | None = None
    """The name of the target that listed it."""
    max_rps: float | None = None
    """The most calls per second; None: as many as are answered."""

    kind: ClassVar[str] = "aws"
    kinds: ClassVar[tuple[type[View], ...]] = (AwsAccount, AwsRegion)
    # An account's checks ask hundreds of times of what they find, and wait; those of a region connect, which
    # takes computing. With threads of their own, neither keeps the others from what they would be doing; and
    # with more than about half of all calls in flight, buckets leave regions nothing to compute meanwhile.
    at_once: ClassVar[Mapping[type[View], AtOnce]] = {AwsAccount: AtOnce(12, calls=18), AwsRegion: AtOnce(40)}

    @property
    def id(self) -> str:
        """`aws:<account>`; by its name when the configuration does not tell the account."""
        return f"aws:{self.account or self.name}"

    @property
    def labels(self) -> tuple[str, ...]:
        """Its name, and its group's."""
        return (self.name, self.group) if self.group else (self.name,)

    def enter(self, checks: Mapping[str, Check]) -> "AwsSession":
        """Find credentials, assert whose account it is, list the enabled regions.

        Raises:
            ReadError: there are no credentials, or they are somebody else's.
        """
        caller, identity, home = self.caller()
        partition = identity["Arn"].split(":")[1]
        account = Account(identity["Account"], partition, _HOMES.get(partition, home), caller)
        entered = AwsSession(account, identity["Arn"], self._scopes(account))
        for scope in entered.scopes:
            for declared in checks.values():
                if declared.on.__name__ == scope.on:
                    for need in declared.needs:
                        account.memo.expect(need, scope.name)
        return entered

    def caller(self) -> tuple[Boto, Page, str]:
        """Whoever asks, who that is in AWS's words, and the region that is asked what has none.

        Raises:
            ReadError: there are no credentials, or they are somebody else's.
        """
        import botocore.exceptions

        try:
            session = self._session()
            home = session.get_config_variable("region") or _HOMES["aws"]
        except botocore.exceptions.BotoCoreError as error:
            raise translated("sts:AssumeRole" if self.role_arn else _IDENTITY, "", error) from None
        caller = Boto(session, self.max_rps)
        try:
            (identity,) = caller.pages(_IDENTITY, home, {})
            self._assert_account(identity)
        except ReadError:
            caller.close()
            raise
        partition = identity["Arn"].split(":")[1]
        own = self._partition(session, home) == partition
        return caller, identity, home if own else _HOMES.get(partition, home)

    def _session(self) -> "botocore.session.Session":
        import botocore.session

        session = botocore.session.Session(profile=self.profile)
        session.register_component("data_loader", operations.models())
        for role in (self.via, self.role_arn):
            session = _assumed(session, role, self.external_id) if role else session
        return session

    @staticmethod
    def _partition(session: "botocore.session.Session", region: str) -> str:
        import botocore.exceptions

        try:
            return session.get_partition_for_region(region)
        except botocore.exceptions.UnknownRegionError:
            return ""

    def _assert_account(self, identity: Page) -> None:
        if self.account and identity["Account"] != self.account:
            raise ReadError(
                need=_IDENTITY,
                reason=Reason.CREDENTIALS,
                detail=f"the credentials are of account {identity['Account']}; expected {self.account}",
                mend=f"give credentials of {self.account}, or a role_arn in it",
            )

    def _scopes(self, account: Account) -> tuple[Scope, ...]:
        whole = Scope(name=EVERYWHERE, on=AwsAccount.__name__)
        try:
            (answer,) = account.caller.pages(REGIONS, account.home, {})
        except ReadError as refusal:
            return (whole, *self._unlisted(account, refusal))
        enabled = sorted(region["RegionName"] for region in answer["Regions"])
        wanted = self.regions if self.regions is not None else enabled
        missing = [
            self._unreachable(account, name, f"region {name} is not enabled in this account")
            for name in sorted(set(wanted) - set(enabled))
        ]
        listed = [
            Scope(name=name, on=AwsRegion.__name__, state="entered" if name in wanted else "excluded")
            for name in enabled
        ]
        return (whole, *listed, *missing)

    def _unlisted(self, account: Account, refusal: ReadError) -> tuple[Scope, ...]:
        if self.regions is not None:
            return tuple(Scope(name=name, on=AwsRegion.__name__) for name in self.regions)
        return (
            Scope(
                name="regions",
                on=AwsRegion.__name__,
                state="unreachable",
                unlisted=True,
                unreadable=unreadable(refusal, f"aws:{account.id}", "regions"),
            ),
        )

    @staticmethod
    def _unreachable(account: Account, name: str, detail: str) -> Scope:
        refusal = ReadError(
            need=None, reason=Reason.UNREACHABLE, detail=detail, mend="enable it, or take it out of regions"
        )
        return Scope(
            name=name,
            on=AwsRegion.__name__,
            state="unreachable",
            unreadable=unreadable(refusal, f"aws:{account.id}", name),
        )


@dataclass(frozen=True)
class AwsSession:
    """An account that was entered, with its scopes."""

    account: Account
    identity: str
    scopes: tuple[Scope, ...]
    tags: ClassVar[None] = None

    @property
    def id(self) -> str:
        """`aws:<account>`."""
        return f"aws:{self.account.id}"

    @property
    def calls(self) -> Mapping[str, int]:
        """How many calls AWS answered, by service."""
        return self.account.caller.calls

    def view(self, scope: Scope, check: Check, leaves: Executor | None = None) -> Aws:
        """The account, or one region of it, as one check may see it."""
        if scope.on == AwsAccount.__name__:
            return AwsAccount(check.needs, self.account, self.account.home, leaves)
        return AwsRegion(check.needs, self.account, scope.name, leaves)

    def done(self, scope: Scope, check: Check) -> None:
        """Free the answers that no other check will ask for, and connections that none will use."""
        memo = self.account.memo
        for need in check.needs:
            memo.done(need, scope.name)
        places = [scope.name] if scope.on == AwsRegion.__name__ else [each.name for each in self.scopes]
        for service in {need.partition(":")[0] for need in check.needs}:
            for place in places:
                if not memo.awaited(service, place):
                    self.account.caller.leave(service, place)

    def close(self) -> None:
        """Close every client."""
        self.account.caller.close()


def unreadable(refusal: ReadError, target: str, scope: str) -> Unreadable:
    """A refusal of a whole scope, as it is stored."""
    return Unreadable(
        check=None,
        target=target,
        scope=scope,
        resource=None,
        reason=refusal.reason,
        detail=refusal.detail,
        need=refusal.need,
        mend=refusal.mend,
    )


def _assumed(
    own: "botocore.session.Session", role_arn: str, external_id: str | None
) -> "botocore.session.Session":
    """A session that asks as a role, renewing its credentials when they run out."""
    import botocore.session
    from botocore import credentials
    from botocore.exceptions import NoCredentialsError

    source = own.get_credentials()
    if source is None:
        raise NoCredentialsError
    fetcher = credentials.AssumeRoleCredentialFetcher(
        partial(own.create_client, region_name=own.get_config_variable("region") or _HOMES["aws"]),
        source,
        role_arn,
        extra_args={"RoleSessionName": "wardround"} | ({"ExternalId": external_id} if external_id else {}),
    )

    class Role(credentials.CredentialProvider):
        METHOD = "assume-role"

        def load(self) -> credentials.DeferredRefreshableCredentials:
            return credentials.DeferredRefreshableCredentials(fetcher.fetch_credentials, self.METHOD)

    # Of its own: a session that has once found credentials never asks for others.
    session = botocore.session.Session(profile=own.profile)
    session.register_component("data_loader", operations.models())
    session.register_component("credential_provider", credentials.CredentialResolver([Role()]))
    return session
