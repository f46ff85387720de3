"""Records polls: which article each entry is, what changed, and all the rows of it, in one transaction.

The order of the steps is known here alone; what each means is decided in `identity`, `versions` and `decide`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from aggregator import signals
from aggregator.dates import read_date, to_iso
from aggregator.decide import Judged, decide
from aggregator.errors import DeskError
from aggregator.identity import next_ladder, public_id, resolve, spare_key, trusted
from aggregator.normalise import DUPLICATE
from aggregator.store import Connection, Store, history, identify, polls, purge, raw, withdrawals
from aggregator.store.desk import Cause, hold_back, hold_until
from aggregator.types import Article, Match, Poll, Removal
from aggregator.versions import HELD_BACK

PURGED = "purged"
_UNREADABLE = Removal(
    act="withhold",
    notice="withheld",
    actor="publisher:feed",
    reason="its publisher asks to hold it until a time that cannot be read; a person must look",
)


def record(store: Store, polled: Sequence[tuple[Poll, Sequence[Article]]], now: datetime) -> list[Poll]:
    """Stores polls with all that they brought and returns them with their counts. Raises StoreError; then nothing of
    them is stored.
    """
    with store.writing() as connection:
        pack = raw.packer(connection)
        return [_record(connection, poll, articles, now, pack) for poll, articles in polled]


def _record(connection: Connection, poll: Poll, articles: Sequence[Article], now: datetime, pack: polls.Pack) -> Poll:
    source = polls.source_id(connection, poll.source)
    drops = Counter(poll.drops)
    if articles or poll.settled:
        ladder, conflicts, restless = identify.trust(connection, source)
        listed = trusted(articles, ladder, public_id)
        kept = _without_purged(connection, listed)
        resolved, settled = _resolved(connection, poll, kept, source, now)
        matches = [match for match in resolved if not match.duplicate]
        drops[DUPLICATE] += len(resolved) - len(matches)
        identify.write_ladder(
            connection, source, sum(match.conflict for match in matches), next_ladder(ladder, matches, conflicts)
        )
        judged = _judged(connection, matches, restless, settled, now)
        identify.write_restless(connection, source, judged.restless)
        poll = _counted(poll, judged, settled)
        drops += Counter({PURGED: len(listed) - len(kept), HELD_BACK: sum(d.held_back for d in judged.decisions)})
        new = polls.write_decisions(connection, source, judged.decisions, now, pack)
        polls.flag_backfill(connection, source, new)
        identify.write_near_keys(connection, new)
        identify.write_merges(connection, source, judged.decisions, to_iso(now))
        _obey(connection, new, judged, now)
    hold = partial(take_out, connection)
    withdrawals.withdraw_listed(connection, poll.source.publisher, poll.withdrawn, to_iso(now), hold)
    poll = replace(poll, drops=dict(+drops))
    polls.write_poll(connection, source, poll)
    return poll


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


def _without_purged(connection: Connection, articles: Sequence[Article]) -> Sequence[Article]:
    """What was purged does not come back."""
    if not articles:
        return articles
    gone = purge.tombstoned(connection, articles[0].publisher, [article.keys[0] for article in articles])
    return [article for article in articles if article.keys[0] not in gone] if gone else articles


def _resolved(
    connection: Connection, poll: Poll, articles: Sequence[Article], source: int, now: datetime
) -> tuple[list[Match], int]:
    """Which article each entry is, but those that say what they said before: of these the number."""
    settled = identify.unchanged(connection, source, articles)
    others = [article for article in articles if article.keys[0] not in settled]
    count = len(settled) + len(poll.settled)
    if poll.settled:
        settled |= identify.articles_under(connection, poll.source.publisher, poll.settled)
    if not others:
        return [], count
    keys = [key for article in others for key in (*article.keys, spare_key(article))]
    near = [key for article in others for key in article.near_keys]
    known = identify.candidates(connection, source, articles[0].publisher, keys, near)
    return resolve(others, known, set(settled.values()), now, public_id), count


def _judged(connection: Connection, matches: Sequence[Match], restless: int, settled: int, now: datetime) -> Judged:
    listed_here = [match.known.article for match in matches if match.known and match.known.entry_hash is not None]
    before = history.words_of(connection, listed_here) if listed_here else {}
    return decide(matches, before, restless, settled, now)


def _counted(poll: Poll, judged: Judged, settled: int) -> Poll:
    kinds = Counter(decision.change for decision in judged.decisions if not decision.held_back)
    revised = kinds.total() - kinds["new"] - kinds[None]
    return replace(poll, new=kinds["new"], revised=revised, unchanged=settled + kinds[None])
