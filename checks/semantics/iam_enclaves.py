"""Whether a key's policy has Nitro enclaves prove what runs in them.

https://docs.aws.amazon.com/kms/latest/developerguide/conditions-attestation.html
"""

from collections.abc import Iterable

from . import iam
from .iam import Statement
from .iam_conditions import Context

_MEASUREMENT = "kms:recipientattestation:"
_USES = ("kms:decrypt", "kms:derivesharedsecret", "kms:generatedatakey", "kms:generatedatakeypair")
"""The operations that hand out what a key protects, and may be answered for an enclave's eyes only."""


def attested(said: Iterable[Statement]) -> bool:
    """Whether some statement asks for an enclave's measurements."""
    return any(_measurements(said))


def unattested_use(said: Iterable[Statement]) -> bool:
    """Whether somebody is let use the key who shows no measurements, as nobody outside an enclave can."""
    held = tuple(said)
    context: Context = dict.fromkeys(_measurements(held), (None,))

    def applies(statement: Statement) -> bool | None:
        everyone = any(principal.kind == "everyone" for principal in statement.principals)
        if not statement.allow and (statement.but_principals or not everyone):
            return None
        return iam.under(context, statement)

    return any(iam.remaining(map(_uses, held), applies))


def _uses(statement: Statement) -> Statement:
    """The same, of single uses: from a star, nothing could be taken out."""
    used = tuple(use for use in _USES if iam.Names((use,)).meets(statement.actions))
    return statement._replace(actions=iam.Names(used)) if statement.allow else statement


def _measurements(said: Iterable[Statement]) -> set[str]:
    keys = {condition.key for statement in said for condition in statement.conditions}
    return {key for key in keys if key.startswith(_MEASUREMENT)}
