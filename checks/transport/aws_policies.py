"""The oldest version of TLS that AWS's named security policies let in."""

import re
from collections.abc import Iterable

from . import Version

_NUMBERS: dict[str, Version] = {
    "1": "TLSv1.0",
    "1.0": "TLSv1.0",
    "1.1": "TLSv1.1",
    "1.2": "TLSv1.2",
    "1.3": "TLSv1.3",
}
# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies-list.html: the
# oldest version is the last that a name tells, as in SecurityPolicy_TLS13_1_2_2021_06; names that end in EDGE
# tell one only.
_API_GATEWAY = re.compile(
    r"TLS_1_(?P<legacy>[0-3])"
    r"|SecurityPolicy_TLS1(?P<edge>[0-3])_.*EDGE"
    r"|SecurityPolicy_TLS1[0-3]_1_(?P<minor>[0-3])_.*"
)
# https://docs.aws.amazon.com/opensearch-service/latest/APIReference/API_DomainEndpointOptions.html
_OPENSEARCH = re.compile(r"Policy-Min-TLS-1-(?P<minor>[0-3])(-.*)?")
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html
_CLOUDFRONT = re.compile(r"TLSv(?P<version>1(\.[0-3])?)(_\d{4})?")


def oldest(protocols: Iterable[str]) -> Version | None:
    """The oldest of these protocols (TLSv1, TLSv1.2, ...); none of them is where SSL is among them, too."""
    named = set(protocols)
    if any(protocol.upper().startswith("SSL") for protocol in named):
        return None
    return min((_NUMBERS[protocol.removeprefix("TLSv")] for protocol in named), default=None)


def cloudfront(policy: str) -> Version | None:
    """The oldest version that a viewer may speak; none where SSL 3.0 is taken, too."""
    if policy == "SSLv3":
        return None
    return _NUMBERS[_match(_CLOUDFRONT, policy)["version"]]


def api_gateway(policy: str) -> Version:
    """The oldest version that a caller may speak."""
    told = _match(_API_GATEWAY, policy).groupdict()
    return _NUMBERS[f"1.{told['legacy'] or told['edge'] or told['minor']}"]


def opensearch(policy: str) -> Version:
    """The oldest version that a client may speak."""
    return _NUMBERS[f"1.{_match(_OPENSEARCH, policy)['minor']}"]


def _match(names: re.Pattern[str], policy: str) -> re.Match[str]:
    found = names.fullmatch(policy)
    if found is None:
        raise ValueError(f"{policy!r} is a security policy whose versions are not known here")
    return found
