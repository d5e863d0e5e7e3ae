"""What a policy of a vault of AWS Backup denies to everybody."""

import json
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any

_GUARDED = ("backup:deleterecoverypoint", "backup:updaterecoverypointlifecycle")
_POLICY = "backup:putbackupvaultaccesspolicy"


def guards_backups(policy: str) -> bool:
    """Whether it denies everybody, without a condition, to delete backups, shorten them and change it."""
    denials = list(_denials(json.loads(policy)))
    return all(any(_covers(denial, action) for denial in denials) for action in (*_GUARDED, _POLICY))


def _denials(policy: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for statement in _listed(policy.get("Statement")):
        whole = "*" in _listed(statement.get("Resource", "*"))
        if statement["Effect"] == "Deny" and not statement.get("Condition") and whole:
            principal = statement.get("Principal")
            named = principal.get("AWS") if isinstance(principal, dict) else principal
            if "*" in _listed(named):
                yield statement


def _covers(denial: dict[str, Any], action: str) -> bool:
    if "NotAction" in denial:
        return not _matches(denial["NotAction"], action)
    return _matches(denial.get("Action"), action)


def _matches(patterns: object, action: str) -> bool:
    return any(fnmatchcase(action, str(pattern).lower()) for pattern in _listed(patterns))


def _listed(value: Any) -> Iterable[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list) else [value]
