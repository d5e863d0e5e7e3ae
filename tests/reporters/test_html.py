import base64
import gc
import hashlib
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import expect

from reporters.html import write
from scanner.model import Control, Coverage, Finding, Outcome, Requirement, Severity, Unreadable, Waiver
from scanner.report import Report

from . import samples
from .browser import launched, visiting
from .samples import AWS, FINDINGS, NASTY, POLICY, UNREADABLE, VOLUME, empty, finding, hostile, report

CHECKS = ("encryption.aws.ebs_volumes", "mfa.aws.iam_users")
OWNERS = ("CIO", "CISO", "CTO", "CMIO", "CSO")


def written(shown: Report) -> str:
    out = StringIO()
    write(shown, out)
    return out.getvalue()


def between(page: str, start: str, end: str) -> str:
    return page.partition(start)[2].partition(end)[0]


def unpacked(page: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the explorer is given: its head, and a dict for each finding."""
    raw = zlib.decompress(base64.b64decode(between(page, 'id="packed">', "</script>")), 31)
    head, *chunks = map(json.loads, raw.decode().splitlines())
    rows = []
    for columns in chunks:
        spread = {
            name: [values[place] for place in places[0]] if places else values
            for name, (values, *places) in columns.items()
        }
        rows += [dict(zip(spread, row, strict=True)) for row in zip(*spread.values(), strict=True)]
    return head, rows


class Read(HTMLParser):
    """What stands in the page, without running it: text by section, cells by table row."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.inside = ["page"]
        self.text: dict[str, str] = {}
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.quiet = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.quiet = tag in {"style", "script"}
        if tag == "section":
            self.inside.append(dict(attrs)["id"] or "")

    def handle_endtag(self, tag: str) -> None:
        self.quiet = False
        if tag == "section":
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.quiet:
            self.text[self.inside[-1]] = " ".join(f"{self.text.get(self.inside[-1], '')} {data}".split())


class Many:
    """Findings that are made as they are asked for, like those of a spool."""

    def __init__(self, number: int, controls: tuple[Control, ...]) -> None:
        self.number = number
        self.asked = [(control, requirement) for control in controls for requirement in control.requirements]

    def __iter__(self) -> Iterator[Finding]:
        share = -(-self.number // len(self.asked))
        for number in range(self.number):
            control, requirement = self.asked[number // share]
            chance = hashlib.sha256(str(number).encode()).hexdigest()
            outcome = (
                (Outcome.FAIL, Outcome.ERROR, Outcome.NOT_APPLICABLE)[number % 3]
                if number % 5 == 0
                else Outcome.PASS
            )
            yield finding(
                number,
                outcome,
                id=chance[:16],
                control=control.control,
                requirement=requirement.id,
                check=requirement.check,
                severity=requirement.severity,
                resource=VOLUME.format(f"0{chance[16:32]}"),
            )


def large(number: int, controls: int = 50) -> Report:
    """A report of a large organisation: fifty controls of two requirements, and this many findings."""
    policy = msgspec.structs.replace(
        POLICY,
        controls=tuple(
            Control(
                control=f"164.312({place})",
                title=f"Control number {place}",
                text="What is asked of us, in our own words, in a sentence or two of ordinary length.",
                status="required",
                owner=OWNERS[place % len(OWNERS)],
                line=10 * place,
                requirements=tuple(
                    Requirement(
                        id=f"164.312({place})/{check}",
                        check=check,
                        checks=(check,),
                        expect={"encrypted": True},
                        severity=list(Severity)[place % 4],
                        remediation="Encrypt the store.",
                        line=10 * place + 4,
                    )
                    for check in CHECKS
                ),
            )
            for place in range(controls)
        ),
    )
    findings = Many(number, policy.controls)
    tally = {severity: dict.fromkeys(Outcome, 0) for severity in Severity}
    for one in findings:
        tally[one.severity][one.outcome] += 1
    result = report(()).results[0]
    results = tuple(msgspec.structs.replace(result, control=one.control) for one in policy.controls)
    return replace(report(()), policies=(policy,), results=results, tally=tally, findings=findings)


@pytest.mark.parametrize("shown", [report(), hostile(), empty()], ids=["report", "hostile", "empty"])
def test_is_the_same_bytes_again(shown: Report) -> None:
    assert written(shown) == written(shown)


def test_only_its_own_script_and_style_may_run() -> None:
    page = written(hostile())
    style, script = (
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in (between(page, "<style>", "</style>"), between(page, "<script>", "</script>"))
    )

    assert between(page, "<head>\n", "\n") == (
        '<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; '
        f"script-src &#39;sha256-{script}&#39;; "
        f'style-src &#39;sha256-{style}&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;">'
    )


@pytest.mark.parametrize("shown", [report(), hostile(), empty()], ids=["report", "hostile", "empty"])
def test_refers_to_nothing_outside_and_has_no_inline_code(shown: Report) -> None:
    attributes = [pair for _, attrs in Read(written(shown)).elements for pair in attrs.items()]

    assert [
        pair for pair in attrs_of(attributes, "href", "src", "action") if not pair[1].startswith("#")
    ] == []
    assert [name for name, _ in attributes if name == "style" or name.startswith("on")] == []


def attrs_of(attributes: list[tuple[str, str | None]], *names: str) -> list[tuple[str, str]]:
    return [(name, value or "") for name, value in attributes if name in names]


def test_every_anchor_has_its_place() -> None:
    elements = Read(written(report())).elements
    places = {attrs["id"] for _, attrs in elements if "id" in attrs}

    assert {attrs["href"] for _, attrs in elements if "href" in attrs} <= {f"#{place}" for place in places}


def test_says_the_verdict_and_the_four_numbers_first() -> None:
    said = Read(written(report())).text["page"]

    assert said.startswith(
        "House policy: audit as of 2026-11-21 03:00:00 UTC Skip to the report Audit report · House policy "
        "Falls short: 2 high findings. Not everything was seen: 2 of 4 cells could not be evaluated. "
        "Fail 2 2 high Pass 1 as expected Waived 0 fail too, accepted for now "
        "Could not check 1 neither pass nor fail "
        "Findings: one requirement decided for one resource. A further 1 was not applicable. "
        "Policy House policy 45 CFR part 164 subpart C As of 2026-11-21 03:00:00 UTC"
    )


def test_coverage_adds_up() -> None:
    numbers = re.findall(
        r"(Evaluated|Not evaluated|Unreachable|Excluded|Expected) ([\d,]+) [\d.]+ %",
        Read(written(report())).text["coverage"],
    )

    assert dict(numbers) == {
        "Evaluated": "1",
        "Not evaluated": "1",
        "Unreachable": "1",
        "Excluded": "1",
        "Expected": "4",
    }


def test_controls_are_counted_and_explained() -> None:
    said = Read(written(report())).text

    assert said["controls"] == (
        "Controls House policy "
        "Control Owner Status Worst Fail Pass Waived Could not check Not applicable Cells evaluated "
        "164.312(a)(2)(iv) Encryption and decryption CTO addressable high 2 1 0 0 1 1 of 2 "
        "What it asks of 164.312(a)(2)(iv) What holds patient data is encrypted. "
        "check: encryption.* # that is encryption.aws.ebs_volumes expect: encrypted: true severity: high "
        "Encrypt the store. policies/house.yaml, line 11 "
        "164.312(d) Person or entity authentication CISO required \N{EN DASH} 0 0 0 1 0 1 of 2 "
        "What it asks of 164.312(d) check: mfa.aws.iam_users when: console_access: true "
        "expect: mfa_active: true severity: critical policies/house.yaml, line 20"
    )
    assert said["owners"] == (
        "By owner Owner Controls Worst Fail Waived Could not check CISO 1 \N{EN DASH} 0 0 1 CTO 1 high 2 0 0"
    )


def test_failing_findings_stand_under_their_control() -> None:
    assert Read(written(report())).text["failing"] == (
        "What fails 164.312(a)(2)(iv) Encryption and decryption CTO · addressable Severity Resource Why "
        "high arn:aws:ec2:us-east-1:111122223333:volume/vol-2 "
        "encryption.aws.ebs_volumes · aws:111122223333 · us-east-1 encrypted is false; expected true "
        "high arn:aws:ec2:us-east-1:111122223333:volume/vol-3 "
        "encryption.aws.ebs_volumes · aws:111122223333 · us-east-1 encrypted is false; expected true"
    )


def test_lists_the_worst_and_says_how_many_more() -> None:
    shown = report(
        finding(number, Outcome.FAIL, severity=Severity.CRITICAL if number == 299 else Severity.LOW)
        for number in range(300)
    )
    said = Read(written(shown)).text["failing"]

    assert said.startswith("What fails The 200 worst of 300, by control. The other 100 are in all findings")
    assert re.findall(r"(critical|low) arn:\S+/vol-(\d+)", said) == [
        *(("low", str(number)) for number in range(199)),
        ("critical", "299"),
    ]


def test_a_waived_finding_fails_but_is_told_apart() -> None:
    waiver = Waiver(owner="A. Example", reason="old archive", expires="2027-03-31")
    shown = report([finding(1, Outcome.FAIL, waiver=waiver), finding(2, Outcome.PASS)])
    counts = msgspec.structs.replace(shown.results[0].counts, waived=1)
    page = written(
        replace(
            shown,
            results=(msgspec.structs.replace(shown.results[0], counts=counts, worst=None), shown.results[1]),
            tally={Severity.HIGH: {Outcome.PASS: 1}},
        )
    )
    said = Read(page).text

    assert "Fail 0 none seen Pass 1 as expected Waived 1 fail too" in said["page"]
    assert said["failing"] == "What fails No finding fails in what could be seen; some could not."
    assert said["waivers"].endswith(
        "high arn:aws:ec2:us-east-1:111122223333:volume/vol-1 encryption.aws.ebs_volumes · aws:111122223333 "
        "· us-east-1 A. Example 2027-03-31 old archive"
    )
    assert [(row["outcome"], row["waiver"]) for row in unpacked(page)[1]] == [
        ("waived", "A. Example\nold archive\n2027-03-31"),
        ("pass", ""),
    ]


def test_waivers_that_want_looking_at_are_listed() -> None:
    said = Read(written(samples.waived())).text

    assert said["waivers"].endswith(
        "Waivers to look at 5 waivers: 1 expired, 2 ending within 30 days, 2 unused. "
        "Until State Covers Accepted by Reason "
        "2026-11-20 expired 1 day ago: waives nothing policy house, requirement 164.312(d)/mfa.aws.iam_users "
        "line 17 of the waivers file CISO a lab of its own "
        "2026-11-21 ends today, unused: waives nothing target host:* "
        "line 12 of the waivers file CTO until the audit "
        "2026-11-30 ends in 9 days, waives 1 finding check encryption.*, tag owner radiology "
        "line 7 of the waivers file CTO the old archive is read only "
        "2027-11-21 ends in 365 days, unused: waives nothing resource lab-* "
        "line 22 of the waivers file CISO a test"
    )
    assert "us-east-1 patient data, 50,000 records, owner radiology encrypted is false" in said["failing"]
    assert f"Context file SHA-256 {'c0' * 32}" in said["method"]
    assert f"Waivers file SHA-256 {'aa' * 32}" in said["method"]


def test_refusals_that_one_action_mends_are_one_line() -> None:
    denied = [
        msgspec.structs.replace(UNREADABLE, scope="us-east-1", resource=f"arn:aws:s3:::b{number:04}")
        for number in range(5000)
    ]
    page = written(report(unreadable=tuple(denied)))

    assert (
        Read(page)
        .text["unseen"]
        .startswith(
            "What could not be seen, and what would mend it What Why What would mend it "
            "aws:111122223333 mfa.aws.iam_users arn:aws:s3:::b0000, arn:aws:s3:::b0001, arn:aws:s3:::b0002 "
            "and 4,997 more denied iam:GenerateCredentialReport: AccessDenied: not authorized to perform "
            "iam:GenerateCredentialReport allow iam:GenerateCredentialReport to "
            "arn:aws:iam::111122223333:role/audit Checks without a target"
        )
    )


def test_says_aloud_what_was_not_there() -> None:
    assert (
        Read(written(report()))
        .text["unseen"]
        .endswith(
            "Checks without a target A policy names these, and no target of their kind is configured. "
            "hardening.host.sshd "
            "Checks that found nothing "
            "They looked, and there was no resource; so nothing failed and nothing passed. "
            "Check Target Where encryption.aws.ebs_volumes aws:111122223333 eu-north-1"
        )
    )


def test_tells_scope_and_method() -> None:
    said = Read(written(report())).text["method"]

    for part in (
        "prod aws:111122223333 arn:aws:iam::111122223333:role/audit account, us-east-1 eu-west-1 (excluded)",
        "ehr-2 host:ehr-2 nobody: it could not be entered none host (unreachable)",
        "Tool wardround 0.1.0 Run 0f0e0d0c",
        f"House policy, policies/house.yaml SHA-256 {'ab' * 32}",
    ):
        assert part in said


def test_an_unlisted_scope_makes_the_total_a_lower_bound() -> None:
    shown = report()
    coverage = msgspec.structs.replace(shown.coverage, at_least=True)

    assert "Expected ≥ 4 100.0 %" in Read(written(replace(shown, coverage=coverage))).text["coverage"]


def test_a_run_without_anything_says_so() -> None:
    nothing = Coverage(
        unit="cell",
        expected=0,
        evaluated=0,
        not_evaluated=0,
        unreachable=0,
        excluded=0,
        at_least=False,
        resources={},
        empty=(),
        without_target=(),
    )
    said = Read(written(report((), policies=(), results=(), coverage=nothing, unreadable=()))).text

    assert "Nothing was evaluated." in said["page"]
    assert said["unseen"] == (
        "What could not be seen, and what would mend it Everything that was asked for could be read."
    )


def test_the_explorer_is_given_every_finding() -> None:
    head, rows = unpacked(written(report()))

    assert [row["stem"] + row["leaf"] for row in rows] == [item.resource or "" for item in FINDINGS]
    assert [row["id"] for row in rows] == ["", f"{2:016x}", f"{3:016x}", "", f"{5:016x}"]
    assert rows[1] == {
        "outcome": "fail",
        "severity": "high",
        "asked": 0,
        "check": "encryption.aws.ebs_volumes",
        "target": AWS,
        "scope": "us-east-1",
        "region": "us-east-1",
        "type": "ec2:volume",
        "stem": "arn:aws:ec2:us-east-1:111122223333:volume/",
        "leaf": "vol-2",
        "reasons": "encrypted is false; expected true",
        "facts": '{"encrypted":"false","key_manager":"null"}',
        "context": "",
        "waiver": "",
        "id": f"{2:016x}",
    }
    assert head["requirements"][1] == {
        "policy": "house",
        "control": "164.312(d)",
        "title": "Person or entity authentication",
        "owner": "CISO",
        "requirement": "164.312(d)/mfa.aws.iam_users",
        "expect": {"mfa_active": "true"},
        "when": "{console_access: true}",
        "remediation": "",
    }


def test_chunks_join_without_a_seam() -> None:
    shown = large(9_000, controls=2)

    assert [row["leaf"] for row in unpacked(written(shown))[1]] == [
        (item.resource or "").rpartition("/")[2] for item in shown.findings
    ]


def test_nothing_hides_in_what_strangers_wrote() -> None:
    page = written(hostile())
    _, rows = unpacked(page)
    hidden = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")

    assert hidden.findall(page) == []
    assert [row for row in rows if hidden.search(json.dumps(row, ensure_ascii=False))] == []
    assert "arn:aws:s3:::\\u202egnp.exe" in Read(page).text["failing"]
    assert "arn:aws:s3:::\\x1b[2J\\x1b]0;owned\\x07" in Read(page).text["failing"]


def test_fifty_thousand_findings_can_be_mailed() -> None:
    assert len(written(large(50_000)).encode()) <= 1_500_000


def test_findings_are_passed_on_and_not_held() -> None:
    shown = large(6_000, controls=2)
    alive = []

    class Counted:
        def __iter__(self) -> Iterator[Finding]:
            for number, one in enumerate(shown.findings):
                if number == 5_999:
                    gc.collect()
                    alive.append(sum(type(known) is Finding for known in gc.get_objects()))
                yield one

    written(replace(shown, findings=Counted()))

    assert alive
    assert max(alive) < 1_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as chromium:
        yield chromium


@pytest.fixture
def page_of(tmp_path: Path) -> Any:
    def saved(shown: Report) -> Path:
        file = tmp_path / "report.html"
        file.write_text(written(shown), "utf-8")
        return file

    return saved


LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "narrow": {"viewport": {"width": 400, "height": 800}},
    "plain": {"java_script_enabled": False},
}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("shown", [report(), hostile(), empty()], ids=["report", "hostile", "empty"])
def test_opens_without_request_or_complaint(browser: Any, page_of: Any, shown: Report, look: str) -> None:
    file = page_of(shown)
    with visiting(browser, file, **LOOKS[look]) as visit:
        assert visit.page.locator("h1").inner_text() in shown.verdict()
        visit.page.pdf()
        wide = visit.page.evaluate("document.documentElement.scrollWidth - innerWidth")

    assert (visit.requests, visit.complaints, wide <= 0) == ([file.as_uri()], [], True)


def test_hostile_text_stays_text(browser: Any, page_of: Any) -> None:
    with visiting(browser, page_of(hostile())) as visit:
        for button in visit.page.locator("#rows button").all():
            button.press("Enter")
        details = visit.page.locator(".detail dl").all_inner_texts()
        strange = visit.page.evaluate("document.querySelectorAll('img, iframe, script:not([type])').length")

    assert (len(details), strange, visit.complaints) == (len(NASTY), 1, [])
    assert "<script>alert(1)</script>" in details[0]
    assert "\\u202egnp.exe" in details[8]
    assert "a" * 5000 in details[9]


def test_everything_but_the_search_works_without_scripts(browser: Any, page_of: Any) -> None:
    with visiting(browser, page_of(report()), java_script_enabled=False) as visit:
        visit.page.locator("summary").first.click()
        asks = visit.page.locator(".asks").first.inner_text()
        explorer = visit.page.locator("#explorer").inner_text()

    assert "check: encryption.*" in asks
    assert explorer.split("\n", 1)[1].strip() == (
        "Searching all findings needs JavaScript. Everything else on this page does not; "
        "the JSON report holds every finding."
    )


def test_filters_narrow_and_the_address_keeps_them(browser: Any, page_of: Any) -> None:
    file = page_of(report())
    with visiting(browser, file) as visit:
        page = visit.page
        page.locator("select[name=outcome]").select_option("fail")
        page.keyboard.press("/")
        page.locator("input[name=q]").fill("vol-3 ENCRYPTED")
        expect(page).to_have_url(file.as_uri() + "#q=vol-3+ENCRYPTED&outcome=fail")
        told = page.locator("#count").inner_text()
        rows = page.locator("#rows tbody tr").all_inner_texts()

    assert told == "1 of 5 findings, 1 to 1 shown, worst first"
    assert [row.split("\t") for row in rows] == [
        [
            *("fail", "high", "164.312(a)(2)(iv)", "arn:aws:ec2:us-east-1:111122223333:volume/vol-3", "prod"),
            "encrypted is false; expected true",
        ]
    ]
    with visiting(browser, file, "#q=vol-3+ENCRYPTED&outcome=fail") as visit:
        assert visit.page.locator("#count").inner_text() == told
        visit.page.locator("button[type=reset]").click()
        expect(visit.page.locator("#count")).to_contain_text("5 of 5")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("severity", "critical", 1),
        ("control", "house 164.312(d)", 1),
        ("target", AWS, 5),
        ("owner", "CTO", 4),
        ("outcome", "error", 1),
    ],
)
def test_every_filter_works(browser: Any, page_of: Any, name: str, value: str, expected: int) -> None:
    with visiting(browser, page_of(report())) as visit:
        visit.page.locator(f"select[name={name}]").select_option(value)

        assert visit.page.locator("#rows tbody tr").count() == expected


