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
    kind: Literal["application", "network", "classic"]
    """What it balances: requests, or connections (of which only those with TLS can be logged), or either."""


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


class ApiStage(Logged):
    """What a stage of an API records."""

    kind: Literal["rest", "http", "websocket"]
    """What kind of API it is of."""
    access_logged: bool
    """Whether it keeps a log of who called what."""
    execution_logged: bool | None
    """Whether it keeps a log of what became of calls, at least of errors, for every method; none where there
    is no such log."""


class Distribution(Logged):
    """What a CloudFront distribution records of its requests."""

    log_kinds: tuple[Literal["legacy", "real-time", "standard"], ...]
    """The ways in which it does, sorted: into a bucket, as a stream of all that it serves, or through
    CloudWatch's log delivery."""


class WebAcl(Logged):
    """What a web application firewall records of the requests that it looks at."""

    filtered: bool
    """Whether some entries are left out of its log by a filter."""


class Invocations(Logged):
    """Whether what is asked of models, and what they answer, is recorded."""

    sent_to: tuple[Literal["cloudwatch", "s3"], ...]
    """Where the record goes, sorted; it holds whatever was asked."""


class ClusterLog(Logged):
    """Which of its logs a cluster's control plane sends away."""

    log_types: tuple[str, ...]
    """The logs that are sent, as the platform names them, sorted."""


class Brokers(Logged):
    """Where the brokers of a Kafka cluster send their logs."""

    sent_to: tuple[Literal["cloudwatch", "firehose", "s3"], ...]
    """Where they go, sorted."""


class MachineMetrics(Facts):
    """How closely the machine below a database is watched."""

    metrics_interval_seconds: int | None
    """How often what its operating system does is recorded; none when it is not."""


class Alarm(Facts):
    """What an alarm does when it goes off."""

    kind: Literal["metric", "composite", "log"]
    """What it looks at: a metric, other alarms, or logs."""
    acts: bool
    """Whether it does anything when it goes off: its actions are on, and there is one."""
    acts_on_missing_data: bool
    """Whether it does anything when what it looks at is missing."""


class AccountAlerts(Facts):
    """Of what in an account somebody is told when it happens.

    That counts for which the trail of all regions is sent to a log group, a metric filter on it counts each
    event of that kind, an alarm watches the count, its actions are on, and one of them tells somebody, or
    something: a topic that somebody has confirmed to read, a function, an incident plan.
    """

    recorded_elsewhere: bool
    """Whether only another account's log group gets the record, so that alarms on it are to be seen there."""
    alert_on_root_use: bool
    """Whether somebody is told when the root user does something."""
    alert_on_failed_login: bool
    """Whether somebody is told when a log-in to the console fails."""
    alert_on_login_without_mfa: bool
    """Whether somebody is told when a user logs in to the console without a second factor."""
    alert_on_unauthorized_call: bool
    """Whether somebody is told when somebody tries what they may not do."""
    alert_on_iam_change: bool
    """Whether somebody is told when a policy of users, groups or roles is changed."""
    alert_on_trail_change: bool
    """Whether somebody is told when the record itself is changed or stopped."""
    alert_on_key_removal: bool
    """Whether somebody is told when a key is disabled, or is to be deleted."""
    alert_on_bucket_policy_change: bool
    """Whether somebody is told when it is changed who may use a bucket, or what becomes of what is in it."""
    alert_on_config_change: bool
    """Whether somebody is told when AWS Config's record is changed or stopped."""
    alert_on_security_group_change: bool
    """Whether somebody is told when a security group is changed."""
    alert_on_network_acl_change: bool
    """Whether somebody is told when a network ACL is changed."""
    alert_on_gateway_change: bool
    """Whether somebody is told when a gateway to other networks is changed."""
    alert_on_route_table_change: bool
    """Whether somebody is told when routes are changed."""
    alert_on_vpc_change: bool
    """Whether somebody is told when a network, or its peering with another, is changed."""
