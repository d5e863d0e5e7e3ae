import pytest

from checks.semantics.journal import forwards

LOGHOST = "loghost.example.org:6514"


@pytest.mark.parametrize(
    ("lines", "seen"),
    [
        ([], ()),
        (["#*.* @@loghost.example.org:6514"], ()),
        (["*.* @127.0.0.1:514"], ()),
        (["*.* @@[::1]:6514"], ()),
        (["*.* @loghost"], (("loghost:514", True, False),)),
        (["mail.* @@loghost.example.org:6514"], ((LOGHOST, False, False),)),
        (["*.*;authpriv.none @@loghost.example.org:6514"], ((LOGHOST, False, False),)),
        (
            ["auth,authpriv.* @@(o)loghost.example.org:6514;RSYSLOG_SyslogProtocol23Format"],
            ((LOGHOST, True, False),),
        ),
        (["authpriv.* /var/log/secure", "& @@loghost.example.org:6514"], ((LOGHOST, True, False),)),
        (
            [
                "$DefaultNetstreamDriver gtls",
                "$ActionSendStreamDriverMode 1",
                "*.* @@loghost.example.org:6514",
            ],
            ((LOGHOST, True, True),),
        ),
        (
            [
                'global(DefaultNetstreamDriverCAFile="/etc/ca.pem" DefaultNetstreamDriver="ossl")',
                'action(type="omfwd" # to the SIEM',
                '  Target="loghost.example.org" port="6514" Protocol="tcp"',
                '  StreamDriverMode="1" action.resumeRetryCount="-1" template="a)b")',
            ],
            ((LOGHOST, True, True),),
        ),
        (
            ['*.* action(type="omfwd" target="loghost.example.org" port="6514" protocol="tcp")'],
            ((LOGHOST, True, False),),
        ),
        (
            ['action(type="omrelp" target="loghost.example.org" port="6514" tls="on")'],
            ((LOGHOST, True, True),),
        ),
        (['action(type="omfile" file="/var/log/all@@loghost")'], ()),
    ],
)
def test_where_rsyslog_sends(lines: list[str], seen: tuple[tuple[str, bool, bool], ...]) -> None:
    assert told([f"/etc/rsyslog.d/90.conf:{line}" for line in lines]) == seen


def test_files_that_are_not_included_do_not_count() -> None:
    assert told(["/etc/rsyslog.d/90.conf.disabled:*.* @@loghost.example.org"]) == ()


def told(lines: list[str]) -> tuple[tuple[str, bool, bool], ...]:
    """To which other machines, whether records of log-ins too, and whether in TLS."""
    away = [each for each in forwards(lines) if not each.local]
    return tuple((each.target, each.authentication, each.encrypted) for each in away)
