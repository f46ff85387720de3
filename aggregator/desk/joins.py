"""How a person makes one report of two, and how that is undone. The second report stays, out of the wire.

The rules: both are of one publisher, neither is purged, under embargo, or has changes that wait. Whichever words came
later are in force. What keeps one of them out of the wire keeps out the report that they become: the stronger of the
two counts, as everywhere at the desk.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from aggregator.desk import clock, rules
from aggregator.desk.acts import found
from aggregator.desk.said import read_as_said, reverted
from aggregator.identity import keys_of
from aggregator.model import (
    ActRecord,
    Article,
    Cause,
    Decision,
    DeskDecision,
    Join,
    Joinable,
    Known,
    Merge,
    Removal,
    ReportState,
    Unjoin,
    Version,
)
from aggregator.model.errors import DeskError, StoreError
from aggregator.revisions.compare import what_changed, words_of
from aggregator.store import Store
from aggregator.text.raw_words import decode

_UNDONE = "the join with {} was undone"


def join(store: Store, kept: str, joined: str, cause: Cause, now: datetime) -> int:
    """Makes one report of two; returns the number of the merge, by which `split` undoes it. Raises DeskError."""
    while True:
        for report in (kept, joined):
            _refuse(store, report)
        both = store.joinable(kept, joined)
        if both is None:
            raise DeskError(f"{kept} and {joined}: these are not two reports of one publisher")
        number = store.join(_join(both, cause, now, clock.believed(store, now)), now)
        if number is not None:
            return number


def _refuse(store: Store, report: str) -> None:
    state = found(store, report)
    if state.embargoed_until is not None:
        raise DeskError(
            f"{report}: this report is under embargo; join it when that is over, or `aggregator restore` it"
        )
    if store.has_pending(report):
        raise DeskError(f"{report}: changes of this report wait; see `aggregator show {report} --desk`, and try again")


def _join(both: Joinable, cause: Cause, now: datetime, believed: datetime) -> Join:
    kept = both.kept
    said = read_as_said(kept, kept.taken)
    ours = tuple(key for key in said.keys if key in both.keys)
    article = replace(said, id=kept.id, keys=ours or both.keys or said.keys)
    is_other = both.is_newer and article.words_hash != kept.words.words_hash
    held = DeskDecision(before=kept.state, acts=(ActRecord(act="join", cause=cause, change=None, after=kept.state),))
    if both.state.notice is not None:
        act, why = both.removal or ("withhold", cause)
        removal = Removal(
            act=act, notice=both.state.notice, actor=why.actor, reason=why.reason, reference=why.reference
        )
        held = rules.then(held, lambda state: rules.obey(state, removal, believed))
    return Join(
        of=both,
        reason=cause.reason,
        revise=_revised(article, kept, now) if is_other else None,
        acts=(held, *_out(both, cause)),
    )


def _out(both: Joinable, cause: Cause) -> tuple[DeskDecision, ...]:
    """The second one leaves the wire; of one that is out already subscribers see no difference."""
    if not both.state.is_in_wire:
        return ()
    why = replace(cause, reason=f"the same report as {both.kept.id}: {cause.reason}")
    after = replace(both.state, status="withheld", notice="withheld")
    act = ActRecord(act="join", cause=why, change="withheld", after=after)
    return (DeskDecision(before=both.state, acts=(act,)),)


def _revised(article: Article, kept: Merge, now: datetime) -> Decision:
    known = _known(kept.article_id, kept.newest, kept.words.words_hash, now)
    return Decision(article=article, known=known, change="revised", changed=what_changed(kept.words, words_of(article)))


def _known(article_id: int, revision: int, words_hash: bytes, now: datetime) -> Known:
    return Known(
        article_id=article_id,
        revision=revision,
        words_hash=words_hash,
        first_seen=now,
        last_revision=now,
        entry_hash=b"",
    )


def undo(store: Store, merge: Merge, now: datetime) -> str | None:
    """Makes two reports again of one; returns the id of the second one, or None where the first one has changed
    meanwhile. What came under the keys of either since the join is its own.
    """
    joined = merge.joined
    assert joined is not None
    both = store.joinable(joined, merge.id)
    if both is None or both.kept.state.notice == "removed":
        raise StoreError(f"merge {merge.merge_id}: its report {joined} was purged; nothing is left to split off")
    second, number = both.kept.own, both.kept.newest
    own, taken, is_own_in_force = merge.own, second, merge.newest == merge.revision
    own_keys = set(_keys(own)) - set(merge.joined_keys)
    keys = list(merge.joined_keys)
    for each in range(merge.revision + 1, merge.newest + 1):
        said = store.report_version(merge.id, each)
        assert said is not None
        is_of_second = bool(set(_keys(said)) & set(keys)) and not set(_keys(said)[:1]) & own_keys
        if is_of_second:
            taken = said
            keys += [key for key in _keys(said) if key not in keys and key not in own_keys]
        else:
            own = said
            own_keys |= set(_keys(said)) - set(keys)
        is_own_in_force = not is_of_second
    merge = replace(merge, own=own, taken=taken)
    again = replace(read_as_said(merge, taken), id=joined, keys=tuple(keys))
    before = read_as_said(merge, second)
    follow = None
    if taken.words_hash != second.words_hash:
        follow = Decision(
            article=again,
            known=_known(both.kept.article_id, number, second.words_hash, now),
            change="revised",
            changed=what_changed(words_of(before), words_of(again)),
        )
    unjoin = Unjoin(
        merge=merge,
        newest=number,
        keys=tuple(keys),
        near_keys=again,
        revert=None if is_own_in_force else reverted(merge, read_as_said(merge, own), tuple(own_keys), now),
        follow=follow,
        acts=_back(store, merge, both.kept.state),
    )
    return joined if store.unjoin(unjoin, now) else None


def _keys(version: Version) -> tuple[str, ...]:
    return keys_of([decode(version.raw)])[0]


def _back(store: Store, merge: Merge, state: ReportState) -> tuple[DeskDecision, ...]:
    """The second one is in the wire again, where the join took it out and nothing keeps the first one out."""
    acts = store.acts(state.id)
    if not acts or acts[-1]["act"] != "join" or not merge.state.is_in_wire or state.notice != "withheld":
        return ()
    cause = Cause(actor="wire", reason=_UNDONE.format(merge.id))
    after = replace(state, status="usable", notice=None)
    return (DeskDecision(before=state, acts=(ActRecord(act="restore", cause=cause, change="restored", after=after),)),)
