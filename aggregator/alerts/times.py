"""When a message is due, and when one that failed is tried again. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import get_args

from aggregator.model import AlertMessage, Tell, TellState, Weekday
from aggregator.model.complaints import Letter
from aggregator.text.timezones import timezone

GIVE_UP_AFTER = timedelta(days=3)  # of attempts, from when the message was made
# Before the second attempt, the third, and so on; the last for all that follow. A server that greylists (RFC 6647)
# takes a message some minutes after it refused it.
_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 10, 30, 60, 120, 240))
_WEEKDAYS = get_args(Weekday)


def next_time(tell: Tell, after: datetime) -> datetime:
    """The first time of a schedule behind another time; of at_once that very time. Where clocks are put forward, a time
    that there is not is so much later as they are; where they are put back, it is the first of the two.
    """
    if tell.when == "at_once":
        return after
    if tell.when == "hourly":
        return after.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    zone = timezone(tell.zone)
    hour, minute = map(int, tell.at.split(":"))
    day = after.astimezone(zone).date()
    while True:
        moment = datetime.combine(day, time(hour, minute), zone).astimezone(UTC)
        if moment > after and (tell.when == "daily" or day.weekday() == _WEEKDAYS.index(tell.on)):
            return moment
        day += timedelta(days=1)


def next_of(tell: Tell, since: datetime | None, now: datetime) -> datetime:
    """When a message is due of what is owed since then, or of what may come; None: nothing is owed. A time in the
    future is none: the clock has been put back.
    """
    return next_time(tell, min(since or now, now))


def is_due(state: TellState, now: datetime) -> bool:
    """Whether a message is to be made of what was found: also long after its time, when no program ran. One at a time
    waits for each recipient, so that a server that is down is not sent a message for every hour when it is up again.
    """
    return bool(state.found) and not state.is_paused and next_of(state.tell, state.found_since, now) <= now


def waits_until(message: AlertMessage | Letter, now: datetime) -> datetime | None:
    """When the next attempt is due; None: it is. A clock that was set back keeps nobody waiting."""
    if message.attempted_at is None or not message.attempted_at <= now:
        return None
    due = message.attempted_at + _PAUSES[min(message.attempts, len(_PAUSES)) - 1]
    return due if now < due else None


def is_last(message: AlertMessage | Letter, now: datetime) -> bool:
    """Whether no other attempt follows one that failed now: three days have gone by, and it was tried as often as a
    server that is down for hours is asked. While no program runs, or where the clock was put forward, none was.
    """
    return now - message.made_at >= GIVE_UP_AFTER and message.attempts >= len(_PAUSES)
