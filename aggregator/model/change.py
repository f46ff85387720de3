"""What becomes of an article: what changed, and what was decided about it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from aggregator.model.article import Article, Known

# Of a line of the ledger. terms_changed is about a publisher, all others are about an article.
ChangeKind = Literal[
    "new", "revised", "corrected", "resent", "withheld", "withdrawn", "restored", "deleted", "retagged",
    "terms_changed",
]  # fmt: skip
# Of the desk. accept, refuse: a change of a known report that waited for a person.
# join: a person made one report of two. confirm: a person looked at what was taken for a report, and it is right.
Act = Literal[
    "withhold", "restore", "withdraw", "embargo", "release", "suspend", "purge", "accept", "refuse", "join", "confirm",
]  # fmt: skip
# What one poll can do to many known reports at once: withdraw them, give them other links, give them all one and the
# same headline, link or text, change their words.
MassKind = Literal["withdrawn", "moved", "same_words", "revised"]
Notice = Literal["withheld", "withdrawn", "legal", "gone", "removed"]  # what stands in an article's place
ComplaintKind = Literal[
    "factual", "copyright", "licence", "court_order", "statute", "privacy", "safety", "publisher_request",
    "own_content", "comment", "about_the_wire",
]  # fmt: skip


class Decision(Struct, frozen=True, kw_only=True):
    """What to do with one entry of a poll. `change` None: no new words."""

    article: Article
    known: Known | None
    change: ChangeKind | None
    matched_by: str | None = None
    evidence: str = ""
    changed: tuple[str, ...] = ()  # see `fields.CHANGED`
    pending_revision: bool = False  # its source changes something on every poll; this change is stored within a day
    # Its poll changes too much at once, so it waits for a person; None: it does not.
    pending_change: MassKind | None = None
    # No new words, but media that an older version did not read; they stand beside the words in force from now on.
    brings_media: bool = False
    seen: datetime | None = None  # when its words came; None: with the poll that is recorded now

    @property
    def is_rekeyed(self) -> bool:
        """Whether the entry's own first key did not lead to the article; that key becomes the article's too."""
        return self.matched_by is not None and self.matched_by != self.article.keys[0].partition(":")[0]

    @property
    def is_merge(self) -> bool:
        """Whether it was taken for the article by another key than its first, and had not been before."""
        return self.is_rekeyed and self.known is not None and self.known.entry_hash != self.article.entry_hash


class Removal(Struct, frozen=True, kw_only=True):
    """Why a report leaves the wire, and what stands in its place. Only a person restores it."""

    act: Act
    notice: Notice
    actor: str  # person:NAME, publisher:feed, publisher:page, wire
    reason: str
    reference: str | None = None  # what it rests on: an address, a ticket
