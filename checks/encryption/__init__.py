"""Encryption at rest."""

from typing import Literal

from scanner import Facts


class AtRest(Facts):
    """How a store protects what it holds."""

    encrypted: bool
    """Whether what is stored is encrypted at rest."""
    key_manager: Literal["provider", "customer"] | None
    """Who holds the key: the provider, or the customer; none when the store is not encrypted."""


class Database(AtRest):
    """How a database protects what it holds."""

    engine: str
    """The database engine, as the platform names it: postgres, aurora-mysql, sqlserver-se."""
