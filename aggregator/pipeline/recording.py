"""The last five steps of a poll: what is known, which article each entry is, what that means, when to poll next, and
the one transaction that stores it all. What each step decides is known in its own room; here is their order alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from aggregator.desk import clock, rules
from aggregator.identity import DUPLICATE, deleted_key, spare_key
from aggregator.identity.recognition import Recognised, lookup, recognise
from aggregator.model import (
    DeskDecision,
    Gap,
    LeftOut,
    Listed,
    MassKind,
    Poll,
    PollRecord,
    Removal,
    ReportState,
    Seen,
    Snapshot,
    Wanted,
    articles_of,
)
from aggregator.model.errors import SourceRenamed
from aggregator.revisions import withdrawals
from aggregator.revisions.changes import Judged
from aggregator.revisions.compare import UNSTABLE_SOURCE
from aggregator.revisions.judging import is_newest_last, judge
from aggregator.revisions.mass import keep_out
from aggregator.revisions.withdrawals import Deletions
from aggregator.scheduling.gaps import Now, ends, reaches_back
from aggregator.scheduling.polls import Found, Pace, pauses, plan
from aggregator.store import Store
from aggregator.text.dates import sort_time, to_iso
from aggregator.text.printable import MOST_MESSAGE, escaped

PURGED = "purged"
PENDING = "pending"  # entries whose change waits for a person
_TRIES = 3

Polled = tuple[Poll, Sequence[Listed]]


class _At(Struct, frozen=True):
    """When polls are recorded, and by what pace."""

    now: datetime
    believed: datetime  # an earlier time while the clock is not believed
    pace: Pace


def record(store: Store, polled: Sequence[Polled], now: datetime, pace: Pace | None = None) -> list[Poll | None]:
    """Stores polls with all that they brought and returns them with their counts and the time of the next. Raises
    StoreError. None: nothing of it is stored, and its document is to be read without digests; see `recognise`.

    What documents mean is decided before the transaction begins, so that a long comparison keeps nobody from writing.
    Where somebody has written meanwhile it is decided again; after three times while nobody else can write.
    """
    at = _At(now, clock.believed(store, now), pace or Pace())
    done: dict[int, Poll | None] = {}
    tries = 0
    while len(done) < len(polled) and tries < _TRIES:
        before = len(done)
        _record(store, polled, at, done)
        tries += len(done) == before
    if len(done) < len(polled):
        with store.alone():
            while len(done) < len(polled):
                _record(store, polled, at, done)
    return [done[place] for place in range(len(polled))]


def _record(store: Store, polled: Sequence[Polled], at: _At, done: dict[int, Poll | None]) -> None:
    """Records those that are not done yet: of each source one, and of each publisher one that lists anything, because
    what a second one means depends on what the first one stores.
    """
    places: list[int] = []
    changed: set[str] = set()
    for place, (poll, listed) in enumerate(polled):
        depends_on = {poll.source.name}
        if lists_anything(poll, listed):
            depends_on.add(poll.source.publisher)
        if place not in done and not changed & depends_on:
            places.append(place)
            changed |= depends_on
    try:
        known = store.known([wanted(*polled[place], at.now) for place in places])
    except SourceRenamed as error:
        done |= {
            place: replace(poll, outcome="failed", error=str(error))
            for place, (poll, _) in enumerate(polled)
            if poll.source.name == error.source_name
        }
        return
    judged = {place: _judged(*polled[place], each, at) for place, each in zip(places, known, strict=True)}
    done |= {place: None for place in places if judged[place] is None}
    records = [(place, made) for place, made in judged.items() if made is not None]
    stale = store.save([made for _, made in records], at.now)
    done |= {place: made.poll for number, (place, made) in enumerate(records) if number not in stale}


def lists_anything(poll: Poll, listed: Sequence[Listed]) -> bool:
    """Whether what a poll means depends on the articles that are held."""
    return bool(listed or poll.withdrawn)


def wanted(poll: Poll, listed: Sequence[Listed], now: datetime) -> Wanted:
    """What has to be known to judge a poll."""
    return Wanted(
        source=poll.source,
        entries=tuple(lookup(a, to_iso(sort_time(a.published, a.updated, now))[:10]) for a in articles_of(listed)),
        seen=tuple(entry.keys[0] for entry in listed if isinstance(entry, Seen)),
        deleted=tuple(map(deleted_key, poll.withdrawn)),
    )


def _judged(poll: Poll, listed: Sequence[Listed], known: Snapshot, at: _At) -> PollRecord | None:
    """What a poll means, by what is known. None: see `recognise`."""
    if poll.error is not None:  # it may quote the document, or what its server said
        poll = replace(poll, error=escaped(poll.error, MOST_MESSAGE))
    if not listed:
        # A document without entries says nothing, so its source has come to rest.
        made = PollRecord(
            known=known,
            poll=poll,
            unstable_polls=() if poll.is_answer and known.unstable_polls else None,
            gone_pending_revisions=_gone(poll, listed, known, frozenset()),
        )
        return _planned(_obeyed(made, listed, {}, at) if poll.withdrawn else made, Found(), at)
    which = recognise(listed, known, at.now)
    if which is None:
        return None
    which, left_out = _by_rules(which, at.now)
    what = judge(which.matches, which.unchanged, known, at.now)
    is_rising = is_newest_last(what.decisions)
    new = [decision.article for decision in what.decisions if decision.known is None]
    last = known.habits.unmodified_since or known.habits.last_success
    kept_out = keep_out(
        new[::-1] if is_rising else new, known.in_latest, last, at.now, at.pace.settings, known.left_out
    )
    poll = _compared(_counted(poll, what, which, left_out, known), which, left_out, known)
    poll = replace(poll, over_limit=kept_out.over_limit)
    by_article = {decision.known.article_id: decision for decision in what.decisions if decision.known}
    made = PollRecord(
        known=known,
        poll=poll,
        unstable_polls=what.unstable_polls,
        id_conflicts=which.conflicts,
        id_trust=which.lesson,
        decisions=what.decisions,
        is_newest_last=is_rising,
        backfill=kept_out.ids,
        last_listed=_listed(which, left_out),
        left_out=tuple(left_out.values()),
        ended_pending_changes=tuple(
            a
            for a, (is_own, _) in known.pending_changes.items()
            if is_own and a in by_article and not by_article[a].pending_change
        ),
        gone_pending_revisions=_gone(poll, listed, known, by_article.keys()),
        ended_pending_revisions=tuple(
            a for a in known.pending_revision_keys if a in by_article and not by_article[a].pending_revision
        ),
    )
    found = Found(arrivals=kept_out.arrivals, gap=poll.gap)
    return _planned(_obeyed(made, listed, what.done, at), found, at)


def _obeyed(made: PollRecord, listed: Sequence[Listed], done: Mapping[MassKind, int], at: _At) -> PollRecord:
    """With what the publisher's own words ask of us. `done`: see `Judged`."""
    known, poll = made.known, made.poll
    keys = {key for entry in listed for key in entry.keys}
    deleted_keys = tuple(map(deleted_key, poll.withdrawn))
    deleted = withdrawals.deletions(known, deleted_keys, made.decisions, keys, done.get("withdrawn", 0))
    began = sum(
        bool(each.pending_change) and each.known is not None and each.known.article_id not in known.pending_changes
        for each in made.decisions
    )
    acts = _acts(made, deleted, at.believed)
    ids = {each.before.id for each in acts}
    taken_out = {article_id for article_id, state in known.states.items() if state.id in ids}
    return replace(
        made,
        decisions=withdrawals.once(made.decisions, taken_out),
        poll=replace(poll, pending=began + len(deleted.pending)),
        acts=acts,
        ended_tombstones=deleted.ended,
        new_tombstones=deleted.pending,
    )


