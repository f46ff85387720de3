"""What publishers say of their reports: writes those rows, as they came. It alone knows their order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from aggregator.model import Article, ChangeKind, Decision, Known
from aggregator.store.connection import Connection
from aggregator.store.queries import known, ledger, pages, raw, searches, tags, who
from aggregator.store.queries.lists import as_list
from aggregator.text.dates import sort_time, to_iso
from aggregator.text.page_words import hashes
from aggregator.text.raw_words import values

# A statement that runs a trigger copies every page before it changes it, in case that it fails. So articles are written
# by one statement for many, which copies each page once: one for each of them takes three times as long.
_ROWS = 50
_PLACES = f"({', '.join('?' * 19)})"


def write_decisions(
    connection: Connection,
    source_id: int,
    decisions: Iterable[Decision],
    now: datetime,
    *,
    is_newest_last: bool = False,
) -> list[tuple[int, Article]]:
    """The rows of what one document brought; returns the new articles with their numbers, in its order. The newest has
    the least number. Within a transaction, so numbers can be counted on here.
    """
    seen = to_iso(now)
    new, changed, relisted = [], [], []
    stored = [each for each in decisions if not (each.pending_change or each.pending_revision)]  # those wait: `pending`
    for decision in pages.kept(connection, stored):
        if decision.known is None:
            new.append(decision.article)
        elif decision.change is not None:
            changed.append(decision)
        elif decision.known.entry_hash != decision.article.entry_hash:
            relisted.append(decision)
    if not (new or changed or relisted):
        return []
    first = _next_id(connection, "articles", "article_id")
    numbers = range(first, first + len(new))
    numbered = list(zip(reversed(numbers) if is_newest_last else numbers, new, strict=True))
    pack = raw.article_packer(connection)
    if new:
        _write_new(connection, source_id, numbered, now, pack)
    for decision in changed:
        _write_change(connection, source_id, decision, seen, pack)
    for decision in relisted:
        _write_relisted(connection, source_id, decision)
    return numbered


def _write_new(
    connection: Connection,
    source_id: int,
    numbered: Sequence[tuple[int, Article]],
    now: datetime,
    pack: raw.PackArticle,
) -> None:
    seen = to_iso(now)
    rising = sorted(numbered, key=lambda each: each[0])  # so that they are appended to the tables
    rows = [
        (number, source_id, *_row(a), *tags.row(a), to_iso(sort_time(a.published, a.updated, now)), seen)
        for number, a in rising
    ]
    for start in range(0, len(rows), _ROWS):
        part = rows[start : start + _ROWS]
        connection.execute(
            f"""
            INSERT INTO articles (article_id, source_id, id, publisher, language, class, title, url, byline, published,
              published_stated, updated, updated_stated, {", ".join(tags.COLUMNS)}, sort_time, first_seen, country,
              revision, status)
            SELECT new.*, p.country, 1, 'usable'
            FROM (VALUES {", ".join([_PLACES] * len(part))}) AS new
            CROSS JOIN publishers AS p ON p.publisher = new.column4
            """,  # noqa: S608  (constants)
            [value for row in part for value in row],
        )
    connection.executemany(
        "INSERT INTO bodies (article_id, summary, text, excerpt, categories) VALUES (?, ?, ?, ?, ?)",
        [(number, *_body(a)) for number, a in rising],
    )
    _write_media(connection, rising)
    tags.write(connection, rising, is_new=True)
    who.write(connection, ((number, article.who) for number, article in rising), is_new=True)
    _write_sightings(connection, source_id, numbered)
    _write_keys(connection, numbered)
    _write_revisions(connection, source_id, [(number, 1, a, "new", None) for number, a in numbered], seen, pack, seen)


def _write_change(connection: Connection, source_id: int, decision: Decision, at: str, pack: raw.PackArticle) -> None:
    article, before = decision.article, decision.known
    assert before is not None
    _update(connection, article, before, {"url = ?": article.url, "class = ?": article.item_class})
    connection.execute("DELETE FROM pending_revisions WHERE article_id = ?", (before.article_id,))
    _write_relisted(connection, source_id, decision)
    kind, changed = decision.change or "revised", json.dumps(decision.changed)
    revision = (before.article_id, before.revision + 1, article, kind, changed)
    _write_revisions(connection, source_id, [revision], to_iso(decision.seen) if decision.seen else at, pack, at)


def _update(connection: Connection, article: Article, before: Known, others: Mapping[str, str | None]) -> None:
    """The row of an article that has another version now, and its tags; `others`: more columns that change."""
    columns = {
        "revision = ?": before.revision + 1,
        "title = ?": article.title,
        "byline = ?": article.byline,
        **others,
        **tags.assignments(article),
    }
    connection.execute(
        f"UPDATE articles SET {', '.join(columns)} WHERE article_id = ?",  # noqa: S608  (constants)
        (*columns.values(), before.article_id),
    )
    tags.write(connection, [(before.article_id, article)], is_new=False)


def write_page(connection: Connection, decision: Decision, at: str) -> None:
    """A version that a report has by its own page. What its sources said of it stays as it is. Within a transaction."""
    article, before = decision.article, decision.known
    assert before is not None
    (source_id, words) = connection.execute(
        """
        SELECT r.source_id, raw_words(r.raw, r.dictionary_id) FROM articles AS a
        JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision WHERE a.article_id = ?
        """,
        (before.article_id,),
    ).fetchone()
    _update(connection, article, before, {})
    was = (values(words).get("page") or {}).get("published")
    published, stated_as, _, _ = stated(article)
    connection.execute(
        """
        UPDATE articles SET published = ?1, published_stated = ?2
        WHERE article_id = ?3 AND (published IS NULL OR published = ?4)
        """,
        (published, stated_as, before.article_id, was),
    )
    _write_readings(connection, before.article_id, article)
    kind, changed = decision.change or "revised", json.dumps(decision.changed)
    revision = (before.article_id, before.revision + 1, article, kind, changed)
    _write_revisions(connection, source_id, [revision], at, raw.article_packer(connection), at)


def _write_readings(connection: Connection, article_id: int, article: Article) -> None:
    connection.execute(
        "UPDATE bodies SET summary = ?, text = ?, excerpt = ?, categories = ? WHERE article_id = ?",
        (*_body(article), article_id),
    )
    connection.execute("DELETE FROM media WHERE article_id = ?", (article_id,))
    _write_media(connection, [(article_id, article)])
    who.write(connection, [(article_id, article.who)])


def _write_relisted(connection: Connection, source_id: int, decision: Decision) -> None:
    """The source says something else of the article than before, in dates or categories at least, or lists it for
    the first time; in the latter case the source that brought its words is not overruled.
    """
    article, before = decision.article, decision.known
    assert before is not None
    _write_sightings(connection, source_id, [(before.article_id, article)])
    _write_keys(connection, [(before.article_id, article)])
    if before.entry_hash is None and decision.change is None:
        return
    connection.execute(
        "UPDATE articles SET published = ?, published_stated = ?, updated = ?, updated_stated = ? WHERE article_id = ?",
        (*stated(article), before.article_id),
    )
    if decision.change is None:  # the same words, but for what is volatile: the readings stay those of the revision
        if decision.brings_media and _may_bring_media(connection, source_id, before.article_id):
            _write_media(connection, [(before.article_id, article)])
        return
    _write_readings(connection, before.article_id, article)


def _may_bring_media(connection: Connection, source_id: int, article_id: int) -> bool:
    """Whether the words in force are this source's, have none beside them, and were not let go."""
    row = connection.execute(
        """
        SELECT 1 FROM articles AS a
        JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision AND r.source_id = ?2
        WHERE a.article_id = ?1 AND a.has_text = 1 AND NOT EXISTS (SELECT 1 FROM media WHERE article_id = ?1)
        """,
        (article_id, source_id),
    ).fetchone()
    return row is not None


