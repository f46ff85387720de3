"""In which order ids, links, dates and words decide; and which distrusted sources are trusted again."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from aggregator.model import Document, Entry, Link, Publisher, Text
from aggregator.normalise import normalise
from aggregator.store import Store
from aggregator.store.sqlite.schema import m0015
from tests.conftest import NOW, make_entry, make_publisher, record
from tests.older_words import in_old_words
from tests.rows import every_row
from tests.store.test_store import rows

HOUR = timedelta(hours=1)
BRIDGE = "The bridge at Lumo is closed until further notice and a ferry carries all passengers over the river."
OTHER = "Growers in the south keep their beans in the sheds and the ships at the quay wait for a better price."


def said(headline: str, text: str, link: str | None, guid: str | None = None, **more: object) -> Entry:
    """An entry; `link`: a path of the publisher's."""
    links = (Link(f"http://daily.example{link}"),) if link is not None else ()
    values: dict[str, object] = {"published": None, **more}
    return make_entry(
        1, id=guid, title=Text(headline, "text/plain"), summary=Text(text), content=(), links=links, **values
    )


def listed(*entries: Entry) -> tuple[list[str], int]:
    """The headlines of the articles that one document makes, and how many entries were dropped as listed twice."""
    publisher = make_publisher()
    listing = normalise(Document(format="rss20", entries=entries), publisher.sources[0], publisher)
    return [article.title for article in listing.articles], listing.drops.get("duplicate_in_document", 0)


def articles(store: Store) -> int:
    return int(str(rows(store, "SELECT count(*) FROM articles")[0][0]))


def play(store: Store, publisher: Publisher, *documents: Sequence[Entry]) -> int:
    """Polls an hour apart, each document twice; returns how many articles are held."""
    for number, document in enumerate(documents):
        for again in (0, 1):
            record(store, publisher, *document, now=NOW + number * HOUR + again * HOUR / 2)
    return articles(store)


# One document


def test_of_two_listings_of_one_id_at_one_address_the_newest_stands() -> None:
    old = said("The council meets on Monday", BRIDGE, "/a", "g", updated="2026-11-21T08:00:00Z")
    new = replace(old, title=Text("The council meets on Tuesday", "text/plain"), updated="2026-11-21T10:00:00Z")
    for document in ((old, new), (new, old)):
        assert listed(*document) == (["The council meets on Tuesday"], 1)
    undated = replace(new, updated=None)
    assert listed(replace(old, updated=None), undated) == (["The council meets on Monday"], 1)


@every_row(
    ("one", "other", "kept"),
    [
        # one id
        (said("Ferry", BRIDGE, "/a", "g"), said("No way across", BRIDGE, "/a", "g"), 1),
        (said("Ferry", BRIDGE, "/a", "g"), said("Cocoa", OTHER, "/a", "g"), 1),
        (said("Ferry", BRIDGE, "/a", "g"), said("Ferry", BRIDGE, "/section/a", "g"), 1),
        (said("Ferry", BRIDGE, "/a", "g"), said("Cocoa", OTHER, "/b", "g"), 2),
        (said("In brief", BRIDGE, "/a", "g"), said("In brief", OTHER, "/b", "g"), 2),
        (said("In brief", BRIDGE, "/a#1", "g"), said("In brief", OTHER, "/a#2", "g"), 2),
        (said("Ferry", BRIDGE, "/", "g"), said("Cocoa", OTHER, "/", "g"), 2),
        (said("Ferry", BRIDGE, None, "g"), said("Ferry", BRIDGE + " It is free.", None, "g"), 1),
        (said("Ferry", BRIDGE, None, "g"), said("Cocoa", OTHER, None, "g"), 2),
        # ids of their own
        (said("Ferry", BRIDGE, "/a", "g"), said("Ferry", BRIDGE, "/a", "h"), 1),
        (said("Ferry", BRIDGE, "/a", "g"), said("Ferry", BRIDGE + " It is free.", "/a", "h"), 1),
        (said("In brief", BRIDGE, "/a", "g"), said("In brief", OTHER, "/a", "h"), 2),
        (said("Ferry", BRIDGE, "/a", "g"), said("Ferry", BRIDGE, "/b", "h"), 2),
        # none
        (said("Ferry", BRIDGE, "/a"), said("Ferry", BRIDGE, "/a"), 1),
        (said("Ferry", BRIDGE, "/a"), said("Ferry", f"<p>{BRIDGE}</p>", "/a"), 1),
        (said("In brief", BRIDGE, "/a"), said("In brief", OTHER, "/a"), 2),
        (said("In brief", BRIDGE, "/a#1"), said("In brief", OTHER, "/a#2"), 2),
        (said("News", BRIDGE, "/a", published="2026-11-21"), said("News", BRIDGE, "/a", published="2026-11-22"), 2),
    ],
)
def test_an_entry_is_dropped_only_where_it_is_listed_already(one: Entry, other: Entry, kept: int) -> None:
    for document in ((one, other), (other, one)):
        titles, dropped = listed(*document)
        assert (len(titles), dropped) == (kept, 2 - kept)


