"""A publisher takes a report back, and it leaves the wire: tombstones, marked items, and what pages answer."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from aggregator.config.loading import load
from aggregator.demo import Press, Resource
from aggregator.desk import acts, clock
from aggregator.desk.terms import sync
from aggregator.model import Cause, Config, Document, FetchResult, Finding, IdentityRules, Publisher, Source
from aggregator.model.place import Place
from aggregator.parse import parse
from aggregator.pipeline.pipeline import Pipeline
from aggregator.store import Store
from tests.cli.test_cli import Desk
from tests.conftest import NOW, QUOTATION, WIRE, demo_sites, make_publisher, only_soak, some
from tests.rows import every_row
from tests.test_trip import DEMO, HOST, Trip

ENTRY = """<entry><id>tag:{0}</id><title>Report {0}</title><link href="http://daily-example.example/{0}"/>
<updated>{1}</updated><content>Words of {0}, {1}.</content></entry>"""
STONE = '<at:deleted-entry ref="tag:{0}" when="{1}"/>'
EARLY, LATE = "2026-11-21T08:00:00Z", "2026-11-22T08:00:00Z"


def atom(*parts: str) -> bytes:
    spaces = 'xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0"'
    return f"<feed {spaces}><id>urn:f</id><title>Daily</title>{''.join(parts)}</feed>".encode()


def read(body: bytes, kind: str = "feed") -> Document:
    result = FetchResult(url="http://daily-example.example/feed", http_status=200, headers={}, body=body)
    return parse(result, Source(publisher="daily-example", key="feed", url=result.url, kind=kind))


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(demo_sites(), now=NOW) as opened:
        yield opened


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Press(now=NOW) as opened:
        yield Desk(tmp_path, opened)


@pytest.fixture
def trip(press: Press, place: Place, publisher: Publisher) -> Trip:
    press.set_document(HOST, "/feed", atom(ENTRY.format(1, EARLY), ENTRY.format(2, EARLY)))
    return Trip(press, place, [publisher])


# What a document says


@every_row(
    ("parts", "withdrawn"),
    [
        ([], ()),
        ([STONE.format(1, LATE)], ("tag:1",)),
        ([STONE.format(2, LATE), ENTRY.format(3, EARLY), STONE.format(1, LATE)], ("tag:2", "tag:1")),
        ([STONE.format(1, EARLY), STONE.format(1, LATE)], ("tag:1",)),
        # listed and deleted: the later word counts (RFC 6721 section 3)
        ([STONE.format(1, LATE), ENTRY.format(1, EARLY)], ("tag:1",)),
        ([STONE.format(1, EARLY), ENTRY.format(1, LATE)], ()),
        ([STONE.format(1, "some day"), ENTRY.format(1, LATE)], ()),
        ([STONE.format(1, "some day")], ("tag:1",)),
        (['<at:deleted-entry when="2026-11-22T08:00:00Z"/>'], ()),
        (['<at:deleted-entry ref=" " when="2026-11-22T08:00:00Z"/>'], ()),
        # quoted, in another namespace, or only mentioned
        ([f"<entry><id>tag:9</id><title>How to</title><content>{STONE.format(1, LATE)}</content></entry>"], ()),
        (['<deleted-entry ref="tag:1" when="2026-11-22T08:00:00Z"/>'], ()),
        (["<subtitle>Why at:deleted-entry ref='tag:1' matters</subtitle>"], ()),
        (['<!-- <at:deleted-entry ref="tag:1" when="2026-11-22T08:00:00Z"/> -->'], ()),
    ],
)
def test_tombstones_are_read(parts: list[str], withdrawn: tuple[str, ...]) -> None:
    assert read(atom(*parts, ENTRY.format(7, EARLY))).withdrawn == withdrawn


def test_a_document_of_many_tombstones_is_bounded() -> None:
    stones = [STONE.format(number, LATE) for number in range(5_000)]
    assert len(read(atom(*stones, ENTRY.format("x", EARLY))).withdrawn) == 2_000


def test_a_broken_document_gives_the_tombstones_before_its_fault() -> None:
    whole = atom(STONE.format(1, LATE), ENTRY.format(2, EARLY), ENTRY.format(3, EARLY))
    assert read(whole[:-30]).withdrawn == ("tag:1",)


@every_row(
    ("said", "withdrawn"),
    [
        ({"_wire": {"status": "canceled"}}, ("1",)),
        ({"_wire": {"status": "withheld"}}, ("1",)),
        ({"pubStatus": "canceled"}, ("1",)),
        ({"_wire": {"status": "usable"}}, ()),
        ({"_wire": "canceled"}, ()),
        ({"_wire": {"status": ["canceled"]}}, ()),
        ({"status": "canceled"}, ()),
    ],
)
def test_an_item_that_says_it_is_withdrawn_is_no_entry(said: dict[str, object], withdrawn: tuple[str, ...]) -> None:
    items = [{"id": "1", "title": "One"} | said, {"id": "2", "title": "Two"}]
    parsed = read(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode(), "jsonfeed")
    assert parsed.withdrawn == withdrawn
    assert [entry.id for entry in parsed.entries] == (["2"] if withdrawn else ["1", "2"])
    assert parsed.drops == ({"withdrawn": 1} if withdrawn else {})


# From a feed to the ledger


def states(trip: Trip) -> list[tuple[object, ...]]:
    return trip.rows("SELECT title, status, notice FROM articles ORDER BY title")


def test_a_tombstone_takes_the_report_out_of_the_wire_and_leaves_its_record(trip: Trip) -> None:
    trip()
    trip.press.set_document(HOST, "/feed", atom(STONE.format(1, LATE), ENTRY.format(2, EARLY)))
    trip()
    assert states(trip) == [("Report 1", "canceled", "withdrawn"), ("Report 2", "usable", None)]
    assert trip.rows("SELECT title FROM wire") == [("Report 2",)]
    assert trip.rows("SELECT act, actor, reference FROM acts") == [("withdraw", "publisher:feed", None)]
    assert trip.rows("SELECT change_kind, at, revision FROM changes ORDER BY seq DESC LIMIT 1") == [
        ("withdrawn", "2026-11-22T10:00:00Z", 1)
    ]
    assert trip.rows("SELECT count(*) FROM revisions") == [(2,)]


def test_a_tombstone_that_stands_for_weeks_is_one_act(trip: Trip) -> None:
    trip()
    for number in range(3):
        extra = f"<!-- {number} -->"
        trip.press.set_document(HOST, "/feed", atom(STONE.format(1, LATE), ENTRY.format(2, EARLY), extra))
        trip()
    assert trip.rows("SELECT count(*) FROM acts") == [(1,)]
    assert trip.rows("SELECT count(*) FROM changes WHERE change_kind = 'withdrawn'") == [(1,)]


def test_what_a_person_restored_no_old_tombstone_withdraws(trip: Trip) -> None:
    trip()
    trip.press.set_document(HOST, "/feed", atom(STONE.format(1, LATE), ENTRY.format(2, EARLY)))
    trip()
    _restore(trip)
    trip.press.set_document(HOST, "/feed", atom(STONE.format(1, LATE), ENTRY.format(2, LATE)))
    trip()
    assert states(trip)[0] == ("Report 1", "usable", None)


def _restore(trip: Trip) -> None:
    with Store.open(trip.place) as store:
        public_id = str(trip.rows("SELECT id FROM articles WHERE status <> 'usable'")[0][0])
        acts.restore(store, public_id, Cause(actor="person:A", reason="a mistake of theirs"), trip.now)


def test_a_withdrawn_report_stays_so_when_listed_again_and_its_new_words_are_kept(trip: Trip) -> None:
    trip()
    trip.press.set_document(HOST, "/feed", atom(STONE.format(1, LATE), ENTRY.format(2, EARLY)))
    trip()
    trip.press.set_document(HOST, "/feed", atom(ENTRY.format(1, LATE), ENTRY.format(2, EARLY)))
    trip()
    assert states(trip)[0] == ("Report 1", "canceled", "withdrawn")
    assert trip.rows("SELECT max(number) FROM revisions WHERE title = 'Report 1'") == [(2,)]


def test_a_headline_that_withdraws_a_report_again_is_a_version_with_a_line(trip: Trip) -> None:
    """A person had withdrawn it before, so that there was no act whose line it could have."""
    trip()
    with Store.open(trip.place) as store:
        public_id = str(trip.rows("SELECT id FROM articles WHERE title = 'Report 1'")[0][0])
        acts.withdraw(store, public_id, Cause(actor="person:A", reason="they wrote to us"), trip.now)
    marked = ENTRY.format(1, LATE).replace("<title>", "<title>WITHDRAWN: ")
    trip.press.set_document(HOST, "/feed", atom(marked, ENTRY.format(2, EARLY)))
    trip()
    lines = "SELECT c.change_kind, c.revision FROM changes AS c JOIN articles AS a ON a.article_id = c.article_id"
    assert trip.rows(f"{lines} WHERE a.id = '{public_id}' ORDER BY seq") == [
        ("new", 1), ("withdrawn", 1), ("revised", 2)
    ]  # fmt: skip


def test_falling_off_the_feed_is_no_withdrawal(trip: Trip) -> None:
    trip()
    trip.press.set_document(HOST, "/feed", atom(ENTRY.format(2, EARLY)))
    trip()
    assert [status for _, status, _ in states(trip)] == ["usable", "usable"]


def test_an_id_that_nobody_knows_and_one_of_another_publisher_do_nothing(trip: Trip) -> None:
    trip()
    trip.press.set_document(HOST, "/feed", atom(STONE.format("x", LATE), ENTRY.format(1, EARLY)))
    trip()
    assert trip.rows("SELECT count(*) FROM acts") == [(0,)]


def test_a_json_feed_cancels_an_item(trip: Trip) -> None:
    def feed(status: str) -> Resource:
        item = {"id": "1", "title": "One", "content_text": "Words.", "_wire": {"status": status}}
        said = {"version": "https://jsonfeed.org/version/1.1", "items": [item]}
        return Resource(json.dumps(said).encode(), "application/feed+json")

    trip.press.set_document(HOST, "/feed", feed("usable"))
    trip()
    trip.press.set_document(HOST, "/feed", feed("canceled"))
    (poll,) = trip()
    assert (poll.entries, poll.revised, dict(poll.drops)) == (1, 0, {"withdrawn": 1})
    assert states(trip) == [("One", "canceled", "withdrawn")]


# What pages say


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAGE = "/1"


def visits(trip: Trip, after: timedelta = timedelta(0), limit: int = 20, per_publisher: int = 20) -> list[Finding]:
    """Moves the clock on and visits what is due."""
    trip.now += after

    async def run(store: Store) -> list[Finding]:
        for minutes in (10, 0):  # as a daemon does all the time; a clock that jumps by days is not believed at once
            clock.look(store, trip.now - timedelta(minutes=minutes))
        async with Pipeline(trip.config, store, lambda: trip.now, lambda host: trip.press.address) as pipeline:
            return await pipeline.recheck(limit, per_publisher)

    with Store.open(trip.place) as store:
        sync(store, trip.config.wire, trip.config.publishers, trip.now, trip.now.date())
        return asyncio.run(run(store))


@pytest.fixture
def polled(trip: Trip) -> Trip:
    """One report with a page, stored."""
    trip.press.set_document(HOST, "/feed", atom(ENTRY.format(1, EARLY)))
    trip.press.set_document(HOST, PAGE, Resource(b"<html>Words of 1</html>", "text/html"))
    trip()
    trip.press.forget()
    return trip


def with_corrections(trip: Trip, **corrections: Any) -> None:
    (publisher,) = trip.config.publishers
    rights = replace(publisher.rights, corrections=replace(publisher.rights.corrections, **corrections))
    trip.config = Config(wire=trip.config.wire, publishers=(replace(publisher, rights=rights),))


def answers(trip: Trip, status: int, **options: object) -> None:
    trip.press.misbehave(HOST, PAGE, "status", status=status, **options)


def asked(trip: Trip) -> list[str]:
    return [seen.path for seen in trip.press.requests if seen.path != "/robots.txt"]


def state(trip: Trip) -> tuple[object, ...]:
    return trip.rows("SELECT status, notice FROM articles")[0]


def test_a_page_is_visited_at_growing_distances_and_then_no_more(polled: Trip) -> None:
    seen: list[timedelta] = []

    async def live(store: Store) -> None:
        async with Pipeline(polled.config, store, lambda: polled.now, lambda host: polled.press.address) as pipeline:
            while len(seen) < 5 and polled.now < NOW + 8 * DAY:
                polled.now += timedelta(minutes=20)
                clock.look(store, polled.now)
                seen.extend(polled.now - NOW for _ in await pipeline.recheck(20, 20))

    with Store.open(polled.place) as store:
        asyncio.run(live(store))
    assert seen == [HOUR, 6 * HOUR, DAY, 3 * DAY, 7 * DAY]
    assert polled.rows("SELECT visits, next_at FROM rechecks") == [(5, None)]
    assert state(polled) == ("usable", None)


ELSEWHERE = "stranger.example"


def test_pages_on_other_sites_are_not_visited_and_counted(trip: Trip, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever writes a feed would choose by its links which hosts the wire visits."""
    links = [f"http://{HOST}/1", f"http://{ELSEWHERE}/pay?to=2", f"http://www.{HOST}/3", "http://127.0.0.3:9/pay?to=4"]
    entries = [ENTRY.format(n, EARLY).replace(f"http://{HOST}/{n}", link) for n, link in enumerate(links, start=1)]
    trip.press.set_document(HOST, "/feed", atom(*entries))
    trip()
    trip.press.forget()
    with caplog.at_level("INFO", "aggregator.recheck"):
        found = visits(trip, HOUR)
    assert {finding.recheck.url for finding in found} == {links[0], links[2]}
    assert {seen.host for seen in trip.press.requests} == {HOST, f"www.{HOST}"}
    assert "not_visited=2" in caplog.text
    assert trip.rows("SELECT count(*) FROM rechecks") == [(2,)]


