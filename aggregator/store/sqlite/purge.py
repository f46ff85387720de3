"""Purging: which reports a person deletes for good, and the record of it. What goes is known by `let_go`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence

from aggregator.model.errors import DeskError
from aggregator.store.sqlite import ledger, let_go
from aggregator.store.sqlite.raw import Pack

_BATCH = 100


def chosen(
    connection: sqlite3.Connection, public_ids: Sequence[str], before: str | None, publisher: str | None
) -> list[int]:
    """The articles with these ids, and those first seen before a time, of all publishers or of one; raises DeskError
    for an id that is none, or whose report is purged already.
    """
    found = _named(connection, public_ids)
    return found + (_older(connection, before, publisher) if before else [])


def batches(articles: Sequence[int]) -> Iterator[Sequence[int]]:
    """A hundred at a time: a transaction holds the lock that other programs wait for."""
    for start in range(0, len(articles), _BATCH):
        yield articles[start : start + _BATCH]


def _named(connection: sqlite3.Connection, public_ids: Sequence[str]) -> list[int]:
    found = []
    for public_id in dict.fromkeys(public_ids):
        row = connection.execute("SELECT id, notice FROM articles WHERE public_id = ?", (public_id,)).fetchone()
        if row is None:
            raise DeskError(f"{public_id}: there is no report with this id; `aggregator latest` prints ids")
        if row[1] == "removed":
            raise DeskError(f"{public_id}: this report is purged already")
        found.append(int(row[0]))
    return found


def _older(connection: sqlite3.Connection, before: str, publisher: str | None) -> list[int]:
    rows = connection.execute(
        """
        SELECT id FROM articles
        WHERE first_seen < ?1 AND (?2 IS NULL OR publisher = ?2) AND coalesce(notice, '') <> 'removed'
        ORDER BY publisher, id
        """,
        (before, publisher),
    )
    return [article for (article,) in rows]


def purge(
    connection: sqlite3.Connection, articles: Sequence[int], because: tuple[str, str, str | None], at: str, pack: Pack
) -> None:
    """Purges articles; `because` is actor, reason and reference. Within a transaction."""
    _write_lines(connection, articles, because[1], at)
    let_go.everything(connection, articles, at, pack)
    for article in articles:
        connection.execute(
            "INSERT INTO acts (article, act, actor, reason, reference, at) VALUES (?, 'purge', ?, ?, ?, ?)",
            (article, *because, at),
        )


def _write_lines(connection: sqlite3.Connection, articles: Sequence[int], reason: str, at: str) -> None:
    """Before the husks lose what hides a report that was never out: its line is not for subscribers either."""
    rows = connection.execute(
        "SELECT a.id, a.revision FROM json_each(?) AS named CROSS JOIN articles AS a ON a.id = named.value",
        (json.dumps(list(articles)),),
    )
    ledger.append(
        connection,
        [
            ledger.Line(kind="removed_by_wire", at=at, article=article, revision=revision, note=reason)
            for article, revision in rows.fetchall()
        ],
    )
