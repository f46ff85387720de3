"""What holds at a time, for a connection that only reads: also where nobody has written since that time came.

The views of the file hold no clock. Where an agreement, an embargo or the time for which words may be held has ended
and nobody has written that down yet, temporary tables and views take the place of those of the file, for this
connection alone (https://sqlite.org/lang_naming.html: `temp` is searched first).
"""

from __future__ import annotations

import sqlite3
from datetime import datetime

from aggregator.store.sqlite import agreements, let_go, retention
from aggregator.store.sqlite.doubt import trusted
from aggregator.store.sqlite.raw import packed_alone, unpacker
from aggregator.store.sqlite.views import NOT_UNDER_EMBARGO
from aggregator.text.dates import to_iso

_SWITCHED = ("publishers", "terms", "agreements")  # what an agreement's end changes, of what views read


def read_as_of(connection: sqlite3.Connection, now: datetime) -> str | None:
    """Makes the views of a connection say what holds at `now`. Returns until when embargoes are over by then; None: by
    what is stored alone. A clock that is far ahead of all rows ends permissions, and no embargo (`doubt`).
    """
    schema = dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE type IN ('table', 'view')").fetchall())
    if "health_counts" not in schema:  # an older version made the database, and its views ask the clock themselves
        if "agreements" in schema and agreements.are_over(connection, now):
            _make(connection, schema, now, None, words=False)
        return None
    over = to_iso(trusted(connection, now))
    released = connection.execute("SELECT 1 FROM articles WHERE embargoed_until <= ? LIMIT 1", (over,)).fetchone()
    words = retention.has_over(connection, to_iso(now))
    if released or words or agreements.are_over(connection, now):
        _make(connection, schema, now, over, words=words)
    return over


def _make(
    connection: sqlite3.Connection, schema: dict[str, str], now: datetime, over: str | None, *, words: bool
) -> None:
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("BEGIN")
    for table in _SWITCHED:
        connection.execute(schema[table].replace("CREATE TABLE ", "CREATE TEMP TABLE ", 1))
        connection.execute(f"INSERT INTO temp.{table} SELECT * FROM main.{table}")  # noqa: S608  (names of ours)
    agreements.end(connection, now)
    if words:
        _hide_words(connection, to_iso(now))
    for sql in schema.values():
        if sql and sql.startswith("CREATE VIEW "):
            made = sql.replace("CREATE VIEW ", "CREATE TEMP VIEW ", 1)
            if over is not None:
                made = made.replace(NOT_UNDER_EMBARGO, f"({NOT_UNDER_EMBARGO} OR a.embargoed_until <= '{over}')")
            connection.execute(made)
    connection.execute("COMMIT")


def _hide_words(connection: sqlite3.Connection, now: str) -> None:
    """Of reports whose words may be held no longer, there is what `let_go` will leave."""
    unpack = unpacker(connection)

    def headline_only(raw: bytes | None, dictionary: int | None) -> bytes | None:
        words = None if raw is None else unpack(raw, dictionary)
        return raw if words is None else packed_alone(let_go.without_words(words))

    connection.create_function("headline_only", 2, headline_only)
    for table, replaced in (
        ("bodies", {name: f"iif({{over}}, '', {name})" for name in ("summary", "text", "excerpt")}),
        (
            "revisions",
            {
                "raw": "iif({over}, headline_only(raw, dictionary), raw)",
                "dictionary": "iif({over}, NULL, dictionary)",
            },
        ),
    ):
        columns = [row[0] for row in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]
        over = f"EXISTS ({retention.over_sql(f'main.{table}.article', now)})"
        shown = ", ".join(f"{replaced[name].format(over=over)} AS {name}" if name in replaced else name
                          for name in columns)  # fmt: skip
        connection.execute(f"CREATE TEMP VIEW {table} AS SELECT {shown} FROM main.{table}")  # noqa: S608
