"""Accepts or refuses, as a person decides, the changes of known reports that wait; see `revisions.mass`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import get_args

from aggregator.model import Article, MassKind, Match, Publisher, Source
from aggregator.model.errors import DeskError
from aggregator.normalise import article_of
from aggregator.pipeline.recording import take_out
from aggregator.revisions.changes import decide
from aggregator.store import Connection, Store
from aggregator.store.sqlite import history, pending, polls, raw, withdrawals
from aggregator.text.dates import to_iso

KINDS: tuple[MassKind, ...] = get_args(MassKind)
_BATCH = 100  # changes a transaction, which holds the lock that other programs wait for


@dataclass(frozen=True, slots=True)
class _Of:
    """A source of which changes wait: as the configuration has it, and its number in the database."""

    source: Source
    publisher: Publisher
    number: int


def accept(
    store: Store,
    publishers: Sequence[Publisher],
    key: str,
    kinds: Sequence[MassKind],
    actor: str,
    now: datetime,
) -> Counter[MassKind]:
    """Puts in force what waits of a publisher or source, as the publisher said it: withdrawals, links, words. Returns
    how many changes of each kind; empty: nothing of these kinds waits.

    A hundred at a time are one transaction; what a crash leaves behind waits as before. Raises StoreError, and
    DeskError for a source that config/ no longer has.
    """
    configured = {source.name: (source, publisher) for publisher in publishers for source in publisher.sources}
    done: Counter[MassKind] = Counter()
    for number, name in _sources(store, key, kinds):
        if name not in configured:
            said = "is not in config/ any more, or its file has a fault, so its reports cannot be read again"
            todo = f"put it right (`aggregator check`), or refuse what waits: pending refuse {name}"
            raise DeskError(f"{name}: this source {said}; {todo}")
        of = _Of(*configured[name], number)
        while batch := _accept_some(store, of, kinds, actor, now):
            done += batch
    return done


def refuse(store: Store, key: str, kinds: Sequence[MassKind], actor: str, now: datetime) -> Counter[MassKind]:
    """Forgets what waits of a publisher or source; the same changes are not asked for again. Returns how many of each
    kind. Raises StoreError.
    """
    done: Counter[MassKind] = Counter()
    for number, _ in _sources(store, key, kinds):
        while batch := _refuse_some(store, number, kinds, actor, now):
            done += batch
    return done


def _sources(store: Store, key: str, kinds: Sequence[MassKind]) -> list[tuple[int, str]]:
    with store.reading() as connection:
        return pending.sources_with(connection, key, kinds)


def _accept_some(store: Store, of: _Of, kinds: Sequence[MassKind], actor: str, now: datetime) -> Counter[MassKind]:
    with store.writing() as connection:
        those = pending.some(connection, of.number, kinds, _BATCH)
        _store_entries(connection, of, [one for one in those if one.signal == "entry"], now)
        for one in those:
            if one.signal == "tombstone":
                take_out(connection, one.known.article, withdrawals.DELETED, to_iso(now))
        pending.close(connection, of.number, those, "accept", actor, to_iso(now))
    return Counter(one.kind for one in those)


def _store_entries(connection: Connection, of: _Of, those: Sequence[pending.Pending], now: datetime) -> None:
    """What entries said becomes the newest revision of their articles, where it still differs from what is held."""
    matches = [Match(article=_article(of, one), known=one.known) for one in those]
    before = history.words_of(connection, [one.known.article for one in those])
    judged = decide(matches, before, now)
    decisions = [replace(each, seen=one.received) for each, one in zip(judged.decisions, those, strict=True)]
    polls.write_decisions(connection, of.number, decisions, now, raw.packer(connection))
    for decision in decisions:
        if decision.change == "withdrawn" and decision.known:
            take_out(connection, decision.known.article, withdrawals.MARKED, to_iso(now))


def _article(of: _Of, one: pending.Pending) -> Article:
    """The entry as the publisher's rights let it be held today; the hashes are those of what was received."""
    article = article_of(one.raw, one.key, one.language, of.source, of.publisher)
    return replace(article, words_hash=one.words_hash, entry_hash=one.entry_hash)


def _refuse_some(store: Store, source: int, kinds: Sequence[MassKind], actor: str, now: datetime) -> Counter[MassKind]:
    with store.writing() as connection:
        those = pending.some(connection, source, kinds, _BATCH)
        pending.close(connection, source, those, "refuse", actor, to_iso(now))
    return Counter(one.kind for one in those)
