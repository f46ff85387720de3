"""Changes of known reports that wait: kept as they came, until a person decides or the publisher takes them back."""

from __future__ import annotations

import json
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
from aggregator.store.connection import Connection, StoreConnection
from aggregator.store.queries import acts, history, polls, raw, reading
from aggregator.text.dates import from_iso, to_iso
from aggregator.text.html import plain, shortened
from aggregator.text.raw_words import decode

_MASS = "mass"  # one poll changed too much at once; a reason that has nothing to do with a person is none of this file

_OPENING = 200  # characters of a text, for a person who decides
_WAITING = """
    SELECT s.publisher || '/' || s.source_key AS source_name, p.name AS publisher_name, c.mass_kind, c.signal,
      c.since, c.received_at,
      a.id AS id,
      (SELECT w.title FROM wire AS w WHERE w.article_id = c.article_id) AS title,
      (SELECT w.url FROM wire AS w WHERE w.article_id = c.article_id) AS url,
      (SELECT c.title FROM wire AS w WHERE w.article_id = c.article_id) AS new_title,
      (SELECT c.url FROM wire AS w WHERE w.article_id = c.article_id) AS new_url,
      (SELECT raw_words(c.raw, c.dictionary_id) FROM wire AS w WHERE w.article_id = c.article_id) AS new_text
    FROM pending_changes AS c
    CROSS JOIN sources AS s ON s.source_id = c.source_id
    CROSS JOIN publishers AS p ON p.publisher = s.publisher
    CROSS JOIN articles AS a ON a.article_id = c.article_id
    WHERE c.reason = 'mass' AND c.refused_at IS NULL {which}
    ORDER BY source_name, c.mass_kind, c.article_id, c.signal
"""


# What a poll reads and writes


def write(connection: Connection, source_id: int, decisions: Iterable[Decision], now: datetime) -> None:
    """Keeps the changes that have to wait, the newest in the place of the one before."""
    waiting = [(d.known.article_id, d.pending_change, d.article) for d in decisions if d.known and d.pending_change]
    at, pack = to_iso(now), raw.article_packer(connection)
    connection.executemany(
        """
        INSERT INTO pending_changes (article_id, signal, source_id, mass_kind, reason, article_key, since,
          received_at, title, url,
          language, words_hash, media_hash, entry_hash, raw, dictionary_id)
        VALUES (?1, 'entry', ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
        ON CONFLICT (article_id, signal) DO UPDATE SET source_id = excluded.source_id, mass_kind = excluded.mass_kind,
          reason = excluded.reason, article_key = excluded.article_key, received_at = excluded.received_at,
            title = excluded.title,
          url = excluded.url, language = excluded.language, words_hash = excluded.words_hash,
          media_hash = excluded.media_hash, entry_hash = excluded.entry_hash, raw = excluded.raw,
          dictionary_id = excluded.dictionary_id
        """,
        [(number, source_id, kind, _MASS, a.keys[0], at, *_row(a), *pack(a)) for number, kind, a in waiting],
    )
    remember(connection, source_id, [(number, a) for number, _, a in waiting])


def remember(connection: Connection, source_id: int, numbered: Sequence[tuple[int, Article]]) -> None:
    """Remembers what the source said and is not in force, without the hash of its words, so that a later entry is
    compared with what is; the hash of the media stays that of what is, for the same reason.
    """
    connection.executemany(
        """
        INSERT INTO sightings (source_id, article_id, entry_hash, words_hash, article_key) VALUES (?, ?, ?, NULL, ?)
        ON CONFLICT (source_id, article_id) DO UPDATE SET entry_hash = excluded.entry_hash, words_hash = NULL,
          article_key = excluded.article_key
        """,
        [(source_id, number, a.entry_hash, a.keys[0]) for number, a in numbered],
    )
    connection.executemany(
        "INSERT INTO article_keys (publisher, article_key, article_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(a.publisher, key, number) for number, a in numbered for key in a.keys],
    )


def _row(a: Article) -> tuple[str | bytes | None, ...]:
    return a.title, a.url, a.stated_language, a.words_hash, a.media_hash, a.entry_hash


def forget(connection: Connection, articles: Iterable[int]) -> None:
    """Forgets the changes of these articles' entries, which the publisher has taken back or replaced."""
    connection.executemany(
        "DELETE FROM pending_changes WHERE article_id = ? AND signal = 'entry'", [(number,) for number in articles]
    )


