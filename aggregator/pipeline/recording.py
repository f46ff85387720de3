"""Records polls: which article each entry is, what changed, and all the rows of it.

The order of the steps is known here alone; what each means is decided in `identity`, `versions` and `decide`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.identity import spare_key
from aggregator.model import Article, Gap, Known, MassKind, Match, Poll, Removal, Words
from aggregator.model.errors import DeskError
from aggregator.normalise import DUPLICATE
from aggregator.pipeline.recognition import Heard, recognise
from aggregator.revisions import signals
from aggregator.revisions.changes import Judged, decide
from aggregator.revisions.compare import HELD_BACK
from aggregator.revisions.mass import Held, at_once, hold_excess
from aggregator.scheduling.gaps import Now, reaches_back
from aggregator.scheduling.polls import Found, Habits, Pace, conclude, is_answer, pauses
from aggregator.store import Connection, Store
from aggregator.store.sqlite import (
    backoff,
    claims,
    habits,
    held_words,
    history,
    identify,
    ledger,
    pending,
    polls,
    raw,
    redirects,
    withdrawals,
)
from aggregator.store.sqlite.desk import Cause, hold_back, hold_until
from aggregator.store.sqlite.doubt import trusted
from aggregator.store.sqlite.lock import Program
from aggregator.text.dates import read_date, to_iso
from aggregator.text.printable import MOST_MESSAGE, escaped

PURGED = "purged"
PENDING = "pending"  # entries whose change waits for a person
_TRIES = 3
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
    program: Program | None  # None: it has claimed nothing


@dataclass(frozen=True, slots=True)
class _Decided:
    """A poll, what was held when it was decided upon, and what its document means. Nothing of it is written yet."""

    poll: Poll
    articles: Sequence[Article]
    source: int
    before: Habits
    found: _Meant | None  # None: the document lists nothing that has to be looked at
    is_whole: bool = True  # False: the document has to be read whole


@dataclass(frozen=True, slots=True)
class _Meant:
    """What the entries of a document mean."""

    heard: Heard
    matches: Sequence[Match]  # without duplicates
    judged: Judged
    held: Held
    waiting: Mapping[int, tuple[int, MassKind]]  # articles of which something waits: the source that said it, its kind
    has_listed: bool  # whether the source ever listed anything that is held
    reaches_back: bool  # whether the document reaches back to the one before


def record(
    store: Store, polled: Sequence[tuple[Poll, Sequence[Article]]], now: datetime, pace: Pace | None = None
) -> list[Poll]:
    """Stores polls with all that they brought and returns them with their counts and the time of the next. Raises
    StoreError; then nothing of them is stored. A poll that comes back as not `is_whole` is to be read anew.

    What documents mean is decided before the transaction begins, so that a long comparison keeps nobody from writing.
    If another program has written meanwhile it is decided again; after three times within the transaction.
    """
    first = _first_of_each_publisher(polled)
    for _ in range(_TRIES):
        with store.reading() as connection:
            version = store.version()
            decided = {index: _decided(connection, *polled[index], now) for index in first}
        with store.writing() as connection:
            if store.version() == version:
                return _written(_begun(store, connection, now, pace), polled, decided)
    with store.writing() as connection:
        return _written(_begun(store, connection, now, pace), polled, {})


def _begun(store: Store, connection: Connection, now: datetime, pace: Pace | None) -> _Writing:
    return _Writing(connection, now, raw.packer(connection), pace or Pace(), store.program)


def _first_of_each_publisher(polled: Sequence[tuple[Poll, Sequence[Article]]]) -> list[int]:
    """What a second poll of a publisher means depends on what the first one stores."""
    first: dict[str, int] = {}
    for index, (poll, _) in enumerate(polled):
        first.setdefault(poll.source.publisher, index)
    return list(first.values())


def _written(
    writing: _Writing, polled: Sequence[tuple[Poll, Sequence[Article]]], decided: Mapping[int, _Decided]
) -> list[Poll]:
    written = [
        _write(writing, decided.get(index) or _decided(writing.connection, poll, articles, writing.now))
        for index, (poll, articles) in enumerate(polled)
    ]
    if writing.program:
        ended = [poll.source.name for poll in written if poll.is_whole]
        claims.give_back(writing.connection, "poll", ended, writing.program)
    return written


def _decided(connection: Connection, poll: Poll, articles: Sequence[Article], now: datetime) -> _Decided:
    """What a poll means, by what is held now. Reads only."""
    source = polls.source_id(connection, poll.source)
    if poll.error is not None:  # it may quote the document, or what its server said
        poll = replace(poll, error=escaped(poll.error, MOST_MESSAGE))
    decided = _Decided(poll, articles, source, habits.read(connection, source), None)
    if not (articles or poll.settled):
        return decided
    heard = recognise(connection, source, poll, articles, now)
    if heard is None:
        return replace(decided, is_whole=False)
    matches = [match for match in heard.matches if not match.duplicate]
    judged, words = _judged(connection, source, matches, heard.settled, now)
    waiting = pending.of_articles(connection, [match.known.article for match in matches if match.known])
    held = _held(connection, source, judged, words, {article: kind for article, (_, kind) in waiting.items()})
    judged = replace(judged, decisions=held.decisions)
    has_listed = identify.has_listed(connection, source)
    listed_before = identify.listed_before(connection, source)
    reaches = has_listed and (poll.is_joined or reaches_back(_as_now(heard, matches), listed_before))
    return replace(decided, found=_Meant(heard, matches, judged, held, waiting, has_listed, reaches))


def _write(writing: _Writing, decided: _Decided) -> Poll:
    connection, poll, source = writing.connection, decided.poll, decided.source
    if not decided.is_whole:
        return replace(poll, is_whole=False)
    found = Found()
    done: Mapping[MassKind, int] = {}
    if decided.found:
        poll, found = _taken_in(writing, decided, decided.found)
        done = decided.found.held.done
    elif is_answer(poll):  # it says nothing, so its source has come to rest
        identify.write_changing(connection, source, ())
    if poll.outcome == "ok":
        _note_gone(connection, decided)
    poll = _withdrawn(writing, poll, decided.articles, source, done)
    after, following = conclude(poll, decided.before, found, writing.pace)
    if trusted(connection, writing.now) != writing.now:
        after = _without_time(decided.before, after)
    following = poll.next or following
    redirects.write(connection, source, poll, writing.now)
    polls.write_poll(connection, source, poll, following)
    habits.write(connection, source, decided.before, after)
    for pause in pauses(poll, writing.pace.settings):
        backoff.postpone_host(connection, pause.url, poll.started, pause.lasts, but=source, once=pause.once)
    return replace(poll, next=following)


def _without_time(before: Habits, after: Habits) -> Habits:
    """What a poll teaches but for what follows from the time alone, by a clock that is not believed yet: no source has
    been silent for a year.
    """
    return replace(after, rhythm=before.rhythm, silent_after=before.silent_after)


def _taken_in(writing: _Writing, decided: _Decided, meant: _Meant) -> tuple[Poll, Found]:
    """Stores what the entries mean; returns the poll with its counts, and what it brought."""
    connection, now, source = writing.connection, writing.now, decided.source
    heard, judged, before = meant.heard, meant.judged, decided.before
    identify.write_ladder(connection, source, heard.conflicts, heard.lesson)
    identify.write_changing(connection, source, judged.changing)
    new = polls.write_decisions(connection, source, judged.decisions, now, writing.pack)
    _keep_waiting(writing, source, judged, {article for article, (by, _) in meant.waiting.items() if by == source})
    last = before.unmodified_since or before.last_success
    fresh, excess = polls.flag_backfill(connection, last, new, now, writing.pace.settings)
    identify.write_near_keys(connection, new)
    identify.write_merges(connection, source, judged.decisions, to_iso(now))
    _obey(connection, new, judged, now)
    poll = _counted(decided.poll, judged, heard)
    identify.write_listed(connection, source, _listed(heard, meant.matches, new))
    poll = _compared(poll, meant)
    began = sum(
        d.waits is not None and d.known is not None and d.known.article not in meant.waiting for d in judged.decisions
    )
    found = Found(arrivals=tuple(article.published for article in fresh), gap=poll.gap)
    return replace(poll, waiting=began, excess=excess), found


def _held(
    connection: Connection,
    source: int,
    judged: Judged,
    before: Mapping[int, Words],
    waiting: Mapping[int, MassKind],
) -> Held:
    """The decisions, those marked that have to wait, because the poll changes more than its source ever did."""
    if not any(decision.known and decision.change for decision in judged.decisions):
        return Held(judged.decisions, {})
    return hold_excess(judged.decisions, before, waiting, pending.most(connection, source))


def _keep_waiting(writing: _Writing, source: int, judged: Judged, waited: set[int]) -> None:
    """Keeps what has to wait. `waited`: articles of which something waits that this source said. What it says of them
    now takes its place, be it a change that is stored, or what was said before.
    """
    pending.write(writing.connection, source, judged.decisions, writing.now, writing.pack)
    known = [(decision, decision.known.article) for decision in judged.decisions if decision.known]
    if waited:
        pending.forget(writing.connection, waited.intersection(article for d, article in known if not d.waits))
    held_words.forget(writing.connection, source, [article for d, article in known if not d.held_back])
    held_words.write(writing.connection, source, judged.decisions, writing.now, writing.pack)


def _note_gone(connection: Connection, decided: _Decided) -> None:
    """Which reports of whose words something is held back the document lists no longer."""
    waiting = held_words.of_source(connection, decided.source)
    if not waiting:
        return
    articles, settled = decided.articles, decided.poll.settled
    keys = {*settled, *(key for article in articles for key in (*article.keys, spare_key(article)))}
    here = {match.known.article for match in decided.found.matches if match.known} if decided.found else set()
    held_words.note_gone(
        connection, decided.source, [a for a, key in waiting.items() if key not in keys and a not in here]
    )


def _withdrawn(
    writing: _Writing, poll: Poll, articles: Sequence[Article], source: int, done: Mapping[MassKind, int]
) -> Poll:
    """Takes out what the document lists as deleted, up to the bound for one poll; the rest waits for a person, until
    its entry is listed again. `done`: how many known reports the poll has changed already, by kind.
    """
    connection, keys = writing.connection, [withdrawals.key_of(said) for said in poll.withdrawn]
    if (articles or poll.settled) and (stones := pending.tombstones(connection, source)):
        here = {*poll.settled, *(key for article in articles for key in article.keys)}.difference(keys)
        pending.forget_tombstones(connection, [article for article, key in stones.items() if key in here])
    listed = list(withdrawals.listed(connection, poll.source.publisher, keys).items())
    if not listed:
        return poll
    room = at_once("withdrawn", pending.most(connection, source)) - done.get("withdrawn", 0)
    for article, _ in listed[:room]:
        take_out(connection, article, withdrawals.DELETED, to_iso(writing.now))
    pending.write_tombstones(connection, source, dict(listed[room:]), writing.now)
    return replace(poll, waiting=poll.waiting + len(listed[room:]))


def _compared(poll: Poll, meant: _Meant) -> Poll:
    """Whether the document reaches back to the one before; if not, items may be lost."""
    if not meant.has_listed:
        return poll
    overlap = meant.heard.settled + meant.heard.purged + sum(_was_listed(match) for match in meant.matches)
    gap: Gap | None = None
    if poll.pages or not meant.reaches_back:
        gap = "closed" if meant.reaches_back else "open"
    return replace(poll, overlap=overlap if meant.reaches_back else 0, gap=gap)


def _was_listed(match: Match) -> bool:
    """Whether the entry's source had listed it before."""
    return match.known is not None and match.known.entry_hash is not None


