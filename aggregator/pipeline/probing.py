"""Looks at sites and sources without a database, for the commands that store nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from aggregator.fetch import ConnectTo, Fetcher, RobotsCache
from aggregator.model import Publisher, RobotsCopy, Wire
from aggregator.pipeline.discovery.prober import Prober
from aggregator.pipeline.paths import limits_beside
from aggregator.pipeline.workers import Workers


@asynccontextmanager
async def open_prober(
    wire: Wire,
    clock: Callable[[], datetime],
    connect_to: ConnectTo | None = None,
    publishers: Sequence[Publisher] = (),
    database: Path | None = None,
) -> AsyncIterator[Prober]:
    """What sites' robots.txt say is remembered as long as this is open. `publishers`:
    those whose sources are looked at. The limits of domains hold together with the programs that poll into `database`,
    which need not be there.
    """
    copies: dict[str, RobotsCopy] = {}

    async def recall(origin: str) -> RobotsCopy | None:
        return copies.get(origin)

    async def remember(copy: RobotsCopy) -> None:
        copies[copy.origin] = copy

    workers = Workers()
    try:
        robots_cache, shared = RobotsCache(recall, remember), limits_beside(database) if database else None
        async with Fetcher(wire, connect_to or (lambda host: None), robots_cache, shared=shared) as fetcher:
            by_key = {publisher.key: publisher for publisher in publishers}
            yield Prober(fetcher, workers.measured, recall, clock, by_key)
    finally:
        await workers.close()
