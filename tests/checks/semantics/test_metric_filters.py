import pytest

from checks.semantics import watched_activity
from checks.semantics.metric_filters import matches

EVENT = {
    "eventName": "UpdateTrail",
    "sourceIPAddress": "111.111.111.111",
    "latency": 500,
    "port": "443",
    "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
    "SomeObject": None,
    "ThisFlag": True,
    "userIdentity": {"type": "Root", "session-name": "Ev*ent"},
}


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "  ",
        '{ $.eventName = "UpdateTrail" }',
        "{ $.eventName = UpdateTrail }",
        "{$.eventName=UpdateTrail}",
        "{ $.eventName = *Trail }",
        "{ $.eventName = Update* }",
        "{ $.eventName = * }",
        '{ $.eventName = "*date*" }',
        "{ $.eventName = %^(Update|Stop)% }",
        "{ $.sourceIPAddress != 123.123.* }",
        '{ $.arrayKey[0] = "value" }',
        "{ $.objectList[1].id = 2 }",
        "{ $.userIdentity.session-name = Ev*ent }",
        '{ $.userIdentity["type"] NOT EXISTS || $.userIdentity.type = Root }'.replace('"', "'"),
        "{ $.SomeObject IS NULL }",
        "{ $.ThisFlag IS TRUE }",
        "{ $.Other NOT EXISTS }",
        "{ $.eventName EXISTS }",
        "{ $.latency >= 500 && $.latency < 10e3 && $.latency = 500 && $.latency != 4.5 }",
        "{ $.port = 443 }",
        "{ $.eventName = nothing && $.ThisFlag IS TRUE || $.latency = +500 }",
        '{ ($.eventName = "a(b" || $.eventName = UpdateTrail) && ($.ThisFlag is true) }',
    ],
)
def test_counts(pattern: str) -> None:
    assert matches(pattern, EVENT)


@pytest.mark.parametrize(
    "pattern",
    [
        "{ $.eventName = Trail }",
        "{ $.eventName = updatetrail }",
        "{ $.eventName = U*l }",
        "{ $.eventName != UpdateTrail }",
        "{ $.eventName = %^Stop% }",
        "{ $.Other != something }",
        "{ $.arrayKey = value }",
        "{ $.arrayKey != value }",
        "{ $.arrayKey[2] = value }",
        "{ $.ThisFlag = true }",
        "{ $.ThisFlag IS FALSE }",
        "{ $.ThisFlag >= 0 }",
        "{ $.SomeObject NOT EXISTS }",
        "{ $.Other IS NULL }",
        "{ $.latency > 500 }",
        "{ $.port > 1 }",
        "{ $.port != 443 }",
        "{ ($.eventName = UpdateTrail || $.latency = 1) && $.ThisFlag IS FALSE }",
        # What is not understood counts nothing.
        "UpdateTrail",
        "[ip, user]",
        "{ $.eventName = UpdateTrail",
        "{ $.eventName = UpdateTrail ) }",
        "{ ($.eventName = UpdateTrail }",
        "{ eventName = UpdateTrail }",
        "{ $.eventName > UpdateTrail }",
        "{ $.eventName = ( }",
        "{ $.eventName UpdateTrail }",
        "{ $.eventName }",
        "{ $.eventName = }",
        "{ $.eventName = %[% }",
        '{ $.eventName = "UpdateTrail }',
        "{ $..eventName = UpdateTrail }",
        "{ }",
    ],
)
def test_does_not_count(pattern: str) -> None:
    assert not matches(pattern, EVENT)


# As the CIS benchmark writes them.
KNOWN = {
    "ROOT_USE": '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS '
    '&& $.eventType != "AwsServiceEvent" }',
    "FAILED_LOGINS": '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }',
    "LOGINS_WITHOUT_MFA": '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") '
    '&& ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }',
    "UNAUTHORIZED_CALLS": '{ ($.errorCode ="*UnauthorizedOperation") || ($.errorCode ="AccessDenied*") '
    '&& ($.sourceIPAddress!="delivery.logs.amazonaws.com") && ($.eventName!="HeadBucket") }',
    "KEY_REMOVALS": "{($.eventSource = kms.amazonaws.com) && "
    "(($.eventName=DisableKey)||($.eventName=ScheduleKeyDeletion)) }",
    "ROUTE_TABLE_CHANGES": "{($.eventSource = ec2.amazonaws.com) && ($.eventName = CreateRoute) || "
    "($.eventName = CreateRouteTable) || ($.eventName = ReplaceRoute) || "
    "($.eventName = ReplaceRouteTableAssociation) || ($.eventName = DeleteRouteTable) || "
    "($.eventName = DeleteRoute) || ($.eventName = DisassociateRouteTable) }",
}


@pytest.mark.parametrize(("activity", "pattern"), KNOWN.items())
def test_what_a_benchmark_proposes_counts_what_it_is_for_and_nothing_else(
    activity: str, pattern: str
) -> None:
    kinds = {
        name: events for name, events in vars(watched_activity).items() if name.isupper() and name[0] != "_"
    }

    counted = {name for name, events in kinds.items() if all(matches(pattern, event) for event in events)}

    assert counted == {activity}
