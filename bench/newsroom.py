"""A press that publishes on and on, and what a database must hold of it: the truth of `bench.crash`.

The newsroom knows every report and edition that stood at any address; a report leaves its feed only after a document
with it has been stored. `examine` says what is wrong with a database at any moment, `missing` with one that has caught
up.
"""

from __future__ import annotations

import hashlib
import random
import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aggregator.demo import Press, Resource
from aggregator.demo.answers import etag_of
from aggregator.demo.sites.generate import WORDS
from aggregator.store.sqlite.connection import register

_WINDOW = 30  # reports of a feed
_FIRST = 20  # with which it begins
_PAUSE = 0.03  # seconds between two publications, of all hosts together
_EDITED = 0.3  # of the publications are a later edition
_ITEM = """<item><guid>{host}/{number}</guid><title>{title}</title><link>http://{host}/{number}.html</link>
<pubDate>Sat, 21 Nov 2026 08:00:00 GMT</pubDate>
<description>&lt;p&gt;{words} Edition {edition}.&lt;/p&gt;</description></item>"""
_STORED = re.compile(r"<p>.* Edition (\d+)\.</p>", re.DOTALL)

Edition = tuple[str, int]  # the guid of a report, and which edition of it


@dataclass
class _Feed:
    reports: dict[int, int] = field(default_factory=dict)  # number to edition, of what stands in it, oldest first
    newest: int = 0
    seen: set[Edition] = field(default_factory=set)  # what stood in documents that are stored


