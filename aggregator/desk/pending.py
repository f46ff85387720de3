"""Accepts or refuses, as a person decides, the changes of known reports that wait; see `decide.mass`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import get_args

from msgspec.structs import replace

from aggregator.desk import clock, rules
from aggregator.model import (
    Article,
    Decision,
    DeskDecision,
    MassKind,
    Match,
    Pending,
    PendingChange,
    PendingDecision,
    Publisher,
    Source,
)
from aggregator.model.errors import DeskError
from aggregator.normalise import article_of
from aggregator.revisions.changes import decide
from aggregator.revisions.mass import at_once
from aggregator.revisions.withdrawals import DELETED, MARKED, once
from aggregator.store import Store

KINDS: tuple[MassKind, ...] = get_args(MassKind)
_BATCH = 100  # changes a transaction, which holds the lock that other programs wait for


def accept(
    store: Store, publishers: Sequence[Publisher], key: str, kinds: Sequence[MassKind], actor: str, now: datetime
) -> Counter[MassKind]:
    """Puts in force what waits of a publisher or source, as the publisher said it: withdrawals, links, words. Returns
    how many changes of each kind; empty: nothing of these kinds waits.

    A hundred at a time are one transaction; what a crash leaves behind waits as before. Raises StoreError, and
    DeskError for a source that config/ no longer has.
    """
    configured = {source.name: (source, publisher) for publisher in publishers for source in publisher.sources}
    done: Counter[MassKind] = Counter()
    for name in store.sources_with_pending(key, kinds):
        if name not in configured:
            said = "is not in config/ any more, or its file has a fault, so its reports cannot be read again"
            todo = f"put it right (`aggregator check`), or refuse what waits: pending refuse {name}"
            raise DeskError(f"{name}: this source {said}; {todo}")
        while (pending := store.pending_of(name, kinds, _BATCH)).changes:
            if store.decide_pending(accepted(pending, *configured[name], actor, now, clock.believed(store, now)), now):
                done += _counted(pending)
    return done


def refuse(store: Store, key: str, kinds: Sequence[MassKind], actor: str, now: datetime) -> Counter[MassKind]:
    """Forgets what waits of a publisher or source; the same changes are not asked for again. Returns how many of each
    kind. Raises StoreError.
    """
    done: Counter[MassKind] = Counter()
    for name in store.sources_with_pending(key, kinds):
        while (pending := store.pending_of(name, kinds, _BATCH)).changes:
            if store.decide_pending(PendingDecision(pending=pending, act="refuse", actor=actor), now):
                done += _counted(pending)
    return done


def _counted(pending: Pending) -> Counter[MassKind]:
    return Counter(change.mass_kind for change in pending.changes)


def accepted(
    pending: Pending, source: Source, publisher: Publisher, actor: str, now: datetime, believed: datetime
) -> PendingDecision:
    """What changes where a person accepts what waits of a source. Pure.

    What entries said becomes the newest revision of their reports, where it still differs from what is held. So many
    changes as were accepted, one poll may make from now on, beside what it could make before.
    """
    entries = [change for change in pending.changes if change.signal == "entry"]
    matches = [Match(article=_article(change, source, publisher), known=change.known) for change in entries]
    before = {change.known.article_id: change.words for change in entries if change.words}
    judged = decide(matches, before, now)
    decisions = [replace(each, seen=one.received) for each, one in zip(judged.decisions, entries, strict=True)]
    acts = _taken_out(pending, decisions, believed)
    raised = {kind: at_once(kind, pending.most) + count for kind, count in _counted(pending).items()}
    return PendingDecision(
        pending=pending,
        act="accept",
        actor=actor,
        decisions=once(decisions, acts.keys()),
        acts=tuple(acts.values()),
        most={**pending.most, **raised},
    )


def _taken_out(pending: Pending, decisions: Sequence[Decision], believed: datetime) -> dict[int, DeskDecision]:
    """The articles that leave the wire, because their headlines say so or their feed lists them as deleted."""
    marked = {each.known.article_id for each in decisions if each.change == "withdrawn" and each.known}
    deleted = {change.known.article_id for change in pending.changes if change.signal == "tombstone"}
    acts = {}
    for change in pending.changes:
        article_id = change.known.article_id
        removals = [*([MARKED] if article_id in marked else []), *([DELETED] if article_id in deleted else [])]
        acts[article_id] = rules.obey_all(change.state, removals, believed)
    return {article_id: decision for article_id, decision in acts.items() if decision.acts}


def _article(change: PendingChange, source: Source, publisher: Publisher) -> Article:
    """The entry as the publisher's rights let it be held today; the hashes are those of what was received."""
    article = article_of(change.raw, change.article_key, change.language, source, publisher)
    return replace(article, words_hash=change.words_hash, media_hash=change.media_hash, entry_hash=change.entry_hash)
