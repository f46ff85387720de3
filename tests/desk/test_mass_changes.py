"""One poll that changes or adds far more than it should: the excess waits for a person, or is kept out of `latest`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlite_utils import Database

from aggregator.demo import Press, Resource
from aggregator.desk import acts, pending
from aggregator.desk.merges import split
from aggregator.desk.purging import chosen, purge
from aggregator.desk.terms import sync
from aggregator.model import (
    Category,
    Cause,
    Config,
    Entry,
    Link,
    Person,
    Poll,
    PollSettings,
    Publisher,
    Selection,
    Source,
    Text,
)
from aggregator.model.errors import DeskError
from aggregator.model.place import Place
from aggregator.revisions.mass import AT_ONCE, at_the_front
from aggregator.store import Store
from aggregator.store.sqlite.schema.migrations import migrations
from aggregator.text import raw_words
from aggregator.text.query import parse
from tests.conftest import (
    AGREEMENT,
    NOW,
    WIRE,
    examples,
    file_of,
    keep_house,
    look_into,
    make_entry,
    make_publisher,
    record,
    some,
)
from tests.store.test_store import rows
from tests.test_trip import HOST, Trip

pytestmark = pytest.mark.stores("soak")

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OTHER = "herald.example"
EARLY, LATE = "2026-11-21T08:00:00Z", "2026-11-22T09:00:00Z"
ME = "person:Asha"
LANGUAGES = ("fr", "sw", "ar")
HEADLINES = {"fr": "Le pont {} rouvre", "sw": "Daraja la {} lafunguliwa", "ar": "إعادة فتح الجسر {}"}
# In the language of the headline: for words in another one, its language is looked for long.
TEXTS = {
    "fr": "<p>{} : le pont de la ville est ouvert depuis lundi, et les camions qui attendaient sont passés.</p>",
    "sw": "<p>{}: daraja la mji limefunguliwa tangu Jumatatu, na malori yaliyokuwa yakisubiri yamepita.</p>",
    "ar": "<p>{}: أعيد فتح جسر المدينة منذ يوم الاثنين، ومرت الشاحنات التي كانت تنتظر.</p>",
}


def entry(number: int, host: str = HOST, **fields: str) -> str:
    """An Atom entry in one of three languages; `title`, `link`, `words`, `updated` in the place of the usual ones."""
    language = LANGUAGES[number % 3]
    said = {
        "title": HEADLINES[language].format(number),
        "link": f"http://{host}/{number}",
        "words": TEXTS[language].format(number),
        "updated": EARLY,
    } | fields
    return (
        f"<entry xml:lang='{language}'><id>tag:{host},2026:{number}</id><title>{escape(said['title'])}</title>"
        f"<link href='{escape(said['link'])}'/><published>{EARLY}</published><updated>{said['updated']}</updated>"
        f"<content type='html'>{escape(said['words'])}</content></entry>"
    )


def stone(number: int, host: str = HOST) -> str:
    return f"<at:deleted-entry ref='tag:{host},2026:{number}' when='{LATE}'/>"


def atom(parts: Iterable[str]) -> Resource:
    spaces = "xmlns='http://www.w3.org/2005/Atom' xmlns:at='http://purl.org/atompub/tombstones/1.0'"
    return Resource(f"<feed {spaces}><id>urn:f</id><title>Daily</title>{''.join(parts)}</feed>".encode())


def changed(count: int, total: int, host: str = HOST, **fields: str) -> Resource:
    """The feed with the first `count` of its entries changed; `{}` in a field is the entry's number."""
    return atom(
        entry(n, host, **({name: text.format(n) for name, text in fields.items()} if n < count else {}))
        for n in range(total)
    )


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        yield opened


@pytest.fixture
def trip(press: Press, place: Place) -> Trip:
    """Two publishers of 150 reports each, stored."""
    return _begin(press, place)


def _of_two(press: Press, place: Place, now: datetime = NOW) -> Trip:
    languages = {"languages": LANGUAGES}
    publishers = [make_publisher("daily-example", **languages), make_publisher("herald", **languages)]
    for host in (HOST, OTHER):
        press.set_document(host, "/feed", changed(0, 150, host))
    made = Trip(press, place, publishers)
    made.now = now
    return made


def _begin(press: Press, place: Place, document: Resource | None = None, waiting: int = 0) -> Trip:
    """When all is stored, and the first publisher then had this document, if any, of which so many changes wait."""
    if not isinstance(place, Path):
        return _played(press, place, document, waiting)
    place.write_bytes(_copied(document, waiting))
    made = _of_two(press, place, NOW + HOUR if document else NOW)
    if document:
        press.set_document(HOST, "/feed", document)
    return made


@cache
def _copied(document: Resource | None, waiting: int) -> bytes:
    """What tests begin from is made once, where it is a file, and copied."""
    with Press(now=NOW) as press, TemporaryDirectory() as folder:
        path = Path(folder) / "wire.db"
        _played(press, path, document, waiting)
        return path.read_bytes()


def _played(press: Press, place: Place, document: Resource | None, waiting: int) -> Trip:
    made = _of_two(press, place)
    assert [poll.new for poll in made()] == [150, 150]
    if document:
        assert serve(made, document).pending == waiting
    return made


def serve(trip: Trip, document: Resource, host: str = HOST, *, after: timedelta = HOUR) -> Poll:
    """The poll of the source of that host, which now has this document; everybody is polled."""
    trip.press.set_document(host, "/feed", document)
    trip.now += after
    return next(poll for poll in trip() if host in poll.source.url)


def usable(trip: Trip, publisher: str = "daily-example") -> int:
    return int(str(trip.rows(f"SELECT count(*) FROM wire WHERE publisher = '{publisher}'")[0][0]))  # noqa: S608