def test_a_visit_that_is_due_is_dropped_where_the_site_is_no_more_the_publisher_s(polled: Trip) -> None:
    visits(polled)
    (publisher,) = polled.config.publishers
    moved = replace(publisher, homepage="http://new.example/", sources=())
    polled.config = Config(wire=polled.config.wire, publishers=(moved,))
    assert visits(polled, HOUR) == []
    assert asked(polled) == []
    assert polled.rows("SELECT visits, next_at FROM rechecks") == [(0, None)]


def test_same_hosts_are_the_publisher_s_own(polled: Trip) -> None:
    (publisher,) = polled.config.publishers
    rules = IdentityRules(same_hosts=("new.example", HOST))
    moved = replace(publisher, homepage="http://new.example/", sources=(), identity=rules)
    polled.config = Config(wire=polled.config.wire, publishers=(moved,))
    assert len(visits(polled, HOUR)) == 1


def test_a_page_that_is_redirected_to_another_site_says_nothing(polled: Trip) -> None:
    polled.press.set_document(ELSEWHERE, "/", Resource(b"Not here", "text/html"))
    polled.press.misbehave(HOST, PAGE, "redirect", location=f"http://{ELSEWHERE}/")
    (finding,) = visits(polled, HOUR)
    assert (finding.result, finding.removal) == ("no answer", None)
    assert {seen.host for seen in polled.press.requests} == {HOST}


