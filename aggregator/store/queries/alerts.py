"""Who is owed a word of which report, the messages that wait to be sent, and who was told.

Whom to tell is read from the ledger, line by line: each search remembers up to which line that was done.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, cast

from msgspec import Struct

from aggregator.model import (
    AlertItem,
    AlertMessage,
    Channel,
    OwedKind,
    Sent,
    TellState,
)
from aggregator.store.connection import Connection
from aggregator.store.queries import released
from aggregator.store.queries.searches import selection_of, tell_of
from aggregator.store.queries.selections import chosen, where
from aggregator.text.dates import from_iso, to_iso
from aggregator.text.query import parse

CLAIM = "searches:"  # no subscriber has such a name
_OLD = timedelta(days=30)
_LINES = 2_000  # of the ledger, that one step looks at
_TAKEN_BACK = "('withheld', 'withdrawn', 'deleted')"


def are_behind(connection: Connection) -> bool:
    """Whether `collect` would do anything."""
    row = connection.execute(
        """
        SELECT 1 FROM searches WHERE match_to IS NULL AND left_at IS NULL
          AND told_seq < (SELECT coalesce(max(seq), 0) FROM changes) LIMIT 1
        """
    ).fetchone()
    return row is not None and not connection.execute("SELECT 1 FROM match_queue LIMIT 1").fetchone()


def collect(connection: Connection, now: datetime) -> bool:
    """Notes who is owed what by some more lines of the ledger; False: all is noted, or is yet to be matched. Within a
    transaction. Words that are not matched yet hold it, for a moment. A search that was removed finds nothing more; who
    got reports by it is still owed that one was taken back.
    """
    if not are_behind(connection):
        return False
    (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM changes").fetchone()
    rows = connection.execute(
        """
        SELECT told_seq, search_id, words, selection, since_seq, state <> 'removed' AND paused_at IS NULL FROM searches
        WHERE match_to IS NULL AND left_at IS NULL AND told_seq < ? ORDER BY told_seq, search_id
        """,
        (last,),
    ).fetchall()
    for told_seq, group in groupby(rows, key=itemgetter(0)):
        end = min(last, told_seq + _LINES)
        those = list(group)
        hits = _hits(connection, told_seq, end)
        for _, search_id, words, selection, since_seq, finds in those:
            if finds and search_id in hits:
                search = _Search(search_id, words, selection, max(told_seq, since_seq))
                _find(connection, search, end, hits[search_id], now)
            _of_told(connection, search_id, told_seq, end)
        connection.executemany(
            "UPDATE searches SET told_seq = ? WHERE search_id = ?", [(end, each[1]) for each in those]
        )
    return True


def _hits(connection: Connection, after: int, up_to: int) -> dict[int, list[int]]:
    """The articles of these lines whose words of now each search finds."""
    rows = connection.execute(
        f"""
        SELECT h.search_id, a.article_id FROM changes AS c
        CROSS JOIN articles AS a ON a.article_id = c.article_id
        CROSS JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision
        CROSS JOIN hits AS h ON h.revision_id = r.revision_id
        WHERE c.seq > ? AND c.seq <= ? AND c.change_kind NOT IN {_TAKEN_BACK}
        """,  # noqa: S608  (constants)
        (after, up_to),
    )
    found: dict[int, set[int]] = {}
    for search_id, article_id in rows:
        found.setdefault(search_id, set()).add(article_id)
    return {search_id: sorted(articles) for search_id, articles in found.items()}


class _Search(Struct, frozen=True):
    """A search of which whom to tell is looked for."""

    search_id: int
    words: str
    selection: str
    after: int  # behind this line of the ledger


def _find(connection: Connection, search: _Search, up_to: int, articles: Sequence[int], now: datetime) -> None:
    """Reports that came by lines up to this one, and that were sent to nobody yet. What was old when it came is not
    told: an archive that a publisher brings at once, or all that a new source lists. A revision of it is.
    """
    since, selection = parse(search.words, now).changed_since, selection_of(search.selection)
    of_line = "c.seq > :after AND c.seq <= :up_to AND c.article_id = w.article_id"
    # Other tags are no news: they are told where they let a search find a report at all, and as long as it is new.
    of_line += " AND (c.revision > 1 AND c.change_kind <> 'retagged' OR w.sort_time >= :old)"
    if not (selection.topics or selection.about or selection.languages):
        of_line += " AND c.change_kind <> 'retagged'"
    if since is not None:
        of_line += " AND c.revision > 1 AND c.at >= :since"
    conditions, values = where(chosen(connection, selection), "TRUE")
    named = {f"v{number}": value for number, value in enumerate(values)}
    for name in named:
        conditions = conditions.replace("?", f":{name}", 1)
    connection.execute(
        f"""
        INSERT INTO owed (tell_id, article_id, owed_kind, seq)
        SELECT f.tell_id, f.article_id, 'new', f.seq FROM (
          SELECT t.tell_id, w.article_id, t.since_seq, (SELECT max(c.seq) FROM changes AS c WHERE {of_line}) AS seq
          FROM json_each(:articles) AS hit
          CROSS JOIN wire AS w ON w.article_id = CAST(hit.value AS INTEGER)
          CROSS JOIN tells AS t ON t.search_id = :search AND t.in_force = 1
          {conditions}
        ) AS f
        WHERE f.seq > f.since_seq
          AND NOT EXISTS (SELECT 1 FROM told AS d WHERE d.tell_id = f.tell_id AND d.article_id = f.article_id)
          AND NOT EXISTS (SELECT 1 FROM alert_items AS i JOIN alert_messages AS m USING (message_id)
            WHERE m.tell_id = f.tell_id AND i.article_id = f.article_id)
        ON CONFLICT (tell_id, article_id) DO NOTHING
        """,  # noqa: S608  (constants)
        {
            "articles": json.dumps(list(articles)),
            "search": search.search_id,
            "after": search.after,
            "up_to": up_to,
            "since": to_iso(since) if since else "",
            "old": to_iso(now - _OLD),
            **named,
        },
    )


# What is to be said of reports that were sent: by the last line of each. `d` is a row of `told`.
_ABOUT_TOLD = f"""
    INSERT INTO owed (tell_id, article_id, owed_kind, seq)
    SELECT d.tell_id, d.article_id,
      CASE
        WHEN c.change_kind IN {_TAKEN_BACK} THEN 'taken_back'
        WHEN d.taken_back = 1 THEN 'restored'
        ELSE 'corrected'
      END, c.seq
    FROM told AS d
    JOIN tells AS t ON t.tell_id = d.tell_id
    JOIN changes AS c ON c.seq = (
      SELECT max(x.seq) FROM changes AS x WHERE x.article_id = d.article_id AND x.seq > :after AND x.seq <= :up_to
        AND x.change_kind IN ('withheld', 'withdrawn', 'deleted', 'restored', 'corrected'))
    WHERE {{which}} AND (t.in_force = 1 OR c.change_kind IN {_TAKEN_BACK}) AND CASE
      WHEN c.change_kind IN {_TAKEN_BACK} THEN d.taken_back = 0
      WHEN c.change_kind = 'restored' THEN d.taken_back = 1
      ELSE c.revision > d.revision OR d.taken_back = 1
    END
    ON CONFLICT (tell_id, article_id) DO UPDATE SET owed_kind = excluded.owed_kind, seq = excluded.seq
