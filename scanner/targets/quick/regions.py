"""Where calls go, and what may be spent on trying again, when one client asks in every region."""

from collections import defaultdict
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from botocore.regions import EndpointRulesetResolver
from botocore.retries.quota import RetryQuota

from .places import Place, asked

_PARTICULAR = frozenset({"s3", "s3control", "sts"})
"""Services that have more than one idea of where a region is."""


class Resolver(EndpointRulesetResolver):
    """Finds where a call goes, once for all calls that go there."""

    bridge: Any = None
    """What told where the service is, and for which region to sign, before there were rules."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._ends: dict[tuple[str, str], Any] = {}
        self.hosts: defaultdict[str, set[str]] = defaultdict(set)

    def place(self, region: str) -> Place | None:
        """Where the service is asked in a region."""
        own, service = str(self._builtins["AWS::Region"]), self._service_model
        if self.bridge is None or self._builtins.get("SDK::Endpoint") or "fips" in own + region:
            return None
        here, there = (self.bridge.resolve(service.endpoint_prefix, where) for where in (own, region))
        if service.service_name in _PARTICULAR or _kind(here) != _kind(there):
            return None
        return Place(self, region, there["endpoint_url"], there["signing_region"])

    def construct_endpoint(self, operation_model: Any, call_args: Any, request_context: Any) -> Any:
        """Where a call goes."""
        at = self._at()
        if at is None:
            return super().construct_endpoint(operation_model, call_args, request_context)
        request_context |= {"client_region": at.region, "signing": {"region": at.signing}}
        key = (at.region, operation_model.name)
        end = self._ends.get(key)
        if end is None:
            end = super().construct_endpoint(operation_model, call_args, request_context)
            self.hosts[at.region].add(str(urlsplit(end.url).hostname))
            # Of some operations, their parameters say where they go.
            if not operation_model.context_parameters and not getattr(
                operation_model, "operation_context_parameters", ()
            ):
                self._ends[key] = end
        return end

    def _get_customized_builtins(self, *given: Any, **named: Any) -> Any:
        builtins = super()._get_customized_builtins(*given, **named)
        at = self._at()
        return builtins if at is None else {**builtins, "AWS::Region": at.region}

    def asked_in(self) -> str | None:
        """The region in which this thread asks; None: in the client's own."""
        at = self._at()
        return at.region if at else None

    def _at(self) -> Place | None:
        at = asked()
        # While a thread asks, others may be asked first: for credentials.
        return at if at and at.resolver is self else None


def _kind(end: Any) -> tuple[Any, ...]:
    """What must be alike of two ends so that one client can ask at both."""
    told = end["metadata"]
    return end["signature_version"], told.get("partition"), told.get("tags")


class Quota(RetryQuota):
    """What a client may spend on trying again, in each region by itself."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._there: defaultdict[str, RetryQuota] = defaultdict(partial(RetryQuota, *given, **named))

    def acquire(self, capacity_amount: int) -> bool:
        """Take of it, if there is as much."""
        return self._here().acquire(capacity_amount)

    def release(self, capacity_amount: int) -> None:
        """Give back to it."""
        self._here().release(capacity_amount)

    def _here(self) -> RetryQuota:
        at = asked()
        return self._there[at.region if at else ""]
