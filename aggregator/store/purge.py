"""Purging: words, versions and keys of a report are deleted for good, and tombstones keep it from coming back as new.

A husk stays: the article's id, publisher and times, so that ids are never used again and the ledger has no gap; and one
empty revision, because SQLite would give the number of the newest away again, under which the search index may still
know a word.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from aggregator.errors import DeskError
from aggregator.store import ledger
from aggregator.text import plain
from aggregator.types import Text

_BATCH = 100

# What belongs to an article and goes with it, beside its keys. `merges` holds keys too, and what was alike.
_GOING = ("bodies", "rechecks", "merges", "pending_changes")


def tombstoned(connection: sqlite3.Connection, publisher: str, keys: Iterable[str]) -> set[str]:
    """Those of a publisher's keys that belonged to purged articles."""
    rows = connection.execute(
        "SELECT t.key FROM json_each(?) AS asked CROSS JOIN tombstones AS t ON t.publisher = ? AND t.key = asked.value",
        (json.dumps(list(keys)), publisher),
    )
    return {key for (key,) in rows}


def chosen(
    connection: sqlite3.Connection, public_ids: Sequence[str], before: str | None, publisher: str | None
) -> list[int]:
    """The articles with these ids, and those first seen before a time, of all publishers or of one; raises DeskError
    for an id that is none, or whose report is purged already.
    """
    found = _named(connection, public_ids)
    return found + (_older(connection, before, publisher) if before else [])


def batches(articles: Sequence[int]) -> Iterator[Sequence[int]]:
    """A hundred at a time: a transaction holds the lock that other programs wait for."""
    for start in range(0, len(articles), _BATCH):
        yield articles[start : start + _BATCH]


def _named(connection: sqlite3.Connection, public_ids: Sequence[str]) -> list[int]:
    found = []
    for public_id in dict.fromkeys(public_ids):
        row = connection.execute("SELECT id, notice FROM articles WHERE public_id = ?", (public_id,)).fetchone()
        if row is None:
            raise DeskError(f"{public_id}: there is no report with this id; `aggregator latest` prints ids")
        if row[1] == "removed":
            raise DeskError(f"{public_id}: this report is purged already")
        found.append(int(row[0]))
    return found


def _older(connection: sqlite3.Connection, before: str, publisher: str | None) -> list[int]:
    rows = connection.execute(
        """
        SELECT id FROM articles
        WHERE first_seen < ?1 AND (?2 IS NULL OR publisher = ?2) AND coalesce(notice, '') <> 'removed'
        ORDER BY publisher, id
        """,
        (before, publisher),
    )
    return [article for (article,) in rows]


def purge(
    connection: sqlite3.Connection,
    articles: Sequence[int],
    because: tuple[str, str, str | None],
    at: str,
    pack: Callable[[bytes], tuple[bytes, int | None]],
) -> None:
    """Purges articles; `because` is actor, reason and reference. Within a transaction."""
    connection.execute("PRAGMA secure_delete = ON")  # the pages are overwritten, not only let go
    _bury_keys(connection, articles, at)
    _write_lines(connection, articles, because[1], at)
    for article in articles:
        _forget_in_search(connection, article)
        _forget_words(connection, article, pack(b"{}"))
        _leave_husk(connection, article)
        connection.execute(
            "INSERT INTO acts (article, act, actor, reason, reference, at) VALUES (?, 'purge', ?, ?, ?, ?)",
            (article, *because, at),
        )


def _write_lines(connection: sqlite3.Connection, articles: Sequence[int], reason: str, at: str) -> None:
    """Before the husks lose what hides a report that was never out: its line is not for subscribers either."""
    rows = connection.execute(
        "SELECT a.id, a.revision FROM json_each(?) AS named CROSS JOIN articles AS a ON a.id = named.value",
        (json.dumps(list(articles)),),
    )
    ledger.append(
        connection,
        [
            ledger.Line(kind="removed_by_wire", at=at, article=article, revision=revision, note=reason)
            for article, revision in rows.fetchall()
        ],
    )


