import pytest

from checks.backup.schedules import DEFAULT, daily


@pytest.mark.parametrize(
    "expression",
    [
        DEFAULT,
        "cron(0 5 ? * * *)",
        "cron(0 5 * * ? *)",
        "cron(15 * ? * * *)",
        "cron(0 0/12 ? * * *)",
        "cron(0  5 1/1 * ? *)",
        "cron(0 5 ? * SUN-SAT *)",
        "cron(0 5 ? * mon,tue,wed,thu,fri,sat,sun *)",
        "cron(0 5 ? * 1,2,3,4,5,6,7 *)",
        "rate(1 day)",
        "rate(12 hours)",
        "rate(1440 minutes)",
    ],
)
def test_comes_round_on_every_day(expression: str) -> None:
    assert daily(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 5 ? * 7 *)",
        "cron(0 5 ? * MON-FRI *)",
        "cron(0 5 ? * MON,TUE *)",
        "cron(0 5 1 * ? *)",
        "cron(0 5 1/2 * ? *)",
        "cron(0 5 ? 1,7 * *)",
        "cron(0 5 ? * * 2026)",
        "cron(0 5 * * ?)",
        "rate(2 days)",
        "rate(25 hours)",
        "every day",
        "",
    ],
)
def test_does_not_come_round_on_every_day(expression: str) -> None:
    assert not daily(expression)
