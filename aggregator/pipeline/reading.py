"""Reads one document, from bytes to articles. Runs in worker processes, so it imports only what that needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from aggregator.model import Article, FetchResult, Hints, Publisher, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A document as articles, and what of it is none."""

    articles: tuple[Article, ...]
    settled: tuple[str, ...]  # first keys of the entries that say what their source said before
    drops: Mapping[str, int]
    format: str
    warning: str | None
    withdrawn: tuple[str, ...] = ()  # ids that the publisher takes back
    hints: Hints = field(default_factory=Hints)
    older: str | None = None  # the address of what the publisher listed before; None: not said
    hosts: Mapping[str, int] = field(default_factory=dict)  # how many entries link to each; see `shared_hosts`


def read(
    result: FetchResult, source: Source, publisher: Publisher, said: Mapping[str, bytes] = MappingProxyType({})
) -> Reading:
    """Parses and normalises one document; raises ParseError. `said`: see `normalise`."""
    # Imported here, so that the process which only hands documents over does not load what reads them.
    from aggregator.identity.shared_hosts import linked_hosts
    from aggregator.normalise import normalise
    from aggregator.parse import parse

    parsed = parse(result, source)
    listing = normalise(parsed, source, publisher, said)
    return Reading(
        articles=listing.articles,
        settled=listing.settled,
        drops=listing.drops,
        format=parsed.format,
        warning=parsed.warning,
        withdrawn=parsed.withdrawn,
        hints=parsed.hints,
        older=parsed.older,
        hosts=linked_hosts(parsed.entries),
    )
