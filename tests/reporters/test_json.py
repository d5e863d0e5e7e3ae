import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

import reporters.json
from scanner import Report
from scanner.reportfile import json_schema, read

from . import samples

SCHEMA = Path(reporters.json.__file__).with_name("report.schema.json")
EVERY = pytest.mark.parametrize(
    "sample", [samples.report, samples.hostile, samples.hostile_everywhere, samples.empty]
)


def written(report: Report) -> str:
    out = io.StringIO()
    reporters.json.write(report, out)
    return out.getvalue()


def test_whole(golden: Callable[[str, str], None]) -> None:
    golden("report.json", written(samples.report()))


def test_published_schema(golden: Callable[..., None]) -> None:
    golden(SCHEMA.name, json.dumps(json_schema(), indent=2) + "\n", SCHEMA.parent)


@EVERY
def test_read_again_it_is_equal(sample: Callable[[], Report], tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(written(sample()), encoding="utf-8", newline="")

    again = read(path)

    assert replace(again, findings=tuple(again.findings)) == sample()
    assert written(again) == path.read_bytes().decode()


@EVERY
def test_it_is_what_the_schema_says(sample: Callable[[], Report]) -> None:
    checker = jsonschema.Draft202012Validator(
        json_schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )

    assert list(checker.iter_errors(json.loads(written(sample())))) == []


def test_the_schema_can_refuse() -> None:
    document = json.loads(written(samples.report()))
    document["findings"][0]["outcome"] = "fine"

    errors = jsonschema.Draft202012Validator(json_schema()).iter_errors(document)

    assert [list(error.absolute_path) for error in errors] == [["findings", 0, "outcome"]]


def test_no_log_takes_it_for_a_command() -> None:
    said = written(samples.hostile_everywhere())

    assert "##" not in said
    assert not re.search(r"(?m)^\s*::", said)
    assert json.loads(said)["unreadable"][4]["detail"] == "##vso[task.complete result=Failed;]"