def test_the_longer_of_two_versions_with_guids_of_their_own_stands() -> None:
    short, long = said("Ferry", BRIDGE, "/a", "v1"), said("Ferry", BRIDGE + " It is free.", "/a", "v2")
    publisher = make_publisher()
    for document in ((short, long), (long, short)):
        (article,) = normalise(Document(format="rss20", entries=document), publisher.sources[0], publisher).articles
        assert article.text.endswith("It is free.")


def test_one_id_and_one_address_for_all_items_tell_none_apart() -> None:
    items = [said(f"Bulletin {n}", f"{BRIDGE} {n}", "/news", "g", published=f"2026-11-0{n}") for n in range(1, 5)]
    assert listed(*items) == ([f"Bulletin {n}" for n in range(1, 5)], 0)


# One document after the other


def test_a_link_is_as_good_as_an_id_where_there_is_none(store: Store, publisher: Publisher) -> None:
    assert play(store, publisher, [said("Ferry", BRIDGE, "/a")], [said("Cocoa", OTHER, "/a")]) == 1
    assert rows(store, "SELECT revision, title FROM articles") == [(2, "Cocoa")]
    assert rows(store, "SELECT count(*) FROM merges") == [(0,)]


@pytest.mark.parametrize("link", ["/", "/index.html", "/fr/"])
def test_a_front_page_is_no_reports_own(store: Store, publisher: Publisher, link: str) -> None:
    assert play(store, publisher, [said("Ferry", BRIDGE, link)], [said("Cocoa", OTHER, link)]) == 2


def test_one_id_at_one_address_is_one_report_whatever_it_says(store: Store, publisher: Publisher) -> None:
    for link in ("/a", "/"):
        before = articles(store)
        documents = [[said("Ferry", BRIDGE, link, link)], [said("Cocoa", OTHER, link, link)]]
        assert play(store, publisher, *documents) == before + 1


def test_a_link_at_which_two_stood_at_once_is_no_reports_own(store: Store, publisher: Publisher) -> None:
    two = [said("Ferry", BRIDGE, "/news"), said("Cocoa", OTHER, "/news")]
    third = said("Tram", "It was eleven minutes late and full to the doors and children ran beside it.", "/news")
    fourth = said("Final", "Nobody in the stadium at Kesh had seen the like of it for many years.", "/news")
    assert play(store, publisher, two, [third], [fourth], [two[0]], [two[1]], [third]) == 4
    assert rows(store, "SELECT max(revision) FROM articles") == [(1,)]


def test_a_link_that_another_listed_article_has_counts_more_than_an_id(store: Store, publisher: Publisher) -> None:
    """Ids by position, words on one pattern: each document has one conflict of ids alone, and is not yet distrusted."""

    def bulletin(number: int, place: int) -> Entry:
        date = f"2026-11-{number:02}T06:00:00Z"
        text = f"The river stands at {number} metres at the station of Kesh and falls slowly, the service says."
        return said(f"River bulletin number {number}", text, f"/river/{number}", f"item-{place}", published=date)

    documents = [[bulletin(n, place) for place, n in enumerate((first, first + 1))] for first in range(1, 7)]
    assert play(store, publisher, *documents) == 7
    assert rows(store, "SELECT max(revision) FROM articles") == [(1,)]
    titles = [title for (title,) in rows(store, "SELECT title FROM articles ORDER BY title")]
    assert titles == [f"River bulletin number {n}" for n in range(1, 8)]


