"""What an answer teaches of its source, and when it is asked again, and why: the reasons, the bounds, the lies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.model import (
    DISCOVER,
    Busy,
    Due,
    Hints,
    NextPoll,
    Pause,
    Poll,
    PollSettings,
    Proposal,
    Rhythm,
    Source,
    Tariff,
    Validators,
)
from aggregator.scheduling.polls import Found, Habits, Pace, pauses, plan, silence, validators_for
from aggregator.scheduling.rhythm import learn
from tests.conftest import NOW
from tests.rows import every_row

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
URL = "https://daily.example/feed"
SOURCE = Source(publisher="daily", key="feed", url=URL)
PACE = Pace(settings=PollSettings())
LATE = 0.1  # the part of a wait that chance may add
# A source that brings a report every two hours, around the clock.
KNOWN = learn(Rhythm(), [NOW - n * 2 * HOUR for n in range(1, 200)], since=None, now=NOW, listed=20)


def poll(outcome: str = "ok", **fields: object) -> Poll:
    return Poll(source=SOURCE, started=NOW, seconds=0.1, outcome=outcome, **fields)  # type: ignore[arg-type]


def habits(**fields: object) -> Habits:
    return Habits(**({"url": URL, "last_success": NOW - HOUR} | fields))  # type: ignore[arg-type]


def after(made: Poll, before: Habits | None = None, found: Found | None = None, pace: Pace = PACE) -> NextPoll:
    return plan(made, before or habits(), found or Found(), pace)[1]


def learnt(made: Poll, before: Habits | None = None, found: Found | None = None) -> Habits:
    return plan(made, before or habits(), found or Found(), PACE)[0]


def waits(following: NextPoll, wait: timedelta) -> bool:
    """Never sooner than the wait, and a tenth later at most."""
    return wait <= following.at - NOW <= wait * (1 + LATE)


# An answer


def test_a_source_that_has_taught_nothing_is_asked_at_the_interval_of_the_wire() -> None:
    following = after(poll("not_modified"))
    assert waits(following, 30 * MINUTE)
    assert following.reason == "interval"


@pytest.mark.parametrize(("every", "wait"), [(10, 10 * MINUTE), (1, 5 * MINUTE), (9_000, DAY)])
def test_a_persons_own_interval_overrides_what_was_learnt_within_the_wires_bounds(every: int, wait: timedelta) -> None:
    made = replace(poll(), source=replace(SOURCE, every=every * MINUTE))
    following = after(made, habits(rhythm=KNOWN))
    assert waits(following, wait)
    assert following.reason == "override"


def test_what_was_learnt_decides_otherwise() -> None:
    following = after(poll(), habits(rhythm=KNOWN))
    assert following.reason in ("learned_rate", "shortest", "longest", "gap")
    assert following.at > NOW


@every_row("outcome", ["unchanged", "not_modified"])
@every_row(
    ("fields", "wait", "reason"),
    [
        ({"fresh_for": 2 * HOUR}, 2 * HOUR, "max_age"),
        ({"fresh_for": 365 * DAY}, DAY, "max_age"),
        ({"fresh_for": 1 * MINUTE}, 30 * MINUTE, "interval"),
        ({"hints": Hints(every=3 * HOUR)}, 3 * HOUR, "ttl"),
        ({"hints": Hints(every=3 * HOUR), "fresh_for": 4 * HOUR}, 4 * HOUR, "max_age"),
        ({"hints": Hints(every=30 * DAY)}, DAY, "ttl"),
    ],
)
def test_hints_are_bounds(outcome: str, fields: dict[str, object], wait: timedelta, reason: str) -> None:
    following = after(poll(outcome, **fields))
    assert waits(following, wait)
    assert following.reason == reason


def test_hints_of_the_document_are_kept_for_answers_without_one() -> None:
    kept = learnt(poll(hints=Hints(every=3 * HOUR)))
    assert after(poll("not_modified"), kept).at - NOW >= 3 * HOUR
    assert learnt(poll("not_modified"), kept).poll_hints == kept.poll_hints
    assert learnt(poll(hints=Hints()), kept).poll_hints == Hints()


def test_a_person_stands_above_the_documents_hints_but_not_above_max_age() -> None:
    own = replace(SOURCE, every=10 * MINUTE)
    assert after(replace(poll(hints=Hints(every=DAY, skip_hours=tuple(range(23)))), source=own)).reason == "override"
    assert after(replace(poll(fresh_for=HOUR), source=own)).reason == "max_age"


@every_row(
    ("hints", "hour", "day"),
    [
        (Hints(skip_hours=(10, 11, 12)), 13, 22),  # NOW is ten o'clock, of a Sunday
        (Hints(skip_days=(6,)), 0, 23),
        (Hints(skip_days=(6, 0), skip_hours=(0, 1)), 2, 24),
        (Hints(skip_hours=tuple(range(24))), 10, 22),
        (Hints(skip_days=tuple(range(7))), 10, 22),
    ],
)
def test_hours_and_days_that_are_skipped_are_passed_over(hints: Hints, hour: int, day: int) -> None:
    following = after(poll("unchanged", hints=hints))
    assert (following.at.hour, following.at.day) == (hour, day)


def test_a_gap_brings_the_source_back_in_half_the_time() -> None:
    following = after(poll(), habits(last_success=NOW - 40 * MINUTE), Found(gap="open"))
    assert waits(following, 20 * MINUTE)
    assert following.reason == "gap"
    assert waits(after(poll(), habits(last_success=NOW - 2 * MINUTE), Found(gap="open")), 5 * MINUTE)


def test_sources_asked_together_are_not_asked_together_again() -> None:
    made = [replace(poll(), source=replace(SOURCE, key=f"k{number}")) for number in range(100)]
    assert len({after(each).at.replace(microsecond=0) for each in made}) > 50


# No answer


BACKOFF = [(0, 30 * MINUTE), (1, HOUR), (3, 4 * HOUR), (6, DAY), (28, DAY), (29, 7 * DAY), (9_999, 7 * DAY)]


@every_row(("failures", "wait"), BACKOFF)
@every_row("outcome", ["failed", "challenge", "consent", "cookie"])
def test_failures_back_off_to_a_day_to_a_week_after_thirty_and_never_give_up(
    outcome: str, failures: int, wait: timedelta
) -> None:
    following = after(poll(outcome), habits(failures=failures))
    assert waits(following, wait)
    assert following.reason == "backoff"


@every_row(
    ("asked", "failures", "wait", "reason"),
    [
        (NOW + 2 * HOUR, 0, 2 * HOUR, "retry_after"),
        (365 * 86_400, 0, 7 * DAY, "retry_after"),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), 0, 7 * DAY, "retry_after"),
        # it is a least wait: the back-off is not shortened by it
        (300, 0, 30 * MINUTE, "backoff"),
        (0, 0, 30 * MINUTE, "backoff"),
        (NOW - DAY, 0, 30 * MINUTE, "backoff"),
        (-300, 0, 30 * MINUTE, "backoff"),
        (NOW + 2 * HOUR, 3, 4 * HOUR, "backoff"),
        (0, 40, 7 * DAY, "backoff"),
    ],
)
def test_retry_after_is_a_least_wait_within_reason(
    asked: int | datetime, failures: int, wait: timedelta, reason: str
) -> None:
    said = timedelta(seconds=asked) if isinstance(asked, int) else asked
    following = after(poll("failed", http_status=429, retry_after=said), habits(failures=failures))
    assert waits(following, wait)
    assert following.reason == reason


def test_a_fault_of_our_own_counts_against_nobody() -> None:
    before = habits(failures=3)
    assert learnt(poll("offline"), before) == before
    assert waits(after(poll("offline"), before), 5 * MINUTE)


def test_gone_is_paused() -> None:
    assert learnt(poll("failed", http_status=410)).paused_at == NOW
    assert learnt(poll("failed", http_status=404)).paused_at is None


@pytest.mark.parametrize(("failures", "wait"), [(0, DAY), (28, DAY), (29, 7 * DAY)])
def test_a_publisher_that_wants_to_be_paid_is_asked_once_a_day(failures: int, wait: timedelta) -> None:
    following = after(poll("payment_required", http_status=402), habits(failures=failures))
    assert waits(following, wait)
    assert following.reason == "backoff"


# A site that is searched for a feed


@every_row(
    ("is_found", "is_accepted", "wait", "failures"),
    [(True, True, 5 * MINUTE, 0), (True, False, 7 * DAY, 0), (False, True, 7 * DAY, 4), (False, False, 7 * DAY, 4)],
)
def test_a_site_is_searched_once_a_week_and_what_was_found_may_be_polled_soon(
    is_found: bool, is_accepted: bool, wait: timedelta, failures: int
) -> None:
    searched = replace(
        poll(), source=replace(SOURCE, kind=DISCOVER), proposal=Proposal(URL, "rss20") if is_found else None
    )
    before = habits(failures=3, last_success=None)
    later, following = plan(searched, before, Found(), Pace(settings=PollSettings(accept_discovered=is_accepted)))
    assert waits(following, wait)
    assert following.reason == "discover"
    assert later == replace(before, failures=failures)  # nothing of a feed has been read: it is no success


# A document of which nothing is stored until a person has looked


@every_row(
    ("every", "fresh_for", "wait"),
    [
        (None, None, 6 * HOUR),
        (10 * MINUTE, None, 6 * HOUR),
        (8 * HOUR, None, 8 * HOUR),
        (None, 7 * HOUR, 7 * HOUR),
        (2 * DAY, None, DAY),
        (None, 9 * DAY, DAY),
    ],
)
def test_a_source_that_waits_for_a_person_is_polled_on_calmly(
    every: timedelta | None, fresh_for: timedelta | None, wait: timedelta
) -> None:
    made = replace(poll("pending", fresh_for=fresh_for), source=replace(SOURCE, every=every))
    before = habits(failures=2, moved_to="https://new.daily.example/feed", moved_since=NOW - 8 * DAY, rhythm=KNOWN)
    later, following = plan(made, before, Found(), PACE)
    assert waits(following, wait)
    assert following.reason == "pending"
    # What it redirects to is taken only a week after a person accepted that.
    assert later == replace(before, failures=0, moved_to=None, moved_since=None)


# Hosts that ask to be left alone


@every_row(
    ("status", "asked", "lasts"),
    [
        (429, 2 * HOUR, 2 * HOUR),
        (429, None, 5 * MINUTE),
        (429, 9 * DAY, DAY),
        (503, NOW + HOUR, HOUR),
        (503, None, None),
        (500, HOUR, None),
    ],
)
def test_a_busy_host_is_left_alone_with_all_its_sources(
    status: int, asked: timedelta | datetime | None, lasts: timedelta | None
) -> None:
    made = poll("failed", http_status=status, retry_after=asked)
    assert pauses(made, PollSettings()) == ((Pause(url=URL, lasts=lasts),) if lasts else ())


def test_what_other_addresses_of_its_host_say_counts_and_what_other_hosts_say_does_not() -> None:
    older, robots = "https://daily.example/feed?page=2", "https://daily.example/robots.txt"
    made = poll(
        "not_modified",
        busy=(
            Busy(url=older, http_status=429, retry_after=HOUR),
            Busy(url="https://elsewhere.example/feed", http_status=429, retry_after=3 * HOUR),
            Busy(url=robots, http_status=503, retry_after=2 * HOUR, is_robots=True),
        ),
    )
    assert pauses(made, PollSettings()) == (
        Pause(url=older, lasts=HOUR),
        Pause(url=robots, lasts=2 * HOUR, once=True),
    )
    # The poll itself was answered: it waits as its host asks, but not for a robots.txt that may never be answered.
    following = after(made)
    assert waits(following, HOUR)
    assert following.reason == "retry_after"


# Moves


THERE = "https://new.daily.example/feed"


def test_a_source_moves_after_a_week_of_permanent_redirects() -> None:
    first = learnt(poll(moved_to=THERE))
    assert (first.url, first.moved_to, first.moved_since) == (URL, THERE, NOW)
    soon = learnt(poll(moved_to=THERE), replace(first, moved_since=NOW - 6 * DAY))
    assert (soon.url, soon.moved_since) == (URL, NOW - 6 * DAY)
    late = learnt(poll("not_modified", moved_to=THERE), replace(first, moved_since=NOW - 7 * DAY))
    assert (late.url, late.moved_to) == (THERE, None)


def test_one_answer_without_the_redirect_or_with_another_begins_anew() -> None:
    before = habits(moved_to=THERE, moved_since=NOW - 8 * DAY)
    assert learnt(poll(), before).moved_to is None
    other = learnt(poll(moved_to="https://elsewhere.example/"), before)
    assert (other.url, other.moved_since) == (URL, NOW)
    assert learnt(poll("failed"), before).moved_since == NOW - 8 * DAY


def test_https_on_the_same_host_is_taken_at_once() -> None:
    old = "http://daily.example/feed"
    assert learnt(poll(moved_to=URL), habits(url=old)).url == URL
    assert learnt(poll(moved_to="https://www.daily.example/feed"), habits(url=old)).url == old


# Validators


def due(**fields: object) -> Due:
    return Due(source=SOURCE, validators=Validators('"a"', None), **fields)  # type: ignore[arg-type]


def test_every_twentieth_poll_sends_no_validators() -> None:
    sent = [validators_for(due(conditional_polls=number), PollSettings()) for number in range(20)]
    assert sent == [Validators('"a"', None)] * 19 + [Validators()]
    assert validators_for(due(), PollSettings(unconditional_every=1)) == Validators()


def test_polls_without_validators_are_counted() -> None:
    assert learnt(poll("not_modified", is_conditional=True), habits(conditional_polls=18)).conditional_polls == 19
    assert learnt(poll(), habits(conditional_polls=19)).conditional_polls == 0
    assert learnt(poll("failed", is_conditional=True), habits(conditional_polls=5)).conditional_polls == 5


def test_a_validator_of_the_future_is_not_trusted() -> None:
    ignored = learnt(poll(validators=Validators(None, "Wed, 01 May 2041 00:00:00 GMT"))).validators_ignored
    assert ignored == "Last-Modified lies in the future: 2041-05-01T00:00:00Z"
    assert validators_for(due(validators_ignored=True), PollSettings()) == Validators()
    near = "Sun, 22 Nov 2026 16:00:00 GMT"  # a clock that runs fast
    assert learnt(poll(validators=Validators(None, near))).validators_ignored is None


@every_row(
    ("arrivals", "since", "conditional", "ignored"),
    [
        ([NOW - 20 * HOUR], NOW - 2 * DAY, False, True),  # was there when it said 304 an hour ago
        ([NOW - 20 * HOUR], NOW - 2 * DAY, True, False),  # it told of it itself
        ([NOW - 30 * MINUTE], NOW - 2 * DAY, False, False),  # came after the last 304
        ([NOW - 30 * DAY], NOW - 2 * DAY, False, False),  # an old item saved anew
        ([NOW - 20 * HOUR], None, False, False),  # there was no 304
        ([None], NOW - 3 * DAY, False, True),  # without dates: after days of 304
        ([None], NOW - DAY, False, False),
        ([], NOW - 9 * DAY, False, False),
    ],
)
def test_a_304_that_hid_something_is_a_lie(
    arrivals: list[datetime | None], since: datetime | None, conditional: bool, ignored: bool
) -> None:
    found = Found(arrivals=tuple(arrivals))
    after_all = learnt(poll(is_conditional=conditional), habits(unmodified_since=since), found)
    assert (after_all.validators_ignored is not None) == ignored
    assert after_all.unmodified_since is None


def test_the_first_304_of_a_row_is_remembered() -> None:
    first = learnt(poll("not_modified", is_conditional=True))
    assert first.unmodified_since == NOW
    assert learnt(poll("not_modified"), habits(unmodified_since=NOW - DAY)).unmodified_since == NOW - DAY


# The wire as a whole


def test_a_silence_that_the_rhythm_does_not_allow_is_told() -> None:
    tariff = Tariff(price=1.0)
    told = silence([KNOWN] * 10, tariff, NOW - 6 * HOUR, NOW)
    assert told is not None
    assert told.expected == pytest.approx(30, rel=0.5)
    assert silence([KNOWN] * 10, tariff, NOW - 59 * MINUTE, NOW) is None
    assert silence([KNOWN], tariff, NOW - 6 * HOUR, NOW) is None
    assert silence([Rhythm()] * 1000, tariff, NOW - 60 * DAY, NOW) is None
    assert silence([KNOWN] * 10, tariff, None, NOW) is None


# Whatever comes


ANSWERS = st.builds(
    Poll,
    source=st.builds(replace, st.just(SOURCE), every=st.none() | st.timedeltas(MINUTE, 9_000 * MINUTE)),
    started=st.just(NOW),
    seconds=st.just(0.1),
    outcome=st.sampled_from(["ok", "unchanged", "not_modified", "failed", "challenge", "consent", "offline"]),
    http_status=st.sampled_from([None, 200, 304, 404, 410, 429]),
    fresh_for=st.none() | st.timedeltas(timedelta(0), 999 * DAY),
    retry_after=st.none() | st.timedeltas(timedelta(0), 999 * DAY),
    hints=st.builds(
        Hints,
        every=st.none() | st.timedeltas(timedelta(0), 999 * DAY),
        skip_hours=st.lists(st.integers(0, 23)).map(tuple),
        skip_days=st.lists(st.integers(0, 6)).map(tuple),
    ),
)


@given(ANSWERS, st.integers(0, 100), st.sampled_from([None, "open", "closed"]))
def test_a_source_is_always_asked_again_and_never_at_once(made: Poll, failures: int, gap: str | None) -> None:
    following = after(made, habits(failures=failures, rhythm=KNOWN), Found(gap=gap))
    assert MINUTE <= following.at - NOW <= 7 * DAY * (1 + LATE) + 8 * DAY
