"""What import-linter cannot see."""

import ast
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import botocore
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


# -- botocore's insides ------------------------------------------------------------------------------------

QUICK = ROOT / "scanner" / "targets" / "quick"
OUTSIDE = [
    path
    for folder in ("scanner", "checks", "reporters")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if QUICK not in path.parents
]
PUBLIC = {"config", "credentials", "exceptions", "model", "parsers", "session"}
"""What of botocore's modules anybody may name."""
INSIDES = {module.name for module in pkgutil.iter_modules(botocore.__path__)} - PUBLIC
DOCUMENTED = {"_exit", "_make", "_replace"}
"""Names that the standard library documents, for all that they look private."""
BY_NAME = {"delattr", "getattr", "hasattr", "setattr"}


def _inside(name: str) -> bool:
    """Whether a dotted name leads into urllib3, or into botocore's insides."""
    package, _, rest = name.partition(".")
    return package == "urllib3" or (package == "botocore" and rest.split(".")[0] in {*INSIDES, "*"})


def _touched(node: ast.AST) -> Iterator[str]:
    """The modules, and the private names, that a piece of code touches."""
    match node:
        case ast.Import():
            yield from (name.name for name in node.names)
        case ast.ImportFrom(module=str(module), level=0):
            yield from (f"{module}.{name.name}" for name in node.names)
        case ast.Attribute(value=ast.Name(id="botocore"), attr=name):
            yield f"botocore.{name}"
        case ast.Attribute(attr=name):
            yield name
        case ast.Call(func=ast.Name(id=by), args=[_, ast.Constant(value=str(name)), *_]) if by in BY_NAME:
            yield name
        case ast.Constant(value=str(said)) if said.startswith(("botocore.", "urllib3")):
            # What is put together of pieces may become anything.
            yield "urllib3" if said == "botocore." else said


def _defined(node: ast.AST) -> Iterator[str]:
    """The names that a piece of code gives."""
    match node:
        case (
            ast.FunctionDef(name=name) | ast.Attribute(ctx=ast.Store(), value=ast.Name(id="self"), attr=name)
        ):
            yield name
        case ast.Name(ctx=ast.Store(), id=name):
            yield name


def foreign(code: str) -> set[str]:
    """What some code touches that is botocore's or urllib3's own."""
    nodes = list(ast.walk(ast.parse(code)))
    own = DOCUMENTED.union(*map(_defined, nodes))
    last = {name: name.rpartition(".")[2] for node in nodes for name in _touched(node)}
    private = {name for name, end in last.items() if end.startswith("_") and not end.startswith("__")}
    return {name for name in last if _inside(name)} | {name for name in private if last[name] not in own}


@pytest.mark.parametrize("path", OUTSIDE, ids=str)
def test_what_is_botocores_own_is_touched_in_one_place(path: Path) -> None:
    assert not foreign(path.read_text())


@pytest.mark.parametrize(
    "code",
    [
        "import urllib3",
        "from urllib3.util import retry",
        "import botocore.client",
        "from botocore import client",
        "from botocore import *",
        "from botocore.httpsession import URLLib3Session",
        "import botocore.session\nbotocore.client.ClientCreator",
        "import_module('botocore.endpoint')",
        "import_module(f'botocore.{name}')",
        "client._endpoint",
        "client._make_api_call('DescribeVolumes', {})",
        "client._endpoint = None",
        "getattr(client, '_endpoint')",
        "class Ours(Session):\n    def all(self):\n        return self._components",
        "from botocore.session import _private",
    ],
)
def test_whoever_touches_it_elsewhere_is_found(code: str) -> None:
    assert foreign(code)
