"""What apps for reading feeds ask for: feeds, folders, and entries with what has been read and starred of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from aggregator.model.channel import Channel

AppOrder: TypeAlias = Literal["number", "published"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppReader:
    """Who reads: a token, and the channel by which reports leave for it."""

    token_hash: str
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFeed:
    """A publisher as a feed, within a folder."""

    feed_id: int
    publisher: str  # its key
    name: str
    place: str  # '': not known
    homepage: str
    folder_id: int
    country: str  # what the folder is of


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSearch:
    """A saved search as a folder, without feeds of its own."""

    folder_id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppListing:
    """Which entries somebody wants: those that fit every field that is not None."""

    publishers: tuple[str, ...] | None = None  # their keys
    search: str | None = None  # the name of a saved one; those that it found, the newest 20,000
    topic: str | None = None  # a code of IPTC Media Topics; of the newest 20,000 reports of the wire those about it
    is_read: bool | None = None
    is_starred: bool | None = None
    below: int | None = None  # those with a smaller number
    above: int | None = None  # those with a larger one
    published_since: datetime | None = None  # by the time under which lists have them
    published_until: datetime | None = None
    changed_since: datetime | None = None  # new, or with other words, state or terms, since then
    seen_until: datetime | None = None  # first seen before
    order: AppOrder = "number"
    newest_first: bool = True
    limit: int = 50
    skip: int = 0  # the first so many are left out
    is_counted: bool = False  # whether it is asked for how many there are


@dataclass(frozen=True, slots=True, kw_only=True)
class AppEntry:
    """An entry, without its words: what leaves of these the gate says."""

    number: int  # never used again for another report
    id: str
    publisher: str
    first_seen: str  # ISO 8601 UTC
    sort_time: str
    is_read: bool
    is_starred: bool
    is_closed: bool  # its publisher's rights let it out by this channel before, and do so no longer


@dataclass(frozen=True, slots=True, kw_only=True)
class AppUnread:
    """What of a publisher's newest reports has been read and has not."""

    unread: int
    read: int  # of the newest reports of the wire alone
    newest: str | None  # when the newest unread one was first seen, ISO 8601 UTC; None: there is none
