"""What a clock that ran ahead has left behind: times that are brought back once it has been put right.

A source whose last poll lies in the future would otherwise wait until the clock has caught up with it, and its reports
would stand first in every list until then.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from aggregator.model import AGREED_AFTER, FAR, NOTICED, ClockLooks
from aggregator.store.connection import Connection
from aggregator.store.queries import figures, ledger, settings
from aggregator.store.queries.habits import rhythm_of, rhythm_text
from aggregator.text.dates import from_iso, to_iso

# A server may have named a moment instead of a pause, so its word is kept for so much longer than the pause was.
_WORD = timedelta(days=1)
# No page is to be visited later than this (`rechecks`: a step of seven days, and a rest of one).
_LATEST_VISIT = timedelta(days=9)
_LATEST_PICTURE = timedelta(days=8)  # a server may ask to be left alone for seven
# A clock before the first version of this program is wrong, whatever the database says.
_NO_EARLIER = datetime(2026, 1, 1, tzinfo=UTC)
# A publisher's own date may be so far ahead of the time of first sight (`polls`).
_DATED_AHEAD = timedelta(minutes=15)

_LOOKS = "clock"  # setting: what is remembered of looks at the clock
_AHEAD_SINCE = "clock_rows_ahead"  # setting: when rows were first and last seen to be ahead that may be right
_SAME_CLOCK = timedelta(hours=2)  # between two looks at most; cron polls every hour

_AHEAD = "last_poll > ?1 OR (last_poll IS NULL AND next_at > ?1)"
_BATCH = 1_000

# Columns with times that this program has taken from the clock, of small tables, or tables that are read whole: a clock
# is put right seldom. Not among them: what a publisher or a person said (published, embargoed_until), and what is to
# come (next_at). The others have functions below.
TIMES: Mapping[str, tuple[str, ...]] = {
    "acts": ("at",),
    "alert_messages": ("made_at", "attempted_at", "given_up_at"),
    "claims": ("at",),
    "complaints": ("received_at", "resolved_at", "erased_at", "told_at"),
    "dead_letters": ("at", "replay_at"),
    "health_counts": ("counted_at",),
    "left_out": ("first_seen",),
    "letters": ("made_at", "attempted_at", "ended_at"),
    "pauses": ("paused_at", "ended_at"),
    "picture_removals": ("removed_at",),
    "pictures": ("fetched_at",),
    "pending_revisions": ("received_at",),
    "merges": ("at", "undone_at"),
    "pages": ("tried_at", "read_at"),
    "pending_changes": ("since", "received_at", "refused_at"),
    "rechecks": ("missing_since",),
    "redirects": ("at", "reported_at"),
    "rights_signals": ("first_seen", "last_seen", "ended_at"),
    "robots": ("fetched_at",),
    "searches": ("paused_at",),
    "source_events": ("at",),
    "signal_files": ("fetched_at",),
    "source_states": ("since",),
    "sources": (
        "last_success", "last_new", "paused_at", "moved_since", "unmodified_since", "over_limit_at",
    ),
    "taken": ("at", "told_at"),
    "taken_letters": ("attempted_at",),
    "told": ("at",),
    "subscribers": ("began_at", "attempted_at", "failing_since", "acknowledged_at", "paused_at", "ended_at"),
    "tokens": ("created_at", "revoked_at"),
    "tombstones": ("at",),
}  # fmt: skip


def looks(connection: Connection) -> ClockLooks:
    polled = connection.execute("SELECT started FROM polls WHERE poll_id = (SELECT max(poll_id) FROM polls)").fetchone()
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (_LOOKS,)).fetchone()
    said: dict[str, Any] = json.loads(row[0]) if row else {}
    last, first, before = (from_iso(at) if (at := said.get(name)) else None for name in ("last", "first", "before"))
    return ClockLooks(
        newest=max(filter(None, (last, from_iso(polled[0]) if polled else None)), default=None),
        last=last,
        apart=timedelta(seconds=said.get("apart_seconds", 0)),
        first=first,
        before=before,
    )


def remember_looks(connection: Connection, looks: ClockLooks) -> None:
    """Within a transaction."""
    said = {name: (at := getattr(looks, name)) and to_iso(at) for name in ("last", "first", "before")}
    settings.write(connection, _LOOKS, json.dumps({**said, "apart_seconds": looks.apart.total_seconds()}))


def are_ahead(connection: Connection, now: datetime) -> bool:
    """Whether a source was polled in the future, or is to be polled first in it."""
    found = connection.execute(f"SELECT 1 FROM sources WHERE {_AHEAD} LIMIT 1", (to_iso(now + NOTICED),))  # noqa: S608
    return found.fetchone() is not None


def bring_back(connection: Connection, now: datetime) -> None:
    """Such a source is polled so long after `now` as it was to be after its last poll: nobody is asked sooner than
    they wished, and nobody later. Within a transaction.
    """
    rows = connection.execute(
        f"SELECT source_id, last_poll, next_at, next_reason FROM sources WHERE {_AHEAD}",  # noqa: S608
        (to_iso(now + NOTICED),),
    ).fetchall()
    for source_id, last_poll, next_at, reason in rows:
        pause = from_iso(next_at) - from_iso(last_poll) if last_poll else timedelta(0)
        following = now + pause
        if reason == "retry_after":
            following = min(from_iso(next_at), following + _WORD)
        connection.execute(
            "UPDATE sources SET next_at = ?2, last_poll = CASE WHEN last_poll IS NOT NULL THEN ?3 END,"
            " last_success = min(last_success, ?3) WHERE source_id = ?1",
            (source_id, to_iso(following), to_iso(now)),
        )


def rows_are_ahead(connection: Connection, now: datetime) -> bool:
    """Whether the ledger or the polls have times of the future. Reads indexes alone."""
    found = connection.execute(
        """
        SELECT 1 WHERE (SELECT max(at) FROM changes) > ?1
          OR EXISTS (SELECT 1 FROM sources AS s CROSS JOIN polls AS l ON l.source_id = s.source_id AND l.started > ?1)
        """,
        (to_iso(now + NOTICED),),
    )
    return found.fetchone() is not None


def bring_rows_back(connection: Connection, now: datetime) -> int:
    """Where rows lie in the future, because a clock ran ahead, brings them back: the newest to `now`, the others as
    long before it as they were, and none before the newest row that was right. Returns how many lines of the ledger,
    articles and polls. Within a transaction.

    It may also be that the rows are right, and this clock is behind. A gap of more than a day before the first of them
    shows that a clock has jumped ahead. Where there is none, the rows stay as they are for nine minutes, and where the
    clock is more than a day behind them, for a day. 0 then.
    """
    found = _Span.of(connection, now)
    if found is None or now < _NO_EARLIER:
        return 0
    if not found.shows_a_jump and not _has_waited(connection, now, found.newest - now):
        return 0
    connection.execute("DELETE FROM settings WHERE name = ?", (_AHEAD_SINCE,))
    shift = _Shift(found, now)
    count = _bring_reports_back(connection, shift) + _bring_polls_back(connection, shift)
    _bring_learnt_back(connection, shift)
    figures.bring_back(connection, now, shift.limit)
    for table, columns in TIMES.items():
        for column in columns:
            shift.apply(connection, table, column)
    connection.execute(
        f"UPDATE rechecks SET next_at = {shift.sql('next_at')} WHERE next_at > ?4",  # noqa: S608
        (*shift.values, to_iso(now + _LATEST_VISIT)),
    )
    connection.execute(
        f"UPDATE pictures SET next_at = {shift.sql('next_at')} WHERE next_at > ?4",  # noqa: S608
        (*shift.values, to_iso(now + _LATEST_PICTURE)),
    )
    return count


class _Span(Struct, frozen=True):
    """What lies in the future, by polls and the ledger."""

    last_right: datetime | None  # the newest time that does not; None: all of them do
    first: datetime
    newest: datetime

    @classmethod
    def of(cls, connection: Connection, now: datetime) -> _Span | None:
        """None: nothing does."""
        limit = to_iso(now + NOTICED)
        last, first, newest = connection.execute(
            """
            SELECT max(last), min(first), max(newest) FROM (
              SELECT (SELECT max(at) FROM changes WHERE at <= ?1) AS last,
                (SELECT min(at) FROM changes WHERE at > ?1) AS first,
                (SELECT max(at) FROM changes WHERE at > ?1) AS newest
              UNION ALL
              SELECT (SELECT max(started) FROM polls WHERE source_id = s.source_id AND started <= ?1),
                (SELECT min(started) FROM polls WHERE source_id = s.source_id AND started > ?1),
                (SELECT max(started) FROM polls WHERE source_id = s.source_id AND started > ?1)
              FROM sources AS s) AS times
            """,
            (limit,),
        ).fetchone()
        return cls(from_iso(last) if last else None, from_iso(first), from_iso(newest)) if first else None

    @property
    def shows_a_jump(self) -> bool:
        """Of a database that was made by the wrong clock, everything is of the future; but never much."""
        if self.last_right is None:
            return self.newest - self.first <= FAR
        return self.first - self.last_right > FAR


class _Shift:
    """Where the times of the future belong."""

    def __init__(self, found: _Span, now: datetime) -> None:
        self.limit, self.now, self._by = now + NOTICED, now, found.newest - now
        self._floor = min(found.last_right or found.first - self._by, now)
        seconds = f"-{int(self._by.total_seconds())} seconds"
        self.values = (to_iso(self._floor), to_iso(now), seconds)  # of the SQL

    def of(self, at: datetime) -> datetime:
        return at if at <= self.limit else min(self.now, max(self._floor, at - self._by))

    @staticmethod
    def sql(column: str) -> str:
        """The same of a column, in SQL, with `values` as its first three parameters."""
        return f"min(?2, max(?1, strftime('%Y-%m-%dT%H:%M:%SZ', {column}, ?3)))"

    def apply(self, connection: Connection, table: str, column: str) -> int:
        """Brings back a column of all rows of a table; returns of how many."""
        done = connection.execute(
            f"UPDATE {table} SET {column} = {self.sql(column)} WHERE {column} > ?4",  # noqa: S608  (names of ours)
            (*self.values, to_iso(self.limit)),
        )
        return done.rowcount


def _has_waited(connection: Connection, now: datetime, ahead: timedelta) -> bool:
    """Whether rows that may be right have been ahead of this clock for long enough. Remembers since when, and the last
    look: after a pause it may be another clock, and the time begins anew.
    """
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (_AHEAD_SINCE,)).fetchone()
    since, last = map(from_iso, row[0].split()) if row else (now, None)
    if last is None or not last <= now < last + _SAME_CLOCK:
        since, last = now, None
    elif now - since >= (AGREED_AFTER if ahead <= FAR else FAR):
        return True
    if last is None or now - last >= AGREED_AFTER:
        said = f"{to_iso(since)} {to_iso(now)}"
        settings.write(connection, _AHEAD_SINCE, said)
    return False


# Reports. Whatever has a time of the future has a line of that time in the ledger, which has an index by time.


def _bring_reports_back(connection: Connection, shift: _Shift) -> int:
    lines = connection.execute(
        "SELECT seq, article_id, revision, at FROM changes WHERE at > ? ORDER BY seq", (to_iso(shift.limit),)
    ).fetchall()
    articles = sorted({article_id for _, article_id, _, _ in lines if article_id is not None})
    for start in range(0, len(articles), _BATCH):
        _bring_articles_back(connection, articles[start : start + _BATCH], shift)
    versions = [(article_id, number) for _, article_id, number, _ in lines if article_id is not None]
    for column in ("seen_at", "stored_at"):
        connection.executemany(
            f"""
            UPDATE revisions SET {column} = {shift.sql(column)} WHERE article_id = ?4 AND number = ?5 AND {column} > ?6
            """,  # noqa: S608  (names of ours)
            [(*shift.values, *version, to_iso(shift.limit)) for version in versions],
        )
    ledger.bring_back(connection, {seq: to_iso(shift.of(from_iso(at))) for seq, _, _, at in lines})
    return len(lines) + len(articles)


def _bring_articles_back(connection: Connection, articles: list[int], shift: _Shift) -> None:
    """First sight, the place in lists, the first visit to the page, and dates of the wire's own reports."""
    rows = connection.execute(
        """
        SELECT a.article_id, a.sort_time, a.first_seen FROM json_each(?) AS named
        CROSS JOIN articles AS a ON a.article_id = CAST(named.value AS INTEGER) WHERE a.first_seen > ?
        """,
        (json.dumps(articles), to_iso(shift.limit)),
    ).fetchall()
    for column in ("published", "updated"):  # of the wire's own reports this program says them, by its clock
        connection.execute(
            f"""
            UPDATE articles SET {column} = {shift.sql(column)}
            WHERE article_id IN (SELECT CAST(value AS INTEGER) FROM json_each(?4)) AND {column} > ?5
              AND publisher IN (SELECT publisher FROM publishers WHERE publisher_group = 'own')
            """,  # noqa: S608  (names of ours)
            (*shift.values, json.dumps(articles), to_iso(shift.limit)),
        )
    for article_id, listed, seen in rows:
        back = shift.of(from_iso(seen))
        place = listed if listed <= to_iso(back + _DATED_AHEAD) else to_iso(back)
        connection.execute(
            "UPDATE articles SET first_seen = ?, sort_time = ? WHERE article_id = ?", (to_iso(back), place, article_id)
        )
    connection.executemany(
        f"UPDATE rechecks SET next_at = {shift.sql('next_at')} WHERE article_id = ?4 AND next_at > ?5",  # noqa: S608
        [(*shift.values, article_id, to_iso(shift.limit)) for article_id, *_ in rows],
    )


