"""Checks: functions that state what they saw through a view."""

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args, get_origin, get_type_hints

from .errors import ReadError
from .facts import Facts
from .view import View


@dataclass(frozen=True)
class Check:
    """What is looked at: a function without an opinion, and what it needs to look."""

    function: Callable[[Any], Iterable[Facts]]
    needs: tuple[str, ...]

    def __call__(self, view: View) -> Iterable[Facts]:
        """What it sees through a view."""
        return self.function(view)

    @property
    def __name__(self) -> str:
        return self.function.__name__

    @cached_property
    def hints(self) -> dict[str, Any]:
        """The types of its parameters and of what it returns.

        Raises:
            NameError: an annotation names what is not there when it is run.
            SyntaxError: an annotation is no expression.
            TypeError: an annotation is no type.
        """
        return get_type_hints(self.function)

    @cached_property
    def on(self) -> type[View]:
        """What it is run on: the type of its first parameter."""
        return next(iter(self.hints.values()))  # type: ignore[no-any-return]

    @cached_property
    def facts(self) -> type[Facts]:
        """What it yields, from its return annotation."""
        return get_args(self.hints["return"])[0]  # type: ignore[no-any-return]

    @property
    def title(self) -> str:
        """The first line of its manual."""
        return self.manual.partition("\n")[0]

    @property
    def manual(self) -> str:
        """Its docstring."""
        return inspect.getdoc(self.function) or ""

    @property
    def where(self) -> str:
        """File and line of its definition."""
        code = inspect.unwrap(self.function).__code__
        return f"{code.co_filename}:{code.co_firstlineno}"


def check(*needs: str) -> Callable[[Callable[[Any], Iterable[Facts]]], Check]:
    """Declare a check and everything it may ask.

    The first parameter's type says what it is run on, the return annotation (`Iterator[SomeFacts]`) what it
    says, the docstring is its manual; its id is where it stands: `<family>.<platform>.<function>`.
    """

    def declare(function: Callable[[Any], Iterable[Facts]]) -> Check:
        return Check(function, needs)

    return declare


def seen(declared: Check, view: View) -> Iterator[Facts]:
    """What a check sees; a refusal of the whole scope ends it, and is kept by the view like any other."""
    try:
        yield from declared(view)
    except ReadError:
        if not view.refusals:
            raise


def mistakes(declared: Check) -> Iterator[str]:
    """What is wrong with a check's declaration, each with its place."""
    try:
        hints = declared.hints
    except (NameError, TypeError, SyntaxError) as error:
        yield f"{declared.where}: a check's annotations are read when it is run: {error}"
        return
    code = inspect.unwrap(declared.function).__code__
    on = hints.get(code.co_varnames[0]) if code.co_argcount else None
    if not (isinstance(on, type) and issubclass(on, View)):
        yield f"{declared.where}: the first parameter's type must be what the check is run on; found {on}"
        return
    returned = hints.get("return")
    said = get_args(returned)[:1]
    if get_origin(returned) is not Iterator and get_origin(returned) is not Iterable:
        yield f"{declared.where}: a check returns Iterator[SomeFacts]; found {returned}"
    elif not (said and isinstance(said[0], type) and issubclass(said[0], Facts)):
        yield f"{declared.where}: a check yields one class of Facts; found {said[0] if said else 'nothing'}"
    if not declared.manual.strip():
        yield f"{declared.where}: a check has a docstring: it is the manual"
    if not declared.needs:
        yield f"{declared.where}: a check declares what it needs"
    for need in declared.needs:
        why = on.refuse_need(need)
        if why:
            yield f"{declared.where}: {why}"