def waiting(trip: Trip) -> dict[str, int]:
    with Store.read(trip.place) as store:
        kinds = [row["mass_kind"] for row in store.pending()]
    return {kind: kinds.count(kind) for kind in kinds}


def accept(trip: Trip, key: str = "daily-example/feed", *kinds: Any) -> dict[str, int]:
    with Store.open(trip.place) as store:
        done = pending.accept(store, trip.config.publishers, key, kinds or pending.KINDS, ME, trip.now)
    return dict(done)


def refuse(trip: Trip, key: str = "daily-example/feed", *kinds: Any) -> dict[str, int]:
    with Store.open(trip.place) as store:
        return dict(pending.refuse(store, key, kinds or pending.KINDS, ME, trip.now))


def health(trip: Trip) -> list[dict[str, Any]]:
    with Store.read(trip.place) as store:
        return store.health()


def no_traces(trip: Trip) -> bool:
    """Whether nothing waits, and the ledger has its lines without a gap."""
    (least, most, lines) = trip.rows("SELECT min(seq), max(seq), count(*) FROM changes")[0]
    return trip.rows("SELECT count(*) FROM pending_changes") == [(0,)] and (least, most) == (1, lines)


# Each kind of change


@pytest.mark.soak
@pytest.mark.parametrize(
    ("kind", "fields"),
    some(
        [
            ("withdrawn", {"title": "WITHDRAWN: {}"}),
            ("moved", {"link": f"http://{HOST}/new-software/{{}}"}),
            ("moved", {"link": "http://elsewhere.example/{}"}),
            ("revised", {"title": "Headline {} is another"}),
            ("revised", {"words": "<p>Report {} says something else altogether.</p>"}),
        ],
        3,
    ),
)
def test_what_one_poll_changes_beyond_the_bound_waits(trip: Trip, kind: Any, fields: dict[str, str]) -> None:
    most = AT_ONCE[kind]
    poll = serve(trip, changed(most + 7, 150, **fields))
    assert (poll.revised, poll.pending, dict(poll.drops)) == (most, 7, {"pending": 7})
    assert waiting(trip) == {kind: 7}
    assert trip.rows("SELECT max(number), count(*) FROM revisions WHERE number > 1") == [(2, most)]
    assert usable(trip) == (150 - most if kind == "withdrawn" else 150)
    assert usable(trip, "herald") == 150
    assert accept(trip) == {kind: 7}
    assert trip.rows("SELECT count(*) FROM revisions WHERE number = 2") == [(most + 7,)]
    assert no_traces(trip)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("kind", "fields"),
    some(
        [
            ("withdrawn", {"title": "WITHDRAWN: {}"}),
            ("moved", {"link": "http://elsewhere.example/{}"}),
            ("revised", {"words": "<p>Report {} says something else altogether.</p>"}),
        ],
        1,
    ),
)
def test_what_ordinary_publishers_change_at_once_does_not_wait(trip: Trip, kind: Any, fields: dict[str, str]) -> None:
    poll = serve(trip, changed(AT_ONCE[kind], 150, **fields))
    assert (poll.revised, poll.pending) == (AT_ONCE[kind], 0)
    assert waiting(trip) == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "Hacked by nobody"},
        {"words": "<p>Error establishing a database connection</p>"},
        {"words": ""},
        {"link": "http://elsewhere.example/"},
        {"title": "404", "words": "Not found: {}"},
    ],
)
def test_reports_that_all_come_to_say_the_same_are_not_believed(trip: Trip, fields: dict[str, str]) -> None:
    poll = serve(trip, changed(6, 150, **fields))
    assert (poll.revised, poll.pending) == (0, 6)
    assert waiting(trip) == {"same_words": 6}
    assert trip.rows("SELECT count(*) FROM revisions WHERE number > 1") == [(0,)]


def test_a_few_reports_may_come_to_say_the_same(trip: Trip) -> None:
    poll = serve(trip, changed(5, 150, words="<p>This report is being checked.</p>"))
    assert (poll.revised, poll.pending) == (5, 0)


def test_reports_that_said_the_same_before_may_say_another_thing_together(trip: Trip) -> None:
    serve(trip, atom(entry(n, title="Weather" if n >= 150 else HEADLINES["fr"].format(n)) for n in range(140, 160)))
    poll = serve(trip, atom(entry(n, title="Weather of today") for n in range(150, 160)))
    assert (poll.revised, poll.pending) == (10, 0)


def test_the_same_notice_of_withdrawal_in_many_headlines_is_a_withdrawal(trip: Trip) -> None:
    poll = serve(trip, changed(10, 150, title="Article retiré"))
    assert (poll.revised, poll.pending, usable(trip)) == (10, 0, 140)


def test_dates_alone_never_wait(trip: Trip) -> None:
    poll = serve(trip, changed(150, 150, updated=LATE))
    assert (poll.revised, poll.pending) == (150, 0)
    assert trip.rows("SELECT count(*) FROM changes WHERE change_kind = 'resent'") == [(150,)]


def test_kinds_have_bounds_of_their_own_and_withdrawals_one_together(trip: Trip) -> None:
    parts = [entry(n, title=f"WITHDRAWN: {n}") for n in range(15)]
    parts += [stone(n) for n in range(15, 30)]
    parts += [entry(n, link=f"http://elsewhere.example/{n}") for n in range(30, 90)]
    poll = serve(trip, atom(parts))
    assert (poll.revised, poll.pending) == (15 + 50, 10 + 10)
    assert waiting(trip) == {"withdrawn": 10, "moved": 10}
    assert usable(trip) == 150 - 20


# Tombstones


