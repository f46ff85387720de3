"""Entries that say what they said before are not read closely; that must make no difference to what is held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import example, given

from aggregator.model import Document, Poll
from aggregator.normalise import normalise
from aggregator.pipeline.parsing import read
from aggregator.pipeline.recording import record
from aggregator.store import Store
from tests.conftest import NOW, make_entry, make_poll, make_publisher
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


def play_closely(store: Store, polls: Sequence[Step]) -> list[Poll]:
    """As the pipeline does: each document is read with what its source said before."""
    counted = []
    for step in polls:
        (due,) = [due for due in store.due(None) if due.source.name == step.source.name]
        said = store.load(step.source).digests if due.id_trust == "id" else {}
        reading = read(step.served, step.source, DAILY, said)
        poll = replace(step.poll, unchanged_keys=reading.unchanged_keys, drops=reading.drops)
        (stored,) = record(store, [(poll, reading.articles)], step.at)
        counted += [stored] if stored.is_whole else record(store, [(step.poll, step.reading.articles)], step.at)
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
def test_what_is_settled_makes_no_difference(history: tuple[tuple[object, ...], ...]) -> None:
    polls = [step for step in steps(history, sources=2) for _ in range(2)]  # type: ignore[arg-type]
    with new_store() as whole, new_store() as close:
        assert [replace(poll, unchanged_keys=()) for poll in play_closely(close, polls)] == play(whole, polls)
        assert held(close) == held(whole)
        for table in ("sightings", "merges", "near_keys", "tombstones"):
            assert rows(close, f"SELECT * FROM {table}") == rows(whole, f"SELECT * FROM {table}")  # noqa: S608


def test_only_what_is_new_is_read_closely(store: Store) -> None:
    publisher = make_publisher()
    source = publisher.sources[0]
    record_entries(store, publisher, make_entry(1), make_entry(2))
    served = Document(format="rss20", entries=(make_entry(2), make_entry(1), make_entry(3)))
    listing = normalise(served, source, publisher, store.load(source).digests)
    assert [article.title for article in listing.articles] == ["Le pont numéro 3 rouvre"]
    assert listing.unchanged_keys == ("id:tag:daily.example,2026:2", "id:tag:daily.example,2026:1")


def test_a_settled_entry_whose_article_was_purged_meanwhile_stays_away(store: Store) -> None:
    publisher = make_publisher()
    record_entries(store, publisher, make_entry(1))
    (poll,) = record(store, [(make_poll(publisher.sources[0], unchanged_keys=("id:nobody",)), ())], NOW)
    assert (poll.new, poll.unchanged) == (0, 1)
