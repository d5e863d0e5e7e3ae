"""Reads the models of Microsoft's azure-mgmt packages, of both generators, without running them.

A type is written as "string", "boolean", "integer", "number", "datetime" or "any"; "[T]" is a list and "{T}"
a map of it, "=Name" an enumeration and "@Name" a model. A mapping stands for an object without a model of its
own. In a model, "*" is what else may be there; "by" names the property that tells its kinds apart.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from zipfile import ZipFile

PRIMITIVES = {
    "Any": "any",
    "base64": "string",
    "bool": "boolean",
    "bytearray": "string",
    "bytes": "string",
    "date": "datetime",
    "datetime.date": "datetime",
    "datetime.datetime": "datetime",
    "datetime.time": "string",
    "datetime.timedelta": "string",
    "decimal": "number",
    "duration": "string",
    "float": "number",
    "int": "integer",
    "iso-8601": "datetime",
    "JSON": "any",
    "long": "integer",
    "object": "any",
    "rfc-1123": "datetime",
    "str": "string",
    "time": "string",
    "unix-time": "integer",
}
_LIST = {"count", "nextLink", "value"}
_DOT = re.compile(r"(?<!\\)\.")


class Operation(NamedTuple):
    """A GET, as the package sends it; what it answers with, and what that lists."""

    url: str
    version: str
    answer: str
    item: str | None


class Model(NamedTuple):
    """A class that stands for a JSON object."""

    bases: tuple[str, ...]
    properties: dict[str, Any]
    by: str | None
    kinds: dict[str, str]
    value: str | None


def folders(archive: ZipFile) -> Iterator["Folder"]:
    """The folders of a package that hold models; there is one for each api-version, or one."""
    for name in archive.namelist():
        path = PurePosixPath(name)
        if path.name in ("_models_py3.py", "_models.py") and path.parent.name == "models":
            if path.name == "_models.py" and str(path.with_name("_models_py3.py")) in archive.namelist():
                continue
            yield Folder(archive, path)


class Folder:
    """The models and operations of one api-version."""

    def __init__(self, archive: ZipFile, models: PurePosixPath) -> None:
        """Hold the folder whose models are in this file."""
        self._archive = archive
        self._file = models
        self._root = models.parent.parent
        dated = re.fullmatch(r"v(\d{4})_(\d\d)_(\d\d)(?:_(\w+))?", self._root.name)
        self.version = "-".join(part for part in dated.groups() if part) if dated else None

    @cached_property
    def operations(self) -> list[Operation]:
        """Every GET that answers with a model or a list of one."""
        return [
            operation
            for name in self._archive.namelist()
            if (path := PurePosixPath(name)).parent == self._root / "operations"
            and path.name.endswith("operations.py")
            for operation in self._gets(ast.parse(self._archive.read(name)))
        ]

    def closure(self, roots: Iterable[str]) -> dict[str, Any]:
        """These models and everything that they refer to, by name."""
        told: dict[str, Any] = {}
        wanted = list(roots)
        while wanted:
            name = wanted.pop()
            if name in told:
                continue
            told[name] = self._told(name)
            wanted += (ref[1:] for ref in _references(told[name]) if ref[0] == "@")
            enums = {ref for ref in _references(told[name]) if ref[0] == "="}
            told |= {ref: self._enums[ref[1:]] for ref in enums}
        return told

    def _told(self, name: str) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        for ancestor in (*reversed(list(self._ancestors(name))), name):
            properties |= self._models[ancestor].properties
        told: dict[str, Any] = {"properties": properties}
        kinds = self._kinds(name)
        if kinds:
            by = next(model.by for each in (name, *self._ancestors(name)) if (model := self._models[each]).by)
            told |= {"by": by, "kinds": {value: f"@{kind}" for value, kind in sorted(kinds.items())}}
        return told

    def _ancestors(self, name: str) -> Iterator[str]:
        for base in self._models[name].bases:
            if base in self._models:
                yield base
                yield from self._ancestors(base)

    def _kinds(self, name: str) -> dict[str, str]:
        """Every published kind of a model, also those of its kinds."""
        model = self._models[name]
        found = dict(model.kinds)
        for other, each in self._models.items():
            if each.value is not None and name in self._ancestors(other):
                found[each.value] = other
        for kind in tuple(found.values()):
            found |= self._kinds(kind)
        return found

    def _gets(self, tree: ast.Module) -> Iterator[Operation]:
        requests = {
            node.name: told
            for node in tree.body
            if isinstance(node, ast.FunctionDef) and (told := _request(ast.unparse(node)))
        }
        for owner in tree.body:
            for node in owner.body if isinstance(owner, ast.ClassDef) else ():
                if not isinstance(node, ast.FunctionDef):
                    continue
                source = ast.unparse(node)
                used = re.search(r"\b(build_\w+_request)\(", source)
                returned = ast.unparse(node.returns) if node.returns else ""
                answer = re.search(r"_models\.(\w+)", returned)
                if used and used[1] in requests and answer and answer[1] in self._models:
                    yield Operation(*requests[used[1]], answer[1], self._item(answer[1], returned))

    def _item(self, answer: str, returned: str) -> str | None:
        """What a list holds, whether the package says what one answer is or what the pages are of."""
        properties = self._models[answer].properties
        listed = properties.get("value")
        if isinstance(listed, str) and listed.startswith("[@") and properties.keys() <= _LIST:
            return listed[2:-1]
        return answer if re.search(r"(?:Iterable|ItemPaged)\[", returned) else None

    @cached_property
    def _enums(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in self._archive.namelist():
            path = PurePosixPath(name)
            if path.parent == self._file.parent and path.name.endswith("enums.py"):
                for node in ast.parse(self._archive.read(name)).body:
                    if isinstance(node, ast.ClassDef):
                        found[node.name] = sorted(_members(node))
        return found

    @cached_property
    def _models(self) -> dict[str, Model]:
        tree = ast.parse(self._archive.read(str(self._file)))
        return {node.name: self._model(node) for node in tree.body if isinstance(node, ast.ClassDef)}

    def _model(self, node: ast.ClassDef) -> Model:
        literals = {
            assigned.id: ast.literal_eval(statement.value)
            for statement in node.body
            if isinstance(statement, ast.Assign)
            and isinstance(assigned := statement.targets[0], ast.Name)
            and assigned.id in ("_attribute_map", "_subtype_map")
        }
        bases = tuple(base.id for base in node.bases if isinstance(base, ast.Name))
        properties, by = self._fields(node)
        kinds: dict[str, str] = {}
        wire = literals.get("_attribute_map", {})
        enums = dict(_documented(ast.get_docstring(node) or ""))
        for attribute, told in wire.items():
            _set(properties, told["key"], self._typed(told["type"], enums.get(attribute)))
        for attribute, told in literals.get("_subtype_map", {}).items():
            by, kinds = wire[attribute]["key"].replace("\\", ""), told
        value = next((word.value for word in node.keywords if word.arg == "discriminator"), None)
        return Model(bases, properties, by, kinds, value and ast.literal_eval(value))

    def _typed(self, told: str, enum: str | None) -> Any:
        """A type of the older generator, which names a string's enumeration in the documentation only."""
        if told[0] == "[":
            return f"[{self._typed(told[1:-1], enum)}]"
        if told[0] == "{":
            return f"{{{self._typed(told[1:-1], enum)}}}"
        if told == "str" and enum in self._enums:
            return f"={enum}"
        return PRIMITIVES.get(told) or (f"={told}" if told in self._enums else f"@{told}")

    def _fields(self, node: ast.ClassDef) -> tuple[dict[str, Any], str | None]:
        """The properties that the newer generator writes as fields, and which of them tells kinds apart."""
        properties: dict[str, Any] = {}
        by = None
        for field in node.body:
            if not isinstance(field, ast.AnnAssign) or not isinstance(field.value, ast.Call):
                continue
            called = ast.unparse(field.value.func)
            if called not in ("rest_field", "rest_discriminator"):
                continue
            names = [ast.literal_eval(word.value) for word in field.value.keywords if word.arg == "name"]
            name = names[0] if names else ast.unparse(field.target)
            properties[name] = self._annotated(field.annotation)
            by = name if called == "rest_discriminator" else by
        return properties, by

    def _annotated(self, node: ast.expr) -> str:
        if isinstance(node, ast.Subscript):
            inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            match ast.unparse(node.value).lower():
                case "list":
                    return f"[{self._annotated(inner[0])}]"
                case "dict":
                    return f"{{{self._annotated(inner[1])}}}"
                case "literal":
                    return "string"
                case _:
                    return self._annotated(inner[-1])
        told = ast.literal_eval(node) if isinstance(node, ast.Constant) else ast.unparse(node)
        if told in PRIMITIVES:
            return PRIMITIVES[told]
        name = told.rpartition(".")[2]
        return f"={name}" if name in self._enums else f"@{name}"


