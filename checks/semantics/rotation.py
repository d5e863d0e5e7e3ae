"""How long logrotate keeps a log."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

import msgspec
from msgspec.structs import replace

_DAYS = {"hourly": 0, "daily": 1, "weekly": 7, "monthly": 28, "yearly": 365}
# Files that logrotate leaves out of a folder (tabooext in its manual).
_LEFT_OUT = re.compile(r"(,v|~|\.(bak|disabled|dpkg-\w+|cfsaved|new|old|orig|rpm\w+|swp|ucf-\w+))$")
_ITSELF = re.compile(r"(/usr)?/etc/logrotate\.(conf|d/[^/]+)")


class Rotation(msgspec.Struct, frozen=True):
    """How a log is rotated."""

    files: tuple[str, ...] = ()
    """Patterns of the files that it is for."""
    period_days: int = 7
    """The least number of days between two rotations, unless the log's size decides."""
    count: int = 0
    """How many old files are kept."""
    by_size: bool = False
    """Whether its size alone decides when, or may do so earlier."""
    max_age_days: int | None = None

    @property
    def kept_days(self) -> int:
        """For how many days what is written is kept at least; 0 where the log's size alone may decide."""
        days = 0 if self.by_size else self.period_days * self.count
        return days if self.max_age_days is None else min(days, self.max_age_days)

    def covers(self, path: str) -> bool:
        """Whether it is for a file."""
        return any(fnmatchcase(path, pattern) for pattern in self.files)


def rotations(lines: Iterable[str]) -> list[Rotation]:
    """What lines of `grep -H` over logrotate's configuration say; the general file's hold for all."""
    split = [line.partition(":") for line in lines]
    read = [(path, text) for path, _, text in split if _ITSELF.fullmatch(path) and not _LEFT_OUT.search(path)]
    everywhere = Rotation()
    found: list[Rotation] = []
    for path, text in sorted(read, key=lambda one: not one[0].endswith(".conf")):
        said = text.split("#", 1)[0].strip()
        if said == "}":
            found.append(Rotation())
        elif found and found[-1].files and found[-1].count >= 0:
            # Scripts stand here too; none of their lines reads as a setting.
            found[-1] = _said(found[-1], said)
        elif said.endswith("{"):
            files = (*_pending(found), *_names(said.removesuffix("{")))
            found.append(replace(everywhere, files=files))
        elif said.startswith(("/", '"/')):
            found.append(Rotation(files=(*_pending(found), *_names(said)), count=-1))
        elif path.endswith(".conf"):
            everywhere = _said(everywhere, said)
    return [rotation for rotation in found if rotation.files and rotation.count >= 0]


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip("\"'") for name in text.split())


def _pending(found: list[Rotation]) -> tuple[str, ...]:
    """Names that stand on lines of their own before the brace."""
    return found.pop().files if found and found[-1].count < 0 else ()


def _said(rotation: Rotation, line: str) -> Rotation:
    match line.replace("=", " ").split():
        case [period] if period in _DAYS:
            return replace(rotation, period_days=_DAYS[period], by_size=False)
        case ["rotate", count] if count.isdecimal():
            return replace(rotation, count=int(count))
        case ["rotate", "-1"]:
            return replace(rotation, count=36500)
        case ["size" | "maxsize", _]:
            return replace(rotation, by_size=True)
        case ["maxage", days] if days.isdecimal():
            return replace(rotation, max_age_days=int(days))
        case _:
            return rotation
