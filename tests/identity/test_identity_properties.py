"""Whatever publishers serve, in whatever order: one of each, word for word, none lost, and no crash changes that."""

from __future__ import annotations

import html
import json
import re
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from aggregator.desk.terms import sync
from aggregator.model import FetchResult, Poll, Publisher, Source
from aggregator.model.errors import StoreError
from aggregator.parse import parse
from aggregator.pipeline.parsing import read
from aggregator.pipeline.reading import Reading
from aggregator.pipeline.recording import record
from aggregator.store import Store
from aggregator.text import raw_words
from aggregator.text.dates import to_iso
from tests.conftest import NOW, WIRE, examples, make_poll, make_publisher
from tests.databases import connections

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # a disk would be waited for, at every close of a database
sequences = settings(deadline=None, max_examples=examples(40))


def _publisher(key: str) -> Publisher:
    sources = tuple(Source(publisher=key, key=name, url=f"http://{key}.example/{name}") for name in ("feed", "more"))
    return make_publisher(key, sources=sources)


DAILY, HERALD = _publisher("daily"), _publisher("herald")

STORIES = (
    ("Ferry replaces closed bridge at Lumo", "The bridge at Lumo is closed until further notice. A ferry carries all."),
    ("Teachers end strike in three districts", "Teachers in Amara, Belo and Tessin go back to work after five weeks."),
    ("Clinic in Odara runs out of vaccine", "The only clinic in Odara has turned away mothers since last Tuesday."),
    ("Sport", "Palmyra Stars win the cup after nineteen penalties, to the surprise of their own goalkeeper."),
    ("Sport", "The swimmers of Kesh come home with two medals, a cold and somebody else's luggage."),
)
legal = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
words = st.sampled_from(
    ["", " It is free.", " It costs 200.", " 12 comments", "\n ", " <b>&amp;</b> Ünïcödé تصحيح"]
) | (st.text(legal, max_size=12))


class Item(Struct, frozen=True):
    """One entry as the publisher means it; `render` is how it is served."""

    story: int
    title: str
    summary: str
    body: str
    guid: str | None
    link: str | None

    def render(self) -> str:
        title, text = STORIES[self.story]
        guid = f'<guid isPermaLink="false">{escape(self.guid)}</guid>' if self.guid else ""
        link = f"<link>{escape(self.link)}</link>" if self.link else ""
        body = f"<content:encoded>{escape(text + self.body)}</content:encoded>" if self.body else ""
        return (
            f"<item>{guid}<title>{escape(title + self.title)}</title>{link}<description>{escape(text + self.summary)}"
            f"</description>{body}<pubDate>{20 + self.story % 3} Nov 2026 08:0{self.story}:00 GMT</pubDate></item>"
        )


@st.composite
def items(draw: st.DrawFn) -> Item:
    story = draw(st.integers(0, len(STORIES) - 1))
    guids = [f"g{story}", f"g{story}", f"g{story}", f"other{story}", f"http://daily.example/{story}#1", "same", None]
    page = f"http://daily.example/{story}"
    links = [
        page,
        f"https://www.daily.example/{story}/",
        f"{page}#1",
        "http://daily.example/0",
        "http://daily.example/",
        None,
    ]
    chosen = (draw(st.sampled_from(guids)), draw(st.sampled_from(links)))
    return Item(story, draw(words), draw(words), draw(words), *chosen)


documents = st.lists(items(), max_size=5).map(tuple)
histories = st.lists(documents, min_size=1, max_size=6).map(tuple)


class Step(Struct, frozen=True):
    """One poll: who, when, and what was read."""

    source: Source
    at: datetime
    served: FetchResult
    reading: Reading

    @property
    def poll(self) -> Poll:
        entries = len(self.reading.listed) + sum(self.reading.drops.values())
        return make_poll(self.source, self.at, entries=entries, drops=self.reading.drops)


def steps(history: Sequence[Sequence[Item]], publisher: Publisher = DAILY, sources: int = 1) -> list[Step]:
    """The polls of a history, by one of the publisher's sources or by two in turn."""
    return [_step(d, publisher, publisher.sources[n % sources], n) for n, d in enumerate(history)]


def _step(document: Sequence[Item], publisher: Publisher, source: Source, number: int) -> Step:
    content = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    body = f"<rss version='2.0' {content}><channel>{''.join(item.render() for item in document)}</channel></rss>"
    served = FetchResult(url=source.url, http_status=200, headers={}, body=body.encode())
    return Step(source, NOW + timedelta(minutes=30 * number), served, read(served, source, publisher))


@cache
def _empty() -> Path:
    """A database that knows both publishers and holds nothing."""
    path = Path(tempfile.mkdtemp(prefix="identity-")) / "empty.db"
    with Store.open(path) as store:
        sync(store, WIRE, [DAILY, HERALD], NOW, NOW.date())
    return path


