"""Unchanged entries are only seen, not compared; that must make no difference to what is held."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import example, given
from msgspec.structs import replace

from aggregator.model import Document, Poll, Seen
from aggregator.normalise import normalise
from aggregator.pipeline.parsing import read
from aggregator.pipeline.recording import record
from aggregator.store import Store
from tests.conftest import NOW, make_articles, make_entry, make_poll, make_publisher
from tests.conftest import record as record_entries
from tests.identity.test_identity_properties import (
    DAILY,
    Item,
    Step,
    held,
    histories,
    new_store,
    play,
    rows,
    sequences,
    steps,
)


def play_with_digests(store: Store, polls: Sequence[Step]) -> list[Poll | None]:
    """As the pipeline does: each document is read with the digests of what its source listed last."""
    counted: list[Poll | None] = []
    for step in polls:
        (due,) = [due for due in store.due(None) if due.source.name == step.source.name]
        digests = store.load(step.source).digests if due.id_trust == "id" else {}
        reading = read(step.served, step.source, DAILY, digests)
        # However it is read, what it lists has the same places.
        assert (len(reading.listed), reading.drops) == (len(step.reading.listed), step.reading.drops)
        (stored,) = record(store, [(step.poll, reading.listed)], step.at)
        counted += [stored] if stored else play(store, [step])
    return counted


FOUND = (
    (
        (
            Item(0, "", "", "", "g0", "http://daily.example/0"),
            Item(0, "", "", "", "other0", "http://daily.example/"),
            Item(0, "", "", "0", "same", "http://daily.example/0"),
        ),
        (
            Item(0, "", "", "", "g0", "http://daily.example/0"),
            Item(1, " 12 comments", "", "", "same", "http://daily.example/"),
        ),
        (
            Item(1, "", "", "", "g1", "http://daily.example/1"),
            Item(1, " 12 comments", "", "", "g1", "http://daily.example/"),
        ),
    ),
)


@sequences
@given(histories)
@example(*FOUND)
def test_what_is_only_seen_makes_no_difference(history: tuple[tuple[object, ...], ...]) -> None:
    polls = [step for step in steps(history, sources=2) for _ in range(2)]  # type: ignore[arg-type]
    with new_store() as whole, new_store() as seen:
        assert play_with_digests(seen, polls) == play(whole, polls)
        assert held(seen) == held(whole)
        for table in ("sightings", "merges", "near_keys", "tombstones"):
            assert rows(seen, f"SELECT * FROM {table}") == rows(whole, f"SELECT * FROM {table}")  # noqa: S608


def test_of_what_the_store_remembers_only_what_is_new_becomes_an_article(store: Store) -> None:
    publisher = make_publisher()
    source = publisher.sources[0]
    record_entries(store, publisher, make_entry(1), make_entry(2))
    served = Document(format="rss20", entries=(make_entry(2), make_entry(1), make_entry(3)))
    listing = normalise(served, source, publisher, store.load(source).digests)
    assert [article.title for article in listing.articles] == ["Le pont numéro 3 rouvre"]
    assert [entry.keys for entry in listing.listed[:2]] == [(f"id:tag:daily.example,2026:{n}",) for n in (2, 1)]


def test_an_unchanged_entry_whose_article_was_purged_meanwhile_stays_away(store: Store) -> None:
    publisher = make_publisher()
    record_entries(store, publisher, make_entry(1))
    (poll,) = record(store, [(make_poll(publisher.sources[0]), (Seen(("id:nobody",), place=0),))], NOW)
    assert poll
    assert (poll.new, poll.unchanged) == (0, 1)


def test_an_unchanged_entry_is_compared_where_another_one_has_a_key_of_its_article(store: Store) -> None:
    publisher = make_publisher()
    record_entries(store, publisher, make_entry(1))
    (other,) = make_articles(publisher, make_entry(2, id=None, links=make_entry(1).links))
    seen = Seen(("id:tag:daily.example,2026:1",), place=0)
    before = rows(store, "SELECT * FROM polls")
    assert record(store, [(make_poll(publisher.sources[0]), (seen, replace(other, place=1)))], NOW) == [None]
    assert rows(store, "SELECT * FROM polls") == before