def _as_now(heard: Heard, matches: Sequence[Match]) -> list[Now]:
    """The entries of the document, by the articles that its source had listed before."""
    others = {place: Now(article) for place, article in heard.others.items()}
    return [now for _, now in sorted({**others, **{match.article.place: _now(match) for match in matches}}.items())]


def _now(match: Match) -> Now:
    listed = match.known.article if match.known and _was_listed(match) else None
    return Now(listed, match.article.published or match.article.updated)


def _listed(heard: Heard, matches: Sequence[Match], new: Sequence[tuple[int, Article]]) -> list[int]:
    """The articles of the document, in its order."""
    places = dict(heard.others)
    places |= {match.article.place: match.known.article for match in matches if match.known}
    places |= {article.place: number for number, article in new}
    return [article for _, article in sorted(places.items())]


def _obey(connection: Connection, new: Sequence[tuple[int, Article]], judged: Judged, now: datetime) -> None:
    """What the publisher's own words ask of us: a withdrawal in the headline, an embargo on a report that is new."""
    at, received = to_iso(now), trusted(connection, now)  # a wrong clock must not end an embargo before it begins
    for number, article in new:
        if signals.is_withdrawal(article):
            take_out(connection, number, withdrawals.MARKED, at)
    for decision in judged.decisions:
        if decision.change == "withdrawn" and decision.known and not decision.waits:
            take_out_marked(connection, decision.known, at)
    for number, article in new:
        until = signals.embargo_of(article, received, read_date)
        if until == "unreadable":
            take_out(connection, number, _UNREADABLE, at)
        elif until is not None:
            cause = Cause(actor="publisher:feed", reason="the publisher asks to hold it", reference=None)
            hold_until(connection, number, to_iso(until), cause, at)


