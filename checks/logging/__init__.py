"""Logging: whether what happens is recorded, where the record goes, and how long it is kept."""

from datetime import datetime
from typing import Literal

from scanner import Facts

from ..semantics.azure_diagnostics import Destination
from ..semantics.azure_sites import Kind

FOREVER_DAYS = 36500
"""A hundred years, so that a minimum of days holds for what is kept forever, too."""


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


class ResourceLog(Logged):
    """What an Azure service writes of its own work into resource logs that go somewhere."""

    audit_logged: bool
    """Whether the logs that tell who did what are on; which these are, the check's manual tells."""
    categories: tuple[str, ...]
    """The categories that are on, and groups of them (allLogs, audit), as Azure names them, sorted."""
    sent_to: tuple[Destination, ...]
    """Where they go, sorted; what they are kept in decides how long."""


class WebSite(ResourceLog):
    """What a web site writes into its logs."""

    kind: Kind
    """What it is: a web app, a function app, or a workflow of Logic Apps."""
    http_logged: bool
    """Whether each request is recorded."""


class ActivityAlerts(Facts):
    """Of which changes to a subscription somebody is told when they happen.

    An alert counts when it is on, for the whole subscription, not narrowed down further, and calls an action
    group that is on and has somebody, or something, to tell.
    """

    alert_on_policy_assignment_write: bool
    """Whether somebody is told when a policy is assigned."""
    alert_on_policy_assignment_delete: bool
    """Whether somebody is told when the assignment of a policy is deleted."""
    alert_on_network_security_group_write: bool
    """Whether somebody is told when a network security group is made or changed."""
    alert_on_network_security_group_delete: bool
    """Whether somebody is told when a network security group is deleted."""
    alert_on_security_rule_write: bool
    """Whether somebody is told when a rule of a network security group is made or changed."""
    alert_on_security_rule_delete: bool
    """Whether somebody is told when a rule of a network security group is deleted."""
    alert_on_security_solution_write: bool
    """Whether somebody is told when a security solution is made or changed."""
    alert_on_security_solution_delete: bool
    """Whether somebody is told when a security solution is deleted."""
    alert_on_sql_firewall_rule_write: bool
    """Whether somebody is told when a firewall rule of a SQL server is made or changed."""
    alert_on_sql_firewall_rule_delete: bool
    """Whether somebody is told when a firewall rule of a SQL server is deleted."""
    alert_on_public_ip_write: bool
    """Whether somebody is told when a public address is made or changed."""
    alert_on_public_ip_delete: bool
    """Whether somebody is told when a public address is deleted."""
    alert_on_service_health: bool
    """Whether somebody is told when a service of Azure has an incident."""


class LogStore(Facts):
    """How what is logged is protected where it lies."""

    customer_key: bool
    """Whether it is encrypted with a key of the customer's."""


class SqlAudit(Logged):
    """What a SQL server records of who did what in its databases."""

    action_groups: tuple[str, ...]
    """The groups of actions that are recorded, as SQL Server names them, sorted."""
    sent_to: tuple[Destination, ...]
    """Where the record goes, sorted."""
    retention_days: int | None
    """How many days it is kept in storage, 36500 when forever; none when it does not go there."""


class PostgresqlLog(Facts):
    """What a PostgreSQL server writes into its log."""

    connections_logged: bool
    """Whether it records who connects."""
    disconnections_logged: bool
    """Whether it records when they leave."""
    checkpoints_logged: bool
    """Whether it records its checkpoints."""
    file_retention_days: int | None
    """How many days the files of its log are kept for download; none when they are not."""


class MysqlLog(Logged):
    """What a MySQL server writes into its audit log."""

    connections_logged: bool
    """Whether it records who connects."""
    events: tuple[str, ...]
    """The events that are recorded, as MySQL names them, sorted."""


class Watched(Facts):
    """Whether a network can be looked into."""

    watched: bool
    """Whether there is a network watcher in its region."""


class Network(Logged):
    """What is recorded of a virtual network's traffic."""

    retention_days: int | None
    """How many days the record is kept, 36500 when forever; none when there is none."""
    traffic_analytics: bool
    """Whether the record also goes to a workspace, where it can be searched and can raise alarms."""


class Application(Facts):
    """Where an application's telemetry goes."""

    workspace_based: bool
    """Whether it goes to a Log Analytics workspace, and is kept and guarded there."""
