"""A small fleet: Debian releases, each with its own sshd, network, mounts and processes.

No container program is needed: debootstrap makes a root once, which the user's cache keeps; each machine runs
on an overlay of it in memory, so nothing that a scan or a test does stays.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network
from pathlib import Path

from tests import sshd

RELEASES = {"bookworm": "12", "trixie": "13"}
"""Code names, and the cycles that checks tell."""
_INCLUDED = "openssh-server,iproute2"
_NETWORK = IPv4Network("198.18.0.0/16")
"""For tests of networks, and routed nowhere (RFC 2544)."""
_MIRROR = "http://deb.debian.org/debian"
_MAKING_SECONDS = 600
_STARTING_SECONDS = 20
_BOOT = """\
set -e
mount -t tmpfs tmpfs "$2"
mkdir "$2/upper" "$2/work" "$2/root"
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/root"
cd "$2/root"
mount -t proc proc proc
mount -t tmpfs tmpfs run
mkdir run/sshd dev/shm 2>/dev/null || true
for each in null zero random urandom; do
    touch "dev/$each"
    mount --bind "/dev/$each" "dev/$each"
done
mkdir -p etc/fleet
cp "$3"/* etc/fleet/
chmod 600 etc/fleet/host_key
hostname "$4"
echo "$4" >etc/hostname
exec chroot . /usr/sbin/sshd -D -e -f /etc/fleet/sshd_config
"""


class NotBootedError(Exception):
    """No machine can be booted here; the message says why."""


@dataclass(frozen=True)
class Machine:
    """A machine that is running."""

    name: str
    address: str
    port: int
    user: str
    folder: Path
    """With user_key and known_hosts."""
    release: str | None
    """The Debian release that was booted; None: this machine's own sshd stands in."""

    @property
    def said(self) -> str:
        """What it is, in a sentence."""
        if self.release is None:
            return f"{self.name}: this machine's own sshd, on {self.address}:{self.port}"
        return f"{self.name}: Debian {self.release}, booted in namespaces of its own, on {self.address}"


def why_not() -> str | None:
    """What this machine lacks; None when it can boot others."""
    if os.geteuid() != 0:
        return "only root can make namespaces and roots"
    lacking = [each for each in ("debootstrap", "ip", "unshare", "chroot") if shutil.which(each) is None]
    if lacking:
        return f"not installed: {', '.join(lacking)}"
    probe = ["unshare", "--mount", "--pid", "--net", "--uts", "--fork", "true"]
    allowed = subprocess.run(probe, check=False, capture_output=True, timeout=20)
    return None if allowed.returncode == 0 else "namespaces are not allowed here"


def mirror() -> str:
    """The Debian mirror that this machine's apt uses."""
    places = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("debian.*"))]
    for place in places:
        if place.exists():
            found = re.search(r"https?://\S+/debian/?(?=\s)", place.read_text() + "\n")
            if found:
                return found[0].rstrip("/")
    return _MIRROR


def network() -> IPv4Network:
    """A network that this machine has no way to yet: one that it has would be cut off.

    Raises:
        NotBootedError: there is none.
    """
    listed = subprocess.run(
        ["ip", "-4", "-json", "route", "show", "table", "all"], check=True, capture_output=True, timeout=20
    )
    taken = [
        ip_network(route["dst"], strict=False)
        for route in json.loads(listed.stdout)
        if route["dst"] != "default"
    ]
    for candidate in _NETWORK.subnets(new_prefix=24):
        if not any(candidate.overlaps(each) for each in taken):
            return candidate
    raise NotBootedError(f"every network in {_NETWORK} is in use here")


def root(release: str) -> Path:
    """A root of a release, made once.

    Raises:
        NotBootedError: it could not be made, as without a network.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "wardround-fleet"
    made = cache / f"{release}-{_INCLUDED.replace(',', '-')}"
    if made.exists():
        return made
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=f"{release}-", ignore_cleanup_errors=True) as name:
        new = Path(name) / "root"
        command = ["debootstrap", "--variant=minbase", f"--include={_INCLUDED}", release, str(new), mirror()]
        try:
            result = subprocess.run(
                command, check=False, capture_output=True, text=True, timeout=_MAKING_SECONDS
            )
        except subprocess.TimeoutExpired:
            raise NotBootedError(f"debootstrap {release} took longer than {_MAKING_SECONDS} s") from None
        if result.returncode != 0:
            last = (result.stdout + result.stderr).strip().splitlines()[-1:]
            raise NotBootedError(f"debootstrap {release} failed: {''.join(last)}")
        new.rename(made)
    return made


@contextmanager
def booted(folder: Path) -> Iterator[Sequence[Machine]]:
    """A machine for each release; ended and removed afterwards.

    Raises:
        NotBootedError: this machine cannot boot others.
    """
    reason = why_not()
    if reason:
        raise NotBootedError(reason)
    with ThreadPoolExecutor(len(RELEASES)) as pool:
        roots = dict(zip(RELEASES, pool.map(root, RELEASES), strict=True))
    wires = network().subnets(new_prefix=30)
    with ExitStack() as stack:
        yield [
            stack.enter_context(_machine(folder / release, release, held, next(wires)))
            for release, held in roots.items()
        ]


@contextmanager
def plain() -> Iterator[Sequence[Machine]]:
    """As many servers on loopback, each with its own configuration: what stands in for booted ones."""
    with (
        sshd.running() as one,
        sshd.running("Ciphers aes256-ctr", "PermitRootLogin yes") as other,
    ):
        yield [
            Machine(name, each.address, each.port, each.user, each.folder, None)
            for name, each in (("one", one), ("other", other))
        ]


@contextmanager
def _machine(folder: Path, release: str, held: Path, wire: IPv4Network) -> Iterator[Machine]:
    # An interface's name has at most fifteen characters.
    name = f"wr{os.getpid() % 100_000}-{release[:6]}"
    ours, its = (str(each) for each in wire.hosts())
    machine = Machine(release, its, 22, "root", folder, release)
    _write(machine)
    (folder / "memory").mkdir()
    with _network(name, ours, its), (folder / "log").open("wb") as log:
        apart = ["--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child"]
        booting = ("sh", "-c", _BOOT, "boot", held, folder / "memory", folder / "etc", release)
        process = subprocess.Popen(
            ["ip", "netns", "exec", name, "unshare", *apart, *booting],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            _await(folder / "log", process)
            yield machine
        finally:
            # Its first process goes with it, and with that one everything in its namespaces.
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def _network(name: str, ours: str, its: str) -> Iterator[None]:
    """A network of the machine's own, with one wire to this one."""
    inside = ("ip", "-n", name)
    _run("ip", "netns", "add", name)
    try:
        _run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        _run("ip", "address", "add", f"{ours}/30", "dev", name)
        _run("ip", "link", "set", name, "up")
        _run(*inside, "address", "add", f"{its}/30", "dev", "eth0")
        _run(*inside, "link", "set", "eth0", "up")
        _run(*inside, "link", "set", "lo", "up")
        yield
    finally:
        # The wire goes with the network.
        _run("ip", "netns", "delete", name)


def _write(machine: Machine) -> None:
    etc = machine.folder / "etc"
    etc.mkdir(parents=True)
    sshd.keygen(machine.folder / "user_key")
    sshd.keygen(etc / "host_key")
    (machine.folder / "known_hosts").write_text(f"{machine.address} {sshd.public(etc / 'host_key')}\n")
    (etc / "authorized_keys").write_text(sshd.public(machine.folder / "user_key") + "\n")
    (etc / "sshd_config").write_text(
        "HostKey /etc/fleet/host_key\nAuthorizedKeysFile /etc/fleet/authorized_keys\nUsePAM no\n"
        "StrictModes no\nPasswordAuthentication no\nPermitRootLogin prohibit-password\nUseDNS no\n"
    )


def _await(log: Path, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _STARTING_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if "Server listening on" in log.read_text(errors="replace"):
            return
        time.sleep(0.05)
    raise NotBootedError(f"it did not start: {log.read_text(errors='replace')[-300:]}")


def _run(*command: str) -> None:
    result = subprocess.run(command, check=False, capture_output=True, text=True, timeout=20)
    if result.returncode != 0:
        raise NotBootedError(f"{' '.join(command)}: {result.stderr.strip()}")


def configured(folder: Path, machines: Sequence[Machine], policy: str) -> None:
    """Write a configuration of the fleet, as anybody would."""
    hosts = "".join(
        f"  - {{name: {each.name}, address: {each.address}, port: {each.port}, user: {each.user}, "
        f"identity: {each.folder / 'user_key'}, known_hosts: {each.folder / 'known_hosts'}}}\n"
        for each in machines
    )
    (folder / "hosts.yaml").write_text(f"hosts:\n{hosts}")
    (folder / "wardround.yaml").write_text(
        f"targets:\n  - hosts: {{name: fleet, inventory: hosts.yaml}}\npolicies: [{policy}]\n"
    )
