"""How far subscribers have been brought: reads and writes `subscribers` and `dead_letters`.

The ledger is the queue, so that nothing has to be put into it: what is not acknowledged stays owed, whatever happens to
the program. A row is written by the one program that has claimed its subscriber.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from aggregator.model import Attempt, Queue, Selection
from aggregator.model.plain import as_dict
from aggregator.store.connection import Connection, StoreConnection
from aggregator.store.queries import figures, released, settings
from aggregator.store.queries.reading import rows
from aggregator.store.queries.views import is_migrated
from aggregator.text.dates import from_iso, to_iso

_QUEUES = """
    SELECT s.*,
      (SELECT count(*) FROM dead_letters AS d WHERE d.subscriber = s.subscriber) AS dead_letters,
      (SELECT count(*) FROM dead_letters AS d WHERE d.subscriber = s.subscriber AND d.replay_at IS NOT NULL) AS replays
    FROM subscribers AS s
"""
_TIMES = ("began_at", "attempted_at", "failing_since", "acknowledged_at", "paused_at", "ended_at")


def queues(connection: StoreConnection) -> list[Queue]:
    """All, by name; none in a file that an older version made, and that is only read."""
    if not is_migrated(connection):
        return []
    return [_queue(row) for row in rows(connection, f"{_QUEUES} ORDER BY s.subscriber")]


def queue(connection: StoreConnection, name: str) -> Queue | None:
    """None: nothing was ever sent to it."""
    found = rows(connection, f"{_QUEUES} WHERE s.subscriber = ?", name)
    return _queue(found[0]) if found else None


def _queue(row: dict[str, Any]) -> Queue:
    said = {**row, **{name: from_iso(row[name]) if row[name] else None for name in _TIMES}}
    return Queue(name=said.pop("subscriber"), pause=timedelta(seconds=said.pop("pause_seconds")), **said)


def begin(connection: Connection, name: str, *, from_beginning: bool, now: datetime) -> None:
    """Makes the row of a subscriber that is new. Within a transaction."""
    connection.execute(
        """
        INSERT INTO subscribers (subscriber, began_at, began_seq, seq)
        SELECT ?1, ?2, c.last, c.last FROM (
          SELECT CASE WHEN ?3 = 1 THEN 0 ELSE coalesce(max(seq), 0) END AS last FROM changes) AS c
        WHERE true ON CONFLICT DO NOTHING
        """,
        (name, to_iso(now), from_beginning),
    )


def skip_to(connection: Connection, name: str, seq: int) -> None:
    """Up to this line nothing more is owed. Within a transaction."""
    connection.execute("UPDATE subscribers SET seq = ?2 WHERE subscriber = ?1 AND seq < ?2", (name, seq))


_MOST_FORMER = 50  # selections of a subscriber that are remembered


def note_selection(connection: Connection, name: str, selection: Selection) -> None:
    """By what a subscriber is sent lines from now on. What its file said before is kept, and up to which line that was
    so. Within a transaction.
    """
    (seq,) = connection.execute("SELECT seq FROM subscribers WHERE subscriber = ?", (name,)).fetchone()
    chosen = {each: value for each, value in as_dict(selection).items() if value}
    # [what is chosen, up to which line], the one of now last, with None for a line
    known = json.loads(settings.read(connection, f"selections/{name}") or "[]")
    written = json.loads(json.dumps(chosen))
    if not known or known[-1][0] != written:
        former = [[each, seq if until is None else until] for each, until in known if each != written]
        settings.write(connection, f"selections/{name}", json.dumps([*former[-_MOST_FORMER:], [written, None]]))


def former_selections(connection: Connection, name: str) -> list[tuple[Selection, int]]:
    """What the file of a subscriber chose before, and up to which line of the ledger it was sent that."""
    known = json.loads(settings.read(connection, f"selections/{name}") or "[]")
    return [(_selection(chosen), until) for chosen, until in known if until is not None]


def current_selection(connection: Connection, name: str) -> Selection | None:
    """By what a subscriber is sent lines now; None: it was never sent any."""
    known = json.loads(settings.read(connection, f"selections/{name}") or "[]")
    return next((_selection(chosen) for chosen, until in known if until is None), None)


def _selection(chosen: Mapping[str, Any]) -> Selection:
    said: dict[str, Any] = {each: tuple(one) if isinstance(one, list) else one for each, one in chosen.items()}
    return Selection(**said)


def was_sent(connection: Connection, name: str, report: str, up_to: int) -> bool:
    """Whether a subscriber may have been sent something of a report up to this line of the ledger."""
    row = connection.execute(
        """
        SELECT 1 FROM subscribers AS s CROSS JOIN articles AS a ON a.id = ?2
        CROSS JOIN changes AS c ON c.article_id = a.article_id
        WHERE s.subscriber = ?1 AND c.seq > s.began_seq AND c.seq >= a.released_seq AND c.seq <= ?3 LIMIT 1
        """,
        (name, report, up_to),
    ).fetchone()
    return row is not None


def note_error(connection: Connection, name: str, error: str | None, event: Mapping[str, Any] | None) -> None:
    """Why nothing can be sent to a subscriber, though its server was not asked; None: it can. `event` is for
    `[notify]`. Within a transaction.
    """
    connection.execute("UPDATE subscribers SET error = ? WHERE subscriber = ?", (error, name))
    _tell(connection, event)


def note_unconfirmed(connection: Connection, queue: Queue, seq: int, events: Iterable[Mapping[str, Any]]) -> None:
    """What a subscriber did not confirm in time, up to a line, is told, unless another program has done it since the
    queue was read. Within a transaction.
    """
    sql = "UPDATE subscribers SET told_seq = ? WHERE subscriber = ? AND told_seq = ?"
    if connection.execute(sql, (seq, queue.name, queue.told_seq)).rowcount:
        for event in events:
            _tell(connection, event)


def record(connection: Connection, attempt: Attempt, now: datetime) -> None:
    """What became of an attempt, with all that follows from it. Within a transaction."""
    if attempt.error is None:
        _acknowledge(connection, attempt, now)
    elif attempt.is_gone:
        sql = "UPDATE subscribers SET ended_at = ?, error = ?, attempts = 0 WHERE subscriber = ?"
        connection.execute(sql, (to_iso(now), attempt.error, attempt.name))
    elif attempt.is_replay:
        connection.execute(
            """
            UPDATE dead_letters SET replay_at = NULL, at = ?, attempts = attempts + 1, error = ?
            WHERE subscriber = ? AND seq = ?
            """,
            (to_iso(now), attempt.error, attempt.name, attempt.cursor.seq),
        )
    else:
        _fail(connection, attempt, attempt.error, to_iso(now))
    _tell(connection, attempt.event)


def _tell(connection: Connection, event: Mapping[str, Any] | None) -> None:
    if event is not None:
        connection.execute("INSERT INTO notifications (event) VALUES (?)", (json.dumps(event),))


def _acknowledge(connection: Connection, attempt: Attempt, now: datetime) -> None:
    seq = attempt.cursor.seq
    figures.confirmed(connection, attempt.name, seq, now)
    connection.execute(
        """
        UPDATE subscribers SET attempts = 0, attempted_at = NULL, pause_seconds = 0, failing_since = NULL, error = NULL,
          acknowledged_at = ?1, acknowledged_seq = ?2 WHERE subscriber = ?3
        """,
        (to_iso(now), seq, attempt.name),
    )
    if attempt.is_replay:
        connection.execute("DELETE FROM dead_letters WHERE subscriber = ? AND seq = ?", (attempt.name, seq))
    else:
        _go_on(connection, attempt.name, seq)
    if attempt.released is not None:
        released.add(connection, now.date(), {attempt.released: 1})


def _fail(connection: Connection, attempt: Attempt, error: str, at: str) -> None:
    connection.execute(
        """
        UPDATE subscribers SET attempts = attempts + 1, attempted_at = ?1, pause_seconds = ?2, error = ?3,
          failing_since = coalesce(failing_since, ?1)
        WHERE subscriber = ?4
        """,
        (at, round(attempt.pause.total_seconds()) if attempt.pause else 0, error, attempt.name),
    )
    if attempt.pause is None:
        connection.execute(
            """
            INSERT INTO dead_letters (subscriber, seq, at, attempts, error)
            SELECT subscriber, ?2, ?3, attempts, ?4 FROM subscribers WHERE subscriber = ?1
            ON CONFLICT (subscriber, seq) DO UPDATE SET at = excluded.at, attempts = excluded.attempts,
              error = excluded.error, replay_at = NULL
            """,
            (attempt.name, attempt.cursor.seq, at, error),
        )
        connection.execute("UPDATE subscribers SET attempts = 0 WHERE subscriber = ?", (attempt.name,))
        _go_on(connection, attempt.name, attempt.cursor.seq)


def _go_on(connection: Connection, name: str, seq: int) -> None:
    """This line is done with."""
    connection.execute("UPDATE subscribers SET seq = ?2, last_seq = ?2 WHERE subscriber = ?1 AND seq < ?2", (name, seq))


# What people do


def dead_letters(connection: StoreConnection, name: str) -> list[dict[str, Any]]:
    """Those of a subscriber, by line: seq, change_kind, id (None: of a publisher), at, attempts, error, replay_at."""
    if not is_migrated(connection):
        return []
    sql = """
        SELECT d.seq, c.change_kind, a.id AS id, d.at, d.attempts, d.error, d.replay_at
        FROM dead_letters AS d
        JOIN changes AS c ON c.seq = d.seq
        LEFT JOIN articles AS a ON a.article_id = c.article_id
        WHERE d.subscriber = ? ORDER BY d.seq
    """
    return rows(connection, sql, name)


def next_replay(connection: Connection, name: str) -> int | None:
    """The first line of those that are to be sent again; None: none is."""
    row = connection.execute(
        "SELECT seq FROM dead_letters WHERE subscriber = ? AND replay_at IS NOT NULL ORDER BY seq LIMIT 1", (name,)
    ).fetchone()
    return row[0] if row else None


def replay(connection: Connection, name: str, now: datetime) -> int:
    """Asks for all dead letters of a subscriber to be sent again; returns how many there are. Within a transaction."""
    return connection.execute(
        "UPDATE dead_letters SET replay_at = ? WHERE subscriber = ?", (to_iso(now), name)
    ).rowcount


def pause(connection: Connection, name: str, now: datetime) -> None:
    """Sends it nothing until it is resumed. Within a transaction."""
    connection.execute("UPDATE subscribers SET paused_at = ? WHERE subscriber = ?", (to_iso(now), name))


def resume(connection: Connection, name: str) -> None:
    """Goes on where it stood, also where its server said 410, and at once. Within a transaction."""
    connection.execute(
        "UPDATE subscribers SET paused_at = NULL, ended_at = NULL, attempts = 0, error = NULL WHERE subscriber = ?",
        (name,),
    )


def lines_about(connection: Connection, report: str) -> list[int]:
    """The numbers of the lines by which a report left the wire, oldest first."""
    return [
        seq
        for (seq,) in connection.execute(
            """
            SELECT c.seq FROM articles AS a CROSS JOIN changes AS c ON c.article_id = a.article_id
            WHERE a.id = ? AND c.change_kind IN ('withheld', 'withdrawn', 'deleted') ORDER BY c.seq
            """,
            (report,),
        )
    ]
