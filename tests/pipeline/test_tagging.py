"""Tags of reports that a poll brings and of reports that wait, set by real reading processes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from typing import TypeVar

import pytest
from msgspec.structs import replace

from aggregator.model import Article, FetchResult, Publisher, Selection, TagSettings, Text
from aggregator.pipeline.recording import record as record_polls
from aggregator.pipeline.tagging import Retagged, retag, tag_waiting, with_tags
from aggregator.pipeline.workers import Workers
from aggregator.store import Store
from tests.conftest import NOW, make_articles, make_entry, make_poll, make_publisher

pytestmark = pytest.mark.stores("soak")

T = TypeVar("T")

FRENCH = "Le gouvernement du Mali annonce la réouverture de la frontière avec le Niger"
ITEMS = "".join(
    f"<item><guid>{number}</guid><title>{title}</title><category>{category}</category></item>"
    for number, (title, category) in enumerate([(FRENCH, "Politique"), ("Photos", "Sport"), ("Bamako", "Zzz")])
)
DAILY = make_publisher(languages=("fr", "bm"))


def trip(store: Store, publisher: Publisher = DAILY) -> list[Article]:
    """What a document brings, with its tags, stored."""

    async def read() -> list[Article]:
        workers = Workers(processes=2)
        try:
            body = f"<rss version='2.0'><channel>{ITEMS}</channel></rss>".encode()
            result = FetchResult(url="http://daily.example/rss", http_status=200, headers={}, body=body)
            reading = await workers.read(result, publisher.sources[0], publisher, {})
            assert sum(each.tags is None for each in reading.listed if isinstance(each, Article)) < 3
            return [each for each in await with_tags(workers, reading.listed, publisher) if isinstance(each, Article)]
        finally:
            await workers.close()

    found = asyncio.run(read())
    record_polls(store, [(make_poll(publisher.sources[0]), found)], NOW)
    return found


def test_what_a_document_brings_is_tagged_before_it_is_stored(store: Store, publisher: Publisher) -> None:
    found = trip(store)
    assert all(each.tags and each.tags.by and each.language == each.tags.language for each in found)
    assert store.to_tag(10) == []
    (report,) = store.latest(Selection(about=("ML",), languages=("fr",), topics=("11000000",)))
    assert report.title == FRENCH
    assert [each.title for each in store.latest(Selection(topics=("15000000",)))] == ["Photos"]


def test_what_waits_is_tagged_and_what_is_stored_can_be_tagged_anew(store: Store, publisher: Publisher) -> None:
    made = make_articles(DAILY, *(replace(make_entry(n), title=Text(FRENCH, "text/plain")) for n in range(3)))
    record_polls(store, [(make_poll(DAILY.sources[0]), made)], NOW)
    assert len(store.to_tag(10)) == 3

    async def on_store(call: Callable[[Store], T]) -> T:
        return call(store)

    async def tag(publishers: dict[str, Publisher]) -> None:
        workers = Workers(processes=1)
        try:
            await tag_waiting(workers, on_store, publishers, lambda: NOW, lambda: True)
        finally:
            await workers.close()

    asyncio.run(tag({DAILY.key: DAILY}))
    assert store.to_tag(10) == []
    assert len(store.latest(Selection(about=("NE",)))) == 3

    def again(publisher: Publisher, *, dry_run: bool = False) -> Retagged:
        looked: list[int] = []
        found = asyncio.run(retag(store, {DAILY.key: publisher}, None, lambda: NOW, looked.append, dry_run=dry_run))
        assert sum(looked) == found.looked_at
        return found

    assert again(DAILY) == Retagged(0, 0)
    without = replace(DAILY, tags=TagSettings(countries=False))
    assert again(without, dry_run=True) == Retagged(3, 3)
    assert len(store.latest(Selection(about=("NE",)))) == 3
    assert again(without) == Retagged(3, 3)
    assert store.latest(Selection(about=("NE",))) == []
    assert again(without) == Retagged(0, 0)
    assert [line["change_kind"] for line in store.changes()] == ["new"] * 3 + ["retagged"] * 6


def test_a_pass_that_reads_nothing_loads_nothing_that_reads_documents() -> None:
    said = "import sys, aggregator.pipeline.pipeline, aggregator.cli.fetch; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", said], capture_output=True, check=True, text=True).stdout
    assert "aggregator.tags.tables" in loaded
    for name in ("pycld2", "py3langid", "numpy", "aggregator.tags.language", "aggregator.tags.countries"):
        assert f"'{name}'" not in loaded
    for name in ("aggregator.tags.who", "aggregator.normalise", "aggregator.parse", "lxml"):
        assert f"'{name}'" not in loaded
