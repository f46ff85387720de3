"""What an answer teaches of its source's ways, and when to ask it again, and why.

Reasons of a next poll: learned_rate, shortest, longest and gap (`rhythm`), interval (nothing is learnt yet), override
(a person set `every_minutes`), gap (items may have been lost), max_age, ttl, skip_hours (the publisher's own hints),
retry_after (its server asks to be left alone so long, or its host does, through another source), backoff, offline,
gone, discover (the site was searched for a feed), pending (a person must look).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from aggregator.model import (
    DISCOVER,
    Bounds,
    Due,
    Habits,
    Hints,
    NextPoll,
    Pause,
    Poll,
    PollSettings,
    Rhythm,
    Tariff,
    Validators,
)
from aggregator.scheduling import rhythm
from aggregator.scheduling.silence import silent_after, wire_is_silent
from aggregator.text.dates import read_date, to_iso
from aggregator.text.urls import domain_of_url, is_https_of

_WEEK = timedelta(days=7)
_HOUR = timedelta(hours=1)
_HELD = timedelta(hours=6)  # between two polls of a source of which nothing is stored until a person has looked
_LONG_DEAD = 30  # failures in a row, after which a source is asked once a week
_AFRESH = 2  # failures in a row, after which no validators are sent: they may be what the server fails at
_TOO_BUSY = 429  # RFC 6585 section 4
_UNAVAILABLE = 503
_JITTER = 0.1  # of the interval, at most
_CLOCKS_DIFFER = timedelta(days=1)
_DATED_LATE = timedelta(hours=1)
_DAYS_WITHOUT = timedelta(days=2)


class Found(Struct, frozen=True, kw_only=True):
    """What a poll brought, as far as it says something of its source."""

    arrivals: tuple[datetime | None, ...] = ()  # dates of new reports that are no backfill; None: none that can be read
    gap: str | None = None  # open, closed


class Pace(Struct, frozen=True, kw_only=True):
    """How often the wire asks: its settings, and what a request costs."""

    settings: PollSettings = field(default_factory=PollSettings)
    tariff: Tariff = field(default_factory=lambda: Tariff(price=1.0))


class Silence(Struct, frozen=True, kw_only=True):
    """Of the wire as a whole: nothing new since, where so many reports were to be expected."""

    since: datetime
    expected: float


def silence(rhythms: Sequence[Rhythm], tariff: Tariff, last_new: datetime | None, now: datetime) -> Silence | None:
    """None: there is none, or none that its rhythm does not allow."""
    taught = [each for each in rhythms if each.taught_at]
    if last_new is None or not wire_is_silent(taught, tariff, last_new, now):
        return None
    expected = sum(rhythm.expected(each, tariff, last_new, now) for each in taught)
    return Silence(since=last_new, expected=expected)


def reckon(sources: Sequence[tuple[Rhythm, timedelta | None]], settings: PollSettings, now: datetime) -> Tariff:
    """What a request costs on a wire of these sources, each with the interval that a person set. Such a source is asked
    beside the budget, which is of the others alone. Without one in the settings it is what asking these every
    `settings.every` would take.
    """
    bounds = Bounds(shortest=settings.shortest, longest=settings.longest)
    shares = [(taught, None if every else bounds) for taught, every in sources]
    budget = settings.requests_per_hour or sum(share is not None for _, share in shares) * (_HOUR / settings.every)
    return rhythm.tariff(shares, budget, now)


def validators_for(due: Due, settings: PollSettings) -> Validators:
    """What to send: nothing to a server whose validators lied, nor at every twentieth poll or so, which shows it, nor
    to one that has failed twice: whatever came before, it is asked for the whole document, and its next good answer
    counts.
    """
    if due.validators_ignored or due.conditional_polls + 1 >= settings.unconditional_every or due.failures >= _AFRESH:
        return Validators()
    return due.validators


def plan(poll: Poll, habits: Habits, found: Found, pace: Pace) -> tuple[Habits, NextPoll]:
    """The source's ways after this poll, and the next one."""
    if poll.outcome == "offline":
        return habits, _after(poll, pace.settings.shortest, "offline")
    if poll.source.kind == DISCOVER:  # what is found is no success of the source: nothing of it has been read yet
        searched = replace(habits, failures=0 if poll.proposal else habits.failures + 1)
        # A site is searched once a week at most; what was found may be polled soon, if the operator lets the wire.
        is_taken = poll.proposal and pace.settings.accept_discovered
        return searched, _after(poll, pace.settings.shortest if is_taken else _WEEK, "discover")
    if poll.outcome == "pending":
        return _held(poll, habits, pace)
    if not poll.is_answer:
        return _failed(poll, habits, pace)
    learnt = replace(
        habits,
        failures=0,
        last_success=poll.started,
        poll_hints=poll.hints or habits.poll_hints,
        conditional_polls=habits.conditional_polls + 1 if poll.is_conditional else 0,
        unmodified_since=(habits.unmodified_since or poll.started) if poll.outcome == "not_modified" else None,
        validators_ignored=habits.validators_ignored or _lie(poll, habits, found),
        **_moved(poll, habits),
    )
    if poll.outcome == "ok" and (found.arrivals or habits.rhythm.taught_at is None):  # silence is read from the clock
        taught = rhythm.learn(
            habits.rhythm, found.arrivals, since=habits.last_success, now=poll.started, listed=poll.entries
        )
        learnt = replace(learnt, rhythm=taught, silent_after=silent_after(taught, pace.tariff))
    return learnt, _next(poll, habits, learnt, found, pace)


