"""`wardround diff`: what it says, and how it leaves."""

import re
from typing import Any

import pytest

from scanner.changes import world
from scanner.cli.changed import LONGEST, facts
from scanner.evidence import Bundle
from tests.cli.command import Command
from tests.judging import AWS, EAST, Entries, planned, refused, saw, target, told
from tests.reporters.samples import LIVE, NASTY

VOLUMES = "encryption.aws.ebs_volumes"
UNSHOWN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
WAIVERS = """\
waivers:
  - {owner: CISO, reason: moves, expires: 2099-12-31, check: "encryption.*", resource: v1}
"""


def bundle(command: Command, name: str, *entries: Any) -> str:
    listed: Entries = list(entries)
    return command.bundle(told([planned()], [target(EAST)], {(AWS, "us-east-1", VOLUMES): listed}), name)


def report(command: Command, name: str, *entries: Any, waivers: bool = False) -> str:
    """A report of evidence, written by the command itself."""
    command.write("waivers.yaml", WAIVERS)
    kept = bundle(command, f"{name}-evidence", *entries)
    more = ["--waivers", "waivers.yaml"] if waivers else []
    path = f"{name}.json"
    assert command("evaluate", kept, "-p", "house.yaml", "-q", "-f", f"json={path}", *more).status == 0
    return path


def volumes(**encrypted: bool) -> list[Any]:
    return [saw(name, encrypted=value) for name, value in encrypted.items()]


def test_two_reports_that_say_the_same(command: Command) -> None:
    path = report(command, "old", *volumes(v1=True, v2=False))

    result = command("diff", path, path)

    assert (result.status, result.out, result.err) == (
        0,
        "from 2026-11-21 03:00 to 2026-11-21 03:00 UTC\n\n1 fail as before\n",
        "",
    )


def test_everything_that_may_change(command: Command) -> None:
    old = report(
        command, "old", *volumes(v1=False, v2=False, v3=True, v4=False, v5=False, v7=True), refused("v6")
    )
    new = report(command, "new", *volumes(v2=False, v3=False, v4=True, v6=True), refused("v5"), refused("v7"))

    result = command("diff", old, new)

    assert (result.status, result.err) == (1, "")
    assert result.out == (
        "from 2026-11-21 03:00 to 2026-11-21 03:00 UTC\n"
        "\n"
        "1 fail now, and did not before:\n"
        "  medium: volumes: v3: encrypted is false; expected true\n"
        "\n"
        "2 cannot be evaluated now, which is new:\n"
        "  medium: volumes: v5: denied (ec2:DescribeVolumes): AccessDenied: no\n"
        "  medium: volumes: v7: denied (ec2:DescribeVolumes): AccessDenied: no\n"
        "\n"
        "1 failed before, and do not now:\n"
        "  medium: volumes: v4\n"
        "\n"
        "1 failed before, and are not there any more:\n"
        "  medium: volumes: v1: encrypted is false; expected true\n"
        "\n"
        "1 could not be evaluated before, and can now:\n"
        "  medium: volumes: v6\n"
        "\n"
        "1 fail as before\n"
        "1 failed before, and could not be seen now\n"
    )


def test_a_scope_and_a_target_have_names_too(command: Command) -> None:
    command.write("house.yaml", command.folder.joinpath("house.yaml").read_text() + "        absent: fail\n")
    whole, none, dark = (
        report(command, name, *entries)
        for name, entries in (("whole", volumes(v1=True)), ("none", []), ("dark", [refused(None)]))
    )

    absent, unseen = command("diff", whole, none), command("diff", whole, dark)

    assert "  medium: volumes: aws:111122223333: there is none" in absent.out
    assert "  medium: volumes: aws:111122223333, us-east-1: denied" in unseen.out
    assert (absent.status, unseen.status, command("diff", dark, whole).status) == (1, 3, 0)


def test_what_is_waived_makes_it_no_worse(command: Command) -> None:
    good = report(command, "good", *volumes(v1=True))
    waived = report(command, "waived", *volumes(v1=False), waivers=True)
    bad = report(command, "bad", *volumes(v1=False))

    accepted, ended = command("diff", good, waived), command("diff", waived, bad)

    assert (accepted.status, ended.status, command("diff", bad, waived).status) == (0, 1, 0)
    assert "  medium: volumes: v1: encrypted is false; expected true (waived)\n" in accepted.out
    assert "1 fail as before, and are not waived any more:\n" in ended.out


