"""Merges, and how one is undone: the entry that was taken for an article becomes an article of its own again.

Nothing is deleted: the new article begins with the words that came under its key, the old one gets a new revision with
the words it had before.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from aggregator.identity import keys_of, keys_of_link, link_of
from aggregator.model import Act, Article, Decision, Known, Publisher, Rights, Source
from aggregator.model.errors import StoreError
from aggregator.normalise import article_of
from aggregator.revisions.compare import what_changed, words_of
from aggregator.store.sqlite import held_words, history, identify, pending, polls, raw
from aggregator.store.sqlite.desk import Cause, hold_back, hold_until
from aggregator.store.sqlite.polls import Pack
from aggregator.text.dates import to_iso
from aggregator.text.raw_words import decode

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


def split(connection: sqlite3.Connection, merge: int, now: datetime, new_id: NewId, pack: Pack) -> str:
    """Undoes a merge and returns the public id of the article that the entry is from now on. Within a transaction.

    Both articles are written as `recording` writes them: the entry's as one that is new, out of the wire where the
    other is, and the other one's as it was before, if anything was changed since. Raises StoreError for a merge that is
    not there or is undone already.
    """
    row = connection.execute(
        "SELECT article, publisher, source, key, revision, at, undone_at FROM merges WHERE id = ?", (merge,)
    ).fetchone()
    if row is None or row[6] is not None:
        state = "is undone already" if row else "is not there"
        raise StoreError(f"merge {merge} {state}; `aggregator merges` lists those in force")
    article, publisher, source, key, before, merged_at, _ = row
    public_id = new_id(publisher, key)
    said = _said(connection, article, _revision_of_entry(connection, article, source, before))
    own = _said(connection, article, _revision(connection, article, before))
    own_keys, others = _keys(connection, article, own), _keys(connection, article, said)
    keys = (key, *(each for each in others if each != key and each not in own_keys))
    connection.executemany(
        "DELETE FROM article_keys WHERE publisher = ? AND key = ? AND article = ?",
        [(publisher, each, article) for each in keys],
    )
    alone = Decision(article=replace(said, public_id=public_id, keys=keys), known=None, change="new")
    ((new, _),) = polls.write_decisions(connection, source, [alone], now, pack)
    connection.execute(
        """
        UPDATE articles SET listed_at = iif(coalesce(published, updated) IS NULL, ?, listed_at),
          backfill = (SELECT backfill FROM articles WHERE id = ?)
        WHERE id = ?
        """,
        (merged_at, article, new),
    )
    identify.write_near_keys(connection, [(new, said)])
    identify.list_beside(connection, source, article, new)
    _held_back_too(connection, article, new, to_iso(now))
    pending.follow_split(connection, article, key, new)
    held_words.follow_split(connection, article, key, new)
    _revert(connection, article, before, replace(own, keys=own_keys or own.keys), now, pack)
    connection.execute("UPDATE merges SET undone_at = ?, split_into = ? WHERE id = ?", (to_iso(now), new, merge))
    return public_id


def split_version(
    connection: sqlite3.Connection, report: str, number: int, now: datetime, new_id: NewId, pack: Pack
) -> str:
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
    return split(connection, merge or 0, now, new_id, pack)


def _keys_of_version(said: str, words_hash: bytes) -> Iterator[str]:
    """What a version may be known by: its address, or its words."""
    if link := link_of(decode(said)):
        yield from keys_of_link(link)
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


def _revision_of_entry(connection: sqlite3.Connection, article: int, source: int, before: int) -> int:
    """The newest revision that its source said since the merge, or else the newest of all."""
    (revision,) = connection.execute(
        """
        SELECT coalesce(max(iif(source = ? AND number > ?, id, NULL)), max(id)) FROM revisions WHERE article = ?
        """,
        (source, before, article),
    ).fetchone()
    return int(revision)


def _revision(connection: sqlite3.Connection, article: int, number: int) -> int:
    (revision,) = connection.execute(
        "SELECT id FROM revisions WHERE article = ? AND number = ?", (article, number)
    ).fetchone()
    return int(revision)


def _said(connection: sqlite3.Connection, article: int, revision: int) -> Article:
    """What a revision says, read as a new entry is read, by the rights of today; the hashes are those of what came."""
    packed, dictionary, words_hash, entry_hash, key, item_class, language, languages, rights, of = connection.execute(
        """
        SELECT r.raw, r.dictionary, r.words_hash, r.raw_hash, s.key, s.class, a.language, p.languages, p.rights, p.key
        FROM revisions AS r
        JOIN sources AS s ON s.id = r.source
        JOIN articles AS a ON a.id = ?
        JOIN publishers AS p ON p.key = a.publisher
        WHERE r.id = ?
        """,
        (article, revision),
    ).fetchone()
    source = Source(publisher=of, key=key, url="", item_class=item_class)
    words = raw.unpack(connection, packed, dictionary)
    said = article_of(words, "", language, source, _publisher(of, languages, rights))
    return replace(said, keys=keys_of([decode(words)])[0], words_hash=words_hash, entry_hash=entry_hash)


def _publisher(key: str, languages: str, rights: str) -> Publisher:
    """As much of a publisher as reading an entry takes."""
    said = json.loads(rights)
    return Publisher(
        key=key,
        name=key,
        country="",
        kind="newspaper",
        languages=tuple(json.loads(languages)),
        homepage="",
        rights=Rights(
            relationship="none",
            basis="quotation",
            text_scope="none",
            credit="",
            excerpt_max_words=said["excerpt_max_words"],
            storage=said["storage"],
        ),
    )


def _keys(connection: sqlite3.Connection, article: int, said: Article) -> tuple[str, ...]:
    """The keys of an entry that lead to the article, strongest first."""
    rows = connection.execute(
        """
        SELECT k.key FROM json_each(?) AS asked
        CROSS JOIN article_keys AS k ON k.publisher = ? AND k.key = asked.value AND k.article = ?
        ORDER BY asked.key
        """,
        (json.dumps(said.keys), said.publisher, article),
    )
    return tuple(key for (key,) in rows)


def _held_back_too(connection: sqlite3.Connection, article: int, new: int, at: str) -> None:
    """What holds the one back holds the other back, with an act and a line of its own, until a person looks."""
    notice, embargoed_until = connection.execute(
        "SELECT notice, embargoed_until FROM articles WHERE id = ?", (article,)
    ).fetchone()
    if embargoed_until is not None:
        hold_until(connection, new, embargoed_until, _cause(connection, article, ("embargo",))[1], at)
    if notice is not None:
        act, cause = _cause(connection, article, ("withhold", "withdraw", "suspend"))
        hold_back(connection, new, act, notice, cause, at)


def _cause(connection: sqlite3.Connection, article: int, acts: tuple[Act, ...]) -> tuple[Act, Cause]:
    """The last of these acts upon an article."""
    row = connection.execute(
        """
        SELECT act, actor, reason, reference FROM acts
        WHERE article = ? AND act IN (SELECT value FROM json_each(?)) ORDER BY id DESC LIMIT 1
        """,
        (article, json.dumps(acts)),
    ).fetchone()
    if row is None:
        return acts[0], Cause(actor="wire", reason="the report that it was split off is out of the wire")
    act, actor, reason, reference = row
    return act, Cause(actor=actor, reason=reason, reference=reference)


def _revert(connection: sqlite3.Connection, article: int, number: int, own: Article, now: datetime, pack: Pack) -> None:
    """The article says again what it said before the merge, if anything was changed since."""
    newest, source = connection.execute(
        """
        SELECT a.revision, r.source FROM articles AS a
        JOIN revisions AS r ON r.article = a.id AND r.number = ? WHERE a.id = ?
        """,
        (number, article),
    ).fetchone()
    if newest == number:
        return
    held = history.words_of(connection, [article])[article]
    known = Known(
        article=article, revision=newest, words_hash=held.words_hash, first_seen=now, last_revision=now, entry_hash=b""
    )
    changed = what_changed(held, words_of(own))
    decision = Decision(article=own, known=known, change="revised", changed=changed)
    polls.write_decisions(connection, source, [decision], now, pack)
