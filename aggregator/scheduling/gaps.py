"""Whether a document reaches back to the one before; if not, items may be lost between the two. Pure.

That it lists something known does not show it: publishers pin items, and list old ones again. So an entry counts if the
newest half of the document before had it, and if it stands here where its age places it: what is new stands on its
newer side.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from msgspec import Struct

from aggregator.model import Before
from aggregator.text.order import Order, order_of

T = TypeVar("T")

_MOST = 250  # entries from each end of a document that are looked at; few have as many
MOST_LISTED = 2 * _MOST  # that are remembered of a document; of one that has more, not all are


class Now(Struct, frozen=True):
    """An entry of this document."""

    name: Hashable | None  # None: its source never listed it before
    date: datetime | None = None  # that it states


def ends(document: Sequence[T]) -> tuple[T, ...]:
    """What of a document is remembered to compare the next one with: all, or of a very long one both ends."""
    return (*document[:_MOST], *document[-_MOST:]) if len(document) > MOST_LISTED else tuple(document)


def reaches_back(document: Sequence[Now], before: Sequence[Before]) -> bool:
    """Whether nothing can be lost between the document before and this one. Both in the order in which they list.
    `before` empty: it is not remembered, and any known entry counts.
    """
    new = [(place, entry.date) for place, entry in enumerate(document) if entry.name is None]
    if len(new) == len(document):
        return False
    places = {entry.name: place for place, entry in enumerate(document) if entry.name is not None}
    if not new or all(entry.name in places for entry in before):
        return True
    dates = [date for _, date in new]
    if _is_none_newer(dates, before):
        return True
    order = order_of(dates)
    # Dates without any order: the places say nothing.
    is_mixed = order is None and len({date for date in dates if date}) > 1
    looked_at = new if len(new) <= 2 * _MOST else [*new[:_MOST], *new[-_MOST:]]
    return any(
        entry.name in places and (is_mixed or _is_in_place(places[entry.name], entry, looked_at, order_tried))
        for entry, order_tried in _newest_half(before, order)
    )


def _is_none_newer(dates: Sequence[datetime | None], before: Sequence[Before]) -> bool:
    """Whether all that is new states an older date than the newest of what was listed before."""
    newest = max((entry.sort_time for entry in before if entry.is_dated), default=None)
    return newest is not None and all(date is not None and date < newest for date in dates)


def _newest_half(before: Sequence[Before], order: Order | None) -> Iterator[tuple[Before, Order]]:
    """With the order that this supposes: of entries of one time, such as all of a first document without dates, the
    order alone says which are newer.
    """
    half = (len(before) + 1) // 2
    orders: Sequence[Order] = (order,) if order else ("newest_first", "oldest_first")
    for each in orders:
        listed = before if each == "newest_first" else before[::-1]
        for entry in sorted(listed, key=lambda entry: entry.sort_time, reverse=True)[:half]:
            yield entry, each


def _is_in_place(place: int, entry: Before, new: Sequence[tuple[int, datetime | None]], order: Order) -> bool:
    """Whether of the new entries that may be newer no more stand on its older side than on its newer one. `new`: their
    places and dates.
    """
    # Where either states no date, nothing says that the new one is older.
    newer = [there for there, date in new if date is None or not entry.is_dated or date >= entry.sort_time]
    above, below = sum(there < place for there in newer), sum(there > place for there in newer)
    return above >= below if order == "newest_first" else below >= above
