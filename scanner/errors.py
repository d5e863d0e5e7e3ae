"""What can go wrong: the user can mend it, a target refused, or it is a bug."""

from .model import Reason
from .redact import redacted


class ScannerError(Exception):
    """Something the user can mend: one sentence a line, with file and line where there is one."""

    def __init__(self, *messages: str) -> None:
        """Keep each message as a line of its own."""
        super().__init__("\n".join(messages))
        self.messages = messages


class ReadError(Exception):
    """A target refused to be read.

    Views keep each one as an unreadable; nobody above the collector sees it.

    Attributes:
        need: what was asked, as the check declared it.
        reason: why it was refused.
        detail: what the target said, on one line, without what looks like a secret.
        mend: what would mend it: a permission, an action.
        code: the target's own error code, where it has one.
    """

    def __init__(self, *, need: str | None, reason: Reason, detail: str, mend: str, code: str = "") -> None:
        """Take the refusal apart by name."""
        detail = redacted(detail)
        super().__init__(f"{need}: {reason}: {detail}")
        self.need = need
        self.reason = reason
        self.detail = detail
        self.mend = mend
        self.code = code

    def again(self) -> "ReadError":
        """The same refusal for another waiter: a traceback belongs to one of them."""
        return ReadError(
            need=self.need, reason=self.reason, detail=self.detail, mend=self.mend, code=self.code
        )


class Undeclared(Exception):  # noqa: N818 - the word says it
    """A bug of a check: it asked for something that it did not declare."""
