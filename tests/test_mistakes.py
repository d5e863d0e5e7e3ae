"""Mistakes that users make: each is told in one error, which says where, what was found and what was expected.

No mistake ends in a traceback, and each ends the command with the status that --help lists.
"""

# ruff: noqa: E501 - an error stands on one line, as it is printed

import contextlib
import gzip
import json
import os
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import paramiko
import pytest

from tests import sshd
from tests.cli.command import POLICY, Command
from tests.judging import ACCOUNT, AWS, EAST, planned, saw, target, told
from tests.moto import ACCOUNT as MOTO
from tests.moto import CREDENTIALS, Moto

CONFIGURATION = "targets:\n  - hosts: {name: here, transport: local}\npolicies: [./house.yaml]\n"
INVENTORIED = "targets:\n  - hosts: {name: ehr, inventory: hosts.yaml}\npolicies: [./house.yaml]\n"
STATED = "targets:\n  - attestations: {name: paper, folder: paper}\npolicies: [./house.yaml]\n"
WAIVERS = "waivers:\n  - owner: CTO\n    reason: moving\n    requirement: volumes\n    expires: 2027-01-01\n"
CONTEXT = "resources:\n  - resource: arn:x\n    phi: true\n"
HOSTS = POLICY.replace("encryption.aws.ebs_volumes", "patching.host.release").replace(
    "{encrypted: true}", "{cycle: {not: {const: null}}}"
)
STATEMENTS = """\
policy: house
title: House rules
source: us
controls:
  - control: c
    title: Risk
    owner: CISO
    requirements:
      - {check: attestations.paper.statements, expect: {signed_at: {maxAgeDays: 365}}, severity: low}
"""
MANIFEST = "evidence/manifest.json"
EVALUATE = ("evaluate", "evidence", "-p", "house.yaml")
NOT_A_REPORT = "not a report written with -f json:"
PART = "evidence/parts/aws=111122223333/us-east-1.jsonl.gz"


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command in a work tree that has one of everything, all of it right."""
    made = Command(tmp_path, monkeypatch, capsys)
    (tmp_path / ".git").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    made.write("house.yaml", POLICY)
    made.write("wardround.yaml", CONFIGURATION)
    made.bundle(
        told(
            [planned()],
            [target(ACCOUNT, EAST)],
            {(AWS, "us-east-1", "encryption.aws.ebs_volumes"): [saw("v1", encrypted=True)]},
        )
    )
    return made


def erring(command: Command, *arguments: str, status: int = 2) -> str:
    """What is said on standard error, and nothing else is; of wrong usage, what is behind the usage."""
    result = command(*arguments)
    assert (result.status, result.out) == (status, "")
    usage, found, said = result.err.partition("\n\nError: ")
    if not found:
        return result.err.replace(f"{command.folder}/", "{here}/")
    assert usage.splitlines()[0].startswith("Usage: wardround ")
    return f"Error: {said}".replace(f"{command.folder}/", "{here}/")


def mistaken(text: str, right: str, wrong: str) -> str:
    """A file with one mistake in it."""
    assert text.count(right) == 1
    return text.replace(right, wrong)


CONFIGURATIONS = [
    ("", "wardround.yaml:1: the file is empty"),
    ("hello\n", 'wardround.yaml:1: the file: "hello" is not a mapping'),
    ("targets:\n\t- x\n", "wardround.yaml:2: not YAML: found character that cannot start any token"),
    ("targets: [\n", "wardround.yaml:2: not YAML: did not find expected node content"),
    (CONFIGURATION + "---\n" + CONFIGURATION, "wardround.yaml:4: not YAML: but found another document"),
    (
        CONFIGURATION + "policies: [./house.yaml]\n",
        "wardround.yaml:4: 'policies' stands twice in one mapping",
    ),
    (
        b"targets: # \xfc\n",
        'wardround.yaml:1: not YAML: unacceptable character #x00fc: invalid leading UTF-8 octet in "<byte string>", position 11',
    ),
    (
        bytes(range(256)),
        'wardround.yaml:1: not YAML: unacceptable character #x0000: control characters are not allowed in "<byte string>", position 0',
    ),
    ("policies: [./house.yaml]\n", "wardround.yaml:1: the file: 'targets' is missing"),
    ("targets: []\n", "wardround.yaml:1: targets: [] is empty"),
    ("targets:\n  - {}\npolicies: [./house.yaml]\n", "wardround.yaml:2: targets.0: {} is empty"),
    (
        "targets:\n  - aws:\npolicies: [./house.yaml]\n",
        "wardround.yaml:2: targets.0.aws: null is not a mapping",
    ),
    (
        "targets:\n  - {aws: {name: a}, hosts: {name: b}}\npolicies: [./house.yaml]\n",
        'wardround.yaml:2: targets.0: {"aws": {"name": "a"}, "hosts": {"name": "b"}}: expected one kind of target: aws, azure, entra, hosts or attestations',
    ),
    (
        "targets:\n  - azure: {name: a, subscription: prod}\npolicies: [./house.yaml]\n",
        'wardround.yaml:2: targets.0.azure.subscription: "prod": expected a subscription\'s id, as `az account list` shows it',
    ),
    (
        "targets:\n  - azrue: {name: a}\npolicies: [./house.yaml]\n",
        "wardround.yaml:2: unknown key 'azrue' (did you mean 'azure'?)",
    ),
    (
        "targets:\n  - aws:\n      name: a\n      account: 111122223333\npolicies: [./house.yaml]\n",
        "wardround.yaml:4: targets.0.aws.account: 111122223333 is not a string; quote it",
    ),
    (
        "targets:\n  - aws: {name: a, regions: []}\npolicies: [./house.yaml]\n",
        "wardround.yaml:2: targets.0.aws.regions: []: expected all, or a list of regions",
    ),
    (
        "targets:\n  - hosts: {transport: local}\npolicies: [./house.yaml]\n",
        "wardround.yaml:2: targets.0.hosts: 'name' is missing",
    ),
    (
        "targets:\n  - hosts: {name: a, port: 0}\npolicies: [./house.yaml]\n",
        "wardround.yaml:2: targets.0.hosts.port: 0: expected a port: 1 to 65535",
    ),
    (
        "targets:\n  - hosts: {name: a, deadline_seconds: 0}\npolicies: [./house.yaml]\n",
        "wardround.yaml:2: targets.0.hosts.deadline_seconds: 0: expected a number of seconds, more than 0",
    ),
    (
        "targets:\n  - hosts: {name: a, jump: 'a:b:c'}\npolicies: [./house.yaml]\n",
        'wardround.yaml:2: targets.0.hosts.jump: "a:b:c": expected user@host:port, of which user and port may be left out',
    ),
    (
        "targets:\n  - hosts: {name: a, passwrod: x}\npolicies: [./house.yaml]\n",
        "wardround.yaml:2: unknown key 'passwrod' (did you mean 'password'?)",
    ),
    (
        "targets:\n  - attestations: {name: a}\npolicies: [./house.yaml]\n",
        "wardround.yaml:2: targets.0.attestations: 'folder' is missing",
    ),
    (
        "targets:\n  - aws: {name: a}\n  - hosts: {name: a}\npolicies: [./house.yaml]\n",
        "wardround.yaml:3: the name 'a' is configured twice, here and on line 2",
    ),
    (
        "targets:\n  - hosts: {name: here, transport: local}\npolicies: [./nope.yaml]\n",
        "wardround.yaml:3: {here}/nope.yaml: No such file or directory: a policy",
    ),
    (
        "targets:\n  - hosts: {name: here, transport: local}\npolicies: [./evidence]\n",
        "wardround.yaml:3: {here}/evidence: Is a directory: a policy",
    ),
    (
        "targets:\n  - hosts: {name: here, transport: local}\npolicies: [hipaa-securty-rule]\n",
        "wardround.yaml:3: unknown policy 'hipaa-securty-rule' (did you mean 'hipaa-security-rule'?)",
    ),
    (
        "targets:\n  - hosts: {name: here, transport: local}\npolicies: ['']\n",
        'wardround.yaml:3: policies.0: "" is empty',
    ),
    (
        "targets:\n  - hosts: {name: here, transport: local}\n",
        "wardround.yaml:1: no policy: give policies: here, or -p on the command line",
    ),
    (
        CONFIGURATION + "fail_on: no\n",
        "wardround.yaml:4: fail_on: false is not one of critical, high, medium, low, any, none",
    ),
    (
        CONFIGURATION + "fail_on: hihg\n",
        "wardround.yaml:4: fail_on: \"hihg\" is not one of critical, high, medium, low, any, none (did you mean 'high'?)",
    ),
    (CONFIGURATION + "waivers: nope.yaml\n", "wardround.yaml:4: {here}/nope.yaml: No such file or directory"),
    (CONFIGURATION + "context: nope.yaml\n", "wardround.yaml:4: {here}/nope.yaml: No such file or directory"),
    (CONFIGURATION + "waiver: w.yaml\n", "wardround.yaml:4: unknown key 'waiver' (did you mean 'waivers'?)"),
    (
        "targets: !!python/object/apply:os.system ['id']\n",
        "wardround.yaml:1: tag:yaml.org,2002:python/object/apply:os.system is not plain YAML",
    ),
]

INVENTORIES = [
    ("", "{here}/hosts.yaml:1: the file is empty"),
    ("all:\n  hosts: {}\n", "{here}/hosts.yaml:1: the file has 'all'; expected 'hosts'"),
    ("[web]\n10.0.0.1\n", "{here}/hosts.yaml:2: not YAML: did not find expected <document start>"),
    ("hosts: []\n", "{here}/hosts.yaml:1: hosts: [] is empty"),
    (
        "hosts:\n  - {name: a, adress: b}\n",
        "{here}/hosts.yaml:2: unknown key 'adress' (did you mean 'address'?)",
    ),
    (
        "hosts:\n  - {name: a, port: 70000}\n",
        "{here}/hosts.yaml:2: hosts.0.port: 70000: expected a port: 1 to 65535",
    ),
    (
        "hosts:\n  - name: a\n    tags: {phi: yes}\n",
        "{here}/hosts.yaml:3: hosts.0.tags.phi: true is not a string; YAML reads a bare yes, no, on or off so: quote it",
    ),
    (
        "hosts:\n  - {name: a}\n  - {name: a}\n",
        "{here}/hosts.yaml:3: the host 'a' stands twice, here and on line 2",
    ),
    ("hosts:\n  - web-1\n", '{here}/hosts.yaml:2: hosts.0: "web-1" is not a mapping'),
]

POLICIES = [
    (POLICY, "", "house.yaml:1: the file is empty"),
    (POLICY, "- a\n", 'house.yaml:1: the file: ["a"] is not a mapping'),
    (
        "policy: house",
        "policy: House Rules",
        'house.yaml:1: policy: "House Rules": expected small letters, digits, . _ and -',
    ),
    ("owner: CTO", "ownr: CTO", "house.yaml:7: unknown key 'ownr' (did you mean 'owner'?)"),
    ("    owner: CTO\n", "", "house.yaml:5: controls.0: 'owner' is missing"),
    ("control: c", "control: 1.10", "house.yaml:5: controls.0.control: 1.1 is not a string; quote it"),
    (
        "owner: CTO",
        "owner: CTO\n    status: mandatory",
        'house.yaml:8: controls.0.status: "mandatory" is not one of required, addressable',
    ),
    (
        "severity: medium",
        "severity: mediun",
        "house.yaml:12: controls.0.requirements.0.severity: \"mediun\" is not one of critical, high, medium, low (did you mean 'medium'?)",
    ),
    ("        severity: medium\n", "", "house.yaml:9: controls.0.requirements.0: 'severity' is missing"),
    (
        "ebs_volumes",
        "ebs_volume",
        "house.yaml:10: c: unknown check 'encryption.aws.ebs_volume' (did you mean 'encryption.aws.ebs_volumes'?)",
    ),
    (
        "encryption.aws.ebs_volumes",
        "Encryption",
        'house.yaml:10: controls.0.requirements.0.check: "Encryption": expected a check\'s id, or a family with .* behind it',
    ),
    (
        "{encrypted: true}",
        "{encrpyted: true}",
        "house.yaml:11: c: unknown fact 'encrpyted' (did you mean 'encrypted'?)",
    ),
    ("{encrypted: true}", '{encrypted: "true"}', 'house.yaml:11: c: encrypted: "true" is not a boolean'),
    ("{encrypted: true}", "{encrypted: null}", "house.yaml:11: c: encrypted is never null"),
    (
        "{encrypted: true}",
        "{encrypted: {cosnt: true}}",
        "house.yaml:11: c: encrypted: unknown word 'cosnt' (did you mean 'const'?)",
    ),
    (
        "{encrypted: true}",
        "{encrypted: {minimum: 1}}",
        "house.yaml:11: c: encrypted is a boolean; minimum is for a number",
    ),
    (
        "{encrypted: true}",
        "{key_manager: {pattern: '('}}",
        'house.yaml:11: c: key_manager: "(" is not a regular expression: missing ), unterminated subpattern at position 0',
    ),
    (
        "{encrypted: true}",
        "{key_manager: custmer}",
        "house.yaml:11: c: key_manager: \"custmer\" is not one of customer, provider (did you mean 'customer'?)",
    ),
    (
        "{encrypted: true}",
        "{encrypted: .nan}",
        "house.yaml:11: '.nan' (tag:yaml.org,2002:float) is not plain YAML",
    ),
    ("{encrypted: true}", "{}", "house.yaml:11: controls.0.requirements.0.expect: {} is empty"),
    (
        "{encrypted: true}",
        "[encrypted]",
        'house.yaml:11: controls.0.requirements.0.expect: ["encrypted"] is not a mapping',
    ),
    (
        "expect:",
        "when: {key_manager: {not: {const: customer}}}\n        expect:",
        "house.yaml:11: c: key_manager may be null: say what null means, as in anyOf: [{const: null}, ...]",
    ),
    (
        "expect:",
        "when: {ph: true}\n        expect:",
        "house.yaml:11: c: unknown fact 'ph' (did you mean 'phi'?)",
    ),
    (
        "aws.ebs_volumes",
        "*\n        absent: fail",
        "house.yaml:11: c: absent: fail is for a single check, not for encryption.*",
    ),
    (
        "severity: medium\n",
        "severity: medium\n      - {check: mfa.aws.iam_users, id: volumes, expect: {mfa_active: true}, severity: low}\n",
        "house.yaml:13: requirement id 'volumes' is taken by line 9; give one of them an id",
    ),
    (
        "expect: {encrypted: true}",
        "expects: {encrypted: true}",
        "house.yaml:11: unknown key 'expects' (did you mean 'expect'?)",
    ),
]

WAIVED = [
    ("2027-01-01", "2026-02-30", "waivers.yaml:5: expires: there is no day 2026-02-30"),
    (
        "2027-01-01",
        "1/1/2027",
        'waivers.yaml:5: waivers.0.expires: "1/1/2027": expected the last day it holds, as in 2026-12-31',
    ),
    (
        "2027-01-01",
        "2027-01-01T00:00:00Z",
        'waivers.yaml:5: waivers.0.expires: "2027-01-01T00:00:00Z": expected the last day it holds, as in 2026-12-31',
    ),
    (
        "2027-01-01",
        "never",
        'waivers.yaml:5: waivers.0.expires: "never": expected the last day it holds, as in 2026-12-31',
    ),
    ("    expires: 2027-01-01\n", "", "waivers.yaml:2: waivers.0: 'expires' is missing"),
    ("owner: CTO\n    ", "", "waivers.yaml:2: waivers.0: 'owner' is missing"),
    ("moving", "'  '", "waivers.yaml:3: reason: it is empty"),
    (
        "requirement: volumes",
        "requirement: '*'",
        "waivers.yaml:2: a waiver of everything: say what it covers: control, requirement, check, target, resource, tags",
    ),
    (
        "    requirement: volumes\n",
        "",
        "waivers.yaml:2: a waiver of everything: say what it covers: control, requirement, check, target, resource, tags",
    ),
    ("requirement:", "requirment:", "waivers.yaml:4: unknown key 'requirment' (did you mean 'requirement'?)"),
    ("requirement: volumes", "tags: [phi]", 'waivers.yaml:4: waivers.0.tags: ["phi"] is not a mapping'),
    ("waivers:", "waiver:", "waivers.yaml:1: unknown key 'waiver' (did you mean 'waivers'?)"),
]

KNOWN = [
    ("true", "'yes'", 'context.yaml:3: resources.0.phi: "yes" is not a boolean'),
    (
        "phi: true",
        "records: -1",
        "context.yaml:3: resources.0.records: -1: expected a whole number from 0 to 1,000,000,000,000,000",
    ),
    ("phi: true", "records: many", 'context.yaml:3: resources.0.records: "many" is not a whole number'),
    (
        "    phi: true\n",
        "",
        'context.yaml:2: resources.0: {"resource": "arn:x"}: expected something about it: phi, records, owner or tags',
    ),
    ("phi: true", "tags: {floor: 1}", "context.yaml:3: resources.0.tags.floor: 1 is not a string; quote it"),
    ("phi:", "ph1:", "context.yaml:3: unknown key 'ph1' (did you mean 'phi'?)"),
    ("resource: arn:x\n    ", "", "context.yaml:2: resources.0: 'resource' is missing"),
]

COMMANDS = [
    (("scna",), "Error: No such command 'scna'. Did you mean 'scan'?"),
    (("scan", "--polcy", "x"), "Error: No such option '--polcy'. Did you mean '--policy'?"),
    (("scan", "-c"), "Error: Option '-c' requires an argument."),
    (("scan", "-c", "nope.yaml"), "nope.yaml: No such file or directory: the configuration"),
    (
        ("scan", "-c", "evidence"),
        "Error: Invalid value for '-c' / '--config': File 'evidence' is a directory.",
    ),
    (
        ("scan", "-c", "house.yaml"),
        "house.yaml:1: the file has 'policy', 'title', 'source', 'controls'; expected 'targets'",
    ),
    (
        ("scan", "-p", "house.yaml", "-p", "house.yaml"),
        "house.yaml:1: policy 'house' is named twice, here and in house.yaml",
    ),
    (("scan", "-p", "nope"), "unknown policy 'nope'; shipped are hipaa-security-rule, hipaa-statements"),
    (("scan", "-t", "hre"), "-t hre: no target has this name (did you mean 'here'?)"),
    (
        ("scan", "-f", "pdf"),
        "Error: -f pdf: unknown format 'pdf'; known are github, html, json, markdown, sarif, text",
    ),
    (("scan", "-f", "htlm=x"), "Error: -f htlm=x: unknown format 'htlm' (did you mean 'html'?)"),
    (("scan", "-f", "json="), "Error: -f json=: the path is missing"),
    (
        ("scan", "-f", "text", "-f", "json"),
        "Error: standard output carries one report; give json a path, as in -f json=report.json",
    ),
    (("scan", "-f", "json=r", "-f", "sarif=./r"), "Error: -f sarif=./r: two reports cannot share a file"),
    (("scan", "-f", "json=evidence"), "Error: -f json=evidence: it is a folder"),
    (
        ("scan", "-f", "json=house.yaml/r.json"),
        "Error: -f json=house.yaml/r.json: {here}/house.yaml is not a folder",
    ),
    (
        ("scan", "--fail-on", "hgih"),
        "Error: Invalid value for '--fail-on': 'hgih' is not one of 'critical', 'high', 'medium', 'low', 'any', 'none'.",
    ),
    (
        ("scan", "--bundle", "evidence"),
        "evidence: not empty; a bundle is never written over: name a new folder",
    ),
    (
        ("scan", "--bundle", "house.yaml"),
        "Error: Invalid value for '--bundle': Directory 'house.yaml' is a file.",
    ),
    (("scan", "--bundle", "house.yaml/x"), "house.yaml/x: Not a directory"),
    (("scan", "--before", "nope"), "nope/manifest.json: No such file or directory: not a bundle"),
    (("collect",), "Error: Missing option '--bundle'."),
    (("evaluate", "evidence"), "Error: Missing option '-p' / '--policy'."),
    (("evaluate", "nope", "-p", "house.yaml"), "nope/manifest.json: No such file or directory: not a bundle"),
    (
        ("evaluate", "house.yaml", "-p", "house.yaml"),
        "Error: Invalid value for 'BUNDLE': Directory 'house.yaml' is a file.",
    ),
    (("evaluate", ".git", "-p", "house.yaml"), ".git/manifest.json: No such file or directory: not a bundle"),
    (
        ("evaluate", "evidence", "-p", "wardround.yaml"),
        "wardround.yaml:1: the file has 'targets', 'policies'; expected 'policy', 'title', 'source', 'controls'",
    ),
    ((*EVALUATE, "--before", ".git"), ".git/manifest.json: No such file or directory: not a bundle"),
    (
        (*EVALUATE, "--as-of", "2026-02-30"),
        "Error: Invalid value for '--as-of': '2026-02-30' does not match the formats '%Y-%m-%d', '%Y-%m-%dT%H:%M:%SZ'.",
    ),
    (
        (*EVALUATE, "--as-of", "yesterday"),
        "Error: Invalid value for '--as-of': 'yesterday' does not match the formats '%Y-%m-%d', '%Y-%m-%dT%H:%M:%SZ'.",
    ),
    (
        (*EVALUATE, "--as-of", "2026-12-01T00:00:00+01:00"),
        "Error: Invalid value for '--as-of': '2026-12-01T00:00:00+01:00' does not match the formats '%Y-%m-%d', '%Y-%m-%dT%H:%M:%SZ'.",
    ),
    (
        (*EVALUATE, "--as-of", "2026-11-20"),
        "--as-of 2026-11-20: before the evidence was collected, on 2026-11-21; ages cannot be counted back",
    ),
    ((*EVALUATE, "--waivers", "nope.yaml"), "nope.yaml: No such file or directory: waivers"),
    (
        (*EVALUATE, "--waivers", "house.yaml"),
        "house.yaml:1: the file has 'policy', 'title', 'source', 'controls'; expected 'waivers'",
    ),
    (
        (*EVALUATE, "--context", "evidence"),
        "Error: Invalid value for '--context': File 'evidence' is a directory.",
    ),
    (("report",), "Error: Missing argument 'FILE'."),
    (("report", "nope.json"), "nope.json: No such file or directory"),
    (
        ("report", "house.yaml"),
        "house.yaml: not a report written with -f json: JSON is malformed: invalid character (byte 0)",
    ),
    (("report", "evidence"), "Error: Invalid value for '[FILE]': File 'evidence' is a directory."),
    (
        ("report", MANIFEST),
        "evidence/manifest.json: not a report written with -f json: Expected `object`, got `str` - at `$.run`",
    ),
    (("diff", "evidence"), "Error: Missing argument 'NEW'."),
    (
        ("diff", "evidence", "house.yaml"),
        "Error: compare two reports, or two bundles, not one with the other",
    ),
    (
        ("diff", "house.yaml", "house.yaml"),
        "house.yaml: not a report written with -f json: JSON is malformed: invalid character (byte 0)",
    ),
    (("diff", ".git", "evidence"), ".git/manifest.json: No such file or directory: not a bundle"),
    (
        ("policy", "show", "hipaa"),
        "unknown policy 'hipaa'; shipped are hipaa-security-rule, hipaa-statements",
    ),
    (
        ("policy", "lint", PART),
        'evidence/parts/aws=111122223333/us-east-1.jsonl.gz:1: not YAML: unacceptable character #x001f: control characters are not allowed in "<byte string>", position 0',
    ),
    (
        ("checks", "explain", "encryption.aws.ebs"),
        "unknown check 'encryption.aws.ebs' (did you mean 'encryption.aws.ebs_volumes'?)",
    ),
    (
        ("permissions", "--for", "gcp"),
        "Error: Invalid value for '--for': 'gcp' is not one of 'aws', 'azure', 'entra', 'hosts'.",
    ),
]

MANIFESTS = [
    ({"format": 2}, "evidence/manifest.json: format 2; this version reads up to 1"),
    (
        {"format": "one"},
        "evidence/manifest.json: not a bundle's manifest: Expected `int`, got `str` - at `$.format`",
    ),
    (
        {"plan": None},
        "evidence/manifest.json: not a bundle's manifest: Expected `object`, got `null` - at `$.plan`",
    ),
    (
        {
            "parts": {
                "parts/aws=111122223333/us-east-1.jsonl.gz": {
                    "encryption.aws.ebs_volumes": {"at": 0, "length": 9, "sha256": "0" * 64}
                }
            }
        },
        "evidence/parts/aws=111122223333/us-east-1.jsonl.gz: it is not what was sealed; the bundle was changed",
    ),
    (
        {"parts": {"p": {"c": {"at": -1, "length": 9, "sha256": ""}}}},
        "evidence/manifest.json: not a bundle's manifest: Expected `int` >= 0 - at `$.parts[...][...].at`",
    ),
    (
        {"parts": {"p": {"c": {"at": 0, "length": 10**30, "sha256": ""}}}},
        "evidence/manifest.json: not a bundle's manifest: Expected `int` <= 4611686018427387903 - at `$.parts[...][...].length`",
    ),
    (
        {"started_at": "2026-11-21T03:00:00"},
        "evidence/manifest.json: its moments name no time zone, or it ends before it begins",
    ),
    (
        {"started_at": "2026-11-22T03:00:00Z"},
        "evidence/manifest.json: its moments name no time zone, or it ends before it begins",
    ),
    (
        {"started_at": "yesterday"},
        "evidence/manifest.json: not a bundle's manifest: Invalid RFC3339 encoded datetime - at `$.started_at`",
    ),
    (
        {"started_at": "2199-01-01T00:00:00Z", "finished_at": "2199-01-01T00:00:00Z"},
        "evidence: collected at 2199-01-01T00:00:00Z, which is yet to come: a clock is wrong, here or there",
    ),
]


@pytest.mark.parametrize(("text", "said"), CONFIGURATIONS)
def test_configurations(command: Command, text: str | bytes, said: str) -> None:
    path = command.write("wardround.yaml", "")
    path.write_bytes(text if isinstance(text, bytes) else text.encode())

    assert erring(command, "scan") == f"{said}\n"


@pytest.mark.parametrize(("text", "said"), INVENTORIES)
def test_inventories(command: Command, text: str, said: str) -> None:
    command.write("wardround.yaml", INVENTORIED)
    command.write("hosts.yaml", text)

    assert erring(command, "scan") == f"{said}\n"


def test_an_inventory_that_is_not_there(command: Command) -> None:
    command.write("wardround.yaml", INVENTORIED)

    missing = "{here}/hosts.yaml: No such file or directory: an inventory of hosts"
    assert erring(command, "scan") == f"wardround.yaml:2: {missing}\n"


@pytest.mark.parametrize(("right", "wrong", "said"), POLICIES)
def test_policies(command: Command, right: str, wrong: str, said: str) -> None:
    command.write("house.yaml", mistaken(POLICY, right, wrong))

    assert erring(command, "policy", "lint", "house.yaml") == f"{said}\n"


@pytest.mark.parametrize(("right", "wrong", "said"), WAIVED)
def test_waivers(command: Command, right: str, wrong: str, said: str) -> None:
    command.write("waivers.yaml", mistaken(WAIVERS, right, wrong))

    assert erring(command, *EVALUATE, "--waivers", "waivers.yaml") == f"{said}\n"


@pytest.mark.parametrize(("right", "wrong", "said"), KNOWN)
def test_context_files(command: Command, right: str, wrong: str, said: str) -> None:
    command.write("context.yaml", mistaken(CONTEXT, right, wrong))

    assert erring(command, *EVALUATE, "--context", "context.yaml") == f"{said}\n"


@pytest.mark.parametrize(("arguments", "said"), COMMANDS, ids=lambda value: " ".join(value)[:60])
def test_command_lines(command: Command, arguments: tuple[str, ...], said: str) -> None:
    assert erring(command, *arguments) == f"{said}\n"


@pytest.mark.parametrize(("changes", "said"), MANIFESTS)
def test_bundles(command: Command, changes: dict[str, object], said: str) -> None:
    path = command.folder / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    assert erring(command, *EVALUATE) == f"{said}\n"


@pytest.mark.parametrize(
    ("name", "held", "said"),
    [
        (MANIFEST, None, "No such file or directory: not a bundle"),
        (MANIFEST, b'{"format": 1', "not a bundle's manifest: Input data was truncated"),
        (
            MANIFEST,
            bytes(range(256)),
            "not a bundle's manifest: JSON is malformed: invalid character (byte 0)",
        ),
        (PART, None, "No such file or directory: a part of the bundle is missing"),
        (PART, b"", "it is not what was sealed; the bundle was changed"),
        (PART, gzip.compress(b"{}\n", mtime=0), "it is not what was sealed; the bundle was changed"),
    ],
)
def test_files_of_a_bundle(command: Command, name: str, held: bytes | None, said: str) -> None:
    path = command.folder / name
    if held is None:
        path.unlink()
    else:
        path.write_bytes(held)

    assert erring(command, *EVALUATE) == f"{name}: {said}\n"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 2}, "format 2; this version reads up to 1"),
        ({"results": []}, f"{NOT_A_REPORT} it tells of what no policy in it asks"),
        ({"policies": []}, f"{NOT_A_REPORT} it tells of what no policy in it asks"),
        ({"findings": 7}, f"{NOT_A_REPORT} Expected `array`, got `int` - at `$.findings`"),
    ],
)
def test_reports(command: Command, changes: dict[str, object], said: str) -> None:
    assert command(*EVALUATE, "-f", "json=report.json").status == 0
    path = command.folder / "report.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    assert erring(command, "report", "report.json") == f"report.json: {said}\n"


def test_a_file_of_ten_megabytes_is_not_read_whole(command: Command) -> None:
    path = command.write("house.yaml", "")
    with path.open("wb") as file:
        file.truncate(10_000_000)
    tracemalloc.start()

    said = erring(command, "policy", "lint", "house.yaml")

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert said == "house.yaml: more than 4,194,304 bytes: too large for a file that people write\n"
    assert peak < 9_000_000


def test_a_device_is_not_read_for_ever(command: Command) -> None:
    said = "more than 4,194,304 bytes: too large for a file that people write"
    assert erring(command, "policy", "lint", "/dev/zero") == f"/dev/zero: {said}\n"


@contextlib.contextmanager
def nobody() -> Iterator[None]:
    """As somebody whom permissions are for: root may read everything."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(
    ("wanted", "arguments", "said"),
    [
        (0o000, ("policy", "lint", "house.yaml"), "{here}/house.yaml: Permission denied: a policy"),
        (
            0o000,
            ("scan", "-c", "wardround.yaml"),
            "wardround.yaml:3: house.yaml: Permission denied: a policy",
        ),
        (0o644, (*EVALUATE, "-f", "json=out.json"), "Error: -f json=out.json: {here} cannot be written to"),
        (0o644, ("collect", "--bundle", "new"), "new: Permission denied"),
    ],
)
def test_what_may_not_be_read_or_written(
    command: Command, monkeypatch: pytest.MonkeyPatch, wanted: int, arguments: tuple[str, ...], said: str
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        for path in sorted(command.folder.rglob("*")):
            copied = folder / path.relative_to(command.folder)
            copied.mkdir() if path.is_dir() else copied.write_bytes(path.read_bytes())
        (folder / "house.yaml").chmod(wanted)
        folder.chmod(0o555)
        monkeypatch.chdir(folder)
        with nobody():
            result = command(*arguments)
        folder.chmod(0o700)
        monkeypatch.chdir(command.folder)
    told_of = result.err.partition("\n\nError: ")
    err = f"Error: {told_of[2]}" if told_of[1] else result.err
    assert (result.status, err) == (2, f"{said.format(here=folder)}\n")


def key(form: str) -> Callable[[Path], object]:
    """A private key that cannot be used: `locked`, `garbled`, or a `folder`."""

    def made(path: Path) -> object:
        if form == "folder":
            return path.mkdir()
        if form == "garbled":
            return path.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nnonsense\n")
        return paramiko.RSAKey.generate(1024).write_private_key_file(str(path), password="a passphrase")  # noqa: S106 - it locks a key that nobody uses

    return made


def unreached(command: Command, *arguments: str) -> tuple[int, set[tuple[str, str, str]]]:
    """The status, and what the report says of targets that could not be entered."""
    result = command("scan", "-q", "-f", "json", *arguments)
    assert result.err == ""
    found = json.loads(result.out)["unreadable"]
    return result.status, {
        (item["reason"], item["detail"].replace(f"{command.folder}/", "{here}/"), item["mend"])
        for item in found
    }


@pytest.mark.parametrize(
    ("form", "detail"),
    [
        ("missing", "{here}/key: No such file or directory"),
        ("folder", "{here}/key: Is a directory"),
        ("garbled", "{here}/key is not a private key that can be used without a passphrase"),
        ("locked", "{here}/key is not a private key that can be used without a passphrase"),
    ],
)
def test_keys(command: Command, monkeypatch: pytest.MonkeyPatch, form: str, detail: str) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    if form != "missing":
        key(form)(command.folder / "key")
    with sshd.running() as server:
        login = f"address: {server.address}, port: {server.port}, user: {server.user}, identity: ./key"
        known = f"known_hosts: {server.known_hosts}"
        command.write(
            "wardround.yaml",
            f"targets:\n  - hosts: {{name: ehr-1, {login}, {known}}}\npolicies: [./house.yaml]\n",
        )
        command.write("house.yaml", HOSTS)
        status, said = unreached(command)
    assert (status, [(reason, told_of) for reason, told_of, _ in said]) == (4, [("credentials", detail)])


@pytest.mark.parametrize(
    ("settings", "detail"),
    [
        ("profile: nobody", "The config profile (nobody) could not be found"),
        ("role_arn: arn:aws:iam::111122223333:role/audit", "Unable to locate credentials"),
        ("account: '111122223333'", "Unable to locate credentials"),
    ],
)
def test_credentials_that_are_not_there(
    command: Command, moto_server: Moto, monkeypatch: pytest.MonkeyPatch, settings: str, detail: str
) -> None:
    for name, value in moto_server.environment.items():
        monkeypatch.setenv(name, value)
    for name in CREDENTIALS:
        monkeypatch.delenv(name)
    command.write("wardround.yaml", f"targets:\n  - aws: {{name: a, {settings}}}\npolicies: [./house.yaml]\n")

    mend = "give credentials: a profile, AWS_PROFILE, or a role"
    assert unreached(command) == (4, {("credentials", detail, mend)})


def test_credentials_of_another_account(
    command: Command, moto_server: Moto, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in moto_server.environment.items():
        monkeypatch.setenv(name, value)
    command.write(
        "wardround.yaml",
        "targets:\n  - aws: {name: a, account: '999999999999'}\npolicies: [./house.yaml]\n",
    )

    detail = f"the credentials are of account {MOTO}; expected 999999999999"
    mend = "give credentials of 999999999999, or a role_arn in it"
    assert unreached(command) == (4, {("credentials", detail, mend)})


def test_a_token_that_expired(command: Command, moto_server: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in moto_server.environment.items():
        monkeypatch.setenv(name, value)
    expired = (
        "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code>"
        "<Message>The security token included in the request is expired</Message></Error></ErrorResponse>"
    )
    monkeypatch.setitem(moto_server.instead, "sts:GetCallerIdentity", ("403 Forbidden", expired))
    command.write("wardround.yaml", "targets:\n  - aws: {name: a}\npolicies: [./house.yaml]\n")

    assert unreached(command) == (
        4,
        {
            (
                "credentials",
                "ExpiredToken: The security token included in the request is expired",
                "give credentials that are valid in us-east-1, and renew them if they expired",
            )
        },
    )


def test_statements(command: Command) -> None:
    command.write("wardround.yaml", STATED)
    command.write("house.yaml", STATEMENTS)
    command.write("paper/risk.yaml", "topic: risk-analysis\ndate: 2026-02-30\n")

    status, said = unreached(command, "--fail-on", "low")

    detail = (
        "risk.yaml:1: the file: 'by' is missing; risk.yaml:1: the file: 'control' is missing; "
        "risk.yaml:1: the file: 'role' is missing; and 1 more"
    )
    mend = "correct the file: until then nobody knows what it states"
    assert (status, said) == (3, {("invalid-answer", detail, mend)})


def test_a_folder_of_statements_that_is_not_there(command: Command) -> None:
    command.write("wardround.yaml", STATED)
    command.write("house.yaml", STATEMENTS)

    said = (
        "unreachable",
        "the folder paper: No such file or directory",
        "see that it is there and can be read",
    )
    assert unreached(command) == (4, {said})


def test_no_configuration(command: Command) -> None:
    (command.folder / "wardround.yaml").unlink()

    here = command.folder
    said = f"no wardround.yaml here or above, up to {here}: write one, or name one with -c"
    assert erring(command, "scan") == f"{said}\n"


def test_variables(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARDROUND_FAIL_ON", "severe")

    choices = "'critical', 'high', 'medium', 'low', 'any', 'none'"
    assert erring(command, "scan") == (
        f"Error: Invalid value for '--fail-on': 'severe' is not one of {choices}.\n"
    )
