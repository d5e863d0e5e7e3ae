"""What holds for every check, whatever it looks at."""

import pkgutil
from importlib import import_module

import pytest

import tests.checks
from scanner import testing
from scanner.declaration import Check, mistakes
from scanner.facts import schema
from scanner.plugins import checks

for module in pkgutil.walk_packages(tests.checks.__path__, "tests.checks."):
    import_module(module.name)

CHECKS = checks()
EVERY = pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())


@EVERY
def test_is_declared_well(check: Check) -> None:
    assert list(mistakes(check)) == []


@EVERY
def test_is_documented(check: Check) -> None:
    assert check.title.endswith(".")
    assert [name for name, fact in schema(check.facts).items() if not fact.get("description")] == []


@EVERY
def test_has_a_complete_world(check: Check) -> None:
    assert check in testing.WORLDS


@EVERY
def test_keeps_refusals(check: Check) -> None:
    testing.keeps_refusals(check, testing.WORLDS[check])


@EVERY
def test_declares_its_needs(check: Check) -> None:
    testing.declares_its_needs(check, testing.WORLDS[check])
