"""How a merge is undone: the entry that was taken for a report becomes a report of its own again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from msgspec.structs import replace

from aggregator.desk import clock, joins, rules
from aggregator.desk.said import read_as_said, reverted
from aggregator.identity import keys_of_link, link_of, public_id
from aggregator.model import (
    Article,
    Cause,
    Decision,
    DeskDecision,
    Merge,
    Removal,
    ReportState,
    Split,
)
from aggregator.model.errors import StoreError
from aggregator.store import Store
from aggregator.text.raw_words import decode

_OUT = Cause(actor="wire", reason="the report that it was split off is out of the wire")


def split(store: Store, number: int, now: datetime) -> str:
    """Undoes a merge; returns the id of the report that its entry is from now on. Raises StoreError for a merge that is
    not there or is undone already.
    """
    while True:
        merge = store.merge(number)
        if merge is None or merge.is_undone:
            state = "is undone already" if merge else "is not there"
            raise StoreError(f"merge {number} {state}; `aggregator merges` lists those in force")
        if merge.id in (joined := store.joins()):
            kept, other = joined[merge.id]
            raise StoreError(f"merge {number}: its report was joined to {kept}; `aggregator split {other}` first")
        if merge.joined is not None:
            if report := joins.undo(store, merge, now):
                return report
            continue
        if store.split(made := _split(store, merge, now), now):
            return made.new.article.id


def split_version(store: Store, report: str, number: int, now: datetime) -> str:
    """Makes a report of the version `number` of a report and of those after it, because they are another report under
    the same guid; returns its id. Of several reports in one the newest is split off first. It is written down in
    `merges` as what it was, and undone. Raises StoreError where there is no such version, or none before it.

    The new report is known by the address of the version, or by its words where another one is known by that.
    """
    while True:
        merge = store.version_taken(report, number)
        if merge is None:
            said = f"{report} has no version {number} with one before it"
            raise StoreError(f"{said}; `aggregator show {report} --revisions`")
        if done := store.version_split_off(report, number):
            raise StoreError(f"version {number} of {report} is an article already: {done}")
        key = _free_key(store, merge, number)
        if key is None:
            raise StoreError(f"version {number} of {report} is known as another article; `aggregator search` finds it")
        if store.split(made := _split(store, replace(merge, article_key=key), now), now):
            return made.new.article.id


def _free_key(store: Store, merge: Merge, number: int) -> str | None:
    """What a version may be known by, its address or its words, that no other report is known by."""
    said = store.report_version(merge.id, number)
    assert said is not None
    link = link_of(decode(said.raw))
    keys = [*(keys_of_link(link) if link else ()), f"spare:{said.words_hash.hex()[:32]}"]
    known = store.articles_under(merge.publisher, keys)
    return next(
        (
            key
            for key in keys
            if known.get(key, merge.article_id) == merge.article_id
            and store.report_state(public_id(merge.first_key, key)) is None
        ),
        None,
    )


def _split(store: Store, merge: Merge, now: datetime) -> Split:
    taken, own = read_as_said(merge, merge.taken), read_as_said(merge, merge.own)
    known = store.articles_under(merge.publisher, [*taken.keys, *own.keys])
    return undone(merge, taken, own, {key for key, article_id in known.items() if article_id == merge.article_id}, now,
                  clock.believed(store, now))  # fmt: skip


def undone(
    merge: Merge, taken: Article, own: Article, leading: Collection[str], now: datetime, believed: datetime
) -> Split:
    """What changes where a merge is undone. Pure. `taken`, `own`: what the entry said, and what the report said before;
    `leading`: those of their keys that lead to the report.
    """
    own_keys = tuple(key for key in own.keys if key in leading)
    others = (key for key in taken.keys if key in leading and key != merge.article_key and key not in own_keys)
    keys = (merge.article_key, *others)
    new = replace(taken, id=public_id(merge.first_key, merge.article_key), keys=keys)
    return Split(
        merge=merge,
        keys=keys,
        new=Decision(article=new, known=None, change="new"),
        acts=_taken_out_too(ReportState(id=new.id, is_new=True), merge, believed),
        revert=None if merge.newest == merge.revision else reverted(merge, own, own_keys, now),
    )


def _taken_out_too(new: ReportState, merge: Merge, believed: datetime) -> DeskDecision:
    """What keeps the one out of the wire keeps the other out, by an act and a line of its own, until a person looks."""
    decision = DeskDecision(before=new, acts=())
    state, until = merge.state, merge.state.embargoed_until
    if until is not None:
        decision = rules.then(decision, lambda held: rules.hold_until(held, until, merge.embargo or _OUT))
    if state.notice is not None:
        act, cause = merge.removal or ("withhold", _OUT)
        removal = Removal(
            act=act, notice=state.notice, actor=cause.actor, reason=cause.reason, reference=cause.reference
        )
        decision = rules.then(decision, lambda held: rules.obey(held, removal, believed))
    return decision
