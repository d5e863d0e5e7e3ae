import hashlib
from typing import Any

import pytest

from scanner import context, engine
from scanner.errors import ScannerError
from scanner.model import Outcome
from tests.judging import AT, AWS, EAST, planned, policy, requirement, saw, target, told


@pytest.mark.parametrize(
    ("tags", "phi"),
    [
        ({"phi": "true"}, True),
        ({"phi": "Yes "}, True),
        ({"phi": "1"}, True),
        ({"phi": "false"}, False),
        ({"phi": ""}, False),
        ({}, False),
    ],
)
def test_phi(tags: dict[str, str], *, phi: bool) -> None:
    assert context.of(tags)["phi"] is phi


@pytest.mark.parametrize(
    ("said", "records"),
    [("500", 500), ("0", 0), ("", None), ("many", None), ("-5", None), ("1.5", None), ("9" * 5000, None)],
)
def test_records(said: str, records: int | None) -> None:
    assert context.of({"records": said})["records"] == records


def test_everything_that_tags_tell() -> None:
    assert context.of({"owner": "imaging", "environment": "prod"}) == {
        "tags": {"owner": "imaging", "environment": "prod"},
        "phi": False,
        "records": None,
        "owner": "imaging",
    }


def test_only_allowed_tags_are_kept_whatever_their_case() -> None:
    tags = {"PHI": "true", "Name": "Jane Doe's laptop", "Owner": "a", "owner": "b"}

    assert context.kept(tags) == {"phi": "true", "owner": "b"}
    assert context.kept(tags, frozenset({"name"})) == {"name": "Jane Doe's laptop"}
    assert context.kept(tags, frozenset()) == {}


# -- the file ----------------------------------------------------------------------------------------------

FILE = b"""\
resources:
  - {resource: "arn:aws:s3:::*", owner: storage, tags: {Environment: prod}}
  - {resource: "arn:aws:s3:::charts", phi: true, records: 50000}
  - {resource: "arn:aws:s3:::charts", owner: imaging}
  - {resource: "host:ehr-?", tags: {phi: "yes", records: "500"}}
  - {resource: "host:ehr-1", phi: false}
"""
CHARTS = "arn:aws:s3:::charts"


def about(resource: str, tags: dict[str, str] | None, text: bytes = FILE) -> dict[str, Any]:
    return context.read(text, "context.yaml").about(resource, tags)


def test_the_digest_is_of_the_file() -> None:
    assert context.read(FILE, "context.yaml").sha256 == hashlib.sha256(FILE).hexdigest()


def test_what_the_file_does_not_name_is_what_its_tags_tell() -> None:
    assert about("vol/1", None) == {}
    assert about("vol/1", {"owner": "lab"}) == context.of({"owner": "lab"})


def test_the_file_has_the_last_word_over_tags() -> None:
    assert about(
        CHARTS, {"phi": "false", "records": "7", "owner": "lab", "environment": "dev", "a": "b"}
    ) == {
        "tags": {"phi": "false", "records": "7", "owner": "lab", "environment": "prod", "a": "b"},
        "phi": True,
        "records": 50_000,
        "owner": "imaging",
    }


def test_a_pattern_says_what_nobody_says_better() -> None:
    assert about("arn:aws:s3:::images", {"phi": "true"}) == {
        "tags": {"phi": "true", "environment": "prod"},
        "phi": True,
        "records": None,
        "owner": "storage",
    }


def test_an_entry_stands_before_the_tags_of_a_pattern() -> None:
    assert about("host:ehr-2", {}) == {
        "tags": {"phi": "yes", "records": "500"},
        "phi": True,
        "records": 500,
        "owner": None,
    }
    assert about("host:ehr-1", {})["phi"] is False
    later = FILE + b'  - {resource: "host:ehr-1", tags: {phi: "true"}}\n'
    assert about("host:ehr-1", {}, later)["phi"] is True


def test_where_tags_were_not_read_only_what_the_file_says_is_known() -> None:
    assert about(CHARTS, None) == {
        "tags": {"environment": "prod"},
        "partial_tags": True,
        "phi": True,
        "records": 50_000,
        "owner": "imaging",
    }
    assert about("host:ehr-2", None) == {
        "tags": {"phi": "yes", "records": "500"},
        "partial_tags": True,
        "phi": True,
        "records": 500,
    }
    assert about("vol/1", None, b"resources: [{resource: vol/1, phi: false}]") == {"phi": False}


def test_a_whole_number_is_one_however_it_is_written() -> None:
    (records,) = about("vol/1", None, b"resources: [{resource: vol/1, records: 500.0}]").values()

    assert (records, type(records)) == (500, int)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{phi: true}", "resources.0: 'resource' is missing"),
        (
            "{resource: a}",
            'resources.0: {"resource": "a"}: expected something about it: phi, records, owner or tags',
        ),
        ("{resource: '', phi: true}", 'resources.0.resource: "" is empty'),
        ('{resource: a, phi: "true"}', 'resources.0.phi: "true" is not a boolean'),
        ("{resource: a, records: many}", 'resources.0.records: "many" is not a whole number'),
        ("{resource: a, records: true}", "resources.0.records: true is not a whole number"),
        (
            "{resource: a, records: -1}",
            "resources.0.records: -1: expected a whole number from 0 to 1,000,000,000,000,000",
        ),
        (
            f"{{resource: a, records: {10**18}}}",
            f"resources.0.records: {10**18}: expected a whole number from 0 to 1,000,000,000,000,000",
        ),
        (
            "{resource: a, owner: no}",
            "resources.0.owner: false is not a string; YAML reads a bare yes, no, on or off so: quote it",
        ),
        ("{resource: a, tags: {phi: 1}}", "resources.0.tags.phi: 1 is not a string; quote it"),
        ("{resource: a, ph: true}", "unknown key 'ph' (did you mean 'phi'?)"),
    ],
)
def test_a_mistake_is_told_with_its_line(entry: str, message: str) -> None:
    with pytest.raises(ScannerError) as refusal:
        context.read(f"resources:\n  - {entry}\n".encode(), "context.yaml")

    assert refusal.value.messages == (f"context.yaml:2: {message}",)


