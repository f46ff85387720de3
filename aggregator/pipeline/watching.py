"""Whether the wire brings what is to be expected of it: silence of the whole, and the coverage of each publisher."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from aggregator.model import Tariff
from aggregator.scheduling import polls
from aggregator.scheduling.polls import Silence
from aggregator.scheduling.rhythm import expected
from aggregator.store import Store


def silence(store: Store, now: datetime) -> Silence | None:
    """Since when nothing new was stored, if that is longer than the rhythm of the wire as a whole allows."""
    return polls.silence([rhythm for rhythm, _ in store.rhythms()], _tariff(store), store.last_new(), now)


def coverage(store: Store, since: datetime, now: datetime) -> list[dict[str, Any]]:
    """What each publisher's polls brought, lost and left out, and how many reports its sources' rhythms would have had
    one expect; by the names of `Store.coverage`, and `expected`.
    """
    hoped: dict[str, float] = defaultdict(float)
    tariff = _tariff(store)
    for publisher, rhythm, begin in store.watched(since):
        hoped[publisher] += expected(rhythm, tariff, begin, now)
    return [{**row, "expected": round(hoped[row["publisher"]], 1)} for row in store.coverage(since)]


def _tariff(store: Store) -> Tariff:
    """The one reckoned last; before there is any, one of which only the hours mean something."""
    kept = store.kept_tariff()
    return kept.tariff if kept else Tariff(price=1.0)