def _write_media(connection: Connection, numbered: Iterable[tuple[int, Article]]) -> None:
    connection.executemany(
        """
        INSERT INTO media (article_id, place, url, medium, type, width, height, length, title, caption, credit,
          copyright, alt, language)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
            (
                number,
                place,
                each.url,
                each.medium,
                each.type,
                each.width,
                each.height,
                each.length,
                each.title,
                each.caption.value if each.caption else None,
                each.credit,
                each.copyright,
                each.alt,
                each.language,
            )
            for number, article in numbered
            for place, each in enumerate(article.media)
        ],
    )


def _write_sightings(connection: Connection, source_id: int, numbered: Iterable[tuple[int, Article]]) -> None:
    connection.executemany(
        """
        INSERT INTO sightings (source_id, article_id, entry_hash, words_hash, media_hash, article_key)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (source_id, article_id) DO UPDATE SET entry_hash = excluded.entry_hash,
          words_hash = excluded.words_hash, media_hash = excluded.media_hash, article_key = excluded.article_key
        """,
        [(source_id, number, a.entry_hash, a.words_hash, a.media_hash, a.keys[0]) for number, a in numbered],
    )


def note_without_media(connection: Connection, source_id: int, unchanged: Iterable[int]) -> None:
    """Articles of which the source says just what it said before: where it is not known yet which media that had, it
    had none, or its raw words would not be the same.
    """
    connection.execute(
        """
        UPDATE sightings SET media_hash = ?
        WHERE source_id = ? AND article_id IN (SELECT CAST(value AS INTEGER) FROM json_each(?)) AND media_hash IS NULL
        """,
        (b"", source_id, json.dumps(list(unchanged))),
    )


def _write_revisions(
    connection: Connection,
    source_id: int,
    revisions: Sequence[tuple[int, int, Article, ChangeKind, str | None]],
    seen: str,
    pack: raw.PackArticle,
    at: str,
) -> None:
    """Revisions whose words were seen at `seen`, their lines in the ledger at `at`, and in the queue of the search
    index. A revision: article id, number, article, kind of change, what changed as JSON.
    """
    first = _next_id(connection, "revisions", "revision_id")
    connection.executemany(
        """
        INSERT INTO revisions
          (revision_id, article_id, number, source_id, seen_at, stored_at, title, changed, words_hash, raw_hash, raw,
            dictionary_id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
            (
                row,
                article_id,
                number,
                source_id,
                seen,
                None if seen == at else at,
                a.title,
                changed,
                *hashes(a),
                *pack(a),
            )
            for row, (article_id, number, a, _, changed) in enumerate(revisions, first)
        ],
    )
    pages.note(connection, [(article_id, number, a) for article_id, number, a, _, _ in revisions if a.page], at)
    ledger.append(
        connection,
        [  # Of a withdrawal the act writes the line.
            ledger.Line(change_kind=kind, at=at, article_id=article_id, revision=number)
            for article_id, number, _, kind, _ in revisions
            if kind != "withdrawn"
        ],
    )
    searches.queue(connection, [(row, a) for row, (_, _, a, _, _) in enumerate(revisions, first)])


