"""Joins: two reports that a person makes one of, and the rows that change then and when that is undone.

The second report stays as it is, with all its versions, out of the wire; its keys lead to the first one. The row of
`merges` has what it takes to undo that.
"""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime

from aggregator.model import Join, Joinable, Unjoin
from aggregator.store.sqlite import acts, ledger, merges, pending_revisions, polls
from aggregator.text.dates import from_iso, to_iso


def joinable(connection: sqlite3.Connection, kept: str, joined: str) -> Joinable | None:
    """Two reports of one publisher; None: they are not."""
    rows = connection.execute(
        """
        SELECT a.article_id, a.publisher, a.revision, r.revision_id, r.source_id, r.seen_at
        FROM json_each(?) AS named
        CROSS JOIN articles AS a ON a.id = named.value
        JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision
        ORDER BY named.key
        """,
        (json.dumps([kept, joined]),),
    ).fetchall()
    if len(rows) != 2 or rows[0][1] != rows[1][1] or rows[0][0] == rows[1][0]:
        return None
    (first, publisher, first_newest, _, _, first_seen), (second, _, newest, revision_id, source_id, seen) = rows
    keys = connection.execute(
        "SELECT article_key FROM article_keys WHERE publisher = ? AND article_id = ?", (publisher, second)
    )
    of_first = {"merge_id": None, "article_key": "", "is_undone": False, "at": from_iso(seen), "joined": joined}
    state = acts.states(connection, [second])[second]
    embargo = acts.last(connection, joined, ("embargo",))
    return Joinable(
        kept=merges.between(connection, first, (first_newest, revision_id, source_id), of_first),
        id=joined,
        article_id=second,
        newest=newest,
        keys=tuple(key for (key,) in keys),
        state=state,
        embargo=embargo[1] if embargo else None,
        removal=acts.last(connection, joined, ("withhold", "withdraw", "suspend")),
        is_newer=seen > first_seen,
    )


def in_force(connection: sqlite3.Connection) -> dict[str, tuple[str, int]]:
    """By the id of each report that a person joined to another one: that one's id, and the number of the merge."""
    rows = connection.execute(
        """
        SELECT j.id, a.id, m.merge_id FROM merges AS m
        CROSS JOIN articles AS j ON j.article_id = m.joined_article_id
        CROSS JOIN articles AS a ON a.article_id = m.article_id
        WHERE m.joined_article_id IS NOT NULL AND m.undone_at IS NULL
        """
    )
    return {joined: (kept, number) for joined, kept, number in rows}


def has_pending(connection: sqlite3.Connection, report: str) -> bool:
    """Whether changes of a report wait, for a person or for housekeeping."""
    row = connection.execute(
        """
        SELECT 1 FROM articles AS a WHERE a.id = ? AND (
          EXISTS (SELECT 1 FROM pending_changes AS c WHERE c.article_id = a.article_id AND c.refused_at IS NULL)
          OR EXISTS (SELECT 1 FROM pending_revisions AS h WHERE h.article_id = a.article_id))
        """,
        (report,),
    ).fetchone()
    return row is not None


def write(connection: sqlite3.Connection, join: Join, now: datetime) -> int | None:
    """Makes one report of two; returns the number of the merge. None: one of them has changed meanwhile. Within a
    transaction, which is then to be undone.
    """
    of, kept, at = join.of, join.of.kept, to_iso(now)
    if not (merges.holds(connection, kept) and _is_as_before(connection, of)):
        return None
    source_id = merges.source_of(connection, kept.source_name)
    (number,) = connection.execute(
        """
        INSERT INTO merges (article_id, publisher, source_id, article_key, matched_by, evidence, revision, at,
          joined_article_id, joined_keys)
        VALUES (?, ?, ?, ?, 'person', ?, ?, ?, ?, ?) RETURNING merge_id
        """,
        (
            kept.article_id, kept.publisher, source_id, of.keys[0] if of.keys else "", join.reason, kept.revision, at,
            of.article_id, json.dumps(of.keys),
        ),
    ).fetchone()  # fmt: skip
    _move_keys(connection, kept.publisher, of.article_id, kept.article_id, of.keys)
    near = connection.execute(
        "SELECT article_key FROM near_keys WHERE publisher = ? AND article_id = ?", (kept.publisher, of.article_id)
    ).fetchall()
    connection.executemany(
        "UPDATE near_keys SET article_id = ? WHERE publisher = ? AND article_key = ?",
        [(kept.article_id, kept.publisher, key) for (key,) in near],
    )
    _move_sightings(connection, kept.publisher, of.article_id, kept.article_id, replace=join.revise is not None)
    polls.list_in_its_place(connection, kept.publisher, of.article_id, kept.article_id)
    connection.execute("DELETE FROM rechecks WHERE article_id = ?", (of.article_id,))
    if not all(acts.write(connection, decision, at) for decision in join.acts):
        return None
    if join.revise:
        polls.write_decisions(connection, source_id, [join.revise], now)
    else:
        again = ledger.Line(
            change_kind="resent", at=at, article_id=kept.article_id, revision=kept.newest, note=join.reason
        )
        ledger.append(connection, [again])
    return int(number)


