"""The wire's own figures: every day is counted once, soon after its end, and its numbers do not change any more."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from msgspec.structs import replace

from aggregator.model import Queue, Selection
from aggregator.model.figures import DayFacts, DayFigures, Delay, TakenBack
from aggregator.model.subscriber import CONFIRMED_WITHIN
from aggregator.store import Store

IN_TIME = timedelta(seconds=2)
_DAY = timedelta(days=1)
_MOST_DAYS = 30  # before today that are counted when none was yet


def count(
    store: Store, now: datetime, keep_polls: timedelta | None, subscribers: Collection[str] | None = None
) -> Iterator[None]:
    """Counts every day that is over and was not counted, a step each; the last one once its last messages had their
    time to be confirmed. `keep_polls` as in `housekeeping`; `subscribers`: who is sent something, None: all that ever
    were. Raises StoreError.
    """
    recorded = store.confirmations_since(now).date()
    day, end = _first(store, now, keep_polls, recorded), (now - CONFIRMED_WITHIN).date()
    while day is not None and day < end:
        yield
        facts = store.day_facts(day)
        store.save_figures(_counted(store, day, now, facts, subscribers, is_recorded=recorded < day))
        day += _DAY


def _first(store: Store, now: datetime, keep_polls: timedelta | None, recorded: date) -> date | None:
    """The first day that is to be counted; None: nothing was polled yet. When none was counted yet, that is the first
    of which all polls are still there.
    """
    begin = (now - _MOST_DAYS * _DAY).date()
    if (last := store.last_figures()) is not None:
        return max(last + _DAY, begin)
    first = store.first_poll()
    if first is None:
        return None
    if keep_polls is not None and now - first >= keep_polls:
        return max(min((now - keep_polls).date(), recorded) + _DAY, begin)
    return max(first.date(), begin)


def needed_since(store: Store, now: datetime) -> datetime:
    """From when on all polls are needed, each by itself, for days that are yet to be counted."""
    last = store.last_figures() or store.confirmations_since(now).date()
    return datetime.combine(last + _DAY, time(), UTC)


def _counted(
    store: Store, day: date, now: datetime, facts: DayFacts, subscribers: Collection[str] | None, *, is_recorded: bool
) -> DayFigures:
    counts = ("polls", "polls_failed", "entries", "new", "revised", "unchanged", "left_out", "gaps", "gaps_closed")
    return DayFigures(
        day=day,
        counted_at=now,
        **{name: getattr(facts, name) for name in (*counts, "joins", "joins_undone")},
        to_wire=delay(facts.to_wire),
        to_subscriber=delay(facts.to_subscriber) if is_recorded else None,
        in_all=delay(facts.in_all) if is_recorded else None,
        taken_back=len(facts.lines),
        messages=_messages(store, facts, subscribers) if is_recorded else None,
    )


def delay(seconds: Sequence[float]) -> Delay:
    """The middle one, and the one that 99 of 100 do not exceed, by the nearest rank: both were measured."""
    if not seconds:
        return Delay(count=0)
    found = sorted(seconds)
    return Delay(count=len(found), median=found[_rank(50, len(found))], most=found[_rank(99, len(found))])


def _rank(percent: int, number: int) -> int:
    return math.ceil(percent * number / 100) - 1


def _messages(store: Store, facts: DayFacts, subscribers: Collection[str] | None) -> TakenBack:
    """What each subscriber was owed about reports that left the wire, and how it confirmed that."""
    times: list[float | None] = []
    for queue in store.queues():
        if subscribers is None or queue.name in subscribers:
            times += _times(store, queue, facts)
    within = CONFIRMED_WITHIN.total_seconds()
    return TakenBack(
        owed=len(times),
        in_two_seconds=sum(each is not None and each <= IN_TIME.total_seconds() for each in times),
        unconfirmed=sum(each is None or each > within for each in times),
    )


def _times(store: Store, queue: Queue, facts: DayFacts) -> Iterator[float | None]:
    """The seconds after which it confirmed each of the lines that it was owed; None: it has not."""
    given_up = {letter["seq"] for letter in store.dead_letters(queue.name)}
    for seq, at in facts.lines:
        if seq <= queue.began_seq or at < _second(queue.began_at):
            continue
        if (queue.name, seq) in facts.confirmed:
            yield facts.confirmed[queue.name, seq]
        elif seq in given_up or (seq > queue.seq and _is_owed(store, queue, seq)):
            yield None


def _second(moment: datetime) -> datetime:
    """Lines of the ledger have no fractions."""
    return moment.replace(microsecond=0)


def _is_owed(store: Store, queue: Queue, seq: int) -> bool:
    """Whether a line that it has not been brought to yet is of its selection, or takes back what it was sent by one of
    before.
    """
    now = store.current_selection(queue.name)
    chosen: list[tuple[Selection, int | None]] = [(now, None)] if now else []
    for selection, until in (*chosen, *store.former_selections(queue.name)):
        if selection.search is not None and not store.has_search(selection.search):
            continue
        only = replace(selection, up_to=store.cursor_at(seq), limit=1)
        for line in store.changes(store.cursor_at(seq - 1), only):
            if until is None or (line["id"] and store.was_sent(queue.name, line["id"], until)):
                return True
    return False
