"""Stored excerpts, cut anew when a publisher's rights allow another number of words (`excerpt_max_words`).

The view `wire` lets none out that has become too long; here they follow, from a queue that outlives a crash.
"""

from __future__ import annotations

from collections.abc import Mapping

from aggregator.store.connection import Connection
from aggregator.text.html import excerpt

_BATCH = 500
_MOST = "CAST(json_extract(p.rights, '$.excerpt_max_words') AS INTEGER)"  # `p` is a row of `publishers`


def bounds(connection: Connection) -> dict[str, int]:
    """How many words of a report the rights of each publisher allow."""
    return dict(connection.execute(f"SELECT publisher, {_MOST} FROM publishers AS p").fetchall())  # noqa: S608


def queue(connection: Connection, before: Mapping[str, int]) -> None:
    """Queues the articles of those publishers whose bound was another one before. Within a transaction."""
    for publisher, most in bounds(connection).items():
        if before.get(publisher, most) != most:
            connection.execute(
                "INSERT INTO excerpt_queue SELECT article_id FROM articles WHERE publisher = ? ON CONFLICT DO NOTHING",
                (publisher,),
            )


def cut_batch(connection: Connection) -> int:
    """Cuts up to 500 excerpts anew and takes them off the queue; returns how many. Within a transaction."""
    rows = connection.execute(
        f"""
        SELECT q.article_id, {_MOST}, b.summary, b.text,
          coalesce(b.excerpt, b.summary)
        FROM (SELECT article_id FROM excerpt_queue ORDER BY article_id LIMIT ?) AS q
        CROSS JOIN articles AS a ON a.article_id = q.article_id
        JOIN publishers AS p ON p.publisher = a.publisher
        LEFT JOIN bodies AS b ON b.article_id = a.article_id
        """,  # noqa: S608  (constants)
        (_BATCH,),
    ).fetchall()
    for article_id, most, summary, text, cut in rows:
        if summary is not None and (anew := excerpt(summary, text, most)) != cut:  # None: it was purged meanwhile
            connection.execute(
                "UPDATE bodies SET excerpt = nullif(?1, summary) WHERE article_id = ?2", (anew, article_id)
            )
        connection.execute("DELETE FROM excerpt_queue WHERE article_id = ?", (article_id,))
    return len(rows)