@pytest.fixture
def buried(press: Press, place: Place) -> Trip:
    """All 150 reports are listed as deleted: 20 left the wire, 130 wait."""
    made = _begin(press, place, atom(stone(n) for n in range(150)), 130)
    assert usable(made) == 130
    return made


def test_a_mass_of_tombstones_waits_and_can_be_accepted(buried: Trip) -> None:
    assert waiting(buried) == {"withdrawn": 130}
    assert accept(buried) == {"withdrawn": 130}
    assert (usable(buried), usable(buried, "herald")) == (0, 150)
    assert buried.rows("SELECT count(*) FROM changes WHERE change_kind = 'withdrawn'") == [(150,)]
    decided = "SELECT act, actor, count(*) FROM acts GROUP BY act, actor ORDER BY act"
    assert buried.rows(decided) == [("accept", ME, 130), ("withdraw", "publisher:feed", 150)]
    assert no_traces(buried)


def test_what_was_accepted_may_come_in_one_poll_from_then_on(buried: Trip) -> None:
    accept(buried)
    serve(buried, atom(entry(n) for n in range(200, 350)))
    poll = serve(buried, atom(stone(n) for n in range(200, 350)))
    assert (poll.pending, usable(buried)) == (0, 0)
    poll = serve(buried, changed(25, 150, OTHER, title="WITHDRAWN: {}"), OTHER)  # of nobody else
    assert poll.pending == 5


def test_tombstones_that_stand_for_weeks_are_asked_for_once(buried: Trip) -> None:
    for number in range(3):
        poll = serve(buried, atom([*(stone(n) for n in range(150)), entry(1000 + number)]))
        assert poll.pending == 0
    assert waiting(buried) == {"withdrawn": 130}
    assert buried.rows("SELECT DISTINCT since FROM pending_changes") == [("2026-11-22T11:00:00Z",)]


def test_refused_tombstones_are_not_asked_for_again(buried: Trip) -> None:
    assert refuse(buried) == {"withdrawn": 130}
    poll = serve(buried, atom([*(stone(n) for n in range(150)), entry(1000)]))
    assert (poll.pending, waiting(buried), usable(buried)) == (0, {}, 131)
    assert refuse(buried) == {}
    assert buried.rows("SELECT count(*) FROM acts WHERE act = 'refuse'") == [(130,)]


def test_a_report_that_was_listed_again_may_be_deleted_again(buried: Trip) -> None:
    refuse(buried)
    serve(buried, atom(entry(n) for n in range(150)))
    assert buried.rows("SELECT count(*) FROM pending_changes") == [(0,)]
    poll = serve(buried, atom(stone(n) for n in range(150)))
    assert (poll.pending, usable(buried)) == (110, 110)  # what was withdrawn once is not withdrawn again


@pytest.mark.parametrize("listed", [changed(0, 150), changed(150, 150, words="<p>Other words of {}.</p>")])
def test_tombstones_whose_entries_are_listed_again_are_forgotten(buried: Trip, listed: Resource) -> None:
    serve(buried, listed)
    assert "withdrawn" not in waiting(buried)
    assert usable(buried) == 130


def test_tombstones_that_fall_off_the_feed_wait_on(buried: Trip) -> None:
    serve(buried, atom([entry(1000)]))
    assert waiting(buried) == {"withdrawn": 130}


