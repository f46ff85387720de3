"""What a site says to machines of its reports, and where it says it: the nouns of rights signals."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct, field

from aggregator.model.publisher import Uses

SignalForm = Literal["content-usage", "content-signal", "tdmrep", "rsl", "licence", "noai", "ai-tokens"]
# robots: robots.txt; header: fields of an answer; file: a document of its own; meta: the head of a page; entry: what a
# feed says of one report.
SignalPlace = Literal["robots", "header", "file", "meta", "entry"]
SignalOrigin = Literal["publisher", "cdn"]  # cdn: Cloudflare wrote it for its customer

RSL_TYPE = "application/rsl+xml"  # https://rslstandard.org/rsl

# Fields of an answer, in lower case, in which signals stand.
SIGNAL_FIELDS = ("content-usage", "content-signal", "content-signals", "tdm-reservation", "tdm-policy", "link",
                 "x-robots-tag")  # fmt: skip


class Signal(Struct, frozen=True, kw_only=True):
    """One statement. What it does not speak of is unstated."""

    form: SignalForm
    place: SignalPlace
    url: str  # where it stood
    about: str  # the address that it speaks of; of a whole site, its scheme, host and port alone
    literal: str  # as it stood, in one line, shortened
    uses: Uses = field(default_factory=Uses)
    pattern: str = ""  # which paths of the site, as in robots.txt; '': all
    rank: int = 0  # its number among those of its kind in the same document
    policy: str | None = None  # the address of the publisher's terms
    origin: SignalOrigin = "publisher"


class StoredSignal(Struct, frozen=True, kw_only=True):
    """A signal with its evidence in time."""

    publisher: str
    signal: Signal
    first_seen: datetime
    last_seen: datetime
    ended_at: datetime | None = None  # when it was no longer there; None: it is, as far as is known
    article_id: int | None = None  # the report whose page or entry said it; None: it is of the site or of a feed


class Looked(Struct, frozen=True):
    """One place where signals were looked for, and all that was there."""

    publisher: str
    place: SignalPlace
    url: str
    about: str
    signals: tuple[Signal, ...]
    article_id: int | None = None


class SignalFile(Struct, frozen=True, kw_only=True):
    """What a site answered for a document of signals, as much of it as is read."""

    url: str
    fetched_at: datetime
    http_status: int | None  # None: it did not answer, or its robots.txt did not let us ask
    body: bytes = b""

    @property
    def is_there(self) -> bool:
        return self.http_status is not None and 200 <= self.http_status < 300


class PageHead(Struct, frozen=True, kw_only=True):
    """What the head of a page says, as it stands: `meta` by name in lower case, and its licences."""

    metas: tuple[tuple[str, str], ...] = ()
    licences: tuple[tuple[str, str], ...] = ()  # of `link rel=license`: address in full, media type ('': not stated)
    inline: tuple[str, ...] = ()  # documents of RSL within the page