def test_an_id_that_moves_once_is_edited_and_twice_is_used_again(store: Store, publisher: Publisher) -> None:
    def bulletin(day: int) -> Entry:
        text = f"The river stands at {day} metres at the station of Kesh and falls slowly, the service says."
        date = f"2026-11-{day:02}T06:00:00Z"
        return said(f"River bulletin number {day}", text, f"/river/{day}", "latest", published=date)

    assert play(store, publisher, [bulletin(1)], [bulletin(2)]) == 1
    record(store, publisher, bulletin(3), now=NOW + 9 * HOUR)
    record(store, publisher, bulletin(4), now=NOW + 10 * HOUR)
    assert rows(store, "SELECT title FROM articles ORDER BY article_id") == [
        (f"River bulletin number {n}",) for n in (2, 3, 4)
    ]


@pytest.mark.parametrize("slug", ["/ferry", "/2026/ferry?session=7", "/ferry-replaces-bridge"])
def test_an_address_that_follows_the_headline_makes_no_other_report(
    store: Store, publisher: Publisher, slug: str
) -> None:
    """Many at once, and again: the id is the same, and so is the date."""

    def edition(number: int) -> list[Entry]:
        return [
            said(f"Report {n} after {number} edits", f"{BRIDGE} {n} {number}", f"{slug}-{n}-{number}", f"g{n}",
                 published=f"2026-11-21T08:{n:02}:00Z")
            for n in range(5)
        ]  # fmt: skip

    assert play(store, publisher, edition(0), edition(1), edition(2)) == 5
    assert rows(store, "SELECT id_trust FROM sources") == [("id",)]


def test_a_new_edition_of_all_addresses_makes_no_other_reports(store: Store, publisher: Publisher) -> None:
    def site(folder: str) -> list[Entry]:
        return [said(f"Report {n}", f"{n} {BRIDGE}", f"/{folder}/{n}", f"g{n}") for n in range(5)]

    assert play(store, publisher, site("old"), site("new"), site("newest")) == 5


def test_fragments_of_one_page_are_reports_of_their_own(store: Store, publisher: Publisher) -> None:
    blocks = [
        said(f"Count in Kesh: {n} of 40 wards", f"The commission has counted {n} of 40 wards in Kesh.", f"/live#b{n}",
             f"http://daily.example/live#b{n}")
        for n in range(1, 5)
    ]  # fmt: skip
    assert play(store, publisher, *([block] for block in blocks)) == 4
    assert rows(store, "SELECT count(*) FROM merges") == [(0,)]


def test_fragments_that_count_versions_under_one_link_are_one_report(store: Store, publisher: Publisher) -> None:
    versions = [
        said(*words, "/news/c5y", f"http://daily.example/news/c5y#{n}")
        for n, words in enumerate((("Ferry", BRIDGE), ("Ferry at Lumo", BRIDGE), ("Cracks in piers", OTHER)))
    ]
    assert play(store, publisher, *([version] for version in versions)) == 1
    assert rows(store, "SELECT revision FROM articles") == [(3,)]


def test_advertising_and_editorial_at_one_address_stay_two(store: Store, publisher: Publisher) -> None:
    for guids in (("g", "h"), (None, None)):
        path = f"/{guids[0]}"
        paid, own = said("[Sponsor] Ferry", BRIDGE, path, guids[0]), said("Ferry", BRIDGE, path, guids[1])
        before = articles(store)
        assert play(store, publisher, [paid], [own], [paid]) == before + 2


@pytest.mark.parametrize(
    ("one", "other", "held"),
    [
        (("Power cut in Kesh", BRIDGE), ("Power cut in Senna", BRIDGE), 2),
        (("Power cut", f"In Kesh {BRIDGE}"), ("Power cut", f"In Senna {BRIDGE}"), 2),
        (("River bulletin number 7", BRIDGE), ("River bulletin number 8", BRIDGE), 2),
        (("Ferry replaces closed bride", BRIDGE), ("Ferry replaces closed bridge", BRIDGE), 1),
        (("Ferry replaces bridge", BRIDGE), ("Ferry replaces closed bridge", BRIDGE), 1),
        (("Ferry replaces closed bridge", ""), ("Ferry replaces closed bridge", ""), 2),
    ],
)
def test_words_alone_join_only_what_begins_alike(
    store: Store, publisher: Publisher, one: tuple[str, str], other: tuple[str, str], held: int
) -> None:
    date = "2026-11-22T09:00:00Z"
    first, second = said(*one, "/a", "g", published=date), said(*other, "/b", "h", published=date)
    assert play(store, publisher, [first], [second]) == held
    assert rows(store, "SELECT count(*) FROM merges") == [(2 - held,)]