def _held(poll: Poll, habits: Habits, pace: Pace) -> tuple[Habits, NextPoll]:
    """It is polled on, calmly, because a redirect may end as it began. A week of redirects to one place, after which a
    source moves, begins anew once they are accepted.
    """
    wait: timedelta = max(_HELD, poll.source.every or pace.settings.shortest, poll.fresh_for or timedelta())
    calm = replace(habits, failures=0, moved_to=None, moved_since=None)
    return calm, _after(poll, min(wait, pace.settings.longest), "pending")


# When it failed


def _failed(poll: Poll, habits: Habits, pace: Pace) -> tuple[Habits, NextPoll]:
    """A publisher is never given up: feeds die for weeks and come back. 410 alone waits for a person."""
    learnt = replace(habits, failures=habits.failures + 1)
    if poll.http_status == 410:
        return replace(learnt, paused_at=poll.started), _after(poll, _WEEK, "gone")
    wait, asked = _backoff(poll, learnt.failures, pace.settings), _asked(poll, pace.settings)
    if poll.outcome == "payment_required":  # a matter between people, which no hour changes
        wait = max(wait, pace.settings.longest)
    return learnt, _after(poll, max(wait, asked), "retry_after" if asked > wait else "backoff")


def _asked(poll: Poll, settings: PollSettings) -> timedelta:
    """How long the server asks to be left alone, by Retry-After. It is a least wait (RFC 9110 section 10.2.3), so the
    time that a failed poll has to wait anyway is not shortened by it. A server may ask for a year, or for the past;
    neither is taken at its word.
    """
    said = poll.retry_after
    wait: timedelta = said - poll.started if isinstance(said, datetime) else said or timedelta()
    return min(max(wait, timedelta()), max(settings.longest, _WEEK))


def pause_of_host(poll: Poll, settings: PollSettings) -> timedelta | None:
    """How long the poll's whole host is to be left alone, with all its sources; None: it did not ask for that. It does
    by 429, and by 503 with Retry-After. At most `settings.longest`: the others have done nothing.
    """
    if poll.http_status != _TOO_BUSY and not (poll.http_status == _UNAVAILABLE and poll.retry_after is not None):
        return None
    return _pause(_asked(poll, settings), settings)


def _pause(asked: timedelta, settings: PollSettings) -> timedelta:
    return min(max(asked, settings.shortest), settings.longest)


def pauses(poll: Poll, settings: PollSettings) -> tuple[Pause, ...]:
    """The source's own host, as often as it is to be left alone after this poll: for what it answered, for an older
    page or for its robots.txt. What other hosts say to addresses that a publisher chose is no matter of their sources.
    A site that answers for everything but its robots.txt is asked for that again and again, and must not postpone its
    other sources for ever.
    """
    own = pause_of_host(poll, settings)
    domain = domain_of_url(poll.source.url) if poll.busy else ""
    others = (
        Pause(
            url=busy.url,
            lasts=_pause(_asked(replace(poll, retry_after=busy.retry_after), settings), settings),
            once=busy.is_robots,
        )
        for busy in poll.busy
        if domain and domain_of_url(busy.url) == domain
    )
    return (*((Pause(url=poll.source.url, lasts=own),) if own else ()), *others)


