"""E-mails about complaints: those that wait are stored with their words, and what became of the others without."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from aggregator.model.complaints import Letter, NewLetter
from aggregator.store.connection import Connection
from aggregator.text.dates import from_iso, to_iso

CLAIM = "letters:"  # no subscriber has such a name
# The words go with the end: a receipt has the reference, which is stored nowhere else.
_ENDED = "letter_state = ?, ended_at = ?, recipient = NULL, subject = NULL, text = NULL"


def add(connection: Connection, letter: NewLetter, complaint: int, at: str) -> int:
    """Returns its number. Within a transaction."""
    (number,) = connection.execute(
        """
        INSERT INTO letters (letter_kind, complaint_id, recipient, subject, text, token, letter_state, made_at,
          attempts) VALUES (?, ?, ?, ?, ?, ?, 'waiting', ?, 0) RETURNING letter_id
        """,
        (letter.kind, complaint, letter.recipient, letter.subject, letter.text, letter.token, at),
    ).fetchone()
    return int(number)


def add_of_matter(connection: Connection, letter: NewLetter, first: int, last: int, now: datetime) -> None:
    """A letter to the desk, of all open complaints about what the complaint `first` is about of which it was not told,
    up to the number `last`. Within a transaction.
    """
    letter_id = add(connection, letter, first, to_iso(now))
    connection.execute(
        """
        UPDATE complaints SET letter_id = ? WHERE came_by = 'form' AND letter_id IS NULL AND resolved_at IS NULL
          AND complaint_id <= ? AND article_id IS NOT DISTINCT FROM (
            SELECT article_id FROM complaints WHERE complaint_id = ?)
        """,
        (letter_id, last, first),
    )


def add_outcome(connection: Connection, letter: NewLetter, complaint: int, now: datetime) -> None:
    """A letter that a complaint is resolved, to whoever wrote it. Within a transaction."""
    add(connection, letter, complaint, to_iso(now))
    connection.execute("UPDATE complaints SET told_at = ? WHERE complaint_id = ?", (to_iso(now), complaint))


def made_since(connection: Connection, since: datetime) -> int:
    """How many letters to the desk were made since."""
    (found,) = connection.execute(
        "SELECT count(*) FROM letters WHERE letter_kind IN ('matter', 'more') AND made_at > ?", (to_iso(since),)
    ).fetchone()
    return int(found)


def waiting(connection: Connection) -> list[Letter]:
    """Those that wait to be sent, the oldest first."""
    rows = connection.execute(
        """
        SELECT letter_id, letter_kind, recipient, subject, text, token, made_at, attempts, attempted_at FROM letters
        WHERE ended_at IS NULL ORDER BY letter_id
        """
    )
    return [
        Letter(
            letter_id=letter_id,
            kind=kind,
            recipient=recipient,
            subject=subject,
            text=text,
            token=token,
            made_at=from_iso(made_at),
            attempts=attempts,
            attempted_at=from_iso(attempted_at) if attempted_at else None,
        )
        for letter_id, kind, recipient, subject, text, token, made_at, attempts, attempted_at in rows
    ]


def note_attempt(connection: Connection, letter_id: int, now: datetime) -> bool:
    """That one begins; False: the letter was ended meanwhile. Within a transaction."""
    done = connection.execute(
        "UPDATE letters SET attempts = attempts + 1, attempted_at = ? WHERE letter_id = ? AND ended_at IS NULL",
        (to_iso(now), letter_id),
    )
    return done.rowcount > 0


def note_sent(connection: Connection, letter_id: int, now: datetime) -> None:
    """Within a transaction."""
    connection.execute(
        f"UPDATE letters SET error = NULL, {_ENDED} WHERE letter_id = ?",  # noqa: S608  (a constant)
        ("sent", to_iso(now), letter_id),
    )


def note_failure(connection: Connection, letter_id: int, error: str, now: datetime, give_up: bool) -> None:
    """Within a transaction."""
    connection.execute("UPDATE letters SET error = ? WHERE letter_id = ?", (error, letter_id))
    if give_up:
        connection.execute(
            f"UPDATE letters SET {_ENDED} WHERE letter_id = ?",  # noqa: S608  (a constant)
            ("given_up", to_iso(now), letter_id),
        )


def end_of(connection: Connection, complaints: Sequence[int], at: str) -> None:
    """Those that wait and have a word of these complaints are not sent; of others that one of them was about the desk
    is told anew. Within a transaction.
    """
    rows = connection.execute(
        """
        SELECT letter_id FROM letters WHERE ended_at IS NULL AND (
          complaint_id IN (SELECT CAST(value AS INTEGER) FROM json_each(?1)) OR letter_id IN (
            SELECT letter_id FROM complaints WHERE complaint_id IN (SELECT CAST(value AS INTEGER) FROM json_each(?1))))
        """,
        (json.dumps(list(complaints)),),
    )
    ended = [letter_id for (letter_id,) in rows]
    connection.executemany(
        f"UPDATE letters SET {_ENDED} WHERE letter_id = ?",  # noqa: S608  (a constant)
        [("given_up", at, letter_id) for letter_id in ended],
    )
    connection.executemany("UPDATE complaints SET letter_id = NULL WHERE letter_id = ?", [(each,) for each in ended])
