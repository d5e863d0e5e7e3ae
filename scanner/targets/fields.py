"""Fields: one JSON object of an answer, read by path and type; what is not as documented is a refusal."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeVar, overload

from ..errors import ReadError

Default = TypeVar("Default")
Meaning = TypeVar("Meaning")
Complain = Callable[[str], ReadError]
"""Makes the refusal of what is wrong with an answer."""


class _Must:
    """There is no default: the field must be there."""


_MUST: Final = _Must()
_SHOWN = 80
"""Characters of an unknown word that are shown."""
_NEVER = 1
"""The year in which Azure has happen what never happened."""


class Fields:
    """One JSON object of an answer.

    Paths go through objects by dots, as in properties.encryption.keySource. Where a default is given, it
    stands for a field that is missing or null; where none is, that is a refusal, as is a field of another
    type: what a cloud does not tell is not guessed.
    """

    def __init__(self, held: Mapping[str, Any], complain: Complain, at: str = "") -> None:
        """Hold an object, and where it was found."""
        self.held = held
        self._complain = complain
        self._at = at

    def has(self, path: str) -> bool:
        """Whether the field is there, and not null."""
        return self._find(path) is not None

    @overload
    def flag(self, path: str) -> bool: ...
    @overload
    def flag(self, path: str, default: Default) -> bool | Default: ...
    def flag(self, path: str, default: object = _MUST) -> object:
        """A boolean.

        Raises:
            ReadError: it is none.
        """
        return self._typed(path, bool, "true or false", default)

    @overload
    def text(self, path: str) -> str: ...
    @overload
    def text(self, path: str, default: Default) -> str | Default: ...
    def text(self, path: str, default: object = _MUST) -> object:
        """A string.

        Raises:
            ReadError: it is none.
        """
        return self._typed(path, str, "a text", default)

    @overload
    def number(self, path: str) -> int: ...
    @overload
    def number(self, path: str, default: Default) -> int | Default: ...
    def number(self, path: str, default: object = _MUST) -> object:
        """A whole number.

        Raises:
            ReadError: it is none.
        """
        found = self._typed(path, int, "a number", default)
        if isinstance(found, bool):
            raise self.strange(path, "a number")
        return found

    @overload
    def moment(self, path: str) -> datetime: ...
    @overload
    def moment(self, path: str, default: Default) -> datetime | Default: ...
    def moment(self, path: str, default: object = _MUST) -> object:
        """A moment, written as ISO 8601, or as seconds since 1970; without a zone it is UTC.

        The year 1 is how Azure writes that something never happened: it counts as missing.

        Raises:
            ReadError: it is none.
        """
        found = self._find(path)
        try:
            if isinstance(found, int) and not isinstance(found, bool):
                return datetime.fromtimestamp(found, UTC)
            at = datetime.fromisoformat(found) if isinstance(found, str) else None
        except (ValueError, OverflowError, OSError):
            raise self.strange(path, "a moment") from None
        if at is None or at.year == _NEVER:
            if found is not None and at is None:
                raise self.strange(path, "a moment")
            return self._default(path, default)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)

    @overload
    def word(self, path: str, meanings: Mapping[str, Meaning]) -> Meaning: ...
    @overload
    def word(self, path: str, meanings: Mapping[str, Meaning], default: Default) -> Meaning | Default: ...
    def word(self, path: str, meanings: Mapping[str, object], default: object = _MUST) -> object:
        """What one of a list of words means, whatever its capitals; a word that is not listed is refused.

        Raises:
            ReadError: it is no word, or none that is known.
        """
        found = self._typed(path, str, "a text", default)
        if not self.has(path):
            return found
        known = {name.lower(): meaning for name, meaning in meanings.items()}
        said = str(found)
        if said.lower() not in known:
            listed = ", ".join(meanings)
            raise self._complain(f"{self._at}{path} is {said[:_SHOWN]!r}; known are {listed}")
        return known[said.lower()]

    def texts(self, path: str) -> tuple[str, ...]:
        """A list of strings; none when it is missing.

        Raises:
            ReadError: it is no list, or something in it is no string.
        """
        found = self._typed(path, list, "a list of texts", ())
        if not all(isinstance(each, str) for each in found):
            raise self.strange(path, "a list of texts")
        return tuple(found)

    def part(self, path: str) -> "Fields":
        """An object within; an empty one when it is missing.

        Raises:
            ReadError: it is no object.
        """
        found = self._typed(path, dict, "an object", {})
        return Fields(found, self._complain, f"{self._at}{path}.")

    def parts(self, path: str) -> list["Fields"]:
        """A list of objects within; none when it is missing.

        Raises:
            ReadError: it is no list, or something in it is no object.
        """
        found = self._typed(path, list, "a list of objects", ())
        if not all(isinstance(each, dict) for each in found):
            raise self.strange(path, "a list of objects")
        return [Fields(each, self._complain, f"{self._at}{path}[{n}].") for n, each in enumerate(found)]

    def strange(self, path: str, expected: str) -> ReadError:
        """The refusal of a field that is not what it should be, to be raised."""
        found = self._find(path)
        said = "missing" if found is None else f"a {type(found).__name__}"
        return self._complain(f"{self._at}{path} is {said}; expected {expected}")

    def _typed(self, path: str, kind: type, expected: str, default: object) -> Any:
        found = self._find(path)
        if found is None:
            if default is _MUST:
                raise self.strange(path, expected)
            return default
        if not isinstance(found, kind):
            raise self.strange(path, expected)
        return found

    def _default(self, path: str, default: object) -> object:
        if default is _MUST:
            raise self.strange(path, "a moment")
        return default

    def _find(self, path: str) -> Any:
        # Some names have dots of their own, as in @odata.type.
        found: Any = self.held
        if path in self.held:
            return self.held[path]
        for name in path.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
        return found
