"""What makes a schedule a schedule: the checks of its parts.

croniter and dateutil are slow to load, and needed by who schedules alone.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from headrace.exceptions import InvalidOption


def check_cron(line: str) -> None:
    """Refuse what is no cron line.

    Raises:
        ValueError: it cannot be used, or names no time that ever comes.
    """
    import croniter

    if not croniter.croniter.is_valid(line):
        raise ValueError(f'Invalid cron string: "{line}"')
    if any(field.casefold().startswith(("r", "h")) for field in line.split()):
        raise ValueError(f'Random and Hashed expressions are unsupported, received: "{line}"')
    try:
        croniter.croniter(line, datetime.datetime(2024, 1, 1)).get_next(datetime.datetime)
    except croniter.CroniterBadDateError:
        raise ValueError(f'Invalid cron string: "{line}" never comes to a time') from None


def check_rrule(rule: str) -> None:
    """Refuse what is no recurrence rule.

    Raises:
        ValueError: it cannot be used.
    """
    from dateutil.rrule import rrulestr

    try:
        rrulestr(rule, ignoretz=True)
    except (ValueError, KeyError, AttributeError) as error:
        raise ValueError(f'Invalid RRule string "{rule}": {error}') from None


def check_timezone(name: str) -> None:
    """Refuse what is no time zone of the IANA's database.

    Raises:
        ValueError: there is none of that name.
    """
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError(
            f'Invalid timezone: "{name}" '
            "(specify in IANA tzdata format, for example, America/New_York)"
        ) from None


def check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Refuse what is none of the choices.

    Raises:
        ValueError: it is none of them; the message tells them.
    """
    if value not in choices:
        raise ValueError(f"Invalid {name}: {value!r} (use {', '.join(map(repr, choices))})")


def check_interval(interval: object) -> None:
    """Refuse an interval of no length.

    Raises:
        InvalidOption: it is none or negative, or no length of time at all.
    """
    if not isinstance(interval, datetime.timedelta):
        raise InvalidOption(
            f"Invalid interval: {interval!r} (use a datetime.timedelta or a number of seconds)"
        )
    if interval <= datetime.timedelta(0):
        raise InvalidOption(f"Invalid interval: {interval} (use more than 0 seconds)")
