"""How the command leaves."""

import os
from typing import Any

import pytest

from scanner import plugins
from scanner.cli import run
from scanner.model import Scope, Severity
from tests.cli.command import Command
from tests.judging import AWS, EAST, Entries, planned, refused, saw, target, told, unreachable

VOLUMES = "encryption.aws.ebs_volumes"
GOOD, BAD, DENIED = saw("v1", encrypted=True), saw("v2", encrypted=False), refused("v3")


def east(command: Command, *entries: Any, complete: bool = True) -> str:
    listed: Entries = list(entries)
    parts = {(AWS, "us-east-1", VOLUMES): listed}
    return command.bundle(told([planned()], [target(EAST)], parts, complete=complete))


@pytest.mark.parametrize(
    ("entries", "options", "status"),
    [
        ([GOOD], [], 0),
        ([GOOD, BAD], [], 0),
        ([GOOD, BAD], ["--fail-on", "medium"], 1),
        ([GOOD, BAD], ["--fail-on", "low"], 1),
        ([GOOD, BAD], ["--fail-on", "any"], 1),
        ([GOOD, BAD], ["--fail-on", "none"], 0),
        ([GOOD, DENIED], [], 0),
        ([GOOD, DENIED], ["--fail-on", "medium"], 3),
        ([GOOD, DENIED], ["--fail-on", "none"], 3),
        ([GOOD, DENIED], ["--fail-on", "medium", "--allow-incomplete"], 0),
        ([GOOD, BAD, DENIED], ["--fail-on", "medium"], 1),
        ([GOOD, BAD, DENIED], ["--fail-on", "medium", "--allow-incomplete"], 1),
        ([], ["--fail-on", "any"], 0),
    ],
)
def test_what_was_found_decides(
    command: Command, entries: list[Any], options: list[str], status: int
) -> None:
    result = command("evaluate", east(command, *entries), "-p", "house.yaml", *options)

    assert result.status == status
    assert result.out.startswith(("Falls short", "Nothing"))
    assert result.err == ""


def test_fail_on_may_come_from_the_environment(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = east(command, BAD)
    monkeypatch.setenv("WARDROUND_FAIL_ON", "medium")

    assert command("evaluate", bundle, "-p", "house.yaml").status == 1
    assert command("evaluate", bundle, "-p", "house.yaml", "--fail-on", "high").status == 0


def test_a_run_that_was_interrupted_is_incomplete(command: Command) -> None:
    bundle = east(command, GOOD, complete=False)

    result = command("evaluate", bundle, "-p", "house.yaml")

    assert result.status == 3
    assert "The run was interrupted." in result.out
    assert command("evaluate", bundle, "-p", "house.yaml", "--allow-incomplete").status == 0


@pytest.mark.parametrize("options", [[], ["--allow-incomplete"], ["--fail-on", "none"]])
def test_nothing_that_could_be_entered(command: Command, options: list[str]) -> None:
    evidence = told([planned()], [target(unreachable("regions", unlisted=True))], {})

    result = command("evaluate", command.bundle(evidence), "-p", "house.yaml", *options)

    assert result.status == 4
    assert result.out.startswith("Nothing can be said: no target could be entered.")


def test_scopes_that_are_left_out_are_no_failure_to_enter(command: Command) -> None:
    west = Scope(name="us-west-2", on="AwsRegion", state="excluded")
    evidence = told([planned()], [target(EAST, west)], {(AWS, "us-east-1", VOLUMES): [GOOD]})

    assert command("evaluate", command.bundle(evidence), "-p", "house.yaml").status == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evaluate"], "Missing argument 'BUNDLE'"),
        (["evaluate", "nowhere"], "Missing option '-p'"),
        (["evaluate", "nowhere", "-p", "house.yaml"], "nowhere/manifest.json: No such file or directory"),
        (["evaluate", "house.yaml", "-p", "house.yaml"], "'house.yaml' is a file"),
        (["evaluate", ".", "-p", "house.yaml", "--as-of", "soon"], "'soon' does not match the format"),
        (["evaluate", ".", "-p", "nowhere.yaml"], "nowhere.yaml: No such file or directory: a policy"),
        (
            ["evaluate", ".", "-p", "hipaa-securty-rule"],
            "unknown policy 'hipaa-securty-rule' (did you mean 'hipaa-security-rule'?)",
        ),
        (["evaluate", ".", "-p", "house.yaml", "--fail-on", "severe"], "'severe' is not one of"),
        (["evaluate", ".", "-p", "house.yaml", "-p", "house.yaml"], "policy 'house' is named twice"),
        (["scan"], "no wardround.yaml here or above"),
        (["scan", "-c", "nowhere.yaml"], "nowhere.yaml: No such file or directory: the configuration"),
        (["collect"], "Missing option '--bundle'"),
        (["report"], "Missing argument 'FILE'"),
        (["report", "nowhere.json"], "nowhere.json: No such file or directory"),
        (["report", "house.yaml"], "house.yaml: not a report written with -f json"),
        (["policy", "lint", "nowhere.yaml"], "nowhere.yaml: No such file or directory: a policy"),
        (
            ["checks", "explain", "encryption.aws.ebs_volume"],
            "unknown check 'encryption.aws.ebs_volume' (did you mean 'encryption.aws.ebs_volumes'?)",
        ),
        (["scna"], "No such command 'scna'"),
        ([], "Usage: "),
    ],
)
def test_what_is_wrong_with_the_command_is_said_on_standard_error(
    command: Command, arguments: list[str], said: str
) -> None:
    result = command(*arguments)

    assert result.status == 2
    assert said in result.err
    assert result.out == ""
    assert "Traceback" not in result.err


