"""How sudoers(5) is spelled: lines, comments, lists, quotes."""

import re
from collections.abc import Iterable, Iterator

INCLUDE = re.compile(r"[@#](?P<kind>include|includedir)\s+(?P<path>.+)")
OPTION = re.compile(r"(?:CWD|CHROOT|TIMEOUT|NOTBEFORE|NOTAFTER|ROLE|TYPE|APPARMOR_PROFILE|PRIVS|LIMITPRIVS)=")
TAGS = r"(?:NO)?(?:PASSWD|EXEC|SETENV|LOG_INPUT|LOG_OUTPUT|MAIL|FOLLOW|INTERCEPT)"
_COLON_FOLLOWS = re.compile(rf"(?:^|[\s,=)]){TAGS}$|sha\d{{3}}$")


def logical(lines: Iterable[str]) -> Iterator[str]:
    """Lines joined where a backslash ends one, without comments."""
    for line in re.sub(r"\\\n\s*", " ", "\n".join(lines)).split("\n"):
        plain = _uncommented(line.replace("\t", " ").strip()).strip()
        if plain:
            yield plain


def _uncommented(line: str) -> str:
    """Without its comment: # begins one unless a number follows, which makes it somebody's."""
    if INCLUDE.fullmatch(line):
        return line
    quoted = False
    for at, character in enumerate(line):
        before = line[at - 1] if at else " "
        if character == '"' and before != "\\":
            quoted = not quoted
        if character == "#" and not quoted and before != "\\":
            number = line[at + 1 : at + 2].isdecimal() or (line[at + 1 : at + 2] == "-")
            if not (number and before in " ,%!(=:"):
                return line[:at]
    return line


def split(text: str, at: str) -> list[str]:
    """The parts of a text between separators that are neither quoted, escaped nor in parentheses."""
    parts, current, quoted, escaped, depth = [], "", False, False, 0
    for character in text:
        if character == at and not (quoted or escaped or depth):
            parts.append(current)
            current = ""
            continue
        quoted ^= character == '"' and not escaped
        depth += {"(": 1, ")": -1}.get(character, 0) if not (quoted or escaped) else 0
        escaped = character == "\\" and not escaped
        current += character
    return [part.strip() for part in (*parts, current) if part.strip()]


def host_parts(line: str) -> list[str]:
    """A rule's parts for different hosts: a colon parts them, but stands behind tags and in digests, too."""
    parts: list[str] = []
    for piece in split(line, ":"):
        before = parts[-1] if parts else ""
        tagged = _COLON_FOLLOWS.search(before.rstrip())
        if parts and (tagged is not None or "=" not in piece or "=" not in before or OPTION.match(piece)):
            parts[-1] = f"{before}:{piece}"
        else:
            parts.append(piece)
    return parts


def halves(part: str) -> tuple[str, str, str]:
    """What stands before and after the first equals sign that is not escaped."""
    escaped = False
    for at, character in enumerate(part):
        if character == "=" and not escaped:
            return part[:at].strip(), "=", part[at + 1 :].strip()
        escaped = character == "\\" and not escaped
    return part, "", ""


def two_lists(text: str) -> list[str]:
    """The two lists before the equals sign: blanks around commas part nothing."""
    tight = re.sub(r"\s*,\s*", ",", re.sub(r"!\s+", "!", text))
    return re.findall(r'(?:"[^"]*"|\\.|[^\s"\\])+', tight)


def unquoted(text: str) -> str:
    """Without the quotes around it."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
