"""Merges: which entries were taken for reports, and the rows that change when that is undone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from aggregator.model import Merge, Split, Version
from aggregator.store.connection import Connection, StoreConnection
from aggregator.store.queries import acts, history, pending, pending_revisions, polls, raw, reading
from aggregator.text.dates import from_iso, to_iso
from aggregator.text.html import clean_line, plain, shortened
from aggregator.text.raw_words import decode

# What came under the key: of a join the joined report's newest version; of one that was undone the first version of
# what was split off; else the last version from that source, and where there is none the words in force.
_MERGES = """
    SELECT m.merge_id, m.at, a.id AS id, p.name AS publisher_name,
      (SELECT w.title FROM wire AS w WHERE w.article_id = a.article_id) AS title, m.matched_by, m.evidence,
        m.article_key, m.undone_at,
      b.id AS split_into, (SELECT w.channels FROM wire AS w WHERE w.article_id = a.article_id) AS channels,
      j.id AS joined,
      (SELECT raw_words(o.raw, o.dictionary_id) FROM wire AS w
        JOIN revisions AS o ON o.article_id = w.article_id AND o.number = m.revision
        WHERE w.article_id = a.article_id) AS kept,
      (SELECT raw_words(t.raw, t.dictionary_id) FROM wire AS w
        JOIN revisions AS t ON t.revision_id = coalesce(
          (SELECT max(r.revision_id) FROM revisions AS r
            WHERE r.article_id = m.joined_article_id AND m.undone_at IS NULL),
          (SELECT min(r.revision_id) FROM revisions AS r WHERE r.article_id = m.split_article_id),
          (SELECT max(r.revision_id) FROM revisions AS r WHERE r.article_id = m.article_id
            AND r.source_id = m.source_id AND r.number > m.revision),
          (SELECT max(r.revision_id) FROM revisions AS r WHERE r.article_id = m.article_id))
        WHERE w.article_id = a.article_id) AS taken
    FROM merges AS m
    CROSS JOIN articles AS a ON a.article_id = m.article_id
    CROSS JOIN publishers AS p ON p.publisher = m.publisher
    LEFT JOIN articles AS b ON b.article_id = m.split_article_id
    LEFT JOIN articles AS j ON j.article_id = m.joined_article_id
    WHERE {which}