def test_a_number_leads_to_its_findings(browser: Any, page_of: Any) -> None:
    with visiting(browser, page_of(report())) as visit:
        visit.page.locator(".figures .error a").click()
        expect(visit.page.locator("#count")).to_contain_text("1 of 5")

        assert visit.page.locator("#rows tbody tr").inner_text().split("\t") == [
            *("could not check", "critical", "164.312(d)", "the whole of account", "prod"),
            "denied: AccessDenied: not authorized to perform iam:GenerateCredentialReport",
        ]


def test_a_finding_opens_by_keyboard_with_its_evidence(browser: Any, page_of: Any) -> None:
    with visiting(browser, page_of(report())) as visit:
        press = visit.page.keyboard.press
        press("j")
        press("ArrowDown")
        press("k")
        press("Enter")
        opened = visit.page.locator(".detail dl").inner_text().split("\n")
        expanded = visit.page.locator("#rows button").first.get_attribute("aria-expanded")
        press("Escape")

        assert opened == [
            *("Why", "encrypted is false; expected true"),
            *("Facts", "Fact\tSeen\tExpected", "encrypted\tfalse\ttrue", "key_manager\tnull\t"),
            *("To mend it", "Encrypt the store."),
            *("Requirement", "164.312(a)(2)(iv)/encryption.* (Encryption and decryption; CTO)"),
            *("Check", "encryption.aws.ebs_volumes"),
            *("Resource", "arn:aws:ec2:us-east-1:111122223333:volume/vol-2 (ec2:volume)"),
            *("Where", "aws:111122223333, us-east-1"),
            *("Finding", f"{2:016x}"),
        ]
        assert (expanded, visit.page.locator(".detail").count()) == ("true", 0)