def test_the_worst_comes_first(command: Command) -> None:
    policy = command.folder.joinpath("house.yaml").read_text()
    first = policy[policy.index("      - id") :]
    worse = first.replace("volumes", "worse", 1).replace("medium", "critical")
    command.write("house.yaml", policy + worse)
    good = report(command, "good", *volumes(v1=True))
    kept = bundle(command, "bad-evidence", *volumes(v1=False))
    assert command("evaluate", kept, "-p", "house.yaml", "-f", "json=bad.json").status == 1

    told_of = re.findall(r"^  (\w+): ", command("diff", good, "bad.json").out, re.MULTILINE)

    assert told_of == ["critical", "medium"]


def test_two_bundles(command: Command) -> None:
    old = bundle(command, "old", *volumes(v1=True, v2=True), refused("v4"))
    new = bundle(command, "new", *volumes(v1=False, v3=True, v4=True))

    result = command("diff", old, new)

    assert (result.status, result.err) == (0, "")
    assert result.out == (
        "~ v1 (encryption.aws.ebs_volumes): encrypted was true, is false\n"
        "- v2 (encryption.aws.ebs_volumes)\n"
        "+ v3 (encryption.aws.ebs_volumes)\n"
    )


def test_two_bundles_in_which_nothing_changed_and_not_everything_was_seen(command: Command) -> None:
    old, new = bundle(command, "old", *volumes(v1=True)), bundle(command, "new", refused(None))

    result = command("diff", old, new)

    assert result.status == 0
    assert result.out == (
        "nothing changed where both were read\n"
        "? encryption.aws.ebs_volumes: aws:111122223333, us-east-1: not read whole both times\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evidence", "report.json"], "compare two reports, or two bundles, not one with the other"),
        (["report.json", "evidence"], "compare two reports, or two bundles, not one with the other"),
        (["report.json", "missing.json"], "'missing.json' does not exist"),
        (["report.json"], "Missing argument 'NEW'"),
        (["report.json", "house.yaml"], "house.yaml: not a report written with -f json"),
        (["empty", "evidence"], "empty/manifest.json: No such file or directory: not a bundle"),
        (["evidence", "changed"], "it is not what was sealed; the bundle was changed"),
    ],
)
def test_what_cannot_be_compared(command: Command, arguments: list[str], said: str) -> None:
    report(command, "report", *volumes(v1=True))
    bundle(command, "evidence", *volumes(v1=True))
    bundle(command, "changed", *volumes(v1=True))
    (command.folder / "empty").mkdir()
    (part,) = (command.folder / "changed" / "parts").rglob("*.gz")
    part.write_bytes(part.read_bytes() + b"more")

    result = command("diff", *arguments)

    assert (result.status, result.out) == (2, "")
    assert said in result.err
    assert "Traceback" not in result.err


def test_hostile_text_reaches_nobody(command: Command) -> None:
    texts = [text for text in LIVE if len(text) < LONGEST]
    good = [saw(f"bucket {text}", encrypted=True, label="") for text in texts]
    bad = [saw(f"bucket {text}", encrypted=False, label=text) for text in texts]
    checks = [planned(encrypted={"type": "boolean"}, label={"type": "string"})]
    paths = []
    for name, entries in (("good", good), ("bad", bad)):
        evidence = told(checks, [target(EAST)], {(AWS, "us-east-1", VOLUMES): list(entries)})
        kept = command.bundle(evidence, name)
        command("evaluate", kept, "-p", "house.yaml", "-f", f"json={name}.json")
        paths += [kept, f"{name}.json"]

    of_bundles, of_reports = command("diff", paths[0], paths[2]), command("diff", paths[1], paths[3])

    assert (of_bundles.status, of_reports.status) == (0, 1)
    for said, lines in ((of_bundles.out, 2 * len(texts)), (of_reports.out, len(texts) + 5)):
        assert len(said.splitlines()) == lines
        assert not UNSHOWN.search(said)
        assert not any(line.lstrip().startswith("::") for line in said.splitlines())
        assert "##vso[" not in said
        assert r"\x1b[2J\x1b]0;owned\x07" in said


def test_a_book_is_shown_as_its_beginning(command: Command) -> None:
    long = max(NASTY, key=len)
    old, new = (
        command.bundle(
            told(
                [planned(label={"type": "string"})],
                [target(EAST)],
                {(AWS, "us-east-1", VOLUMES): [saw("v1", label=text)]},
            ),
            name,
        )
        for name, text in (("old", "short"), ("new", long))
    )

    (line,) = facts(command.folder / old, command.folder / new)

    assert line[:LONGEST].endswith("a" * 100)
    assert line[LONGEST:].startswith("... (5,")
    (change,) = world(Bundle(command.folder / old), Bundle(command.folder / new))
    assert getattr(change, "after", None) == {"label": long}