def take_out_marked(connection: Connection, before: Known, at: str) -> None:
    """Takes an article out whose new version says so in its headline; `before`: the version before it. The act writes
    the line of the new version; where the report was withdrawn already there is no act, and the line is written here.
    """
    if not take_out(connection, before.article, withdrawals.MARKED, at):
        line = ledger.Line(kind="revised", at=at, article=before.article, revision=before.revision + 1)
        ledger.append(connection, [line])


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


def _judged(
    connection: Connection, source: int, matches: Sequence[Match], settled: int, now: datetime
) -> tuple[Judged, Mapping[int, Words]]:
    """What the entries mean, and the words that were held before."""
    listed_here = [match.known.article for match in matches if match.known and match.known.entry_hash is not None]
    before = history.words_of(connection, listed_here) if listed_here else {}
    held_back = history.held_words_of(connection, source, listed_here) if listed_here else {}
    changing = identify.changing(connection, source)
    return decide(matches, before, now, held=held_back, changing=changing, settled=settled), before


def _counted(poll: Poll, judged: Judged, heard: Heard) -> Poll:
    kinds = Counter(decision.change for decision in judged.decisions if not (decision.held_back or decision.waits))
    revised = kinds.total() - kinds["new"] - kinds[None]
    drops = Counter(poll.drops)
    drops[DUPLICATE] += sum(match.duplicate for match in heard.matches)
    held_back = sum(decision.held_back for decision in judged.decisions)
    waiting = sum(decision.waits is not None for decision in judged.decisions)
    drops += Counter({PURGED: heard.purged, HELD_BACK: held_back, PENDING: waiting})
    stored = (d.article for d in judged.decisions if d.change is not None and not (d.held_back or d.waits))
    adjusted = Counter(reason for article in stored for reason in article.adjusted)
    unchanged = heard.settled + kinds[None]
    poll = replace(poll, new=kinds["new"], revised=revised, unchanged=unchanged)
    return replace(poll, drops=dict(+drops), adjusted=dict(adjusted))
