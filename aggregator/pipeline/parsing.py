"""Reads one document, from bytes to articles. Runs in the parsing processes, so it imports only what that needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from msgspec.structs import replace

from aggregator.identity.shared_hosts import linked_hosts
from aggregator.model import Article, FetchResult, Listed, Publisher, Source, Tags, TagWords
from aggregator.normalise import normalise
from aggregator.parse import parse
from aggregator.pipeline.reading import Reading, packed, words_of
from aggregator.tags.tagging import tag_clear
from aggregator.text.matching import matcher

# Characters of a document that are read for tags here: of what takes longer, another call reads the rest.
_MOST_READ = 2_000_000


def read(
    result: FetchResult,
    source: Source,
    publisher: Publisher,
    digests: Mapping[str, bytes] = MappingProxyType({}),
    searches: bytes = b"",
) -> Reading:
    """Parses, normalises, matches and tags one document; raises ParseError. `digests`: see `Memory`; `searches`: those
    that are tried on its entries, see `text.matching.packed`.
    """
    parsed = parse(result, source)
    listing = normalise(parsed, source, publisher, digests, matcher(searches) if searches else None)
    return Reading(
        listed=with_clear_tags(listing.listed, publisher),
        drops=listing.drops,
        format=parsed.format,
        warning=parsed.warning,
        withdrawn=parsed.withdrawn,
        hints=parsed.hints,
        older=parsed.older,
        hosts=linked_hosts(parsed.entries),
    )


def read_packed(
    result: FetchResult, source: Source, publisher: Publisher, digests: Mapping[str, bytes], searches: bytes
) -> bytes | Reading:
    """`read`, as it goes to another process; see `reading.packed`."""
    return packed(read(result, source, publisher, digests, searches))


def with_clear_tags(listed: Sequence[Listed], publisher: Publisher) -> tuple[Listed, ...]:
    """With the tags of those whose language is clear at a glance; see `tagging.with_tags` for the others."""
    to_tag: dict[int, TagWords] = {}  # by place
    room = _MOST_READ
    for place, each in enumerate(listed):
        if isinstance(each, Article) and room > 0:
            to_tag[place] = words = words_of(each)
            room -= len(words.title) + len(words.text)
    tags = tag_clear([(words, publisher.tags, publisher.languages) for words in to_tag.values()])
    of_place = dict(zip(to_tag, tags, strict=True))
    return tuple(_tagged(each, of_place.get(place)) for place, each in enumerate(listed))


def _tagged(each: Listed, tags: Tags | None) -> Listed:
    return replace(each, tags=tags, language=tags.language) if tags and isinstance(each, Article) else each
