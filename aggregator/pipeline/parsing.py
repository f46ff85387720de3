"""Reads one document, from bytes to articles. Runs in the parsing processes, so it imports only what that needs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from aggregator.identity.shared_hosts import linked_hosts
from aggregator.model import FetchResult, Publisher, Source
from aggregator.normalise import normalise
from aggregator.parse import parse
from aggregator.pipeline.reading import Reading
from aggregator.text.matching import matcher


def read(
    result: FetchResult,
    source: Source,
    publisher: Publisher,
    digests: Mapping[str, bytes] = MappingProxyType({}),
    searches: bytes = b"",
) -> Reading:
    """Parses, normalises and matches one document; raises ParseError. `digests`: see `Memory`; `searches`: those that
    are tried on its entries, see `text.matching.packed`.
    """
    parsed = parse(result, source)
    listing = normalise(parsed, source, publisher, digests, matcher(searches) if searches else None)
    return Reading(
        listed=listing.listed,
        drops=listing.drops,
        format=parsed.format,
        warning=parsed.warning,
        withdrawn=parsed.withdrawn,
        hints=parsed.hints,
        older=parsed.older,
        hosts=linked_hosts(parsed.entries),
    )
