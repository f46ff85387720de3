"""Joins: two reports that a person makes one of, and the rows that change then and when that is undone.

The second report stays as it is, with all its versions, out of the wire; its keys lead to the first one. The row of
`merges` has what it takes to undo that.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from aggregator.model import Join, Joinable, Unjoin
from aggregator.store.connection import Connection
from aggregator.store.queries import acts, ledger, merges, pending_revisions, polls
from aggregator.text.dates import from_iso, to_iso


def joinable(connection: Connection, kept: str, joined: str) -> Joinable | None:
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


def in_force(connection: Connection) -> dict[str, tuple[str, int]]:
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


def has_pending(connection: Connection, report: str) -> bool:
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


def write(connection: Connection, join: Join, now: datetime) -> int | None:
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
    _join_sightings(connection, join)
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


def undo(connection: Connection, unjoin: Unjoin, now: datetime) -> bool:
    """Makes two reports again; False: the first one has changed meanwhile. Within a transaction, which is then to be
    undone.
    """
    merge, at = unjoin.merge, to_iso(now)
    if not merges.holds(connection, merge):
        return False
    (joined,) = connection.execute("SELECT article_id FROM articles WHERE id = ?", (merge.joined,)).fetchone()
    _move_keys(connection, merge.publisher, merge.article_id, joined, unjoin.keys)
    polls.write_near_keys(connection, [(joined, unjoin.near_keys)])
    _part_sightings(connection, unjoin, joined)
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


def _is_as_before(connection: Connection, of: Joinable) -> bool:
    (revision,) = connection.execute("SELECT revision FROM articles WHERE article_id = ?", (of.article_id,)).fetchone()
    return bool(revision == of.newest) and acts.states(connection, [of.article_id])[of.article_id] == of.state


def _move_keys(connection: Connection, publisher: str, old: int, new: int, keys: tuple[str, ...]) -> None:
    connection.executemany(
        "UPDATE article_keys SET article_id = ? WHERE publisher = ? AND article_key = ? AND article_id = ?",
        [(new, publisher, key, old) for key in keys],
    )


_Sighting = tuple[Any, ...]  # entry_hash, words_hash, media_hash, article_key
_Of = dict[int, tuple[_Sighting | None, _Sighting | None]]  # by source: what it said of each of two articles


def _sightings(connection: Connection, publisher: str, first: int, second: int) -> _Of:
    found: _Of = {}
    for source_id, article_id, *said in connection.execute(
        """
        SELECT s.source_id, s.article_id, s.entry_hash, s.words_hash, s.media_hash, s.article_key
        FROM sources AS o CROSS JOIN sightings AS s ON s.source_id = o.source_id AND s.article_id IN (?, ?)
        WHERE o.publisher = ?
        """,
        (first, second, publisher),
    ):
        one, other = found.get(source_id, (None, None))
        found[source_id] = (tuple(said), other) if article_id == first else (one, tuple(said))
    return found


def _write_sightings(connection: Connection, first: int, second: int, of: _Of) -> None:
    for source_id, both in of.items():
        for article_id, said in zip((first, second), both, strict=True):
            if said is None:
                sql = "DELETE FROM sightings WHERE source_id = ? AND article_id = ?"
                connection.execute(sql, (source_id, article_id))
            else:
                connection.execute(
                    """
                    INSERT INTO sightings (source_id, article_id, entry_hash, words_hash, media_hash, article_key)
                    VALUES (?, ?, ?, ?, ?, ?)
                    ON CONFLICT (source_id, article_id) DO UPDATE SET entry_hash = excluded.entry_hash,
                      words_hash = excluded.words_hash, media_hash = excluded.media_hash,
                      article_key = excluded.article_key
                    """,
                    (source_id, article_id, *said),
                )


def _join_sightings(connection: Connection, join: Join) -> None:
    """What sources said of the second report they said of the first one. Of a source that said something of both, what
    it said of the one whose words are in force; the other is kept with the second report, where no poll looks at it.
    """
    first, second = join.of.kept.article_id, join.of.article_id
    of = _sightings(connection, join.of.kept.publisher, first, second)
    for source_id, (one, other) in of.items():
        if one is None:
            of[source_id] = (other, None)
        elif other is not None and join.revise:
            of[source_id] = (other, one)
    _write_sightings(connection, first, second, of)


def _part_sightings(connection: Connection, unjoin: Unjoin, second: int) -> None:
    """Each has again what was said under its own keys."""
    first, keys = unjoin.merge.article_id, set(unjoin.keys)
    of = _sightings(connection, unjoin.merge.publisher, first, second)
    for source_id, both in of.items():
        theirs = next((said for said in both if said and said[3] in keys), None)
        ours = next((said for said in both if said and said[3] not in keys), None)
        of[source_id] = (ours, theirs)
    _write_sightings(connection, first, second, of)
    for source_id, (ours, theirs) in of.items():
        if theirs and ours:
            polls.list_beside(connection, source_id, first, second)
        elif theirs:
            polls.list_in_its_place(connection, unjoin.merge.publisher, first, second, source_id)
