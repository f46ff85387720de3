"""The pipeline's writer: whoever hands a poll over gets it back stored, whatever else is under way."""

from __future__ import annotations

import asyncio

from aggregator.model import Poll, Publisher, Selection
from aggregator.pipeline.writer import Writer
from aggregator.store import Store
from aggregator.text.query import parse
from tests.conftest import NOW, make_articles, make_entry, make_poll


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
