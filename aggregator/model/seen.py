"""The unchanged entry: to the byte the same as when its source listed it last.

The store remembers a digest of each entry that a source listed last (`Memory.digests`). `normalise` is handed these,
and makes of an entry that has one of them no article, only a `Seen`. Its key leads to its article, to which nothing
happens. Where that is not certain, `identity.recognise` gives up, and `Poller.record` has the document read without
digests: another entry, with other words, may have a key of the same article, or show that the source's ids cannot be
trusted. Neither can be known before the document is compared with the store.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from aggregator.model.article import Article


class Seen(Struct, frozen=True, tag=True):
    """An entry of a document that its source listed before, and that has not changed since."""

    keys: tuple[str]  # the first of its keys alone
    place: int  # as of an `Article`


Listed = Article | Seen  # what is made of an entry


def articles_of(listed: Iterable[Listed]) -> list[Article]:
    """Those entries that are new or changed."""
    return [entry for entry in listed if isinstance(entry, Article)]
