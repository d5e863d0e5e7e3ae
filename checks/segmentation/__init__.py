"""Segmentation: who may reach what over the network."""

from typing import Literal

from scanner import Facts


class Opening(Facts):
    """Ports that are open, and whether to the public internet."""

    public: bool
    """Whether some address of the public internet is let through (see `checks.semantics.networks`)."""
    admin_ports: bool
    """Whether a port for remote administration is among them: SSH, RDP, WinRM, SMB, VNC, Docker, ..."""
    database_ports: bool
    """Whether a port of a database, cache or search engine is among them."""


class SecurityGroupRule(Opening):
    """What one rule of a security group lets through; what no rule lets through is dropped."""

    direction: Literal["ingress", "egress"]
    """Whether it is about traffic to the group's members or from them."""
    peer: str
    """The other side: an address range, the id of a prefix list, or of a security group."""
    anyone: bool
    """Whether the peer is the internet at large: at least half of its IPv4 or IPv6 addresses."""
    all_traffic: bool
    """Whether every protocol and port is let through."""
    protocol: str
    """The protocol's name or number, as in tcp; all when it is every one."""
    from_port: int | None
    """The first port; none when the protocol has no ports."""
    to_port: int | None
    """The last port; none when the protocol has no ports."""
    ports: str
    """The ports as text: 443, 0-65535; all for every protocol; empty when the protocol has no ports."""
    group_name: str
    """The name of the group that has the rule."""


class SecurityGroup(Facts):
    """What a security group is."""

    group_name: str
    """Its name."""
    default: bool
    """Whether it is its VPC's default group: what is launched without a group gets this one."""
    closed: bool
    """Whether it lets nothing in and nothing out: it has no rule."""


class Reached(Facts):
    """Where a thing is reached."""

    publicly_accessible: bool
    """Whether it has a public address; security groups may still keep everybody out."""


class Endpoint(Reached):
    """Where a database is reached."""

    engine: str
    """What kind of database it is, as AWS names the engine."""


class PublicAccess(Facts):
    """Whether public access to stored objects is ruled out, whatever else grants it."""

    public_access_blocked: bool
    """Whether no ACL and no policy can give objects to the public: all four blocks are on."""
