from datetime import UTC, datetime

from checks.accounts import AwakenedUser, DirectoryUser, IamUser, RoleAssignment, RoleHolder
from checks.accounts.evidence import awakened_users, role_holders
from scanner.model import Reason
from scanner.testing import AT, AT_BEFORE, SUBSCRIPTION, TENANT, Compared, look, observe, world

(USERS,) = awakened_users.needs
IAM = "arn:aws:iam::111122223333:user/"
MADE = datetime(2020, 1, 1, tzinfo=UTC)
MARCH = datetime(2026, 3, 1, tzinfo=UTC)
TODAY = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)


def user(name: str, used: datetime | None, made: datetime = MADE) -> IamUser:
    return IamUser(
        resource=IAM + name,
        active=True,
        last_used_at=used,
        last_seen_at=used or made,
        created_at=made,
        console_access=True,
        active_access_keys=0,
        password_changed_at=None,
    )


WORLD = world(
    awakened_users,
    {
        USERS: Compared(
            before=[
                user("again", MARCH),
                user("asleep", MARCH),
                user("daily", AT_BEFORE),
                user("first", None),
                user("gone", MARCH),
                user("never", None),
                user("remade", MARCH),
            ],
            now=[
                user("again", TODAY),
                user("asleep", MARCH),
                user("daily", TODAY),
                user("first", TODAY),
                user("never", None),
                user("new", TODAY),
                user("remade", TODAY, made=AT_BEFORE),
            ],
        )
    },
)


def test_who_was_used_since_and_how_long_they_had_slept() -> None:
    def awakened(name: str, seen: datetime, days: int) -> AwakenedUser:
        return AwakenedUser(resource=IAM + name, seen_before_at=seen, last_used_at=TODAY, dormant_days=days)

    assert observe(awakened_users, WORLD) == [
        awakened("again", MARCH, (AT_BEFORE - MARCH).days),
        awakened("daily", AT_BEFORE, 0),
        awakened("first", MADE, (AT_BEFORE - MADE).days),
    ]
    assert AT_BEFORE < TODAY < AT


def test_without_a_run_before_nothing_can_be_said() -> None:
    sight = look(awakened_users, {USERS: [user("again", TODAY)]})

    assert sight.facts == []
    (refusal,) = sight.refusals
    assert (refusal.resource, refusal.error.reason) == (None, Reason.NOT_COLLECTED)
    assert "--before" in refusal.error.mend


ASSIGNMENTS, ACCOUNTS = role_holders.needs
GIVEN = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleAssignments/"


def given(name: str, principal: str, kind: str = "user") -> RoleAssignment:
    return RoleAssignment(
        resource=GIVEN + name,
        links=(f"entra:{TENANT}/{kind}s/{principal}",),
        principal_id=principal,
        principal_type=kind,
        role_name="Owner",
        role_id="8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
        scope=f"/subscriptions/{SUBSCRIPTION}",
        scope_kind="subscription",
        privileged=True,
        conditioned=False,
    )


def account(number: str, name: str, *, active: bool = True, guest: bool = False) -> DirectoryUser:
    return DirectoryUser(
        resource=f"entra:{TENANT}/users/{number}", name=name, active=active, guest=guest, created_at=MADE
    )


HOLDERS = world(
    role_holders,
    {
        ASSIGNMENTS: [
            given("1", "ann"),
            given("2", "guest"),
            given("3", "gone"),
            given("4", "team", "group"),
        ],
        ACCOUNTS: [
            account("ann", "ann@clinic.example"),
            account("gone", "gone@clinic.example", active=False),
            account("guest", "pat_partner.example#EXT#@clinic.example", guest=True),
            account("other", "other@clinic.example"),
        ],
    },
)


def test_whose_accounts_hold_roles() -> None:
    def holder(name: str, user: str, login: str, *, active: bool = True, guest: bool = False) -> RoleHolder:
        return RoleHolder(
            resource=GIVEN + name,
            links=(f"entra:{TENANT}/users/{user}",),
            name=login,
            active=active,
            guest=guest,
            role_name="Owner",
            scope_kind="subscription",
            privileged=True,
        )

    assert observe(role_holders, HOLDERS) == [
        holder("1", "ann", "ann@clinic.example"),
        holder("2", "guest", "pat_partner.example#EXT#@clinic.example", guest=True),
        holder("3", "gone", "gone@clinic.example", active=False),
    ]


def test_what_was_given_above_subscriptions_is_told_once() -> None:
    twice = {**HOLDERS, ASSIGNMENTS: [given("1", "ann"), given("1", "ann")]}

    assert [holder.resource for holder in observe(role_holders, twice)] == [GIVEN + "1"]


def test_a_holder_whom_the_directory_does_not_list_is_unreadable() -> None:
    sight = look(role_holders, {**HOLDERS, ASSIGNMENTS: [given("1", "ann"), given("9", "deleted")]})

    assert [facts.resource for facts in sight.facts] == [GIVEN + "1"]
    (refusal,) = sight.refusals
    assert (refusal.resource, refusal.error.need) == (GIVEN + "9", ACCOUNTS)
    assert "take the assignment away" in refusal.error.mend