@contextmanager
def new_store() -> Iterator[Store]:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        path = Path(folder) / "wire.db"
        shutil.copy(_empty(), path)
        with Store.open(path) as store:
            yield store


def play(store: Store, polls: Sequence[Step]) -> list[Poll]:
    return [record(store, [(step.poll, step.reading.listed)], step.at)[0] for step in polls]


def rows(store: Store, sql: str) -> list[tuple[object, ...]]:
    with Store.read(store.path) as reading:  # the writer's own connection could not write after a query
        return list(reading.query(sql)[1])


def held(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """All that a subscriber or a researcher could see of the articles."""
    asked = {
        "articles": "SELECT * FROM articles ORDER BY article_id",
        "bodies": "SELECT * FROM bodies ORDER BY article_id",
        "revisions": "SELECT revision_id, article_id, number, source_id, title, words_hash, raw_hash FROM revisions"
        " ORDER BY revision_id",
        "changes": "SELECT seq, article_id, revision, change_kind FROM changes ORDER BY seq",
        "keys": "SELECT * FROM article_keys ORDER BY publisher, article_key",
        "daily": "SELECT * FROM daily ORDER BY publisher, day",
        "merges": "SELECT * FROM merges ORDER BY merge_id",
        "trust": "SELECT publisher, source_key, id_trust, id_trust_reason, id_conflicts, unstable FROM sources ORDER"
        " BY source_id",
        "held back": "SELECT * FROM pending_revisions ORDER BY article_id",
    }
    return {name: rows(store, sql) for name, sql in asked.items()}


FERRY = Item(0, "", "", "", "g0", "http://daily.example/0")
STRIKE = Item(1, "", "", "", "g1", "http://daily.example/1")
FREE, DEAR = replace(STRIKE, title=" It is free."), replace(STRIKE, title=" It costs 200.")
TWIN, LONGER = replace(FERRY, guid="other0"), replace(FERRY, guid="other0", body=" It is free.")


@sequences
@given(histories, st.integers(1, 2))
@example(((FERRY,), (FERRY, replace(FERRY, body=" It is free."), replace(FERRY, title=" It is free."))), 1)
@example(((replace(FERRY, guid="same"),), (FERRY, replace(STRIKE, guid="same"))), 1)  # one conflict, counted once
@example(
    (
        (FERRY, STRIKE),
        (FERRY, FREE, DEAR, replace(STRIKE, guid="same")),
        (replace(FERRY, guid="same", link=None), replace(STRIKE, link=None)),
    ),
    1,
)
@example(
    (
        (replace(FERRY, guid="same", link=None),),
        (replace(STRIKE, guid="other1", link="http://daily.example/"),),
        (replace(FERRY, guid=None, link="http://daily.example/"), replace(STRIKE, guid="same", link=None)),
    ),
    1,
)
@example(
    tuple(
        (replace(FERRY, body=said), replace(STRIKE, body=said), Item(2, "", "", said, "g2", None)) for said in "abcd"
    ),
    1,
)
def test_a_document_that_is_read_again_changes_nothing(history: tuple[tuple[Item, ...], ...], sources: int) -> None:
    polls = steps(history, sources=sources)
    with new_store() as once, new_store() as twice:
        play(once, polls)
        play(twice, [step for step in polls for _ in range(2)])
        assert held(once) == held(twice)


@sequences
@given(histories, st.integers(0, 5), st.integers(1, 4_000))
def test_a_crash_at_any_moment_changes_nothing(
    history: tuple[tuple[Item, ...], ...], crashing: int, operations: int
) -> None:
    polls = steps(history, sources=2)
    crashing = min(crashing, len(polls) - 1)
    with new_store() as whole, connections() as opened, new_store() as halved:
        play(whole, polls)
        play(halved, polls[:crashing])
        left = halved.path.with_name("left.db")
        crashed = crash(halved, opened[-1], polls[crashing], operations, left)
        with Store.open(left if crashed else halved.path) as reopened:
            play(reopened, polls[crashing if crashed else crashing + 1 :])
            assert held(reopened) == held(whole)


def crash(store: Store, connection: sqlite3.Connection, step: Step, operations: int, left: Path) -> bool:
    """Records the poll, and after so many operations of SQLite takes the files as a killed program leaves them."""

    def killed() -> int:
        for suffix in ("", "-wal"):
            if (file := store.path.with_name(store.path.name + suffix)).exists():
                shutil.copy(file, left.with_name(left.name + suffix))
        return 1  # ends the statement, so that nothing more is written

    connection.set_progress_handler(killed, operations)
    try:
        play(store, [step])
    except StoreError:
        return True
    finally:
        connection.set_progress_handler(None, 0)
    return False


@sequences
@given(histories)
def test_every_revision_is_what_was_served_byte_for_byte(history: tuple[tuple[Item, ...], ...]) -> None:
    polls = steps(history, sources=2)
    read_again = [(step, entry) for step in polls for entry in parse(step.served, step.source).entries]
    served = {(step.source.key, to_iso(step.at), raw_words.encode(entry)) for step, entry in read_again}
    means = {
        (STORIES[item.story][0] + item.title, STORIES[item.story][1] + item.summary) for d in history for item in d
    }
    with new_store() as store:
        play(store, polls)
        for source, at, raw, raw_hash in rows(store, REVISIONS):
            kept = str(raw).encode()
            assert (source, at, kept) in served
            assert sha256(kept).digest() == raw_hash
            said = json.loads(kept)
            assert (said["title"]["value"], said["summary"]["value"]) in means


@sequences
@given(histories)
@example(((FERRY,), (LONGER, FERRY), (TWIN, replace(FERRY, link="http://daily.example/"))))
def test_no_entry_is_lost(history: tuple[tuple[Item, ...], ...]) -> None:
    """What a source says stands in a revision, but for blanks, counters and mark-up, or is counted as left out."""
    with new_store() as store:
        for document, step in zip(history, steps(history), strict=True):
            (poll,) = play(store, [step])
            found = {_said(json.loads(str(raw))) for (raw,) in rows(store, RAW)}
            lost = Counter(_plain(item) not in found for item in document)[True]
            assert lost <= sum(poll.drops.values())
            assert poll.entries == len(document)
            assert poll.new + poll.revised + poll.unchanged + sum(poll.drops.values()) == len(document)


RAW = "SELECT raw_words(raw, dictionary_id) FROM revisions"
REVISIONS = """SELECT s.source_key, r.seen_at, raw_words(r.raw, r.dictionary_id), r.raw_hash FROM revisions AS r
  JOIN sources AS s ON s.source_id = r.source_id"""
_VOLATILE = re.compile(r"<[^>]*>|\b12 comments\b|\s+")


def _plain(item: Item) -> tuple[str, ...]:
    title, text = STORIES[item.story]
    body = text + item.body if item.body else ""
    return tuple(map(_fold, (title + item.title, text + item.summary, body)))


def _said(raw: dict[str, Any]) -> tuple[str, ...]:
    parts = (raw.get("title"), raw.get("summary"), *raw.get("content", [None]))
    return tuple(_fold(part["value"] if part else "") for part in parts)


def _fold(text: str) -> str:
    return _VOLATILE.sub("", html.unescape(text))


@sequences
@given(histories)
def test_publishers_never_meet(history: tuple[tuple[Item, ...], ...]) -> None:
    """Two publishers that serve the very same documents hold each what it would hold alone."""
    daily, herald = steps(history), steps(history, HERALD)
    with new_store() as alone, new_store() as both:
        play(alone, daily)
        play(both, [step for pair in zip(herald, daily, strict=True) for step in pair])
        mine = "SELECT id, title, revision, status FROM articles WHERE publisher = 'daily' ORDER BY article_id"
        assert rows(both, mine) == rows(alone, mine)
        for table in ("revisions", "sightings", "merges"):
            sources = f"SELECT a.publisher, s.publisher FROM {table} AS t JOIN articles AS a ON a.article_id = t.article_id JOIN sources AS s ON s.source_id = t.source_id"  # noqa: E501, S608  # fmt: skip
            assert all(one == other for one, other in rows(both, sources))


@sequences
@given(histories)
def test_the_ledger_has_no_gap(history: tuple[tuple[Item, ...], ...]) -> None:
    with new_store() as store:
        play(store, steps(history, sources=2))
        ledger = [seq for (seq,) in rows(store, "SELECT seq FROM changes ORDER BY seq")]
        assert ledger == list(range(1, len(ledger) + 1))
        counted = (
            "SELECT a.revision, count(*), max(r.number) FROM articles AS a JOIN revisions AS r ON r.article_id"
            " = a.article_id"
        )
        assert all(one == other == last for one, other, last in rows(store, counted + " GROUP BY a.article_id"))


def test_the_crash_is_one(tmp_path: Path) -> None:
    """The files that `crash` leaves hold what was committed before, and nothing of the poll that was under way."""
    (step,) = steps([[Item(0, "", "", "", "g0", None)]])
    with connections() as opened, new_store() as store:
        assert crash(store, opened[-1], step, 50, tmp_path / "left.db")
    with Store.open(tmp_path / "left.db") as left:
        assert rows(left, "SELECT (SELECT count(*) FROM articles), (SELECT count(*) FROM polls)") == [(0, 0)]
