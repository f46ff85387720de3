"""JSON Lines: a report a line, by the names of `record`, with its pictures."""

from __future__ import annotations

from collections.abc import Iterator

from aggregator.model.release import Feed
from aggregator.output.record import pictures, record
from aggregator.text.printable import as_json


def render(feed: Feed) -> Iterator[str]:
    return (as_json({**record(each), "pictures": pictures(each)}) + "\n" for each in feed.releases)