def test_visits_are_conditional(polled: Trip) -> None:
    visits(polled, HOUR)
    visits(polled, 5 * HOUR)
    first, second = (seen for seen in polled.press.requests if seen.path == PAGE)
    assert "if-none-match" not in first.headers
    assert second.headers["if-none-match"]
    assert second.status == 304


@pytest.mark.parametrize(
    ("status", "on_gone", "expected", "act"),
    [
        (410, "withdraw", ("canceled", "withdrawn"), "withdraw"),
        (410, "suspend", ("withheld", "gone"), "suspend"),
        (451, "withdraw", ("withheld", "legal"), "withhold"),
        (451, "suspend", ("withheld", "legal"), "withhold"),
    ],
)
def test_a_page_that_is_gone_takes_its_report_along_at_once(
    polled: Trip, status: int, on_gone: str, expected: tuple[str, str], act: str
) -> None:
    with_corrections(polled, on_gone=on_gone)
    answers(polled, status)
    (finding,) = visits(polled, HOUR)
    assert str(status) in finding.result
    assert state(polled) == expected
    assert polled.rows("SELECT count(*) FROM wire") == [(0,)]
    assert polled.rows("SELECT act, actor, reference, at FROM acts") == [
        (act, "publisher:page", f"http://{HOST}{PAGE}", "2026-11-22T11:00:00Z")
    ]
    kind = "withdrawn" if act == "withdraw" else "withheld"
    assert polled.rows("SELECT change_kind FROM changes ORDER BY seq") == [("new",), (kind,)]
    assert visits(polled, 7 * DAY) == []


