"""Which reports somebody wants: chosen by what they are, and by words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aggregator.model.ledger import Cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Reports that fit every field that is not None or empty; of a field with several values, one of them."""

    publishers: tuple[str, ...] = ()  # their keys
    countries: tuple[str, ...] = ()  # of the publishers: ISO 3166-1 alpha-2, XA or XW
    kinds: tuple[str, ...] = ()  # of the publishers, as they are configured now: see model.publisher.Kind
    groups: tuple[str, ...] = ()  # of the publishers: see model.publisher.Group
    languages: tuple[str, ...] = ()  # BCP 47; `fr` is `fr-CA` too
    item_classes: tuple[str, ...] = ()  # see model.publisher.ItemClass
    since: datetime | None = None  # listed since
    until: datetime | None = None  # listed before
    after: Cursor | None = None  # came into the wire, or back into it, by a later line of the ledger
    up_to: Cursor | None = None  # by this line of the ledger at the latest
    before: str | None = None  # the id of a report: those that lists have below it
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
