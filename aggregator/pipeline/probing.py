"""Looks at sites and sources without a database, for the commands that store nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from aggregator.fetch import ConnectTo, Fetcher, RobotsCache
from aggregator.fetch.limits import shared_file
from aggregator.model import Publisher, RobotsCopy, Wire
from aggregator.model.place import Place
from aggregator.pipeline.discovery.prober import MOST_SECONDS, Prober, Survey
from aggregator.pipeline.paths import limits_beside
from aggregator.pipeline.workers import Workers


@asynccontextmanager
async def open_prober(
    wire: Wire,
    clock: Callable[[], datetime],
    connect_to: ConnectTo | None = None,
    publishers: Sequence[Publisher] = (),
    database: Place | None = None,
    seconds: float = MOST_SECONDS,
) -> AsyncIterator[Prober]:
    """What sites' robots.txt say is remembered as long as this is open. `publishers`: those whose sources are looked
    at. The limits of domains hold together with the programs that poll into `database`, which need not be there.
    `seconds`: after which no more is tried at a site.
    """
    copies: dict[str, RobotsCopy] = {}

    async def recall(origin: str) -> RobotsCopy | None:
        return copies.get(origin)

    async def remember(copy: RobotsCopy) -> None:
        copies[copy.origin] = copy

    workers = Workers()
    try:
        robots_cache = RobotsCache(recall, remember)
        shared = shared_file(limits_beside(database), wire.fetch) if database else None
        async with Fetcher(wire, connect_to or (lambda host: None), robots_cache, shared=shared) as fetcher:
            by_key = {publisher.key: publisher for publisher in publishers}
            yield Prober(fetcher, workers.measured, recall, clock, by_key, seconds)
    finally:
        await workers.close()


async def surveyed(
    wire: Wire,
    url: str,
    clock: Callable[[], datetime],
    database: Place,
    connect_to: ConnectTo | None = None,
    seconds: float = MOST_SECONDS,
) -> Survey:
    """What the site at an address offers that a person of the wire wrote. Raises FetchError for what is no address."""
    async with open_prober(wire, clock, connect_to, database=database, seconds=seconds) as prober:
        return await prober.discover(url)
