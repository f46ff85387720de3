"""The whole trip over real HTTP: a publisher's feed to an attributed row, and what goes wrong on the way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from aggregator.demo import Press, Resource
from aggregator.desk.outgoing import outlet, releases
from aggregator.desk.terms import sync
from aggregator.fetch import ConnectTo
from aggregator.model import Config, Due, FetchResult, Poll, Publisher, Selection, Source
from aggregator.model.place import Place
from aggregator.model.release import Release
from aggregator.pipeline.pipeline import Pipeline
from aggregator.pipeline.workers import Workers
from aggregator.store import Store
from tests.conftest import NOW, WIRE, demo_sites, due, look_into, make_publisher
from tests.releases import printed

# What a trip asks of the store is one by one in tests/store; so those of some are run over every kind in `make test`.
pytestmark = pytest.mark.stores("soak")

DEMO = Path(__file__).parents[1] / "data" / "demo"
HOST = "daily-example.example"
ITEM = """<item><guid>{0}</guid><title>Report {0}</title><link>http://daily-example.example/{0}</link>
<pubDate>Sat, 21 Nov 2026 08:00:00 GMT</pubDate><description>&lt;p&gt;Words of {0}.&lt;/p&gt;</description></item>"""


def feed(*numbers: object, extra: str = "") -> bytes:
    items = "".join(ITEM.format(number) for number in numbers)
    return f"<rss version='2.0'><channel><title>Daily</title>{items}{extra}</channel></rss>".encode()


class Trip:
    """A press, a database, and a pipeline made anew for each pass, at a time that the test sets."""

    def __init__(self, press: Press, place: Place, publishers: Sequence[Publisher]) -> None:
        self.press = press
        self.place = place
        self.now = NOW
        self.config = Config(wire=WIRE, publishers=tuple(publishers))
        self.connect_to: ConnectTo = lambda host: press.address

    def __call__(self, due_only: bool = False) -> list[Poll]:
        with Store.open(self.place) as store:
            sync(store, self.config.wire, self.config.publishers, self.now, self.now.date())
            return asyncio.run(self.poll(store, due(store, self.now) if due_only else store.due(None)))

    async def poll(self, store: Store, due: Sequence[Due]) -> list[Poll]:
        async with Pipeline(self.config, store, lambda: self.now, self.connect_to) as pipeline:
            polls = await pipeline.run(due)
            await pipeline.maintain()
        return polls

    def rows(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        with look_into(self.place) as connection:
            return list(connection.execute(sql, values))


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(demo_sites(), now=NOW) as opened:
        yield opened


@pytest.fixture
def trip(press: Press, place: Place, publisher: Publisher) -> Trip:
    press.set_document(HOST, "/feed", feed(1, 2, 3))
    return Trip(press, place, [publisher])


@pytest.mark.stores
def test_from_a_feed_to_an_attributed_row_to_an_output(trip: Trip) -> None:
    (poll,) = trip()
    assert (poll.outcome, poll.format, poll.entries, poll.new) == ("ok", "rss20", 3, 3)
    with Store.read(trip.place) as store:
        reports = store.latest(Selection())
        shown = printed(store, reports, NOW)
    assert [report.title for report in reports] == ["Report 1", "Report 2", "Report 3"]
    assert shown.listed.index("Daily Example (Bamako)") < shown.listed.index("Report 3")
    for must in ("Daily Example (Bamako)", "which answers for its content", "http://daily-example.example/1"):
        assert must in shown.pages
    assert json.loads(shown.as_json)[0]["credit"] == "Daily Example (Bamako)"


def test_validators_are_kept_and_a_304_stores_only_its_poll(trip: Trip) -> None:
    trip()
    (poll,) = trip()
    assert (poll.outcome, poll.http_status, poll.next.reason) == ("not_modified", 304, "learned_rate")
    assert trip.rows("SELECT outcome FROM polls ORDER BY poll_id") == [("ok",), ("not_modified",)]


def test_the_same_body_is_not_read_twice(trip: Trip) -> None:
    trip.press.misbehave(HOST, "/feed", "no_validators")
    trip()
    (poll,) = trip()
    assert (poll.outcome, poll.format) == ("unchanged", None)


def test_a_poll_of_one_new_entry_stores_that_one(trip: Trip) -> None:
    trip()
    trip.press.set_document(HOST, "/feed", feed(4, 1, 2, 3))
    (poll,) = trip()
    assert (poll.new, poll.revised, poll.unchanged) == (1, 0, 3)


def test_only_what_is_due_is_polled_and_the_reason_is_kept(trip: Trip) -> None:
    assert len(trip(due_only=True)) == 1
    assert trip(due_only=True) == []
    trip.now += timedelta(minutes=30)
    assert len(trip(due_only=True)) == 1
    assert trip.rows("SELECT next_reason FROM health") == [("learned_rate",)]


@pytest.mark.stores
def test_nothing_disappears_silently(trip: Trip) -> None:
    body = feed(1, 1, 2, extra="<item></item><item><title>No date, no link, no id</title></item>")
    trip.press.set_document(HOST, "/feed", body)
    (poll,) = trip()
    assert poll.entries == 5 == poll.new + sum(poll.drops.values())
    assert dict(poll.drops) == {"duplicate_in_document": 1, "empty": 1}
    counted = (
        "SELECT key, sum(CAST(value AS INTEGER)) FROM polls CROSS JOIN json_each(polls.drops) GROUP BY key ORDER BY key"
    )
    assert trip.rows(counted) == [("duplicate_in_document", 1), ("empty", 1)]


def test_a_feed_without_any_date_is_stored_in_the_order_of_first_sight(trip: Trip) -> None:
    items = "".join(f"<item><guid>{n}</guid><title>Undated {n}</title></item>" for n in range(3))
    trip.press.set_document(HOST, "/feed", f"<rss version='2.0'><channel>{items}</channel></rss>".encode())
    (poll,) = trip()
    assert poll.new == 3
    assert trip.rows("SELECT DISTINCT published, published_stated, sort_time FROM articles") == [
        (None, None, "2026-11-22T10:00:00Z")
    ]


@pytest.mark.parametrize(
    ("kind", "options", "said"),
    [
        ("status", {"status": 500}, "500"),
        ("busy", {"retry_after": 7200}, "429"),
        ("html", {}, "HTML"),
        ("empty", {}, "empty"),
        ("truncated", {}, ""),
        ("close", {}, ""),
        ("garbage", {}, ""),
        ("gzip_bomb", {"size": 8 << 20}, "max_body_bytes"),
        ("endless", {}, "max_body_bytes"),
        ("redirect", {"location": "http://daily-example.example/feed"}, "redirects"),
    ],
)
def test_a_failure_is_counted_and_the_others_go_on(
    trip: Trip, kind: str, options: dict[str, object], said: str
) -> None:
    other = make_publisher("other-example")
    trip.press.set_document("other-example.example", "/feed", feed(9))
    trip.config = Config(wire=_capped(), publishers=(*trip.config.publishers, other))
    trip()
    trip.press.misbehave(HOST, "/feed", kind, **options)
    polls = {poll.source.publisher: poll for poll in trip()}
    failed = polls["daily-example"]
    assert failed.outcome == ("consent" if kind == "html" else "failed")
    assert said in (failed.error or "no words")
    assert polls["other-example"].outcome == "not_modified"
    assert failed.next.reason == ("retry_after" if kind == "busy" else "backoff")
    assert trip.rows("SELECT failures, last_error IS NOT NULL FROM sources ORDER BY publisher") == [(1, 1), (0, 0)]
    assert trip.rows("SELECT count(*) FROM articles") == [(4,)]
    trip.press.behave(HOST, "/feed")
    trip()
    assert trip.rows("SELECT failures FROM sources ORDER BY publisher") == [(0,), (0,)]


def _capped() -> object:
    return replace(WIRE, fetch=replace(WIRE.fetch, max_body_bytes=1 << 20))


@pytest.mark.parametrize(
    "body",
    [
        b"<?xml version='1.0'?><!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'>"
        + b"".join(b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(12))
        + b"]><rss version='2.0'><channel><item><title>&m;</title></item></channel></rss>",
        b"<?xml version='1.0'?><!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
        b"<rss version='2.0'><channel><item><title>&x;</title><guid>1</guid></item></channel></rss>",
    ],
    ids=["billion laughs", "external entity"],
)
def test_a_hostile_document_expands_nothing(trip: Trip, body: bytes) -> None:
    trip.press.set_document(HOST, "/feed", body)
    trip()
    for (title,) in trip.rows("SELECT title FROM articles"):
        assert len(str(title)) < 100
        assert "root:" not in str(title)


def test_a_document_that_hangs_its_reader_is_given_up_and_the_next_is_read() -> None:
    async def trip() -> FetchResult:
        workers = Workers(processes=1, seconds=0.5)
        publisher = make_publisher()
        # Loose mark-up of this shape takes feedparser minutes; the deadline must hold whatever the reason.
        hostile = b"<rss><channel><item><title>" + b"<a " * 100_000 + b"</rss>"
        slow = FetchResult(url="http://a.example/", http_status=200, headers={}, body=hostile)
        fine = FetchResult(url="http://a.example/", http_status=200, headers={}, body=feed(1))
        try:
            with pytest.raises(Exception, match=r"given up|readable|broke"):
                await workers.read(slow, publisher.sources[0], publisher, {})
            return await workers.read(fine, publisher.sources[0], publisher, {})  # type: ignore[return-value]
        finally:
            await workers.close()

    assert len(asyncio.run(trip()).listed) == 1  # type: ignore[attr-defined]


def test_a_pass_that_is_told_to_stop_begins_nothing_more(trip: Trip, publisher: Publisher) -> None:
    async def stopped(store: Store) -> list[Poll]:
        async with Pipeline(trip.config, store, lambda: NOW, lambda host: trip.press.address) as pipeline:
            pipeline.stop()
            return await pipeline.run(store.due(None))

    with Store.open(trip.place) as store:
        sync(store, WIRE, [publisher], NOW, NOW.date())
        assert asyncio.run(stopped(store)) == []
    assert trip.press.requests == ()


def test_every_format_of_the_demo_reaches_the_wire_whole(press: Press, place: Place) -> None:
    from aggregator.config.loading import load

    config = load(DEMO / "config")
    fast = replace(config.wire, fetch=WIRE.fetch)
    trip = Trip(press, place, config.publishers)
    trip.config = Config(wire=fast, publishers=config.publishers)
    expected = [60, 70, 73]
    for articles in expected:
        polls = trip()
        assert {poll.outcome for poll in polls} <= {"ok", "not_modified"}, [p.error for p in polls if p.error]
        assert trip.rows("SELECT count(*) FROM articles") == [(articles,)]
        press.advance()
    formats = {row[0] for row in trip.rows("SELECT DISTINCT format FROM polls WHERE format IS NOT NULL")}
    assert formats == {"rss091u", "rss092", "rss10", "rss20", "atom03", "atom10", "jsonfeed10", "jsonfeed11"}
    assert trip.rows("SELECT count(*) FROM changes WHERE change_kind = 'corrected'") == [(4,)]
    assert trip.rows("SELECT count(*) FROM wire WHERE credit = '' OR disclaimer = '' OR disclaimer LIKE '%{%'") == [
        (0,)
    ]
    assert trip.rows("SELECT count(*) FROM articles WHERE title LIKE ?", "%\ufffd%") == [(0,)]


def test_the_pages_of_the_demo_give_what_its_feeds_leave_out(press: Press, place: Place) -> None:
    from aggregator.config.loading import load

    config = load(DEMO / "config")
    trip = Trip(press, place, config.publishers)
    trip.config = Config(wire=replace(config.wire, fetch=WIRE.fetch), publishers=config.publishers)
    trip()
    with Store.open(trip.place) as store:
        asyncio.run(read_pages(trip, store))
        shown = {
            each.url: each
            for each in releases(
                store, config.wire, [r.id for r in store.latest(Selection())], outlet(store, "web", NOW)
            )
            if isinstance(each, Release)
        }
    assert trip.rows("SELECT reason FROM pages WHERE outcome != 'read'") == [
        ("the page asks readers to pay or to sign in",)
    ]
    notice = shown["http://odum-grid.example/notices/31"]
    assert "\n" in notice.text, "its feed has a summary alone"
    assert notice.published, "and no dates"
    pictures = {address: (each.pictures[0].credit, each.language) for address, each in shown.items() if each.pictures}
    assert {language for _, language in pictures.values()} == {"am", "ar", "en", "fr", "pt"}
    assert pictures["http://nawras.example/ar/20417"] == ("هند الوسلاتي/النورس", "ar")
    assert "http://kumasi-nettle.example/power/traders-march-with-candles" not in pictures, "no copy was made yet"
    assert shown["http://kumasi-nettle.example/power/traders-march-with-candles"].about == ("GH",)
    corrected = shown["http://public-purse.example/briefs/78"]
    assert corrected.corrected
    assert "public lighting as 21 per cent" in " ".join(corrected.disclaimers)


async def read_pages(trip: Trip, store: Store) -> None:
    async with Pipeline(trip.config, store, lambda: trip.now, trip.connect_to) as pipeline:
        await pipeline.read_pages(100, 100, 60.0, [each.key for each in trip.config.publishers])


@pytest.mark.stores
def test_a_crash_between_polls_loses_nothing_and_doubles_nothing(trip: Trip) -> None:
    """The second pass sees what the first stored, whatever process ran it: all state is in the file."""
    trip()
    trip.press.set_document(HOST, "/feed", feed(4, 1, 2, 3))
    before = trip.rows("SELECT count(*) FROM revisions")
    trip()
    trip.press.set_document(HOST, "/feed", Resource(feed(4, 1, 2, 3) + b"<!-- -->", "application/xml"))
    (poll,) = trip()
    assert (poll.outcome, poll.new, poll.unchanged) == ("ok", 0, 4)
    assert trip.rows("SELECT count(*) FROM revisions") == [(int(str(before[0][0])) + 1,)]


def test_a_source_without_an_address_is_a_failed_poll(trip: Trip, publisher: Publisher) -> None:
    odd = Source(publisher=publisher.key, key="feed", url="gopher://daily.example/")
    trip.config = Config(wire=WIRE, publishers=(replace(publisher, sources=(odd,)),))
    (poll,) = trip()
    assert (poll.outcome, poll.error) == ("failed", "'gopher://daily.example/' is no http or https address")


def test_clock_is_an_argument(trip: Trip) -> None:
    trip.now = datetime(2031, 1, 1, tzinfo=NOW.tzinfo)
    trip()
    assert trip.rows("SELECT DISTINCT first_seen FROM articles") == [("2031-01-01T00:00:00Z",)]