def _backoff(poll: Poll, failures: int, settings: PollSettings) -> timedelta:
    """Twice as long with every failure in a row, up to the wire's longest; of one long dead, a week."""
    if failures >= _LONG_DEAD:
        return max(_WEEK, settings.longest)
    doubled: timedelta = (poll.source.every or settings.every) * 2 ** min(failures - 1, 16)
    return min(max(doubled, settings.shortest), settings.longest)


def _after(poll: Poll, wait: timedelta, reason: str) -> NextPoll:
    """Never sooner than `wait`, and as much later as chance has it for this poll, so that sources which were asked
    together, or stand on one host, are not asked together again.
    """
    chance = zlib.crc32(f"{poll.source.name} {poll.started}".encode()) / 2**32
    return NextPoll(at=poll.started + wait * (1 + _JITTER * chance), reason=reason)


# When it answered


def _next(poll: Poll, before: Habits, learnt: Habits, found: Found, pace: Pace) -> NextPoll:
    settings, now = pace.settings, poll.started
    following = _wanted(poll, learnt, pace)
    if found.gap and before.last_success:
        sooner = now + max(settings.shortest, (now - before.last_success) / 2)
        following = min(following, NextPoll(at=sooner, reason="gap"), key=lambda each: each.at)
    following = _after(poll, following.at - now, following.reason)
    # What a person set for a source stands above what its document says of itself: WordPress writes "hourly" for all.
    hints = Hints() if poll.source.every else learnt.poll_hints
    asked = max([_asked(poll, settings), *(pause.lasts for pause in pauses(poll, settings) if not pause.once)])
    for reason, said in (("ttl", hints.every), ("max_age", poll.fresh_for), ("retry_after", asked)):
        wait = min(said or timedelta(), settings.longest)
        if now + wait > following.at:
            following = _after(poll, wait, reason)
    return _outside(hints, following)


def _wanted(poll: Poll, learnt: Habits, pace: Pace) -> NextPoll:
    settings, now = pace.settings, poll.started
    if poll.source.every:
        interval = min(max(poll.source.every, settings.shortest), settings.longest)
        return NextPoll(at=now + interval, reason="override")
    if learnt.rhythm.taught_at is None:
        return NextPoll(at=now + settings.every, reason="interval")
    bounds = Bounds(shortest=settings.shortest, longest=settings.longest)
    return rhythm.next_at(learnt.rhythm, pace.tariff, bounds, now)


def _outside(hints: Hints, following: NextPoll) -> NextPoll:
    """The time itself, or as many minutes into the first hour that the publisher does not skip."""
    for hours in range(8 * 24):
        at = following.at + timedelta(hours=hours)
        if at.hour not in hints.skip_hours and at.weekday() not in hints.skip_days:
            return NextPoll(at=at, reason="skip_hours") if hours else following
    return following  # whoever skips every hour says nothing


def _moved(poll: Poll, habits: Habits) -> dict[str, Any]:
    """The fields of Habits that change. A source moves when it has redirected for good, to the same place, for a week;
    from http to https on the same host at once (RFC 9110 section 15.4.2 lets us; a mistake of a day must not).
    """
    target = poll.moved_to
    if target is None or target == habits.url:
        return {"moved_to": None, "moved_since": None}
    since = habits.moved_since if target == habits.moved_to and habits.moved_since else poll.started
    if poll.started - since >= _WEEK or is_https_of(habits.url, target):
        return {"url": target, "moved_to": None, "moved_since": None}
    return {"moved_to": target, "moved_since": since}


def _lie(poll: Poll, habits: Habits, found: Found) -> str | None:
    """How the server's validators are seen to lie: a date of the future, or a 304 for a document that had changed."""
    # A 304 repeats what was sent, which was read when it came.
    told = poll.validators if poll.outcome != "not_modified" else None
    modified = read_date(told.last_modified) if told else None
    if modified and modified > poll.started + _CLOCKS_DIFFER:
        return f"Last-Modified lies in the future: {to_iso(modified)}"
    if poll.is_conditional or habits.unmodified_since is None or habits.last_success is None:
        return None
    hidden = [at for at in found.arrivals if at and at < habits.last_success - _DATED_LATE]
    if hidden and min(hidden) > habits.unmodified_since - _DAYS_WITHOUT:
        return f"it said 304 until {to_iso(habits.last_success)}, and had an item of {to_iso(min(hidden))}"
    if found.arrivals and not any(found.arrivals) and poll.started - habits.unmodified_since >= _DAYS_WITHOUT:
        return f"it said 304 from {to_iso(habits.unmodified_since)} on, and had new items"
    return None
