"""Tells the hub of WebSub that wire.toml names which feeds have changed: `hub.mode=publish` with a `hub.url` for each
(https://pubsubhubbub.github.io/PubSubHubbub/pubsubhubbub-core-0.3.html section 7.1; WebSub leaves the form to hubs).

How far the hub has been told stands in the database, so that nothing is forgotten at a restart; while it cannot be
reached nothing else waits, and it is told later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from aggregator.desk.outgoing import outlet
from aggregator.fetch import ConnectTo
from aggregator.fetch.posting import Poster
from aggregator.model import Cursor, Selection, Wire
from aggregator.model.errors import FetchError, StoreError
from aggregator.model.release import Refusal
from aggregator.pipeline.feed_paths import LATEST, feed_path
from aggregator.pipeline.on_store import OnStore
from aggregator.rights import release
from aggregator.store import Store
from aggregator.tags import regions
from aggregator.tags.vocabulary import with_broader
from aggregator.text.dates import to_iso
from aggregator.text.printable import escaped, log_line

log = logging.getLogger("aggregator.hub")

CURSOR = " [serve] hub"  # with a blank before it, so that no `--cursor` means it
EVERY = timedelta(minutes=1)  # at most, of one feed
_LONGEST_PAUSE = timedelta(hours=1)  # between two attempts to reach a hub that fails
_SECONDS = 15.0  # for a request and its answer
_MOST_LINES = 2_000  # of the ledger that are read at once
_MOST_FEEDS = 100  # of one request
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_SUFFIXES = ("atom", "rss", "json")
# Why a report does not leave that its readers know of, or knew of.
_TAKEN_BACK = frozenset({"withdrawn", "withheld", "legal", "gone", "removed"})


class _News(Struct, frozen=True):
    """What the hub is to be told, and how far it has been told then."""

    feeds: tuple[str, ...]  # addresses
    before: Cursor
    to: Cursor


class Hub:
    """Tells the hub, beside the polls. Does nothing where none is configured."""

    def __init__(self, wire: Wire, on_store: OnStore, clock: Callable[[], datetime], connect_to: ConnectTo) -> None:
        self._wire = wire
        self._on_store = on_store
        self._clock = clock
        self._connect_to = connect_to
        self._telling: asyncio.Task[None] | None = None
        self._not_before: datetime | None = None
        self._failed = 0  # attempts in a row

    async def look(self) -> None:
        """Begins to tell the hub what has changed, unless it was told a moment ago. Raises StoreError."""
        if self._wire.serve.hub is None or (self._telling and not self._telling.done()):
            return
        now = self._clock()
        # A clock that was set back makes nobody wait for longer than a pause.
        if self._not_before and now < self._not_before <= now + _LONGEST_PAUSE:
            return
        news = await self._on_store(lambda store: _news(store, self._wire, now))
        if news is not None:
            self._telling = asyncio.create_task(self._tell(news))

    async def end(self) -> None:
        """Gives up what is under way; it is told after the next start."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)

    async def _tell(self, news: _News) -> None:
        error = await self._posted(news.feeds)
        now = self._clock()
        self._failed = self._failed + 1 if error else 0
        self._not_before = now + min(EVERY * 2 ** min(self._failed, 10), _LONGEST_PAUSE)
        said: dict[str, object] = {"hub": self._wire.serve.hub.text if self._wire.serve.hub else None}
        said["feeds"] = len(news.feeds)
        if error is not None:
            log.warning(
                "%s", log_line({**said, "attempt": self._failed, "next": to_iso(self._not_before), "error": error})
            )
            return
        try:
            await self._on_store(lambda store: store.move_cursor(CURSOR, news.before, news.to))
        except StoreError as unfit:  # the hub is told again, which harms nobody
            log.warning("%s", log_line({**said, "error": str(unfit)}))
        else:
            log.info("%s", log_line(said))

    async def _posted(self, feeds: tuple[str, ...]) -> str | None:
        """Why the hub does not know of these feeds; None: it does."""
        hub = self._wire.serve.hub
        assert hub is not None
        async with Poster(self._wire, self._connect_to) as poster:
            for begin in range(0, len(feeds), _MOST_FEEDS):
                pairs = [("hub.mode", "publish"), *(("hub.url", each) for each in feeds[begin : begin + _MOST_FEEDS])]
                try:
                    answer = await poster.post(hub, _FORM, urlencode(pairs).encode(), _SECONDS)
                except FetchError as error:
                    return escaped(str(error), 200)
                if not 200 <= answer.status < 300:
                    return escaped(f"it answered {answer.status} {answer.said}".strip(), 200)
        return None


def _news(store: Store, wire: Wire, now: datetime) -> _News | None:
    """What the hub was not told yet; None: nothing. Raises StoreError."""
    end = store.last_cursor()  # before the lines: what comes meanwhile is told the next time
    if end is None:
        return None
    before = store.named_cursor(CURSOR)
    if before is None:  # subscribers read the feeds as they are when they subscribe
        store.move_cursor(CURSOR, None, end)
        return None
    if before == end:
        return None
    lines = store.changes(before, Selection(up_to=end, limit=_MOST_LINES))
    to = store.cursor_at(lines[-1]["seq"]) if len(lines) == _MOST_LINES else end
    assert to is not None
    site = wire.url.rstrip("/")
    paths = dict.fromkeys(_paths(store, wire, lines, now))
    feeds = tuple(f"{site}{path}.{suffix}" for path in paths for suffix in _SUFFIXES)
    if not feeds:  # nothing of this is in a feed
        store.move_cursor(CURSOR, before, to)
        return None
    return _News(feeds, before, to)


def _paths(store: Store, wire: Wire, lines: Iterable[Mapping[str, Any]], now: datetime) -> Iterator[str]:
    """Of the feeds that these lines of the ledger change, as far as anything of them may be known in feeds."""
    by, known = outlet(store, "feed", now), store.known_publishers()
    publishers = {line["publisher"] for line in lines if line["id"] is None or line["change_kind"] == "deleted"}
    languages = {tag.lower() for each in known.values() for tag in each.languages}
    for held in store.to_release(list(dict.fromkeys(line["id"] for line in lines if line["id"]))):
        out = release(held, wire, by)
        if isinstance(out, Refusal) and (out.reason not in _TAKEN_BACK or "feed" not in store.channels(held.id)):
            continue
        publishers.add(held.publisher)
        yield feed_path("class", held.item_class)
        yield from (feed_path("about", each) for each in held.about)
        yield from (feed_path("region", each) for each in regions.around(held.about))
        of_topics = dict.fromkeys(chain.from_iterable(map(with_broader, held.topics)))
        yield from (feed_path("topic", each) for each in of_topics)
        tag = (held.language or "").lower()
        yield from (feed_path("language", each) for each in languages if f"{tag}-".startswith(f"{each}-"))
    for key in sorted(publishers & known.keys()):
        yield LATEST
        yield feed_path("publisher", key)
        for of in ("country", "kind", "group"):
            yield feed_path(of, getattr(known[key], of))
