"""What is due, and what polls brought: reads and writes those rows. It alone knows their order."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from aggregator.dates import from_iso, to_iso
from aggregator.types import Article, Decision, Due, Known, Poll, Source, Validators

Pack = Callable[[bytes], tuple[bytes, int | None]]

# A stated time up to this far ahead of us is taken for a clock that runs fast; beyond, first sight decides the place.
_AHEAD = timedelta(minutes=15)


def due(connection: sqlite3.Connection, now: str | None) -> list[Due]:
    """The sources whose time has come, longest overdue first; with `now` None all that are switched on."""
    rows = connection.execute(
        """
        SELECT publisher, key, url, kind, class, every_minutes, etag, last_modified, body_hash, failures
        FROM sources WHERE enabled AND (?1 IS NULL OR next_at <= ?1) ORDER BY next_at, id
        """,
        (now,),
    )
    return [
        Due(
            source=Source(
                publisher=publisher,
                key=key,
                url=url,
                kind=kind,
                item_class=item_class,
                every=timedelta(minutes=every) if every else None,
            ),
            validators=Validators(etag, last_modified),
            body_hash=body_hash,
            failures=failures,
        )
        for publisher, key, url, kind, item_class, every, etag, last_modified, body_hash, failures in rows
    ]


def next_due_at(connection: sqlite3.Connection) -> str | None:
    (moment,) = connection.execute("SELECT min(next_at) FROM sources WHERE enabled").fetchone()
    return str(moment) if moment else None


def source_id(connection: sqlite3.Connection, source: Source) -> int:
    row = connection.execute(
        "SELECT id FROM sources WHERE publisher = ? AND key = ?", (source.publisher, source.key)
    ).fetchone()
    return int(row[0])


def known(connection: sqlite3.Connection, source: int, articles: Sequence[Article]) -> dict[str, Known]:
    """What is remembered of these articles of one publisher, by their first key; one question for a whole document."""
    if not articles:
        return {}
    rows = connection.execute(
        """
        SELECT k.key, a.id, a.revision, r.words_hash, a.updated, s.entry_hash
        FROM json_each(?) AS asked
        CROSS JOIN article_keys AS k ON k.publisher = ? AND k.key = asked.value
        JOIN articles AS a ON a.id = k.article
        JOIN revisions AS r ON r.article = a.id AND r.number = a.revision
        LEFT JOIN sightings AS s ON s.source = ? AND s.article = a.id
        """,
        (json.dumps([article.keys[0] for article in articles]), articles[0].publisher, source),
    )
    return {
        key: Known(
            article=article,
            revision=revision,
            words_hash=words_hash,
            updated=from_iso(updated) if updated else None,
            entry_hash=entry_hash,
        )
        for key, article, revision, words_hash, updated, entry_hash in rows
    }


def write_poll(connection: sqlite3.Connection, source: int, poll: Poll) -> None:
    """The poll's row, and what the source remembers of it: validators, body, failures in a row, next time."""
    ok = poll.outcome != "failed"
    started, next_at = to_iso(poll.started), to_iso(poll.next.at)
    connection.execute(
        "INSERT INTO polls (source, started, seconds, outcome, status, error, format, bytes, entries, new, revised,"
        " unchanged, drops, next_at, next_reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            source,
            started,
            round(poll.seconds, 3),
            poll.outcome,
            poll.status,
            poll.error,
            poll.format,
            poll.body_bytes,
            poll.entries,
            poll.new,
            poll.revised,
            poll.unchanged,
            json.dumps(poll.drops) if poll.drops else None,
            next_at,
            poll.next.reason,
        ),
    )
    connection.execute(
        """
        UPDATE sources SET next_at = ?, next_reason = ?, last_poll = ?, last_success = iif(?, ?, last_success),
          failures = iif(?, 0, failures + 1), last_error = ?, body_hash = coalesce(?, body_hash)
        WHERE id = ?
        """,
        (next_at, poll.next.reason, started, ok, started, ok, None if ok else poll.error, poll.body_hash, source),
    )
    if poll.validators is not None:
        connection.execute(
            "UPDATE sources SET etag = ?, last_modified = ? WHERE id = ?",
            (poll.validators.etag, poll.validators.last_modified, source),
        )


def write_decisions(
    connection: sqlite3.Connection, source: int, decisions: Iterable[Decision], now: datetime, pack: Pack
) -> None:
    """The rows of what one document brought. The caller holds the transaction, so numbers can be counted on here."""
    seen = to_iso(now)
    new, changed, relisted = [], [], []
    for decision in decisions:
        if decision.known is None:
            new.append(decision.article)
        elif decision.change is not None:
            changed.append(decision)
        elif decision.known.entry_hash != decision.article.entry_hash:
            relisted.append(decision)
    if new:
        _write_new(connection, source, new, now, pack)
    for decision in changed:
        _write_change(connection, source, decision, seen, pack)
    for decision in relisted:
        _write_relisted(connection, source, decision)


