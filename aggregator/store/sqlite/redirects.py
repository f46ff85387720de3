"""What is remembered of the addresses that sources' documents came from: the table `redirects`."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from aggregator.model import Poll, Redirection
from aggregator.scheduling.polls import is_answer
from aggregator.text.dates import to_iso


def accepted(connection: sqlite3.Connection) -> Mapping[int, tuple[str, ...]]:
    """The addresses that are accepted for one source alone, by the number of the source."""
    found = defaultdict(list)
    for source, url in connection.execute("SELECT source, url FROM redirects WHERE state = 'accepted' ORDER BY url"):
        found[source].append(url)
    return {source: tuple(urls) for source, urls in found.items()}


def polled_elsewhere(connection: sqlite3.Connection, *, proposals: bool) -> tuple[tuple[str, str], ...]:
    """Publisher and address of each source that is polled elsewhere than its file says: it moved for good; or, with
    `proposals`, a feed was found for it.
    """
    rows = connection.execute(
        """
        SELECT publisher, url FROM sources WHERE enabled AND old_url IS NOT NULL
        UNION SELECT publisher, proposed FROM sources WHERE ? AND enabled AND kind = 'discover' AND proposed IS NOT NULL
        ORDER BY 1, 2
        """,
        (proposals,),
    )
    return tuple(rows.fetchall())


def write(connection: sqlite3.Connection, source: int, poll: Poll, now: datetime) -> None:
    """What a poll teaches of where its source's documents come from. An answer from an accepted address ends what was
    held; a poll that failed says nothing. Within a transaction.
    """
    if not is_answer(poll) and poll.outcome != "held":
        return
    found = poll.redirection
    _check_what_was_in_force(connection, source, found, now)
    held = found if poll.outcome == "held" else None
    connection.execute(
        "DELETE FROM redirects WHERE source = ? AND state <> 'accepted' AND url IS NOT ?",
        (source, held.url if held else None),
    )
    if held:
        _hold(connection, source, held, to_iso(now))


def _check_what_was_in_force(
    connection: sqlite3.Connection, source: int, found: Redirection | None, now: datetime
) -> None:
    """The first answer since redirects are checked says whether one was in force before, and needs to be accepted."""
    was_unchecked = connection.execute(
        "UPDATE sources SET redirect_unchecked = 0 WHERE id = ? AND redirect_unchecked RETURNING last_poll", (source,)
    ).fetchone()
    if was_unchecked is None:
        return
    if found is None or found.state != "accepted":
        connection.execute("DELETE FROM redirects WHERE source = ? AND accepted_by = 'in_force'", (source,))
    elif found.rule == "in_force":
        connection.execute(
            "INSERT OR IGNORE INTO redirects (source, url, state, accepted_by, at)"
            " VALUES (?, ?, 'accepted', 'in_force', ?)",
            (source, found.url, was_unchecked[0] or to_iso(now)),
        )


def _hold(connection: sqlite3.Connection, source: int, found: Redirection, at: str) -> None:
    """What a person accepted while the poll was under way stays accepted, but for an address of another publisher."""
    connection.execute(
        """
        INSERT INTO redirects (source, url, state, said, at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (source, url) DO UPDATE SET
          at = iif(state = excluded.state, at, excluded.at), state = excluded.state, said = excluded.said,
          accepted_by = NULL, listed_at = NULL
        WHERE state <> 'accepted' OR excluded.state = 'refused'
        """,
        (source, found.url, found.state, found.said, at),
    )


def forget(connection: sqlite3.Connection, publisher: str, key: str) -> None:
    """Forgets what was decided for an address that the source no longer has in config/."""
    connection.execute(
        "DELETE FROM redirects WHERE source = (SELECT id FROM sources WHERE publisher = ? AND key = ?)",
        (publisher, key),
    )


def accept(connection: sqlite3.Connection, name: str, now: datetime) -> Redirection | None:
    """Accepts the redirect that is held of a source, which is then due at once, and read whole. None: none is held. One
    that is refused stays so, and is returned with that state.
    """
    row = connection.execute(
        """
        SELECT r.source, r.url, r.state, r.said FROM redirects AS r JOIN sources AS s ON s.id = r.source
        WHERE s.publisher || '/' || s.key = ? AND r.state <> 'accepted' ORDER BY r.at DESC LIMIT 1
        """,
        (name,),
    ).fetchone()
    if row is None:
        return None
    source, url, state, said = row
    if state == "refused":
        return Redirection(url=url, state="refused", rule="another_publisher", said=said)
    connection.execute(
        """
        UPDATE redirects SET state = 'accepted', accepted_by = 'person', said = NULL, at = ?
        WHERE source = ? AND url = ?
        """,
        (to_iso(now), source, url),
    )
    connection.execute(
        """
        UPDATE sources SET next_at = ?, next_reason = 'accepted', etag = NULL, last_modified = NULL, body_hash = NULL,
          last_error = NULL
        WHERE id = ?
        """,
        (to_iso(now), source),
    )
    return Redirection(url=url, state="accepted", rule="person")


def in_force(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Source (publisher/key) and address of the redirects that were in force before redirects were checked, as long as
    `health` has not listed them.
    """
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'redirects'").fetchone():
        return []  # an older version made this database, and none of this one has opened it to write
    rows = connection.execute(
        """
        SELECT s.publisher || '/' || s.key, r.url FROM redirects AS r JOIN sources AS s ON s.id = r.source
        WHERE s.enabled AND r.accepted_by = 'in_force' AND r.listed_at IS NULL ORDER BY 1, 2
        """
    )
    return rows.fetchall()


def note_listed(connection: sqlite3.Connection, now: datetime) -> None:
    """`health` has listed what `in_force` returned. Within a transaction."""
    connection.execute(
        "UPDATE redirects SET listed_at = ? WHERE accepted_by = 'in_force' AND listed_at IS NULL", (to_iso(now),)
    )
