import hashlib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from scanner.cli.configuration import named
from scanner.errors import ScannerError
from scanner.model import Control, Location, Policy, Requirement, Severity
from scanner.policy import (
    PolicyFile,
    json_schema,
    matching,
    read,
    resolved,
    tags_named,
    within_work_tree,
    work_tree,
)

FACTS: dict[str, dict[str, Any]] = {
    "encryption.aws.ebs_volumes": {
        "encrypted": {"type": "boolean"},
        "key_manager": {"anyOf": [{"enum": ["customer", "provider"]}, {"type": "null"}]},
    },
    "encryption.aws.rds_instances": {
        "encrypted": {"type": "boolean"},
        "engine": {"type": "string"},
    },
    "mfa.aws.iam_users": {"mfa_active": {"type": "boolean"}, "console_access": {"type": "boolean"}},
}

WHOLE = """\
policy: hipaa
title: HIPAA Security Rule
source: 45 CFR part 164 subpart C
controls:
  - control: 164.312(a)(2)(iv)
    title: Encryption and decryption
    text: What holds patient data is encrypted.
    status: addressable
    owner: CTO
    requirements:
      - check: encryption.*
        expect:
          encrypted: true
        severity: high
        remediation: Encrypt it.
      - id: keys
        aliases: [our-keys]
        check: encryption.aws.ebs_volumes
        when: {phi: true}
        expect: {key_manager: customer}
        severity: critical
        absent: fail
  - control: 164.312(d)
    title: Authentication
    owner: CISO
    requirements:
      - check: mfa.aws.iam_users
        expect: {mfa_active: true}
        severity: low
"""


def file(text: str = WHOLE) -> PolicyFile:
    return read(text.encode(), "policies/hipaa.yaml")


def refusal(text: str) -> list[str]:
    """What is said against a policy, read and resolved."""
    with pytest.raises(ScannerError) as caught:
        resolved(file(text), FACTS, strict=True)
    return [message.removeprefix("policies/hipaa.yaml:") for message in caught.value.messages]


def changed(before: str, after: str) -> str:
    assert WHOLE.count(before) == 1
    return WHOLE.replace(before, after)


def test_a_whole_policy() -> None:
    at = Location(file="wardround.yaml", line=7)

    policy = read(WHOLE.encode(), "hipaa.yaml", file="policies/hipaa.yaml", configured_at=at).policy

    assert policy == Policy(
        policy="hipaa",
        title="HIPAA Security Rule",
        source="45 CFR part 164 subpart C",
        sha256=hashlib.sha256(WHOLE.encode()).hexdigest(),
        file="policies/hipaa.yaml",
        configured_at=at,
        controls=(
            Control(
                control="164.312(a)(2)(iv)",
                title="Encryption and decryption",
                text="What holds patient data is encrypted.",
                status="addressable",
                owner="CTO",
                line=5,
                requirements=(
                    Requirement(
                        id="164.312(a)(2)(iv)/encryption.*",
                        check="encryption.*",
                        expect={"encrypted": True},
                        severity=Severity.HIGH,
                        remediation="Encrypt it.",
                        line=11,
                    ),
                    Requirement(
                        id="keys",
                        aliases=("our-keys",),
                        check="encryption.aws.ebs_volumes",
                        when={"phi": True},
                        expect={"key_manager": "customer"},
                        severity=Severity.CRITICAL,
                        absent="fail",
                        line=16,
                    ),
                ),
            ),
            Control(
                control="164.312(d)",
                title="Authentication",
                owner="CISO",
                line=23,
                requirements=(
                    Requirement(
                        id="164.312(d)/mfa.aws.iam_users",
                        check="mfa.aws.iam_users",
                        expect={"mfa_active": True},
                        severity=Severity.LOW,
                        line=27,
                    ),
                ),
            ),
        ),
    )


def test_requirements_hold_the_checks_that_they_name() -> None:
    policy = resolved(file(), FACTS, strict=True)

    assert [item.checks for control in policy.controls for item in control.requirements] == [
        ("encryption.aws.ebs_volumes", "encryption.aws.rds_instances"),
        ("encryption.aws.ebs_volumes",),
        ("mfa.aws.iam_users",),
    ]


def test_patterns() -> None:
    names = {"encryption.aws.b", "encryption.aws.a", "encryption.host.c", "encryption_more.aws.x"}

    assert matching("encryption.*", names) == ["encryption.aws.a", "encryption.aws.b", "encryption.host.c"]
    assert matching("encryption.aws.*", names) == ["encryption.aws.a", "encryption.aws.b"]
    assert matching("encryption.aws.a", names) == ["encryption.aws.a"]
    assert matching("encryption.aws", names) == []
    assert matching("encryption", names) == []