@pytest.mark.parametrize(
    ("on_missing", "expected"),
    [("keep", ("usable", None)), ("suspend", ("withheld", "gone")), ("withdraw", ("canceled", "withdrawn"))],
)
def test_a_missing_page_counts_when_it_is_missing_a_day_later(
    polled: Trip, on_missing: str, expected: tuple[object, object]
) -> None:
    with_corrections(polled, on_missing=on_missing)
    answers(polled, 404)
    assert len(visits(polled, HOUR)) == 1
    visits(polled, 23 * HOUR)
    assert state(polled) == ("usable", None)
    visits(polled, HOUR)
    assert state(polled) == expected


def test_a_page_that_comes_back_was_never_missing(polled: Trip) -> None:
    answers(polled, 404)
    visits(polled, HOUR)
    polled.press.behave(HOST, PAGE)
    visits(polled, DAY)
    answers(polled, 404)
    visits(polled, 2 * DAY)
    assert state(polled) == ("usable", None)
    assert polled.rows("SELECT missing_since FROM rechecks") == [("2026-11-25T11:00:00Z",)]
    visits(polled, DAY)
    assert state(polled) == ("withheld", "gone")


@pytest.mark.soak
@pytest.mark.parametrize(
    ("location", "counts"),
    some(
        [
            ("/", True),
            ("http://www.daily-example.example/", True),
            ("http://daily-example.example", True),
            ("/fr/", True),
            ("/index.php", True),
            ("/other", False),
            ("/?p=1", False),
        ],
        4,
    ),
)
def test_a_redirect_to_the_home_page_is_a_page_that_is_missing(polled: Trip, location: str, counts: bool) -> None:
    for host in (HOST, "www.daily-example.example"):
        for path in ("/", "/fr/", "/index.php", "/other", "/?p=1"):
            polled.press.set_document(host, path, Resource(b"<html>Here</html>", "text/html"))
    polled.press.misbehave(HOST, PAGE, "redirect", location=location)
    visits(polled, HOUR)
    visits(polled, DAY)
    assert state(polled) == (("withheld", "gone") if counts else ("usable", None))


