from typing import Any

from checks.semantics.azure_diagnostics import Logs, logs
from scanner import Fields
from scanner.errors import ReadError
from scanner.model import Reason


def complain(detail: str) -> ReadError:
    return ReadError(need="settings", reason=Reason.INVALID_ANSWER, detail=detail, mend="")


def setting(*told: dict[str, Any], **to: str) -> Fields:
    return Fields({"properties": {"logs": list(told), **to}}, complain)


def on(**names: str) -> dict[str, Any]:
    return {**names, "enabled": True}


def off(**names: str) -> dict[str, Any]:
    return {**names, "enabled": False}


NOTHING = Logs(frozenset(), frozenset(), (), ())


def test_what_several_settings_log_is_taken_together() -> None:
    told = [
        setting(on(category="Audit"), off(category="Trace"), workspaceId="/w", storageAccountId="/s"),
        setting(on(categoryGroup="audit"), serviceBusRuleId="/n", eventHubAuthorizationRuleId="/h"),
    ]

    assert logs(told) == Logs(
        frozenset({"Audit"}),
        frozenset({"audit"}),
        ("event-hub", "storage", "workspace"),
        ("/h", "/n", "/s", "/w"),
    )


def test_what_is_off_or_goes_nowhere_does_not_count() -> None:
    assert logs([setting(off(category="Audit"), workspaceId="/w"), setting(on(category="Audit"))]) == NOTHING


def test_only_some_categories_are_heeded_and_groups_always() -> None:
    told = [
        setting(on(category="Errors"), workspaceId="/w"),
        setting(on(category="sqlsecurityauditevents"), storageAccountId="/s"),
        setting(on(categoryGroup="allLogs"), marketplacePartnerId="/p"),
    ]

    assert logs(told, {"SQLSecurityAuditEvents"}) == Logs(
        frozenset({"sqlsecurityauditevents"}), frozenset({"allLogs"}), ("partner", "storage"), ("/p", "/s")
    )


def test_a_category_is_not_the_group_of_its_name() -> None:
    group = logs([setting(on(categoryGroup="audit"), workspaceId="/w")])
    category = logs([setting(on(category="Audit"), workspaceId="/w")])
    everything = logs([setting(on(category="allLogs"), workspaceId="/w")])

    wanted = {"Audit", "RequestResponse"}
    assert [each.audits(wanted) for each in (group, category, everything)] == [True, False, False]
    assert [each.covers(wanted) for each in (group, category, everything)] == [False, False, False]
    assert logs([setting(on(categoryGroup="allLogs"), workspaceId="/w")]).covers(wanted)
