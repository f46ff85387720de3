"""Sources of kind discover: searched once a week, proposed in health, and polled only where somebody let the wire."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from msgspec.structs import replace

from aggregator.demo import Press
from aggregator.desk.terms import sync
from aggregator.model import NextPoll, Publisher, Source
from aggregator.model.place import Place
from aggregator.pipeline.recording import record as record_polls
from aggregator.store import Store
from tests.cli.test_doors import publisher_file, site  # noqa: F401  (a fixture)
from tests.conftest import NOW, make_poll
from tests.pipeline.test_probing import alternate, page, whole
from tests.test_trip import HOST, Trip, feed

WEEK = timedelta(days=7)
SITE = f"http://{HOST}/"
DOOR = f"{SITE}whole.xml"


@pytest.fixture
def press() -> Iterator[Press]:
    with Press(now=NOW) as opened:
        opened.set_document(HOST, "/", page(alternate("/whole.xml")))
        opened.set_document(HOST, "/whole.xml", whole(1, 2))
        yield opened


@pytest.fixture
def trip(press: Press, place: Place, publisher: Publisher) -> Trip:
    source = Source(publisher=publisher.key, key="main", url=SITE, kind="discover")
    return Trip(press, place, [replace(publisher, sources=(source,))])


def accept(trip: Trip) -> None:
    wire = replace(trip.config.wire, poll=replace(trip.config.wire.poll, accept_discovered=True))
    trip.config = replace(trip.config, wire=wire)


def problem(trip: Trip) -> tuple[object, ...]:
    return trip.rows("SELECT problem, advice FROM health")[0]


def test_a_door_that_was_found_is_proposed_and_not_polled(trip: Trip) -> None:
    (poll,) = trip(due_only=True)
    assert (poll.outcome, poll.format, poll.entries, poll.new) == ("ok", "rss20", 2, 0)
    assert poll.next is not None
    assert poll.next.reason == "discover"
    assert WEEK <= poll.next.at - poll.started <= WEEK * 1.1
    assert trip.rows("SELECT url, source_kind, proposed, last_success FROM sources") == [(SITE, "discover", DOOR, None)]
    assert problem(trip) == (
        f"feed found, waits for you: {DOOR} (rss20, 2 entries)",
        f"aggregator probe --write daily-example {DOOR}",
    )
    assert trip.rows("SELECT count(*) FROM articles") == [(0,)]


def test_a_site_is_searched_once_a_week_at_most(trip: Trip) -> None:
    trip(due_only=True)
    trip.press.forget()
    for _ in range(6):
        trip.now += timedelta(days=1)
        assert trip(due_only=True) == []
    assert trip.press.requests == ()
    trip.now += timedelta(days=2)
    assert len(trip(due_only=True)) == 1


def test_a_site_that_is_searched_has_no_part_in_the_budget(trip: Trip) -> None:
    trip()
    with Store.open(trip.place) as store:
        assert store.rhythms() == []


def test_a_search_in_vain_says_so_and_leaves_what_was_found_before(trip: Trip) -> None:
    trip.press.set_document(HOST, "/", page())
    (poll,) = trip()
    assert (poll.outcome, poll.next and poll.next.reason) == ("failed", "discover")
    assert "no feed found; " in str(problem(trip)[0])
    assert problem(trip)[1] == f"aggregator probe --write daily-example {SITE}"
    trip.press.set_document(HOST, "/", page(alternate("/whole.xml")))
    trip()
    assert trip.rows("SELECT failures, last_error, proposed FROM sources") == [(0, None, DOOR)]
    trip.press.misbehave(HOST, "*", "status", status=500)
    trip()
    assert trip.rows("SELECT failures, proposed FROM sources") == [(1, DOOR)]


def test_robots_txt_binds_a_search(trip: Trip) -> None:
    trip.press.set_document(HOST, "/robots.txt", b"User-agent: *\nDisallow: /\n")
    (poll,) = trip()
    assert poll.outcome == "failed"
    assert {seen.path for seen in trip.press.requests} == {"/robots.txt"}


def test_with_accept_discovered_what_was_found_is_polled_from_then_on(trip: Trip) -> None:
    accept(trip)
    (poll,) = trip(due_only=True)
    assert (poll.new, poll.proposal and poll.proposal.url) == (0, DOOR)
    trip.now += timedelta(minutes=10)
    (poll,) = trip(due_only=True)
    assert (poll.outcome, poll.new, poll.source.url) == ("ok", 2, DOOR)
    assert trip.rows("SELECT count(*) FROM articles WHERE backfill") == [(0,)]
    assert problem(trip) == (None, None)
    trip.now += timedelta(days=1)  # on another day the configuration is synced anew
    trip.press.set_document(HOST, "/whole.xml", whole(1, 2, 3))
    trip.press.forget()
    (poll,) = trip(due_only=True)
    assert (poll.new, poll.unchanged) == (1, 2)
    assert "/" not in {seen.path for seen in trip.press.requests}
    assert trip.rows("SELECT url, source_kind, old_url FROM sources") == [(SITE, "discover", None)]


def test_an_accepted_door_that_moves_leaves_the_sites_address(trip: Trip) -> None:
    accept(trip)
    trip(due_only=True)
    trip.press.set_document(HOST, "/new.xml", feed(1, 2))
    trip.press.misbehave(HOST, "/whole.xml", "redirect", status=301, location=f"{SITE}new.xml")
    for _ in range(3):
        trip.now += timedelta(days=8)
        (poll,) = trip()
        assert poll.outcome in ("ok", "not_modified")
    assert trip.rows("SELECT url, moved_to FROM sources") == [(SITE, None)]
    trip.press.misbehave(HOST, "/new.xml", "status", status=404)
    trip()
    assert problem(trip)[0] == "failing: the server answered 404"


def test_a_new_address_in_the_configuration_forgets_what_was_found(trip: Trip) -> None:
    trip()
    (publisher,) = trip.config.publishers
    source = replace(publisher.sources[0], url=f"{SITE}en/")
    trip.config = replace(trip.config, publishers=(replace(publisher, sources=(source,)),))
    with Store.open(trip.place) as store:
        sync(store, trip.config.wire, trip.config.publishers, trip.now, trip.now.date())
    assert trip.rows("SELECT url, proposed, proposed_as FROM sources") == [(f"{SITE}en/", None, None)]
    assert problem(trip)[0] == "no source yet; it is looked for at the next poll"


def test_a_site_that_could_not_be_reached_still_waits_for_its_search(trip: Trip) -> None:
    with Store.open(trip.place) as store:
        sync(store, trip.config.wire, trip.config.publishers, trip.now, trip.now.date())
        source = trip.config.publishers[0].sources[0]
        record_polls(store, [(make_poll(source, outcome="offline", next=NextPoll(at=NOW, reason="offline")), ())], NOW)
    assert trip.rows("SELECT search, failures FROM health") == [("waiting", 0)]
    assert problem(trip)[0] == "no source yet; it is looked for at the next poll"


def test_what_has_an_address_is_polled_before_sites_are_searched(trip: Trip) -> None:
    (publisher,) = trip.config.publishers
    sources = (*publisher.sources, Source(publisher=publisher.key, key="feed", url=DOOR))
    with Store.open(trip.place) as store:
        sync(store, trip.config.wire, [replace(publisher, sources=sources)], trip.now, trip.now.date())
        for now in (None, trip.now):
            assert [one.source.key for one in store.due(now)] == ["feed", "main"]
