"""Labels: what things say of themselves."""

from scanner import Facts


class Labelled(Facts):
    """What something says of itself."""

    environment: bool
    """Whether it says which environment it belongs to: production, staging, ..."""
