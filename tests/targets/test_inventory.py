"""What the configuration says of hosts: secrets that nobody writes down, one source for each target."""

from pathlib import Path

import pytest

from scanner.documents import parse
from scanner.errors import ScannerError
from scanner.targets import config, inventory
from scanner.targets.host import HostTarget, Sudo
from scanner.targets.secret import Secret


def made(text: str, folder: Path, *, named: bool = True) -> list[object]:
    document = parse(text, "wardround.yaml")
    return list(config.targets(document, document.data["targets"], folder, named=named))


def refusal(text: str, folder: Path, *, named: bool = True) -> str:
    with pytest.raises(ScannerError) as caught:
        made(text, folder, named=named)
    return str(caught.value)


def test_every_way_to_log_in(tmp_path: Path) -> None:
    text = (
        "targets:\n  - hosts:\n      name: a\n      user: audit\n      identity: [k1, /k2]\n"
        "      certificate: c\n      known_hosts: [one, two]\n      passphrase: prompt\n"
        "      password_env: A_WORD\n      sudo: {user: toor, password_env: B_WORD}\n      jump: b,me@c:23\n"
    )

    assert made(text, tmp_path) == [
        HostTarget(
            name="a",
            user="audit",
            identity=(f"{tmp_path}/k1", "/k2"),
            certificate=f"{tmp_path}/c",
            known_hosts=(f"{tmp_path}/one", f"{tmp_path}/two"),
            passphrase=Secret(None, "the passphrase of audit at a"),
            password=Secret("A_WORD", "the password of audit at a"),
            sudo=Sudo("toor", Secret("B_WORD", "the password for sudo of audit at a")),
            jump="b,me@c:23",
        )
    ]


@pytest.mark.parametrize(
    "line",
    [
        "password: planted",
        "passphrase: planted",
        "sudo: {password: planted}",
        "password: [planted]",
        "password: {prompt: planted}",
    ],
)
def test_a_secret_that_is_written_down_is_refused_and_not_said(tmp_path: Path, line: str) -> None:
    word = "passphrase" if "passphrase" in line else "password"
    document = parse(f"targets:\n  - hosts:\n      name: a\n      {line}\n", "wardround.yaml")
    (tmp_path / "hosts.yaml").write_text(f"hosts:\n  - name: b\n    {line}\n")
    expected = (
        f"{word}: a {word} is never written into a file; "
        f"expected {word}: prompt, or {word}_env: and the name of a variable"
    )

    assert inventory.literal_secrets(document) == [f"wardround.yaml:4: {expected}"]
    assert refusal("targets:\n  - hosts: {name: a, inventory: hosts.yaml}\n", tmp_path) == (
        f"{tmp_path}/hosts.yaml:3: {expected}"
    )


@pytest.mark.parametrize(
    "line", ["password_env: A", "passphrase: prompt", "sudo: {password_env: A}", "sudo: {password: prompt}"]
)
def test_a_configuration_that_was_merely_found_gets_no_secret(tmp_path: Path, line: str) -> None:
    text = f"targets:\n  - hosts:\n      name: a\n      {line}\n"

    assert refusal(text, tmp_path, named=False) == (
        "wardround.yaml:4: a secret is told to the hosts in it, and a configuration that was merely found "
        "may be a stranger's: name it with -c"
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            "inventory: x, ssh_config: y",
            "wardround.yaml:2: inventory and ssh_config: expected one of them",
        ),
        (
            "password: prompt, password_env: X",
            "wardround.yaml:2: password and password_env: expected one of them",
        ),
        ("aws: {target: prdo}", "wardround.yaml:2: no aws target is called 'prdo' (did you mean 'prod'?)"),
        ("azure: {target: prod}", "wardround.yaml:2: no azure target is called 'prod'"),
        (
            "ansible: {inventory: none.ini}",
            "wardround.yaml:2: {folder}/none.ini: No such file or directory: an inventory of hosts",
        ),
    ],
)
def test_mistakes(tmp_path: Path, settings: str, message: str) -> None:
    text = f"targets:\n  - hosts: {{name: a, {settings}}}\n  - aws: {{name: prod}}\n"

    assert refusal(text, tmp_path) == message.replace("{folder}", str(tmp_path))