def test_items_marked_canceled_wait_like_tombstones(trip: Trip) -> None:
    source = Source(publisher="daily-example", key="feed", url=f"http://{HOST}/items", kind="jsonfeed")
    trip.config = Config(wire=WIRE, publishers=(make_publisher("daily-example", sources=(source,)),))

    def items(status: str) -> Resource:
        said = [{"id": f"j{n}", "title": f"Item {n}", "_wire": {"status": status}} for n in range(25)]
        return Resource(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": said}).encode())

    for status, expected in (("usable", (0, {})), ("canceled", (5, {"withdrawn": 5})), ("usable", (0, {}))):
        trip.press.set_document(HOST, "/items", items(status))
        trip.now += HOUR
        (poll,) = trip()
        assert (poll.pending, waiting(trip)) == expected
    assert usable(trip) == 150 + 5


# What the publisher says next


MOVED = {"link": "http://elsewhere.example/{}"}


@pytest.fixture
def moved(press: Press, place: Place) -> Trip:
    """Ninety reports have another link: 50 were moved, 40 wait."""
    return _begin(press, place, changed(90, 150, **MOVED), 40)


def test_a_change_that_waits_is_asked_for_once(moved: Trip) -> None:
    before = moved.rows("SELECT * FROM pending_changes")
    poll = serve(moved, atom([*(entry(n, link=f"http://elsewhere.example/{n}") for n in range(90)), entry(1000)]))
    assert (poll.new, poll.revised, poll.unchanged, poll.pending) == (1, 0, 90, 0)
    assert moved.rows("SELECT * FROM pending_changes") == before


def test_a_change_that_the_publisher_takes_back_is_forgotten(moved: Trip) -> None:
    poll = serve(moved, changed(0, 150))
    assert (poll.revised, poll.pending) == (50, 0)
    assert moved.rows("SELECT count(*) FROM articles WHERE url LIKE '%elsewhere%'") == [(0,)]
    assert no_traces(moved)


def test_a_change_taken_back_under_a_later_date_is_forgotten_too(moved: Trip) -> None:
    serve(moved, changed(150, 150, updated=LATE))
    assert no_traces(moved)
    assert moved.rows("SELECT count(*) FROM articles WHERE url LIKE '%elsewhere%'") == [(0,)]


def test_the_newest_words_wait_in_the_place_of_those_before(moved: Trip) -> None:
    words = {"words": "<p>Report {} has moved, and says more.</p>"}
    poll = serve(moved, changed(90, 150, **MOVED, **words))
    assert (poll.revised, poll.pending) == (50, 0)
    assert moved.rows("SELECT DISTINCT since, received_at FROM pending_changes") == [
        ("2026-11-22T11:00:00Z", "2026-11-22T12:00:00Z")
    ]
    moved.now += DAY
    assert sum(accept(moved).values()) == 40
    newest = "FROM articles AS a JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision"
    assert moved.rows(f"SELECT count(*), max(r.seen_at) {newest} WHERE a.url LIKE '%elsewhere%'") == [
        (90, "2026-11-22T12:00:00Z")  # when the publisher said so
    ]
    assert moved.rows("SELECT max(at) FROM changes") == [("2026-11-23T12:00:00Z",)]  # when subscribers hear of it
    assert moved.rows("SELECT count(*) FROM bodies WHERE text LIKE '%says more.'") == [(90,)]


def test_a_later_date_does_not_bring_in_words_that_wait_or_were_refused(moved: Trip) -> None:
    serve(moved, changed(90, 150, **MOVED, updated=LATE))
    assert moved.rows("SELECT count(*) FROM articles WHERE url LIKE '%elsewhere%'") == [(50,)]
    refuse(moved)
    poll = serve(moved, changed(90, 150, **MOVED, updated="2026-11-22T09:30:00Z"), after=2 * DAY)
    assert (poll.revised, poll.pending) == (50, 0)
    assert moved.rows("SELECT count(*) FROM articles WHERE url LIKE '%elsewhere%'") == [(50,)]


def test_what_was_refused_is_not_asked_for_again(moved: Trip) -> None:
    assert refuse(moved) == {"moved": 40}
    poll = serve(moved, atom([*(entry(n, link=f"http://elsewhere.example/{n}") for n in range(90)), entry(1000)]))
    assert (poll.revised, poll.pending, poll.unchanged) == (0, 0, 90)
    assert moved.rows("SELECT count(*) FROM articles WHERE url LIKE '%elsewhere%'") == [(50,)]
    assert no_traces(moved)
    poll = serve(moved, changed(150, 150, link="http://third.example/{}"))
    assert poll.pending == 100


def test_a_withdrawal_of_a_report_whose_change_waits_counts_at_once(moved: Trip) -> None:
    parts = [entry(n, link=f"http://elsewhere.example/{n}") for n in range(80)]
    parts += [entry(n, title=f"WITHDRAWN: {n}", link=f"http://elsewhere.example/{n}") for n in range(80, 90)]
    serve(moved, atom(parts))
    assert (usable(moved), waiting(moved)) == (140, {"moved": 30})


def test_falling_off_the_feed_forgets_nothing(moved: Trip) -> None:
    serve(moved, atom([entry(1000)]))
    assert waiting(moved) == {"moved": 40}
    assert accept(moved) == {"moved": 40}
    assert moved.rows("SELECT count(*) FROM articles WHERE url LIKE '%elsewhere%'") == [(90,)]


def test_the_words_are_stored_as_they_came(trip: Trip) -> None:
    odd = "<p>Ünïcödé \u202e تصحيح &amp;amp; <b>{0}</b></p>\n\t {0}"
    serve(trip, changed(110, 150, words=odd))
    raw = "SELECT entry_hash, words_hash FROM pending_changes ORDER BY article_id"
    hashes = trip.rows(raw)
    accept(trip)
    held = "SELECT raw_hash, words_hash FROM revisions WHERE number = 2 ORDER BY article_id"
    assert trip.rows(held)[100:] == hashes
    with Store.read(trip.place) as store:
        (public_id,) = store.query("SELECT id FROM articles WHERE title LIKE '%105%' AND publisher LIKE 'd%'")[1]
        assert store.raw(str(public_id[0]))["content"][0]["value"] == odd.format(105)
        assert [row["change_kind"] for row in store.revisions(str(public_id[0]))] == ["new", "revised"]


def test_accepting_what_is_so_already_stores_nothing(moved: Trip) -> None:
    """Another feed of the publisher brought the same link meanwhile, and a person withdrew a report."""
    with look_into(moved.place) as connection:
        connection.execute(
            "UPDATE articles SET url = 'http://elsewhere.example/60' WHERE url = ?", (f"http://{HOST}/60",)
        )
    assert accept(moved) == {"moved": 40}
    assert moved.rows("SELECT count(*) FROM revisions WHERE number = 2") == [(89,)]


def test_two_feeds_of_a_publisher_say_the_same(trip: Trip) -> None:
    sources = tuple(Source(publisher="daily-example", key=key, url=f"http://{HOST}/{key}") for key in ("feed", "more"))
    trip.config = Config(wire=WIRE, publishers=(make_publisher("daily-example", sources=sources),))
    trip.press.set_document(HOST, "/more", changed(0, 150))
    trip()
    trip.press.set_document(HOST, "/more", changed(90, 150, **MOVED))
    serve(trip, changed(90, 150, **MOVED))
    assert waiting(trip) == {"moved": 40}
    assert trip.rows("SELECT count(*) FROM revisions WHERE number = 2") == [(50,)]
    trip.press.set_document(HOST, "/more", changed(0, 150))
    serve(trip, changed(0, 150))
    assert no_traces(trip)


def test_a_withdrawal_that_waited_is_a_version_with_a_line_though_a_person_withdrew_the_report(trip: Trip) -> None:
    serve(trip, changed(22, 150, title="WITHDRAWN: {}"))
    with Store.open(trip.place) as store:
        for waiting_now in store.pending():
            acts.withdraw(store, waiting_now["id"], Cause(actor=ME, reason="they wrote to us"), trip.now)
    assert accept(trip) == {"withdrawn": 2}
    without = """
        SELECT count(*) FROM revisions AS r
        WHERE NOT EXISTS (SELECT 1 FROM changes AS c WHERE c.article_id = r.article_id AND c.revision = r.number)
    """
    assert trip.rows(without) == [(0,)]


def test_one_feed_that_says_the_old_words_does_not_take_back_what_the_other_says(trip: Trip) -> None:
    sources = tuple(Source(publisher="daily-example", key=key, url=f"http://{HOST}/{key}") for key in ("feed", "more"))
    trip.config = Config(wire=WIRE, publishers=(make_publisher("daily-example", sources=sources),))
    trip.press.set_document(HOST, "/more", changed(0, 150))
    trip()
    serve(trip, changed(90, 150, **MOVED))
    trip.press.set_document(HOST, "/more", changed(150, 150, updated=LATE))
    trip.now += HOUR
    trip()
    assert waiting(trip) == {"moved": 40}
    assert accept(trip, "daily-example/more") == {}
    assert accept(trip, "daily-example") == {"moved": 40}


def test_a_later_date_under_old_words_does_not_undo_what_another_feed_brought(store: Store) -> None:
    sources = tuple(Source(publisher="daily-example", key=key, url=f"http://{HOST}/{key}") for key in ("feed", "more"))
    first, second = (make_publisher(sources=(source,)) for source in sources)
    sync(store, WIRE, [make_publisher(sources=sources)], NOW, date(2026, 11, 22))
    old, new = make_entry(1, updated=EARLY), make_entry(1, updated=EARLY, title=Text("Le pont 1 reste fermé"))
    record(store, first, old)
    record(store, second, old)
    assert record(store, first, new, now=NOW + HOUR).revised == 1
    assert record(store, second, replace(old, updated=LATE), now=NOW + 2 * HOUR).revised == 0
    assert latest(store) == ["Le pont 1 reste fermé"]
    assert record(store, first, replace(new, updated=LATE), now=NOW + 3 * HOUR).revised == 0  # that date is known
    assert record(store, first, replace(new, updated="2026-11-22T09:30:00Z"), now=NOW + 4 * HOUR).revised == 1
    assert rows(store, "SELECT change_kind FROM changes ORDER BY seq") == [("new",), ("revised",), ("resent",)]


# A person's silence, and what happens beside


def test_a_persons_silence_loses_nothing(moved: Trip) -> None:
    moved.now += 400 * DAY
    moved()
    assert waiting(moved) == {"moved": 40}
    assert accept(moved) == {"moved": 40}


def test_some_kinds_can_be_accepted_and_others_refused(trip: Trip) -> None:
    parts = [stone(n) for n in range(30)] + [entry(n, link=f"http://elsewhere.example/{n}") for n in range(30, 90)]
    serve(trip, atom(parts))
    assert accept(trip, "daily-example", "withdrawn") == {"withdrawn": 10}
    assert refuse(trip, "daily-example", "moved") == {"moved": 10}
    assert (usable(trip), waiting(trip)) == (120, {})


def test_a_source_that_is_not_configured_any_more_is_refused_only(moved: Trip) -> None:
    trip = moved
    trip.config = Config(wire=WIRE, publishers=trip.config.publishers[1:])
    trip()
    assert health(trip)[0]["source_name"] == "daily-example/feed"
    with pytest.raises(DeskError, match="daily-example/feed: this source is not in config/ any more"):
        accept(trip)
    assert refuse(trip) == {"moved": 40}


@pytest.mark.stores("sqlite")
def test_a_crash_between_two_transactions_loses_and_doubles_nothing(buried: Trip) -> None:
    (victim,) = buried.rows("SELECT max(article_id) FROM pending_changes")[0]
    with look_into(buried.place) as connection:
        connection.execute(
            f"CREATE TRIGGER full BEFORE INSERT ON acts WHEN new.article_id = {victim} AND new.act = 'withdraw'"
            " BEGIN SELECT RAISE(ABORT, 'the machine stops here'); END"
        )
    with pytest.raises(sqlite3.IntegrityError, match="stops here"):
        accept(buried)
    assert (usable(buried), waiting(buried)) == (30, {"withdrawn": 30})  # of 130 the first hundred are done
    with look_into(buried.place) as connection:
        connection.execute("DROP TRIGGER full")
    assert accept(buried) == {"withdrawn": 30}
    assert usable(buried) == 0
    assert buried.rows("SELECT count(*), count(DISTINCT article_id) FROM acts WHERE act = 'withdraw'") == [(150, 150)]
    assert buried.rows("SELECT most_changed FROM sources WHERE publisher = 'daily-example'") == [
        ('{"withdrawn": 150}',)
    ]
    assert no_traces(buried)


@pytest.mark.stores("sqlite")
def test_a_crash_in_the_poll_leaves_nothing_of_it(store: Store, publisher: Publisher) -> None:
    entries = [make_entry(n) for n in range(60)]
    record(store, publisher, *entries)
    other = [replace(each, links=(Link(f"http://elsewhere.example/{n}"),)) for n, each in enumerate(entries)]
    with file_of(store) as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON polls BEGIN SELECT RAISE(ABORT, 'the machine stops here'); END"
        )
    with pytest.raises(sqlite3.IntegrityError, match="stops here"):
        record(store, publisher, *other, now=NOW + HOUR)
    assert rows(store, "SELECT count(*) FROM pending_changes") == [(0,)]
    assert rows(store, "SELECT count(*) FROM revisions") == [(60,)]
    with file_of(store) as connection:
        connection.execute("DROP TRIGGER full")
    poll = record(store, publisher, *other, now=NOW + HOUR)
    assert (poll.revised, poll.pending) == (50, 10)


