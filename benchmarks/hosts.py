"""Three hundred hosts over SSH: connections, throughput, CPU time and memory, against bare connections.

To repeat: `make bench-hosts`, or `python -I benchmarks/hosts.py [ANSIBLE]` in an environment that has
wardround and the packages of its tests, on a machine with sshd; it takes five minutes or so. ANSIBLE is the
path of an `ansible` command, in an environment of its own, to be timed besides: `pip install ansible-core`.

A real sshd listens on 16 loopback addresses, and every name of the inventory is one of them. So that it is
sshd and the client that are measured, and not this machine's package manager 300 times, sshd runs a stand-in
instead of a shell: it replays, under the nonce that is asked for, what this machine answered once to the
whole script of all shipped checks. What a bare client of paramiko and ssh(1) get from it is the same.

All hosts answer alike here, and what is alike is read once; one more run, which judges nothing, shows what it
takes where no two of them do.

The status is 1 when a host costs more than one connection, one login and two commands, or more CPU time than
MOST_TIMES that of a bare connection of paramiko; when throughput is below LEAST_THROUGHPUT of that of bare
connections, as many at once, on the same server; when memory grows with the number of hosts; when hosts that
never answer delay the others.
"""

import itertools
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # python -I leaves it out

from tests import sshd  # noqa: E402 - it is beside this folder

HOSTS, FEW, DEAD = 300, 30, 5
ADDRESSES = [f"127.0.1.{number}" for number in range(1, 17)]
"""As many as sshd listens on."""
SILENCE = 5
"""Seconds that a host may take for each stage of a login."""
MOST_TIMES = 12 / 4.9
"""A host may take 12 ms where a bare connection takes 4.9: connecting, reading its answers, sealing them."""
LEAST_THROUGHPUT = 0.9
MOST_GROWTH = 0.05
COMPARED = 20
ROUNDS = 4
"""How often the two are measured in turn; the best of each counts, for the machine has other work, too."""


@dataclass(frozen=True)
class Taken:
    """What a process took."""

    seconds: float
    """Of its work; what comes before and after is left out."""
    cpu: float
    megabytes: float


def main() -> int:
    """Measure, print, and tell by the status whether it is within bounds."""
    match sys.argv[1:]:
        case ["bare", server, number, workers]:
            return _bare(json.loads(server), int(number), int(workers))
        case ["collect", folder]:
            return _collect(Path(folder))
        case ["collect-unlike", folder]:
            _forget()
            return _collect(Path(folder))
    ansible = sys.argv[1] if sys.argv[1:] else None
    with tempfile.TemporaryDirectory(prefix="wardround-hosts-") as place, _serving(Path(place)) as server:
        return _measured(server, Path(place), ansible)


def _measured(server: sshd.Sshd, place: Path, ansible: str | None) -> int:
    from scanner.collect import TARGETS_AT_ONCE as JOBS

    ours, bare = [], []
    for _ in range(ROUNDS):
        before = len(server.log)
        ours.append(_scanned(server, place / "ours", HOSTS))
        counts = _counted(server.log[before:], HOSTS)
        _print("wardround collect", ours[-1], HOSTS)
        bare.append(_in_process("bare", _told(server), str(HOSTS), str(JOBS)))
        _print("paramiko, bare", bare[-1], HOSTS)
    print(f"{HOSTS} hosts, {JOBS} at once; per host: " + ", ".join(f"{n:g} {w}" for w, n in counts.items()))
    few = _scanned(server, place / "few", FEW)
    with _silent() as port:
        dead = _scanned(server, place / "dead", HOSTS, dead=port)
    print("each host: " + ", ".join(f"{number:g} {what}" for what, number in counts.items()))
    best, least = (min(each, key=lambda taken: taken.seconds) for each in (ours, bare))
    cpu, own = (1000 * min(taken.cpu for taken in each) / HOSTS for each in (ours, bare))
    unlike = _in_process("collect-unlike", str(_inventory(server, place / "unlike", HOSTS)))
    _print("no two alike", unlike, HOSTS)
    checks = _checks(place / "ours")
    growth = (max(taken.megabytes for taken in ours) - few.megabytes) / (HOSTS - FEW)
    share = least.seconds / best.seconds
    delay = dead.seconds - max(taken.seconds for taken in ours)
    _print("ssh(1)", _by_ssh(server), COMPARED)
    if ansible:
        _print("ansible -m setup", _by_ansible(ansible, place), COMPARED)
    print(
        f"CPU: {cpu:.1f} ms a host with {checks} checks, all in: {cpu / own:.2f} times bare connections; "
        f"at most {MOST_TIMES:.2f}"
    )
    print(f"throughput: {100 * share:.0f}% of bare connections; at least {100 * LEAST_THROUGHPUT:.0f}%")
    print(f"memory: {1000 * growth:.0f} KB more with each host; at most {1000 * MOST_GROWTH:.0f}")
    print(f"{DEAD} hosts that never answer: {delay:+.1f} s; at most {SILENCE} s once, and a tenth")
    wrong = (
        counts["connections"] != 1
        or counts["logins"] != 1
        or counts["commands"] > 2
        or cpu > MOST_TIMES * own
        or share < LEAST_THROUGHPUT
        or growth > MOST_GROWTH
        or delay > SILENCE + best.seconds / 10
    )
    return int(wrong)