def write_tombstones(connection: Connection, source_id: int, listed: Mapping[int, str], now: datetime) -> None:
    """Keeps withdrawals that have to wait: the keys of the tombstones, by article."""
    connection.executemany(
        """
        INSERT INTO pending_changes (article_id, signal, source_id, mass_kind, reason, article_key, since, received_at)
        VALUES (?1, 'tombstone', ?2, 'withdrawn', ?3, ?4, ?5, ?5)
        """,
        [(article_id, source_id, _MASS, key, to_iso(now)) for article_id, key in listed.items()],
    )


def forget_tombstones(connection: Connection, articles: Iterable[int]) -> None:
    """Forgets the tombstones of these articles, whose entries are listed again."""
    connection.executemany(
        "DELETE FROM pending_changes WHERE article_id = ? AND signal = 'tombstone'", [(number,) for number in articles]
    )


# What a person decides


def waiting(connection: StoreConnection) -> list[dict[str, Any]]:
    """What waits for a person, by source and kind: source, publisher_name, kind, signal, since, received_at, id, and of
    a report that is in the wire title, url, new_title, new_url, new_text (how its text begins); None of any other.
    """
    return _with_openings(reading.rows(connection, _WAITING.format(which="")))


def waiting_of(connection: StoreConnection, source: str, kind: MassKind, most: int) -> list[dict[str, Any]]:
    """The same of one source and kind, the first ones."""
    which = "AND s.publisher = ? AND s.source_key = ? AND c.mass_kind = ?"
    publisher, _, key = source.partition("/")
    return _with_openings(
        reading.rows(connection, f"{_WAITING.format(which=which)} LIMIT ?", publisher, key, kind, most)
    )


def _with_openings(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "new_text": _opening(row["new_text"]) if row["new_text"] else None} for row in found]


def _opening(raw_words: str) -> str:
    entry = decode(raw_words)
    return shortened(" ".join(plain(entry.content[0] if entry.content else entry.summary).split()), _OPENING)


def sources_with(connection: Connection, key: str, kinds: Sequence[MassKind]) -> list[str]:
    """The names of the sources named by `key`, a publisher's or `publisher/source`, of which changes of these kinds
    wait.
    """
    rows = connection.execute(
        """
        SELECT s.publisher || '/' || s.source_key AS name FROM sources AS s
        WHERE (s.publisher = ?1 OR s.publisher || '/' || s.source_key = ?1) AND EXISTS (
          SELECT 1 FROM pending_changes AS c WHERE c.source_id = s.source_id AND c.reason = ?2 AND c.refused_at IS NULL
            AND c.mass_kind IN (SELECT value FROM json_each(?3))
        )
        ORDER BY name
        """,
        (key, _MASS, json.dumps(kinds)),
    )
    return [name for (name,) in rows]


_SOME = """
    SELECT c.article_id, a.revision, r.words_hash, a.first_seen, coalesce(r.stored_at, r.seen_at),
      s.entry_hash, s.media_hash, c.signal, c.mass_kind, c.article_key,
      c.received_at, c.language, c.words_hash, c.media_hash, c.entry_hash, c.raw, c.dictionary_id
    FROM (
      SELECT article_id, signal FROM pending_changes
      WHERE source_id = ? AND reason = ? AND refused_at IS NULL AND mass_kind IN (SELECT value FROM json_each(?))
      ORDER BY since, article_id, signal LIMIT ?) AS first
    CROSS JOIN pending_changes AS c ON c.article_id = first.article_id AND c.signal = first.signal
    JOIN articles AS a ON a.article_id = c.article_id
    JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision
    LEFT JOIN sightings AS s ON s.source_id = c.source_id AND s.article_id = c.article_id
    ORDER BY c.since, c.article_id, c.signal
"""


def some(connection: Connection, name: str, kinds: Sequence[MassKind], limit: int) -> Pending:
    """Up to `limit` changes of a source that wait for a person, in the order in which they came."""
    source_id = _source(connection, name)
    rows = connection.execute(_SOME, (source_id, _MASS, json.dumps(kinds), limit)).fetchall()
    states = acts.states(connection, [row[0] for row in rows])
    words = history.words_of(connection, [row[0] for row in rows if row[7] == "entry"])
    changes = [_change(connection, row, states[row[0]], words.get(row[0])) for row in rows]
    return Pending(source_name=name, changes=tuple(changes), most=most(connection, source_id))


