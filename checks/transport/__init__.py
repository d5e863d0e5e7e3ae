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
    """The oldest version of TLS that it is set to let in, though its platform may by now refuse it; where
    nothing can be set, the oldest that the platform takes. None when no oldest version is set, or when it
    takes no TLS at all."""


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


class LoadBalancer(InTransit):
    """What a load balancer asks of whoever it lets in."""

    acm_certificates: bool | None
    """Whether each certificate that it shows comes from AWS Certificate Manager, which renews those that it
    issued; none when it shows none."""


class Distribution(InTransit):
    """What a CloudFront distribution asks of viewers, and how it speaks to the origins behind it."""

    origins_tls_required: bool
    """Whether it fetches from each origin in TLS, whatever comes; of origins in a VPC it is not known, and
    they do not count."""
    origin_min_tls: Version | None
    """The oldest version of TLS that it speaks to an origin of the customer's own in; none when it has none
    that it speaks TLS to, or speaks SSL 3.0, too."""


class ApiStage(InTransit):
    """What a stage of an API asks of its callers, and what it shows to the servers behind it."""

    backend_certificate: bool
    """Whether it shows servers behind it a certificate, by which they can tell it from others."""


class ApiDomain(InTransit):
    """What an API asks of callers who come by a name of the customer's own."""

    client_certificate: bool
    """Whether a caller has to show a certificate."""


class Database(InTransit):
    """What a database asks of its clients."""

    engine: str
    """What kind of database it is, as AWS names the engine."""


class SearchDomain(InTransit):
    """What a search cluster asks of its clients, and how its nodes speak to each other."""

    node_to_node_encrypted: bool
    """Whether what its nodes say to each other is encrypted."""


class Cache(InTransit):
    """What a cache asks of its clients."""

    engine: str
    """What kind of cache it is: redis, valkey, memcached."""


class Brokers(InTransit):
    """What a Kafka cluster asks of its clients, and how its brokers speak to each other."""

    node_to_node_encrypted: bool
    """Whether what its brokers say to each other is encrypted."""


class FileServer(InTransit):
    """What a server for file transfer asks of its clients."""

    protocols: tuple[str, ...]
    """What it speaks, as AWS names it: SFTP, FTPS, FTP, AS2, sorted."""
