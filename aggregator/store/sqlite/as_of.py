"""What holds at a time, for a connection that only reads: also where nobody has written since that time came.

The views of the file hold no clock. Where an agreement, an embargo or the time for which words may be held has ended
and nobody has written that down yet, temporary tables and views take the place of those of the file, for this
connection alone (https://sqlite.org/lang_naming.html: `temp` is searched first).
"""

from __future__ import annotations

import sqlite3
from datetime import datetime

from aggregator.store.sqlite import agreements, let_go
from aggregator.store.sqlite.raw import packed_alone, unpacker
from aggregator.store.sqlite.views import NOT_UNDER_EMBARGO
from aggregator.text.dates import to_iso

_SWITCHED = ("publishers", "terms", "agreements")  # what an agreement's end changes, of what views read


def show(connection: sqlite3.Connection, now: datetime, believed: datetime, over: let_go.Over) -> str | None:
    """Makes the views of a connection say what holds at `now`. Returns until when embargoes are over by then
    (`believed`); None: by what is stored alone. `over`: whose words may be held no longer.
    """
    schema = dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE type IN ('table', 'view')").fetchall())
    if "health_counts" not in schema:  # an older version made the database, and its views ask the clock themselves
        if "agreements" in schema and agreements.are_over(connection, now):
            _make(connection, schema, now, None, {})
        return None
    released_by = to_iso(believed)
    released = connection.execute(
        "SELECT 1 FROM articles WHERE embargoed_until <= ? LIMIT 1", (released_by,)
    ).fetchone()
    over = over if let_go.has_over(connection, over) else {}
    if released or over or agreements.are_over(connection, now):
        _make(connection, schema, now, released_by, over)
    return released_by


def _make(
    connection: sqlite3.Connection, schema: dict[str, str], now: datetime, released_by: str | None, over: let_go.Over
) -> None:
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("BEGIN")
    for table in _SWITCHED:
        connection.execute(schema[table].replace("CREATE TABLE ", "CREATE TEMP TABLE ", 1))
        connection.execute(f"INSERT INTO temp.{table} SELECT * FROM main.{table}")  # noqa: S608  (names of ours)
    agreements.end(connection, now)
    if over:
        _hide_words(connection, over)
    for sql in schema.values():
        if sql and sql.startswith("CREATE VIEW "):
            made = sql.replace("CREATE VIEW ", "CREATE TEMP VIEW ", 1)
            if released_by is not None:
                ended = f"({NOT_UNDER_EMBARGO} OR a.embargoed_until <= '{released_by}')"
                made = made.replace(NOT_UNDER_EMBARGO, ended)
            connection.execute(made)
    connection.execute("COMMIT")


def _hide_words(connection: sqlite3.Connection, over: let_go.Over) -> None:
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
            {"raw": "iif({over}, headline_only(raw, dictionary), raw)", "dictionary": "iif({over}, NULL, dictionary)"},
        ),
    ):
        columns = [row[0] for row in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]
        is_over = let_go.is_over_sql(over, f"main.{table}.article")
        shown = ", ".join(f"{replaced[name].replace('{over}', is_over)} AS {name}" if name in replaced else name
                          for name in columns)  # fmt: skip
        connection.execute(f"CREATE TEMP VIEW {table} AS SELECT {shown} FROM main.{table}")  # noqa: S608
