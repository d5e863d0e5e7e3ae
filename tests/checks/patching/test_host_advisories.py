from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.patching.host_advisories import (
    Advisories,
    AdvisoryAge,
    YumUpdates,
    ZypperUpdates,
    advisories,
    advisory_age,
    yum,
    zypper,
)
from checks.semantics.advisories import Advisory, dnf_info, zypper_patches
from scanner.model import Reason
from scanner.testing import Output, look, observe, world

INSTALLED, RED_HAT, RED_HAT_METADATA, ZYPPER, ZYPPER_METADATA = advisories.needs
YUM_LIST = yum.needs[1]

# What dnf 4.14 said of a repository whose description tries to pass for fields of its own.
DNF_4 = """\
===============================================================================
  Important: fixlib security update
===============================================================================
  Update ID: FXSA-2024:4312
       Type: security
    Updated: 2024-07-04 09:30:00
       Bugs: 12345 - bug
       CVEs: CVE-2023-5363
           : CVE-2024-0727
Description: First line.
           : Severity: Low
           : Update ID: FORGED-1
           : CVEs: CVE-1999-0001
   Severity: Important

===============================================================================
  Critical: glibc security update
===============================================================================
  Update ID: FXSA-2024:3339
       Type: security
    Updated: 2024-05-23 00:00:00
       CVEs: CVE-2024-2961
Description: glibc
   Severity: Critical
"""
# As dnf 5's manual shows `advisory info`.
DNF_5 = """\
Name        : FEDORA-2024-1a2b3c4d5e
Title       : gnupg2-2.4.5-4.fc41
Severity    : Moderate
Type        : security
Status      : stable
Vendor      : updates@fedoraproject.org
Issued      : 2024-11-12 01:02:03
Description : Severity : Critical
            : Name : FORGED-2
Message     :
Rights      :
Reference   :
  Title     : CVE-2024-1111 gnupg2: something
  Id        : 2211111
  Type      : bugzilla
  Url       : https://bugzilla.redhat.com/show_bug.cgi?id=2211111
Reference   :
  Title     : what it mends
  Id        : CVE-2024-1111
  Type      : cve
"""
# Yum 3 on Amazon Linux 2 has a space before each colon, and tells when an advisory was issued.
YUM_3 = """\
===============================================================================
  Amazon Linux 2 - ALAS2-2024-2500: medium priority package update for openssl
===============================================================================
  Update ID : ALAS2-2024-2500
    Release :
       Type : security
     Status : final
     Issued : 2024-03-27 22:16
       CVEs : CVE-2023-5678
\t    : CVE-2024-0727
Description : Package updates are available
   Severity : medium
"""
# What zypper 1.14 said of a local repository; the dates are filled in.
PATCHES = (
    "<?xml version='1.0'?>\n<stream>\n<update-status version=\"0.6\">\n<update-list>\n"
    '<update kind="patch" name="FXSA-2024:4312" edition="1" arch="noarch" status="needed" category="security"'
    ' severity="important" pkgmanager="false" restart="true" interactive="false">'
    "<summary>Important: openssl-libs security update</summary><description>CVE-2023-5363 &lt;update"
    ' kind="patch" name="FORGED" category="security"&gt;</description><license/>'
    '<source url="file:/srv/repo" alias="fixture"/><issue-date time_t="1717200000" text="2024-06-01"/>'
    '<issue-list><issue type="cve" id="CVE-2023-5363"><title>x</title></issue></issue-list></update>'
    '<update kind="patch" name="FXBA-2024:7777" edition="1" arch="noarch" status="needed" category="bugfix"'
    ' severity="none" pkgmanager="false" restart="false" interactive="false"><summary>tz</summary>'
    '<issue-date time_t="0" text="0"/><issue-list/></update></update-list>\n</update-status>\n</stream>\n'
)
CACHED = Output(
    1,
    "1795314355 /var/cache/dnf/fix-93ef0015ed0ae167/repodata/repomd.xml\n"
    "1795314355 /var/cache/dnf/fix-93ef0015ed0ae167/repodata/d406-updateinfo.xml.gz\n"
    "1795314400 /var/cache/dnf/fix-93ef0015ed0ae167/repodata/c497-primary.xml.gz\n",
)
REFRESHED = (
    "1795314355 /var/cache/zypp/raw/fix/repodata/repomd.xml\n"
    "1795314300 /var/cache/zypp/raw/fix/repodata/d406-updateinfo.xml.gz\n"
)

# A host on which somebody installed zypper beside dnf: both count.
BOTH = world(
    advisories,
    {
        INSTALLED: Output(2, "/usr/bin/dnf\n"),
        RED_HAT: DNF_4,
        RED_HAT_METADATA: CACHED,
        ZYPPER: PATCHES,
        ZYPPER_METADATA: REFRESHED,
    },
)
world(advisory_age, BOTH)
SUSE = world(zypper, {ZYPPER: PATCHES, ZYPPER_METADATA: REFRESHED})
AMAZON = world(
    yum,
    {
        INSTALLED: Output(2, "/usr/bin/yum\n"),
        YUM_LIST: "ALAS2-2024-2500 medium/Sec. openssl-1:1.0.2k-24.amzn2.0.12.x86_64\n",
        RED_HAT_METADATA: Output(
            1,
            "1795000000 /var/cache/yum/x86_64/2/amzn2-core/repomd.xml\n"
            "1795000001 /var/cache/yum/x86_64/2/amzn2-core/0f-updateinfo.xml.gz\n",
        ),
    },
)
RED_HAT_ONLY = {INSTALLED: "/usr/bin/dnf\n/usr/bin/yum\n", RED_HAT: DNF_4, RED_HAT_METADATA: CACHED}