@pytest.mark.parametrize(
    ("before", "after", "messages"),
    [
        ("title: HIPAA Security Rule\n", "", ["1: the file: 'title' is missing"]),
        (
            "policy: hipaa\n",
            "policy: HIPAA\n",
            ['1: policy: "HIPAA": expected small letters, digits, . _ and -'],
        ),
        ("policy: hipaa\n", "policy: 2026\n", ["1: policy: 2026 is not a string; quote it"]),
        (
            "controls:\n",
            "contrls:\n",
            ["4: unknown key 'contrls' (did you mean 'controls'?)"],
        ),
        (
            "    owner: CTO\n",
            "    ownr: CTO\n",
            ["9: unknown key 'ownr' (did you mean 'owner'?)"],
        ),
        (
            "status: addressable",
            "status: adressable",
            [
                (
                    '8: controls.0.status: "adressable" is not one of required, addressable '
                    "(did you mean 'addressable'?)"
                )
            ],
        ),
        (
            "        severity: high\n",
            "        severity: hgih\n",
            [
                (
                    '14: controls.0.requirements.0.severity: "hgih" is not one of '
                    "critical, high, medium, low (did you mean 'high'?)"
                )
            ],
        ),
        (
            "        severity: high\n",
            "        severity: high\n        severity: low\n",
            ["15: 'severity' stands twice in one mapping"],
        ),
        (
            "control: 164.312(d)",
            "control: 164.312",
            ["23: controls.1.control: 164.312 is not a string; quote it"],
        ),
        (
            "title: Authentication",
            "title: on",
            ["24: controls.1.title: true is not a string; YAML reads a bare yes, no, on or off so: quote it"],
        ),
        (
            "check: mfa.aws.iam_users",
            "check: MFA",
            [
                (
                    '27: controls.1.requirements.0.check: "MFA": '
                    "expected a check's id, or a family with .* behind it"
                )
            ],
        ),
        (
            "        expect: {mfa_active: true}\n",
            "",
            ["27: controls.1.requirements.0: 'expect' is missing"],
        ),
        (
            "expect: {mfa_active: true}",
            "expect: []",
            ["28: controls.1.requirements.0.expect: [] is not a mapping"],
        ),
        (
            "expect: {mfa_active: true}",
            "expect: {}",
            ["28: controls.1.requirements.0.expect: {} is empty"],
        ),
        (
            "absent: fail",
            "absent: error",
            ['22: controls.0.requirements.1.absent: "error" is not one of fail, not-applicable'],
        ),
        (
            "control: 164.312(d)",
            "control: 164.312(a)(2)(iv)",
            ["23: control '164.312(a)(2)(iv)' stands twice"],
        ),
        (
            "- id: keys\n",
            "- id: 164.312(a)(2)(iv)/encryption.*\n",
            [
                (
                    "16: requirement id '164.312(a)(2)(iv)/encryption.*' is taken by line 11; "
                    "give one of them an id"
                )
            ],
        ),
        (
            "aliases: [our-keys]",
            "aliases: [164.312(d)/mfa.aws.iam_users]",
            ["27: requirement id '164.312(d)/mfa.aws.iam_users' is taken by line 16; give one of them an id"],
        ),
        (
            "        check: encryption.aws.ebs_volumes\n",
            "        check: encryption.aws.ebs_volume\n",
            [
                (
                    "18: 164.312(a)(2)(iv): unknown check 'encryption.aws.ebs_volume' "
                    "(did you mean 'encryption.aws.ebs_volumes'?)"
                )
            ],
        ),
        (
            "check: mfa.aws.iam_users",
            "check: zzz.*",
            ["27: 164.312(d): unknown check 'zzz.*'; see wardround checks list"],
        ),
        (
            "        severity: high\n",
            "        severity: high\n        absent: fail\n",
            ["15: 164.312(a)(2)(iv): absent: fail is for a single check, not for encryption.*"],
        ),
        (
            "          encrypted: true\n",
            "          encrpyted: true\n",
            [
                (
                    "13: 164.312(a)(2)(iv): unknown fact 'encrpyted' (did you mean 'encrypted'?) "
                    "in encryption.aws.ebs_volumes"
                ),
                (
                    "13: 164.312(a)(2)(iv): unknown fact 'encrpyted' (did you mean 'encrypted'?) "
                    "in encryption.aws.rds_instances"
                ),
            ],
        ),
        (
            "          encrypted: true\n",
            "          encrypted: true\n          engine: mysql\n",
            [
                (
                    "14: 164.312(a)(2)(iv): unknown fact 'engine'; known are encrypted, key_manager "
                    "in encryption.aws.ebs_volumes"
                )
            ],
        ),
        (
            "expect: {mfa_active: true}",
            "expect: {mfa_active: 'yes'}",
            ['28: 164.312(d): mfa_active: "yes" is not a boolean'],
        ),
        (
            "when: {phi: true}",
            "when: {key_manager: {not: {const: provider}}}",
            [
                (
                    "19: 164.312(a)(2)(iv): key_manager may be null: say what null means, "
                    "as in anyOf: [{const: null}, ...]"
                )
            ],
        ),
        (
            "expect: {key_manager: customer}",
            (
                "expect:\n          key_manager:\n            anyOf:\n              - const: customer\n"
                "              - cnst: provider"
            ),
            ["24: 164.312(a)(2)(iv): key_manager: unknown word 'cnst' (did you mean 'const'?)"],
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(before: str, after: str, messages: list[str]) -> None:
    assert refusal(changed(before, after)) == messages


def test_the_first_example_of_the_manual() -> None:
    text = changed("check: encryption.*", "check: encryption.aws.ebs_volumes").replace(
        "          encrypted: true", "          encrpyted: true"
    )

    assert refusal(text) == ["13: 164.312(a)(2)(iv): unknown fact 'encrpyted' (did you mean 'encrypted'?)"]


def test_every_mistake_is_said_at_once() -> None:
    text = changed("{mfa_active: true}", "{mfa: true}").replace("{key_manager: customer}", "{key: customer}")

    assert [message.partition(":")[0] for message in refusal(text)] == ["20", "28"]


def test_an_unknown_check_is_a_mistake_only_of_those_who_collect() -> None:
    read_file = file(changed("check: mfa.aws.iam_users", "check: backup.aws.plans"))

    policy = resolved(read_file, FACTS, strict=False)

    assert policy.controls[1].requirements[0].checks == ()


def test_the_published_schema_takes_what_the_command_takes() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    assert validator.is_valid(yaml.safe_load(WHOLE))
    wrong = (
        changed("encrypted: true", "encrypted: {minimun: 3}"),
        changed("encrypted: true", "encrypted: {}"),
        changed("severity: high", "severity: hihg"),
        changed("    owner: CTO\n", ""),
    )
    assert [validator.is_valid(yaml.safe_load(text)) for text in wrong] == [False] * 4


def test_a_file_knows_its_place_in_a_work_tree(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "policies").mkdir()
    inside = tmp_path / "policies" / "house.yaml"
    installed = tmp_path / "venv" / "site-packages" / "policies" / "hipaa.yaml"

    assert work_tree(inside) == tmp_path
    assert within_work_tree(inside) == "policies/house.yaml"
    assert within_work_tree(installed) is None
    (tmp_path / ".git").rmdir()
    assert within_work_tree(inside) is None


TAGGED = """\
policy: house
title: House
source: us
controls:
  - control: c
    title: t
    owner: o
    requirements:
      - check: encryption.aws.ebs_volumes
        when: {tags: {anyOf: [{properties: {team: ehr}}, {not: {required: [ward]}}]}}
        expect: {encrypted: true}
        severity: low
"""
VOLUMES = {"encryption.aws.ebs_volumes": {"encrypted": {"type": "boolean"}}}


def test_a_tag_that_was_not_kept_is_no_silent_miss() -> None:
    file = read(TAGGED.encode(), "house.yaml")
    assert tags_named([file.policy]) == {"team", "ward"}
    assert resolved(file, VOLUMES, strict=True, kept_tags=("team", "ward"))
    with pytest.raises(ScannerError) as error:
        resolved(file, VOLUMES, strict=False, kept_tags=("ward",))
    assert error.value.messages == (
        "house.yaml:10: c: tag 'team' was not kept in this evidence; collect it again with this policy",
    )


def test_a_tag_in_capitals_would_never_match() -> None:
    with pytest.raises(ScannerError) as error:
        resolved(read(TAGGED.replace("team", "Team").encode(), "house.yaml"), VOLUMES, strict=True)
    assert error.value.messages == (
        "house.yaml:10: c: tag 'Team': tags' names are kept in small letters; write 'team'",
    )


def test_the_shipped_policy_expects_nobody_to_use_every_platform() -> None:
    (read,) = named(["hipaa-security-rule"])

    absent = {item.absent for control in read.policy.controls for item in control.requirements}

    assert absent == {"not-applicable"}
