"""What is known of each resource besides what a check saw: tags that any check read, and the context file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .context import Context
from .model import Observation, TargetRecord, Unreadable

BULK = "context."
"""The family of checks that read tags in bulk, for the requirements that depend on them."""


@dataclass
class Knowledge:
    """Tags by resource, and where every resource that has a tag was listed."""

    context: Context
    targets: Sequence[TargetRecord]
    _tags: dict[str, dict[str, str]] = field(default_factory=dict)
    _alike: dict[tuple[tuple[str, str], ...], dict[str, str]] = field(default_factory=dict)
    """Most resources have the tags of many others: they are held once."""
    _listed: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    """The services whose tagged resources were all listed, by target and region."""
    _regional: dict[str, list[str]] = field(default_factory=dict)
    """A target's regions, which a resource without one is asked about, and there may be very many."""

    def learn(self, check: str, entries: Iterable[Observation | Unreadable]) -> None:
        """Take in what one check saw in one scope."""
        whole = True
        covered: dict[tuple[str, str], frozenset[str]] = {}
        for entry in entries:
            if isinstance(entry, Unreadable):
                whole = False
                continue
            if entry.tags is not None:
                tags = {**self._tags.get(entry.resource, {}), **entry.tags}
                self._tags[entry.resource] = self._alike.setdefault(tuple(tags.items()), tags)
            if check.startswith(BULK) and entry.facts.get("covers"):
                place = (entry.target, entry.scope)
                covered[place] = covered.get(place, frozenset()).union(entry.facts["covers"])
        if whole:
            for place, services in covered.items():
                self._listed[place] = self._listed.get(place, frozenset()) | services

    def about(self, seen: Observation) -> dict[str, Any]:
        """All that is known; what nobody told is not there."""
        tags = self._tags.get(seen.resource, seen.tags)
        if tags is None and self._untagged(seen):
            tags = {}
        return self.context.about(seen.resource, tags)

    def _untagged(self, seen: Observation) -> bool:
        """Whether a listing of all tagged resources would have had it: then it has none."""
        if not self._listed:
            return False
        service = seen.resource_type.partition(":")[0]
        target, region = seen.target, seen.region
        if not self._regions(target) and seen.resource.startswith("arn:"):
            # What was derived is seen in the bundle; where it lives is in its ARN.
            _, _, _, region, account, _ = seen.resource.split(":", 5)
            target = f"aws:{account}"
        regions = [region] if region else self._regions(target)
        return bool(regions) and all(
            service in self._listed.get((target, region), frozenset()) for region in regions
        )

    def _regions(self, target: str) -> list[str]:
        """Every region of a target, left out or not: a bucket may be in any."""
        if target not in self._regional:
            scopes = [scope for record in self.targets if record.id == target for scope in record.scopes]
            self._regional[target] = [scope.name for scope in scopes if scope.on == "AwsRegion"]
        return self._regional[target]
