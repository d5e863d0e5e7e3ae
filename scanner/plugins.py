"""What is installed: checks, reporters and policies arrive by entry points, ours as a stranger's would."""

import pkgutil
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module, resources
from importlib.metadata import EntryPoint, entry_points
from importlib.resources.abc import Traversable
from types import ModuleType
from typing import Any, TextIO

from .declaration import Check, mistakes
from .errors import ScannerError
from .report import Report

Writer = Callable[[Report, TextIO], None]


@cache
def checks() -> dict[str, Check]:
    """Every installed check by id, sorted.

    Raises:
        ScannerError: a package cannot be loaded, a check is declared wrongly, or two have one id.
    """
    found: dict[str, Check] = {}
    for package in _packages("wardround.checks"):
        for name, module in _modules(package):
            for declared in vars(module).values():
                if isinstance(declared, Check) and declared.function.__module__ == module.__name__:
                    _add(found, f"{name}.{declared.__name__}", declared, "check")
    wrong = [mistake for declared in found.values() for mistake in mistakes(declared)]
    if wrong:
        raise ScannerError(*wrong)
    return dict(sorted(found.items()))


@cache
def reporters() -> dict[str, ModuleType]:
    """Every installed report format by name: the modules that define `write`.

    Raises:
        ScannerError: a package cannot be loaded, or two formats have one name.
    """
    found: dict[str, ModuleType] = {}
    for package in _packages("wardround.reporters"):
        for name, module in _modules(package):
            if callable(getattr(module, "write", None)):
                _add(found, name, module, "format")
    return dict(sorted(found.items()))


@cache
def policies() -> dict[str, Traversable]:
    """Every installed policy's file by name.

    Raises:
        ScannerError: a package cannot be loaded, or two policies have one name.
    """
    found: dict[str, Traversable] = {}
    for package in _packages("wardround.policies"):
        for file in resources.files(package).iterdir():
            if file.name.endswith(".yaml"):
                _add(found, file.name.removesuffix(".yaml"), file, "policy")
    return dict(sorted(found.items()))


def _add(found: dict[str, Any], name: str, thing: Any, word: str) -> None:
    if name in found:
        raise ScannerError(f"{word} {name!r} is installed twice: {_where(found[name])} and {_where(thing)}")
    found[name] = thing


def _where(thing: Any) -> str:
    if isinstance(thing, Check):
        return thing.where
    return str(getattr(thing, "__file__", thing))


def _packages(group: str) -> Iterator[ModuleType]:
    for entry in sorted(entry_points(group=group), key=lambda entry: (entry.name != "wardround", entry.name)):
        yield _loaded(entry)


def _loaded(entry: EntryPoint) -> ModuleType:
    try:
        package = entry.load()
    except Exception as error:  # a plug-in may fail in any way; the user is told which one
        distribution = entry.dist.name if entry.dist else entry.value
        raise ScannerError(
            f"plug-in {distribution} cannot be loaded: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(package, ModuleType) or not hasattr(package, "__path__"):
        raise ScannerError(f"{entry.group}: {entry.name} = {entry.value} is not a package")
    return package


def _modules(package: ModuleType) -> Iterator[tuple[str, ModuleType]]:
    prefix = f"{package.__name__}."
    for found in sorted(pkgutil.walk_packages(package.__path__, prefix), key=lambda found: found.name):
        yield found.name.removeprefix(prefix), import_module(found.name)
