"""Merges, and how one is undone: the entry that was taken for an article becomes an article of its own again.

Nothing is deleted: the new article begins with the words that came under its key, the old one gets a new revision with
the words it had before.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

from aggregator.dates import read_date, to_iso
from aggregator.errors import StoreError
from aggregator.identity import place_of
from aggregator.printable import address, line
from aggregator.store import held_words, ledger, pending
from aggregator.text import MOST_OF_DATE, excerpt, headline, plain, shortened
from aggregator.types import ChangeKind, Text

NewId = Callable[[str, str], str]

_MERGES = """
    SELECT m.id, m.at, a.public_id AS article, p.name AS publisher_name,
      (SELECT w.title FROM wire AS w WHERE w.article = a.id) AS title, m.matched_by, m.evidence, m.key, m.undone_at,
      b.public_id AS split_into, (SELECT w.channels FROM wire AS w WHERE w.article = a.id) AS channels
    FROM merges AS m
    JOIN articles AS a ON a.id = m.article
    JOIN publishers AS p ON p.key = m.publisher
    LEFT JOIN articles AS b ON b.id = m.split_into
    WHERE m.at >= ? ORDER BY m.id
"""


def listed(connection: sqlite3.Connection, since: str) -> list[dict[str, Any]]:
    """The merges since a time, oldest first, by the names of the query above. `title` and `channels` (a tuple) are None
    where the article is out of the wire.
    """
    cursor = connection.execute(_MERGES, (since,))
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor]
    return [{**row, "channels": None if row["channels"] is None else tuple(row["channels"].split())} for row in rows]


def split(connection: sqlite3.Connection, merge: int, now: str, new_id: NewId) -> str:
    """Undoes a merge and returns the public id of the article that the entry is from now on. Within a transaction.

    Raises StoreError for a merge that is not there or is undone already.
    """
    row = connection.execute(
        "SELECT article, publisher, source, key, revision, undone_at FROM merges WHERE id = ?", (merge,)
    ).fetchone()
    if row is None or row[5] is not None:
        state = "is undone already" if row else "is not there"
        raise StoreError(f"merge {merge} {state}; `aggregator merges` lists those in force")
    article, publisher, source, key, before, _ = row
    (words,) = connection.execute(
        """
        SELECT coalesce(max(iif(source = ? AND number > ?, id, NULL)), max(id)) FROM revisions WHERE article = ?
        """,
        (source, before, article),
    ).fetchone()
    public_id = new_id(publisher, key)
    new = _copied(connection, article, source, words, public_id, now)
    connection.execute("UPDATE article_keys SET article = ? WHERE publisher = ? AND key = ?", (new, publisher, key))
    pending.follow_split(connection, article, key, new)
    held_words.follow_split(connection, article, key, new)
    _reverted(connection, article, before, now)
    connection.execute("UPDATE merges SET undone_at = ?, split_into = ? WHERE id = ?", (now, new, merge))
    return public_id


def split_version(connection: sqlite3.Connection, report: str, number: int, now: str, new_id: NewId) -> str:
    """Makes an article of the version `number` of a report and of those after it, because they are another report under
    the same guid; returns its public id. Of several reports in one the newest is split off first. It is written down in
    `merges` as what it was, and undone. Within a transaction; raises StoreError where there is no such version, or none
    before it.

    The new article is known by the address of the version, or by its words where another one is known by that.
    """
    row = connection.execute(
        """
        SELECT a.id, a.publisher, r.source, r.words_hash, r.seen_at, raw_words(r.raw, r.dictionary)
        FROM articles AS a JOIN revisions AS r ON r.article = a.id AND r.number = ? WHERE a.public_id = ?
        """,
        (number, report),
    ).fetchone()
    if row is None or number < 2:
        raise StoreError(f"{report} has no version {number} with one before it; `aggregator show {report} --revisions`")
    article, publisher, source, words_hash, seen_at, said = row
    done = connection.execute(
        """
        SELECT b.public_id FROM merges AS m JOIN articles AS b ON b.id = m.split_into
        WHERE m.article = ? AND m.revision < ? AND m.matched_by = 'id'
        """,
        (article, number),
    ).fetchone()
    if done:
        raise StoreError(f"version {number} of {report} is an article already: {done[0]}")
    keys = _keys_of_version(said, words_hash)
    key = next((key for key in keys if _is_free(connection, publisher, article, key, new_id(publisher, key))), None)
    if key is None:
        raise StoreError(f"version {number} of {report} is known as another article; `aggregator search` finds it")
    connection.execute(
        "INSERT OR IGNORE INTO article_keys (publisher, key, article) VALUES (?, ?, ?)", (publisher, key, article)
    )
    merge = connection.execute(
        """
        INSERT INTO merges (article, publisher, source, key, matched_by, evidence, revision, at)
        VALUES (?, ?, ?, ?, 'id', 'one guid, another address', ?, ?)
        """,
        (article, publisher, source, key, number - 1, seen_at),
    ).lastrowid
    return split(connection, merge or 0, now, new_id)


def _keys_of_version(said: str, words_hash: bytes) -> Iterator[str]:
    """What a version may be known by: its address, or its words."""
    for link in json.loads(said).get("links", ()):
        if link["rel"] == "alternate":
            yield f"url:{place_of(link['href'])}"
            break
    yield f"spare:{words_hash.hex()[:32]}"


def _is_free(connection: sqlite3.Connection, publisher: str, article: int, key: str, own: str) -> bool:
    """Whether a key is no other article's, and no article has the public id that is made of it."""
    (taken,) = connection.execute(
        """
        SELECT EXISTS (SELECT 1 FROM article_keys WHERE publisher = ? AND key = ? AND article <> ?)
          OR EXISTS (SELECT 1 FROM articles WHERE public_id = ?)
        """,
        (publisher, key, article, own),
    ).fetchone()
    return not taken