def _bury_keys(connection: sqlite3.Connection, articles: Sequence[int], at: str) -> None:
    """Tombstones for all keys of the articles, in the place of these keys. The tables of keys are ordered by publisher
    and not by article, so they are walked once a batch, and of the publishers in it only.
    """
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS purged (article INTEGER PRIMARY KEY)")
    connection.execute("DELETE FROM purged")
    connection.executemany("INSERT INTO purged VALUES (?)", [(article,) for article in articles])
    publishers = "(SELECT DISTINCT publisher FROM articles WHERE id IN (SELECT article FROM purged))"
    these = f"publisher IN {publishers} AND article IN (SELECT article FROM purged)"  # noqa: S608  (constants)
    connection.execute(
        f"""
        INSERT OR IGNORE INTO tombstones (publisher, key, public_id, at)
        SELECT k.publisher, k.key, a.public_id, ?
        FROM (SELECT publisher, key, article FROM article_keys WHERE {these}) AS k
        JOIN articles AS a ON a.id = k.article
        """,  # noqa: S608
        (at,),
    )
    connection.execute(f"DELETE FROM article_keys WHERE {these}")  # noqa: S608
    connection.execute(f"DELETE FROM near_keys WHERE {these}")  # noqa: S608
    connection.execute(
        f"""
        DELETE FROM sightings WHERE source IN (SELECT id FROM sources WHERE publisher IN {publishers})
          AND article IN (SELECT article FROM purged)
        """  # noqa: S608
    )


def _forget_words(connection: sqlite3.Connection, article: int, nothing: tuple[bytes, int | None]) -> None:
    connection.execute(
        "DELETE FROM search_queue WHERE revision IN (SELECT id FROM revisions WHERE article = ?)", (article,)
    )
    for table in _GOING:
        connection.execute(f"DELETE FROM {table} WHERE article = ?", (article,))  # noqa: S608  (names of ours)
    connection.execute(
        """
        DELETE FROM revisions
        WHERE article = ?1 AND number < (SELECT max(number) FROM revisions WHERE article = ?1)
        """,
        (article,),
    )
    connection.execute(
        """
        UPDATE revisions SET title = '', words_hash = x'', raw_hash = x'', changed = NULL, raw = ?, dictionary = ?
        WHERE article = ?
        """,
        (*nothing, article),
    )


def _leave_husk(connection: sqlite3.Connection, article: int) -> None:
    connection.execute(
        """
        UPDATE daily SET articles = articles - 1,
          backfill = backfill - (SELECT backfill FROM articles WHERE id = ?1)
        WHERE (publisher, day) = (SELECT publisher, substr(listed_at, 1, 10) FROM articles WHERE id = ?1)
        """,
        (article,),
    )
    connection.execute(
        """
        UPDATE articles SET title = '', url = NULL, byline = NULL, published_stated = NULL, updated_stated = NULL,
          status = 'canceled', notice = 'removed', embargoed_until = NULL
        WHERE id = ?
        """,
        (article,),
    )


def _forget_in_search(connection: sqlite3.Connection, article: int) -> None:
    """An index without content takes back only what it is shown again (FTS5, "contentless tables"): of the newest
    revision what stands in `bodies`, of those before it the readings of what they said.
    """
    rows = connection.execute(
        """
        SELECT r.id, r.number = a.revision, r.title, raw_words(r.raw, r.dictionary), a.title, b.summary, b.text
        FROM articles AS a
        JOIN revisions AS r ON r.article = a.id
        JOIN article_search_docsize AS indexed ON indexed.id = r.id
        JOIN bodies AS b ON b.article = a.id
        WHERE a.id = ?
        """,
        (article,),
    ).fetchall()
    for revision, is_newest, title_then, said, title, summary, text in rows:
        shown = (title, summary, text) if is_newest else (title_then, *_readings(json.loads(said)))
        connection.execute(
            """
            INSERT INTO article_search (article_search, rowid, title, summary, text)
            VALUES ('delete', ?1, fold(?2), fold(?3), iif(?4 = ?3, '', fold(?4)))
            """,
            (revision, *shown),
        )


def _readings(said: dict[str, Any]) -> tuple[str, str]:
    summary = plain(Text(**said["summary"])) if "summary" in said else ""
    body = "\n".join(filter(None, (plain(Text(**words)) for words in said.get("content", ()))))
    return summary, body or summary
