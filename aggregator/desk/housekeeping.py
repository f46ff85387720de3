"""What time brings: agreements and embargoes end, words that may be held no longer are let go; and the database's own
housekeeping.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta

from aggregator.desk import clock, figures, pictures, retention, rules, terms
from aggregator.scheduling.gaps import MOST_LISTED
from aggregator.store import Store

# Steps of merging the search index a housekeeping, 0.03 s each: a million articles are merged within some hours.
_MERGES = 100
# A report that was first seen longer ago, and that no document lists, is not expected in one.
_LISTED_WITHIN = timedelta(days=400)
_RELEASED_WITHIN = timedelta(days=400)  # so long it is known how many reports left on a day
_SWEEPS = 10  # of 1,000 rows of each table


def tick(store: Store, now: datetime) -> None:
    """What comes before anything is asked of the store for a time: the clock is looked at, the terms that hold then are
    put in force, and pauses end. Writes only where there is something to write. Raises StoreError.
    """
    clock.look(store, now)
    terms.update(store, now)
    store.end_pauses(clock.believed(store, now))


def maintain(
    store: Store,
    now: datetime,
    keep_polls: timedelta | None = None,
    keep_complaints: timedelta | None = None,
    keep_taken: timedelta | None = None,
    subscribers: Collection[str] | None = None,
) -> None:
    """All that `housekeeping` does, at once."""
    for _ in housekeeping(store, now, keep_polls, keep_complaints, keep_taken, subscribers):
        pass


def housekeeping(
    store: Store,
    now: datetime,
    keep_polls: timedelta | None = None,
    keep_complaints: timedelta | None = None,
    keep_taken: timedelta | None = None,
    subscribers: Collection[str] | None = None,
) -> Iterator[None]:
    """Housekeeping between polls, in steps of one short transaction each: agreements and embargoes end, words that
    may be held no longer are let go, and those of old complaints and of who took which report, words that were held
    back are stored, the wire's own figures of days that are over are counted, old polls that brought nothing are
    counted by day, what is known of how documents listed reports is deleted when they list them no more, old counts
    of what left are deleted, what `health` counts is counted, excerpts follow the rights of today, the search index
    catches up, raw words are packed with this program's dictionary, the planner's figures are put back, letters
    that were let go leave the index, and the log is emptied. By a clock that is not believed yet (`clock`) no
    embargo ends, and nothing is let go for its age. Raises StoreError.

    `keep_polls`: for how long each poll is kept that brought nothing; `keep_complaints`: for how long the words of a
    complaint are kept after it was resolved; `keep_taken`: for how long it is known who took a report; None: for ever.
    `subscribers`: who is sent something; None: all that ever were.
    """
    tick(store, now)
    believed = clock.believed(store, now)
    release_embargoes(store, believed)
    over = retention.over(store.lending(), believed + retention.BEFORE)
    yield from _repeated(lambda: store.let_go(over))
    yield
    pictures.sweep(store, now)
    store.let_go_pending(over)
    store.forget_over_limit(believed)
    if keep_complaints is not None:
        store.erase_old_complaints(believed - keep_complaints, believed)
    if keep_taken is not None:
        store.forget_taken(believed - keep_taken)
    yield from _repeated(lambda: store.store_pending_revisions(now))
    yield from figures.count(store, believed, keep_polls, subscribers)
    if keep_polls is not None:
        older = min(believed - keep_polls, figures.needed_since(store, believed))
        yield from _repeated(lambda: store.count_polls_by_day(older, believed))
    for _ in range(_SWEEPS):
        yield
        store.forget_listings(believed - _LISTED_WITHIN, MOST_LISTED)
    yield
    store.forget_released((believed - _RELEASED_WITHIN).date())
    store.count_health(now)
    yield from _repeated(store.cut_excerpts)
    yield from _repeated(store.index)
    yield from _repeated(store.repack)
    store.set_figures()
    for _ in range(_MERGES):
        yield
        if not store.merge_index(now):
            break
    store.empty_log()


def _repeated(step: Callable[[], int]) -> Iterator[None]:
    while step():
        yield


def release_embargoes(store: Store, now: datetime) -> int:
    """Ends the embargoes whose time has come and tells the ledger, once; returns how many."""
    return sum(store.act(rules.release(state), now) for state in store.reports_under_embargo(now))


def rewrite(store: Store, now: datetime) -> Iterator[str]:
    """Writes the whole file anew, so that nothing that was deleted is in it or in its log; yields what it does, as it
    comes to it. Others cannot write meanwhile, so there must be no daemon. Raises StoreError when others read.
    """
    yield "making the search index anew"
    store.renew_index()
    maintain(store, now)
    yield "writing the file anew"
    store.rewrite()
