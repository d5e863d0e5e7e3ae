"""What the audit daemon's configuration says, and what the boot loader tells the kernel."""

from collections.abc import Iterable, Mapping

import msgspec

# What auditd takes where its configuration is silent (clear_config in its auditd-config.c).
_DEFAULTS = {
    "write_logs": "yes",
    "log_file": "/var/log/audit/audit.log",
    "flush": "none",
    "max_log_file": "0",
    "max_log_file_action": "ignore",
    "num_logs": "0",
    "space_left_action": "ignore",
    "admin_space_left_action": "ignore",
    "disk_full_action": "ignore",
    "disk_error_action": "syslog",
    "action_mail_acct": "root",
}
_AS_WRITTEN = frozenset({"log_file", "action_mail_acct"})


class Settings(msgspec.Struct, frozen=True):
    """The daemon's settings, and which of its plug-ins are on."""

    daemon: Mapping[str, str]
    plugins: frozenset[str]
    """Names of the files of plug-ins that are active, without their ending."""

    def text(self, name: str) -> str:
        """A setting, or the daemon's default; in lower case unless it is a name."""
        said = self.daemon.get(name, _DEFAULTS[name]).split()
        first = said[0] if said else _DEFAULTS[name]
        return first if name in _AS_WRITTEN else first.lower()

    def number(self, name: str) -> int:
        """A setting that is a number, or the daemon's default."""
        said = self.text(name)
        return int(said) if said.isdecimal() else int(_DEFAULTS[name])


def settings(lines: Iterable[str]) -> Settings:
    """What lines of `grep -H` over auditd.conf and its plug-ins' folders say."""
    daemon: dict[str, str] = {}
    active: dict[str, bool] = {}
    for line in lines:
        path, _, said = line.partition(":")
        name, separator, value = said.partition("=")
        if not separator or said.lstrip().startswith("#"):
            continue
        if path.endswith("/auditd.conf"):
            daemon[name.strip().lower()] = value.strip()
        elif path.endswith(".conf") and name.strip().lower() == "active":
            plugin = path.rpartition("/")[2].removesuffix(".conf").removeprefix("audisp-")
            active[plugin] = value.strip().lower() == "yes" or active.get(plugin, False)
    return Settings(daemon, frozenset(plugin for plugin, on in active.items() if on))


def boot_settings(line: str) -> dict[str, str]:
    """What the boot loader told the kernel, from /proc/cmdline; the last of a name counts."""
    pairs = (word.partition("=") for word in line.split())
    return {name: value for name, _, value in pairs}
