"""What is remembered of the addresses that sources' documents came from: the table `redirects`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from aggregator.model import PollRecord, Redirection
from aggregator.store.connection import Connection
from aggregator.text.dates import to_iso


def accepted(connection: Connection) -> Mapping[int, tuple[str, ...]]:
    """The addresses that are accepted for one source alone, by the number of the source."""
    found = defaultdict(list)
    for source_id, url in connection.execute(
        "SELECT source_id, url FROM redirects WHERE state = 'accepted' ORDER BY url"
    ):
        found[source_id].append(url)
    return {source_id: tuple(urls) for source_id, urls in found.items()}


def polled_elsewhere(connection: Connection, *, proposals: bool) -> tuple[tuple[str, str], ...]:
    """Publisher and address of each source that is polled elsewhere than its file says: it moved for good; or, with
    `proposals`, a feed was found for it.
    """
    rows = connection.execute(
        """
        SELECT publisher, url FROM sources WHERE enabled = 1 AND old_url IS NOT NULL
        UNION SELECT publisher, proposed FROM sources WHERE ? = 1 AND enabled = 1 AND source_kind = 'discover'
          AND proposed IS NOT NULL
        ORDER BY 1, 2
        """,
        (proposals,),
    )
    return tuple(rows.fetchall())


def write(connection: Connection, record: PollRecord, now: datetime) -> None:
    """What a poll that was answered teaches of where its source's documents come from. An answer from an accepted
    address ends what was held. Within a transaction.
    """
    source_id, found = record.known.source_id, record.poll.redirection
    if record.known.is_unchecked:
        _check_what_was_in_force(connection, source_id, found, now)
    held = found if record.poll.outcome == "pending" else None
    if record.known.has_pending_redirect:
        connection.execute(
            "DELETE FROM redirects WHERE source_id = ? AND state <> 'accepted' AND url IS DISTINCT FROM ?",
            (source_id, held.url if held else None),
        )
    if held:
        _hold(connection, source_id, held, to_iso(now))


def _check_what_was_in_force(connection: Connection, source_id: int, found: Redirection | None, now: datetime) -> None:
    """The first answer since redirects are checked says whether one was in force before, and needs to be accepted."""
    was_unchecked = connection.execute(
        "UPDATE sources SET redirect_unchecked = 0 WHERE source_id = ? AND redirect_unchecked = 1 RETURNING last_poll",
        (source_id,),
    ).fetchone()
    if was_unchecked is None:
        return
    if found is None or found.state != "accepted":
        connection.execute("DELETE FROM redirects WHERE source_id = ? AND accepted_by = 'in_force'", (source_id,))
    elif found.rule == "in_force":
        connection.execute(
            "INSERT INTO redirects (source_id, url, state, accepted_by, at)"
            " VALUES (?, ?, 'accepted', 'in_force', ?) ON CONFLICT DO NOTHING",
            (source_id, found.url, was_unchecked[0] or to_iso(now)),
        )


def _hold(connection: Connection, source_id: int, found: Redirection, at: str) -> None:
    """What a person accepted while the poll was under way stays accepted, but for an address of another publisher."""
    connection.execute(
        """
        INSERT INTO redirects (source_id, url, state, reason, at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (source_id, url) DO UPDATE SET
          at = CASE WHEN redirects.state = excluded.state THEN redirects.at ELSE excluded.at END,
          state = excluded.state, reason = excluded.reason, accepted_by = NULL, reported_at = NULL
        WHERE redirects.state <> 'accepted' OR excluded.state = 'refused'
        """,
        (source_id, found.url, found.state, found.reason, at),
    )


def forget(connection: Connection, publisher: str, key: str) -> None:
    """Forgets what was decided for an address that the source no longer has in config/."""
    connection.execute(
        "DELETE FROM redirects WHERE source_id = (SELECT source_id FROM sources WHERE publisher = ? AND source_key ="
        " ?)",
        (publisher, key),
    )


def accept(connection: Connection, name: str, now: datetime) -> Redirection | None:
    """Accepts the redirect that is held of a source, which is then due at once, and read whole. None: none is held. One
    that is refused stays so, and is returned with that state.
    """
    row = connection.execute(
        """
        SELECT r.source_id, r.url, r.state, r.reason FROM redirects AS r JOIN sources AS s ON s.source_id = r.source_id
        WHERE s.publisher || '/' || s.source_key = ? AND r.state <> 'accepted' ORDER BY r.at DESC LIMIT 1
        """,
        (name,),
    ).fetchone()
    if row is None:
        return None
    source_id, url, state, said = row
    if state == "refused":
        return Redirection(url=url, state="refused", rule="another_publisher", reason=said)
    connection.execute(
        """
        UPDATE redirects SET state = 'accepted', accepted_by = 'person', reason = NULL, at = ?
        WHERE source_id = ? AND url = ?
        """,
        (to_iso(now), source_id, url),
    )
    connection.execute(
        """
        UPDATE sources SET next_at = ?, next_reason = 'accepted', etag = NULL, last_modified = NULL, body_hash = NULL,
          last_error = NULL
        WHERE source_id = ?
        """,
        (to_iso(now), source_id),
    )
    return Redirection(url=url, state="accepted", rule="person")


def in_force(connection: Connection) -> list[tuple[str, str]]:
    """Source (publisher/key) and address of the redirects that were in force before redirects were checked, as long as
    `health` has not listed them.
    """
    if not connection.has_table("redirects"):
        return []  # an older version made this database, and none of this one has opened it to write
    rows = connection.execute(
        """
        SELECT s.publisher || '/' || s.source_key, r.url FROM redirects AS r
          JOIN sources AS s ON s.source_id = r.source_id
        WHERE s.enabled = 1 AND r.accepted_by = 'in_force' AND r.reported_at IS NULL ORDER BY 1, 2
        """
    )
    return rows.fetchall()


def note_listed(connection: Connection, now: datetime) -> None:
    """`health` has listed what `in_force` returned. Within a transaction."""
    connection.execute(
        "UPDATE redirects SET reported_at = ? WHERE accepted_by = 'in_force' AND reported_at IS NULL", (to_iso(now),)
    )
