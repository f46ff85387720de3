"""What is remembered of the articles that a document lists: by their first keys, by all of them, by what they say."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from aggregator.model import Article, Decision, Known, Ladder
from aggregator.scheduling.gaps import MOST, Before
from aggregator.text.dates import from_iso, to_iso

_LISTED = 200  # few documents list more; what is not asked for is compared when it is recorded


def unchanged(connection: sqlite3.Connection, source: int, articles: Sequence[Article]) -> dict[str, int]:
    """Of the articles of one publisher those of which this source says what it said before: article by first key."""
    if not articles:
        return {}
    said = {article.keys[0]: article.entry_hash for article in articles}
    rows = connection.execute(
        """
        SELECT k.key, k.article, s.entry_hash
        FROM json_each(?) AS asked
        CROSS JOIN article_keys AS k ON k.publisher = ? AND k.key = asked.value
        JOIN sightings AS s ON s.source = ? AND s.article = k.article
        """,
        (json.dumps(list(said)), articles[0].publisher, source),
    )
    return {key: article for key, article, entry_hash in rows if said[key] == entry_hash}


def said(connection: sqlite3.Connection, source: int) -> dict[str, bytes]:
    """What the source last said, as entry hashes by first key; of the newest articles, since documents list those.
    A key that leads to another article, because it is used for two or a merge was undone, is not among them.
    """
    rows = connection.execute(
        """
        SELECT s.key, s.entry_hash
        FROM (SELECT * FROM sightings WHERE source = ?1 ORDER BY article DESC LIMIT ?2) AS s
        CROSS JOIN article_keys AS k ON k.key = s.key AND k.article = s.article
          AND k.publisher = (SELECT publisher FROM sources WHERE id = ?1)
        """,
        (source, _LISTED),
    )
    return dict(rows.fetchall())


def has_listed(connection: sqlite3.Connection, source: int) -> bool:
    """Whether the source ever listed anything that is held."""
    return connection.execute("SELECT 1 FROM sightings WHERE source = ? LIMIT 1", (source,)).fetchone() is not None


def listed_before(connection: sqlite3.Connection, source: int) -> list[Before]:
    """The articles that the source's last document listed, in its order; empty: that is not known."""
    rows = connection.execute(
        """
        SELECT a.id, a.listed_at, coalesce(a.published, a.updated) IS NOT NULL
        FROM sources AS s, json_each(s.listed) AS named CROSS JOIN articles AS a ON a.id = named.value
        WHERE s.id = ? ORDER BY named.key
        """,
        (source,),
    )
    return [Before(article, from_iso(listed_at), bool(is_dated)) for article, listed_at, is_dated in rows]


def keys_before(connection: sqlite3.Connection, source: int) -> list[Before]:
    """The same by the first keys under which the source listed them."""
    rows = connection.execute(
        """
        SELECT g.article, g.key FROM sources AS s, json_each(s.listed) AS named
        CROSS JOIN sightings AS g ON g.source = s.id AND g.article = named.value
        WHERE s.id = ? AND g.key IS NOT NULL
        """,
        (source,),
    )
    keys: dict[Hashable, str] = dict(rows.fetchall())
    return [replace(entry, name=keys.get(entry.name, entry.name)) for entry in listed_before(connection, source)]


def write_listed(connection: sqlite3.Connection, source: int, articles: Sequence[int]) -> None:
    """The articles that a document lists, in its order; of a very long one those at both ends."""
    kept = [*articles[:MOST], *articles[-MOST:]] if len(articles) > 2 * MOST else list(articles)
    connection.execute(
        "UPDATE sources SET listed = ?1 WHERE id = ?2 AND listed IS NOT ?1",
        (json.dumps(kept, separators=(",", ":")), source),
    )


def list_beside(connection: sqlite3.Connection, source: int, article: int, new: int) -> None:
    """The entry that was taken for an article is a new one: the source's last document listed both."""
    listed = [entry.name for entry in listed_before(connection, source)]
    if article in listed:
        listed.insert(listed.index(article) + 1, new)
        connection.execute("UPDATE sources SET listed = ? WHERE id = ?", (json.dumps(listed), source))


