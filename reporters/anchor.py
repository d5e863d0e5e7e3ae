"""Where in a repository a finding is shown, though it is about something that is no file."""

from pathlib import PurePosixPath
from urllib.parse import quote

from scanner import Finding, Location, Policy, Requirement

from .escape import visible

_SEGMENT = 200
_SEGMENTS = 12


def anchor(policy: Policy, requirement: Requirement, finding: Finding) -> Location:
    """The requirement's line, else the configuration's that names the policy, else the resource's path."""
    if policy.file is not None and not _absolute(policy.file):
        return Location(file=policy.file, line=requirement.line)
    if policy.configured_at is not None and not _absolute(policy.configured_at.file):
        return policy.configured_at
    return Location(file=_virtual(finding), line=1)


def uri(file: str) -> str:
    """A relative path as a relative URI: without a colon, whose left side would be taken for a scheme."""
    return quote(file, safe="/", errors="backslashreplace")


def _absolute(file: str) -> bool:
    return PurePosixPath(file).is_absolute()


def _virtual(finding: Finding) -> str:
    # An ARN repeats the account and region that target and scope have said.
    resource = finding.resource or ""
    parts = resource.split(":", 5)
    if resource.startswith("arn:") and len(parts) == 6:  # noqa: PLR2004 - an ARN has six parts
        resource = f"{parts[2]}:{parts[5]}"
    resource = resource.removeprefix(finding.target)
    words = ":".join((finding.target, finding.scope or "", resource)).replace("/", ":").split(":")
    return "/".join(["wardround", *map(_segment, filter(None, words))][:_SEGMENTS])


def _segment(word: str) -> str:
    # Dots alone would climb out of the folder.
    return visible(word if word.strip(".") else "_" * len(word))[:_SEGMENT]
