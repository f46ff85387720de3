"""Which end of a document is its newest. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from typing import Literal

Order = Literal["newest_first", "oldest_first"]

_CLEARLY = 3  # times as many steps in one direction as in the other: an item is pinned here, dated late there


def order_of(dates: Iterable[datetime | None]) -> Order | None:
    """The order of a document whose entries state these dates (None: none), as far as these say it. None: they do not;
    whoever has to choose then takes the first entry for the newest, as feeds list.
    """
    stated = [date for date in dates if date is not None]
    rises = sum(earlier < later for earlier, later in pairwise(stated))
    falls = sum(earlier > later for earlier, later in pairwise(stated))
    if rises > _CLEARLY * falls:
        return "oldest_first"
    return "newest_first" if falls > _CLEARLY * rises else None