def _planned(made: PollRecord, found: Found, at: _At) -> PollRecord:
    """With the next poll."""
    poll, before = made.poll, made.known.habits
    habits, following = plan(poll, before, found, at.pace)
    if at.believed != at.now:  # no source has been silent for a year by a clock that is not believed yet
        habits = replace(habits, rhythm=before.rhythm, silent_after=before.silent_after)
    next_poll = poll.next or following
    return replace(made, poll=replace(poll, next=next_poll), habits=habits, pauses=pauses(poll, at.pace.settings))


def _acts(made: PollRecord, deleted: Deletions, believed: datetime) -> tuple[DeskDecision, ...]:
    """What the publisher's own words ask of us, in the order in which it is done."""
    new = [decision.article for decision in made.decisions if decision.known is None]
    marked = dict.fromkeys(withdrawals.removals(made.decisions), withdrawals.MARKED)
    asked: list[tuple[int | str, Removal | datetime]] = [
        *marked.items(),
        *withdrawals.embargoes(new, believed).items(),
        *((report, withdrawals.DELETED) for report in deleted.obeyed),
    ]
    decisions: dict[int | str, DeskDecision] = {}
    for report, what in asked:
        state = ReportState(id=report, is_new=True) if isinstance(report, str) else made.known.states[report]
        before = decisions.get(report, DeskDecision(before=state, acts=()))
        decisions[report] = rules.then(before, partial(_act, what=what, believed=believed))
    return tuple(decision for decision in decisions.values() if decision.acts)