def _bring_polls_back(connection: Connection, shift: _Shift) -> int:
    done = connection.execute(
        f"""
        UPDATE polls SET started = {shift.sql("started")}, next_at = strftime('%Y-%m-%dT%H:%M:%SZ', next_at, ?3)
        WHERE poll_id IN (
          SELECT l.poll_id FROM sources AS s CROSS JOIN polls AS l ON l.source_id = s.source_id AND l.started > ?4)
        """,  # noqa: S608
        (*shift.values, to_iso(shift.limit)),
    )
    return done.rowcount


def _bring_learnt_back(connection: Connection, shift: _Shift) -> None:
    """What sources have taught at a time of the future: they would teach nothing more until then."""
    rows = connection.execute("SELECT source_id, rhythm, silent_after FROM sources WHERE rhythm IS NOT NULL").fetchall()
    for source_id, text, silent in rows:
        rhythm = rhythm_of(text)
        if rhythm.taught_at is None or rhythm.taught_at <= shift.limit:
            continue
        last_new = rhythm.last_new and shift.of(rhythm.last_new)
        put_right = replace(rhythm, taught_at=shift.of(rhythm.taught_at), last_new=last_new)
        connection.execute(
            "UPDATE sources SET rhythm = ?2, silent_after = strftime('%Y-%m-%dT%H:%M:%SZ', ?3, ?4) WHERE source_id ="
            " ?1",
            (source_id, rhythm_text(put_right), silent, shift.values[2]),
        )