def _print(name: str, taken: Taken, hosts: int) -> None:
    print(
        f"{name:20}{hosts:4} hosts in {taken.seconds:5.1f} s, {hosts / taken.seconds:5.1f} a second, "
        f"CPU {1000 * taken.cpu / hosts:5.1f} ms a host, {taken.megabytes:.0f} MB"
    )


@contextmanager
def _serving(place: Path) -> Iterator[sshd.Sshd]:
    """The server, which replays what this machine answered once."""
    answer = place / "answer"
    answer.write_bytes(_recorded())
    replay = place / "replay"
    replay.write_text(
        "#!/bin/sh\nread -r hash word nonce rest\n"
        f'sed "s/^@NONCE /@$nonce /" {shlex.quote(str(answer))}\nexec cat >/dev/null\n'
    )
    for path in (place, replay):
        path.chmod(0o755)
    with socket.socket() as probe:
        probe.bind((ADDRESSES[0], 0))
        port = probe.getsockname()[1]
    listened = "\n".join(f"ListenAddress {address}:{port}" for address in ADDRESSES)
    lines = (
        *(listened, f"ForceCommand {replay}", "MaxStartups 1000:30:2000", "LogLevel VERBOSE"),
        *("PerSourcePenalties no",) * (_sshd_version() >= (9, 8)),
    )
    with _started(port, lines) as server:
        key = sshd.public(server.host_key)
        server.known_hosts.write_text("".join(f"[{each}]:{port} {key}\n" for each in ADDRESSES))
        yield server


@contextmanager
def _started(port: int, lines: tuple[str, ...]) -> Iterator[sshd.Sshd]:
    """As the tests start one, on a port of ours."""
    chosen, sshd._free_port = sshd._free_port, lambda: port  # noqa: SLF001 - addresses and port are one line
    address, sshd.Sshd.address = sshd.Sshd.address, ADDRESSES[0]
    try:
        with sshd.running(*lines) as server:
            yield server
    finally:
        sshd._free_port, sshd.Sshd.address = chosen, address  # noqa: SLF001 - as above


def _sshd_version() -> tuple[int, ...]:
    said = subprocess.run([sshd.SSHD or "sshd", "-V"], capture_output=True, text=True, check=False).stderr
    found = re.search(r"OpenSSH_(\d+)\.(\d+)", said)
    return tuple(map(int, found.groups())) if found else (0, 0)


def _recorded() -> bytes:
    """What this machine answers to all checks, under a nonce that stands for any."""
    from scanner import Host, plugins
    from scanner.targets import local, needs
    from scanner.targets.probe import Deadline, Questions, Sudo

    asked = needs(tuple(check for check in plugins.checks().values() if check.on is Host))
    questions = Questions.about(asked, sudo=Sudo())
    heard = local.ask(questions.script(110, 60), questions.over, Deadline(120))
    return heard.out.replace(questions.nonce.encode(), b"NONCE")


def _told(server: sshd.Sshd) -> str:
    where = {"port": server.port, "user": server.user, "key": str(server.user_key)}
    return json.dumps({**where, "known": str(server.known_hosts)})


def _scanned(server: sshd.Sshd, folder: Path, number: int, dead: int | None = None) -> Taken:
    """Collect from so many hosts, and some that never answer, by the command, in a process of its own."""
    return _in_process("collect", str(_inventory(server, folder, number, dead)))


def _inventory(server: sshd.Sshd, folder: Path, number: int, dead: int | None = None) -> Path:
    """A folder to collect from."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    places = itertools.cycle(ADDRESSES)
    hosts = [f"  - {{name: h{each:04}, address: {next(places)}}}\n" for each in range(number)]
    if dead is not None:
        lost = (f"  - {{name: a{each:04}, address: 127.0.0.1, port: {dead}}}\n" for each in range(DEAD))
        hosts[0:0] = list(lost)
    (folder / "hosts.yaml").write_text("hosts:\n" + "".join(hosts))
    (folder / "wardround.yaml").write_text(
        f"targets:\n  - hosts: {{name: ward, inventory: hosts.yaml, user: {server.user}, "
        f"port: {server.port}, identity: {server.user_key}, known_hosts: {server.known_hosts}, "
        f"connect_seconds: {SILENCE}, "
        "sudo: true}\npolicies: [hipaa-security-rule]\n"
    )
    return folder


def _checks(folder: Path) -> int:
    """How many checks the policy asked of each host."""
    planned = json.loads((folder / "bundle/manifest.json").read_text())["plan"]["checks"]
    return sum(each["on"] == "Host" for each in planned)


def _counted(log: str, hosts: int) -> dict[str, float]:
    """What a host's log says each host was asked."""
    words = {
        "connections": "Connection from ",
        "logins": "Accepted publickey ",
        "commands": "Starting session",
    }
    return {name: log.count(said) / hosts for name, said in words.items()}


