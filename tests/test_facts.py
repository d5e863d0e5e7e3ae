from collections.abc import Mapping
from dataclasses import MISSING, FrozenInstanceError, fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import Literal

import pytest

from scanner.expect import Shape
from scanner.facts import Facts, schema, values


class Store(Facts):
    """A store."""

    encrypted: bool
    """Whether it is encrypted."""
    manager: Literal["provider", "customer"] | None
    """Who holds the key;
    none when it is not encrypted."""


class Database(Store):
    """A database."""

    engine: str
    ports: tuple[int, ...]
    """Where it listens."""
    made_at: datetime
    used_at: datetime | None
    days: int | None
    ratio: float
    options: dict[str, str]


AT = datetime(2026, 11, 21, 3, tzinfo=UTC)
SEEN = Database(
    resource="arn:db",
    region="us-east-1",
    tags={"phi": "true"},
    links=("arn:key",),
    encrypted=True,
    manager=None,
    engine="postgres",
    ports=(5432,),
    made_at=AT,
    used_at=None,
    days=7,
    ratio=0.5,
    options={"tls": "on"},
)


def test_a_schema_says_what_each_fact_is_and_where_it_was_said() -> None:
    moment = {"type": "string", "format": "date-time"}
    null = {"type": "null"}

    described = schema(Database)

    assert {name: fact.get("description") for name, fact in described.items() if "description" in fact} == {
        "encrypted": "Whether it is encrypted.",
        "manager": "Who holds the key; none when it is not encrypted.",
        "ports": "Where it listens.",
    }
    assert {
        name: {word: value for word, value in fact.items() if word != "description"}
        for name, fact in described.items()
    } == {
        "encrypted": {"type": "boolean"},
        "manager": {"anyOf": [{"enum": ["customer", "provider"]}, null]},
        "engine": {"type": "string"},
        "ports": {"type": "array", "items": {"type": "integer"}},
        "made_at": moment,
        "used_at": {"anyOf": [moment, null]},
        "days": {"anyOf": [{"type": "integer"}, null]},
        "ratio": {"type": "number"},
        "options": {"type": "object", "additionalProperties": {"type": "string"}},
    }


def test_shapes_are_read_off_the_schema() -> None:
    assert {
        name: (Shape.of(fact).kind, Shape.of(fact).nullable) for name, fact in schema(Database).items()
    } == {
        "encrypted": ("boolean", False),
        "manager": ("string", True),
        "engine": ("string", False),
        "ports": ("array", False),
        "made_at": ("moment", False),
        "used_at": ("moment", True),
        "days": ("integer", True),
        "ratio": ("number", False),
        "options": ("object", False),
    }


def test_values_are_what_json_holds() -> None:
    assert values(SEEN) == {
        "encrypted": True,
        "manager": None,
        "engine": "postgres",
        "ports": [5432],
        "made_at": "2026-11-21T03:00:00Z",
        "used_at": None,
        "days": 7,
        "ratio": 0.5,
        "options": {"tls": "on"},
    }


def test_facts_are_frozen_and_by_keyword() -> None:
    with pytest.raises(FrozenInstanceError):
        SEEN.encrypted = False  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del SEEN.encrypted
    with pytest.raises(TypeError):
        Store("arn:a", encrypted=True, manager=None)  # type: ignore[misc]
    with pytest.raises(TypeError, match="Store lacks 'manager'"):
        Store(resource="arn:a", encrypted=True)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Store has no 'size', 'shape'"):
        Store(resource="arn:a", encrypted=True, manager=None, size=1, shape=2)  # type: ignore[call-arg]


def test_facts_are_dataclasses_to_whoever_asks() -> None:
    assert is_dataclass(SEEN)
    assert replace(SEEN, days=8) == Database(**{**vars(SEEN), "days": 8})
    assert [(each.name, each.type, each.default is MISSING) for each in fields(Store)] == [
        ("resource", str, True),
        ("region", str | None, False),
        ("tags", Mapping[str, str] | None, False),
        ("links", tuple[str, ...], False),
        ("encrypted", bool, True),
        ("manager", Literal["provider", "customer"] | None, True),
    ]
    with pytest.raises(TypeError, match="Database has no 'size'"):
        replace(SEEN, size=1)  # type: ignore[call-arg]


def test_members_come_in_order_and_the_nearest_default_counts() -> None:
    class Tiered(Facts):
        tier: str = "cold"

    class Both(Tiered, Store):
        tier: str = "hot"
        replicas: int

    both = Both(replicas=2, resource="arn:a", encrypted=True, manager=None)

    assert list(vars(both)) == [
        "resource", "region", "tags", "links", "encrypted", "manager", "tier", "replicas",
    ]  # fmt: skip
    assert (both.tier, both.links) == ("hot", ())
    assert both == Both(replicas=2, resource="arn:a", encrypted=True, manager=None, tier="hot")
    assert both != Both(replicas=3, resource="arn:a", encrypted=True, manager=None)


def test_a_class_without_source_has_no_manual() -> None:
    namespace: dict[str, type] = {"__name__": "nowhere"}
    exec("from scanner.facts import Facts\nclass Bare(Facts):\n    a: bool\n    'Lost.'\n", namespace)  # noqa: S102 - as a frozen application has it

    assert schema(namespace["Bare"]) == {"a": {"type": "boolean"}}
