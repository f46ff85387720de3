"""Changes of known reports that wait: kept as they came, until a person decides or the publisher takes them back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from aggregator.model import (
    Article,
    Decision,
    Known,
    MassKind,
    Pending,
    PendingChange,
    PendingDecision,
    ReportState,
    Words,
)
from aggregator.store.sqlite import acts, history, polls, raw, reading
from aggregator.text.dates import from_iso, to_iso
from aggregator.text.html import plain
from aggregator.text.raw_words import decode

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


# What a poll reads and writes


def write(connection: sqlite3.Connection, source: int, decisions: Iterable[Decision], now: datetime) -> None:
    """Keeps the changes that have to wait, the newest in the place of the one before."""
    waiting = [(d.known.article, d.waits, d.article) for d in decisions if d.known and d.waits]
    at, pack = to_iso(now), raw.packer(connection)
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


def sources_with(connection: sqlite3.Connection, key: str, kinds: Sequence[MassKind]) -> list[str]:
    """The names of the sources named by `key`, a publisher's or `publisher/source`, of which changes of these kinds
    wait.
    """
    rows = connection.execute(
        """
        SELECT s.publisher || '/' || s.key AS name FROM sources AS s
        WHERE (s.publisher = ?1 OR s.publisher || '/' || s.key = ?1) AND EXISTS (
          SELECT 1 FROM pending_changes AS c WHERE c.source = s.id AND c.reason = ?2 AND c.refused_at IS NULL
            AND c.kind IN (SELECT value FROM json_each(?3))
        )
        ORDER BY name
        """,
        (key, _MASS, json.dumps(kinds)),
    )
    return [name for (name,) in rows]


_SOME = """
    SELECT c.article, a.revision, r.words_hash, a.first_seen, coalesce(r.stored_at, r.seen_at),
      coalesce(s.entry_hash, x''), c.signal, c.kind, c.key, c.received_at, c.language, c.words_hash, c.entry_hash,
      c.raw, c.dictionary
    FROM pending_changes AS c
    JOIN articles AS a ON a.id = c.article
    JOIN revisions AS r ON r.article = a.id AND r.number = a.revision
    LEFT JOIN sightings AS s ON s.source = c.source AND s.article = c.article
    WHERE c.source = ? AND c.reason = ? AND c.refused_at IS NULL AND c.kind IN (SELECT value FROM json_each(?))
    ORDER BY c.rowid LIMIT ?
"""


def some(connection: sqlite3.Connection, name: str, kinds: Sequence[MassKind], limit: int) -> Pending:
    """Up to `limit` changes of a source that wait for a person, in the order in which they came."""
    source = _source(connection, name)
    rows = connection.execute(_SOME, (source, _MASS, json.dumps(kinds), limit)).fetchall()
    states = acts.states(connection, [row[0] for row in rows])
    words = history.words_of(connection, [row[0] for row in rows if row[6] == "entry"])
    changes = [_change(connection, row, states[row[0]], words.get(row[0])) for row in rows]
    return Pending(source=name, changes=tuple(changes), most=most(connection, source))


def most(connection: sqlite3.Connection, source: int) -> dict[MassKind, int]:
    """The most known reports that one poll of the source changed, with what a person accepted, by kind."""
    (text,) = connection.execute("SELECT most_changed FROM sources WHERE id = ?", (source,)).fetchone()
    known: dict[MassKind, int] = json.loads(text) if text else {}
    return known


def _change(
    connection: sqlite3.Connection, row: tuple[Any, ...], state: ReportState, words: Words | None
) -> PendingChange:
    article, revision, words_before, first_seen, revised, entry_before, signal, kind, key, received, *entry = row
    language, words_hash, entry_hash, packed, dictionary = entry
    return PendingChange(
        known=Known(
            article=article,
            revision=revision,
            words_hash=words_before,
            first_seen=from_iso(first_seen),
            last_revision=from_iso(revised),
            entry_hash=entry_before,
        ),
        state=state,
        words=words,
        signal=signal,
        kind=kind,
        key=key,
        received=from_iso(received),
        language=language,
        words_hash=words_hash or b"",
        entry_hash=entry_hash or b"",
        raw=raw.unpack(connection, packed, dictionary) if packed else b"",
    )


def _source(connection: sqlite3.Connection, name: str) -> int:
    row = connection.execute("SELECT id FROM sources WHERE publisher || '/' || key = ?", (name,)).fetchone()
    return int(row[0])


def decide(connection: sqlite3.Connection, decision: PendingDecision, now: datetime) -> bool:
    """What a person accepted or refused waits no longer; `acts` has who decided. False: a change or its report is not
    what it was when this was decided. Within a transaction, which is then to be undone.

    A tombstone that was refused is remembered as long as it may stand in its feed. Of an entry that was refused
    `sightings` has the hash of its words, so it is asked for again only when it says other words.
    """
    those, at, source = decision.pending.changes, to_iso(now), _source(connection, decision.pending.source)
    if some(connection, decision.pending.source, *_asked(those)).changes != those:
        return False
    polls.write_decisions(connection, source, decision.decisions, now)
    if not all(acts.write(connection, act, at) for act in decision.acts):
        return False
    connection.executemany(
        """
        INSERT INTO acts (article, act, actor, reason, at) VALUES (?, ?, ?, 'a change that waited: ' || ?, ?)
        """,
        [(one.known.article, decision.act, decision.actor, one.kind.replace("_", " "), at) for one in those],
    )
    refused = those if decision.act == "refuse" else ()
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
    if decision.most is not None:
        connection.execute("UPDATE sources SET most_changed = ? WHERE id = ?", (json.dumps(decision.most), source))
    return True


def _asked(those: Sequence[PendingChange]) -> tuple[Sequence[MassKind], int]:
    """The kinds of some changes, and their number."""
    return list(dict.fromkeys(one.kind for one in those)), len(those)


# What happens to it beside


def follow_split(connection: sqlite3.Connection, article: int, key: str, new: int) -> None:
    """A merge is undone: what waits of the entry under that key is the new article's."""
    connection.execute(
        "UPDATE OR REPLACE pending_changes SET article = ? WHERE article = ? AND key = ?", (new, article, key)
    )