def test_twenty_thousand_findings_stay_light_and_are_paged(browser: Any, page_of: Any) -> None:
    with visiting(browser, page_of(large(20_000))) as visit:
        nodes = visit.page.evaluate("document.querySelectorAll('*').length")
        visit.page.locator("#pages button", has_text="Next").click()
        told = visit.page.locator("#count").inner_text()
        expect(visit.page).to_have_url(re.compile("#page=2$"))

    assert told == "20,000 of 20,000 findings, 101 to 200 shown, worst first"
    assert nodes <= 5_000


CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = (colour) => {
    const [r, g, b] = [...rgba(colour)].map((c) => c / 255)
      .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (rgba(colour)[3] === 255) return colour;
    }
    return 'white';
  };
  const seen = {};
  for (const node of document.querySelectorAll('body *')) {
    const said = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!said || !node.checkVisibility() || node.closest('option, script')) continue;
    const pair = [light(getComputedStyle(node).color), light(behind(node))].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (ratio < 4.5) seen[node.tagName + '.' + node.className] = ratio.toFixed(2);
  }
  return seen;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_told_from_its_ground(browser: Any, page_of: Any, scheme: str) -> None:
    with visiting(browser, page_of(report()), color_scheme=scheme) as visit:
        visit.page.locator("#rows button").first.press("Enter")
        visit.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        ground = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")

        assert visit.page.evaluate(CONTRAST) == {}
        assert ground == {"light": "rgb(253, 252, 250)", "dark": "rgb(20, 23, 26)"}[scheme]