"""  # noqa: S608  (constants)


def _of_told(connection: Connection, search_id: int, after: int, up_to: int) -> None:
    which = """t.search_id = :search AND d.article_id IN (
      SELECT article_id FROM changes WHERE seq > :after AND seq <= :up_to
        AND change_kind IN ('withheld', 'withdrawn', 'deleted', 'restored', 'corrected'))"""
    values = {"search": search_id, "after": after, "up_to": up_to}
    connection.execute(_ABOUT_TOLD.format(which=which), values)
    # Whoever was to hear of a withdrawal need not, where it was undone before.
    connection.execute(
        """
        DELETE FROM owed WHERE owed_kind = 'taken_back' AND EXISTS (
          SELECT 1 FROM tells AS t WHERE t.tell_id = owed.tell_id AND t.search_id = :search)
          AND EXISTS (SELECT 1 FROM changes AS c WHERE c.article_id = owed.article_id AND c.seq > owed.seq
            AND c.seq <= :up_to AND c.change_kind = 'restored')
        """,
        {"search": search_id, "up_to": up_to},
    )


# Messages


def tell_states(connection: Connection) -> list[TellState]:
    """Those who are owed something. While a search's file is faulty nothing counts as found: who is to get that, and
    when, may be what is mended. What becomes of reports that were sent is owed all the same.
    """
    rows = connection.execute(
        """
        SELECT t.tell_id, s.name, t.tell, min(c.at) FILTER (WHERE o.owed_kind = 'new'),
          sum(o.owed_kind = 'new' AND s.state <> 'faulty'),
          sum(o.owed_kind <> 'new'),
          s.paused_at IS NOT NULL,
          EXISTS (SELECT 1 FROM alert_messages AS m WHERE m.tell_id = t.tell_id AND m.given_up_at IS NULL)
        FROM owed AS o JOIN tells AS t USING (tell_id) JOIN searches AS s USING (search_id)
        JOIN changes AS c ON c.seq = o.seq
        WHERE t.in_force = 1 OR o.owed_kind = 'taken_back' GROUP BY t.tell_id, s.search_id
        ORDER BY t.tell_id, s.search_id
        """
    )
    return [
        TellState(
            tell_id=tell_id,
            search=name,
            tell=tell_of(tell),
            found_since=from_iso(found_since) if found_since else None,
            found=found,
            about_told=about_told,
            is_paused=bool(is_paused),
            has_message=bool(has_message),
        )
        for tell_id, name, tell, found_since, found, about_told, is_paused, has_message in rows
    ]


def make_message(
    connection: Connection, tell_id: int, token: str, most: int, now: datetime, *, found_too: bool
) -> None:
    """One message of at most so many reports that this one is owed, those that were sent before first; `found_too`:
    also those that were found. Within a transaction.
    """
    rows = connection.execute(
        """
        SELECT article_id, owed_kind FROM owed WHERE tell_id = ? AND (owed_kind <> 'new' OR ? = 1)
        ORDER BY owed_kind = 'new', seq LIMIT ?
        """,
        (tell_id, found_too, most),
    ).fetchall()
    if not rows:
        return
    (message_id,) = connection.execute(
        "INSERT INTO alert_messages (tell_id, token, made_at, attempts) VALUES (?, ?, ?, 0) RETURNING message_id",
        (tell_id, token, to_iso(now)),
    ).fetchone()
    connection.executemany(
        "INSERT INTO alert_items (message_id, article_id, owed_kind) VALUES (?, ?, ?)",
        [(message_id, *row) for row in rows],
    )
    connection.executemany(
        "DELETE FROM owed WHERE tell_id = ? AND article_id = ?", [(tell_id, article_id) for article_id, _ in rows]
    )


_MESSAGES = """
    SELECT m.message_id, m.tell_id, m.token, s.name, t.tell, m.made_at, m.attempts, m.attempted_at, m.error
    FROM alert_messages AS m JOIN tells AS t USING (tell_id) JOIN searches AS s USING (search_id)
    WHERE m.given_up_at IS NULL ORDER BY m.message_id