SAY_NOTHING: list[tuple[str, dict[str, object]]] = [
    ("status", {"status": 500}), ("status", {"status": 403}), ("busy", {}), ("close", {}), ("garbage", {}),
    ("redirect", {"location": "/1"}), ("html", {}), ("empty", {}),
]  # fmt: skip


@pytest.mark.soak
@pytest.mark.parametrize(("kind", "options"), some(SAY_NOTHING, 4))
def test_what_says_nothing_of_the_report_changes_nothing(polled: Trip, kind: str, options: dict[str, object]) -> None:
    polled.press.misbehave(HOST, PAGE, kind, **options)
    for _ in range(8):
        visits(polled, DAY)
    assert state(polled) == ("usable", None)
    assert polled.rows("SELECT count(*) FROM acts") == [(0,)]


def test_silence_between_two_404s_does_not_make_the_page_forgotten(polled: Trip) -> None:
    polled.now += 6 * DAY + 23 * HOUR
    answers(polled, 404)
    assert len(visits(polled)) == 1
    polled.press.misbehave(HOST, PAGE, "close")
    assert len(visits(polled, DAY)) == 1
    answers(polled, 404)
    visits(polled, DAY)
    assert state(polled) == ("withheld", "gone")


def test_a_site_that_is_busy_is_left_in_peace_with_all_its_pages(trip: Trip) -> None:
    trip()
    trip.press.misbehave(HOST, "*", "busy", retry_after=7200)
    trip.press.forget()
    trip.press.set_document(HOST, "/robots.txt", Resource(b"", "text/plain"))
    trip.press.misbehave(HOST, "/robots.txt", "html")
    assert len(visits(trip, HOUR)) == 1
    assert visits(trip, 2 * HOUR - timedelta(seconds=1)) == []
    assert len(visits(trip, timedelta(seconds=1))) == 1


# A site that says so to programs only