def most(connection: Connection, source_id: int) -> dict[MassKind, int]:
    """The most known reports that one poll of the source changed, with what a person accepted, by kind."""
    (text,) = connection.execute("SELECT most_changed FROM sources WHERE source_id = ?", (source_id,)).fetchone()
    known: dict[MassKind, int] = json.loads(text) if text else {}
    return known


def _change(connection: Connection, row: tuple[Any, ...], state: ReportState, words: Words | None) -> PendingChange:
    article_id, revision, words_before, first_seen, revised, *before, signal, kind, key, received = row[:-6]
    entry_before, media_before = before
    language, words_hash, media_hash, entry_hash, packed, dictionary = row[-6:]
    return PendingChange(
        known=Known(
            article_id=article_id,
            revision=revision,
            words_hash=words_before,
            first_seen=from_iso(first_seen),
            last_revision=from_iso(revised),
            entry_hash=entry_before or b"",
            listed_media_hash=media_before or b"",
        ),
        state=state,
        words=words,
        signal=signal,
        mass_kind=kind,
        article_key=key,
        received=from_iso(received),
        language=language,
        words_hash=words_hash or b"",
        media_hash=media_hash,
        entry_hash=entry_hash or b"",
        raw=raw.unpack(connection, packed, dictionary) if packed else b"",
    )


def _source(connection: Connection, name: str) -> int:
    row = connection.execute(
        "SELECT source_id FROM sources WHERE publisher || '/' || source_key = ?", (name,)
    ).fetchone()
    return int(row[0])


def decide(connection: Connection, decision: PendingDecision, now: datetime) -> bool:
    """What a person accepted or refused waits no longer; `acts` has who decided. False: a change or its report is not
    what it was when this was decided. Within a transaction, which is then to be undone.

    A tombstone that was refused is remembered as long as it may stand in its feed. Of an entry that was refused
    `sightings` has the hash of its words, so it is asked for again only when it says other words.
    """
    those, at, source_id = decision.pending.changes, to_iso(now), _source(connection, decision.pending.source_name)
    if some(connection, decision.pending.source_name, *_asked(those)).changes != those:
        return False
    polls.write_decisions(connection, source_id, decision.decisions, now)
    if not all(acts.write(connection, act, at) for act in decision.acts):
        return False
    connection.executemany(
        """
        INSERT INTO acts (article_id, act, actor, reason, at) VALUES (?, ?, ?, 'a change that waited: ' || ?, ?)
        """,
        [(one.known.article_id, decision.act, decision.actor, one.mass_kind.replace("_", " "), at) for one in those],
    )
    refused = those if decision.act == "refuse" else ()
    connection.executemany(
        "UPDATE pending_changes SET refused_at = ? WHERE article_id = ? AND signal = 'tombstone'",
        [(at, one.known.article_id) for one in refused if one.signal == "tombstone"],
    )
    connection.executemany(
        "UPDATE sightings SET words_hash = ? WHERE source_id = ? AND article_id = ?",
        [(one.words_hash, source_id, one.known.article_id) for one in refused if one.signal == "entry"],
    )
    connection.executemany(
        "DELETE FROM pending_changes WHERE article_id = ? AND signal = ? AND refused_at IS NULL",
        [(one.known.article_id, one.signal) for one in those],
    )
    if decision.most is not None:
        connection.execute(
            "UPDATE sources SET most_changed = ? WHERE source_id = ?", (json.dumps(decision.most), source_id)
        )
    return True


def _asked(those: Sequence[PendingChange]) -> tuple[Sequence[MassKind], int]:
    """The kinds of some changes, and their number."""
    return list(dict.fromkeys(one.mass_kind for one in those)), len(those)


# What happens to it beside


def follow_split(connection: Connection, article_id: int, key: str, new: int) -> None:
    """A merge is undone: what waits of the entry under that key is the new article's."""
    connection.execute(
        "UPDATE pending_changes SET article_id = ? WHERE article_id = ? AND article_key = ?",
        (new, article_id, key),
    )
