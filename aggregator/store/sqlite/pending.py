"""Changes of known reports that wait: kept as they came, until a person decides or the publisher takes them back."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from aggregator.model import Act, Article, Decision, Known, MassKind
from aggregator.revisions.mass import Most, at_once
from aggregator.store.sqlite import raw, reading
from aggregator.text.dates import from_iso, to_iso
from aggregator.text.html import plain
from aggregator.text.raw_words import decode

Pack = Callable[[bytes], tuple[bytes, int | None]]
Signal = Literal["entry", "tombstone"]

_MASS = "mass"  # one poll changed too much at once; a reason that has nothing to do with a person is none of this file

_OPENING = 200  # characters of a text, for a person who decides
_WAITING = """
    SELECT s.publisher || '/' || s.key AS source, p.name AS publisher_name, c.kind, c.signal, c.since, c.received_at,
      a.public_id AS id,
      (SELECT w.title FROM wire AS w WHERE w.article = c.article) AS title,
      (SELECT w.url FROM wire AS w WHERE w.article = c.article) AS url,
      (SELECT c.title FROM wire AS w WHERE w.article = c.article) AS new_title,
      (SELECT c.url FROM wire AS w WHERE w.article = c.article) AS new_url,
      (SELECT raw_words(c.raw, c.dictionary) FROM wire AS w WHERE w.article = c.article) AS new_text
    FROM pending_changes AS c
    JOIN sources AS s ON s.id = c.source
    JOIN publishers AS p ON p.key = s.publisher
    JOIN articles AS a ON a.id = c.article
    WHERE c.reason = 'mass' AND c.refused_at IS NULL
    ORDER BY source, c.kind, c.article, c.signal
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """One change that waits, and the article as it is known now. `raw`, `words_hash` and `entry_hash` are b"" for a
    tombstone.
    """

    known: Known
    signal: Signal
    kind: MassKind
    key: str
    received: datetime
    language: str | None
    words_hash: bytes
    entry_hash: bytes
    raw: bytes


# What a poll reads and writes


def of_articles(connection: sqlite3.Connection, articles: Sequence[int]) -> dict[int, tuple[int, MassKind]]:
    """Of these articles those whose entry's change waits: the source that listed it last, and the kind of change."""
    if not articles:
        return {}
    rows = connection.execute(
        """
        SELECT c.article, c.source, c.kind FROM json_each(?) AS asked
        CROSS JOIN pending_changes AS c ON c.article = asked.value AND c.signal = 'entry' AND c.reason = ?
        """,
        (json.dumps(articles), _MASS),
    )
    return {article: (source, kind) for article, source, kind in rows}


def most(connection: sqlite3.Connection, source: int) -> Most:
    """The most known reports that one poll of the source changed, with what a person accepted, by kind."""
    (text,) = connection.execute("SELECT most_changed FROM sources WHERE id = ?", (source,)).fetchone()
    known: dict[MassKind, int] = json.loads(text) if text else {}
    return known


def write(
    connection: sqlite3.Connection, source: int, decisions: Iterable[Decision], now: datetime, pack: Pack
) -> list[int]:
    """Keeps the changes that have to wait, the newest in the place of the one before; returns the articles."""
    waiting = [(d.known.article, d.waits, d.article) for d in decisions if d.known and d.waits]
    at = to_iso(now)
    connection.executemany(
        """
        INSERT INTO pending_changes (article, signal, source, kind, reason, key, since, received_at, title, url,
          language, words_hash, entry_hash, raw, dictionary)
        VALUES (?1, 'entry', ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
        ON CONFLICT (article, signal) DO UPDATE SET source = excluded.source, kind = excluded.kind,
          reason = excluded.reason, key = excluded.key, received_at = excluded.received_at, title = excluded.title,
          url = excluded.url, language = excluded.language, words_hash = excluded.words_hash,
          entry_hash = excluded.entry_hash, raw = excluded.raw, dictionary = excluded.dictionary
        """,
        [(number, source, kind, _MASS, a.keys[0], at, *_row(a), *pack(a.raw)) for number, kind, a in waiting],
    )
    remember(connection, source, [(number, a) for number, _, a in waiting])
    return [number for number, _, _ in waiting]


