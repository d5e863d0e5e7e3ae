"""What is installed: checks, reporters and policies arrive by entry points, ours as a stranger's would."""

import pkgutil
import re
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, wraps
from importlib import import_module, resources
from importlib.metadata import EntryPoint, entry_points
from importlib.resources.abc import Traversable
from types import ModuleType
from typing import Any, Generic, NoReturn, TextIO, TypeVar

from .declaration import Check, mistakes
from .documents import suggestion
from .errors import ReadError, ScannerError
from .facts import Facts, schema
from .model import Reason
from .report import Report
from .view import View

Writer = Callable[[Report, TextIO], None]
Thing = TypeVar("Thing")

OURS = "wardround"
"""The distribution whose host commands need no word from the configuration: they were reviewed with it."""

ALLOW = "allow_host_commands"
"""The configuration's word for the plug-ins whose host commands may run."""

HOST = "host"


@dataclass(frozen=True)
class _Installed(Generic[Thing]):
    """Something that is installed, and the distribution that brought it."""

    thing: Thing
    distribution: str
    where: str

    @property
    def asks_hosts(self) -> bool:
        return isinstance(self.thing, Check) and self.thing.on.platform == HOST


@cache
def checks() -> dict[str, Check]:
    """Every installed check by id, sorted.

    Raises:
        ScannerError: a plug-in cannot be loaded, a check is declared wrongly, or two have one id.
    """
    return {name: installed.thing for name, installed in _checks().items()}


@cache
def reporters() -> dict[str, ModuleType]:
    """Every installed report format by name: the modules that define `write`.

    Raises:
        ScannerError: a plug-in cannot be loaded, or two formats have one name.
    """
    found: dict[str, _Installed[ModuleType]] = {}
    for distribution, package in _packages("wardround.reporters"):
        for name, module in _modules(distribution, package):
            if callable(getattr(module, "write", None)):
                _add(found, name, _Installed(module, distribution, str(module.__file__)), "format")
    return {name: installed.thing for name, installed in sorted(found.items())}


@cache
def policies() -> dict[str, Traversable]:
    """Every installed policy's file by name.

    Raises:
        ScannerError: a plug-in cannot be loaded, or two policies have one name.
    """
    found: dict[str, _Installed[Traversable]] = {}
    for distribution, package in _packages("wardround.policies"):
        with _named(distribution):
            files = [file for file in resources.files(package).iterdir() if file.name.endswith(".yaml")]
        for file in files:
            _add(found, file.name.removesuffix(".yaml"), _Installed(file, distribution, str(file)), "policy")
    return {name: installed.thing for name, installed in sorted(found.items())}


def permitted(allowed: Iterable[str]) -> dict[str, Check]:
    """Every installed check by id; host checks of plug-ins that are not allowed ask nothing, and say so.

    Args:
        allowed: the distributions whose host commands may run.

    Raises:
        ScannerError: as `checks`.
    """
    known = {OURS, *map(_canonical, allowed)}
    return {
        name: _withheld(installed)
        if installed.asks_hosts and _canonical(installed.distribution) not in known
        else installed.thing
        for name, installed in _checks().items()
    }


def why_unknown(name: str) -> str | None:
    """Why nothing can be allowed to a plug-in of this name; None when it brings host checks.

    Raises:
        ScannerError: as `checks`.
    """
    installed = {each.distribution for each in _checks().values() if each.asks_hosts} - {OURS}
    if _canonical(name) in map(_canonical, installed):
        return None
    others = f"; there is {', '.join(sorted(installed))}" if installed else ""
    return f"no plug-in {name!r} with host commands is installed{suggestion(name, installed) or others}"


def _withheld(installed: _Installed[Check]) -> Check:
    """The same check with nothing to ask: what it would have seen is unreadable, and why."""
    distribution = installed.distribution

    @wraps(installed.thing.function)
    def refuse(view: View) -> Iterable[Facts]:
        raise view.refused(
            ReadError(
                need=None,
                reason=Reason.NOT_COLLECTED,
                detail=f"the host commands of the plug-in {distribution} are not allowed",
                mend=(
                    f"see `wardround checks explain` for what they are, then add `{ALLOW}: [{distribution}]` "
                    "to a configuration that is named with -c or WARDROUND_CONFIG"
                ),
            )
        )

    return replace(installed.thing, function=refuse, needs=())


@cache
def _checks() -> dict[str, _Installed[Check]]:
    found: dict[str, _Installed[Check]] = {}
    for distribution, package in _packages("wardround.checks"):
        for name, module in _modules(distribution, package):
            for declared in vars(module).values():
                if isinstance(declared, Check) and declared.function.__module__ == module.__name__:
                    installed = _Installed(declared, distribution, declared.where)
                    _add(found, f"{name}.{declared.__name__}", installed, "check")
    wrong = [mistake for installed in found.values() for mistake in _mistakes(installed)]
    if wrong:
        raise ScannerError(*wrong)
    return dict(sorted(found.items()))


def _mistakes(installed: _Installed[Check]) -> Iterator[str]:
    whose = "" if _canonical(installed.distribution) == OURS else f"plug-in {installed.distribution}: "
    wrong = list(mistakes(installed.thing))
    if whose and not wrong:
        try:
            schema(installed.thing.facts)
        except Exception as error:  # noqa: BLE001 - the plug-in's types may be anything
            wrong = [f"{installed.where}: its facts have no JSON Schema: {_line(error)}"]
    for mistake in wrong:
        yield whose + mistake


def _add(found: dict[str, _Installed[Any]], name: str, installed: _Installed[Any], word: str) -> None:
    if name in found:
        one, other = (f"{each.distribution} ({each.where})" for each in (found[name], installed))
        raise ScannerError(f"{word} {name!r} is installed twice: by {one} and by {other}")
    found[name] = installed


def _packages(group: str) -> Iterator[tuple[str, ModuleType]]:
    entries = [(_distribution(entry), entry) for entry in entry_points(group=group)]
    for distribution, entry in sorted(entries, key=lambda pair: (pair[0] != OURS, pair[0], pair[1].name)):
        with _named(distribution):
            package = entry.load()
        if not isinstance(package, ModuleType) or not hasattr(package, "__path__"):
            raise ScannerError(
                f"plug-in {distribution}: {group}: {entry.name} = {entry.value} is not a package"
            )
        yield distribution, package


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else entry.value


def _modules(distribution: str, package: ModuleType) -> list[tuple[str, ModuleType]]:
    prefix = f"{package.__name__}."
    with _named(distribution):
        names = sorted(found.name for found in pkgutil.walk_packages(package.__path__, prefix))
        return [(name.removeprefix(prefix), import_module(name)) for name in names]


@contextmanager
def _named(distribution: str) -> Iterator[None]:
    """A plug-in may fail in any way while it is loaded, leaving included; the user is told which one did."""
    try:
        yield
    except (Exception, SystemExit) as error:  # noqa: BLE001
        _failed(distribution, error)


def _failed(distribution: str, error: BaseException) -> NoReturn:
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<") and frame.filename != __file__
    ]
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    raise ScannerError(f"plug-in {distribution} cannot be loaded: {_line(error)}{place}") from error


def _line(error: BaseException) -> str:
    """An error's kind and what it says, on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _canonical(name: str) -> str:
    """A distribution's name as installers compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
