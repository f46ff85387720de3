"""One slow, wrong or hostile party keeps no other from being polled, and the program from ending."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from aggregator.demo import Press, Resource
from aggregator.desk.terms import sync
from aggregator.fetch.lookup import Lookup
from aggregator.model import Config, Entry, FetchResult, Poll, PollRecord, Text
from aggregator.model.errors import ParseError
from aggregator.pipeline.pipeline import Pipeline
from aggregator.pipeline.recording import record as record_polls
from aggregator.pipeline.workers import Workers
from aggregator.revisions.compare import MOST_READ
from aggregator.revisions.markup import marked
from aggregator.store import Store
from aggregator.text.likeness import MOST_WORDS
from tests import commands
from tests.brisk import brisk
from tests.cli.test_cli import Desk
from tests.conftest import NOW, WIRE, file_of, make_articles, make_entry, make_poll, make_publisher, record
from tests.pipeline.in_worker import grow, own_pid
from tests.test_trip import HOST, feed
from tests.waiting import eventually, seconds_of, until

pytestmark = pytest.mark.stores("soak")

SLOW, GOOD = make_publisher("slow-example"), make_publisher()


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        opened.set_document(HOST, "/feed", feed(1, 2, 3))
        opened.set_document("slow-example.example", "/feed", feed(4))
        yield opened


@pytest.fixture
def desk(press: Press, tmp_path: Path) -> Desk:
    return Desk(tmp_path, press)


def test_a_slow_poll_keeps_no_other_source_of_its_batch_from_being_polled_again(press: Press, tmp_path: Path) -> None:
    """It did: a source was free again only when the whole batch had ended."""
    press.misbehave("slow-example.example", "/feed", "slow", seconds=30)
    patient = replace(WIRE.fetch, timeout=timedelta(seconds=60))  # however busy the machine is
    config = Config(wire=replace(WIRE, fetch=patient), publishers=(SLOW, GOOD))

    async def story(store: Store) -> list[str]:
        async with Pipeline(config, store, lambda: NOW, lambda host: press.address) as pipeline:
            first: asyncio.Queue[str] = asyncio.Queue()
            both = asyncio.create_task(
                pipeline.run(store.due(None), lambda poll: first.put_nowait(poll.source.publisher))
            )
            polled = [await first.get()]
            again = await pipeline.run(store.due(None))
            assert not both.done()
            both.cancel()
            return [*polled, *(poll.source.publisher for poll in again)]

    with Store.open(tmp_path / "wire.db") as store:
        sync(store, WIRE, config.publishers, NOW, NOW.date())
        assert asyncio.run(asyncio.wait_for(story(store), 20)) == ["daily-example", "daily-example"]


def test_a_publisher_that_another_program_brought_in_is_left_alone(press: Press, tmp_path: Path) -> None:
    """A daemon met it with a KeyError, and its sources with back-off."""
    config = Config(wire=WIRE, publishers=(GOOD,))

    async def story(store: Store) -> list[str]:
        async with Pipeline(config, store, lambda: NOW, lambda host: press.address) as pipeline:
            assert {due.source.publisher for due in store.due(None)} == {"daily-example", "slow-example"}
            return [poll.source.publisher for poll in await pipeline.run(await pipeline.due(NOW))]

    with Store.open(tmp_path / "wire.db") as store:
        sync(store, WIRE, (GOOD, SLOW), NOW, NOW.date())
        assert asyncio.run(story(store)) == ["daily-example"]


def test_older_pages_have_one_deadline_for_all(press: Press, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten pages that took 25 s each made a poll of four minutes. What came before the deadline is stored."""
    monkeypatch.setattr("aggregator.pipeline.poll.PAGES_SECONDS", 0.5)

    def document(number: int) -> Resource:
        items = [{"id": f"{number}", "url": f"http://{HOST}/{number}", "title": f"Report {number}"}]
        said = {"version": "https://jsonfeed.org/version/1.1", "next_url": f"/older/{number}", "items": items}
        return Resource(json.dumps(said).encode(), "application/feed+json")

    async def story(store: Store) -> list[Poll]:
        config = Config(wire=WIRE, publishers=(GOOD,))
        async with Pipeline(config, store, lambda: NOW, lambda host: press.address) as pipeline:
            polls = []
            for number in (1, 9):
                press.set_document(HOST, "/feed", document(number))
                press.set_document(HOST, f"/older/{number}", document(number - 1))
                press.set_document(HOST, f"/older/{number - 1}", document(number - 2))
                press.misbehave(HOST, f"/older/{number - 1}", "slow", seconds=4)
                polls += await pipeline.run(store.due(None))
            return polls

    with Store.open(tmp_path / "wire.db") as store:
        sync(store, WIRE, (GOOD,), NOW, NOW.date())
        _, poll = asyncio.run(asyncio.wait_for(story(store), 20))
    assert (poll.outcome, poll.new, poll.pages, poll.gap) == ("ok", 2, 1, "open")
    assert poll.error == "its older pages took longer than 0.5 s; 1 were read"


