"""How complete is what was received of a source: what a gap may have lost, and which silence is not normal. Pure.

Both are estimates by its rhythm, and only of a source whose rhythm is learnt.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from aggregator.model import OpenGap, PolledSource, Tariff
from aggregator.scheduling.rhythm import expected, is_learnt
from aggregator.scheduling.silence import HALF_A_DAY, LONGER, UNLIKELY

_WATCHED = timedelta(days=1)
_FEWEST = 5  # pauses that were seen, before one of them can be called too long


def _is_known(source: PolledSource) -> bool:
    """Whether its rhythm is learnt, and was for long enough: what its first document dates teaches a rhythm, but for an
    hour of polls nobody can say what should have come.
    """
    first, last = source.first_poll, source.last_well
    return is_learnt(source.rhythm) and first is not None and last is not None and last - first >= _WATCHED


def lost(gap: OpenGap, source: PolledSource, tariff: Tariff) -> tuple[int, int] | None:
    """How many reports a gap may have lost, at least and at most: what was to be expected between the two polls, less
    what came, and its chance (a standard deviation) to both sides. None: that is not known yet.
    """
    if gap.after is None or not _is_known(source):
        return None
    published = expected(source.rhythm, tariff, gap.after, gap.found_at)
    missing, chance = max(published - gap.received, 0.0), math.sqrt(published)
    return math.floor(max(missing - chance, 0.0)), max(math.ceil(missing + chance), 1)


def to_expect(source: PolledSource, tariff: Tariff, since: datetime, until: datetime) -> float | None:
    """How many new reports its polls were to bring in a time: by its rhythm as long as it was polled, up to the poll
    that last went well, and whatever its first poll brought. None: that is not known yet.
    """
    if not _is_known(source) or source.first_poll is None or source.last_well is None:
        return None
    begin, end = max(since, source.first_poll), min(until, source.last_well)
    first = source.first_new if since <= source.first_poll < until else 0
    return first + (expected(source.rhythm, tariff, begin, end) if begin < end else 0.0)


def silences(source: PolledSource, tariff: Tariff, since: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The pauses between two polls that brought something, as far as they lie after `since`, which are too long for
    chance: longer than the source's rhythm explains, and than one and a half times every other pause that was seen.
    """
    pauses = [(first, second) for first, second in pairwise(source.arrivals) if second - first > HALF_A_DAY]
    if len(source.arrivals) <= _FEWEST or not _is_known(source):
        return
    for first, second in pauses:
        others = max((b - a for a, b in pairwise(source.arrivals) if a != first), default=timedelta())
        is_longer = second - first > others * LONGER
        if second > since and is_longer and expected(source.rhythm, tariff, first, second) > UNLIKELY:
            yield first, second
