"""Attestations kept as files in a folder."""

from collections.abc import Iterator

from scanner import Attestations, check

from . import Statement


@check("statements")
def statements(folder: Attestations) -> Iterator[Statement]:
    """What people stated and signed, and whether the evidence they named is still what it was.

    Each .yaml or .yml file that lies in the folder itself holds a statement or a list of them: topic,
    control, statement, by, role, date; and where there is one subject, expires, and evidence with file and
    sha256. All of them count as in force. Hidden files and subfolders are left alone, so a subfolder is the
    place for evidence, and for statements that were superseded.

    A policy says that there must be one, of a topic and not too old, by
    `when: {topic: risk-analysis}`, `expect: {signed_at: {maxAgeDays: 365}}`, `absent: fail`.
    """
    for stated in folder.statements():
        yield Statement(
            resource=stated.resource,
            topic=stated.topic,
            subject=stated.subject,
            control=stated.control,
            by=stated.by,
            role=stated.role,
            signed_at=stated.signed_at,
            expires_at=stated.expires_at,
            statement_sha256=stated.text_sha256,
            evidence_file=stated.evidence_file,
            evidence_sha256=stated.evidence_sha256,
            evidence_intact=stated.evidence_intact,
        )