class Newsroom:
    """Thread-safe; it publishes from a thread of its own."""

    def __init__(self, press: Press, hosts: int, seed: int) -> None:
        self.hosts = tuple(f"paper-{number:03}.example" for number in range(hosts))
        self._press = press
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self._feeds = {host: _Feed() for host in self.hosts}
        self.published: dict[str, int] = {}  # guid to its latest edition
        self._stood: dict[bytes, tuple[str, frozenset[Edition], str]] = {}  # by digest: host, editions, entity tag
        self._stopping = threading.Event()
        for host in self.hosts:
            for _ in range(_FIRST):
                self._add(host)
            self._show(host)
        for host in self.hosts[::8]:
            press.misbehave(host, "/feed", "slow", seconds=0.3)

    def key(self, host: str) -> str:
        return host.partition(".")[0]

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """Publishes as long as the block lasts."""
        thread = threading.Thread(target=self._publish, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            thread.join()

    def stood(self, digest: bytes) -> tuple[str, frozenset[Edition], str] | None:
        """The host, the editions and the entity tag of the document with this digest; None: there never was one."""
        return self._stood.get(digest)

    def has_seen(self, host: str, editions: frozenset[Edition]) -> None:
        """A document with these editions is stored, so they may leave their feed."""
        with self._lock:
            self._feeds[host].seen |= editions

    def _publish(self) -> None:
        while not self._stopping.wait(_PAUSE):
            host = self._chance.choice(self.hosts)
            with self._lock:
                if self._chance.random() < _EDITED:
                    self._edit(host)
                else:
                    self._add(host)
                self._show(host)

    def _add(self, host: str) -> None:
        feed = self._feeds[host]
        feed.newest += 1
        feed.reports[feed.newest] = 1
        self.published[f"{host}/{feed.newest}"] = 1
        oldest, edition = next(iter(feed.reports.items()))
        if len(feed.reports) > _WINDOW and (f"{host}/{oldest}", edition) in feed.seen:
            del feed.reports[oldest]

    def _edit(self, host: str) -> None:
        feed = self._feeds[host]
        number = self._chance.choice(tuple(feed.reports))
        feed.reports[number] += 1
        self.published[f"{host}/{number}"] += 1

    def _show(self, host: str) -> None:
        feed = self._feeds[host]
        items = "".join(_item(host, number, edition) for number, edition in reversed(feed.reports.items()))
        document = Resource(
            f"<rss version='2.0'><channel><title>{host}</title>{items}</channel></rss>".encode(), "application/xml"
        )
        editions = frozenset((f"{host}/{number}", edition) for number, edition in feed.reports.items())
        self._stood[hashlib.sha256(document.body).digest()] = (host, editions, etag_of(document))
        self._press.set_document(host, "/feed", document)


def _item(host: str, number: int, edition: int) -> str:
    """Words depend on the report alone, so that nothing but the number of the edition tells two of them apart."""
    chance = random.Random(f"{host}/{number}")
    title, words = (" ".join(chance.choices(WORDS["en"], k=count)).capitalize() for count in (8, 120))
    return _ITEM.format(host=host, number=number, title=f"{title} {number}", words=words + ".", edition=edition)


# Each selects what must not be.
_NEVER = {
    "an article whose revisions are not 1 to n": """
        SELECT a.article_id FROM articles AS a LEFT
          JOIN revisions AS r ON r.article_id = a.article_id GROUP BY a.article_id
        HAVING count(r.revision_id) <> a.revision OR min(r.number) IS NOT 1 OR max(r.number) IS NOT a.revision""",
    "an article without a body": "SELECT article_id FROM articles WHERE article_id NOT IN (SELECT article_id FROM"
    " bodies)",
    "an article without a key": "SELECT article_id FROM articles WHERE article_id NOT IN (SELECT article_id FROM"
    " article_keys)",
    "an article that no source was seen to list": """
        SELECT article_id FROM articles WHERE article_id NOT IN (SELECT article_id FROM sightings)""",
    "a ledger with a gap": """
        SELECT * FROM (SELECT min(seq) AS first, max(seq) AS last, count(*) AS lines FROM changes)
        WHERE lines AND (first <> 1 OR last <> lines)""",
    "a revision without its line in the ledger": """
        SELECT revision_id FROM revisions AS r WHERE NOT EXISTS (
          SELECT 1 FROM changes AS c WHERE c.article_id = r.article_id AND c.revision = r.number)""",
    "an article whose newest words are neither indexed nor queued": """
        SELECT r.revision_id FROM revisions AS r JOIN articles AS a ON a.article_id = r.article_id
          AND a.revision = r.number
        WHERE r.revision_id NOT IN (SELECT id FROM article_search_docsize UNION SELECT revision_id
          FROM search_queue)""",
    "an older version that is indexed and not to be taken back": """
        SELECT r.revision_id FROM article_search_docsize AS d JOIN revisions AS r ON r.revision_id = d.id
        JOIN articles AS a ON a.article_id = r.article_id AND a.revision <> r.number
        WHERE r.revision_id NOT IN (SELECT revision_id FROM search_removals)""",
    "a revision that is indexed and queued again": """
        SELECT id FROM article_search_docsize WHERE id IN (SELECT revision_id FROM search_queue)
          AND id NOT IN (SELECT revision_id FROM search_removals)""",
    "polls that count other articles than there are": """
        SELECT 1 WHERE (SELECT coalesce(sum(new), 0) FROM polls) <> (SELECT count(*) FROM articles)""",
    "polls that count other revisions than there are": """
        SELECT 1 WHERE (SELECT coalesce(sum(new + revised), 0) FROM polls) <> (SELECT count(*) FROM revisions)""",
    "a day's count that is not so": """
        SELECT d.day FROM reports_per_day AS d LEFT JOIN articles AS a
          ON a.publisher = d.publisher AND substr(a.sort_time, 1, 10) = d.day
        GROUP BY d.publisher, d.day HAVING count(a.article_id) <> d.held""",
    "a source whose last poll is not stored": """
        SELECT s.source_id FROM sources AS s LEFT JOIN polls AS p ON p.poll_id = (SELECT max(poll_id) FROM polls
          WHERE source_id = s.source_id)
        WHERE (s.last_poll, s.next_at, s.next_reason) IS NOT (p.started, p.next_at, p.next_reason)
          AND (s.last_poll IS NOT NULL OR p.poll_id IS NOT NULL)""",
}


def examine(database: Path, newsroom: Newsroom) -> Iterator[str]:
    """The faults of a database that a process may have left in the midst of anything; writes into it."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for (said,) in connection.execute("PRAGMA integrity_check").fetchall():
            if said != "ok":
                yield f"integrity_check: {said}"
        yield from (f"foreign_key_check: {row}" for row in connection.execute("PRAGMA foreign_key_check").fetchall())
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'article_search'").fetchone():
            return  # killed before there was anything
        for fault, sql in _NEVER.items():
            found = connection.execute(sql).fetchall()
            if found:
                yield f"{fault}: {found[:5]}"
        try:
            connection.execute("INSERT INTO article_search (article_search) VALUES ('integrity-check')")
        except sqlite3.DatabaseError as error:
            yield f"the search index: {error}"
        yield from _half_stored(connection, newsroom)


def _half_stored(connection: sqlite3.Connection, newsroom: Newsroom) -> Iterator[str]:
    """A source remembers a document only together with its validators and all that stood in it."""
    held = {edition for edition, _ in _held(connection)}
    for publisher, digest, etag in connection.execute("SELECT publisher, body_hash, etag FROM sources").fetchall():
        if digest is None:
            continue
        stood = newsroom.stood(digest)
        if stood is None:
            yield f"{publisher} remembers a document that never stood there"
            continue
        host, editions, tag = stood
        if etag is None or etag.replace("-gzip", "") != tag:
            yield f"{publisher} remembers the validators of another document: {etag}, not {tag}"
        if editions - held:
            yield f"{publisher} remembers a document of which it lacks {sorted(editions - held)[:5]}"
        newsroom.has_seen(host, editions)


def _held(connection: sqlite3.Connection) -> list[tuple[Edition, int]]:
    """Every revision: its report and edition, read from the raw words, and its article."""
    register(connection)
    rows = connection.execute(
        "SELECT json_extract(raw_words(raw, dictionary_id), '$.id'),"
        " json_extract(raw_words(raw, dictionary_id), '$.summary.value'), article_id FROM revisions ORDER BY"
        " revision_id"
    )
    return [((guid, _edition(words)), article) for guid, words, article in rows]


def _edition(words: str) -> int:
    found = _STORED.fullmatch(words)
    return int(found[1]) if found else 0


def missing(database: Path, newsroom: Newsroom) -> tuple[list[str], list[str], int]:
    """Of a database that has caught up, what is lost and what is doubled, and how many articles it holds: reports in
    their latest edition, each one article; no edition twice, none before an earlier one.
    """
    with closing(sqlite3.connect(database)) as connection:
        held = _held(connection)
    articles: dict[str, set[int]] = {}
    latest: dict[str, int] = {}
    doubled = [
        f"{guid} edition {edition}" for (guid, edition), count in Counter(e for e, _ in held).items() if count > 1
    ]
    for (guid, edition), article_id in held:
        articles.setdefault(guid, set()).add(article_id)
        if edition < latest.get(guid, 0):
            doubled.append(f"{guid} edition {edition} after {latest[guid]}")
        latest[guid] = edition
    doubled += [f"{guid} as articles {sorted(found)}" for guid, found in articles.items() if len(found) > 1]
    lost = [f"{guid} edition {e}" for guid, e in newsroom.published.items() if latest.get(guid) != e]
    doubled += [f"{guid}, which nobody published" for guid in articles.keys() - newsroom.published.keys()]
    return lost, doubled, len(set().union(*articles.values()))
