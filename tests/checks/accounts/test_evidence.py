from datetime import UTC, datetime

from checks.accounts import AwakenedUser, IamUser
from checks.accounts.evidence import awakened_users
from scanner.model import Reason
from scanner.testing import AT, AT_BEFORE, Compared, look, observe, world

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