# -- when --------------------------------------------------------------------------------------------------

UNENCRYPTED = ("encrypted is false; expected true",)


def decided(
    when: dict[str, Any], text: bytes = FILE, tags: dict[str, str] | None = None
) -> tuple[Outcome, Any]:
    """What is said of an unencrypted bucket, and why."""
    evidence = told(
        [planned()],
        [target(EAST)],
        {(AWS, "us-east-1", "encryption.aws.ebs_volumes"): [saw(CHARTS, encrypted=False, tags=tags)]},
    )
    asked = policy(requirement(when=when)) if when else policy(requirement())
    report = engine.evaluate([asked], evidence, as_of=AT, context=context.read(text, "context.yaml"))
    (finding,) = report.findings
    return finding.outcome, finding.reasons


def unknown(name: str) -> tuple[Outcome, tuple[str, ...]]:
    return Outcome.ERROR, (f"its tags were not read, and this depends on its {name}",)


PROD = {"tags": {"properties": {"environment": {"const": "prod"}}}}
COSTED = {"tags": {"properties": {"cost-centre": {"const": "7"}}}}


@pytest.mark.parametrize(
    ("when", "text", "tags", "expected"),
    [
        ({"phi": True}, FILE, None, (Outcome.FAIL, UNENCRYPTED)),
        ({"phi": False}, FILE, None, (Outcome.NOT_APPLICABLE, ("phi is true; expected false",))),
        ({"phi": True}, b"resources: []", None, unknown("phi")),
        ({"phi": True}, b"resources: []", {}, (Outcome.NOT_APPLICABLE, ("phi is false; expected true",))),
        ({}, b"resources: []", None, (Outcome.FAIL, UNENCRYPTED)),
        ({"records": {"minimum": 50_000}}, FILE, None, (Outcome.FAIL, UNENCRYPTED)),
        (
            {"records": {"minimum": 50_001}},
            FILE,
            None,
            (Outcome.NOT_APPLICABLE, ("records is 50000; expected at least 50001",)),
        ),
        (
            {"records": {"minimum": 1}},
            b"resources: [{resource: 'arn:aws:s3:::charts', phi: true}]",
            None,
            unknown("records"),
        ),
        ({"owner": "imaging"}, FILE, None, (Outcome.FAIL, UNENCRYPTED)),
        (
            {"owner": "imaging"},
            b"resources: []",
            {"owner": "lab"},
            (Outcome.NOT_APPLICABLE, ('owner is "lab"; expected "imaging"',)),
        ),
        (PROD, FILE, None, (Outcome.FAIL, UNENCRYPTED)),
        (PROD, FILE, {"environment": "dev"}, (Outcome.FAIL, UNENCRYPTED)),
        (COSTED, FILE, None, unknown("tags")),
        ({"tags": {"not": COSTED["tags"]}}, FILE, None, unknown("tags")),
        ({"tags": {"anyOf": [PROD["tags"], COSTED["tags"]]}}, FILE, None, unknown("tags")),
        ({"tags": {"required": ["environment"]}}, FILE, None, (Outcome.FAIL, UNENCRYPTED)),
        ({"tags": {"const": {"environment": "prod"}}}, FILE, None, unknown("tags")),
        ({"tags": {"not": PROD["tags"]}}, FILE, {}, None),
        (COSTED, FILE, {}, None),
        (COSTED, FILE, {"cost-centre": "7"}, (Outcome.FAIL, UNENCRYPTED)),
    ],
)
def test_what_a_requirement_says_when(
    when: dict[str, Any], text: bytes, tags: dict[str, str] | None, expected: tuple[Outcome, Any] | None
) -> None:
    outcome, reasons = decided(when, text, tags)

    if expected is None:
        assert outcome is Outcome.NOT_APPLICABLE
    else:
        assert (outcome, reasons) == expected


def test_what_the_file_says_is_in_the_finding() -> None:
    evidence = told(
        [planned()],
        [target(EAST)],
        {(AWS, "us-east-1", "encryption.aws.ebs_volumes"): [saw(CHARTS, encrypted=True)]},
    )

    report = engine.evaluate(
        [policy(requirement())],
        evidence,
        as_of=AT,
        context=context.read(FILE, "context.yaml"),
        files={"context": "c0ffee"},
    )

    (finding,) = report.findings
    assert finding.context == {
        "tags": {"environment": "prod"},
        "partial_tags": True,
        "phi": True,
        "records": 50_000,
        "owner": "imaging",
    }
    assert report.run.files == {"context": "c0ffee"}
