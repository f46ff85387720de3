"""By which keys articles are found again: writes the near keys, and the merges that weaker keys led to."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from aggregator.model import Article, Decision
from aggregator.store.sqlite import known


def list_beside(connection: sqlite3.Connection, source: int, article: int, new: int) -> None:
    """The entry that was taken for an article is a new one: the source's last document listed both."""
    listed = [entry.name for entry in known.listed_before(connection, source)]
    if article in listed:
        listed.insert(listed.index(article) + 1, new)
        connection.execute("UPDATE sources SET listed = ? WHERE id = ?", (json.dumps(listed), source))


def write_near_keys(connection: sqlite3.Connection, numbered: Iterable[tuple[int, Article]]) -> None:
    """The newest article stands under a near key: twins come within days."""
    connection.executemany(
        "INSERT OR REPLACE INTO near_keys (publisher, key, article) VALUES (?, ?, ?)",
        [(article.publisher, key, number) for number, article in numbered for key in article.near_keys],
    )


def write_merges(connection: sqlite3.Connection, source: int, decisions: Iterable[Decision], now: str) -> None:
    """A row for every entry that was taken for an article by another key than its first, which becomes the article's
    too; `split` undoes it.
    """
    rekeyed = [(d.known, d.article, d) for d in decisions if d.known and d.is_rekeyed]
    connection.executemany(
        """
        INSERT INTO merges (article, publisher, source, key, matched_by, evidence, revision, at)
        SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
        WHERE NOT EXISTS (SELECT 1 FROM merges WHERE article = ?1 AND key = ?4 AND undone_at IS NULL)
        """,
        [
            (known.article, article.publisher, source, article.keys[0], d.matched_by, d.evidence, known.revision, now)
            for known, article, d in rekeyed
            if d.is_merge
        ],
    )
    connection.executemany(
        "INSERT OR IGNORE INTO article_keys (publisher, key, article) VALUES (?, ?, ?)",
        [(article.publisher, key, known.article) for known, article, _ in rekeyed for key in article.keys],
    )
