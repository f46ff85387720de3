"""The poller's manners and its memory, over real HTTP: hints, moves, validators, walls, gaps, our own network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, timedelta

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from aggregator.cli import aggregator
from aggregator.demo import Press, Resource
from aggregator.desk.housekeeping import maintain
from aggregator.model import Contact, Poll, Publisher, Rhythm, Source
from aggregator.model.place import Place
from aggregator.scheduling.rhythm import learn
from aggregator.store import Store
from aggregator.store.queries.habits import rhythm_text
from aggregator.text.dates import for_people, to_iso
from tests.cli.test_cli import make_config
from tests.conftest import NOW, demo_sites, look_into, make_publisher
from tests.test_trip import HOST, ITEM, Trip, feed

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FEED = f"http://{HOST}/feed"
LATE = 1.1


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(demo_sites(), now=NOW) as opened:
        yield opened


@pytest.fixture
def trip(press: Press, place: Place, publisher: Publisher) -> Trip:
    press.set_document(HOST, "/feed", feed(1, 2, 3))
    return Trip(press, place, [publisher])


def poll(trip: Trip, after: timedelta = timedelta(0)) -> Poll:
    trip.now += after
    (made,) = trip()
    return made


def wait(made: Poll) -> timedelta:
    assert made.next is not None
    return made.next.at - made.started


def reason(made: Poll) -> str:
    assert made.next is not None
    return made.next.reason


def headers(trip: Trip, **fields: str) -> None:
    """The document again, with these fields; they come with a 304 too."""
    named = tuple((name.replace("_", "-"), value) for name, value in fields.items())
    trip.press.set_document(HOST, "/feed", Resource(feed(1, 2, 3), headers=named))


class Desk:
    """The command, over the database of a trip."""

    def __init__(self, trip: Trip) -> None:
        config = make_config(trip.place.with_name("config"))
        self._options = ("--config", str(config), "--db", str(trip.place))

    def __call__(self, *arguments: str) -> Result:
        return CliRunner().invoke(aggregator, [*self._options, *arguments])


@pytest.fixture
def desk(trip: Trip) -> Desk:
    return Desk(trip)


# When to come back


@pytest.mark.parametrize(
    ("fields", "hours", "said"),
    [
        ({"Cache_Control": "max-age=7200"}, 2, "max_age"),
        ({"Cache_Control": "public, max-age=7200", "Age": "3600"}, 1, "max_age"),
        ({"Expires": "Sun, 22 Nov 2026 13:00:00 GMT", "Date": "Sun, 22 Nov 2026 10:00:00 GMT"}, 3, "max_age"),
        ({"Cache_Control": "max-age=0", "Expires": "Sun, 22 Nov 2037 13:00:00 GMT"}, None, None),
    ],
)
def test_max_age_and_expires_are_honoured_on_200_and_on_304(
    trip: Trip, fields: dict[str, str], hours: int | None, said: str | None
) -> None:
    headers(trip, **fields)
    for status in (200, 304):
        made = poll(trip)
        assert made.http_status == status
        if hours is None:
            assert reason(made) != "max_age"
        else:
            assert hours * HOUR <= wait(made) <= hours * HOUR * LATE
            assert reason(made) == said


def test_the_hints_of_a_document_are_honoured_on_200_and_on_304(trip: Trip) -> None:
    body = feed(1, 2).replace(b"<channel>", b"<channel><ttl>180</ttl>")
    trip.press.set_document(HOST, "/feed", body)
    for status in (200, 304):
        made = poll(trip)
        assert (made.http_status, reason(made)) == (status, "ttl")
        assert 3 * HOUR <= wait(made) <= 3 * HOUR * LATE


def test_skipped_hours_are_passed_over(trip: Trip) -> None:
    skipped = "".join(f"<hour>{hour}</hour>" for hour in range(10, 15))
    body = feed(1, 2).replace(b"<channel>", f"<channel><skipHours>{skipped}</skipHours>".encode())
    trip.press.set_document(HOST, "/feed", body)
    made = poll(trip)
    assert made.next is not None
    assert (made.next.at.hour, reason(made)) == (15, "skip_hours")


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("asked", [7200, NOW + 2 * HOUR])
def test_retry_after_is_obeyed(trip: Trip, status: int, asked: object) -> None:
    trip.press.misbehave(HOST, "/feed", "busy", status=status, retry_after=asked)
    made = poll(trip)
    assert (made.http_status, reason(made)) == (status, "retry_after")
    assert 2 * HOUR <= wait(made) <= 2 * HOUR * LATE


def test_what_a_source_published_decides_when_it_is_asked(trip: Trip) -> None:
    poll(trip)
    for number in range(4, 16):
        trip.press.set_document(HOST, "/feed", feed(number, number - 1))
        made = poll(trip, HOUR)
    assert reason(made) in ("learned_rate", "shortest", "gap")
    assert trip.rows("SELECT rhythm IS NOT NULL, last_new IS NOT NULL FROM sources") == [(1, 1)]
    assert trip.rows("SELECT next_reason FROM health") == [(reason(made),)]


# Moves


def moved(trip: Trip, status: int = 301) -> None:
    trip.press.set_document(HOST, "/new", feed(1, 2, 3))
    trip.press.misbehave(HOST, "/feed", "redirect", status=status, location=f"http://{HOST}/new")


def address(trip: Trip) -> tuple[object, ...]:
    return trip.rows("SELECT url, old_url, moved_to FROM sources")[0]


def test_the_stored_address_moves_after_a_week_and_the_old_one_is_kept(trip: Trip) -> None:
    moved(trip, 308)
    poll(trip)
    assert address(trip) == (FEED, None, f"http://{HOST}/new")
    poll(trip, 6 * DAY)
    assert address(trip)[0] == FEED
    poll(trip, 1 * DAY)
    assert address(trip) == (f"http://{HOST}/new", FEED, None)
    trip.press.forget()
    poll(trip, DAY)
    assert "/feed" not in [seen.path for seen in trip.press.requests]
    assert trip.rows("SELECT problem, advice FROM health") == [
        (f"moved for good from {FEED}", f'url = "http://{HOST}/new" in the file of daily-example')
    ]


def test_a_temporary_redirect_moves_nothing(trip: Trip) -> None:
    moved(trip, 302)
    poll(trip)
    poll(trip, 8 * DAY)
    assert address(trip) == (FEED, None, None)


def test_a_move_ends_when_the_configuration_says_the_new_address_or_another(trip: Trip) -> None:
    moved(trip)
    poll(trip)
    poll(trip, 8 * DAY)
    assert address(trip)[0] == f"http://{HOST}/new"
    (publisher,) = trip.config.publishers
    source = publisher.sources[0]
    for url in (f"http://{HOST}/new", f"http://{HOST}/other"):
        there = replace(publisher, sources=(replace(source, url=url),))
        trip.config = replace(trip.config, publishers=(there,))
        trip.press.set_document(HOST, "/other", feed(1, 2, 3))
        poll(trip, HOUR)
        assert address(trip) == (url, None, None)


@pytest.mark.parametrize("location", ["/", "/login?next=/feed"])
def test_a_redirect_to_the_front_page_or_a_login_is_a_failure(trip: Trip, location: str) -> None:
    poll(trip)
    page = Resource(b"<!DOCTYPE html><html><title>Welcome</title></html>", content_type="text/html")
    trip.press.set_document(HOST, location.partition("?")[0], page)
    trip.press.misbehave(HOST, "/feed", "redirect", status=301, location=f"http://{HOST}{location}")
    for _ in range(3):
        made = poll(trip, 4 * DAY)
        assert made.outcome == "failed"
        assert "redirected to" in (made.error or "")
    assert address(trip) == (FEED, None, None)


def test_410_pauses_until_a_person_resumes(trip: Trip, desk: Desk) -> None:
    poll(trip)
    trip.press.misbehave(HOST, "/feed", "status", status=410)
    poll(trip, HOUR)
    assert trip() == []
    assert trip.rows("SELECT problem, advice FROM health") == [
        ("paused: it said 410, gone for good, on 2026-11-22", "aggregator resume daily-example/feed")
    ]
    trip.press.behave(HOST, "/feed")
    assert desk("resume", "daily-example/nothing").exit_code == 2
    assert desk("resume", "daily-example/feed").exit_code == 0
    assert poll(trip).outcome in ("ok", "not_modified")
    assert desk("resume", "daily-example/feed").exit_code == 2


# Validators


def test_every_so_many_polls_is_unconditional(trip: Trip) -> None:
    wire = replace(trip.config.wire, poll=replace(trip.config.wire.poll, unconditional_every=4))
    trip.config = replace(trip.config, wire=wire)
    outcomes = [poll(trip, HOUR).outcome for _ in range(9)]
    again = ["not_modified"] * 3 + ["unchanged"]
    assert outcomes == ["ok", *again, *again]


def test_a_validator_that_lied_is_not_sent_again(trip: Trip) -> None:
    wire = replace(trip.config.wire, poll=replace(trip.config.wire.poll, unconditional_every=4))
    trip.config = replace(trip.config, wire=wire)
    poll(trip)
    # The server keeps its ETag, whatever it serves.
    trip.press.misbehave(HOST, "/feed", "lying_etag")
    later = ITEM.format(4).replace("Sat, 21 Nov 2026 08:00:00", "Sun, 22 Nov 2026 14:00:00")
    trip.press.set_document(HOST, "/feed", feed(1, 2, 3, extra=later))
    made = [poll(trip, 12 * HOUR) for _ in range(4)]
    assert [each.outcome for each in made] == ["not_modified"] * 3 + ["ok"]
    (ignored,) = trip.rows("SELECT validators_not_trusted FROM health")
    assert "said 304 until" in str(ignored[0])
    assert trip.rows("SELECT count(*) FROM articles WHERE backfill") == [(0,)]
    trip.press.forget()
    poll(trip, HOUR)
    (asked,) = [seen for seen in trip.press.requests if seen.path == "/feed"]
    assert "if-none-match" not in asked.headers


# Walls, and our own network


@pytest.mark.parametrize(("wall", "outcome"), [("challenge", "challenge"), ("html", "consent")])
def test_a_wall_has_an_outcome_of_its_own_and_says_whom_to_write_to(trip: Trip, wall: str, outcome: str) -> None:
    (publisher,) = trip.config.publishers
    known = replace(publisher, contact=Contact(technical="webmaster@daily.example"))
    trip.config = replace(trip.config, publishers=(known,))
    trip.press.misbehave(HOST, "/feed", wall)
    made = poll(trip)
    assert made.outcome == outcome
    assert "ask Daily Example to let this wire's reader through: webmaster@daily.example" in (made.error or "")
    assert trip.rows("SELECT failures FROM sources") == [(1,)]


def elsewhere(key: str, url: str) -> Publisher:
    made = make_publisher()
    return replace(made, key=key, sources=(Source(publisher=key, key="feed", url=url),))


def test_when_nobody_answers_the_fault_is_ours(trip: Trip) -> None:
    dead = [elsewhere(f"p{n}", f"http://p{n}.example/feed") for n in range(5)]
    trip.config = replace(trip.config, publishers=tuple(dead))
    trip.connect_to = lambda host: ("127.0.0.1", 1)  # nobody listens there
    made = trip()
    assert {each.outcome for each in made} == {"offline"}
    assert {reason(each) for each in made} == {"offline"}
    assert trip.rows("SELECT DISTINCT failures, last_error FROM sources") == [(0, None)]


def test_when_somebody_answers_the_fault_is_theirs(trip: Trip) -> None:
    def connect_to(host: str) -> tuple[str, int]:
        return trip.press.address if host == HOST else ("127.0.0.1", 1)

    dead = [elsewhere(f"p{n}", f"http://p{n}.example/feed") for n in range(5)]
    trip.config = replace(trip.config, publishers=(*trip.config.publishers, *dead))
    trip.connect_to = connect_to
    made = trip()
    assert sorted(each.outcome for each in made) == ["failed"] * 5 + ["ok"]


# Gaps


def test_documents_that_overlap_leave_no_gap(trip: Trip) -> None:
    assert poll(trip).overlap is None
    trip.press.set_document(HOST, "/feed", feed(4, 3, 2))
    made = poll(trip, HOUR)
    assert (made.overlap, made.gap) == (2, None)


def test_a_document_that_does_not_reach_back_is_a_gap(trip: Trip) -> None:
    poll(trip)
    trip.press.set_document(HOST, "/feed", feed(7, 8, 9))
    made = poll(trip, 20 * MINUTE)
    assert (made.overlap, made.gap, made.new) == (0, "open", 3)
    assert reason(made) in ("gap", "learned_rate", "shortest")  # whichever brings us back sooner
    assert wait(made) <= 10 * MINUTE * LATE
    assert trip.rows("SELECT gap, overlap FROM polls ORDER BY poll_id") == [(None, None), ("open", 0)]


WORDPRESS = b"<generator>https://wordpress.org/?v=6.7</generator>"


def page(*numbers: object, extra: str = "") -> bytes:
    return feed(*numbers, extra=extra).replace(b"<channel>", b"<channel>" + WORDPRESS)


def test_a_gap_is_closed_by_paging_back(trip: Trip) -> None:
    trip.press.set_document(HOST, "/feed", page(1, 2, 3))
    poll(trip)
    trip.press.set_document(HOST, "/feed", page(12, 11, 10))
    for number in (2, 3, 4):
        top = 9 - 3 * (number - 2)
        trip.press.set_document(HOST, f"/feed?paged={number}", page(top, top - 1, top - 2))
    made = poll(trip, HOUR)
    assert (made.gap, made.pages, made.new) == ("closed", 3, 9)
    assert trip.rows("SELECT count(*) FROM articles") == [(12,)]


def item(name: str, moment: str, link: str) -> str:
    return (
        f'<item><guid isPermaLink="false">{name}</guid><title>Habari {name}</title><link>http://{HOST}/{link}</link>'
        f"<pubDate>{moment} GMT</pubDate><description>Maneno ya {name}, na ya wengine.</description></item>"
    )


def test_an_older_page_is_kept_where_unchanged_entries_have_to_be_compared(trip: Trip) -> None:
    """The pinned report has moved, and another one without an id stands at its former address."""
    pinned = item("pinned", "Fri, 20 Nov 2026 08:00:00", "moved")
    before = item("b", "Sat, 21 Nov 2026 09:00:00", "b") + item("a", "Sat, 21 Nov 2026 08:00:00", "a")
    other = (
        f"<item><title>Le pont rouvre</title><link>http://{HOST}/pinned</link><description>Lundi.</description></item>"
    )
    newest = item("d", "Sun, 22 Nov 2026 09:30:00", "d") + other
    for last in (pinned.replace("/moved", "/pinned"), pinned):
        trip.press.set_document(HOST, "/feed", page(extra=before + last))
        poll(trip, HOUR)
    trip.press.set_document(HOST, "/feed", page(extra=pinned + newest))
    trip.press.set_document(HOST, "/feed?paged=2", page(extra=item("c", "Sat, 21 Nov 2026 10:00:00", "c") + before))
    made = poll(trip, HOUR)
    assert (made.gap, made.pages, made.new, made.unchanged) == ("closed", 1, 3, 3)
    held = [title for (title,) in trip.rows("SELECT title FROM articles ORDER BY title")]
    assert held == [*(f"Habari {name}" for name in ("a", "b", "c", "d", "pinned")), "Le pont rouvre"]


def test_paging_back_is_bounded(trip: Trip) -> None:
    trip.press.set_document(HOST, "/feed", page("a"))
    poll(trip)
    trip.press.set_document(HOST, "/feed", page("b"))
    for number in range(2, 40):
        trip.press.set_document(HOST, f"/feed?paged={number}", page(f"c{number}"))
    made = poll(trip, HOUR)
    assert (made.gap, made.pages) == ("open", 10)


def test_an_older_page_that_is_missing_leaves_the_gap_open(trip: Trip) -> None:
    trip.press.set_document(HOST, "/feed", page(1, 2))
    poll(trip)
    trip.press.set_document(HOST, "/feed", page(5, 6))
    trip.press.set_document(HOST, "/feed?paged=2", Resource(b"", status=404))
    made = poll(trip, HOUR)
    assert (made.outcome, made.gap, made.pages, made.new) == ("ok", "open", 0, 2)
    assert "an older page could not be read" in (made.error or "")


def test_robots_txt_keeps_us_from_older_pages(trip: Trip) -> None:
    trip.press.set_document(
        HOST, "/robots.txt", Resource(b"User-agent: *\nDisallow: /*?paged", content_type="text/plain")
    )
    trip.press.set_document(HOST, "/feed", page(1, 2))
    poll(trip)
    trip.press.set_document(HOST, "/feed?paged=2", page(3, 4))
    trip.press.set_document(HOST, "/feed", page(5, 6))
    made = poll(trip, 48 * HOUR)
    assert (made.gap, made.pages) == ("open", 0)


# What people see


def test_coverage_counts_polls_gaps_and_what_was_left_out(trip: Trip, desk: Desk) -> None:
    poll(trip)
    trip.press.set_document(HOST, "/feed", feed(7, 8, 9, extra="<item></item>"))
    poll(trip, HOUR)
    trip.press.misbehave(HOST, "/feed", "status", status=500)
    poll(trip, HOUR)
    (row,) = json.loads(desk("coverage", "--since", "2026-11-01", "--json").output)
    counts = {
        name: row[name]
        for name in (
            "publisher", "publisher_name", "polls", "well", "failed", "offline", "gaps", "gaps_closed", "left_out",
            "received",
        )
    }  # fmt: skip
    assert counts == {
        "publisher": "daily-example",
        "publisher_name": "Daily Example",
        "polls": 3,
        "well": 2,
        "failed": 1,
        "offline": 0,
        "gaps": 1,
        "gaps_closed": 0,
        "left_out": {"empty": 1},
        "received": 6,
    }
    assert "daily-example" in desk("coverage", "--since", "2026-11-01").output
    assert desk("coverage", "--since", "yesteryear").exit_code == 2


def test_health_ends_with_1_when_the_wire_is_silent(trip: Trip, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.cli.health.utc_now", lambda: trip.now)
    trip.config = replace(
        trip.config, publishers=tuple(elsewhere(f"p{n}", f"http://p{n}.example/feed") for n in range(5))
    )
    for n in range(5):
        trip.press.set_document(f"p{n}.example", "/feed", feed(n))
    trip()
    assert desk("health").exit_code == 0
    # Five sources of a report every two hours each, of which none has come for a day.
    then = trip.now - DAY
    taught = learn(Rhythm(), [then - n * 2 * HOUR for n in range(1, 200)], since=None, now=then, listed=20)
    with look_into(trip.place) as connection:
        connection.execute("UPDATE sources SET rhythm = ?, last_new = ?", (rhythm_text(taught), to_iso(then)))
    told = desk("health")
    assert told.exit_code == 1
    assert f"the wire is silent: nothing new since {for_people(then, UTC)}" in told.stderr


def test_a_source_that_is_silent_beyond_its_rhythm_is_told(trip: Trip) -> None:
    poll(trip)
    with look_into(trip.place) as connection:
        connection.execute(
            "UPDATE sources SET silent_after = '2026-01-02T00:00:00Z', last_new = '2026-01-01T00:00:00Z'"
        )
    with Store.open(trip.place) as store:
        maintain(store, trip.now)  # counts what the view says
    assert trip.rows("SELECT problem, advice FROM health") == [
        (
            "silent since 2026-01-01T00:00, longer than its rhythm allows",
            f"look at {FEED} and http://daily-example.example/",
        )
    ]