# The desk's other acts; a small bound, by what was accepted of nobody


def waiting_ids(store: Store) -> list[str]:
    return [row["id"] for row in store.pending()]


def test_a_purged_report_has_nothing_that_waits(store: Store, publisher: Publisher) -> None:
    move_sixty(store, publisher)
    gone = waiting_ids(store)[0]
    purge(store, chosen(store, [gone], None, None), Cause(actor=ME, reason="asked for"), NOW + DAY)
    assert gone not in waiting_ids(store)
    assert len(waiting_ids(store)) == 9


def move_sixty(store: Store, publisher: Publisher) -> None:
    entries = [make_entry(n) for n in range(60)]
    record(store, publisher, *entries)
    other = [replace(each, links=(Link(f"http://elsewhere.example/{n}"),)) for n, each in enumerate(entries)]
    assert record(store, publisher, *other, now=NOW + HOUR).pending == 10


def test_of_a_report_out_of_the_wire_no_words_are_shown(store: Store, publisher: Publisher) -> None:
    move_sixty(store, publisher)
    held = waiting_ids(store)[0]
    acts.withhold(store, held, Cause(actor=ME, reason="a complaint"), NOW + DAY)
    shown = {row["id"]: row for row in store.pending()}
    assert [shown[held][name] for name in ("title", "url", "new_title", "new_url", "new_text")] == [None] * 5
    assert all(row["new_url"] and row["new_text"] for public_id, row in shown.items() if public_id != held)


