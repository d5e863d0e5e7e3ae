"""How often the schedules of AWS Backup have something made."""

import re

DEFAULT = "cron(0 5 ? * * *)"
"""What AWS Backup goes by where a rule names no schedule:
https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRule.html."""

_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_MINUTES = {"minute": 1, "hour": 60, "day": 24 * 60}
_DAY = 24 * 60
_EVERY_DAY = frozenset({"*", "?", "1/1", "*/1", "1-31"})
_EVERY_WEEKDAY = frozenset({"*", "?", "1-7", "SUN-SAT", "MON-SUN", "*/1", "1/1"})
_EVERY_MONTH = frozenset({"*", "1/1", "*/1", "1-12", "JAN-DEC"})


def daily(expression: str) -> bool:
    """Whether a schedule comes round on every day, once or more often."""
    expression = " ".join(expression.split())
    rate = _RATE.fullmatch(expression)
    if rate:
        return int(rate[1]) * _MINUTES[rate[2]] <= _DAY
    cron = _CRON.fullmatch(expression)
    if not cron:
        return False
    days, months, weekdays, years = (cron[field].upper() for field in (3, 4, 5, 6))
    return (
        days in _EVERY_DAY
        and months in _EVERY_MONTH
        and (weekdays in _EVERY_WEEKDAY or _named(weekdays))
        and years == "*"
    )


def _named(weekdays: str) -> bool:
    """Whether a list names all seven days."""
    seven = (set("1234567"), {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"})
    return set(weekdays.split(",")) in seven
