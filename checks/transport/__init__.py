"""Transport: whether what travels is encrypted on its way."""

from typing import Literal

from scanner import Facts

from ..semantics.azure_sites import Kind

Version = Literal["TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"]


class InTransit(Facts):
    """What a service asks of whoever connects to it."""

    tls_required: bool
    """Whether it turns away whoever comes without TLS; sending browsers on to HTTPS counts as that."""
    min_tls: Version | None
    """The oldest version of TLS that it is set to let in, though its platform may by now refuse it; none when
    no oldest version is set, or when it takes no TLS at all."""


class WebSite(InTransit):
    """What a web site asks of its visitors."""

    kind: Kind
    """What it is: a web app, a function app, or a workflow of Logic Apps."""
    client_certificate: Literal["required", "optional"] | None
    """Whether a visitor has to show a certificate, on every path, or may; none when none is asked for."""
    http2: bool
    """Whether it speaks HTTP/2."""


class Deployment(InTransit):
    """What a web site asks of whoever brings new code to it."""

    kind: Kind
    """What it is: a web app, a function app, or a workflow of Logic Apps."""
    ftp: Literal["tls", "plain"] | None
    """Whether FTP takes code and passwords in TLS only, or in the clear, too; none when it is off."""