"""
_END = 2**63 - 1
_OPENING = 200  # characters of a text, for a person who compares


def listed(connection: StoreConnection, since: str, undone_too: bool) -> list[dict[str, Any]]:
    """The merges since a time that are in force, or all, oldest first, by the names of the query above. `kept` is what
    the report said before, `taken` what was taken for it: title, url, text (its beginning). These, `title` and
    `channels` (a tuple) are None where the article is out of the wire.
    """
    which = "m.at >= ? AND (? = 1 OR m.undone_at IS NULL) ORDER BY m.merge_id"
    return _with_beginnings(reading.rows(connection, _MERGES.format(which=which), since, undone_too))


def page(connection: StoreConnection, below: int | None, undone_too: bool, most: int) -> list[dict[str, Any]]:
    """The same, the newest first, below a number."""
    which = """m.merge_id IN (
        SELECT merge_id FROM merges WHERE merge_id < ? AND (? = 1 OR undone_at IS NULL) ORDER BY merge_id DESC LIMIT ?)
      ORDER BY m.merge_id DESC"""
    return _with_beginnings(reading.rows(connection, _MERGES.format(which=which), below or _END, undone_too, most))


def _with_beginnings(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            **row,
            "channels": None if row["channels"] is None else tuple(row["channels"].split()),
            "kept": _begun(row["kept"]),
            "taken": _begun(row["taken"]),
        }
        for row in rows
    ]


def _begun(words: str | None) -> dict[str, Any] | None:
    if words is None:
        return None
    entry = decode(words)
    text = next(filter(None, map(plain, entry.content)), "") or plain(entry.summary)
    url = next((link.href for link in entry.links if link.rel == "alternate" and link.href), None)
    return {"title": clean_line(entry.title), "url": url, "text": shortened(text, _OPENING)}


def read(connection: Connection, number: int) -> Merge | None:
    """The merge of this number; None: there is none."""
    row = connection.execute(
        """
        SELECT m.article_id, m.source_id, m.article_key, m.revision, m.at, m.undone_at, j.id, m.joined_keys
        FROM merges AS m LEFT JOIN articles AS j ON j.article_id = m.joined_article_id WHERE m.merge_id = ?
        """,
        (number,),
    ).fetchone()
    if row is None:
        return None
    article_id, source_id, key, revision, at, undone_at, joined, keys = row
    taken = connection.execute(
        "SELECT coalesce(max(CASE WHEN source_id = ? AND number > ? THEN revision_id END), max(revision_id))"
        " FROM revisions WHERE article_id = ?",
        (source_id, revision, article_id),
    ).fetchone()
    beside = {"merge_id": number, "article_key": key, "is_undone": undone_at is not None, "at": from_iso(at)}
    beside |= {"joined": joined, "joined_keys": tuple(json.loads(keys or "[]"))}
    return between(connection, article_id, (revision, taken[0], source_id), beside)


def of_version(connection: Connection, report: str, number: int) -> Merge | None:
    """A version of a report, and those after it, as an entry that was taken for it; None: it has no such version, or
    none before it.
    """
    row = connection.execute(
        """
        SELECT a.article_id, r.source_id, r.seen_at, (
          SELECT coalesce(max(CASE WHEN o.source_id = r.source_id AND o.number >= r.number THEN o.revision_id END),
            max(o.revision_id))
          FROM revisions AS o WHERE o.article_id = a.article_id)
        FROM articles AS a JOIN revisions AS r ON r.article_id = a.article_id AND r.number = ? WHERE a.id = ?
        """,
        (number, report),
    ).fetchone()
    if row is None or number < 2:
        return None
    article_id, source_id, at, taken = row
    beside = {"merge_id": None, "article_key": "", "is_undone": False, "at": from_iso(at)}
    return between(connection, article_id, (number - 1, taken, source_id), beside)


def between(connection: Connection, article_id: int, rows: tuple[int, int, int], beside: dict[str, Any]) -> Merge:
    """What undoing a merge takes. `rows`: the number of the version before it, the row of what its entry said last, and
    the source of that.
    """
    revision, taken, source_id = rows
    publisher, first_key, languages, storage, words, language, newest, name, before = connection.execute(
        """
        SELECT a.publisher, coalesce(p.first_key, p.publisher), p.languages, json_extract(p.rights, '$.storage'),
          json_extract(p.rights, '$.excerpt_max_words'), coalesce(a.stated_language, a.language),
            a.revision, s.publisher || '/' || s.source_key,
            r.revision_id
        FROM articles AS a
        JOIN publishers AS p ON p.publisher = a.publisher
        JOIN revisions AS r ON r.article_id = a.article_id AND r.number = ?
        JOIN sources AS s ON s.source_id = ?
        WHERE a.article_id = ?
        """,
        (revision, source_id, article_id),
    ).fetchone()
    state = acts.states(connection, [article_id])[article_id]
    embargo = acts.last(connection, state.id, ("embargo",))
    return Merge(
        id=state.id,
        article_id=article_id,
        publisher=publisher,
        first_key=first_key,
        languages=tuple(json.loads(languages)),
        storage=storage,
        excerpt_max_words=int(words),
        language=language,
        revision=revision,
        newest=newest,
        source_name=name,
        own=_version(connection, before),
        taken=_version(connection, taken),
        words=history.words_of(connection, [article_id])[article_id],
        state=state,
        embargo=embargo[1] if embargo else None,
        removal=acts.last(connection, state.id, ("withhold", "withdraw", "suspend")),
        **beside,
    )


def _version(connection: Connection, revision: int) -> Version:
    packed, dictionary, words_hash, entry_hash, source_id, item_class = connection.execute(
        """
        SELECT r.raw, r.dictionary_id, r.words_hash, r.raw_hash, s.publisher || '/' || s.source_key, s.class
        FROM revisions AS r JOIN sources AS s ON s.source_id = r.source_id WHERE r.revision_id = ?
        """,
        (revision,),
    ).fetchone()
    words = raw.unpack(connection, packed, dictionary)
    return Version(
        source_name=source_id, item_class=item_class, raw=words, words_hash=words_hash, entry_hash=entry_hash
    )


def articles_under(connection: Connection, publisher: str, keys: Sequence[str]) -> dict[str, int]:
    """The articles of a publisher that these keys lead to, by key."""
    rows = connection.execute(
        """
        SELECT k.article_key, k.article_id FROM json_each(?) AS asked
        CROSS JOIN article_keys AS k ON k.publisher = ? AND k.article_key = asked.value
        """,
        (json.dumps(list(keys)), publisher),
    )
    return dict(rows.fetchall())


def version(connection: Connection, report: str, number: int) -> Version | None:
    """A version of a report; None: it has none of this number."""
    row = connection.execute(
        "SELECT r.revision_id FROM articles AS a JOIN revisions AS r ON r.article_id = a.article_id AND r.number = ?"
        " WHERE a.id = ?",
        (number, report),
    ).fetchone()
    return _version(connection, row[0]) if row else None


def split_off(connection: Connection, report: str, number: int) -> str | None:
    """The id of the report that a version of this one was made already, or a version before it; None: none was."""
    row = connection.execute(
        """
        SELECT b.id FROM articles AS a
        CROSS JOIN merges AS m ON m.article_id = a.article_id
        CROSS JOIN articles AS b ON b.article_id = m.split_article_id
        WHERE a.id = ? AND m.revision < ? AND m.matched_by = 'id'
        """,
        (report, number),
    ).fetchone()
    return row[0] if row else None


def write(connection: Connection, split: Split, now: datetime) -> bool:
    """Undoes a merge; False: the report has changed meanwhile. Within a transaction, which is then to be undone.

    Nothing is deleted: the new article begins with the words that came under its key, the old one gets a new revision
    with the words it had before.
    """
    merge, at = split.merge, to_iso(now)
    article_id, number = merge.article_id, merge.merge_id
    if not holds(connection, merge):
        return False
    source_id = source_of(connection, merge.source_name)
    if number is None:
        number = _record(connection, merge, source_id, split.new.article.keys[0])
    connection.executemany(
        "DELETE FROM article_keys WHERE publisher = ? AND article_key = ? AND article_id = ?",
        [(merge.publisher, each, article_id) for each in split.keys],
    )
    ((new, said),) = polls.write_decisions(connection, source_id, [split.new], now)
    connection.execute(
        """
        UPDATE articles SET sort_time = CASE WHEN coalesce(published, updated) IS NULL THEN ? ELSE sort_time END,
          backfill = (SELECT backfill FROM articles WHERE article_id = ?)
        WHERE article_id = ?
        """,
        (to_iso(merge.at), article_id, new),
    )
    polls.write_near_keys(connection, [(new, said)])
    polls.list_beside(connection, source_id, article_id, new)
    is_taken_out_too = acts.write(connection, split.acts, at)
    pending.follow_split(connection, article_id, said.keys[0], new)
    pending_revisions.follow_split(connection, article_id, said.keys[0], new)
    if split.revert:
        polls.write_decisions(connection, source_of(connection, merge.own.source_name), [split.revert], now)
    connection.execute("UPDATE merges SET undone_at = ?, split_article_id = ? WHERE merge_id = ?", (at, new, number))
    return is_taken_out_too


def holds(connection: Connection, merge: Merge) -> bool:
    """Whether a report is still what it was when something was decided about its merge."""
    (holds,) = connection.execute(
        """
        SELECT EXISTS (SELECT 1 FROM articles WHERE article_id = ? AND revision = ?)
          AND NOT EXISTS (SELECT 1 FROM merges WHERE merge_id = ? AND undone_at IS NOT NULL)
        """,
        (merge.article_id, merge.newest, merge.merge_id),
    ).fetchone()
    return bool(holds) and acts.states(connection, [merge.article_id])[merge.article_id] == merge.state


def source_of(connection: Connection, name: str) -> int:
    """The number of a source, by publisher/key."""
    row = connection.execute(
        "SELECT source_id FROM sources WHERE publisher || '/' || source_key = ?", (name,)
    ).fetchone()
    return int(row[0])


def _record(connection: Connection, merge: Merge, source_id: int, key: str) -> int:
    """A version that is another report under the same guid is written down as the merge that it was."""
    (number,) = connection.execute(
        """
        INSERT INTO merges (article_id, publisher, source_id, article_key, matched_by, evidence, revision, at)
        VALUES (?, ?, ?, ?, 'id', 'one guid, another address', ?, ?) RETURNING merge_id
        """,
        (merge.article_id, merge.publisher, source_id, key, merge.revision, to_iso(merge.at)),
    ).fetchone()
    return int(number)
