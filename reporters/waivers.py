"""What every reporter says of waivers: which ones somebody should look at, and why."""

from scanner import Report, Waiver, WaiverResult

from .digest import many

SOON = 30
"""Days before its end from which a waiver is said to end soon."""


def due(report: Report) -> list[WaiverResult]:
    """The waivers that somebody should look at: expired first, then ending soon, then unused."""
    chosen = [result for result in report.waivers if _expiring(result) or _unused(result)]
    return sorted(chosen, key=lambda result: (not result.expired, not _expiring(result), result.days_left))


def counted(report: Report) -> str:
    """How many waivers there are, and how many of them are due for a look, in words."""
    words = [
        (sum(result.expired for result in report.waivers), "expired"),
        (
            sum(_expiring(result) for result in report.waivers if not result.expired),
            f"ending within {SOON} days",
        ),
        (sum(map(_unused, report.waivers)), "unused"),
    ]
    said = ", ".join(f"{number:,} {word}" for number, word in words if number)
    return f"{many(len(report.waivers), 'waiver')}: {said or 'none expired, about to end or unused'}"


def state(result: WaiverResult) -> str:
    """Whether it holds, for how long, and what for."""
    days = many(abs(result.days_left), "day")
    if result.expired:
        return f"expired {days} ago: waives nothing"
    used = f"waives {many(result.findings, 'finding')}" if result.findings else "unused: waives nothing"
    return f"ends {'today' if not result.days_left else f'in {days}'}, {used}"


def covers(waiver: Waiver) -> str:
    """What it is about: `control 164.312(d), tag owner radiology`."""
    words = [f"{name} {wanted}" for name, wanted in waiver.covers.items() if name != "tags"]
    words += [f"tag {tag} {wanted}" for tag, wanted in waiver.covers.get("tags", {}).items()]
    return ", ".join(words)


def _expiring(result: WaiverResult) -> bool:
    return result.days_left <= SOON


def _unused(result: WaiverResult) -> bool:
    return not result.findings and not result.expired
