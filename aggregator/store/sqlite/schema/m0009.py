"""The tables of migration 0009: what is deleted is deleted everywhere. The search index is made anew when it is opened
next (`search.renew`), because only then is it known which words stand in it.
"""

from __future__ import annotations

import hashlib
import sqlite3

LET_GO = (
    # 1: words beyond the headline may be held, in `bodies` or in a revision; 0: all of them were let go
    "ALTER TABLE articles ADD COLUMN words_held INTEGER NOT NULL DEFAULT 1",
    "CREATE INDEX articles_with_words ON articles (publisher, first_seen) WHERE words_held",
    """
    CREATE TRIGGER words_come AFTER INSERT ON revisions WHEN new.number > 1
    BEGIN
      UPDATE articles SET words_held = 1 WHERE id = new.article AND words_held = 0;
    END
    """,
    # `merges` of an article that was purged, which its split made of another one: neither its key nor how it was alike
    """
    UPDATE merges SET key = '', evidence = ''
    WHERE split_into IN (SELECT id FROM articles WHERE notice = 'removed')
    """,
    # the reference of an act by a publisher's page is the address of the report, in which a headline stands
    """
    UPDATE acts SET reference = NULL
    WHERE actor LIKE 'publisher:%' AND article IN (SELECT id FROM articles WHERE notice = 'removed')
    """,
)

# The index holds no words of its own, so it takes back only what it is shown again exactly. What stood in it is kept
# aside in the moment in which an article's headline, words or newest revision change, whoever changes them.
SEARCHED = (
    """
    CREATE TABLE search_removals (    -- rows to be taken out of the search index, with the words that they were made of
      revision INTEGER PRIMARY KEY,   -- the rowid in `article_search`
      title TEXT NOT NULL,
      summary TEXT NOT NULL,
      text TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TRIGGER search_headline_changes BEFORE UPDATE OF title, revision ON articles
    WHEN old.title <> new.title OR old.revision <> new.revision
    BEGIN
      INSERT OR IGNORE INTO search_removals (revision, title, summary, text)
      SELECT r.id, old.title, b.summary, b.text FROM revisions AS r
      JOIN article_search_docsize AS indexed ON indexed.id = r.id
      JOIN bodies AS b ON b.article = r.article
      WHERE r.article = old.id AND r.number = old.revision;
      INSERT OR IGNORE INTO search_queue (revision)
      SELECT r.id FROM revisions AS r JOIN bodies AS b ON b.article = r.article
      WHERE r.article = new.id AND r.number = new.revision;
    END
    """,
    """
    CREATE TRIGGER search_words_change BEFORE UPDATE OF summary, text ON bodies
    WHEN old.summary <> new.summary OR old.text <> new.text
    BEGIN
      INSERT OR IGNORE INTO search_removals (revision, title, summary, text)
      SELECT r.id, a.title, old.summary, old.text FROM articles AS a
      JOIN revisions AS r ON r.article = a.id AND r.number = a.revision
      JOIN article_search_docsize AS indexed ON indexed.id = r.id
      WHERE a.id = old.article;
      INSERT OR IGNORE INTO search_queue (revision)
      SELECT r.id FROM articles AS a JOIN revisions AS r ON r.article = a.id AND r.number = a.revision
      WHERE a.id = new.article;
    END
    """,
    """
    CREATE TRIGGER search_words_go BEFORE DELETE ON bodies
    BEGIN
      INSERT OR IGNORE INTO search_removals (revision, title, summary, text)
      SELECT r.id, a.title, old.summary, old.text FROM articles AS a
      JOIN revisions AS r ON r.article = a.id AND r.number = a.revision
      JOIN article_search_docsize AS indexed ON indexed.id = r.id
      WHERE a.id = old.article;
    END
    """,
)


def bury_in_digests(connection: sqlite3.Connection) -> None:
    """The keys in `tombstones` become digests: the key of a report is often an address with the headline in it."""
    keys = connection.execute("SELECT publisher, key FROM tombstones").fetchall()
    connection.executemany(
        "UPDATE tombstones SET key = ? WHERE publisher = ? AND key = ?",
        [(_digest(publisher, key), publisher, key) for publisher, key in keys],
    )


def _digest(publisher: str, key: str) -> str:
    """As `store.tombstones` reckons it; repeated here, because a migration is never changed."""
    return hashlib.sha256(f"{publisher}\n{key}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