def _request(source: str) -> tuple[str, str] | None:
    url = re.search(r"'template_url', '([^']*)'|_url = '([^']*)'", source)
    version = re.search(r"(?:'api-version', |'api_version', |api_version = )'([^']+)'", source)
    if "method='GET'" not in source or not url or not version:
        return None
    return re.sub(r"\{\w+\}", "{}", url[1] or url[2]), version[1]


def _documented(text: str) -> Iterator[tuple[str, str]]:
    for attribute, told in re.findall(r":vartype (\w+):((?:\s+[^:\s]\S*)+)", text):
        enum = re.search(r"\bstr or ~[\w.]+\.(\w+)", " ".join(told.split()))
        if enum:
            yield attribute, enum[1]


def _members(node: ast.ClassDef) -> Iterator[str]:
    for statement in node.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
            yield statement.value.value


def _set(properties: dict[str, Any], key: str, told: Any) -> None:
    """A key with dots goes through objects that have no model; an empty one tells what else may be there."""
    *through, last = (part.replace("\\", "") for part in _DOT.split(key))
    for part in through:
        properties = properties.setdefault(part, {})
    properties[last or "*"] = told


def _references(told: Any) -> Iterator[str]:
    if isinstance(told, dict):
        for each in told.values():
            yield from _references(each)
    elif isinstance(told, str):
        yield from re.findall(r"^[\[{]*([@=]\w+)", told)
