"""AWS accounts: the views that checks get."""

import csv
import io
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, overload

from ..errors import ReadError
from ..model import Reason
from ..view import View
from . import operations
from .boto import Caller
from .memo import ELSEWHERE, Key, Memo, Page, frozen
from .offered import NOT_OFFERED

REPORT_SECONDS = 90
"""How long IAM may take to compile a credential report."""


@dataclass(frozen=True)
class Account:
    """An account that was entered."""

    id: str
    partition: str
    home: str
    """The region that answers for what has none."""
    caller: Caller
    memo: Memo = field(default_factory=Memo)


_PLAIN = frozenset({str, int, bool, float, bytes, datetime, type(None)})


class Answer(dict[str, Any]):
    """A structure of an answer: what it has to have, and has not, is refused; `get` asks for what it may."""

    __slots__ = ("_lacking",)

    def __init__(self, held: Mapping[str, Any], lacking: Callable[[str], ReadError]) -> None:
        """Hold a structure, and whoever makes the refusal of what is missing."""
        super().__init__(held)
        # Most of what an answer holds is plain, and there are a hundred members to a call.
        for name, value in held.items():
            if type(value) not in _PLAIN:
                self[name] = _held(value, lacking)
        self._lacking = lacking

    def __missing__(self, name: str) -> Any:
        """Refuse.

        Raises:
            ReadError: always.
        """
        raise self._lacking(name)


def _held(value: Any, lacking: Callable[[str], ReadError]) -> Any:
    if isinstance(value, dict):
        return Answer(value, lacking)
    if isinstance(value, list):
        return [each if type(each) in _PLAIN else _held(each, lacking) for each in value]
    return value


class Aws(View):
    """An AWS account through the operations that a check declared."""

    platform: ClassVar[str] = "aws"

    def __init__(
        self, needs: Collection[str], account: Account, region: str, leaves: Executor | None = None
    ) -> None:
        """Show a check this account, asking in this region."""
        super().__init__(needs, leaves)
        self._account = account
        self._region = region
        self.id = account.id
        self.partition = account.partition

    @classmethod
    def refuse_need(cls, need: str) -> str | None:
        """Only reading operations, and none that reads data or secrets."""
        return operations.refuse(need)

    def all(
        self,
        need: str,
        *,
        key: str | None = None,
        absent: str | None = None,
        region: str | None = None,
        **parameters: Any,
    ) -> Iterator[Page]:
        """Everything that a listing operation lists, to the last page.

        `key` names the list where the answer has several; `region` asks elsewhere than where the view is.
        Where AWS does not offer the service, or says so by the error code `absent`, there is nothing.

        Raises:
            ReadError: it was refused.
        """
        key = key or operations.listing(need)
        asked, ask = self._asked(need, region, parameters)
        try:
            items = self._account.memo.items(asked, ask, key)
        except ReadError as refusal:
            if refusal.code and refusal.code in {NOT_OFFERED, absent}:
                return
            raise self.refused(refusal) from None
        for item in items:
            yield _held(item, lambda name: self.refused(_without(need, name)))

    @overload
    def call(
        self, need: str, *, absent: None = None, region: str | None = None, **parameters: Any
    ) -> Page: ...
    @overload
    def call(
        self, need: str, *, absent: str, region: str | None = None, **parameters: Any
    ) -> Page | None: ...
    def call(
        self, need: str, *, absent: str | None = None, region: str | None = None, **parameters: Any
    ) -> Page | None:
        """One operation's answer; None when it says by the error code `absent` that there is none.

        Raises:
            ReadError: it was refused.
            ValueError: the answer goes on: a listing is read with `all`.
        """
        try:
            pages = list(self._account.memo.pages(*self._asked(need, region, parameters)))
        except ReadError as refusal:
            if absent and refusal.code == absent:
                return None
            raise self.refused(refusal) from None
        if len(pages) != 1:
            raise ValueError(f"{need} has {len(pages)} pages: read it with all()")
        return Answer(pages[0], lambda name: self.refused(_without(need, name)))

    def refuse(self, need: str, reason: Reason, detail: str, mend: str) -> ReadError:
        """Keep as refused what an operation answered and cannot be relied on: a list that lacks something.

        Returns what is to be raised: `raise account.refuse(...)`.
        """
        return self.refused(ReadError(need=self.declared(need), reason=reason, detail=detail, mend=mend))

    @staticmethod
    def tags(listed: Collection[Mapping[str, str]] | Mapping[str, str] | None) -> dict[str, str]:
        """Tags as a mapping, from any of the shapes in which AWS lists them."""
        if isinstance(listed, Mapping):
            return dict(listed)
        return {
            tag.get("Key", tag.get("key", "")): tag.get("Value", tag.get("value", "")) for tag in listed or ()
        }

    def _place(self, region: str | None) -> str:
        """Under which region an answer is kept, until nobody will ask for it again."""
        return region or self._region

    def _asked(
        self, need: str, region: str | None, parameters: dict[str, Any]
    ) -> tuple[Key, Callable[[], Iterator[Page]]]:
        """A question, and whoever puts it."""
        where, caller = region or self._region, self._account.caller
        asked = Key(self.declared(need), self._place(region), frozen(parameters))
        return asked, lambda: caller.pages(need, where, parameters)