def articles_under(connection: sqlite3.Connection, publisher: str, keys: Sequence[str]) -> dict[str, int]:
    """The articles of the publisher that these keys lead to, by key."""
    rows = connection.execute(
        """
        SELECT k.key, k.article FROM json_each(?) AS asked
        CROSS JOIN article_keys AS k ON k.publisher = ? AND k.key = asked.value
        """,
        (json.dumps(keys), publisher),
    )
    return dict(rows.fetchall())


def candidates(
    connection: sqlite3.Connection, source: int, publisher: str, keys: Iterable[str], near: Iterable[str]
) -> dict[str, Known]:
    """The articles of the publisher under these keys and near keys, by key."""
    found: dict[str, Known] = {}
    for table, asked in (("near_keys", near), ("article_keys", keys)):
        sql = f"""
            SELECT k.key, a.id, a.revision, r.words_hash, coalesce(r.stored_at, r.seen_at), s.entry_hash, s.said_words,
              a.url, a.published, a.language, fold(a.title),
              opening(iif(b.text <> '', b.text, b.summary)), a.first_seen,
              EXISTS (SELECT 1 FROM merges AS m WHERE m.article = a.id AND m.undone_at IS NULL),
              a.revision > 1 AND EXISTS (
                SELECT 1 FROM revisions AS o WHERE o.article = a.id AND o.number > 1 AND o.changed LIKE '%"url"%'),
              s.key
            FROM json_each(?) AS asked
            CROSS JOIN {table} AS k ON k.publisher = ? AND k.key = asked.value
            JOIN articles AS a ON a.id = k.article
            JOIN revisions AS r ON r.article = a.id AND r.number = a.revision
            JOIN bodies AS b ON b.article = a.id
            LEFT JOIN sightings AS s ON s.source = ? AND s.article = a.id
        """  # noqa: S608  (made of constants)
        rows = connection.execute(sql, (json.dumps(list(asked)), publisher, source))
        found |= {row[0]: _known(row[1:]) for row in rows}
    return found


def _known(row: tuple[Any, ...]) -> Known:
    article, revision, words_hash, revised, entry_hash, said, *rest = row
    url, published, language, title, begins, first_seen, merged, moved, key = rest
    return Known(
        article=article,
        revision=revision,
        words_hash=words_hash,
        first_seen=from_iso(first_seen),
        last_revision=from_iso(revised),
        entry_hash=entry_hash,
        said_words=said,
        url=url,
        published=from_iso(published) if published else None,
        language=language,
        folded_title=title,
        opening=begins,
        merged=bool(merged),
        moved=bool(moved),
        key=key,
    )


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


def trust(connection: sqlite3.Connection, source: int) -> tuple[Ladder, int]:
    """How far the source's keys are trusted, and how often one of its ids was in use for another report."""
    row = connection.execute("SELECT ladder, id_conflicts FROM sources WHERE id = ?", (source,)).fetchone()
    return row[0], row[1]


def changing(connection: sqlite3.Connection, source: int) -> tuple[datetime, ...]:
    """When the last polls in a row changed most of what they listed; see `revisions.compare.unstable`."""
    (text,) = connection.execute("SELECT changing FROM sources WHERE id = ?", (source,)).fetchone()
    return tuple(map(from_iso, json.loads(text or "[]")))


def write_changing(connection: sqlite3.Connection, source: int, polls: Sequence[datetime]) -> None:
    text = json.dumps([to_iso(at) for at in polls]) if polls else None
    connection.execute("UPDATE sources SET changing = ?1 WHERE id = ?2 AND changing IS NOT ?1", (text, source))


def write_ladder(
    connection: sqlite3.Connection, source: int, conflicts: int, changed: tuple[Ladder, str] | None
) -> None:
    if conflicts:
        connection.execute("UPDATE sources SET id_conflicts = id_conflicts + ? WHERE id = ?", (conflicts, source))
    if changed:
        connection.execute("UPDATE sources SET ladder = ?, ladder_reason = ? WHERE id = ?", (*changed, source))
