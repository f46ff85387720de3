"""Which words a publisher's rights let us hold no longer: `storage = "transient"` after `retention_days`, and
`storage = "metadata_only"` at once, also of what was stored before the rights said so. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from aggregator.model import Lending

# So long before their time words are let go: housekeeping comes every ten minutes, and may be late.
BEFORE = timedelta(minutes=15)
_ALL = datetime.max.replace(tzinfo=UTC)


def over(lending: Mapping[str, Lending], now: datetime) -> dict[str, datetime]:
    """By publisher up to which time of first sight a report has had its time at `now`. Of a publisher that is not here
    all words may be held.
    """
    return {publisher: until for publisher, lent in lending.items() if (until := _over(lent, now))}


def _over(lent: Lending, now: datetime) -> datetime | None:
    if lent.storage == "metadata_only":
        return _ALL
    return now - timedelta(days=lent.days) if lent.storage == "transient" and lent.days is not None else None
