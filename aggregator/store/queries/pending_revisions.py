"""Words that are held back because their source changes something at every poll: one row an article, until housekeeping
stores them as a revision. What may be held back is decided in `revisions.changes`.

Whatever stores a newer revision of the article deletes the row (`polls`), so that no words are put over newer ones.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from aggregator.model import Article, Decision, Known
from aggregator.store.connection import Connection
from aggregator.store.queries import history, pending, polls, raw
from aggregator.text.dates import from_iso, to_iso
from aggregator.text.html import excerpt
from aggregator.text.languages import stated_or_first
from aggregator.text.media import readings
from aggregator.text.raw_words import decode

_BATCH = 100  # revisions a transaction, which holds the lock that other programs wait for
_DAY = timedelta(days=1)

log = logging.getLogger("aggregator.store")


# What a poll writes


def write(connection: Connection, source_id: int, decisions: Iterable[Decision], now: datetime) -> None:
    """Keeps the changes that are held back, the newest in the place of the one before."""
    those = [(d.known.article_id, d) for d in decisions if d.known and d.pending_revision]
    at, pack = to_iso(now), raw.article_packer(connection)
    connection.executemany(
        """
        INSERT INTO pending_revisions (article_id, source_id, article_key, change_kind, changed, received_at, title,
          url, byline, language,
          class, published, published_stated, updated, updated_stated, categories, words_hash, media_hash,
          entry_hash, raw, dictionary_id)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)
        ON CONFLICT (article_id) DO UPDATE SET source_id = excluded.source_id, article_key = excluded.article_key,
          change_kind = excluded.change_kind,
          changed = excluded.changed, received_at = excluded.received_at, gone = 0, title = excluded.title,
          url = excluded.url, byline = excluded.byline, language = excluded.language, class = excluded.class,
          published = excluded.published, published_stated = excluded.published_stated, updated = excluded.updated,
          updated_stated = excluded.updated_stated, categories = excluded.categories,
          words_hash = excluded.words_hash, media_hash = excluded.media_hash, entry_hash = excluded.entry_hash,
          raw = excluded.raw, dictionary_id = excluded.dictionary_id
        """,
        [
            (
                number,
                source_id,
                d.article.keys[0],
                d.change,
                json.dumps(d.changed),
                at,
                *_row(d.article),
                *pack(d.article),
            )
            for number, d in those
        ],
    )
    pending.remember(connection, source_id, [(number, d.article) for number, d in those])


def _row(a: Article) -> tuple[str | bytes | None, ...]:
    described = (a.title, a.url, a.byline, a.stated_language, a.item_class, *polls.stated(a), polls.categories(a))
    return (*described, a.words_hash, a.media_hash, a.entry_hash)


def forget(connection: Connection, source_id: int, articles: Iterable[int]) -> None:
    """Forgets what this source said of these articles, because it says something else now."""
    connection.executemany(
        "DELETE FROM pending_revisions WHERE article_id = ? AND source_id = ?",
        [(number, source_id) for number in articles],
    )


def note_gone(connection: Connection, source_id: int, gone: Collection[int]) -> None:
    """Of which articles the source's newest document no longer lists the entry whose words are held back."""
    connection.execute(
        "UPDATE pending_revisions SET gone = CASE WHEN article_id IN (SELECT CAST(value AS INTEGER) FROM json_each(?))"
        " THEN 1 ELSE 0 END WHERE source_id = ?",
        (json.dumps(list(gone)), source_id),
    )


# What housekeeping stores