@pytest.fixture
def many(trip: Trip) -> Trip:
    """Five reports with pages, stored; `/1` to `/5`."""
    trip.press.set_document(HOST, "/feed", atom(*(ENTRY.format(n, EARLY) for n in range(1, 6))))
    for n in range(1, 6):
        trip.press.set_document(HOST, f"/{n}", Resource(b"<html>Words</html>", "text/html"))
    trip()
    return trip


def out(trip: Trip) -> list[tuple[object, ...]]:
    return trip.rows("SELECT title FROM articles WHERE status <> 'usable' ORDER BY title")


def refuses(trip: Trip, status: int, *pages: int) -> None:
    for n in pages:
        trip.press.misbehave(HOST, f"/{n}", "status", status=status)


@pytest.mark.parametrize("status", [404, 410, 451])
def test_a_site_where_nothing_is_there_loses_nothing(many: Trip, status: int) -> None:
    refuses(many, status, 1, 2, 3, 4, 5)
    findings = visits(many, HOUR)
    assert [finding.doubted for finding in findings] == [True] * 5
    assert "5 of the publisher's last 5 pages are not there" in findings[0].result
    assert visits(many, 23 * HOUR) == []  # its pages rest
    assert len(visits(many, HOUR)) == 5
    assert (out(many), many.rows("SELECT count(*) FROM acts")) == ([], [(0,)])
    assert many.rows("SELECT count(*) FROM rechecks WHERE missing_since IS NOT NULL") == [(5,)]


def test_such_a_site_is_asked_a_dozen_times_and_believed_again_when_it_answers(many: Trip) -> None:
    refuses(many, 410, 1, 2, 3, 4, 5)
    for _ in range(4):
        visits(many, DAY)
    many.press.behave(HOST, "/1")
    for n in (2, 3, 4):
        many.press.behave(HOST, f"/{n}")
    visits(many, DAY)
    assert out(many) == [("Report 5",)]
    refuses(many, 410, 1, 2, 3, 4)
    for _ in range(20):
        visits(many, DAY)
    assert many.rows("SELECT max(visits) FROM rechecks") <= [(12,)]


def test_one_withdrawal_among_pages_that_are_there_counts_at_once(many: Trip) -> None:
    refuses(many, 410, 2)
    (removed,) = [finding for finding in visits(many, HOUR) if finding.removal]
    assert removed.result == "the publisher's page answers 410: gone"
    assert out(many) == [("Report 2",)]


def test_earlier_visits_speak_for_a_site_too(many: Trip) -> None:
    visits(many, HOUR)
    refuses(many, 410, 1, 2)
    assert len(visits(many, 5 * HOUR, limit=2)) == 2
    assert out(many) == [("Report 1",), ("Report 2",)]
    refuses(many, 410, 3)
    assert [finding.doubted for finding in visits(many, limit=1)] == [True]
    assert out(many) == [("Report 1",), ("Report 2",)]


def test_another_publishers_pages_say_nothing(many: Trip) -> None:
    other = make_publisher("other", sources=(Source(publisher="other", key="feed", url="http://other.example/feed"),))
    listed = ENTRY.format(9, EARLY).replace(HOST, "other.example")
    many.press.set_document("other.example", "/feed", atom(listed))
    many.press.set_document("other.example", "/9", Resource(b"<html>Words</html>", "text/html"))
    many.config = replace(many.config, publishers=(*many.config.publishers, other))
    many()
    refuses(many, 410, 1, 2, 3, 4, 5)
    many.press.misbehave("other.example", "/9", "status", status=410)
    visits(many, HOUR)
    assert out(many) == [("Report 9",)]


def test_robots_txt_forbids_visits_but_not_the_feed(polled: Trip) -> None:
    polled.press.set_document(HOST, "/robots.txt", Resource(b"User-agent: *\nDisallow: /", "text/plain"))
    answers(polled, 410)
    polled.now += DAY  # what was remembered of robots.txt is stale
    (finding,) = visits(polled)
    assert (finding.removal, asked(polled)) == (None, [])
    (poll,) = polled()
    assert poll.outcome == "not_modified"


