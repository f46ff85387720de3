"""A wire with saved searches, whose clock is in the test's hand: polls, alerts and acts as the daemon does them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from msgspec.structs import replace

from aggregator.desk import acts
from aggregator.desk.housekeeping import tick
from aggregator.desk.terms import sync
from aggregator.model import (
    Cause,
    Config,
    Document,
    Entry,
    MailSettings,
    Publisher,
    SavedSearch,
    Source,
    Tell,
    Text,
)
from aggregator.normalise import normalise
from aggregator.pipeline import matching
from aggregator.pipeline.alerting import Alerter
from aggregator.pipeline.recording import record
from aggregator.store import Store
from aggregator.store.queries import searches as stored_searches
from aggregator.text.matching import matcher
from tests.conftest import AGREEMENT, NOW, QUOTATION, WIRE, make_entry, make_poll, make_publisher

T = TypeVar("T")
DESK = Tell(email="desk@example.org")
FULL = replace(AGREEMENT, redistribute=("web", "feed", "api", "email"))
PUBLISHERS = (
    make_publisher("daily-example", FULL),
    make_publisher(
        "habari", replace(QUOTATION, redistribute=("web", "email")), country="TZ", languages=("sw",), place="Dodoma"
    ),
    make_publisher("sahifa", FULL, country="MR", languages=("ar",), place="Nouakchott"),
    make_publisher("closed", replace(AGREEMENT, redistribute=("web",))),
)


def search(name: str = "ponts", words: str = "pont", *tells: Tell, **other: Any) -> SavedSearch:
    return SavedSearch(
        name=name, words=words, title=other.pop("title", f"Search {name}"), tells=tells or (DESK,), **other
    )


@dataclass
class AlertWire:
    """`reads`: whether what is polled is matched where it is read, as in the daemon."""

    store: Store
    config: Config
    now: datetime = NOW
    reads: bool = True
    alerter: Alerter = field(init=False)

    def __post_init__(self) -> None:
        sync(self.store, self.config.wire, self.config.publishers, self.now, self.now.date())
        self.follow(self.config)

    def follow(self, config: Config) -> None:
        self.config = config
        matching.follow(self.store, config, self.now)
        self.alerter = Alerter(config, self.store.path.parent, self.on_store, lambda: self.now)

    def search(self, *searches: SavedSearch) -> None:
        self.follow(replace(self.config, searches=searches))

    async def on_store(self, call: Callable[[Store], T]) -> T:
        return call(self.store)

    def publisher(self, key: str) -> Publisher:
        return next(each for each in self.config.publishers if each.key == key)

    def poll(self, *entries: Entry, of: str = "daily-example", index: bool = True) -> None:
        publisher = self.publisher(of)
        source: Source = publisher.sources[0]
        packed = stored_searches.packed(self.config.searches)
        match = matcher(packed) if packed and self.reads else None
        listing = normalise(Document(format="rss20", entries=entries), source, publisher, match=match)
        record(self.store, [(make_poll(source, self.now), listing.listed)], self.now)
        while index and self.store.index():
            pass

    def alert(self, later: timedelta = timedelta(0)) -> None:
        """What the daemon does every second, so much later."""
        self.now += later

        async def look() -> None:
            tick(self.store, self.now)
            await self.alerter.look()
            await self.alerter.sending.done()

        asyncio.run(look())

    def ids(self) -> dict[str, str]:
        """The ids of reports by headline."""
        return dict(self.rows("SELECT title, id FROM articles"))

    def act(self, what: str, title: str) -> None:
        """withdraw, withhold or restore."""
        cause = Cause(actor="person:ama", reason="it is wrong")
        act = {"withdraw": acts.withdraw, "withhold": acts.withhold, "restore": acts.restore}[what]
        act(self.store, self.ids()[title], cause, self.now)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return list(self.store.query(sql)[1])


def entry(number: int, title: str, text: str = "Les camions attendent.", **other: Any) -> Entry:
    words = {
        "title": Text(title, "text/plain"),
        "summary": Text(text, "text/plain"),
        "content": (Text(f"<p>{text}</p>"),),
    }
    return make_entry(number, **{**words, **other})


def wire_config(port: int, *searches: SavedSearch, **mail: Any) -> Config:
    settings = MailSettings(
        **{"host": "127.0.0.1", "port": port, "security": "none", "sender": "wire@wire.example",
           "timeout": timedelta(seconds=5), **mail}
    )  # fmt: skip
    return Config(wire=replace(WIRE, mail=settings), publishers=PUBLISHERS, searches=searches)


def wire(path: Path, port: int = 0, *searches: SavedSearch, **mail: Any) -> AlertWire:
    return AlertWire(Store.open(path / "wire.db"), wire_config(port, *searches, **mail))