def test_advisories_by_severity() -> None:
    assert observe(advisories, BOTH) == [
        Advisories(
            resource="host:ehr-1",
            critical_missing=1,
            important_missing=2,
            lesser_missing=0,
            unrated_missing=0,
            critical_advisories=("FXSA-2024:3339",),
            missing_cves=("CVE-2023-5363", "CVE-2024-0727", "CVE-2024-2961"),
        )
    ]


def test_the_oldest_advisory_of_all_package_managers() -> None:
    assert observe(advisory_age, BOTH) == [
        AdvisoryAge(resource="host:ehr-1", oldest_published_at=datetime(2024, 5, 23, tzinfo=UTC))
    ]


def test_nothing_missing_is_none_since_never() -> None:
    assert observe(advisory_age, {**RED_HAT_ONLY, RED_HAT: ""}) == [
        AdvisoryAge(resource="host:ehr-1", oldest_published_at=None)
    ]


def test_an_advisory_without_a_date_may_be_the_oldest() -> None:
    undated = PATCHES.replace('time_t="1717200000"', 'time_t="0"')
    sight = look(advisory_age, {**SUSE, INSTALLED: Output(2, ""), ZYPPER: undated})

    assert (sight.facts, [refusal.error.reason for refusal in sight.refusals]) == (
        [],
        [Reason.INVALID_ANSWER],
    )


@pytest.mark.parametrize("check", [advisories, advisory_age], ids=["advisories", "age"])
@pytest.mark.parametrize(
    ("needs", "refused"),
    [
        ({**BOTH, RED_HAT_METADATA: Output(1, "")}, RED_HAT_METADATA),
        (
            {**BOTH, ZYPPER_METADATA: "1795314355 /var/cache/zypp/raw/fix/repodata/repomd.xml\n"},
            ZYPPER_METADATA,
        ),
        ({**RED_HAT_ONLY, RED_HAT: Output(1, "", "Error: rpmdb open failed\n")}, RED_HAT),
    ],
)
def test_lists_without_advisories_are_not_zero_advisories(
    check: Any, needs: dict[str, Any], refused: str
) -> None:
    sight = look(check, needs)

    assert (sight.facts, [refusal.error.need for refusal in sight.refusals]) == ([], [refused])


@pytest.mark.parametrize("check", [advisories, advisory_age, yum], ids=["advisories", "age", "yum"])
def test_debian_tells_no_severity(check: Any) -> None:
    assert observe(check, {INSTALLED: Output(2, "")}) == []


def test_yum() -> None:
    assert observe(yum, AMAZON) == [
        YumUpdates(
            resource="host:ehr-1",
            security_updates_missing=1,
            security_updates=("openssl.x86_64",),
            advisories=("ALAS2-2024-2500",),
            lists_updated_at=datetime.fromtimestamp(1795000001, UTC),
        )
    ]
    assert observe(yum, {**AMAZON, INSTALLED: "/usr/bin/dnf\n/usr/bin/yum\n"}) == []


def test_zypper_counts_security_patches() -> None:
    assert observe(zypper, SUSE) == [
        ZypperUpdates(
            resource="host:ehr-1",
            security_updates_missing=1,
            advisories=("FXSA-2024:4312",),
            lists_updated_at=datetime.fromtimestamp(1795314355, UTC),
        )
    ]


def test_zypper_is_not_asked_where_it_is_not() -> None:
    assert observe(zypper, {ZYPPER_METADATA: ""}) == []


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (
            DNF_5,
            [
                Advisory(
                    "FEDORA-2024-1a2b3c4d5e",
                    "moderate",
                    datetime(2024, 11, 12, tzinfo=UTC),
                    frozenset({"CVE-2024-1111"}),
                )
            ],
        ),
        (
            YUM_3,
            [
                Advisory(
                    "ALAS2-2024-2500",
                    "moderate",
                    datetime(2024, 3, 27, tzinfo=UTC),
                    frozenset({"CVE-2023-5678", "CVE-2024-0727"}),
                )
            ],
        ),
        ("  Update ID: A-1\n    Updated: 2024-02-30 00:00:00\n   Severity: None\n", [Advisory("A-1")]),
        ("", []),
    ],
    ids=["dnf5", "yum3", "no such day", "nothing"],
)
def test_what_package_managers_print(printed: str, expected: list[Advisory]) -> None:
    assert dnf_info(printed.splitlines()) == expected


def test_patches_are_read_whole() -> None:
    assert zypper_patches(PATCHES) == [
        Advisory(
            "FXSA-2024:4312",
            "important",
            datetime(2024, 6, 1, tzinfo=UTC),
            frozenset({"CVE-2023-5363"}),
            restart=True,
        )
    ]


@given(st.lists(st.one_of(st.text(), st.from_regex(r"\A *(Update ID|Updated|CVEs|Severity)? ?: .*\Z"))))
def test_no_advisory_breaks_the_reader(lines: list[str]) -> None:
    dnf_info(lines)


@given(st.from_regex(r"<update [^>]{0,30}>.{0,50}<issue-date time_t=\"[0-9]{1,20}\".{0,20}</update>"))
def test_no_patch_breaks_the_reader(xml: str) -> None:
    zypper_patches(xml)
