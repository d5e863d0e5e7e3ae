"""What systemd says of its units."""

from collections.abc import Iterable


def enabled(lines: Iterable[str]) -> frozenset[str]:
    """The units that `systemctl list-unit-files --no-legend` printed as started with the machine."""
    split = (line.split() for line in lines)
    return frozenset(words[0] for words in split if words[1:2] and words[1].startswith("enabled"))
