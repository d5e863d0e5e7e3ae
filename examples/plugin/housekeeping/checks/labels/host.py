"""Labels on hosts."""

from collections.abc import Iterator

from scanner import Host, check

from . import Labelled

_THERE = "test -e /etc/machine-info"
_TEXT = "cat /etc/machine-info"


@check(_THERE, _TEXT)
def machine_info(host: Host) -> Iterator[Labelled]:
    """Whether a host's /etc/machine-info (see machine-info(5)) names its DEPLOYMENT environment."""
    # That there is no such file is an answer; that it cannot be read is none.
    there = host.run(_THERE, ok=(0, 1)).status == 0
    lines = host.run(_TEXT).lines if there else ()
    values = [line.partition("=")[2].strip("\"' ") for line in lines if line.startswith("DEPLOYMENT=")]
    yield Labelled(resource=host.id, environment=any(values))
