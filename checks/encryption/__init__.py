"""Encryption at rest."""

from typing import Literal

from scanner import Facts


class AtRest(Facts):
    """How a store protects what it holds."""

    encrypted: bool
    """Whether what is stored is encrypted at rest."""
    key_manager: Literal["provider", "customer"] | None
    """Who holds the key: the provider, or the customer; none when the store is not encrypted."""
