"""The demonstration: a hospital that lives on this machine, and the ordinary `wardround scan` of it.

    python -I examples/demo/run.py [options of wardround scan]

Everything is written to ./demo-report. The hospital is an AWS account in moto's server, an Azure subscription
and its Entra tenant in a server of the project's own tests, this machine, and this machine over SSH where it
has an sshd. The exit status is 0 when the scan ran as it should, whatever it found (its statuses 0, 1 and 3);
any other status of the scan is handed on.
"""

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))  # python -I leaves it out

import sshd  # noqa: E402 - it stands beside this file

REPORT = Path("demo-report")
STARTING_SECONDS = 60
ENDING_SECONDS = 10
RAN = (0, 1, 3)
"""The statuses of a scan that did what it should."""
SSH_TARGET = "here-ssh"
WITHOUT_SSH = ("-t", "hospital", "-t", "northlake", "-t", "staff", "-t", "here")
TIMES = {"authority": 2}
"""How often the configuration says a word of which it says more than one."""
FOREIGN = (
    *("AWS_", "BOTO", "MOTO_", "WARDROUND_", "GITHUB_STEP_SUMMARY"),
    # What azure-identity logs in with, and what says whose certificates are believed.
    *("AZURE_", "IDENTITY_", "IMDS_", "MSI_", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
)
"""How variables begin that are about somebody's real clouds."""


def main(options: Sequence[str]) -> int:
    """Build the hospital, scan it, take it down; the status to leave with."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    _clear()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wardround-demo-")))
        environment = _environment(home)
        say("starting an AWS account on this machine: moto's server")
        endpoint = stack.enter_context(_cloud(environment))
        # Its own proxy, too: S3 Control puts the account's id before the host's name, which no name server
        # knows when the host is 127.0.0.1.
        environment |= {"AWS_ENDPOINT_URL": endpoint, "HTTP_PROXY": endpoint, "http_proxy": endpoint}
        say(f"furnishing it, at {endpoint}")
        subprocess.run([sys.executable, "-I", HERE / "hospital.py", endpoint], env=environment, check=True)
        say("starting an Azure subscription and its Entra tenant on this machine")
        azure = stack.enter_context(_azure(home, environment))
        say(f"they are furnished, at {azure['resource_manager']} and {azure['graph']}")
        environment |= azure.pop("environment")
        try:
            door = stack.enter_context(sshd.running(home, REPORT.absolute() / "sshd.log"))
        except sshd.NoSshd as reason:
            say(f"{reason}: the target {SSH_TARGET} is left out")
            chosen: tuple[str, ...] = WITHOUT_SSH
            configuration = _configuration(azure)
        else:
            say(f"this machine can be reached over SSH at {sshd.ADDRESS} port {door.port}")
            chosen = ()
            configuration = _configuration({**azure, "port": door.port, "user": door.user})
        status = _scan(configuration, [*chosen, *options], environment)
    if status in RAN:
        _tell()
        return 0
    say(f"the scan did not run as it should: status {status}")
    return status


def say(line: str) -> None:
    """A line of our own, told from the report."""
    print(f"demo: {line}", file=sys.stderr, flush=True)


def _clear() -> None:
    """Make the folder, and remove what an earlier demonstration left there."""
    REPORT.mkdir(exist_ok=True)
    for name in ("report.html", "report.sarif", "report.json", "moto.log", "azure.log", "sshd.log"):
        (REPORT / name).unlink(missing_ok=True)
    for name in ("bundle", "configuration"):
        shutil.rmtree(REPORT / name, ignore_errors=True)


def _environment(home: Path) -> dict[str, str]:
    """Ours, without a word about any real account, and with a home folder that has none either."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(FOREIGN) and not name.lower().endswith("_proxy")
    }
    return kept | {
        "HOME": str(home),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "demo",
        "AWS_SECRET_ACCESS_KEY": "demo",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


@contextmanager
def _cloud(environment: Mapping[str, str]) -> Iterator[str]:
    """The address of an empty AWS account."""
    with _serving("cloud.py", "moto.log", environment) as address:
        yield address


@contextmanager
def _azure(home: Path, environment: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Where Azure and Entra answer, and in `environment` what their clients' has to have."""
    # The server's key goes with the home folder that nobody keeps.
    folder = home / "azure"
    folder.mkdir(mode=0o700)
    with _serving("azure_server.py", "azure.log", environment, str(folder)) as told:
        yield json.loads(told)


@contextmanager
def _serving(script: str, log_name: str, environment: Mapping[str, str], *arguments: str) -> Iterator[str]:
    """The first line that a server says, which ends when its standard input does."""
    with (REPORT / log_name).open("wb") as log:
        # Ctrl-C at the terminal is for us, not for it.
        process = subprocess.Popen(
            [sys.executable, "-I", HERE / script, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
            text=True,
            start_new_session=True,
        )
    with process:
        try:
            said = _first_line(process.stdout, STARTING_SECONDS)
            if not said:
                sys.exit(f"demo: {script} does not start; see {REPORT / log_name}")
            yield said
        finally:
            process.terminate()


def _first_line(stream: IO[str] | None, seconds: float) -> str:
    """Empty when nothing was said in time."""
    ready, _, _ = select.select([stream] if stream else [], [], [], seconds)
    return ready[0].readline().strip() if ready else ""


def _configuration(today: Mapping[str, object]) -> Path:
    """The configuration beside this file, with the addresses, the port and the user of today."""
    folder = REPORT / "configuration"
    shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__", "northlake"))
    path = folder / "wardround.yaml"
    text = path.read_text()
    for word, value in today.items():
        text, changed = re.subn(rf"(?m)^( +{word}: ).+$", rf"\g<1>{value}", text)
        if changed != TIMES.get(word, 1):
            sys.exit(f"demo: {HERE / 'wardround.yaml'} has {word} {changed} times; that is not expected")
    path.write_text(text)
    say(f"the configuration is {path}: examples/demo/wardround.yaml with {', '.join(today)} of today")
    return path


def _scan(configuration: Path, options: Sequence[str], environment: Mapping[str, str]) -> int:
    """The status of the command as anybody would run it."""
    arguments = ["scan", "-c", str(configuration), "-f", "text"]
    for form in ("html", "sarif", "json"):
        arguments += ["-f", f"{form}={REPORT / f'report.{form}'}"]
    arguments += ["--bundle", str(REPORT / "bundle"), *options]
    say(" ".join(["wardround", *arguments]))
    command = Path(sysconfig.get_path("scripts")) / "wardround"
    with subprocess.Popen([command, *arguments], env=environment) as process:
        try:
            status = process.wait()
        except KeyboardInterrupt:
            # The terminal told it too.
            status = _ended(process)
        except BaseException:
            process.send_signal(signal.SIGINT)
            _ended(process)
            raise
    return status if status >= 0 else 128 - status


def _ended(process: "subprocess.Popen[bytes]") -> int:
    """The status of a scan that was interrupted; it gets the time to end what it started itself."""
    try:
        return process.wait(ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        process.terminate()
        return process.wait()


def _tell() -> None:
    """Where everything is."""
    say("to look at:")
    for name, what in (
        ("report.html", "the report, for people"),
        ("report.sarif", "the findings, for code-scanning dashboards"),
        ("report.json", "the whole report, for programs; `wardround report` shows it again"),
        ("bundle", "the evidence; `wardround evaluate` judges it again"),
        ("configuration/wardround.yaml", "what was looked at, and by which policy"),
    ):
        say(f"  {REPORT / name}  {what}")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