def remember(connection: sqlite3.Connection, source: int, numbered: Sequence[tuple[int, Article]]) -> None:
    """Remembers what the source said and is not in force, without the hash of its words, so that a later entry is
    compared with what is.
    """
    connection.executemany(
        "INSERT OR REPLACE INTO sightings (source, article, entry_hash, said_words, key) VALUES (?, ?, ?, NULL, ?)",
        [(source, number, a.entry_hash, a.keys[0]) for number, a in numbered],
    )
    connection.executemany(
        "INSERT OR IGNORE INTO article_keys (publisher, key, article) VALUES (?, ?, ?)",
        [(a.publisher, key, number) for number, a in numbered for key in a.keys],
    )


def _row(a: Article) -> tuple[str | bytes | None, ...]:
    return a.title, a.url, a.language, a.words_hash, a.entry_hash


def forget(connection: sqlite3.Connection, articles: Iterable[int]) -> None:
    """Forgets the changes of these articles' entries, which the publisher has taken back or replaced."""
    connection.executemany(
        "DELETE FROM pending_changes WHERE article = ? AND signal = 'entry'", [(number,) for number in articles]
    )


def write_tombstones(connection: sqlite3.Connection, source: int, listed: Mapping[int, str], now: datetime) -> None:
    """Keeps withdrawals that have to wait: the keys of the tombstones, by article."""
    connection.executemany(
        """
        INSERT INTO pending_changes (article, signal, source, kind, reason, key, since, received_at)
        VALUES (?1, 'tombstone', ?2, 'withdrawn', ?3, ?4, ?5, ?5)
        """,
        [(article, source, _MASS, key, to_iso(now)) for article, key in listed.items()],
    )


def tombstones(connection: sqlite3.Connection, source: int) -> dict[int, str]:
    """The keys of the source's tombstones that wait or were refused, by article."""
    rows = connection.execute(
        "SELECT article, key FROM pending_changes WHERE source = ? AND signal = 'tombstone'", (source,)
    )
    return dict(rows.fetchall())


def forget_tombstones(connection: sqlite3.Connection, articles: Iterable[int]) -> None:
    """Forgets the tombstones of these articles, whose entries are listed again."""
    connection.executemany(
        "DELETE FROM pending_changes WHERE article = ? AND signal = 'tombstone'", [(number,) for number in articles]
    )


# What a person decides


