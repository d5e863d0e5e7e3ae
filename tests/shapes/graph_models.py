"""Reads the entities of Microsoft's msgraph-sdk package without running it; types are as in azure_models.py.

The published values of an enumeration stand in its type: "=disabled|enabled".
"""

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Any
from zipfile import ZipFile

_FOLDER = "msgraph/generated/models"
_GETTERS = {
    "bool": "boolean",
    "bytes": "string",
    "date": "datetime",
    "datetime": "datetime",
    "float": "number",
    "int": "integer",
    "str": "string",
    "time": "string",
    "timedelta": "string",
    "uuid": "string",
}
_PRIMITIVES = {"UUID": "string", "datetime.date": "datetime", "datetime.datetime": "datetime"}
FOLLOWED = {"AuthenticationMethodConfiguration", "AuthenticationStrengthPolicy"}
"""Entities that an answer holds though nobody asked for them to be expanded."""
SPARSE = {"DirectoryObject"}
"""Entities of which only those kinds are told that are wanted for themselves."""


def entities(archive: ZipFile, roots: Iterable[str]) -> dict[str, Any]:
    """These entities and the types of their properties; of others that they point to, that they do."""
    return _Reader(archive, frozenset(roots)).read()


class _Reader:
    """A package's models, as they are asked for."""

    def __init__(self, archive: ZipFile, roots: frozenset[str]) -> None:
        self._archive = archive
        self._roots = roots
        self._trees: dict[str, ast.ClassDef] = {}
        self._modules: dict[str, str] = {}
        for name in archive.namelist():
            folder, _, file = name.rpartition("/")
            if folder == _FOLDER:
                self._modules[file.removesuffix(".py").replace("_", "")] = name

    def read(self) -> dict[str, Any]:
        """Everything, by name."""
        told: dict[str, Any] = {}
        wanted = sorted(self._roots)
        while wanted:
            name = wanted.pop()
            if _wire(name) in told:
                continue
            told[_wire(name)], found = self._told(name)
            wanted += found
        return told

    def _told(self, name: str) -> tuple[Any, list[str]]:
        properties: dict[str, Any] = {}
        found: list[str] = []
        for owner in reversed(list(self._line(name))):
            for wire, getter, of in _fields(self._tree(owner)):
                properties[wire] = self._typed(getter, of, found)
        kinds = dict(_kinds(ast.unparse(self._tree(name))))
        told: dict[str, Any] = {"properties": properties}
        if kinds:
            held = {kind for kind in kinds.values() if name not in SPARSE or kind in self._roots}
            told["by"] = "@odata.type"
            told["kinds"] = {
                f"#microsoft.graph.{wire}": f"@{_wire(kind)}" if kind in held else "any"
                for wire, kind in sorted(kinds.items())
            }
            found += held
        return told, found

    def _typed(self, getter: str, of: str, found: list[str]) -> str:
        if getter.startswith("collection_of_"):
            inner = getter.removeprefix("collection_of_").removesuffix("s")
            return f"[{self._typed(inner, of, found)}]"
        if getter == "primitive_value":
            return _PRIMITIVES.get(of) or _GETTERS[of]
        if getter == "enum_value":
            return "=" + "|".join(sorted(_members(self._tree(of))))
        if getter != "object_value":
            return _GETTERS[getter.removesuffix("_value")]
        if "Entity" in self._line(of) and of not in self._roots | FOLLOWED:
            return "{any}"
        found.append(of)
        return f"@{_wire(of)}"

    def _line(self, name: str) -> Iterator[str]:
        """A model and what it inherits from."""
        yield name
        for base in self._tree(name).bases:
            if isinstance(base, ast.Name) and base.id.lower() in self._modules:
                yield from self._line(base.id)

    def _tree(self, name: str) -> ast.ClassDef:
        if name not in self._trees:
            body = ast.parse(self._archive.read(self._modules[name.lower()])).body
            self._trees[name] = next(node for node in body if isinstance(node, ast.ClassDef))
        return self._trees[name]


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, str, str]]:
    """Each property's name on the wire, how it is read, and as what."""
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and method.name == "get_field_deserializers":
            yield from re.findall(
                r"'([^']+)': lambda n: setattr\(self, '\w+', n\.get_(\w+)\(([\w.]*)\)\)", ast.unparse(method)
            )


def _kinds(source: str) -> Iterator[tuple[str, str]]:
    yield from re.findall(
        r"== '#microsoft\.graph\.([\w.]+)'\.casefold\(\):\s+from \.\w+ import (\w+)", source
    )


def _members(node: ast.ClassDef) -> Iterator[str]:
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            value = ast.literal_eval(statement.value)
            yield value[0] if isinstance(value, tuple) else value


def _wire(name: str) -> str:
    """A class's name as Graph spells it."""
    return name[0].lower() + name[1:]
