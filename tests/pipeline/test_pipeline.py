"""The pipeline's writer: whoever hands a poll over gets it back stored, whatever else is under way."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import pytest

from aggregator.model import Poll, Publisher, Selection
from aggregator.pipeline.writer import Writer
from aggregator.store import Store
from aggregator.text.query import parse
from tests.conftest import NOW, make_articles, make_entry, make_poll, make_publisher, open_store


def test_a_poll_that_comes_while_the_index_is_written_is_stored(store: Store, publisher: Publisher) -> None:
    """It once was not: the writing task ended between the two (a demo that hung under load)."""

    async def trip() -> list[Poll]:
        writer = Writer(store, lambda: NOW)
        polls = []
        for number in range(60):
            articles = make_articles(publisher, make_entry(number))
            polls.append(asyncio.create_task(writer.record(make_poll(publisher.sources[0]), articles)))
            if number % 7 == 0:
                await polls[-1]  # now the index is written
        done = await asyncio.wait_for(asyncio.gather(*polls), timeout=20)
        await writer.close()
        return done

    assert sum(poll.new for poll in asyncio.run(trip())) == 60
    assert len(store.search(parse("pont"), Selection(limit=100))) == 60


@pytest.mark.parametrize(("is_reading", "transactions"), [(True, 1), (False, 3)])
def test_polls_share_a_transaction_while_documents_are_read(
    tmp_path: Path, is_reading: bool, transactions: int
) -> None:
    """Nothing is read any more when the last one comes, so all are stored. Each transaction looks at the clock once."""
    publishers = [make_publisher(f"paper-{number}") for number in range(3)]
    looks: list[datetime] = []
    handed_over: list[Publisher] = []

    def clock() -> datetime:
        looks.append(NOW)
        return NOW

    async def trip(store: Store) -> list[Poll]:
        writer = Writer(store, clock, lambda: is_reading and len(handed_over) < 3)

        async def read(publisher: Publisher) -> Poll:
            handed_over.append(publisher)
            articles = make_articles(publisher, make_entry(len(handed_over)))
            return await writer.record(make_poll(publisher.sources[0]), articles)

        polls = []
        for publisher in publishers:
            polls.append(asyncio.create_task(read(publisher)))
            await (asyncio.sleep(0) if is_reading else polls[-1])
        done = await asyncio.wait_for(asyncio.gather(*polls), timeout=20)
        await writer.close()
        return done

    with open_store("sqlite", tmp_path / "wire.db", publishers) as store:
        assert sum(poll.new for poll in asyncio.run(trip(store))) == 3
        assert len(looks) == transactions
        assert len(store.search(parse("pont"), Selection(limit=100))) == 3