def _in_process(*arguments: str) -> Taken:
    """What one of our own forms took; it says how long its work was, and the kernel says the rest."""
    command = [sys.executable, "-I", __file__, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{arguments[0]} ended with {process.returncode}: {said}")
    return Taken(float(said.split()[-1]), usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _forget() -> None:
    """Remember nothing that another host answered, too."""
    from checks.semantics import audit_purposes
    from scanner.targets import frames

    frames.ALIKE.most = 0
    audit_purposes.coverage = audit_purposes.coverage.__wrapped__


def _collect(folder: Path) -> int:
    """As the command does it; the last word of the output is how long the collecting took."""
    from scanner.cli import main as command

    os.chdir(folder)
    sys.argv = ["wardround", "collect", "-q", "--bundle", "bundle"]
    try:
        command()
    except SystemExit as ended:
        if ended.code not in {0, None}:
            return int(str(ended.code)) if str(ended.code).isdigit() else 70
    with Path("bundle/manifest.json").open() as manifest:
        # The whole of it would be more than anything that is measured here.
        said = dict(re.findall(r'"(started|finished)_at": "([^"]*)"', manifest.read(4096)))
    started, finished = (datetime.fromisoformat(said[word]) for word in ("started", "finished"))
    print((finished - started).total_seconds())
    return 0


def _bare(server: dict[str, str], number: int, workers: int) -> int:
    """Connections as small as paramiko makes them: a known key each way, one command, what it says."""
    import paramiko

    key = paramiko.PKey.from_path(server["key"])
    request = b"# wardround-probe-1 " + b"0" * 32 + b" 9 9 sudo 0\n"

    def one(address: str) -> int:
        with socket.create_connection((address, int(server["port"]))) as connection:
            transport = paramiko.Transport(connection)
            try:
                transport.start_client(timeout=60)
                transport.auth_publickey(server["user"], key)
                channel = transport.open_session()
                channel.exec_command("exec /bin/sh -s")
                channel.sendall(request)
                channel.shutdown_write()
                return sum(map(len, iter(lambda: channel.recv(65536), b"")))
            finally:
                transport.close()

    began = time.monotonic()
    with ThreadPoolExecutor(workers) as pool:
        heard = set(pool.map(one, itertools.islice(itertools.cycle(ADDRESSES), number)))
    print(time.monotonic() - began)
    return int(len(heard) != 1 or 0 in heard)


def _by_ssh(server: sshd.Sshd) -> Taken:
    """OpenSSH's own client, as many at once as there are processors, twice."""
    options = (
        *("-F", "none", "-p", str(server.port), "-i", str(server.user_key), "-T", "-l", server.user),
        *(
            "-o",
            f"UserKnownHostsFile={server.known_hosts}",
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "BatchMode=yes",
        ),
    )
    request = f"# wardround-probe-1 {'0' * 32} 9 9 sudo 0\n".encode()

    def one(address: str) -> None:
        subprocess.run(["ssh", *options, address], input=request, stdout=subprocess.DEVNULL, check=True)

    return _children(lambda: _each(one, itertools.islice(itertools.cycle(ADDRESSES), COMPARED)))


def _by_ansible(ansible: str, place: Path) -> Taken:
    """Ansible's facts; of hosts that have a shell, for it needs one."""
    with sshd.running("MaxStartups 1000:30:2000") as server:
        (place / "inventory").write_text("".join(f"h{n} ansible_host=127.0.0.1\n" for n in range(COMPARED)))
        options = f"-o UserKnownHostsFile={server.known_hosts} -o IdentitiesOnly=yes -F none"
        command = (
            *(ansible, "all", "-i", str(place / "inventory"), "-m", "setup", "-f", "10"),
            *("-u", server.user, "--private-key", str(server.user_key)),
            *("-e", f"ansible_port={server.port}", f"--ssh-common-args={options}"),
            # What it would find by itself may be a launcher's stand-in for a Python that is not there.
            *("-e", f"ansible_python_interpreter={sys.executable}"),
        )

        def run() -> None:
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True, cwd=place)

        return _children(run)


def _each(one: Callable[[str], None], addresses: Iterator[str]) -> None:
    with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        list(pool.map(one, addresses))


def _children(work: Callable[[], None]) -> Taken:
    """What the processes took that some work started and waited for."""
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(time.monotonic() - began, cpu, after.ru_maxrss / 1024)


@contextmanager
def _silent() -> Iterator[int]:
    """A port that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0), backlog=DEAD) as listener:
        yield listener.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main())
