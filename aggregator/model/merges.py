"""Entries that were taken for a report, and what becomes of both when that is undone."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from aggregator.model.acts import Cause, DeskDecision, ReportState
from aggregator.model.article import Article, Words
from aggregator.model.change import Act, Decision
from aggregator.model.publisher import ItemClass, Storage


class Version(Struct, frozen=True, kw_only=True):
    """One stored version of a report."""

    source_name: str  # publisher/key
    item_class: ItemClass  # of that source
    raw: bytes
    words_hash: bytes
    entry_hash: bytes


class Merge(Struct, frozen=True, kw_only=True):
    """An entry that was taken for a report, with what is needed to undo that."""

    merge_id: int | None  # None: it is not recorded as a merge
    id: str
    article_id: int
    publisher: str
    first_key: str  # of the publisher, of which ids are made
    languages: tuple[str, ...]  # of the publisher, as are the next two
    storage: Storage
    excerpt_max_words: int
    language: str | None  # of the report
    article_key: str  # of the entry; "": not known yet
    revision: int  # the report's newest version when the entry was taken for it
    newest: int  # and now
    at: datetime
    is_undone: bool
    source_name: str  # that brought the entry
    own: Version  # what the report said before
    taken: Version  # what the entry said last
    words: Words  # what the report says now
    state: ReportState
    embargo: Cause | None  # who put it under embargo last
    removal: tuple[Act, Cause] | None  # what took it out of the wire last
    joined: str | None = None  # the report that a person joined to it; None: an entry was taken for it
    joined_keys: tuple[str, ...] = ()  # that led to that report


class Split(Struct, frozen=True, kw_only=True):
    """What is written where a merge is undone."""

    merge: Merge
    keys: tuple[str, ...]  # that are the new report's, and no longer the other one's
    new: Decision
    acts: DeskDecision  # what holds the other one back holds the new one back, too
    revert: Decision | None  # the other one says again what it said before; None: it still does


class Joinable(Struct, frozen=True, kw_only=True):
    """Two reports of one publisher, as they are before a person makes one of them. The first one stays."""

    kept: Merge  # with the second one's newest version as `taken`
    id: str  # of the second one, as is all that follows
    article_id: int
    newest: int
    keys: tuple[str, ...]  # strongest first
    state: ReportState
    embargo: Cause | None
    removal: tuple[Act, Cause] | None
    is_newer: bool  # its newest words came later than the first one's


class Join(Struct, frozen=True, kw_only=True):
    """What is written where two reports become one."""

    of: Joinable
    reason: str
    revise: Decision | None  # the first one says what the second one said; None: it says what it said
    acts: tuple[DeskDecision, ...]  # upon both


class Unjoin(Struct, frozen=True, kw_only=True):
    """What is written where a join is undone."""

    merge: Merge
    newest: int  # version of the second report
    keys: tuple[str, ...]  # that are the second report's again
    near_keys: Article  # what it says, by which it is found as a last resort
    revert: Decision | None  # the first one says again what is its own; None: it does
    follow: Decision | None  # the second one says what came under its keys meanwhile; None: nothing else did
    acts: tuple[DeskDecision, ...]


class Compared(Struct, frozen=True, kw_only=True):
    """What a report said before and after something that may have been taken for it by mistake."""

    id: str
    number: int  # of the merge, or of the later version
    before: bytes  # raw words, as are the next
    after: bytes


class AtAddress(Struct, frozen=True, kw_only=True):
    """One of several reports of a publisher at one address."""

    id: str
    article_id: int
    publisher: str
    first_seen: datetime
    raw: bytes  # raw words
