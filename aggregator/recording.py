"""Records polls: which article each entry is, what changed, and all the rows of it, in one transaction.

The order of the steps is known here alone; what each means is decided in `identity`, `versions` and `decide`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from aggregator import signals
from aggregator.dates import read_date, to_iso
from aggregator.decide import Found, Habits, Judged, Pace, conclude, decide
from aggregator.errors import DeskError
from aggregator.normalise import DUPLICATE
from aggregator.recognition import Heard, recognise
from aggregator.store import Connection, Store, habits, history, identify, polls, raw, redirects, withdrawals
from aggregator.store.desk import Cause, hold_back, hold_until
from aggregator.types import Article, Gap, Match, Poll, Removal
from aggregator.versions import HELD_BACK

PURGED = "purged"
_UNREADABLE = Removal(
    act="withhold",
    notice="withheld",
    actor="publisher:feed",
    reason="its publisher asks to hold it until a time that cannot be read; a person must look",
)


@dataclass(frozen=True, slots=True)
class _Writing:
    """One transaction, and what all that is written in it shares."""

    connection: Connection
    now: datetime
    pack: polls.Pack
    pace: Pace


def record(
    store: Store, polled: Sequence[tuple[Poll, Sequence[Article]]], now: datetime, pace: Pace | None = None
) -> list[Poll]:
    """Stores polls with all that they brought and returns them with their counts and the time of the next. Raises
    StoreError; then nothing of them is stored. A poll that comes back as not `is_whole` is to be read anew.
    """
    with store.writing() as connection:
        writing = _Writing(connection, now, raw.packer(connection), pace or Pace())
        return [_record(writing, poll, articles) for poll, articles in polled]


def _record(writing: _Writing, poll: Poll, articles: Sequence[Article]) -> Poll:
    connection = writing.connection
    source = polls.source_id(connection, poll.source)
    before = habits.read(connection, source)
    found = Found()
    if articles or poll.settled:
        taken = _taken_in(writing, poll, articles, source, before)
        if taken is None:
            return replace(poll, is_whole=False)
        poll, found = taken
    hold = partial(take_out, connection)
    withdrawals.withdraw_listed(connection, poll.source.publisher, poll.withdrawn, to_iso(writing.now), hold)
    after, following = conclude(poll, before, found, writing.pace)
    following = poll.next or following
    redirects.write(connection, source, poll, writing.now)
    polls.write_poll(connection, source, poll, following)
    habits.write(connection, source, before, after)
    return replace(poll, next=following)


def _taken_in(
    writing: _Writing, poll: Poll, articles: Sequence[Article], source: int, before: Habits
) -> tuple[Poll, Found] | None:
    """The poll with its counts, and what it brought. None: it has to be read whole, and nothing was written."""
    connection, now = writing.connection, writing.now
    has_listed = identify.has_listed(connection, source)
    heard = recognise(connection, source, poll, articles, now)
    if heard is None:
        return None
    matches = [match for match in heard.matches if not match.duplicate]
    judged = _judged(connection, matches, identify.restless(connection, source), heard.settled, now)
    identify.write_restless(connection, source, judged.restless)
    new = polls.write_decisions(connection, source, judged.decisions, now, writing.pack)
    fresh = polls.flag_backfill(connection, before.unmodified_since or before.last_success, new)
    identify.write_near_keys(connection, new)
    identify.write_merges(connection, source, judged.decisions, to_iso(now))
    _obey(connection, new, judged, now)
    poll = _compared(_counted(poll, judged, heard), matches, heard.settled + heard.purged, has_listed)
    return poll, Found(arrivals=tuple(article.published for article in fresh), gap=poll.gap)


def _compared(poll: Poll, matches: Sequence[Match], others: int, has_listed: bool) -> Poll:
    """Whether the document reaches back to what the source listed before; if not, items may be lost."""
    if not has_listed:
        return poll
    known = sum(match.known is not None and match.known.entry_hash is not None for match in matches)
    overlap = others + known
    gap: Gap | None = None
    if poll.pages or not overlap:
        gap = "closed" if overlap else "open"
    return replace(poll, overlap=overlap, gap=gap)


def _obey(connection: Connection, new: Sequence[tuple[int, Article]], judged: Judged, now: datetime) -> None:
    """What the publisher's own words ask of us: a withdrawal in the headline, an embargo on a report that is new."""
    at = to_iso(now)
    changed = [(d.known.article, d.article) for d in judged.decisions if d.known and d.change == "withdrawn"]
    for number, article in (*new, *changed):
        if signals.is_withdrawal(article):
            take_out(connection, number, withdrawals.MARKED, at)
    for number, article in new:
        until = signals.embargo_of(article, now, read_date)
        if until == "unreadable":
            take_out(connection, number, _UNREADABLE, at)
        elif until is not None:
            cause = Cause(actor="publisher:feed", reason="the publisher asks to hold it", reference=None)
            hold_until(connection, number, to_iso(until), cause, at)


def take_out(connection: Connection, article: int, removal: Removal, at: str) -> bool:
    """Takes an article out of the wire, as its publisher's feed or page asks; False if it is out already. Within a
    transaction.
    """
    cause = Cause(actor=removal.actor, reason=removal.reason, reference=removal.reference)
    try:
        hold_back(connection, article, removal.act, removal.notice, cause, at)
    except DeskError:
        return False
    return True


def _judged(connection: Connection, matches: Sequence[Match], restless: int, settled: int, now: datetime) -> Judged:
    listed_here = [match.known.article for match in matches if match.known and match.known.entry_hash is not None]
    before = history.words_of(connection, listed_here) if listed_here else {}
    return decide(matches, before, restless, settled, now)


def _counted(poll: Poll, judged: Judged, heard: Heard) -> Poll:
    kinds = Counter(decision.change for decision in judged.decisions if not decision.held_back)
    revised = kinds.total() - kinds["new"] - kinds[None]
    drops = Counter(poll.drops)
    drops[DUPLICATE] += sum(match.duplicate for match in heard.matches)
    drops += Counter({PURGED: heard.purged, HELD_BACK: sum(decision.held_back for decision in judged.decisions)})
    unchanged = heard.settled + kinds[None]
    return replace(poll, new=kinds["new"], revised=revised, unchanged=unchanged, drops=dict(+drops))
