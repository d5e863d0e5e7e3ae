"""The door: everything that checks, reporters and plug-ins may import.

Names are loaded when they are first used, so that opening the door costs nothing.
"""

from importlib import import_module

TYPE_CHECKING = False  # typing's, without importing it: it takes longer than all of this
if TYPE_CHECKING:
    from .declaration import check as check
    from .derived import Evidence as Evidence
    from .facts import Facts as Facts
    from .model import Control as Control
    from .model import ControlResult as ControlResult
    from .model import Coverage as Coverage
    from .model import Finding as Finding
    from .model import Location as Location
    from .model import Observation as Observation
    from .model import Outcome as Outcome
    from .model import Policy as Policy
    from .model import Reason as Reason
    from .model import Requirement as Requirement
    from .model import Severity as Severity
    from .model import TargetRecord as TargetRecord
    from .model import Unreadable as Unreadable
    from .model import Waiver as Waiver
    from .model import WaiverResult as WaiverResult
    from .plain import visible as visible
    from .report import Report as Report
    from .reportfile import encoded as encoded
    from .targets.attestations import Attestations as Attestations
    from .targets.aws import AwsAccount as AwsAccount
    from .targets.aws import AwsRegion as AwsRegion
    from .targets.azure import AzureSubscription as AzureSubscription
    from .targets.azure import Resource as Resource
    from .targets.entra import EntraTenant as EntraTenant
    from .targets.entra import Entry as Entry
    from .targets.fields import Fields as Fields
    from .targets.host import Host as Host

_HOMES = {
    "declaration": ("check",),
    "derived": ("Evidence",),
    "facts": ("Facts",),
    "model": (
        "Control",
        "ControlResult",
        "Coverage",
        "Finding",
        "Location",
        "Observation",
        "Outcome",
        "Policy",
        "Reason",
        "Requirement",
        "Severity",
        "TargetRecord",
        "Unreadable",
        "Waiver",
        "WaiverResult",
    ),
    "plain": ("visible",),
    "report": ("Report",),
    "reportfile": ("encoded",),
    "targets.attestations": ("Attestations",),
    "targets.aws": ("AwsAccount", "AwsRegion"),
    "targets.azure": ("AzureSubscription", "Resource"),
    "targets.entra": ("EntraTenant", "Entry"),
    "targets.fields": ("Fields",),
    "targets.host": ("Host",),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f".{home}", __name__), name)
    raise AttributeError(f"module 'scanner' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(name for names in _HOMES.values() for name in names)
