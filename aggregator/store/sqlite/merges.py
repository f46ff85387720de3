"""Merges: which entries were taken for reports, and the rows that change when that is undone."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from aggregator.model import Merge, Split, Version
from aggregator.store.sqlite import acts, held_words, history, pending, polls, raw, reading
from aggregator.text.dates import from_iso, to_iso

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
    rows = reading.rows(connection, _MERGES, since)
    return [{**row, "channels": None if row["channels"] is None else tuple(row["channels"].split())} for row in rows]


def read(connection: sqlite3.Connection, number: int) -> Merge | None:
    """The merge of this number; None: there is none."""
    row = connection.execute(
        "SELECT article, source, key, revision, at, undone_at FROM merges WHERE id = ?", (number,)
    ).fetchone()
    if row is None:
        return None
    article, source, key, revision, at, undone_at = row
    taken = connection.execute(
        "SELECT coalesce(max(iif(source = ? AND number > ?, id, NULL)), max(id)) FROM revisions WHERE article = ?",
        (source, revision, article),
    ).fetchone()
    beside = {"number": number, "key": key, "is_undone": undone_at is not None, "at": from_iso(at)}
    return _merge(connection, article, (revision, taken[0], source), beside)


def of_version(connection: sqlite3.Connection, report: str, number: int) -> Merge | None:
    """A version of a report, and those after it, as an entry that was taken for it; None: it has no such version, or
    none before it.
    """
    row = connection.execute(
        """
        SELECT a.id, r.source, r.seen_at, (
          SELECT coalesce(max(iif(o.source = r.source AND o.number >= r.number, o.id, NULL)), max(o.id))
          FROM revisions AS o WHERE o.article = a.id)
        FROM articles AS a JOIN revisions AS r ON r.article = a.id AND r.number = ? WHERE a.public_id = ?
        """,
        (number, report),
    ).fetchone()
    if row is None or number < 2:
        return None
    article, source, at, taken = row
    beside = {"number": None, "key": "", "is_undone": False, "at": from_iso(at)}
    return _merge(connection, article, (number - 1, taken, source), beside)


def _merge(connection: sqlite3.Connection, article: int, rows: tuple[int, int, int], beside: dict[str, Any]) -> Merge:
    """`rows`: the number of the version before the merge, the row of what its entry said last, the source of that."""
    revision, taken, source = rows
    publisher, languages, storage, words, language, newest, name, before = connection.execute(
        """
        SELECT a.publisher, p.languages, json_extract(p.rights, '$.storage'),
          json_extract(p.rights, '$.excerpt_max_words'), a.language, a.revision, s.publisher || '/' || s.key, r.id
        FROM articles AS a
        JOIN publishers AS p ON p.key = a.publisher
        JOIN revisions AS r ON r.article = a.id AND r.number = ?
        JOIN sources AS s ON s.id = ?
        WHERE a.id = ?
        """,
        (revision, source, article),
    ).fetchone()
    state = acts.states(connection, [article])[article]
    embargo = acts.last(connection, state.id, ("embargo",))
    return Merge(
        report=state.id,
        article=article,
        publisher=publisher,
        languages=tuple(json.loads(languages)),
        storage=storage,
        excerpt_max_words=words,
        language=language,
        revision=revision,
        newest=newest,
        source=name,
        own=_version(connection, before),
        taken=_version(connection, taken),
        words=history.words_of(connection, [article])[article],
        state=state,
        embargo=embargo[1] if embargo else None,
        removal=acts.last(connection, state.id, ("withhold", "withdraw", "suspend")),
        **beside,
    )


def _version(connection: sqlite3.Connection, revision: int) -> Version:
    packed, dictionary, words_hash, entry_hash, source, item_class = connection.execute(
        """
        SELECT r.raw, r.dictionary, r.words_hash, r.raw_hash, s.publisher || '/' || s.key, s.class
        FROM revisions AS r JOIN sources AS s ON s.id = r.source WHERE r.id = ?
        """,
        (revision,),
    ).fetchone()
    words = raw.unpack(connection, packed, dictionary)
    return Version(source=source, item_class=item_class, raw=words, words_hash=words_hash, entry_hash=entry_hash)


def articles_under(connection: sqlite3.Connection, publisher: str, keys: Sequence[str]) -> dict[str, int]:
    """The articles of a publisher that these keys lead to, by key."""
    rows = connection.execute(
        """
        SELECT k.key, k.article FROM json_each(?) AS asked
        CROSS JOIN article_keys AS k ON k.publisher = ? AND k.key = asked.value
        """,
        (json.dumps(list(keys)), publisher),
    )
    return dict(rows.fetchall())


def version(connection: sqlite3.Connection, report: str, number: int) -> Version | None:
    """A version of a report; None: it has none of this number."""
    row = connection.execute(
        "SELECT r.id FROM articles AS a JOIN revisions AS r ON r.article = a.id AND r.number = ? WHERE a.public_id = ?",
        (number, report),
    ).fetchone()
    return _version(connection, row[0]) if row else None


def split_off(connection: sqlite3.Connection, report: str, number: int) -> str | None:
    """The id of the report that a version of this one was made already, or a version before it; None: none was."""
    row = connection.execute(
        """
        SELECT b.public_id FROM merges AS m
        JOIN articles AS a ON a.id = m.article AND a.public_id = ?
        JOIN articles AS b ON b.id = m.split_into
        WHERE m.revision < ? AND m.matched_by = 'id'
        """,
        (report, number),
    ).fetchone()
    return row[0] if row else None


def write(connection: sqlite3.Connection, split: Split, now: datetime) -> bool:
    """Undoes a merge; False: the report has changed meanwhile. Within a transaction, which is then to be undone.

    Nothing is deleted: the new article begins with the words that came under its key, the old one gets a new revision
    with the words it had before.
    """
    merge, at = split.merge, to_iso(now)
    article, number = merge.article, merge.number
    if not _holds(connection, merge):
        return False
    source = _source(connection, merge.source)
    if number is None:
        number = _record(connection, merge, source, split.new.article.keys[0])
    connection.executemany(
        "DELETE FROM article_keys WHERE publisher = ? AND key = ? AND article = ?",
        [(merge.publisher, each, article) for each in split.keys],
    )
    ((new, said),) = polls.write_decisions(connection, source, [split.new], now)
    connection.execute(
        """
        UPDATE articles SET listed_at = iif(coalesce(published, updated) IS NULL, ?, listed_at),
          backfill = (SELECT backfill FROM articles WHERE id = ?)
        WHERE id = ?
        """,
        (to_iso(merge.at), article, new),
    )
    polls.write_near_keys(connection, [(new, said)])
    polls.list_beside(connection, source, article, new)
    is_held_back_too = acts.write(connection, split.acts, at)
    pending.follow_split(connection, article, said.keys[0], new)
    held_words.follow_split(connection, article, said.keys[0], new)
    if split.revert:
        polls.write_decisions(connection, _source(connection, merge.own.source), [split.revert], now)
    connection.execute("UPDATE merges SET undone_at = ?, split_into = ? WHERE id = ?", (at, new, number))
    return is_held_back_too


def _holds(connection: sqlite3.Connection, merge: Merge) -> bool:
    (holds,) = connection.execute(
        """
        SELECT EXISTS (SELECT 1 FROM articles WHERE id = ? AND revision = ?)
          AND NOT EXISTS (SELECT 1 FROM merges WHERE id = ? AND undone_at IS NOT NULL)
        """,
        (merge.article, merge.newest, merge.number),
    ).fetchone()
    return bool(holds) and acts.states(connection, [merge.article])[merge.article] == merge.state


def _source(connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute("SELECT id FROM sources WHERE publisher || '/' || key = ?", (name,)).fetchone()
    return int(row[0])


def _record(connection: sqlite3.Connection, merge: Merge, source: int, key: str) -> int:
    """A version that is another report under the same guid is written down as the merge that it was."""
    (number,) = connection.execute(
        """
        INSERT INTO merges (article, publisher, source, key, matched_by, evidence, revision, at)
        VALUES (?, ?, ?, ?, 'id', 'one guid, another address', ?, ?) RETURNING id
        """,
        (merge.article, merge.publisher, source, key, merge.revision, to_iso(merge.at)),
    ).fetchone()
    return int(number)
