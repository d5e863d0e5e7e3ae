"""Context: what is known of resources besides facts, read in bulk where listings bring no tags.

A family of its own, since it answers no question that a requirement asks: it is collected for the sake of
requirements whose `when` names tags, phi, records or owner, and only then.
"""

from scanner import Facts


class Tags(Facts):
    """A resource's tags, or that a part of a target was searched for tags."""

    covers: tuple[str, ...]
    """The services, as ARNs name them, all of whose tagged resources were listed; a resource covers none."""
