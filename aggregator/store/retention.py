"""Lets go of words that a publisher lends for a while only, `storage = "transient"` with `retention_days`, or lets us
store no longer, `storage = "metadata_only"`.

The one exception to "no revision is ever updated", and the publisher's rights demand it. Headline, link, dates and
the hashes of what was received stay, so the record of the article does too.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable

_BATCH = 500


def let_go(connection: sqlite3.Connection, now: str, pack: Callable[[bytes], tuple[bytes, int | None]]) -> int:
    """Empties the words of up to 500 articles whose time is over; returns how many. Within a transaction, and after
    the search index has caught up.
    """
    # CROSS: few publishers lend, and the planner, which cannot know that, would look at every article of the wire.
    over = connection.execute(
        """
        SELECT a.id FROM publishers AS p
        CROSS JOIN articles AS a ON a.publisher = p.key
        CROSS JOIN bodies AS b ON b.article = a.id AND b.summary || b.text <> ''
        WHERE json_extract(p.rights, '$.storage') IN ('transient', 'metadata_only')
          AND (json_extract(p.rights, '$.storage') = 'metadata_only' OR a.first_seen <=
            strftime('%Y-%m-%dT%H:%M:%SZ', ?, '-' || json_extract(p.rights, '$.retention_days') || ' days'))
        LIMIT ?
        """,
        (now, _BATCH),
    ).fetchall()
    for (article,) in over:
        _forget_in_search(connection, article)
        connection.execute("UPDATE bodies SET summary = '', text = '', excerpt = '' WHERE article = ?", (article,))
        for revision, words in connection.execute(
            "SELECT id, raw_words(raw, dictionary) FROM revisions WHERE article = ?", (article,)
        ).fetchall():
            kept = {name: said for name, said in json.loads(words).items() if name not in ("summary", "content")}
            raw = json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
            connection.execute("UPDATE revisions SET raw = ?, dictionary = ? WHERE id = ?", (*pack(raw), revision))
    return len(over)


def _forget_in_search(connection: sqlite3.Connection, article: int) -> None:
    """An index without content takes back only what it is shown again, so the words are shown to it once more."""
    connection.execute(
        """
        INSERT INTO article_search (article_search, rowid, title, summary, text)
        SELECT 'delete', r.id, fold(a.title), fold(b.summary), iif(b.text = b.summary, '', fold(b.text))
        FROM articles AS a
        JOIN revisions AS r ON r.article = a.id AND r.number = a.revision
        JOIN bodies AS b ON b.article = a.id
        WHERE a.id = ?
        """,
        (article,),
    )
    connection.execute(
        """
        INSERT INTO article_search (rowid, title, summary, text)
        SELECT r.id, fold(a.title), '', '' FROM articles AS a
        JOIN revisions AS r ON r.article = a.id AND r.number = a.revision WHERE a.id = ?
        """,
        (article,),
    )
