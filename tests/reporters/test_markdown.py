import io
import re
from collections.abc import Callable

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reporters import markdown
from reporters.escape import code, prose, visible
from scanner import Report
from scanner.model import Outcome

from . import samples

HARMLESS = {"text", "code_inline"}


def written(report: Report) -> str:
    out = io.StringIO()
    markdown.write(report, out)
    return out.getvalue()


def inline(text: str) -> list[Token]:
    parsed = MarkdownIt("commonmark").enable("table").parse(text)
    return [child for token in parsed for child in token.children or []]


def test_whole(golden: Callable[[str, str], None]) -> None:
    golden("summary.md", written(samples.report()))


def test_whole_with_waivers(golden: Callable[[str, str], None]) -> None:
    golden("waived.md", written(samples.waived()))


@pytest.mark.parametrize("sample", [samples.hostile, samples.hostile_everywhere])
def test_hostile_text_is_only_text(sample: Callable[[], Report]) -> None:
    said = written(sample())
    parsed = MarkdownIt("commonmark").enable("table").parse(said)

    assert {token.type for token in inline(said)} <= HARMLESS
    assert not [token for token in parsed if token.type.startswith("html")]
    assert all(line.isprintable() for line in said.split("\n"))
    assert not re.search(r"##(\[|vso)", said)


@pytest.mark.parametrize("sample", [samples.hostile, samples.hostile_everywhere])
def test_no_text_adds_a_cell(sample: Callable[[], Report]) -> None:
    tables = re.findall(r"(?:^\|.*\n)+", written(sample()), re.MULTILINE)

    assert len(tables) == (7 if sample is samples.hostile_everywhere else 5)
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1


@pytest.mark.parametrize("text", [text for text in samples.LIVE if visible(text) == text])
def test_what_is_shown_is_what_was_said(text: str) -> None:
    for made in (code(text), prose(text)):
        cell = [token for token in inline(f"| x |\n| - |\n| {made} |") if token.type in HARMLESS]
        assert "".join(token.content for token in cell[1:]) == text


def test_mentions_links_and_references_stay_in_code() -> None:
    assert prose("@a @@b #1 https://x www.y") == "`@`a `@@`b `#`1 https`://`x `www`.y"


def test_whole_rows_are_left_out() -> None:
    said = written(samples.many(30_000))
    rows = said.count("\n| critical |") + said.count("\n| high |")

    assert 890_000 < len(said.encode()) <= 900_000
    assert f"{30_000 - rows:,} rows left out for want of room, see -f json or html." in said
    assert f"vol-{29_999}" in said
    assert samples.Held.most <= 3


@pytest.mark.parametrize("budget", range(6_000, 6_500, 100))
def test_after_the_first_row_left_out_none_is_shown(budget: int, monkeypatch: pytest.MonkeyPatch) -> None:
    findings = [
        samples.finding(number, Outcome.FAIL, resource=f"vol-{number}-" + "x" * (200 if number % 2 else 1))
        for number in range(100)
    ]
    monkeypatch.setattr(markdown, "_BUDGET", budget)

    said = written(samples.report(findings))
    shown = [int(number) for number in re.findall(r"`vol-(\d+)-", said)]

    assert 0 < len(shown) < 100
    assert shown == list(range(len(shown)))
    assert f"the worst first: {100 - len(shown)} rows left out for want of room" in said