def test_a_feed_that_robots_txt_forbids_us_by_name_is_a_failed_poll(trip: Trip) -> None:
    trip.press.set_document(HOST, "/robots.txt", Resource(b"User-agent: TestWire\nDisallow: /feed", "text/plain"))
    (poll,) = trip()
    assert (poll.outcome, poll.next.reason) == ("failed", "backoff")
    assert "names TestWire" in (poll.error or "")
    assert asked(trip) == []


def test_robots_txt_is_asked_for_once_a_day_whatever_process_polls(trip: Trip) -> None:
    for hours in (0, 1, 22):
        trip.now += hours * HOUR
        trip()
    assert [seen.path for seen in trip.press.requests].count("/robots.txt") == 1
    trip.now += HOUR
    trip()
    assert [seen.path for seen in trip.press.requests].count("/robots.txt") == 2


def test_who_is_visited(trip: Trip) -> None:
    quotation = make_publisher("daily-example", QUOTATION)
    trip.config = Config(wire=WIRE, publishers=(quotation,))
    odd = [
        "http://daily-example.example/",
        "mailto:desk@daily.example",
        "http://[::1",
        "http://daily-example.example/3",
    ]
    entries = [f'<entry><id>o{n}</id><title>Odd {n}</title><link href="{url}"/></entry>' for n, url in enumerate(odd)]
    trip.press.set_document(HOST, "/feed", atom(*entries))
    trip()
    assert [finding.recheck.url for finding in visits(trip, HOUR)] == [odd[-1]]


@pytest.mark.parametrize("changes", [{"text_scope": "none", "basis": "none"}, None])
def test_nobody_is_visited_of_whom_nothing_leaves_or_who_is_the_wire(
    trip: Trip, changes: dict[str, Any] | None
) -> None:
    (publisher,) = trip.config.publishers
    silent = replace(publisher, rights=replace(publisher.rights, **changes)) if changes else None
    trip.config = Config(wire=WIRE, publishers=(silent or replace(publisher, kind="own"),))
    trip()
    assert visits(trip, HOUR) == []


def test_a_budget_is_shared_among_publishers(trip: Trip) -> None:
    other = make_publisher("other-example")
    entries = [ENTRY.format(number, EARLY) for number in range(5)]
    trip.press.set_document(HOST, "/feed", atom(*entries))
    moved = [entry.replace("daily-example.example", "other-example.example") for entry in entries]
    trip.press.set_document("other-example.example", "/feed", atom(*moved))
    trip.config = Config(wire=WIRE, publishers=(*trip.config.publishers, other))
    trip()
    found = visits(trip, HOUR, limit=4, per_publisher=2)
    assert Counter(finding.recheck.publisher for finding in found) == {"daily-example": 2, "other-example": 2}
    assert len(visits(trip, limit=3, per_publisher=10)) == 3


def test_what_a_person_withheld_is_still_withdrawn_and_what_is_withdrawn_is_left_alone(polled: Trip) -> None:
    with Store.open(polled.place) as store:
        public_id = str(polled.rows("SELECT id FROM articles")[0][0])
        acts.withhold(store, public_id, Cause(actor="person:A", reason="a complaint"), NOW)
    answers(polled, 410)
    visits(polled, HOUR)
    assert state(polled) == ("canceled", "withdrawn")
    assert visits(polled, DAY) == []


def test_an_old_database_is_not_visited_from_its_beginning(polled: Trip) -> None:
    polled.now += 8 * DAY
    assert visits(polled) == []
    assert polled.rows("SELECT count(*) FROM rechecks") == [(0,)]


@only_soak
@pytest.mark.soak
def test_the_demo_tells_of_every_withdrawal(press: Press, place: Place) -> None:
    """The tests above tell of a tombstone, a headline, and a page that is gone, each alone."""
    config = load(DEMO / "config")
    trip = Trip(press, place, ())
    trip.config = Config(wire=replace(config.wire, fetch=WIRE.fetch), publishers=config.publishers)
    for _ in range(press.last_round + 1):
        trip()
        press.advance()
    visits(trip, HOUR, limit=200, per_publisher=200)
    out = dict(trip.rows("SELECT publisher, notice FROM articles WHERE status <> 'usable'"))
    assert out == {
        "hand-pump-network": "withdrawn",  # a tombstone
        "lakeshore-lantern": "withdrawn",  # its headline, and 410
        "palmyra-releases": "withdrawn",  # its headline, and 410
    }