def test_what_was_not_collected_is_incomplete(command: Command) -> None:
    command.write("house.yaml", (command.folder / "house.yaml").read_text().replace("ebs_volumes", "buckets"))

    result = command("evaluate", east(command, GOOD), "-p", "house.yaml", "--fail-on", "any")

    assert result.status == 3
    assert "the evidence's plan has no encryption.aws.buckets; collect it again" in result.out


def test_a_bug_leaves_with_its_traceback(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("oops")

    monkeypatch.setattr(run, "judged", broken)

    result = command("evaluate", east(command), "-p", "house.yaml")

    assert result.status == 70
    assert result.err.startswith("Traceback")
    assert result.err.endswith("RuntimeError: oops\n")
    assert result.out == ""


def test_an_interrupt_leaves_at_once(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    def left(status: int) -> None:
        raise SystemExit(status)

    monkeypatch.setattr(run, "judged", interrupted)
    monkeypatch.setattr(os, "_exit", left)

    result = command("evaluate", east(command), "-p", "house.yaml")

    assert (result.status, result.err) == (130, "\ninterrupted\n")


@pytest.mark.parametrize(
    "arguments", [["--help"], ["-h"], ["--version"], ["scan", "--help"], ["policy", "-h"]]
)
def test_what_was_asked_for_is_no_failure(command: Command, arguments: list[str]) -> None:
    result = command(*arguments)

    assert result.status == 0
    assert result.out
    assert result.err == ""


def test_a_level_is_itself_and_what_is_worse() -> None:
    every = tuple(Severity)
    assert [run.severities(level.value) for level in every] == [every[: number + 1] for number in range(4)]
    assert run.severities("any") == every
    assert run.severities("none") == ()
    assert run.severities(None) == run.severities("high")


def test_the_listings(command: Command) -> None:
    listed = command("checks", "list", "encryption.aws.*")
    policies = command("policy", "list")
    linted = command("policy", "lint", "house.yaml")

    assert (listed.status, policies.status, linted.status) == (0, 0, 0)
    names = [line.partition(":")[0] for line in listed.out.splitlines()]
    assert names == [name for name in plugins.checks() if name.startswith("encryption.aws.")]
    assert [line.partition(":")[0] for line in policies.out.splitlines()] == list(plugins.policies())
    assert linted.out == "house.yaml: well formed: 1 control, 1 requirement, 1 check\n"


def test_lint_says_every_mistake_of_every_policy(command: Command) -> None:
    text = (command.folder / "house.yaml").read_text()
    command.write("one.yaml", text.replace("encrypted", "encrpyted"))
    command.write("two.yaml", text.replace("severity: medium", "severity: grave"))

    result = command("policy", "lint", "one.yaml", "house.yaml", "two.yaml")

    assert result.status == 2
    assert result.out == "house.yaml: well formed: 1 control, 1 requirement, 1 check\n"
    assert result.err.splitlines() == [
        "one.yaml:11: c: unknown fact 'encrpyted' (did you mean 'encrypted'?)",
        'two.yaml:12: controls.0.requirements.0.severity: "grave" is not one of critical, high, medium, low',
    ]