# Names


def test_names_that_are_slow_keep_no_other_from_being_looked_up() -> None:
    """A dozen of them took all threads of the system's pool."""
    answer = threading.Event()

    def get_addresses(host: str, port: int, family: int) -> list[tuple[int, int, int, str, tuple[object, ...]]]:
        if host.startswith("slow"):
            answer.wait(20)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", port))]

    async def story() -> list[str]:
        lookup = Lookup(get_addresses)
        slow = [asyncio.create_task(lookup.resolve(f"slow{number}.example")) for number in range(200)]
        await asyncio.sleep(0)
        found = await asyncio.gather(*(lookup.resolve(f"good{number}.example", 443) for number in range(20)))
        answer.set()
        await asyncio.gather(*slow, return_exceptions=True)
        return [each["host"] for (each,) in found]

    assert asyncio.run(story()) == ["192.0.2.7"] * 20


def test_a_name_that_failed_is_not_looked_up_again_at_once_and_one_that_hangs_is_given_up() -> None:
    asked: list[str] = []
    never = threading.Event()

    def get_addresses(host: str, port: int, family: int) -> list[tuple[int, int, int, str, tuple[object, ...]]]:
        asked.append(host)
        if host == "hangs.example":
            never.wait(20)
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    async def story() -> list[str]:
        lookup = Lookup(get_addresses, seconds=0.05)
        said = []
        for host in ("none.example", "none.example", "hangs.example", "hangs.example"):
            with pytest.raises(OSError) as error:
                await lookup.resolve(host)
            said.append(str(error.value))
        return said

    said = asyncio.run(story())
    never.set()
    assert asked == ["none.example", "hangs.example"]
    assert "no such name" in said[1]
    assert "its name was not found within 0.05 s" in said[3]


# Reading processes

HOSTILE = b"<rss><channel><item><title>" + b"<a " * 400_000 + b"</rss>"
PLAIN = b"<rss version='2.0'><channel><item><title>One</title><link>https://a.example/1</link></item></channel></rss>"


async def read(workers: Workers, body: bytes) -> object:
    result = FetchResult(url="http://a.example/", http_status=200, headers={}, body=body)
    return await workers.read(result, GOOD.sources[0], GOOD, {})


@pytest.mark.long
def test_documents_that_take_their_whole_time_keep_no_other_waiting() -> None:
    """Those behind them waited for minutes, while another core was idle."""

    async def story() -> tuple[int, bool]:
        workers, pids = Workers(processes=2, seconds=1), []
        try:
            pids.append(await workers.call(own_pid, ()))
            before, began = seconds_of(pids[0]), time.monotonic()
            hostile = asyncio.create_task(read(workers, HOSTILE))
            await eventually(lambda: seconds_of(pids[0]) > before + 0.3)
            os.kill(pids[0], signal.SIGSTOP)  # it takes no processor time any more, and does not end
            await eventually(lambda: time.monotonic() > began + 1.2)  # after more than a second it is known to be slow
            await asyncio.wait_for(read(workers, PLAIN), 30)  # the second process has begun
            plain = await asyncio.wait_for(asyncio.gather(*(read(workers, PLAIN) for _ in range(20))), 30)
            has_ended = hostile.done()
            os.kill(pids[0], signal.SIGCONT)
            with pytest.raises(ParseError, match="given up"):
                await hostile
            return len(plain), has_ended
        finally:
            await workers.close()

    assert asyncio.run(story()) == (20, False)


