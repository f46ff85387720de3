"""A report that its publisher leaves as it is stays as it was read, when a later version of ours reads it otherwise."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from aggregator.model import Link, Person, Publisher, Selection, Text
from aggregator.pipeline.recording import record as record_polls
from aggregator.store import Store
from tests.conftest import NOW, make_articles, make_entry, make_poll, record

SAID = make_entry(
    title=Text("Le pont<br/>de S&eacute;gou", "text/plain"),
    links=(Link("http://daily.example/1.pdf", type="application/pdf"), Link("http://daily.example/1")),
    authors=(Person("<b>Awa</b> Keïta"),),
    published="bientôt",
    updated="2026-11-21T08:00:00Z",
)
# As 0.2.0 read it.
BEFORE: dict[str, Any] = {
    "title": "Le pont<br/>de S&eacute;gou",
    "folded_title": "le pont<br/>de s&eacute;gou",
    "url": "http://daily.example/1.pdf",
    "byline": "<b>Awa</b> Keïta",
    "published": None,
}
AFTER = ("Le pont de Ségou", "http://daily.example/1", "Awa Keïta")


def shown(store: Store) -> list[tuple[str | None, str | None, str | None]]:
    return [(report.title, report.url, report.byline) for report in store.latest(Selection())]


def test_another_reading_of_the_same_words_is_no_new_version(store: Store, publisher: Publisher) -> None:
    (read,) = make_articles(publisher, SAID)
    assert (read.title, read.url, read.byline) == AFTER
    record_polls(store, [(make_poll(publisher.sources[0]), (replace(read, **BEFORE),))], NOW)
    lines, before = store.changes(), shown(store)
    assert before == [(BEFORE["title"], BEFORE["url"], BEFORE["byline"])]
    counted = record(store, publisher, SAID)
    assert (counted.new, counted.revised, counted.unchanged) == (0, 0, 1)
    assert store.changes() == lines, "the ledger has no line more"
    assert shown(store) == before

    edited = replace(SAID, content=(*SAID.content, Text("<p>Le maire s'en réjouit.</p>")))
    assert record(store, publisher, edited, now=NOW + timedelta(hours=1)).revised == 1
    assert shown(store) == [AFTER], "with its next version it is read as all are"
