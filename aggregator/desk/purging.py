"""Purging: what a person deletes for good. Words, versions and keys go; id, times and lines of the ledger stay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from aggregator.desk import pictures
from aggregator.identity import near_keys
from aggregator.model import Cause, Purge, Purgeable
from aggregator.model.errors import DeskError
from aggregator.store import Store

_BATCH = 100  # a transaction holds the lock that other programs wait for


def chosen(
    store: Store,
    reports: Sequence[str],
    before: datetime | None = None,
    publisher: str | None = None,
    since: datetime | None = None,
) -> list[str]:
    """The ids of these reports, and of those of a publisher, first seen since a time and before one, as far as these
    are given. What a person joined goes with the report that it was joined to, and not without it. Raises DeskError
    for an id that is none, or whose report is purged already, or joined.
    """
    joins = store.joins()
    for report in reports:
        state = store.report_state(report)
        if state is None:
            raise DeskError(f"{report}: there is no report with this id; `aggregator latest` prints ids")
        if state.notice == "removed":
            raise DeskError(f"{report}: this report is purged already")
        if report in joins:
            kept, number = joins[report]
            raise DeskError(
                f"{report}: this report was joined to {kept}; purge that one, or `aggregator split {number}`"
            )
    is_choice = before is not None or publisher is not None or since is not None
    those = dict.fromkeys([*reports, *(store.first_seen(publisher, since, before) if is_choice else ())])
    for joined in joins:
        kept = joined
        while kept in joins:
            kept, _ = joins[kept]
        if kept in those:
            those[joined] = None
        else:
            those.pop(joined, None)
    return list(those)


def purge(store: Store, reports: Sequence[str], because: Cause, now: datetime) -> None:
    """Deletes the words, versions and keys of these reports for good, in transactions of a hundred each. Their letters
    leave the search index within a day of housekeeping, or at once with `housekeeping.rewrite`.
    """
    for start in range(0, len(reports), _BATCH):
        left = reports[start : start + _BATCH]
        while those := [_known_by(one) for one in store.purgeable(left)]:
            left = store.purge(those, because, now)
    pictures.remove_files(store, now)
    store.empty_log()


def _known_by(report: Purgeable) -> Purge:
    """With the keys by which a twin of its newest words would be found."""
    return Purge(id=report.id, revision=report.revision, keys=near_keys(report.folded_title, report.opening))
