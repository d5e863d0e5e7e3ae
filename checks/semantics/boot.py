"""What the boot loader's files and systemd's units say of who may interfere while a machine starts."""

from collections.abc import Iterable, Mapping

import msgspec

_NAMED = "superusers="


class Loader(msgspec.Struct, frozen=True):
    """Who may change what GRUB starts."""

    superusers: tuple[str, ...]
    """Their names; they are GRUB's own, not the system's users."""
    password: bool
    """Whether they have to give one, which is stored hashed."""


def loader(menu: str, marks: Iterable[str], superusers: Iterable[str]) -> Loader:
    """Who may change what one menu of GRUB starts.

    Red Hat's menu names superusers in any case, and takes the password from user.cfg, if that is there: the
    name alone protects nothing.

    Args:
        menu: the path of its grub.cfg.
        marks: what `grep -oH` found of the words that a password shows itself by, never the hash.
        superusers: the lines that name superusers, by `grep -H`.
    """
    folder = menu.rpartition("/")[0]
    seen = {tuple(line.split(":", 1)) for line in marks if ":" in line}
    own = (menu, "grub.pbkdf2.sha") in seen
    lent = (menu, "GRUB2_PASSWORD") in seen and (
        f"{folder}/user.cfg",
        "GRUB2_PASSWORD=grub.pbkdf2.sha",
    ) in seen
    found: list[str] = []
    for line in superusers:
        path, _, text = line.partition(":")
        if path == menu and _NAMED in text:
            found += _listed(text.partition(_NAMED)[2])
    # Without superusers GRUB asks nobody for a password before it lets the menu be edited:
    # https://www.gnu.org/software/grub/manual/grub/html_node/Authentication-and-authorisation.html
    names = tuple(dict.fromkeys(found))
    return Loader(superusers=names, password=bool(names) and (own or lent))


def _listed(text: str) -> list[str]:
    """GRUB takes spaces, commas, semicolons, pipes and ampersands between names."""
    quote = text[:1] if text[:1] in ("'", '"') else ""
    inside = text[1:].partition(quote)[0] if quote else text.partition(" ")[0]
    for separator in ",;|&":
        inside = inside.replace(separator, " ")
    return [name for name in inside.split() if not name.startswith("$")]


def units(text: str, asked: Iterable[str]) -> Mapping[str, Mapping[str, str]]:
    """The properties of units that `systemctl show` printed, by the name that was asked for.

    An alias answers with its own name, so the order of the answers counts.
    """
    blocks = [block for block in text.split("\n\n") if block.strip()]
    return {
        name: dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        for name, block in zip(asked, blocks, strict=False)
    }


def last_setting(lines: Iterable[str], name: str) -> str | None:
    """What a setting of a systemd configuration and its drop-ins is in the end; None: it is not named."""
    said = None
    for line in lines:
        key, equals, value = line.strip().partition("=")
        if equals and key.strip() == name:
            said = value.strip() or None
    return said
