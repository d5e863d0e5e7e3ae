"""Programs that a hospital runs on its hosts to watch, to send logs away and to make backups.

Each is known by the names of its processes. Where a source is named, they were read there; the others are
commonly known ones. Where a product is made of several, those are named without which it does no work.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from .processes import Processes

Purpose = Literal["endpoint-detection", "antivirus", "log-sending", "backup", "brute-force", "integrity"]


class Agent(msgspec.Struct, frozen=True):
    """One product."""

    name: str
    purpose: Purpose
    processes: frozenset[str]
    """All of these run where it works."""


def _agents(purpose: Purpose, named: Mapping[str, str]) -> tuple[Agent, ...]:
    """Several ways in which one product runs are separated by a bar."""
    return tuple(
        Agent(name, purpose, frozenset(together.split()))
        for name, ways in named.items()
        for together in ways.split("|")
    )


_ENDPOINT_DETECTION = _agents(
    "endpoint-detection",
    {
        # https://github.com/CrowdStrike/falcon-scripts: cs_sensor_is_running.
        "CrowdStrike Falcon": "falcon-sensor|falcon-sensor-bpf",
        # https://learn.microsoft.com/defender-endpoint/linux-resources
        "Microsoft Defender for Endpoint": "wdavdaemon",
        "SentinelOne": "s1-agent",
        "Cortex XDR": "pmd",
        "Carbon Black Cloud": "cbagentd",
        "Carbon Black EDR": "cbdaemon",
        "Trend Micro Deep Security": "ds_agent ds_am",
        "Elastic Defend": "elastic-endpoint",
        "Sophos Protection for Linux": "sophos_watchdog",
        "Cybereason": "cybereason-sensor",
        "Cisco Secure Endpoint": "ampdaemon",
        "Trellix": "mfetpd|xagt",
        "ESET Server Security": "oaeventd scand",
        "Bitdefender GravityZone": "bdsecd",
        "Kaspersky Endpoint Security": "kesl",
        # https://documentation.wazuh.com: the daemons of an agent.
        "Wazuh": "wazuh-agentd wazuh-logcollector wazuh-syscheckd",
        "OSSEC": "ossec-agentd ossec-logcollector ossec-syscheckd",
        "Falco": "falco",
        "Tetragon": "tetragon",
        "Amazon GuardDuty": "amzn-guardduty-agent",
        "Rapid7 Insight": "ir_agent",
        "osquery": "osqueryd",
    },
)
_ANTIVIRUS = _agents("antivirus", {"ClamAV": "clamd"})
_LOG_SENDING = _agents(
    "log-sending",
    {
        "Amazon CloudWatch agent": "amazon-cloudwatch-agent",
        "Azure Monitor agent": "mdsd|agentlauncher",
        "Google Ops Agent": "google_cloud_ops_agent_engine",
        "Fluent Bit": "fluent-bit",
        "Fluentd": "fluentd",
        "Vector": "vector",
        "Splunk forwarder": "splunkd",
        "Filebeat": "filebeat",
        "Auditbeat": "auditbeat",
        "Journalbeat": "journalbeat",
        "Elastic Agent": "elastic-agent",
        "Promtail": "promtail",
        "Grafana Alloy": "alloy",
        "OpenTelemetry Collector": "otelcol|otelcol-contrib",
        "NXLog": "nxlog",
        "Wazuh": "wazuh-agentd wazuh-logcollector",
    },
)
_BACKUP = _agents(
    "backup",
    {
        "Bacula": "bacula-fd",
        "Bareos": "bareos-fd",
        "Veeam": "veeamservice",
        "Commvault": "cvlaunchd",
        "NetBackup": "bpcd|nbdisco",
        "Networker": "nsrexecd",
        "IBM Spectrum Protect": "dsmcad",
        "Rubrik": "rubrikagents",
        "Cohesity": "linux_agent_exe",
        "Acronis": "acronis_mms",
        "UrBackup": "urbackupclientbackend",
    },
)
_BRUTE_FORCE = _agents(
    "brute-force",
    {"fail2ban": "fail2ban-server", "sshguard": "sshg-blocker|sshguard", "CrowdSec": "crowdsec"},
)
_INTEGRITY = _agents(
    "integrity",
    {
        "Samhain": "samhain",
        "Wazuh": "wazuh-syscheckd",
        "OSSEC": "ossec-syscheckd",
        "Auditbeat": "auditbeat",
        "osquery": "osqueryd",
        "Trend Micro Deep Security": "ds_agent ds_im",
    },
)
AGENTS = (*_ENDPOINT_DETECTION, *_ANTIVIRUS, *_LOG_SENDING, *_BACKUP, *_BRUTE_FORCE, *_INTEGRITY)


def running(found: Processes, purpose: Purpose) -> tuple[str, ...]:
    """The products for a purpose that run, by name."""
    return tuple(sorted({agent.name for agent in _for(purpose) if all(map(found.run, agent.processes))}))


def broken(found: Processes, purpose: Purpose) -> tuple[str, ...]:
    """The products of which some processes run and others do not."""
    some = {agent.name for agent in _for(purpose) if any(map(found.run, agent.processes))}
    return tuple(sorted(some - {*running(found, purpose)}))


def _for(purpose: Purpose) -> Iterable[Agent]:
    return (agent for agent in AGENTS if agent.purpose == purpose)