# Those whose newest revision was stored a day ago or earlier, and those whose entry has left its document; of these an
# article gets no second one within a day. A time that is ahead of the clock, which was set back, keeps nothing waiting.
_DUE = """
    SELECT h.article_id, h.source_id, h.article_key, h.change_kind, h.changed, h.received_at, h.title, h.url,
      h.byline, h.language, h.class,
      h.published, h.published_stated, h.updated, h.updated_stated, h.categories, h.words_hash, h.media_hash,
      h.entry_hash, h.raw, h.dictionary_id, a.publisher, a.id, a.revision, a.first_seen, r.words_hash AS words_before,
      coalesce(r.stored_at, r.seen_at) AS revised, p.languages,
      json_extract(p.rights, '$.excerpt_max_words') AS excerpt_max_words
    FROM pending_revisions AS h
    CROSS JOIN articles AS a ON a.article_id = h.article_id
    CROSS JOIN publishers AS p ON p.publisher = a.publisher
    CROSS JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision
    WHERE coalesce(r.stored_at, r.seen_at) NOT BETWEEN :day_ago AND :now
      OR h.gone = 1 AND NOT EXISTS (
        SELECT 1 FROM revisions AS late WHERE late.article_id = h.article_id AND late.stored_at BETWEEN :day_ago
          AND :now)
    ORDER BY h.received_at, h.article_id LIMIT :most
"""


def store_due(connection: Connection, now: datetime) -> int:
    """Stores up to 100 of the held words whose time has come as revisions, as a poll would; returns how many it looked
    at. Within a transaction.
    """
    just_inside = now - _DAY + timedelta(seconds=1)  # stored times are whole seconds
    cursor = connection.execute(_DUE, {"day_ago": to_iso(just_inside), "now": to_iso(now), "most": _BATCH})
    names = [column[0] for column in cursor.description]
    due = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    unpack = raw.unpacker(connection)
    for row in due:
        words = unpack(row["raw"], row["dictionary_id"])
        if words is None:
            log.error(
                "article %d: its newest words are damaged and cannot be read; is the disk failing?", row["article_id"]
            )
            forget(connection, row["source_id"], [row["article_id"]])
        else:
            polls.write_decisions(connection, row["source_id"], [_decision(row, words)], now)
    return len(due)


def _decision(row: dict[str, Any], words: bytes) -> Decision:
    return Decision(
        article=_article(row, words),
        known=Known(
            article_id=row["article_id"],
            revision=row["revision"],
            words_hash=row["words_before"],
            first_seen=from_iso(row["first_seen"]),
            last_revision=from_iso(row["revised"]),
            entry_hash=row["entry_hash"],
        ),
        change=row["change_kind"],
        changed=tuple(json.loads(row["changed"])),
        seen=from_iso(row["received_at"]),
    )


def _article(row: dict[str, Any], words: bytes) -> Article:
    """As it came, with an excerpt by the publisher's rights of today."""
    entry = decode(words)
    said = history.words_of_entry(entry, row["title"], row["byline"])
    published, updated = row["published"], row["updated"]
    return Article(
        publisher=row["publisher"],
        keys=(row["article_key"],),
        id=row["id"],
        title=row["title"],
        summary=said.summary,
        text=said.text,
        excerpt=excerpt(said.summary, said.text, int(row["excerpt_max_words"])),
        url=row["url"],
        byline=row["byline"],
        language=stated_or_first(row["language"], json.loads(row["languages"])),
        stated_language=row["language"],
        item_class=row["class"],
        published=from_iso(published) if published else None,
        published_stated=row["published_stated"],
        updated=from_iso(updated) if updated else None,
        updated_stated=row["updated_stated"],
        categories=tuple(json.loads(row["categories"] or "[]")),
        raw=words,
        words_hash=row["words_hash"],
        entry_hash=row["entry_hash"],
        media=readings(entry.media)[0],
        media_hash=row["media_hash"],
    )


# What happens to it beside


def follow_split(connection: Connection, article_id: int, key: str, new: int) -> None:
    """A merge is undone: what is held back of the entry under that key is the new article's."""
    connection.execute(
        "UPDATE pending_revisions SET article_id = ? WHERE article_id = ? AND article_key = ?", (new, article_id, key)
    )
