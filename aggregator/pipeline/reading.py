"""What a parsing process returns of a document, and is asked of a page; whoever hands either over loads nothing that
reads them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from aggregator.model import Article, Hints, Listed, PagesMode, Publisher, Source, TagWords
from aggregator.model.tags import MOST_OF_TEXT


class Reading(Struct, frozen=True, kw_only=True):
    """A document as articles, and what of it is none."""

    listed: tuple[Listed, ...]
    drops: Mapping[str, int]
    format: str
    warning: str | None
    withdrawn: tuple[str, ...] = ()  # ids that the publisher takes back
    hints: Hints = field(default_factory=Hints)
    older: str | None = None  # the address of what the publisher listed before; None: not said
    hosts: Mapping[str, int] = field(default_factory=dict)  # how many entries link to each; see `shared_hosts`


class Asked(Struct, frozen=True):
    """Whose page is read, and what of it."""

    publisher: Publisher
    source: Source
    mode: PagesMode
    sites: Sequence[str]  # addresses on the publisher's own sites


def packed(reading: Reading) -> bytes | Reading:
    """As it goes from one of our processes to another, in a tenth of the time that pickling takes. Words with half of a
    surrogate pair are no UTF-8: a document that has any is left to be pickled.
    """
    small = replace(
        reading, listed=tuple([_small(each) if isinstance(each, Article) else each for each in reading.listed])
    )
    try:
        return msgspec.msgpack.encode(small)
    except UnicodeEncodeError:
        return small


def _small(article: Article) -> Article:
    """Without what costs less to make again than to hand over, half of its bytes: see `packing.raw_of`, `fold`."""
    summary, text = article.folded
    return replace(
        article,
        raw=b"" if article.packed else article.raw,
        folded=(
            "" if article.summary.isascii() else summary,
            "" if article.text.isascii() or article.text == article.summary else text,
        ),
    )


def unpacked(said: bytes | Reading) -> Reading:
    return msgspec.msgpack.decode(said, type=Reading) if isinstance(said, bytes) else said


def words_of(article: Article) -> TagWords:
    """What of an article its tags are read from."""
    return TagWords(
        title=article.title,
        text=article.text[:MOST_OF_TEXT],
        categories=article.categories,
        stated=article.stated_language,
        dateline=article.who.dateline.literal if article.who.dateline else None,
    )
