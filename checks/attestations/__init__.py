"""Attestations: what only people can state, with a name, a day and evidence."""

from datetime import datetime

from scanner import Facts


class Statement(Facts):
    """Who stated what, when, and what backs it; its words stay in the folder."""

    topic: str
    """What it is about, in a word: risk-analysis."""
    subject: str | None
    """Which one of several it is about, such as a vendor or a site; none when it says it of everything."""
    control: str
    """The paragraph that it answers to, as it was written down: 164.308(a)(1)(ii)(A)."""
    by: str
    """Who stated it."""
    role: str
    """What makes that person the one to state it: CISO, privacy officer."""
    signed_at: datetime
    """The start, in UTC, of the day on which it was stated."""
    expires_at: datetime | None
    """The last second, in UTC, of the last day on which it holds; none when it names no end."""
    statement_sha256: str
    """SHA-256 of its words: they changed where this does."""
    evidence_file: str | None
    """The file that backs it, from the folder of the statements; none when it names none."""
    evidence_sha256: str | None
    """The digest that the evidence had when it was stated; none when it names no evidence."""
    evidence_intact: bool | None
    """Whether the evidence is there and still has that digest; none when it names no evidence."""