"""
_ITEMS = """
    SELECT a.id, i.owed_kind FROM alert_items AS i JOIN articles AS a USING (article_id)
    WHERE i.message_id = ? ORDER BY i.owed_kind = 'new', a.sort_time DESC, a.article_id
"""


def messages(connection: Connection) -> list[AlertMessage]:
    """Those that wait to be sent, the oldest first."""
    return [
        AlertMessage(
            message_id=message_id,
            tell_id=tell_id,
            token=token,
            search=name,
            tell=tell_of(tell),
            made_at=from_iso(made_at),
            attempts=attempts,
            attempted_at=from_iso(attempted_at) if attempted_at else None,
            error=error,
            items=tuple(
                AlertItem(id=report, kind=cast("OwedKind", kind))
                for report, kind in connection.execute(_ITEMS, (message_id,))
            ),
        )
        for message_id, tell_id, token, name, tell, made_at, attempts, attempted_at, error in connection.execute(
            _MESSAGES
        ).fetchall()
    ]


def note_attempt(connection: Connection, message_id: int, now: datetime) -> None:
    """That one is about to begin: where even that cannot be written, none is made. Within a transaction."""
    connection.execute(
        "UPDATE alert_messages SET attempts = attempts + 1, attempted_at = ?, error = NULL WHERE message_id = ?",
        (to_iso(now), message_id),
    )


def note_failure(connection: Connection, message_id: int, error: str, now: datetime, *, give_up: bool) -> None:
    """Within a transaction."""
    connection.execute(
        "UPDATE alert_messages SET error = ?, given_up_at = ? WHERE message_id = ?",
        (error, to_iso(now) if give_up else None, message_id),
    )


def note_sent(
    connection: Connection,
    message: AlertMessage,
    sent: Sequence[Sent],
    seq: int,
    now: datetime,
    left: Mapping[tuple[str, Channel], int],
) -> None:
    """The message was taken, with these reports as they were at line `seq` of the ledger, and waits no longer. What has
    become of them since is owed. Within a transaction.
    """
    for each in sent:
        connection.execute(
            """
            INSERT INTO told (tell_id, article_id, revision, at, taken_back)
            SELECT ?1, article_id, ?3, ?4, ?5 FROM articles WHERE id = ?2
            ON CONFLICT (tell_id, article_id) DO UPDATE SET at = ?4, taken_back = ?5,
              revision = max(told.revision, excluded.revision)
            """,
            (message.tell_id, each.id, each.revision, to_iso(now), each.kind == "taken_back"),
        )
    connection.execute("DELETE FROM alert_messages WHERE message_id = ?", (message.message_id,))
    if sent:
        which = """d.tell_id = :tell AND d.article_id IN (
          SELECT article_id FROM articles WHERE id IN (SELECT value FROM json_each(:reports)))"""
        (up_to,) = connection.execute(
            "SELECT s.told_seq FROM searches AS s JOIN tells AS t USING (search_id) WHERE t.tell_id = ?",
            (message.tell_id,),
        ).fetchone()
        reports = json.dumps([each.id for each in sent])
        values = {"tell": message.tell_id, "reports": reports, "after": seq, "up_to": up_to}
        connection.execute(_ABOUT_TOLD.format(which=which), values)
    if left:
        released.add(connection, now.date(), left)


# What people ask of it


def pause(connection: Connection, name: str, now: datetime) -> bool:
    """False: there is no such search. Within a transaction."""
    sql = "UPDATE searches SET paused_at = coalesce(paused_at, ?) WHERE name = ? AND state <> 'removed'"
    return connection.execute(sql, (to_iso(now), name)).rowcount > 0


def resume(connection: Connection, name: str, now: datetime) -> bool:
    """Messages that were given up are tried again, too. False: there is no such search. Within a transaction."""
    found = connection.execute(
        "UPDATE searches SET paused_at = NULL WHERE name = ? AND state <> 'removed'", (name,)
    ).rowcount
    connection.execute(
        """
        UPDATE alert_messages SET given_up_at = NULL, attempts = 0, made_at = ?, attempted_at = NULL
        WHERE given_up_at IS NOT NULL
          AND tell_id IN (SELECT tell_id FROM tells JOIN searches USING (search_id) WHERE name = ?)
        """,
        (to_iso(now), name),
    )
    return found > 0


def listed(connection: Connection, now: datetime) -> list[dict[str, Any]]:
    """A row a search that is not removed, by name: name, words, selection (a Selection), state, paused_at, matched
    (False: what was there before it is still looked for), hits (reports that are in the wire and were stored or changed
    in the last 24 hours) and tells, a row each: tell (a Tell), owed (reports that the next message has), owed_since,
    waiting (messages), oldest (since when the first of these waits), failures (attempts for it that failed), given_up
    (messages), error (of the last attempt for any).
    """
    hits = _hits_since(connection, now - timedelta(days=1))
    return [
        {
            "name": name,
            "words": words,
            "selection": selection_of(selection),
            "state": state,
            "paused_at": paused_at,
            "matched": match_to is None,
            "hits": _count(connection, selection, hits.get(search_id, ())),
            "tells": _tells(connection, search_id),
        }
        for search_id, name, words, selection, state, paused_at, match_to in connection.execute(
            """
            SELECT search_id, name, words, selection, state, paused_at, match_to FROM searches
            WHERE state <> 'removed' ORDER BY name
            """
        ).fetchall()
    ]


def _hits_since(connection: Connection, since: datetime) -> dict[int, list[int]]:
    (first,) = connection.execute(
        "SELECT coalesce(min(seq), 0) FROM changes WHERE at >= ?", (to_iso(since),)
    ).fetchone()
    (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM changes").fetchone()
    return _hits(connection, first - 1, last) if first else {}


def _count(connection: Connection, selection: str, articles: Sequence[int]) -> int:
    if not articles:
        return 0
    conditions, values = where(chosen(connection, selection_of(selection)))
    (count,) = connection.execute(
        f"""
        SELECT count(*) FROM json_each(?) AS hit
        CROSS JOIN wire AS w ON w.article_id = CAST(hit.value AS INTEGER) {conditions}
        """,  # noqa: S608  (made of constants)
        (json.dumps(list(articles)), *values),
    ).fetchone()
    return int(count)


def _tells(connection: Connection, search_id: int) -> list[dict[str, Any]]:
    rows = connection.execute(
        """
        SELECT t.tell, (SELECT count(*) FROM owed AS o WHERE o.tell_id = t.tell_id),
          (SELECT min(c.at) FROM owed AS o JOIN changes AS c USING (seq) WHERE o.tell_id = t.tell_id),
          count(m.message_id) FILTER (WHERE m.given_up_at IS NULL),
          min(m.made_at) FILTER (WHERE m.given_up_at IS NULL),
          coalesce(max(m.attempts) FILTER (WHERE m.given_up_at IS NULL AND m.error IS NOT NULL), 0),
          count(m.message_id) FILTER (WHERE m.given_up_at IS NOT NULL),
          (SELECT error FROM alert_messages AS e WHERE e.tell_id = t.tell_id AND e.error IS NOT NULL
            ORDER BY e.attempted_at DESC LIMIT 1)
        FROM tells AS t LEFT JOIN alert_messages AS m USING (tell_id)
        WHERE t.search_id = ? AND t.in_force = 1 GROUP BY t.tell_id ORDER BY t.tell_id
        """,
        (search_id,),
    ).fetchall()
    names = ("owed", "owed_since", "waiting", "oldest", "failures", "given_up", "error")
    return [{"tell": tell_of(tell), **dict(zip(names, others, strict=True))} for tell, *others in rows]
