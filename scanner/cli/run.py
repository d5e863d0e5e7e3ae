"""A run: what the commands that look and judge have in common."""

import gc
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import msgspec

from scanner import collect as collecting
from scanner import engine, journal, plan, plugins, report
from scanner.derived import Derived
from scanner.documents import suggestion
from scanner.errors import ScannerError
from scanner.evidence import Bundle, Writer
from scanner.model import Manifest, Policy, Severity
from scanner.policy import resolved
from scanner.progress import Progress
from scanner.report import Report, Status
from scanner.spool import Spool
from scanner.targets import Group, Target, secret
from scanner.targets.accepted import accepting

from .configuration import DEFAULT_LEVEL, Configuration, Grounds
from .options import BESIDE
from .output import Outputs
from .ticker import shown

_M_ARENA_MAX, _M_MMAP_THRESHOLD = -8, -3
"""The names in malloc.h of how many heaps there are, and of the bytes from which something lies outside."""
ACCEPTED = "known_hosts.accepted"
"""The file of keys that nobody has compared, beside the bundle."""


@contextmanager
def folder(kept: Path | None) -> Iterator[Path]:
    """The folder that is to be kept, or one that goes with the run."""
    if kept is not None:
        yield kept
        return
    # Whoever interrupts a run leaves threads behind that may still be writing.
    with tempfile.TemporaryDirectory(prefix="wardround-", ignore_cleanup_errors=True) as passing:
        yield Path(passing)


def _keep_heaps_small() -> None:
    """Have glibc give back what threads take: two heaps for all of them, and what is large beside these.

    By itself it puts what is large into a heap once it has seen it freed, and pages of a thousand resources
    leave holes there: of a large account, a tenth of the memory.
    """
    # Not so little, though, that what packs each part of a bundle, 128 KB, were asked of the kernel anew.
    with suppress(ImportError, AttributeError, OSError):  # a Python without ctypes, or another C library
        import ctypes

        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_ARENA_MAX, 2)
        mallopt(_M_MMAP_THRESHOLD, 3 * 2**16)


def collect(  # noqa: PLR0913 - each is said by an option
    configuration: Configuration,
    names: Sequence[str],
    bundle: Path,
    outputs: Outputs,
    *,
    resume: bool = False,
    accept_new: Path | None = None,
) -> None:
    """Observe the chosen targets, and write the bundle, or the rest of one that was cut short.

    Raises:
        ScannerError: a policy is wrong, no target has that name, the bundle cannot be written, or what is
            resumed is another run.
    """
    _keep_heaps_small()
    checks = plugins.permitted(configuration.allow_host_commands)
    facts = plan.facts(checks)
    policies = [resolved(read, facts, strict=True) for read in configuration.grounds.policies]
    targets = _chosen(configuration.targets, names)
    if accept_new is not None:
        targets = accepting(targets, accept_new)
    secret.asked(secret.within(targets))
    writer = Writer(bundle, resume=resume)
    if resume and writer.journal.begun is None:
        outputs.say(f"{bundle}: no run was begun here; this one starts anew")
    outputs.say(f"looking at {', '.join(target.name for target in targets)}")
    progress = Progress()
    gc.freeze()  # what was loaded stays
    with shown(progress, outputs.log):
        collecting.collect(
            policies,
            checks,
            targets,
            writer,
            tool=collecting.Tool("wardround", version("wardround")),
            now=lambda: datetime.now(UTC),
            allowed_tags=configuration.allowed_tags,
            context_sha256=configuration.grounds.context.sha256,
            settings=_settings(configuration, targets),
            progress=progress,
        )


def accepted(said: str | None, bundle: Path | None) -> Path | None:
    """The file of keys that nobody has compared, by what was said of it; it is not part of the bundle."""
    if said != BESIDE:
        return Path(said) if said else None
    return bundle.parent / ACCEPTED if bundle else Path(ACCEPTED)


def _settings(configuration: Configuration, targets: Sequence[Target | Group]) -> dict[str, str]:
    """Digests of what was configured, as far as it decides what is collected."""
    return {
        **{f"the target {target.name}": journal.digest(target) for target in targets},
        "allowed_tags": journal.digest(sorted(configuration.allowed_tags)),
        "allow_host_commands": journal.digest(sorted(configuration.allow_host_commands)),
    }


def judged(
    grounds: Grounds, bundle: Path, *, as_of: datetime | None = None, before: Path | None = None
) -> Report:
    """What a bundle says about policies, as of when it was collected unless said otherwise.

    Raises:
        ScannerError: it is no bundle, or a policy does not fit the facts that were collected.
    """
    asked = plan.asked([read.policy for read in grounds.policies], plugins.checks())
    evidence = Derived(Bundle(bundle), asked, Bundle(before) if before else None)
    manifest = evidence.manifest
    _hold_clocks(bundle, manifest, as_of)
    facts = {check.id: check.facts for check in manifest.plan.checks}
    return engine.evaluate(
        [
            _anchored(resolved(read, facts, strict=False, kept_tags=manifest.tags), manifest)
            for read in grounds.policies
        ],
        evidence,
        as_of=as_of.replace(tzinfo=UTC) if as_of else manifest.finished_at,
        waivers=grounds.waivers,
        context=grounds.context,
        files=grounds.files,
        keep=Spool,
    )


def _hold_clocks(bundle: Path, manifest: Manifest, as_of: datetime | None) -> None:
    """Refuse moments that cannot be meant: ages counted to them would be wrong, and verdicts with them."""
    started = manifest.started_at
    if started > datetime.now(UTC) + timedelta(days=1):
        said = f"collected at {started:%Y-%m-%dT%H:%M:%SZ}, which is yet to come"
        raise ScannerError(f"{bundle}: {said}: a clock is wrong, here or there")
    if as_of and as_of.date() < started.date():
        said = f"before the evidence was collected, on {started:%Y-%m-%d}; ages cannot be counted back"
        raise ScannerError(f"--as-of {as_of:%Y-%m-%d}: {said}")


def entered(bundle: Path) -> Status:
    """Whether any target could be entered."""
    return Status.OK if report.entered(Bundle(bundle).manifest.plan) else Status.UNREACHABLE


def severities(level: str | None) -> tuple[Severity, ...]:
    """The severities at or above a level; all of them for `any`, none for `none`."""
    level = level or DEFAULT_LEVEL
    if level == "any":
        return tuple(Severity)
    if level == "none":
        return ()
    return tuple(severity for severity in Severity if severity.rank <= Severity(level).rank)


def _chosen(targets: Sequence[Target | Group], names: Sequence[str]) -> list[Target | Group]:
    known = sorted({label for target in targets for label in target.labels})
    for name in names:
        if name not in known:
            near = suggestion(name, known) or f"; configured are {', '.join(known)}"
            raise ScannerError(f"-t {name}: no target has this name{near}")
    return [target for target in targets if not names or set(target.labels) & set(names)]


def _anchored(policy: Policy, manifest: Manifest) -> Policy:
    """Where the configuration named the policy when the evidence was collected for it."""
    digests = [digest for digest in manifest.policies if digest.policy == policy.policy]
    if policy.configured_at or not digests or digests[0].sha256 != policy.sha256:
        return policy
    return msgspec.structs.replace(policy, configured_at=digests[0].configured_at)
