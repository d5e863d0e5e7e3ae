"""Which release Azure's words for an image, an operating system or a runtime stand for."""

import re
from typing import NamedTuple

from .versions import Support, operating_system, support

_UBUNTU = re.compile(r"(?<!\d)(\d\d)[._](04|10)(?!\d)")
_UBUNTU_PRO = re.compile(r"(?<![a-z])pro(?![a-z])|ubuntupro")
_WINDOWS = re.compile(r"(?<!\d)(2008|2012|2016|2019|2022|2025)(?:-?r2)?(?:-sp1)?")
_WINDOWS_CHANNEL = re.compile(r"(?<!\d)(1709|1803|1809|1903|1909|2004|20h2|23h2)(?![0-9a-z])")
_SUSE = re.compile(r"(\d\d)(?:-(?:sp)?(\d))?(?![0-9a-z])")
_NUMBER = re.compile(r"\d+")
_ON_WINDOWS = re.compile(r"ws(20\d\d)(r2)?")
_ON_UBUNTU = re.compile(r"ubuntu(?:pro)?(\d\d)(\d\d)")
_ON_OTHER = re.compile(r"(rhel|sles)(\d\d?)(?:sp(\d))?")

# https://learn.microsoft.com/azure/virtual-machines/linux/endorsed-distros names who publishes what.
_PUBLISHERS = {
    "almalinux": "almalinux",
    "canonical": "ubuntu",
    "credativ": "debian",
    "debian": "debian",
    "microsoftsqlserver": "sql",
    "microsoftwindowsserver": "windows-server",
    "openlogic": "centos",
    "oracle": "oracle-linux",
    "redhat": "rhel",
    "resf": "rocky-linux",
    "suse": "sles",
}

# Microsoft mends these for everybody who runs them on Azure, after the end of ordinary support:
# https://learn.microsoft.com/windows-server/get-started/extended-security-updates-overview
# Debian's LTS team mends an old release for everybody, wherever it runs: https://wiki.debian.org/LTS
_EXTENDED_ON_AZURE = {
    "debian": None,
    "windows-server": frozenset({"2008-sp2", "2008-r2-sp1", "2012", "2012-r2"}),
}
"""Cycles that get extended support for nothing on Azure; None: all of them."""

_NAMED = tuple(
    (re.compile(pattern), product)
    for pattern, product in (
        (r"windows server (?P<version>20\d\d)(?P<r2> r2)?", "windows-server"),
        (r"ubuntu(?: linux)? (?P<version>\d\d\.\d\d)", "ubuntu"),
        (r"debian gnu/linux (?P<version>\d+)", "debian"),
        (r"red hat enterprise linux(?: [a-z]+)* (?P<version>\d+)", "rhel"),
        (r"suse linux enterprise server(?: [a-z]+)* (?P<version>\d+)(?:[. ](?:sp)?(?P<pack>\d))?", "sles"),
        (r"oracle linux(?: server)?(?: release)? (?P<version>\d+)", "oracle-linux"),
        (r"rocky linux (?:release )?(?P<version>\d+)", "rocky-linux"),
        (r"almalinux (?:release )?(?P<version>\d+)", "almalinux"),
        (r"centos stream (?:release )?(?P<version>\d+)", "centos-stream"),
        (r"centos linux (?:release )?(?P<version>\d+)", "centos"),
        (r"amazon linux (?P<version>\d+)", "amazon-linux"),
    )
)
_SYSTEMS = {"oracle": "ol", "redhat": "rhel", "suse": "sles"}
"""What Azure's agents call a distribution that os-release calls otherwise."""

_RUNTIMES = {
    "dotnet": "dotnet",
    "dotnet-isolated": "dotnet",
    "dotnetcore": "dotnet",
    "go": "go",
    "node": "nodejs",
    "php": "php",
    "python": "python",
    "ruby": "ruby",
    "tomcat": "tomcat",
}
_JAVA_OF_TEMURIN = frozenset({"8", "1.8"})
_CONTAINERS = frozenset({"compose", "docker", "kube", "sitecontainers"})


class Image(NamedTuple):
    """The release that an image holds."""

    support: Support
    extended_support: bool
    """Whether whoever runs it on Azure gets extended support with it, and pays nothing more for that."""


def image(publisher: str, offer: str, sku: str) -> Image:
    """The release that a marketplace image holds, which only its publisher, offer and SKU tell."""
    words = f"{offer}-{sku}".lower()
    product, version = _in_image(publisher.lower(), offer.lower(), sku.lower())
    found = support(product, version) if version else support(f"{publisher}:{offer}", sku)
    pro = product == "ubuntu" and _UBUNTU_PRO.search(words) is not None
    return Image({**found, "version": f"{offer}:{sku}"}, pro or _extended(found))


