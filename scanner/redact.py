"""Redact: what looks like a secret is taken out of what a target or a library said, before it is kept.

Taken out are private keys, passwords in URLs, values that are called a password, secret, token, signature or
credential, AWS secret access keys (40 characters), hashes of passwords, and whatever is as long and mixed as
a session token. Ids of access keys stay: they identify whose key it was.
"""

import re

GONE = "[redacted]"

_NAMES = "password|passwd|passphrase|secret|token|signature|credential|api[_-]?key|access[_-]?key"

_RUN = re.compile(r"[\w+/=%-]{40,}")
_KEY = re.compile(r"[A-Za-z0-9+/]{40}")
_TOKEN = 100
"""Characters from which a run is taken for a session token."""

_HEARD = 10_000
"""Characters of what was said that are looked at."""
_SHOWN = 300
"""Characters of it that are kept."""

_SECRETS = (
    (
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]{0,40}-----|\Z)", re.DOTALL
        ),
        GONE,
    ),
    (re.compile(r"(?<=://)([^\s/@:]{0,200}):[^\s/]{1,400}(?=@)"), rf"\1:{GONE}"),
    (
        # As in queries, JSON and settings.
        re.compile(
            rf"""((?:{_NAMES})[\w-]{{0,40}}["']?\s{{0,4}}(?:=|(?<=["'])\s{{0,4}}:|(?<=[wW]ord):|(?<=-token):)"""
            r"""\s{0,4})(?:"[^"]{0,4000}"?|'[^']{0,4000}'?|[^\s"'&,;<>]{1,4000})""",
            re.IGNORECASE,
        ),
        rf"\1{GONE}",
    ),
    (re.compile(r"\b(bearer|basic)\s{1,4}[\w.~+/=-]{8,4000}", re.IGNORECASE), rf"\1 {GONE}"),
    (re.compile(r"\$(?:1|2[abxy]?|5|6|7|y|gy|sha1|argon2\w{0,3})\$[./\w$=,+-]{8,400}"), GONE),
)


def redacted(text: str) -> str:
    """The text without what looks like a secret."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return _RUN.sub(lambda run: GONE if _random(run[0]) else run[0], text)


def line(text: str) -> str:
    """What somebody said, as one line of a bounded length, without what looks like a secret."""
    # Before it is cut: half a secret would not look like one.
    return " ".join(redacted(text[:_HEARD]).split())[:_SHOWN]


def _random(run: str) -> bool:
    mixed = re.search("[A-Z]", run) and re.search("[a-z]", run) and re.search("[0-9]", run)
    return bool(mixed) and (len(run) >= _TOKEN or bool(_KEY.fullmatch(run)))