def test_a_reading_process_has_a_bound_of_memory() -> None:
    async def story() -> int:
        workers = Workers(processes=1)
        try:
            with pytest.raises(ParseError, match="MemoryError"):
                await workers.call(grow, (1 << 30,))
            return await workers.call(grow, (1 << 20,))
        finally:
            await workers.close()

    assert asyncio.run(story()) == 1 << 20


# Comparing


def test_what_two_headlines_of_thousands_of_words_cost_is_bounded(store: Store) -> None:
    """Two polls of 8 kB held the database for ten minutes: the headlines were compared word by word, in cubic time."""
    first = make_entry(1, title=Text("a b " * 2_000, "text/plain"))
    record(store, GOOD, first)
    second = make_entry(1, title=Text("b a c " * 2_000, "text/plain"))
    (article,) = make_articles(GOOD, second)
    assert len(article.folded_title.split()) <= MOST_WORDS + 1
    assert record(store, GOOD, second).revised == 1


def test_of_the_words_that_a_document_changes_a_bounded_part_is_read_closely(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document of 12 MB whose entries all changed kept the writer busy for half a minute. What is beyond the bound is
    compared as it was received: nothing of it is lost.
    """
    read = 0

    def counting(text: Text) -> str:
        nonlocal read
        read += len(text.value)
        return marked(text)

    monkeypatch.setattr("aggregator.revisions.markup.marked", counting)
    publisher, many = make_publisher(), 40
    sentences = "<p>Le pont rouvre.</p>" * 900

    def entries(ends: dict[int, str]) -> list[Entry]:
        return [
            make_entry(number, content=(Text(f"{sentences}<p>{number}</p>{ends.get(number, '')}"),))
            for number in range(1, many + 1)
        ]

    record(store, publisher, *entries({}))
    volatile = dict.fromkeys(range(1, many + 1), "<p>5 minutes ago</p>")
    correction = "<p>Correction: an earlier version gave a wrong date.</p>"
    poll = record(store, publisher, *entries(volatile | {many: correction}), now=NOW + timedelta(hours=1))
    assert 0 < read <= MOST_READ
    assert poll.unchanged > 5  # read closely, they say what they said before
    assert poll.unchanged + poll.revised == many
    with file_of(store) as connection:
        found = connection.execute("SELECT count(*) FROM changes WHERE change_kind = 'corrected'").fetchone()
    assert found == (1,)


def test_another_program_that_writes_meanwhile_makes_it_decide_again(store: Store, tmp_path: Path) -> None:
    record(store, GOOD, make_entry(1))
    tries = 0

    class Watched(Store):
        """Another program writes between the look and the transaction, once."""

        def save(self, records: Sequence[PollRecord], now: datetime) -> set[int]:
            nonlocal tries
            tries += 1
            if tries == 1:
                with file_of(self) as connection:
                    connection.execute("UPDATE sources SET next_at = next_at")
            return super().save(records, now)

    with Watched.open(store.place) as watched:
        edited = make_articles(GOOD, make_entry(1, title=make_entry(2).title))
        (poll,) = record_polls(watched, [(make_poll(GOOD.sources[0]), edited)], NOW)
    assert poll.revised == 1
    assert tries == 2  # it looked, found the database changed, and looked again


# The daemon


@pytest.mark.long
def test_the_daemon_reads_its_configuration_again_when_the_files_change(desk: Desk) -> None:
    process = commands.Popen(brisk(desk.command("run")), stderr=subprocess.PIPE, text=True, cwd=desk.config)
    try:
        until(lambda: len(desk.press.requests) >= 2)
        desk.add("three.example")
        polled = (
            "SELECT count(*) FROM polls JOIN sources AS s ON s.source_id = polls.source_id WHERE s.publisher = 'three'"
        )
        until(lambda: desk.rows(polled) == [(1,)], seconds=30)
    finally:
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=20)[1]
    assert process.returncode == 0
    assert "the files of the configuration have changed" in said


@pytest.mark.long
def test_the_daemon_ends_soon_though_a_server_hangs(desk: Desk) -> None:
    for host in ("one.example", "two.example"):
        desk.press.misbehave(host, "/feed", "slow", seconds=30)
    process = commands.Popen(desk.command("run"), stderr=subprocess.PIPE, text=True, cwd=desk.config)
    try:
        until(lambda: len(desk.press.requests) >= 2)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=15)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0