def test_what_waits_follows_its_entry_when_a_merge_is_undone(store: Store, publisher: Publisher) -> None:
    entries = [make_entry(n) for n in range(60)]
    record(store, publisher, *entries)
    rekeyed = replace(entries[59], id="another-guid")
    record(store, publisher, *entries[:59], rekeyed, now=NOW + HOUR)
    other = [replace(each, links=(Link(f"http://elsewhere.example/{n}"),)) for n, each in enumerate(entries[:59])]
    moved = replace(rekeyed, links=(Link("http://elsewhere.example/59"),))
    assert record(store, publisher, *other, moved, now=NOW + 2 * HOUR).pending == 10
    (merge,) = [row["merge_id"] for row in store.merges()]
    new = split(store, merge, NOW + 3 * HOUR)
    assert new in waiting_ids(store)
    pending.accept(store, [publisher], publisher.key, pending.KINDS, ME, NOW + DAY)
    (report,) = [report for report in store.latest(Selection(limit=100)) if report.id == new]
    assert report.url == "http://elsewhere.example/59"


LENT = replace(AGREEMENT, storage="transient", retention_days=30)


def secrets(store: Store, sql: str) -> int:
    """How many of these raw words have one of the words that are to be let go of."""
    return sum("Secret" in words for (words,) in store.query(sql)[1])


def test_words_that_are_lent_are_let_go_while_they_wait(place: Place) -> None:
    publisher = make_publisher(rights=LENT)
    with Store.open(place) as store:
        sync(store, WIRE, [publisher], NOW, date(2026, 11, 22))
        entries = [make_entry(n) for n in range(110)]
        record(store, publisher, *entries)
        other = [replace(each, content=(Text(f"<p>Secret {n}.</p>"),)) for n, each in enumerate(entries)]
        assert record(store, publisher, *other, now=NOW + HOUR).pending == 10
        kept = "SELECT raw_words(raw, dictionary_id) FROM pending_changes"
        keep_house(store, NOW + 29 * DAY)
        assert secrets(store, kept) == 10
        keep_house(store, NOW + 31 * DAY)
        assert secrets(store, kept) == 0
        assert pending.accept(store, [publisher], publisher.key, pending.KINDS, ME, NOW + 32 * DAY).total() == 10
        hidden = "SELECT raw_words(raw, dictionary_id) FROM revisions WHERE number = 2"
        assert secrets(store, hidden) == 0
        assert rows(store, "SELECT count(*) FROM revisions WHERE number = 2") == [(110,)]


def test_of_a_publisher_that_lets_us_keep_no_words_none_are_kept(place: Place) -> None:
    publisher = make_publisher(rights=replace(AGREEMENT, storage="metadata_only", text_scope="headline_only"))
    with Store.open(place) as store:
        sync(store, WIRE, [publisher], NOW, date(2026, 11, 22))
        entries = [make_entry(n) for n in range(60)]
        record(store, publisher, *entries)
        other = [replace(each, content=(Text(f"<p>Secret {n}.</p>"),)) for n, each in enumerate(entries)]
        assert record(store, publisher, *other, now=NOW + HOUR).pending == 0  # that no words are held is no sameness
        other = [replace(each, links=(Link(f"http://elsewhere.example/{n}"),)) for n, each in enumerate(other)]
        assert record(store, publisher, *other, now=NOW + 2 * HOUR).pending == 10
        kept = "SELECT raw_words(raw, dictionary_id) FROM pending_changes"
        assert secrets(store, kept) == 0
        pending.accept(store, [publisher], publisher.key, pending.KINDS, ME, NOW + DAY)
        assert record(store, publisher, *other, now=NOW + 2 * DAY).unchanged == 60


texts = st.builds(Text, st.text(), st.sampled_from(["text/plain", "text/html"]))
maybe = st.none() | st.text(min_size=1)