def undo(connection: sqlite3.Connection, unjoin: Unjoin, now: datetime) -> bool:
    """Makes two reports again; False: the first one has changed meanwhile. Within a transaction, which is then to be
    undone.
    """
    merge, at = unjoin.merge, to_iso(now)
    if not merges.holds(connection, merge):
        return False
    (joined,) = connection.execute("SELECT article_id FROM articles WHERE id = ?", (merge.joined,)).fetchone()
    _move_keys(connection, merge.publisher, merge.article_id, joined, unjoin.keys)
    polls.write_near_keys(connection, [(joined, unjoin.near_keys)])
    for (source_id,) in connection.execute(
        """
        SELECT s.source_id FROM sources AS o
        JOIN sightings AS s ON s.source_id = o.source_id AND s.article_id = ?
        JOIN json_each(?) AS named ON named.value = s.article_key
        WHERE o.publisher = ?
        """,
        (merge.article_id, json.dumps(unjoin.keys), merge.publisher),
    ).fetchall():
        connection.execute(
            "UPDATE OR REPLACE sightings SET article_id = ? WHERE source_id = ? AND article_id = ?",
            (joined, source_id, merge.article_id),
        )
        polls.list_beside(connection, source_id, merge.article_id, joined)
    if not all(acts.write(connection, decision, at) for decision in unjoin.acts):
        return False
    if unjoin.follow:
        polls.write_decisions(connection, merges.source_of(connection, merge.taken.source_name), [unjoin.follow], now)
    for key in unjoin.keys:
        pending_revisions.follow_split(connection, merge.article_id, key, joined)
    if unjoin.revert:
        polls.write_decisions(connection, merges.source_of(connection, merge.own.source_name), [unjoin.revert], now)
    connection.execute(
        "UPDATE merges SET undone_at = ?, split_article_id = ? WHERE merge_id = ?", (at, joined, merge.merge_id)
    )
    return True


def _is_as_before(connection: sqlite3.Connection, of: Joinable) -> bool:
    (revision,) = connection.execute("SELECT revision FROM articles WHERE article_id = ?", (of.article_id,)).fetchone()
    return bool(revision == of.newest) and acts.states(connection, [of.article_id])[of.article_id] == of.state


def _move_keys(connection: sqlite3.Connection, publisher: str, old: int, new: int, keys: tuple[str, ...]) -> None:
    connection.executemany(
        "UPDATE article_keys SET article_id = ? WHERE publisher = ? AND article_key = ? AND article_id = ?",
        [(new, publisher, key, old) for key in keys],
    )


def _move_sightings(connection: sqlite3.Connection, publisher: str, old: int, new: int, *, replace: bool) -> None:
    """What sources said of one article they said of another. Where a source said something of both, what it said of
    the one whose words are in force is kept.
    """
    connection.execute(
        f"""
        UPDATE OR {"REPLACE" if replace else "IGNORE"} sightings SET article_id = ?
        WHERE article_id = ? AND source_id IN (SELECT source_id FROM sources WHERE publisher = ?)
        """,  # noqa: S608  (constants)
        (new, old, publisher),
    )
    connection.execute(
        """
        DELETE FROM sightings
        WHERE article_id = ? AND source_id IN (SELECT source_id FROM sources WHERE publisher = ?)
        """,
        (old, publisher),
    )
