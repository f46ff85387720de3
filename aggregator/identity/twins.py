"""Whether two entries of one document that share a key are one item of it, listed twice. Pure.

The same id at the same address is one item (RFC 4287 section 4.1.1), whatever its headlines say, unless it is the id
and address of a whole page of items. Without an id, only what says the same under the same date is listed twice.
"""

from __future__ import annotations

from functools import cached_property

from msgspec import Struct

from aggregator.model import Entry
from aggregator.text import html as text
from aggregator.text.folding import fold, opening
from aggregator.text.likeness import likeness

_ALIKE = 0.5
_FEWEST_WORDS = 8  # of a text, before a longer one that begins or ends with it can be told to be its later version


class Said(Struct, frozen=True, dict=True):  # dict: where `cached_property` keeps its value
    """What one entry says, as far as it tells items of a document apart."""

    id: str | None  # None: it has none, or its publisher's file says to ignore it
    place: str | None  # see `keys.place_of`; "": a front page; None: it has no link
    published: str | None
    updated: str | None
    entry: Entry

    @cached_property
    def headline(self) -> str:
        return fold(text.one_line(self.entry.title))

    @cached_property
    def words(self) -> str:
        texts = (text.plain(said) for said in (self.entry.summary, *self.entry.content))
        return fold(" ".join(" ".join(texts).split()))

    @cached_property
    def opening(self) -> str:
        return opening(text.plain(self.entry.content[0] if self.entry.content else self.entry.summary))


def is_one_item(one: Said, other: Said, is_of_all: bool) -> bool:
    """`is_of_all`: what they share is shared by several entries that are most of their document."""
    if one.id is None or one.id != other.id:
        return _says_the_same(one, other) or _extends(one, other)
    if one.place != other.place or one.place == "":
        return _is_dated_alike(one, other) and _says_alike(one, other)
    if is_of_all:
        return _says_alike(one, other) or (_has_words(one, other) and one.opening == other.opening)
    return one.place is not None or _is_alike(one, other) or _is_updated(one, other)


def _says_the_same(one: Said, other: Said) -> bool:
    """Words and dates, where neither has an id; where one has, its words."""
    same = one.headline == other.headline and one.words == other.words
    return same and (one.id is not None or other.id is not None or one.published == other.published)


def _extends(one: Said, other: Said) -> bool:
    """Whether, of two entries at one address with ids of their own, one is the other with more words."""
    if one.id is None or other.id is None or not one.place or one.place != other.place:
        return False
    shorter, longer = sorted((one.words, other.words), key=len)
    grown = longer.startswith(shorter) or longer.endswith(shorter)
    return one.headline == other.headline and grown and len(shorter.split()) >= _FEWEST_WORDS


def _says_alike(one: Said, other: Said) -> bool:
    """One headline, and texts that are alike as far as there are any."""
    alike = not _has_words(one, other) or likeness(one.opening, other.opening) >= _ALIKE
    return one.headline == other.headline and alike


def _is_alike(one: Said, other: Said) -> bool:
    return max(likeness(one.headline, other.headline), likeness(one.opening, other.opening)) >= _ALIKE


def _has_words(one: Said, other: Said) -> bool:
    return bool(one.opening and other.opening)


def _is_updated(one: Said, other: Said) -> bool:
    """Two versions of one entry, as Atom has them."""
    return bool(one.updated and other.updated) and one.updated != other.updated


def _is_dated_alike(one: Said, other: Said) -> bool:
    return one.published == other.published