def system(name: str, version: str) -> Image:
    """The release of an operating system, by the names that an agent of Azure's on the machine tells.

    Windows and Arc's agent write the whole into the name; on Linux the machine agent writes a distribution's
    name and its version.
    """
    for pattern, product in _NAMED:
        found = pattern.search(name.lower())
        if found:
            known = support(product, _cycle(product, found.groupdict()))
            return Image({**known, "version": version or name}, _extended(known))
    plain = name.lower()
    known = operating_system(_SYSTEMS.get(plain, plain), version)
    return Image(known, _extended(known))


def runtime(stack: str) -> Support | None:
    """The release of a runtime that App Service names, as in PYTHON|3.12; None for a container, or for none.

    What is in a container brings its own runtime, which App Service neither knows nor mends.
    """
    name, _, version = stack.partition("|")
    name = name.strip().lower()
    if not name or not version or name in _CONTAINERS:
        return None
    if name == "java":
        # App Service runs Java 8 on Temurin, and later ones on Microsoft's own build, which is not listed:
        # https://learn.microsoft.com/azure/app-service/configure-language-java-deploy-run
        plain = re.split(r"[-.]", version.removeprefix("1."))[0]
        return support(
            "eclipse-temurin" if plain in _JAVA_OF_TEMURIN else "microsoft-build-of-openjdk", plain
        )
    return support(_RUNTIMES.get(name, name), version.lower().removeprefix("~").removeprefix("v"))


def _extended(known: Support) -> bool:
    cycles = _EXTENDED_ON_AZURE.get(known["product"], frozenset())
    return cycles is None or known["cycle"] in cycles


def _in_image(publisher: str, offer: str, sku: str) -> tuple[str, str]:
    """The product and its version; an empty version where the words do not tell."""
    rocky = publisher.startswith("erockyenterprise")
    product = "rocky-linux" if rocky else _PUBLISHERS.get(publisher, "")
    words = f"{offer}-{sku}"
    if product == "ubuntu":
        found = _UBUNTU.search(words)
        return product, ".".join(found.groups()) if found else ""
    if product == "windows-server":
        return product, _windows(sku)
    if product == "sles":
        return _suse(words)
    if product == "sql":
        return _below_sql(offer)
    if product == "debian":
        number = _NUMBER.search(offer) or _NUMBER.search(sku)
        return product, number[0] if number else ""
    return product, _major(sku) if product else ""


def _windows(sku: str) -> str:
    channel = _WINDOWS_CHANNEL.search(sku)
    if channel:
        return channel[1] + ("-ac" if channel[1] == "23h2" else "-sac")
    found = _WINDOWS.search(sku)
    if not found:
        return ""
    return _server(found[1], r2="r2" in found[0])


def _server(year: str, *, r2: bool) -> str:
    if year == "2008":
        return "2008-r2-sp1" if r2 else "2008-sp2"
    return f"{year}-r2" if r2 else year


def _suse(words: str) -> tuple[str, str]:
    found = _SUSE.search(words)
    if not found:
        return "sles", ""
    leap = "leap" in words
    return "opensuse" if leap else "sles", f"{found[1]}.{found[2] or 0}"


def _below_sql(offer: str) -> tuple[str, str]:
    """What an image of SQL Server has below it, as in sql2022-ws2022."""
    windows, ubuntu, other = (pattern.search(offer) for pattern in (_ON_WINDOWS, _ON_UBUNTU, _ON_OTHER))
    if windows:
        return "windows-server", _server(windows[1], r2=bool(windows[2]))
    if ubuntu:
        return "ubuntu", ".".join(ubuntu.groups())
    if other:
        pack = f".{other[3] or 0}" if other[1] == "sles" else ""
        return other[1], other[2] + pack
    return "sql", ""


def _major(sku: str) -> str:
    """The major release in an SKU: 8-lvm, 8_7, 87-gen2 and 810-gen2 are of 8; what begins with 1 is of 10."""
    number = _NUMBER.search(re.sub(r"x86_64|gen\d|v\d$", "", sku))
    if not number:
        return ""
    return "10" if number[0].startswith("1") else number[0][0]


def _cycle(product: str, found: dict[str, str | None]) -> str:
    version = found["version"] or ""
    if product == "windows-server":
        return _server(version, r2=bool(found["r2"]))
    return f"{version}.{found['pack'] or 0}" if product == "sles" else version