@settings(deadline=None, max_examples=examples(60))
@given(
    st.builds(
        Entry,
        id=maybe,
        title=st.none() | texts,
        summary=st.none() | texts,
        content=st.lists(texts, max_size=2).map(tuple),
        links=st.lists(st.builds(Link, st.text()), max_size=2).map(tuple),
        authors=st.lists(st.builds(Person, maybe, maybe, maybe), max_size=2).map(tuple),
        categories=st.lists(st.builds(Category, st.text()), max_size=2).map(tuple),
        published=maybe,
        updated=maybe,
        rights=maybe,
        language=maybe,
    )
)
def test_an_entry_is_read_back_from_its_raw_words(said: Entry) -> None:
    assert raw_words.decode(raw_words.encode(said)) == said
    assert raw_words.encode(raw_words.decode(raw_words.encode(said))) == raw_words.encode(said)


# Old databases


def test_an_old_database_knows_what_its_sources_did(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    database = Database(path)
    migrations.apply(database, stop_before="0008_pending_changes")
    database.conn.executescript(
        """
        INSERT INTO publishers
          VALUES ('p', 'P', '', 'ML', 'newspaper', 'news_organization', '[]', 'http://p', NULL, '{}', 1);
        INSERT INTO terms (publisher, class, credit, disclaimer, text_scope, complaints_url)
          VALUES ('p', 'news', 'P', 'D', 'excerpt', 'http://w');
        INSERT INTO sources (id, publisher, key, url, kind, class, enabled, next_at, next_reason)
          VALUES (1, 'p', 'busy', 'u1', 'feed', 'news', 1, '2026', 'first'),
            (2, 'p', 'calm', 'u2', 'feed', 'news', 1, '2026', 'first');
        INSERT INTO polls (source, started, seconds, outcome, bytes, entries, new, revised, unchanged, next_at,
          next_reason)
          VALUES (1, '2026', 1, 'ok', 1, 1, 0, 30, 0, '2026', 'x'), (1, '2027', 1, 'ok', 1, 1, 0, 340, 0, '2026', 'x'),
            (2, '2026', 1, 'ok', 1, 1, 9, 0, 0, '2026', 'x');
        INSERT INTO articles (id, public_id, publisher, source, country, class, title, listed_at, first_seen, revision,
          status, backfill, notice)
          VALUES (1, 'a', 'p', 1, 'ML', 'news', '', '2026-11-01T00:00:00Z', '2026', 1, 'usable', 1, NULL),
            (2, 'b', 'p', 1, 'ML', 'news', '', '2026-11-01T01:00:00Z', '2026', 1, 'usable', 0, NULL),
            (3, 'c', 'p', 1, 'ML', 'news', '', '2026-11-01T02:00:00Z', '2026', 1, 'canceled', 1, 'removed');
        INSERT INTO daily VALUES ('p', '2026-11-01', 2);
        """
    )
    database.close()
    with Store.open(path) as store:
        assert rows(store, "SELECT source_key, most_changed FROM sources ORDER BY source_key") == [
            ("busy", '{"revised":340}'), ("calm", None),
        ]  # fmt: skip
        assert rows(store, "SELECT * FROM daily") == [("p", "2026-11-01", 2, 1)]
        assert store.pending() == []


# New reports


def latest(store: Store, publisher: str | None = None) -> list[str]:
    chosen = Selection(publishers=(publisher,) if publisher else (), limit=100_000)
    return [report.title for report in store.latest(chosen)]


def dated(number: int, **fields: object) -> Entry:
    """An entry of so many seconds after eight o'clock of the day before."""
    at = (NOW - timedelta(hours=26)) + timedelta(seconds=number)
    return make_entry(number, published=at.isoformat(), **fields)


def test_of_many_new_reports_the_newest_stand_in_latest_and_all_in_the_wire(store: Store, publisher: Publisher) -> None:
    entries = [dated(n * 7 % 450) for n in range(450)]  # in no order
    poll = record(store, publisher, *entries)
    assert (poll.new, poll.over_limit) == (450, 250)
    assert latest(store) == [f"Le pont numéro {n} rouvre" for n in range(449, 249, -1)]
    assert rows(store, "SELECT count(*), sum(backfill) FROM wire") == [(450, 250)]
    assert rows(store, "SELECT new, over_limit FROM polls") == [(450, 250)]
    assert rows(store, "SELECT sum(articles), sum(backfill) FROM daily") == [(450, 250)]
    assert len(store.search(parse("pont"), Selection(limit=1000))) == 450


def test_a_bound_that_is_reached_and_not_passed_keeps_nothing_out(store: Store, publisher: Publisher) -> None:
    assert record(store, publisher, *(dated(n) for n in range(200))).over_limit == 0
    assert len(latest(store)) == 200
    assert rows(store, "SELECT over_limit, over_limit_at FROM sources") == [(0, None)]


def test_of_reports_without_a_date_the_first_of_the_document_are_the_newest(store: Store, publisher: Publisher) -> None:
    poll = record(store, publisher, *(make_entry(n, published=None) for n in range(230)))
    assert poll.over_limit == 30
    assert set(latest(store)) == {f"Le pont numéro {n} rouvre" for n in range(200)}


def test_every_day_of_a_publisher_has_room_for_so_many_and_other_publishers_theirs(
    place: Place, publisher: Publisher
) -> None:
    herald = make_publisher("herald")
    with Store.open(place) as store:
        sync(store, WIRE, [publisher, herald], NOW, date(2026, 11, 22))
        over_limit = []
        for number in range(4):
            now = NOW + number * HOUR
            entries = [make_entry(1000 * number + n, published=now.isoformat()) for n in range(200)]
            over_limit.append(record(store, publisher, *entries, now=now).over_limit)
        assert over_limit == [0, 0, 100, 200]
        assert record(store, herald, make_entry(1), now=NOW + 5 * HOUR).over_limit == 0
        assert (len(latest(store, "daily-example")), len(latest(store, "herald"))) == (500, 1)
        tomorrow = NOW + DAY
        entries = [make_entry(9000 + n, published=tomorrow.isoformat()) for n in range(200)]
        assert record(store, publisher, *entries, now=tomorrow).over_limit == 0


def test_what_is_kept_out_leaves_the_room_of_its_day_to_others(store: Store, publisher: Publisher) -> None:
    assert record(store, publisher, *(make_entry(n, published=None) for n in range(900))).over_limit == 700
    assert record(store, publisher, *(make_entry(n, published=None) for n in range(900, 1000))).over_limit == 0
    assert rows(store, "SELECT articles, backfill FROM daily") == [(1000, 700)]
    gone = [str(row[0]) for row in rows(store, "SELECT id FROM articles ORDER BY backfill DESC, article_id LIMIT 3")]
    purge(store, chosen(store, gone, None, None), Cause(actor=ME, reason="asked for"), NOW)
    assert rows(store, "SELECT articles, backfill FROM daily") == [(997, 697)]


def test_an_archive_saved_anew_takes_no_room(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry(1))
    old = [make_entry(100 + n, published="2020-01-01T00:00:00Z") for n in range(300)]
    new = [make_entry(1000 + n, published=(NOW + HOUR).isoformat()) for n in range(200)]
    poll = record(store, publisher, *old, *new, now=NOW + HOUR)
    assert (poll.over_limit, len(latest(store))) == (0, 201)
    assert rows(store, "SELECT sum(backfill) FROM articles") == [(300,)]


def test_what_a_first_poll_finds_of_months_ago_floods_nothing(store: Store, publisher: Publisher) -> None:
    old = [make_entry(n, published="2026-09-01T08:00:00Z") for n in range(300)]
    new = [make_entry(1000 + n, published="2026-11-01T08:00:00Z") for n in range(203)]
    assert record(store, publisher, *old, *new).over_limit == 3
    assert len(latest(store)) == 500


def test_the_settings_of_the_wire_set_the_bounds(trip: Trip) -> None:
    wire = replace(WIRE, poll=replace(WIRE.poll, most_new_per_poll=10, most_new_per_day=12))
    trip.config = Config(wire=wire, publishers=trip.config.publishers)
    at = "2026-11-23T00:00:00Z"
    poll = serve(trip, atom(entry(n).replace(EARLY, at) for n in range(500, 520)), after=14 * HOUR)
    assert (poll.new, poll.over_limit) == (20, 10)
    poll = serve(trip, atom(entry(n).replace(EARLY, at) for n in range(520, 525)), after=HOUR)
    assert (poll.new, poll.over_limit) == (5, 3)
    found = at_the_front(["2026-11-22T00:00:00Z"] * 3, {"2026-11-22": 1}, PollSettings(most_new_per_day=2), NOW)
    assert (found.over_limit, found.lesson) == ({1, 2}, {0, 1, 2})


def test_older_pages_count_as_the_poll_that_reads_them(press: Press, place: Place) -> None:
    source = Source(publisher="daily-example", key="feed", url=f"http://{HOST}/0", kind="jsonfeed")

    def page(number: int, size: int = 30) -> Resource:
        items = [{"id": f"{number}-{n}", "title": f"Flood {number} {n}", "content_text": "Words"} for n in range(size)]
        said = {"version": "https://jsonfeed.org/version/1.1", "items": items}
        return Resource(json.dumps(said | {"next_url": f"http://{HOST}/{number + 1}"}).encode())

    press.set_document(HOST, "/0", page(999, 1))
    press.set_document(OTHER, "/feed", changed(0, 3, OTHER))
    publishers = [make_publisher("daily-example", sources=(source,)), make_publisher("herald")]
    trip = Trip(press, place, publishers)
    trip()
    for number in range(20):
        press.set_document(HOST, f"/{number}", page(number))
    press.set_document(OTHER, "/feed", changed(0, 5, OTHER))
    trip.now += HOUR
    flood, herald = sorted(trip(), key=lambda poll: poll.source.name)
    assert (flood.pages, flood.new, flood.over_limit) == (10, 330, 130)
    assert (herald.new, herald.over_limit) == (2, 0)
    with Store.read(trip.place) as store:
        assert len(latest(store, "daily-example")) == 201
        assert latest(store, "herald")
        assert store.health()[0]["problem"] == (
            "too much at once: 130 new reports up to 2026-11-22T11:00 are kept out of latest"
        )
    trip.now += 8 * DAY
    trip()
    trip.now += timedelta(minutes=15)  # a clock that is far ahead is believed at the second look
    trip()
    assert trip.rows("SELECT over_limit, over_limit_at FROM sources WHERE publisher = 'daily-example'") == [(0, None)]


# What people see


def test_the_log_says_what_waits(trip: Trip, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="aggregator.poll"):
        serve(trip, atom(stone(n) for n in range(150)))
    (line,) = [line for line in caplog.messages if "source=daily-example/feed" in line]
    assert " pending=130 " in line
    assert "over_limit" not in line


def test_health_says_it_first_and_what_to_do(buried: Trip) -> None:
    buried.press.misbehave(OTHER, "/feed", "status", status=500)
    buried.now += HOUR
    buried()
    first, second = health(buried)
    assert (first["source_name"], first["pending"]) == ("daily-example/feed", 130)
    assert first["problem"] == (
        "130 changes of reports wait for a person since 2026-11-22T11:00, because one poll changed too many:"
        " 130 withdrawn"
    )
    assert "aggregator pending accept daily-example/feed" in first["advice"]
    assert "aggregator pending refuse daily-example/feed" in first["advice"]
    assert str(second["problem"]).startswith("failing")
    refuse(buried)
    assert [row["pending"] for row in health(buried)] == [0, 0]
