"""Purging: the reports that a person may delete for good, and the record of it. What goes is known by `let_go`."""

from __future__ import annotations

import json
from collections.abc import Sequence

from aggregator.model import Cause, Purge, Purgeable
from aggregator.store.connection import Connection, StoreConnection
from aggregator.store.queries import history, ledger, let_go
from aggregator.text.folding import fold, opening
from aggregator.text.raw_words import decode


def first_seen(connection: Connection, publisher: str | None, since: str | None, before: str | None) -> list[str]:
    """The ids of the reports that are not purged: of one publisher, first seen at `since` or later and before `before`;
    None: any.
    """
    bounds = {"publisher = ?": publisher, "first_seen >= ?": since, "first_seen < ?": before}
    given = {sql: value for sql, value in bounds.items() if value is not None}
    rows = connection.execute(
        f"""
        SELECT id FROM articles WHERE {" AND ".join(["coalesce(notice, '') <> 'removed'", *given])}
        ORDER BY publisher, article_id
        """,  # noqa: S608  (constants)
        (*given.values(),),
    )
    return [report for (report,) in rows]


def purgeable(connection: Connection, reports: Sequence[str]) -> list[Purgeable]:
    """Those of these reports that are not purged."""
    rows = connection.execute(
        """
        SELECT a.id, a.revision, a.title, CASE WHEN b.text <> '' THEN b.text ELSE b.summary END,
          CASE WHEN g.fields IS NOT NULL THEN raw_words(r.raw, r.dictionary_id) END
        FROM json_each(?) AS named
        CROSS JOIN articles AS a ON a.id = named.value
        JOIN bodies AS b ON b.article_id = a.article_id
        LEFT JOIN pages AS g ON g.article_id = a.article_id
        LEFT JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision
        WHERE coalesce(a.notice, '') <> 'removed'
        """,
        (json.dumps(list(reports)),),
    )
    found = []
    for report, number, title, text, said in rows:
        title, begins = history.beginning(decode(said)) if said else (fold(title), opening(text))
        found.append(Purgeable(id=report, revision=number, folded_title=title, opening=begins))
    return found


def purge(connection: StoreConnection, those: Sequence[Purge], because: Cause, at: str) -> list[str]:
    """Purges reports; returns those that have newer words than they were chosen with, and stay. Within a transaction.

    The lines of the ledger come before the husks lose what hides a report that was never out: its line is not for
    subscribers either.
    """
    by_id = {one.id: one for one in those}
    found = connection.execute(
        """
        SELECT a.article_id, a.id, a.publisher, a.revision
        FROM json_each(?) AS named CROSS JOIN articles AS a ON a.id = named.value
        """,
        (json.dumps(list(by_id)),),
    ).fetchall()
    going = [row for row in found if row[3] == by_id[row[1]].revision]
    ledger.append(
        connection,
        [
            ledger.Line(change_kind="deleted", at=at, article_id=article_id, revision=revision, note=because.reason)
            for article_id, _, _, revision in going
        ],
    )
    keys = [(publisher, key, report) for _, report, publisher, _ in going for key in by_id[report].keys]
    let_go.everything(connection, [article_id for article_id, *_ in going], keys, at)
    connection.executemany(
        "INSERT INTO acts (article_id, act, actor, reason, reference, at) VALUES (?, 'purge', ?, ?, ?, ?)",
        [(article_id, because.actor, because.reason, because.reference, at) for article_id, *_ in going],
    )
    return [report for _, report, _, revision in found if revision != by_id[report].revision]
