"""Which reports somebody wants: chosen by what they are, and by words."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

from aggregator.model.channel import Channel
from aggregator.model.ledger import Cursor


class Selection(Struct, frozen=True, kw_only=True):
    """Reports that fit every field that is not None or empty; of a field with several values, one of them."""

    publishers: tuple[str, ...] = ()  # their keys
    countries: tuple[str, ...] = ()  # of the publishers: ISO 3166-1 alpha-2, XA or XW
    kinds: tuple[str, ...] = ()  # of the publishers, as they are configured now: see model.publisher.Kind
    groups: tuple[str, ...] = ()  # of the publishers: see model.publisher.Group
    languages: tuple[str, ...] = ()  # BCP 47; `fr` is `fr-CA` too
    item_classes: tuple[str, ...] = ()  # see model.publisher.ItemClass
    topics: tuple[str, ...] = ()  # that reports are about: codes of IPTC Media Topics, each with its narrower ones
    about: tuple[str, ...] = ()  # countries that reports are about: ISO 3166-1 alpha-2
    search: str | None = None  # the name of a saved search, which has found them; of lines of the ledger alone
    channel: Channel | None = None  # of publishers whose rights name this one; None: all
    since: datetime | None = None  # listed since
    until: datetime | None = None  # listed before
    after: Cursor | None = None  # came into the wire, or back into it, by a later line of the ledger
    up_to: Cursor | None = None  # by this line of the ledger at the latest
    before: str | None = None  # the id of a report: those that lists have below it
    limit: int | None = None  # at most so many reports, or lines of the ledger; None: all


ALL_REPORTS = Selection()


class Phrase(Struct, frozen=True):
    """Words that stand one behind the other, without case and accents (`text.folding`), in one of these forms."""

    forms: tuple[str, ...]  # such as "ecole", and with an Arabic article and without; one is enough
    begins: bool = False  # the last word is only the beginning of one
    in_title: bool = False  # in the headline, and not elsewhere


class AllOf(Struct, frozen=True):
    """All of `wanted`, of which there is one at least, and none of `unwanted`."""

    wanted: tuple[Part, ...]
    unwanted: tuple[Part, ...] = ()


class AnyOf(Struct, frozen=True):
    """One of these at least."""

    parts: tuple[Part, ...]


Part: TypeAlias = Phrase | AllOf | AnyOf


class Query(Struct, frozen=True):
    """What somebody searches for: all of `wanted`, none of `unwanted`. Nothing is found without `wanted` and without a
    time since which reports were changed.
    """

    wanted: tuple[Part, ...] = ()
    unwanted: tuple[Part, ...] = ()
    changed_since: datetime | None = None  # their newest version came since then, and is not the first

    @property
    def is_empty(self) -> bool:
        return not self.wanted and self.changed_since is None


class Matched(Struct, frozen=True):
    """Which saved searches find a version of a report by its words alone; see `text.matching`."""

    by: str  # what says which searches were looked for
    searches: tuple[str, ...]  # the names of those that find it