def _write_keys(connection: Connection, numbered: Iterable[tuple[int, Article]]) -> None:
    """A weaker key that another article of the publisher already holds stays with that article."""
    connection.executemany(
        "INSERT INTO article_keys (publisher, article_key, article_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(a.publisher, key, number) for number, a in numbered for key in a.keys],
    )


def _next_id(connection: Connection, table: str, key: str) -> int:
    (last,) = connection.execute(f"SELECT max({key}) FROM {table}").fetchone()  # noqa: S608  (a name of ours)
    return int(last or 0) + 1


def _row(a: Article) -> tuple[str | None, ...]:
    return (a.id, a.publisher, a.language, a.item_class, a.title, a.url, a.byline, *stated(a))


def stated(article: Article) -> tuple[str | None, str | None, str | None, str | None]:
    """`published` and `updated` as they are stored, each with its literal behind it."""
    return (
        to_iso(article.published) if article.published else None,
        article.published_stated,
        to_iso(article.updated) if article.updated else None,
        article.updated_stated,
    )


def _body(article: Article) -> tuple[str, str, str | None, str | None]:
    excerpt = None if article.excerpt == article.summary else article.excerpt
    return article.summary, article.text, excerpt, categories(article)


def categories(article: Article) -> str | None:
    """As they are stored."""
    return as_list(article.categories) if article.categories else None


# By which keys they are found again


def list_beside(connection: Connection, source_id: int, article_id: int, new: int) -> None:
    """The entry that was taken for an article is a new one: the source's last document listed both."""
    listed = [entry.name for entry in known.listed_before(connection, source_id)]
    if article_id in listed:
        listed.insert(listed.index(article_id) + 1, new)
        connection.execute("UPDATE sources SET last_listed = ? WHERE source_id = ?", (json.dumps(listed), source_id))


def list_in_its_place(
    connection: Connection, publisher: str, article_id: int, kept: int, source_id: int | None = None
) -> None:
    """Two articles became one: the documents that listed one of them, or both, listed that one. Of all sources of the
    publisher, or of one.
    """
    rows = connection.execute(
        """
        SELECT source_id, last_listed FROM sources
        WHERE publisher = ?1 AND last_listed IS NOT NULL AND source_id = coalesce(?2, source_id)
        """,
        (publisher, source_id),
    ).fetchall()
    for number, stored in rows:
        listed = json.loads(stored)
        if article_id in listed:
            now = list(dict.fromkeys(kept if each == article_id else each for each in listed))
            connection.execute("UPDATE sources SET last_listed = ? WHERE source_id = ?", (json.dumps(now), number))


def write_near_keys(connection: Connection, numbered: Iterable[tuple[int, Article]]) -> None:
    """The newest article stands under a near key: twins come within days."""
    connection.executemany(
        "INSERT INTO near_keys (publisher, article_key, article_id) VALUES (?, ?, ?)"
        " ON CONFLICT (publisher, article_key) DO UPDATE SET article_id = excluded.article_id",
        [(article.publisher, key, number) for number, article in numbered for key in article.near_keys],
    )


def write_merges(connection: Connection, source_id: int, decisions: Iterable[Decision], now: str) -> None:
    """A row for every entry that was taken for an article by another key than its first, which becomes the article's
    too; `split` undoes it.
    """
    rekeyed = [(d.known, d.article, d) for d in decisions if d.known and d.is_rekeyed]
    connection.executemany(
        """
        INSERT INTO merges (article_id, publisher, source_id, article_key, matched_by, evidence, revision, at)
        SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
        WHERE NOT EXISTS (SELECT 1 FROM merges WHERE article_id = ?1 AND article_key = ?4 AND undone_at IS NULL)
        """,
        [
            (
                known.article_id,
                article.publisher,
                source_id,
                article.keys[0],
                d.matched_by,
                d.evidence,
                known.revision,
                now,
            )
            for known, article, d in rekeyed
            if d.is_merge
        ],
    )
    connection.executemany(
        "INSERT INTO article_keys (publisher, article_key, article_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(article.publisher, key, known.article_id) for known, article, _ in rekeyed for key in article.keys],
    )