def waiting(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """What waits for a person, by source and kind: source, publisher_name, kind, signal, since, received_at, id, and of
    a report that is in the wire title, url, new_title, new_url, new_text (how its text begins); None of any other.
    """
    found = reading.rows(connection, _WAITING)
    return [{**row, "new_text": _opening(row["new_text"]) if row["new_text"] else None} for row in found]


def _opening(raw_words: str) -> str:
    entry = decode(raw_words)
    begins = " ".join(plain(entry.content[0] if entry.content else entry.summary).split())
    return begins if len(begins) <= _OPENING else begins[:_OPENING].rstrip() + "…"


def sources_with(connection: sqlite3.Connection, key: str, kinds: Sequence[MassKind]) -> list[tuple[int, str]]:
    """The sources named by `key`, a publisher's or `publisher/source`, of which changes of these kinds wait: id and
    name.
    """
    rows = connection.execute(
        """
        SELECT s.id, s.publisher || '/' || s.key AS name FROM sources AS s
        WHERE (s.publisher = ?1 OR s.publisher || '/' || s.key = ?1) AND EXISTS (
          SELECT 1 FROM pending_changes AS c WHERE c.source = s.id AND c.reason = ?2 AND c.refused_at IS NULL
            AND c.kind IN (SELECT value FROM json_each(?3))
        )
        ORDER BY name
        """,
        (key, _MASS, json.dumps(kinds)),
    )
    return rows.fetchall()


def some(connection: sqlite3.Connection, source: int, kinds: Sequence[MassKind], limit: int) -> list[Pending]:
    """Up to `limit` changes of a source that wait for a person, in the order in which they came."""
    rows = connection.execute(
        """
        SELECT c.article, a.revision, r.words_hash, a.first_seen, coalesce(r.stored_at, r.seen_at),
          coalesce(s.entry_hash, x''), c.signal,
          c.kind, c.key, c.received_at, c.language, c.words_hash, c.entry_hash, c.raw, c.dictionary
        FROM pending_changes AS c
        JOIN articles AS a ON a.id = c.article
        JOIN revisions AS r ON r.article = a.id AND r.number = a.revision
        LEFT JOIN sightings AS s ON s.source = c.source AND s.article = c.article
        WHERE c.source = ? AND c.reason = ? AND c.refused_at IS NULL AND c.kind IN (SELECT value FROM json_each(?))
        ORDER BY c.rowid LIMIT ?
        """,
        (source, _MASS, json.dumps(kinds), limit),
    ).fetchall()
    return [
        Pending(
            known=Known(
                article=article,
                revision=revision,
                words_hash=words_hash,
                first_seen=from_iso(first_seen),
                last_revision=from_iso(revised),
                entry_hash=entry_hash,
            ),
            signal=signal,
            kind=kind,
            key=key,
            received=from_iso(received),
            language=language,
            words_hash=new_words or b"",
            entry_hash=new_entry or b"",
            raw=raw.unpack(connection, packed, dictionary) if packed else b"",
        )
        for (
            article, revision, words_hash, first_seen, revised, entry_hash, signal, kind, key, received, language,
            new_words, new_entry, packed, dictionary,
        ) in rows
    ]  # fmt: skip


def close(connection: sqlite3.Connection, source: int, those: Sequence[Pending], act: Act, actor: str, at: str) -> None:
    """What a person accepted or refused waits no longer; `acts` has who decided. So many changes as were accepted, one
    poll may make from now on, beside what it could make before.

    A tombstone that was refused is remembered as long as it may stand in its feed. Of an entry that was refused
    `sightings` has the hash of its words, so it is asked for again only when it says other words.
    """
    connection.executemany(
        """
        INSERT INTO acts (article, act, actor, reason, at) VALUES (?, ?, ?, 'a change that waited: ' || ?, ?)
        """,
        [(one.known.article, act, actor, one.kind.replace("_", " "), at) for one in those],
    )
    refused = [one for one in those if act == "refuse"]
    connection.executemany(
        "UPDATE pending_changes SET refused_at = ? WHERE article = ? AND signal = 'tombstone'",
        [(at, one.known.article) for one in refused if one.signal == "tombstone"],
    )
    connection.executemany(
        "UPDATE sightings SET said_words = ? WHERE source = ? AND article = ?",
        [(one.words_hash, source, one.known.article) for one in refused if one.signal == "entry"],
    )
    connection.executemany(
        "DELETE FROM pending_changes WHERE article = ? AND signal = ? AND refused_at IS NULL",
        [(one.known.article, one.signal) for one in those],
    )
    if act == "accept":
        before = most(connection, source)
        raised = {kind: at_once(kind, before) + count for kind, count in Counter(one.kind for one in those).items()}
        connection.execute(
            "UPDATE sources SET most_changed = ? WHERE id = ?", (json.dumps({**before, **raised}), source)
        )


# What happens to it beside


def follow_split(connection: sqlite3.Connection, article: int, key: str, new: int) -> None:
    """A merge is undone: what waits of the entry under that key is the new article's."""
    connection.execute(
        "UPDATE OR REPLACE pending_changes SET article = ? WHERE article = ? AND key = ?", (new, article, key)
    )
