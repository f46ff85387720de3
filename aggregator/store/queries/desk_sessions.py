"""People of the desk, and where they are signed in."""

from __future__ import annotations

from datetime import datetime, timedelta

from aggregator.model import DeskPerson, DeskSession
from aggregator.store.connection import Connection
from aggregator.store.queries.views import is_migrated
from aggregator.text.dates import to_iso

# A session that began later than this is one of a clock that was ahead, and would last for longer than it may.
_AHEAD = timedelta(minutes=1)


def people(connection: Connection) -> list[tuple[str, DeskPerson]]:
    """The hash of the token of each person, and who it is."""
    if not is_migrated(connection):  # an older version made the file, and it is only read
        return []
    sql = "SELECT token_hash, name, desk FROM tokens WHERE revoked_at IS NULL AND desk IS NOT NULL"
    return [(token_hash, DeskPerson(name=name, right=right)) for token_hash, name, right in connection.execute(sql)]


def begin(
    connection: Connection, session_hash: str, token_hash: str, now: datetime, ends_at: datetime,
    is_by_proxy: bool,
) -> bool:  # fmt: skip
    """False: the token is not in force any more. Those that are over are deleted."""
    connection.execute("DELETE FROM desk_sessions WHERE ends_at <= ?", (to_iso(now),))
    done = connection.execute(
        "INSERT INTO desk_sessions (session_hash, token_hash, began_at, ends_at, is_by_proxy)"
        " SELECT ?1, token_hash, ?3, ?4, ?5 FROM tokens"
        " WHERE token_hash = ?2 AND revoked_at IS NULL AND desk IS NOT NULL",
        (session_hash, token_hash, to_iso(now), to_iso(ends_at), is_by_proxy),
    )
    return done.rowcount > 0


def found(connection: Connection, session_hash: str, now: datetime) -> DeskSession | None:
    """None: there is no such session, it is over, or the token was revoked."""
    if not is_migrated(connection):
        return None
    sql = """
        SELECT t.name, t.desk, s.is_by_proxy FROM desk_sessions AS s JOIN tokens AS t ON t.token_hash = s.token_hash
        WHERE s.session_hash = ?1 AND s.began_at <= ?2 AND s.ends_at > ?3
          AND t.revoked_at IS NULL AND t.desk IS NOT NULL
    """
    row = connection.execute(sql, (session_hash, to_iso(now + _AHEAD), to_iso(now))).fetchone()
    return DeskSession(person=DeskPerson(name=row[0], right=row[1]), is_by_proxy=bool(row[2])) if row else None


def end(connection: Connection, session_hash: str) -> None:
    connection.execute("DELETE FROM desk_sessions WHERE session_hash = ?", (session_hash,))


def end_all(connection: Connection, token_hash: str) -> None:
    """Those of one person, whose token is revoked."""
    connection.execute("DELETE FROM desk_sessions WHERE token_hash = ?", (token_hash,))
