"""What an answer teaches of its source, and when it is asked again, and why: the reasons, the bounds, the lies."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Due, Hints, NextPoll, Poll, PollSettings, Rhythm, Source, Tariff, Validators
from aggregator.scheduling.polls import Found, Habits, Pace, plan, silence, validators_for
from aggregator.scheduling.rhythm import learn
from tests.conftest import NOW

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


@pytest.mark.parametrize("outcome", ["unchanged", "not_modified"])
@pytest.mark.parametrize(
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
    assert learnt(poll("not_modified"), kept).hints == kept.hints
    assert learnt(poll(hints=Hints()), kept).hints == Hints()


def test_a_person_stands_above_the_documents_hints_but_not_above_max_age() -> None:
    own = replace(SOURCE, every=10 * MINUTE)
    assert after(replace(poll(hints=Hints(every=DAY, skip_hours=tuple(range(23)))), source=own)).reason == "override"
    assert after(replace(poll(fresh_for=HOUR), source=own)).reason == "max_age"


@pytest.mark.parametrize(
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


@pytest.mark.parametrize(("failures", "wait"), BACKOFF)
@pytest.mark.parametrize("outcome", ["failed", "challenge", "consent", "cookie"])
def test_failures_back_off_to_a_day_to_a_week_after_thirty_and_never_give_up(
    outcome: str, failures: int, wait: timedelta
) -> None:
    following = after(poll(outcome), habits(failures=failures))
    assert waits(following, wait)
    assert following.reason == "backoff"


@pytest.mark.parametrize(
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
    following = after(poll("failed", status=429, retry_after=said), habits(failures=failures))
    assert waits(following, wait)
    assert following.reason == reason


def test_a_fault_of_our_own_counts_against_nobody() -> None:
    before = habits(failures=3)
    assert learnt(poll("offline"), before) == before
    assert waits(after(poll("offline"), before), 5 * MINUTE)


def test_gone_is_paused() -> None:
    assert learnt(poll("failed", status=410)).paused_at == NOW
    assert learnt(poll("failed", status=404)).paused_at is None


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
    sent = [validators_for(due(conditional=number), PollSettings()) for number in range(20)]
    assert sent == [Validators('"a"', None)] * 19 + [Validators()]
    assert validators_for(due(), PollSettings(unconditional_every=1)) == Validators()


def test_polls_without_validators_are_counted() -> None:
    assert learnt(poll("not_modified", is_conditional=True), habits(conditional=18)).conditional == 19
    assert learnt(poll(), habits(conditional=19)).conditional == 0
    assert learnt(poll("failed", is_conditional=True), habits(conditional=5)).conditional == 5


def test_a_validator_of_the_future_is_not_trusted() -> None:
    lied = learnt(poll(validators=Validators(None, "Wed, 01 May 2041 00:00:00 GMT"))).validators_lied
    assert lied == "Last-Modified lies in the future: 2041-05-01T00:00:00Z"
    assert validators_for(due(validators_lied=True), PollSettings()) == Validators()
    near = "Sun, 22 Nov 2026 16:00:00 GMT"  # a clock that runs fast
    assert learnt(poll(validators=Validators(None, near))).validators_lied is None


@pytest.mark.parametrize(
    ("arrivals", "since", "conditional", "lied"),
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
    arrivals: list[datetime | None], since: datetime | None, conditional: bool, lied: bool
) -> None:
    found = Found(arrivals=tuple(arrivals))
    after_all = learnt(poll(is_conditional=conditional), habits(unmodified_since=since), found)
    assert (after_all.validators_lied is not None) == lied
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
    status=st.sampled_from([None, 200, 304, 404, 410, 429]),
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