def test_words_do_not_join_what_is_still_listed(store: Store, publisher: Publisher) -> None:
    """The one that is known changes its guid in the same document, and stands behind its twin."""
    date = "2026-11-22T09:00:00Z"
    known = said("Ferry replaces closed bridge", BRIDGE, "/a", "g", published=date)
    twin, rekeyed = replace(known, id="h", links=(Link("http://daily.example/b"),)), replace(known, id="g2")
    assert play(store, publisher, [known], [twin, rekeyed]) == 2
    assert rows(store, "SELECT a.url FROM merges AS m JOIN articles AS a ON a.article_id = m.article_id") == [
        ("http://daily.example/a",)
    ]


# What was decided before


def forgiven(store: Store) -> None:
    with closing(sqlite3.connect(store.path)) as connection, in_old_words(connection):
        for statement in m0015.TRUSTED_AGAIN:
            connection.execute(statement)
        connection.commit()


def test_a_source_with_one_id_for_all_is_distrusted_again_and_nothing_is_doubled(
    store: Store, publisher: Publisher
) -> None:
    def document(first: int) -> list[Entry]:
        return [said(f"Report {n}", f"{n} {BRIDGE}", f"/{n}", "same") for n in range(first, first + 4)]

    play(store, publisher, document(0), document(1))
    forgiven(store)
    assert rows(store, "SELECT id_trust, id_trust_reason, id_conflicts FROM sources") == [("id", None, 0)]
    assert play(store, publisher, document(1), document(2)) == 6
    assert rows(store, "SELECT id_trust FROM sources") == [("url",)]


def test_a_source_that_was_distrusted_for_two_boxes_keeps_one_article_a_story(
    store: Store, publisher: Publisher
) -> None:
    stories = [said(f"Report {n}", f"{n} {BRIDGE}", f"/{n}", f"g{n}") for n in range(4)]
    distrust = (
        "UPDATE sources SET id_trust = 'url', id_trust_reason = 'one id stands for several items: 18 in one document'"
    )
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute(distrust)
        connection.commit()
    play(store, publisher, stories)
    forgiven(store)
    rewritten = replace(stories[0], title=Text("Cocoa", "text/plain"), summary=Text(OTHER))
    assert play(store, publisher, [*stories[1:], rewritten, replace(stories[1], title=Text("Box"))]) == 4
    assert rows(store, "SELECT id_trust FROM sources") == [("id",)]


def test_distrust_with_another_cause_stays(store: Store) -> None:
    learnt = [
        ("url", "ids are used again for other items: 2 times"),
        ("url", "ids change from poll to poll: 3 of 3 changed entries in one document"),
    ]
    for id_trust, reason in learnt:
        with closing(sqlite3.connect(store.path)) as connection:
            connection.execute("UPDATE sources SET id_trust = ?, id_trust_reason = ?", (id_trust, reason))
            connection.commit()
        forgiven(store)
        assert rows(store, "SELECT id_trust, id_trust_reason FROM sources") == [(id_trust, reason)]


def test_a_source_with_a_comment_in_a_report_is_trusted_again(store: Store, publisher: Publisher) -> None:
    record(store, publisher, said("Poet dies", BRIDGE, "/poet#commentsContainer", "http://daily.example/poet"))
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute(
            "UPDATE sources SET id_trust = 'url', id_trust_reason = 'ids are used again', id_conflicts = 2"
        )
        merge(connection, "alt", "id:http://daily.example/poet#commentsContainer")
    forgiven(store)
    assert rows(store, "SELECT id_trust, id_trust_reason, id_conflicts FROM sources") == [("id", None, 0)]


def merge(connection: Any, matched_by: str, key: str) -> None:
    """A merge into the first article, as the rules before recorded it."""
    connection.execute(
        """
        INSERT INTO merges (article_id, publisher, source_id, article_key, matched_by, evidence, revision, at)
        SELECT article_id, publisher, source_id, ?, ?, 'headlines 60% alike', 1, '2026-11-22T11:00:00Z'
          FROM articles WHERE article_id = 1
        """,
        (key, matched_by),
    )
    connection.execute(
        "INSERT INTO article_keys (publisher, article_key, article_id)"
        " SELECT publisher, ?, article_id FROM articles WHERE article_id = 1"
        " ON CONFLICT (publisher, article_key) DO UPDATE SET article_id = excluded.article_id",
        (key,),
    )
    connection.commit()
