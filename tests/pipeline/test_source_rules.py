"""Rules of a source over real HTTP: what is left out is counted and nothing of it lost; what is held stays."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace

from aggregator.demo import Press
from aggregator.desk.terms import sync
from aggregator.model import Poll, SourceRules
from aggregator.model.place import Place
from aggregator.store import Store
from tests.conftest import NOW, demo_sites, make_publisher
from tests.test_trip import HOST, Trip

HOUR = timedelta(hours=1)
_ITEM = """<item><guid>{0}</guid><title>{1}</title><link>http://daily-example.example/{0}</link>{3}
<description>{2}</description><category>{4}</category></item>"""
SPORT = SourceRules(exclude_words=("football",))


def item(guid: str, title: str, words: str = "Habari.", day: int | None = 21, category: str = "News") -> str:
    date = f"<pubDate>{day} Nov 2026 08:00:00 GMT</pubDate>" if day else ""
    return _ITEM.format(guid, title, words, date, category)


def feed(*items: str) -> bytes:
    return f"<rss version='2.0'><channel><title>Daily</title>{''.join(items)}</channel></rss>".encode()


BRIDGE, MATCH = item("bridge", "Le pont rouvre"), item("match", "Grand match", "Le FOOTBALL attire.")


@pytest.fixture
def trip(place: Place) -> Iterator[Trip]:
    with Press(demo_sites(), now=NOW) as press:
        yield Trip(press, place, [make_publisher()])


def by(trip: Trip, rules: SourceRules | None) -> None:
    """The configuration has these rules from now on."""
    (publisher,) = trip.config.publishers
    sources = tuple(replace(source, rules=rules) for source in publisher.sources)
    trip.config = replace(trip.config, publishers=(replace(publisher, sources=sources),))


def poll(trip: Trip, *items: str, rules: SourceRules | None = SPORT) -> Poll:
    if items:
        trip.press.set_document(HOST, "/feed", feed(*items))
    by(trip, rules)
    trip.now += HOUR
    (made,) = trip()
    return made


def titles(trip: Trip) -> Sequence[object]:
    return [title for (title,) in trip.rows("SELECT title FROM articles ORDER BY title")]


def test_what_a_rule_leaves_out_is_counted_under_its_name_once(trip: Trip) -> None:
    made = poll(trip, BRIDGE, MATCH)
    assert (made.new, made.drops, made.entries) == (1, {"exclude_words: football": 1}, 2)
    made = poll(trip, item("road", "La route"), BRIDGE, MATCH)
    assert (made.new, made.unchanged, made.drops, made.gap) == (1, 2, {}, None)
    made = poll(trip, item("match", "Grand match", "Le football, encore."), BRIDGE)  # it says something else now
    assert (made.new, made.unchanged, made.drops) == (0, 1, {"exclude_words: football": 1})
    assert titles(trip) == ["La route", "Le pont rouvre"]
    assert trip.rows("SELECT rule, count(*) FROM left_out") == [("exclude_words: football", 1)]


@pytest.mark.parametrize("changed", [None, SourceRules(exclude_words=("tennis",)), SourceRules(include_words=("le",))])
def test_what_was_left_out_comes_in_once_the_rule_has_changed(trip: Trip, changed: SourceRules | None) -> None:
    """Although its server would say 304, and its document is the same to the byte."""
    poll(trip, BRIDGE, MATCH)
    assert poll(trip).outcome == "not_modified"
    made = poll(trip, rules=changed)
    assert (made.outcome, made.new, made.gap) == ("ok", 1, None)
    assert titles(trip) == ["Grand match", "Le pont rouvre"]
    assert trip.rows("SELECT count(*) FROM left_out") == [(0,)]
    assert poll(trip, rules=changed).outcome == "not_modified"


def test_a_rule_takes_out_nothing_that_is_held_and_its_corrections_come_in(trip: Trip) -> None:
    poll(trip, BRIDGE, MATCH, rules=None)
    made = poll(trip, BRIDGE, item("match", "Grand match", "Le football attire 30 000 personnes."))
    assert (made.revised, made.drops) == (1, {})
    assert titles(trip) == ["Grand match", "Le pont rouvre"]
    assert trip.rows("SELECT count(*) FROM revisions") == [(3,)]


@pytest.mark.parametrize("day", [21, None])
def test_a_document_of_which_all_is_left_out_is_no_gap(trip: Trip, day: int | None) -> None:
    """What is held has fallen off, and what was left out shows that the document reaches back."""
    floods = SourceRules(include_words=("flood*",))
    numbers = [item(str(n), f"Report {n}", day=day) for n in range(12)]
    assert poll(trip, *numbers[8::-1], rules=floods).drops == {"include_words": 9}
    flood = item("f", "Floods in Kano", day=day)
    assert poll(trip, flood, *numbers[8:3:-1], rules=floods).new == 1
    made = poll(trip, *numbers[10:5:-1], flood, rules=floods)
    assert (made.new, made.gap, made.drops) == (0, None, {"include_words": 2})
    assert poll(trip, *numbers[11:6:-1], rules=floods).gap is None
    made = poll(trip, *(item(f"x{n}", f"Later {n}", day=day and 22) for n in range(5)), rules=floods)
    assert made.gap == "open"


def test_a_poll_that_began_by_other_rules_lets_the_next_read_the_whole_document(trip: Trip) -> None:
    """A person changes the rules while a poll is under way, which then remembers neither validators nor document."""
    trip.press.set_document(HOST, "/feed", feed(BRIDGE, MATCH))
    by(trip, SPORT)
    with Store.open(trip.place) as store:
        sync(store, trip.config.wire, trip.config.publishers, trip.now, trip.now.date())
        begun = store.due(None)
    by(trip, None)
    with Store.open(trip.place) as store:
        sync(store, trip.config.wire, trip.config.publishers, trip.now, trip.now.date())
        asyncio.run(trip.poll(store, begun))
    assert titles(trip) == ["Le pont rouvre"]
    assert poll(trip, rules=None).new == 1


def test_categories_are_a_rule_too(trip: Trip) -> None:
    rules = SourceRules(include_categories=("Politique",), exclude_categories=("Sport",))
    made = poll(
        trip, item("a", "A", category="POLITIQUE"), item("b", "B", category="sport"), item("c", "C"), rules=rules
    )
    assert titles(trip) == ["A"]
    assert made.drops == {"exclude_categories: Sport": 1, "include_categories": 1}
