"""One of each: when a publisher's keys drift, and when they cannot be trusted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from aggregator.desk.terms import sync
from aggregator.model import Entry, Link, Publisher, Selection, Text
from aggregator.store import Store
from aggregator.text.query import parse
from tests.conftest import NOW, WIRE, make_entry, make_publisher, record
from tests.store.test_store import rows

HOUR = timedelta(hours=1)
OTHER_WORDS: dict[str, object] = {
    "title": Text("Le marché au poisson déménage", "text/plain"),
    "summary": None,
    "content": (Text("<p>Les vendeuses de poisson quittent le quai pour la halle neuve dès mercredi matin.</p>"),),
}


def articles(store: Store) -> int:
    return int(str(rows(store, "SELECT count(*) FROM articles")[0][0]))


@pytest.mark.parametrize(
    "drift",
    [
        {"id": "a-new-guid"},
        {"id": "a-new-guid", "links": (Link("https://www.daily.example/1/?utm_source=rss"),)},
        {"id": "a-new-guid", "links": (Link("http://m.daily.example/1"),)},
        {"id": "a-new-guid", "links": (Link("http://daily.example/amp/1"),)},
        {"id": None},
        {"links": (Link("http://daily.example/le-pont-rouvre-mardi"),)},
        {"id": "a-new-guid", "links": (Link("http://daily.example/new-cms/77"),)},
    ],
)
def test_an_entry_whose_keys_drift_stays_one_article(
    store: Store, publisher: Publisher, drift: dict[str, object]
) -> None:
    record(store, publisher, make_entry())
    poll = record(store, publisher, make_entry(1, **drift), now=NOW + HOUR)
    assert (poll.new, articles(store)) == (0, 1)
    again = record(store, publisher, make_entry(1, **drift), now=NOW + 2 * HOUR)
    assert (again.new, again.unchanged) == (0, 1)


def test_a_guid_that_changed_host_or_scheme_is_the_same(store: Store, publisher: Publisher) -> None:
    first = make_entry(id="http://old.example/?p=17", links=(Link("http://old.example/2026/pont"),))
    moved = make_entry(id="https://new.example/?p=17", links=(Link("https://new.example/actualites/pont"),))
    record(store, publisher, first)
    record(store, publisher, moved, now=NOW + HOUR)
    assert articles(store) == 1
    assert rows(store, "SELECT matched_by FROM merges") == [("alt",)]


@pytest.mark.parametrize(
    "entry",
    [
        make_entry(2, id="other", links=(Link("http://daily.example/1"),), **OTHER_WORDS),  # one address for all
        make_entry(1, links=(Link("http://daily.example/2"),), **OTHER_WORDS),  # one guid for all
        make_entry(1, **OTHER_WORDS, id="other"),
    ],
)
def test_two_reports_that_share_a_key_stay_two_however_often_they_come(
    store: Store, publisher: Publisher, entry: Entry
) -> None:
    record(store, publisher, make_entry())
    for hours in (1, 2, 3):
        record(store, publisher, entry, now=NOW + hours * HOUR)
        record(store, publisher, make_entry(), now=NOW + hours * HOUR + HOUR / 2)
        assert articles(store) == 2
    assert rows(store, "SELECT count(*) FROM revisions") == [(2,)]


def test_never_across_publishers(store: Store, publisher: Publisher) -> None:
    other = make_publisher("other-example")
    sync(store, WIRE, [publisher, other], NOW, NOW.date())
    record(store, publisher, make_entry())
    record(store, other, make_entry())
    assert articles(store) == 2
    assert rows(store, "SELECT count(*) FROM merges") == [(0,)]


def test_weeks_later_equal_words_are_another_report(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry())
    again = make_entry(id="other", links=(Link("http://daily.example/other"),))
    record(store, publisher, again, now=NOW + timedelta(days=30))
    assert articles(store) == 2


def test_ids_that_change_at_every_poll_are_recognised_and_no_longer_asked(store: Store, publisher: Publisher) -> None:
    for hour in range(4):
        document = [
            make_entry(n, id=f"{n}?t={hour}", title=Text(f"Report about subject number {n}", "text/plain"))
            for n in range(5)
        ]
        record(store, publisher, *document, now=NOW + hour * HOUR)
    assert articles(store) == 5
    ((id_trust, reason),) = rows(store, "SELECT id_trust, id_trust_reason FROM sources")
    assert (id_trust, str(reason).startswith("ids change from poll to poll")) == ("url", True)
    before = rows(store, "SELECT count(*) FROM merges")
    record(store, publisher, make_entry(0, id="0?t=9"), now=NOW + 9 * HOUR)
    assert rows(store, "SELECT count(*) FROM merges") == before


def test_one_guid_for_all_is_recognised(store: Store, publisher: Publisher) -> None:
    document = [make_entry(n, id="http://daily.example/") for n in range(4)]
    record(store, publisher, *document)
    assert articles(store) == 4
    assert rows(store, "SELECT id_trust, id_trust_reason FROM sources") == [
        ("url", "one id stands for several items: 4 in one document")
    ]


def test_an_archive_saved_anew_is_flagged_and_kept_out_of_the_front(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry(1))
    archive = [
        make_entry(n, title=Text(f"Archive {n}"), published="Tue, 03 Mar 2015 08:00:00 GMT") for n in range(100, 160)
    ]
    late = replace(make_entry(2), published="Sat, 21 Nov 2026 20:00:00 GMT")
    record(store, publisher, late, *archive, now=NOW + HOUR)
    assert rows(store, "SELECT backfill, count(*) FROM articles GROUP BY backfill") == [(0, 2), (1, 60)]
    assert len(store.latest(Selection(limit=100))) == 2
    assert len(store.search(parse("archive"), Selection(limit=100))) == 60
