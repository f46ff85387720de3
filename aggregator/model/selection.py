"""Which reports somebody wants: chosen by what they are, and by words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Reports that fit every field that is not None."""

    publisher: str | None = None  # its key
    country: str | None = None  # of the publisher: ISO 3166-1 alpha-2, XA or XW
    language: str | None = None  # BCP 47; `fr` is `fr-CA` too
    item_class: str | None = None
    since: datetime | None = None  # listed since
    limit: int | None = None  # at most so many reports, or lines of the ledger; None: all


ALL_REPORTS = Selection()


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand one behind the other, without case and accents; see `text.folding`."""

    words: str
    begins: bool = False  # the last of them is only the beginning of a word


@dataclass(frozen=True, slots=True)
class Query:
    """The words that somebody searches for: all of `wanted`, none of `unwanted`. Without `wanted` nothing is found."""

    wanted: tuple[Phrase, ...] = ()
    unwanted: tuple[Phrase, ...] = ()