def test_paper_is_white_and_has_no_controls(browser: Any, page_of: Any) -> None:
    with visiting(browser, page_of(report()), color_scheme="dark") as visit:
        visit.page.emulate_media(media="print")
        ground = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
        shown = {
            name: visit.page.locator(name).first.is_visible()
            for name in ("#explorer", "nav[aria-label=Contents]", "h1", "#failing table", ".asks")
        }

    assert ground == "rgb(255, 255, 255)"
    assert shown == {
        "#explorer": False,
        "nav[aria-label=Contents]": False,
        "h1": True,
        "#failing table": True,
        ".asks": True,
    }


def test_a_filtered_list_is_printed_whole(browser: Any, page_of: Any) -> None:
    with visiting(browser, page_of(large(2_000, controls=2)), "#outcome=pass") as visit:
        visit.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        visit.page.emulate_media(media="print")
        told = visit.page.locator("#count").inner_text()
        printed = visit.page.locator("#rows tbody tr").count()
        visit.page.evaluate("dispatchEvent(new Event('afterprint'))")

        assert (told, printed) == ("1,600 findings with outcome pass", 1_600)
        assert visit.page.locator("#rows tbody tr").count() == 100


def test_what_scrolls_can_be_reached_and_has_a_name(browser: Any, page_of: Any) -> None:
    with visiting(browser, page_of(report())) as visit:
        visit.page.keyboard.press("Tab")
        skip = visit.page.evaluate("document.activeElement.textContent")
        nameless = visit.page.locator(".scroll:not([tabindex='0'][role=region][aria-label])").count()
        language = visit.page.evaluate("document.documentElement.lang")
        status = visit.page.locator("#count").get_attribute("role")

    assert (skip, nameless, language, status) == ("Skip to the report", 0, "en", "status")


def test_a_mend_of_many_lines_keeps_them() -> None:
    mend = Unreadable(**msgspec.structs.asdict(UNREADABLE) | {"mend": '{\n  "Effect": "Allow"\n}'})

    assert "<pre>{\n  &#34;Effect&#34;: &#34;Allow&#34;\n}</pre>" in written(report(unreadable=(mend,)))