def _write_new(
    connection: sqlite3.Connection, source: int, articles: Sequence[Article], now: datetime, pack: Pack
) -> None:
    seen = to_iso(now)
    first = _next_id(connection, "articles")
    numbered = list(enumerate(articles, first))
    listed = [_listed_at(article, now) for article in articles]
    connection.executemany(
        """
        INSERT INTO articles (id, public_id, publisher, source, country, language, class, title, url, byline, published,
          published_stated, updated, updated_stated, listed_at, first_seen, revision, status)
        SELECT ?1, ?3, ?4, ?2, country, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, 1, 'usable'
        FROM publishers WHERE key = ?4
        """,
        [(number, source, *_row(a), at, seen) for (number, a), at in zip(numbered, listed, strict=True)],
    )
    connection.executemany(
        "INSERT INTO bodies (article, summary, text, excerpt, categories) VALUES (?, ?, ?, ?, ?)",
        [(number, *_body(a)) for number, a in numbered],
    )
    connection.executemany(
        "INSERT INTO sightings (source, article, entry_hash) VALUES (?, ?, ?)",
        [(source, number, a.entry_hash) for number, a in numbered],
    )
    _write_keys(connection, numbered)
    _write_revisions(connection, source, [(number, 1, a, "new") for number, a in numbered], seen, pack)
    connection.executemany(
        "INSERT INTO daily VALUES (?, ?, 1) ON CONFLICT (publisher, day) DO UPDATE SET articles = articles + 1",
        [(a.publisher, at[:10]) for a, at in zip(articles, listed, strict=True)],
    )


def _write_change(connection: sqlite3.Connection, source: int, decision: Decision, seen: str, pack: Pack) -> None:
    article, before = decision.article, decision.known
    assert before is not None
    connection.execute(
        "UPDATE articles SET revision = ?, title = ?, url = ?, byline = ?, language = ? WHERE id = ?",
        (before.revision + 1, article.title, article.url, article.byline, article.language, before.article),
    )
    _write_relisted(connection, source, decision)
    revision = (before.article, before.revision + 1, article, decision.change or "revised")
    _write_revisions(connection, source, [revision], seen, pack)


def _write_relisted(connection: sqlite3.Connection, source: int, decision: Decision) -> None:
    """The source says something else of the article than before, in dates or categories at least, or lists it for
    the first time; in the latter case the source that brought its words is not overruled.
    """
    article, before = decision.article, decision.known
    assert before is not None
    connection.execute(
        "INSERT OR REPLACE INTO sightings (source, article, entry_hash) VALUES (?, ?, ?)",
        (source, before.article, article.entry_hash),
    )
    _write_keys(connection, [(before.article, article)])
    if before.entry_hash is None and decision.change is None:
        return
    connection.execute(
        "UPDATE articles SET published = ?, published_stated = ?, updated = ?, updated_stated = ? WHERE id = ?",
        (*_stated(article), before.article),
    )
    connection.execute(
        "UPDATE bodies SET summary = ?, text = ?, excerpt = ?, categories = ? WHERE article = ?",
        (*_body(article), before.article),
    )


def _write_revisions(
    connection: sqlite3.Connection,
    source: int,
    revisions: Sequence[tuple[int, int, Article, str]],
    seen: str,
    pack: Pack,
) -> None:
    """Revisions, their lines in the ledger and in the queue of the search index. A revision: article id, number,
    article, kind of change.
    """
    first = _next_id(connection, "revisions")
    connection.executemany(
        """
        INSERT INTO revisions (id, article, number, source, seen_at, title, words_hash, raw_hash, raw, dictionary)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
            (row, article, number, source, seen, a.title, a.words_hash, a.entry_hash, *pack(a.raw))
            for row, (article, number, a, _) in enumerate(revisions, first)
        ],
    )
    connection.executemany(
        "INSERT INTO changes (article, revision, kind, at) VALUES (?, ?, ?, ?)",
        [(article, number, kind, seen) for article, number, _, kind in revisions],
    )
    connection.executemany(
        "INSERT INTO search_queue VALUES (?)", [(row,) for row in range(first, first + len(revisions))]
    )


def _write_keys(connection: sqlite3.Connection, numbered: Iterable[tuple[int, Article]]) -> None:
    """A weaker key that another article of the publisher already holds stays with that article."""
    connection.executemany(
        "INSERT OR IGNORE INTO article_keys (publisher, key, article) VALUES (?, ?, ?)",
        [(a.publisher, key, number) for number, a in numbered for key in a.keys],
    )


def _next_id(connection: sqlite3.Connection, table: str) -> int:
    (last,) = connection.execute(f"SELECT max(id) FROM {table}").fetchone()  # noqa: S608  (a name of ours)
    return int(last or 0) + 1


def _row(a: Article) -> tuple[str | None, ...]:
    return (a.public_id, a.publisher, a.language, a.item_class, a.title, a.url, a.byline, *_stated(a))


def _stated(article: Article) -> tuple[str | None, str | None, str | None, str | None]:
    return (
        to_iso(article.published) if article.published else None,
        article.published_stated,
        to_iso(article.updated) if article.updated else None,
        article.updated_stated,
    )


def _body(article: Article) -> tuple[str, str, str, str | None]:
    categories = json.dumps(article.categories, ensure_ascii=False) if article.categories else None
    return article.summary, article.text, article.excerpt, categories


def _listed_at(article: Article, now: datetime) -> str:
    stated = article.published or article.updated
    return to_iso(stated if stated and stated <= now + _AHEAD else now)