def _without(need: str, name: str) -> ReadError:
    return ReadError(
        need=need,
        reason=Reason.INVALID_ANSWER,
        detail=f"the answer has no {name}",
        mend="scan again; if it stays so, report it to whoever maintains the check",
    )


class AwsAccount(Aws):
    """One account as a whole: what has no region, or belongs to all of them."""

    def arn(self, service: str, resource: str, region: str = "") -> str:
        """The ARN of one of the account's resources."""
        return f"arn:{self.partition}:{service}:{region}:{self.id}:{resource}"

    @property
    def root(self) -> str:
        """The ARN of the account's root user."""
        return self.arn("iam", "root")

    def credential_report(self) -> Iterator[dict[str, str]]:
        """IAM's list of all users and their credentials, a dictionary a row; AWS renews it every four hours.

        Raises:
            ReadError: it was refused, or not ready in time.
        """
        generate = self.declared("iam:GenerateCredentialReport")
        read = self.declared("iam:GetCredentialReport")
        account = self._account

        def ask() -> Iterator[Page]:
            self._await_report(generate)
            return account.caller.pages(read, account.home, {})

        try:
            (page,) = account.memo.pages(Key(read, account.home, ()), ask)
            content = Answer(page, partial(_without, read))["Content"]
        except ReadError as refusal:
            raise self.refused(refusal) from None
        # Line by line: of a large account, six checks would hold some megabytes each.
        yield from csv.DictReader(io.TextIOWrapper(io.BytesIO(content), "utf-8", newline=""))

    def _await_report(self, generate: str) -> None:
        until = time.monotonic() + REPORT_SECONDS
        pause = 0.5
        while True:
            (answer,) = self._account.caller.pages(generate, self._account.home, {})
            if Answer(answer, partial(_without, generate))["State"] == "COMPLETE":
                return
            if time.monotonic() + pause > until:
                raise ReadError(
                    need=generate,
                    reason=Reason.TIMEOUT,
                    detail=f"the credential report was not ready within {REPORT_SECONDS} seconds",
                    mend="try again in a few minutes",
                )
            time.sleep(pause)
            pause = min(pause * 2, 8)


class AwsRegion(Aws):
    """One enabled region of an account."""

    @property
    def name(self) -> str:
        """The region's name, as in us-east-1."""
        return self._region

    def _place(self, region: str | None) -> str:
        # What is asked elsewhere, checks on every region may ask.
        return f"{ELSEWHERE}{region}" if region else self._region

    def arn(self, service: str, resource: str) -> str:
        """The ARN of one of the region's resources."""
        return f"arn:{self.partition}:{service}:{self._region}:{self.id}:{resource}"
