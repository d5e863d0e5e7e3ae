"""Ansible inventories: what ansible-inventory prints, by the real one where it is installed."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from scanner.documents import parse
from scanner.errors import ReadError, ScannerError
from scanner.model import Reason
from scanner.targets import Target, ansible, config
from scanner.targets.ansible import AnsibleInventory
from scanner.targets.host import HostTarget
from scanner.targets.unlisted import Closed

PRINTED = Path(__file__).with_name("ansible-inventory.json")
"""As ansible-core prints it for INVENTORY."""
INVENTORY = """\
all:
  hosts:
    localhost: {ansible_connection: local}
    templated: {ansible_host: "{{ inventory_hostname }}.example.org"}
  children:
    clinic:
      children:
        db:
          hosts:
            db1:
              ansible_host: 10.0.0.21
              ansible_port: 2222
              ansible_user: dba
              ansible_password: planted-password
              ansible_become_password: planted-become
              ansible_ssh_common_args: -o ProxyJump=audit@bastion.example.org:2200
              backup_key: planted-key
              wardround_tags: {owner: records, phi: true}
        web:
          hosts:
            web1: {ansible_ssh_private_key_file: /keys/web}
            web2: {}
    desks:
      hosts:
        pc1: {ansible_connection: winrm, ansible_password: planted-password}
"""


def program(folder: Path, script: str) -> None:
    path = folder / "ansible-inventory"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "inventory.yml"
    path.write_text(INVENTORY)
    return path


@pytest.fixture(params=["recorded", *(["real"] if shutil.which(ansible.PROGRAM) else [])])
def installed(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that prints what the real one was seen to print; and the real one where it is installed.

    It is no dependency, and too heavy for one.
    """
    if request.param == "real":
        return
    program(tmp_path, f"printf '%s\\n' \"$*\" >{tmp_path}/asked; exec cat {PRINTED}")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")


def made(inventory: Path, more: str = "") -> AnsibleInventory:
    text = (
        f"targets:\n  - hosts: {{name: fleet, user: audit, tags: {{site: north}}, "
        f"ansible: {{inventory: {inventory}{more}}}}}\n"
    )
    document = parse(text, "wardround.yaml")
    (found,) = config.targets(document, document.data["targets"], inventory.parent)
    assert isinstance(found, AnsibleInventory)
    return found


@pytest.mark.usefixtures("installed")
def test_hosts_groups_and_no_secret(inventory: Path) -> None:
    shared = {"group": "fleet", "user": "audit"}
    in_clinic = {"site": "north", "clinic": "true"}

    members = made(inventory).members()

    web = {**in_clinic, "web": "true", "groups": "clinic,web"}
    expected: list[Target] = [
        HostTarget(
            name="fleet/db1",
            group="fleet",
            address="10.0.0.21",
            port=2222,
            user="dba",
            jump="audit@bastion.example.org:2200",
            tags={**in_clinic, "db": "true", "groups": "clinic,db", "owner": "records", "phi": "true"},
        ),
        HostTarget(name="fleet/localhost", **shared, transport="local", tags={"site": "north", "groups": ""}),
        Closed(
            name="fleet/pc1",
            group="fleet",
            reason=Reason.UNREACHABLE,
            detail="ansible_connection is winrm; expected ssh or local",
            mend="say it so in the inventory, or leave the host out",
        ),
        Closed(
            name="fleet/templated",
            group="fleet",
            reason=Reason.UNREACHABLE,
            detail="ansible_host is a template, which ansible-inventory does not fill in; expected a value",
            mend="say it so in the inventory, or leave the host out",
        ),
        HostTarget(name="fleet/web1", **shared, address="web1", identity="/keys/web", tags=web),
        HostTarget(name="fleet/web2", **shared, address="web2", tags=web),
    ]
    assert members == expected
    assert "planted" not in repr(members)


@pytest.mark.usefixtures("installed")
def test_only_the_hosts_of_some_groups(inventory: Path) -> None:
    assert [each.name for each in made(inventory, ", groups: [web, desks]").members()] == [
        "fleet/pc1",
        "fleet/web1",
        "fleet/web2",
    ]
    with pytest.raises(ReadError) as caught:
        made(inventory, ", groups: [wbe]").members()
    assert caught.value.detail == f"the inventory {inventory}: there is no group wbe"


def test_what_is_asked(inventory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, f"printf '%s\\n' \"$*\" >{tmp_path}/asked; exec cat {PRINTED}")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    made(inventory).members()

    assert (tmp_path / "asked").read_text() == f"--list -i {inventory}\n"


@pytest.fixture
def printing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on PATH, and less patience than there is."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(ansible, "_SECONDS", 1)
    monkeypatch.setattr(ansible, "_MOST_BYTES", 2**20)
    return tmp_path


@pytest.mark.parametrize(
    ("script", "reason", "detail"),
    [
        (
            "echo 'ERROR! no such host' >&2; exit 5",
            Reason.FAILED,
            "ansible-inventory ended with status 5: ERROR! no such host",
        ),
        ("echo password: planted", Reason.INVALID_ANSWER, "what ansible-inventory said is not JSON"),
        ("echo '{}'", Reason.FAILED, "there is no host in it"),
        ("echo '[1]'", Reason.FAILED, "there is no host in it"),
        ("sleep 30 & wait", Reason.TIMEOUT, "ansible-inventory took longer than 1 s"),
        ("exec cat /dev/zero", Reason.FAILED, "ansible-inventory said more than 1 MiB"),
    ],
)
def test_an_inventory_that_cannot_be_listed(
    inventory: Path, printing: Path, script: str, reason: Reason, detail: str
) -> None:
    program(printing, script)

    with pytest.raises(ReadError) as caught:
        made(inventory).members()

    assert (caught.value.reason, caught.value.detail) == (reason, f"the inventory {inventory}: {detail}")


def test_without_the_program(inventory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ReadError) as caught:
        made(inventory).members()

    assert caught.value.detail == (
        f"the inventory {inventory}: ansible-inventory is not installed, or not on PATH"
    )
    assert caught.value.mend == "install ansible-core"


def test_a_configuration_that_was_merely_found_runs_nothing(inventory: Path) -> None:
    document = parse(
        f"targets:\n  - hosts: {{name: fleet, ansible: {{inventory: {inventory}}}}}\n", "wardround.yaml"
    )

    with pytest.raises(ScannerError) as caught:
        config.targets(document, document.data["targets"], inventory.parent, named=False)

    assert str(caught.value) == (
        "wardround.yaml:2: ansible-inventory runs what an inventory brings along, and a configuration that "
        "was merely found may be a stranger's: name it with -c"
    )