def _copied(connection: sqlite3.Connection, article: int, source: int, words: int, public_id: str, now: str) -> int:
    """The new article, with the words of a revision (its row)."""
    cursor = connection.execute(
        """
        INSERT INTO articles (public_id, publisher, source, country, language, class, title, url, byline, published,
          published_stated, updated, updated_stated, listed_at, first_seen, revision, status, notice, embargoed_until)
        SELECT ?, publisher, ?, country, language, class, title, url, byline, published, published_stated, updated,
          updated_stated, listed_at, ?, 1, status, notice, embargoed_until FROM articles WHERE id = ?
        """,
        (public_id, source, now, article),
    )
    new = int(cursor.lastrowid or 0)
    connection.execute(
        "INSERT INTO bodies SELECT ?, summary, text, excerpt, categories FROM bodies WHERE article = ?", (new, article)
    )
    # An empty hash: whatever the source says of it next is compared anew.
    connection.execute("INSERT INTO sightings (source, article, entry_hash) VALUES (?, ?, x'')", (source, new))
    _append(connection, new, 1, words, "new", now)
    return new


def _reverted(connection: sqlite3.Connection, article: int, number: int, now: str) -> None:
    """The old article says again what it said before the merge, if anything was changed since."""
    newest, words = connection.execute(
        """
        SELECT a.revision, r.id FROM articles AS a JOIN revisions AS r ON r.article = a.id AND r.number = ?
        WHERE a.id = ?
        """,
        (number, article),
    ).fetchone()
    if newest > number:
        _append(connection, article, newest + 1, words, "revised", now)


def _append(connection: sqlite3.Connection, article: int, number: int, words: int, kind: ChangeKind, now: str) -> None:
    """A revision with the words of another one, its line in the ledger, and the plain readings of them."""
    cursor = connection.execute(
        """
        INSERT INTO revisions (article, number, source, seen_at, title, words_hash, raw_hash, raw, dictionary)
        SELECT ?, ?, source, ?, title, words_hash, raw_hash, raw, dictionary FROM revisions WHERE id = ?
        """,
        (article, number, now, words),
    )
    connection.execute("INSERT INTO search_queue VALUES (?)", (cursor.lastrowid,))
    ledger.append(connection, [ledger.Line(kind=kind, at=now, article=article, revision=number)])
    said, most = connection.execute(
        """
        SELECT raw_words(r.raw, r.dictionary), json_extract(p.rights, '$.excerpt_max_words')
        FROM revisions AS r JOIN articles AS a ON a.id = ? JOIN publishers AS p ON p.key = a.publisher WHERE r.id = ?
        """,
        (article, words),
    ).fetchone()
    words_said = json.loads(said)
    title, summary, body, url = _readings(words_said)
    dates = [value for name in ("published", "updated") for value in _date(words_said.get(name))]
    connection.execute(
        """
        UPDATE articles SET revision = ?, title = ?, url = ?, published = ?, published_stated = ?, updated = ?,
          updated_stated = ? WHERE id = ?
        """,
        (number, title, url, *dates, article),
    )
    connection.execute(
        "UPDATE bodies SET summary = ?, text = ?, excerpt = ? WHERE article = ?",
        (summary, body or summary, excerpt(summary, body, most), article),
    )


def _readings(said: dict[str, Any]) -> tuple[str, str, str, str | None]:
    summary = plain(_text(said.get("summary")))
    body = "\n".join(filter(None, (plain(_text(words)) for words in said.get("content", ()))))
    urls = (address(link["href"]) for link in said.get("links", ()) if link["rel"] == "alternate")
    return headline(_text(said.get("title"))), summary, body, next(filter(None, urls), None)


def _date(stated: str | None) -> tuple[str | None, str | None]:
    """A date as it is held: read, and as stated."""
    moment = read_date(stated)
    return to_iso(moment) if moment else None, stated and shortened(line(stated), MOST_OF_DATE)


def _text(said: dict[str, str] | None) -> Text | None:
    return Text(**said) if said else None
