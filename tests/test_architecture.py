"""What import-linter cannot see."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHECKS = sorted((ROOT / "checks").rglob("*.py"))
REPORTERS = sorted((ROOT / "reporters").rglob("*.py"))


def _nodes(path: Path) -> Iterator[ast.AST]:
    yield from ast.walk(ast.parse(path.read_text(), str(path)))


def _named(path: Path) -> set[str]:
    return {node.id for node in _nodes(path) if isinstance(node, ast.Name)}


@pytest.mark.parametrize("path", [*CHECKS, *REPORTERS], ids=str)
def test_neither_checks_nor_reporters_open_files(path: Path) -> None:
    assert not {"open", "eval", "exec", "__import__"} & _named(path)


@pytest.mark.parametrize("path", [path for path in CHECKS if "semantics" not in path.parts], ids=str)
def test_no_check_catches_what_it_was_refused(path: Path) -> None:
    assert not [node for node in _nodes(path) if isinstance(node, ast.Try)]


@pytest.mark.parametrize("path", CHECKS, ids=str)
def test_no_check_knows_the_time(path: Path) -> None:
    asked = {node.attr for node in _nodes(path) if isinstance(node, ast.Attribute)}
    assert not {"now", "utcnow", "today", "time", "monotonic"} & asked


def test_the_command_has_no_door_but_its_script() -> None:
    assert not list(ROOT.glob("*/__main__.py"))
