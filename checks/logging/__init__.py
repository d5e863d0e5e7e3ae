"""Logging: whether what happens is recorded, where the record goes, and how long it is kept."""

from datetime import datetime
from typing import Literal

from scanner import Facts


class Logged(Facts):
    """Whether what happens to a thing is recorded."""

    logged: bool
    """Whether it is recorded now; what exactly, the check's manual tells."""


class Account(Facts):
    """How an account's API activity is recorded: what its trails do, taken together."""

    multi_region_trail: bool
    """Whether some trail covers every region, records reading and writing management events, is logging
    now, and delivered its last logs without an error. The facts below are about trails that do so."""
    log_file_validation: bool
    """Whether one of them also delivers digests, by which changes to its logs can be found out."""
    customer_key: bool
    """Whether one of them also encrypts its logs with a key of the customer's."""
    sent_to_cloudwatch: bool
    """Whether one of them also sends its events to CloudWatch Logs, where they can raise alarms."""
    s3_data_events: bool
    """Whether some working trail of every region records each read and write of every S3 object."""


class Trail(Logged):
    """What a trail records, and where it goes."""

    multi_region: bool
    """Whether it covers every region, and not only the one it was made in."""
    organization: bool
    """Whether it records every account of the organization."""
    management_events: Literal["all", "read", "write"] | None
    """Which management events it records, less KMS and the RDS data API; none when not all of a kind are."""
    s3_data_events: Literal["all", "read", "write"] | None
    """Which access to objects it records, for all S3 buckets; none when not for all of them."""
    log_file_validation: bool
    """Whether it delivers digests, by which changes to its logs can be found out."""
    customer_key: bool
    """Whether its logs are encrypted with a key of the customer's."""
    sent_to_cloudwatch: bool
    """Whether its events also go to CloudWatch Logs, where they can raise alarms."""
    delivered_at: datetime | None
    """When it last delivered logs to its bucket; none when it never did."""


class Bucket(Logged):
    """Where an S3 bucket's access log goes."""

    log_bucket: str | None
    """The bucket that gets the log; none when there is no log."""


class Vpc(Logged):
    """Which of a VPC's traffic is recorded."""

    traffic_logged: Literal["all", "accept", "reject"] | None
    """Which traffic the VPC's own flow logs record; none when they record nothing."""
    default: bool
    """Whether it is the VPC that AWS made in the region."""


class Database(Logged):
    """Which of a database's logs leave it."""

    engine: str
    """What kind of database it is, as AWS names the engine."""
    log_exports: tuple[str, ...]
    """The logs that are sent to CloudWatch Logs (of Redshift: there or to S3), as the engine names them,
    sorted."""


class LoadBalancer(Logged):
    """Which load balancer keeps an access log."""

    public: bool
    """Whether it faces the internet: it is not internal."""
    kind: Literal["application", "network"]
    """What it balances: requests, or connections (of which only those with TLS can be logged)."""


class LogGroup(Facts):
    """How long a group of logs is kept."""

    retention_days: int
    """How many days an entry is kept; 36500 (a hundred years, ten times what else can be set) when entries
    never expire, so that a minimum holds for them too."""
    kept_forever: bool
    """Whether entries never expire."""