def _act(state: ReportState, what: Removal | datetime, believed: datetime) -> DeskDecision | None:
    if isinstance(what, Removal):
        return rules.obey(state, what, believed)
    return rules.hold_until(state, what, withdrawals.HELD)


def _by_rules(which: Recognised, now: datetime) -> tuple[Recognised, dict[int, LeftOut]]:
    """The document without the new reports that a rule of its source leaves out, and these by their places. A report
    that is held stays, whatever its publisher says of it now: its corrections come in.
    """
    left_out = {
        article.place: LeftOut(
            key=article.keys[0],
            entry_hash=article.entry_hash,
            rule=article.left_out_by,
            sort_time=sort_time(article.published, article.updated, now),
            is_dated=bool(article.published or article.updated),
        )
        for match in which.matches
        if match.known is None and not match.duplicate and (article := match.article).left_out_by
    }
    if not left_out:
        return which, left_out
    kept = tuple(match for match in which.matches if match.article.place not in left_out)
    return replace(which, matches=kept), left_out


def _compared(poll: Poll, which: Recognised, left_out: Mapping[int, LeftOut], known: Snapshot) -> Poll:
    """Whether the document reaches back to the one before; if not, items may be lost."""
    if not known.has_listed:
        return poll
    matches = [match for match in which.matches if not match.duplicate]
    entries = {place: Now(article_id) for place, article_id in which.others.items()}
    for place, each in left_out.items():
        name = each.key if each.key in known.left_out else None
        entries[place] = Now(name, each.sort_time if each.is_dated else None)
    for match in matches:
        listed: int | str | None = match.known.article_id if match.known and match.was_listed else None
        if match.known is None and match.article.keys[0] in known.left_out:  # its rules let it in from now on
            listed = match.article.keys[0]
        entries[match.article.place] = Now(listed, match.article.published or match.article.updated)
    in_order = [entry for _, entry in sorted(entries.items())]
    reaches = poll.is_joined or reaches_back(in_order, known.last_listed)
    listed_before = sum(match.was_listed for match in matches) + sum(
        each.key in known.left_out for each in left_out.values()
    )
    overlap = which.unchanged + which.purged + listed_before
    gap: Gap | None = None
    if poll.pages or not reaches:
        gap = "closed" if reaches else "open"
    return replace(poll, overlap=overlap if reaches else 0, gap=gap)


def _listed(which: Recognised, left_out: Mapping[int, LeftOut]) -> tuple[int | str, ...]:
    """See `PollRecord.last_listed`; of a very long document what stands at both ends."""
    places: dict[int, int | str] = {**which.others, **{place: each.key for place, each in left_out.items()}}
    for match in which.matches:
        if not match.duplicate:
            places[match.article.place] = match.known.article_id if match.known else match.article.id
    return ends([article for _, article in sorted(places.items())])


def _gone(poll: Poll, listed: Sequence[Listed], known: Snapshot, here: Set[int]) -> tuple[int, ...] | None:
    """Of which reports the document no longer lists the entry whose words are held back."""
    if poll.outcome != "ok" or not known.pending_revision_keys:
        return None
    keys = {key for entry in listed for key in entry.keys} | {spare_key(article) for article in articles_of(listed)}
    return tuple(
        article_id
        for article_id, key in known.pending_revision_keys.items()
        if key not in keys and article_id not in here
    )


def _counted(poll: Poll, what: Judged, which: Recognised, left_out: Mapping[int, LeftOut], known: Snapshot) -> Poll:
    """What a rule left out is counted under its name once; listed again, it is unchanged."""
    again = sum(known.left_out.get(each.key) == (each.entry_hash, each.rule) for each in left_out.values())
    stored = [each for each in what.decisions if not (each.pending_revision or each.pending_change)]
    kinds = Counter(decision.change for decision in stored)
    drops = Counter(poll.drops)
    drops[DUPLICATE] += sum(match.duplicate for match in which.matches)
    drops[PURGED] += which.purged
    for each in left_out.values():
        drops[each.rule] += known.left_out.get(each.key) != (each.entry_hash, each.rule)
    drops[UNSTABLE_SOURCE] += sum(decision.pending_revision for decision in what.decisions)
    drops[PENDING] += sum(decision.pending_change is not None for decision in what.decisions)
    adjusted = Counter(reason for each in stored if each.change is not None for reason in each.article.adjusted)
    return replace(
        poll,
        new=kinds["new"],
        revised=kinds.total() - kinds["new"] - kinds[None],
        unchanged=which.unchanged + kinds[None] + again,
        drops=dict(+drops),
        adjusted=dict(adjusted),
    )
