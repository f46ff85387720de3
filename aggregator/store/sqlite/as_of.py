"""What holds at a time, for a connection that only reads: also where nobody has written since that time came.

The views of the file hold no clock. Where an agreement, an embargo or the time for which words may be held has ended
and nobody has written that down yet, temporary tables and views take the place of those of the file, for this
connection alone (https://sqlite.org/lang_naming.html: `temp` is searched first). They also give what an older version
stored the names of this one, in a file that cannot be brought up to date because it is only read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from aggregator.model import PublisherTerms
from aggregator.store.queries import agreements, configured, health, let_go, views
from aggregator.store.sqlite.connection import SQLiteConnection
from aggregator.store.sqlite.schema.m0016 import RENAMED
from aggregator.text.dates import to_iso

_SWITCHED = ("publishers", "terms", "agreements")  # what an agreement's end changes, of what views read
# What a configuration changes, of what views read, and the keys.
_CONFIGURED = {"publishers": "publisher", "terms": "publisher, class", "agreements": "publisher", "settings": "name"}
_HEALTH = {"source": "source_name", "trouble": "problem", "mend": "advice"}  # columns of that view before 0.2.0
_READ_BY_HEALTH = {"pending_changes", "redirects", "agreements", "health_counts", "pauses"}
_LATER = {"articles": ("language_from", "topics", "about")}  # columns of 0.8.0 that views read
_INDEXED_BY = re.compile(r" INDEXED BY \w+")
_KIND = "CASE kind WHEN 'refile' THEN 'resent' WHEN 'removed_by_wire' THEN 'deleted' ELSE kind END"


_REPORTS_PER_DAY = """
    CREATE TEMP VIEW reports_per_day AS
    SELECT a.publisher, substr(a.sort_time, 1, 10) AS day, count(*) AS held, coalesce(d.articles, 0) AS usable,
      sum(a.status = 'canceled') AS withdrawn, coalesce({}, 0) AS backfill
    FROM articles AS a LEFT JOIN main.daily AS d ON d.publisher = a.publisher AND d.day = substr(a.sort_time, 1, 10)
    WHERE coalesce(a.notice, '') <> 'removed' GROUP BY a.publisher, substr(a.sort_time, 1, 10)
"""


def name_as_now(connection: SQLiteConnection) -> None:
    """Gives the tables and views of a file that an older version made the names of this version."""
    if views.is_migrated(connection):
        return
    connection.execute("PRAGMA temp_store = MEMORY")  # before anything temporary is made: it would delete that
    if views.has_new_names(connection):
        _make_what_is_missing(connection)
        return
    tables = _sql_of(connection, "table")
    for table in RENAMED:
        if table in tables and table != "dictionaries":  # found by rowid, which a view has not
            later = _LATER.get(table, ())
            _make(connection, "VIEW", table, dict.fromkeys(later, "NULL") | _columns(connection, table))
    _make_what_is_missing(connection)
    _show_views(connection, None)


def show_terms(connection: SQLiteConnection, configured_terms: Sequence[PublisherTerms]) -> None:
    """Makes the views of a connection show terms that are not stored yet, of publishers that are. Of a file that an
    older version made, nothing is changed: its first writer brings it up to date.
    """
    if not views.is_migrated(connection):
        return
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("BEGIN")
    for table, key in _CONFIGURED.items():
        where = "name <> 'config_kept'" if table == "settings" else "TRUE"  # which is large
        _make(connection, "TABLE", table, _columns(connection, table), where)
        connection.execute(f"CREATE UNIQUE INDEX temp.the_key_of_{table} ON {table} ({key})")
    known = {key for (key,) in connection.execute("SELECT publisher FROM main.publishers")}
    configured.put_terms(connection, [each for each in configured_terms if each.publisher.key in known])
    connection.execute(
        """
        UPDATE temp.terms SET text_scope = 'none'
        WHERE (publisher, class) IN (SELECT publisher, class FROM main.terms WHERE text_scope = 'none')
        """
    )
    _show_views(connection, None)
    connection.execute("COMMIT")


def _make_what_is_missing(connection: SQLiteConnection) -> None:
    """What a table or column of this version would say, had this version made the file."""
    tables = _sql_of(connection, "table")
    if "merges" in tables and "joined_keys" not in tables["merges"]:
        none = {"joined_article_id": "NULL", "joined_keys": "NULL"}
        _make(connection, "VIEW", "merges", {**_columns(connection, "merges"), **none})
    if "reports_per_day" not in tables:
        backfill = "d.backfill" if "backfill" in _columns(connection, "daily") else "0"  # not in 0.1.0
        connection.execute(_REPORTS_PER_DAY.format(backfill))


def show(connection: SQLiteConnection, now: datetime, believed: datetime, over: let_go.Over) -> str | None:
    """Makes the views of a connection say what holds at `now`. Returns until when embargoes are over by then
    (`believed`); None: by what is stored alone. `over`: whose words may be held no longer.
    """
    tables = _sql_of(connection, "table")
    released_by = to_iso(believed)
    released = connection.execute(
        "SELECT 1 FROM articles WHERE embargoed_until <= ? LIMIT 1", (released_by,)
    ).fetchone()
    ends = "agreements" in tables and agreements.are_over(connection, now)  # 0.1.0 knew of none
    by_index = views.has_new_names(connection)
    has_terms = connection.execute("SELECT 1 FROM temp.sqlite_schema WHERE name = 'the_key_of_terms'").fetchone()
    over = over if "agreements" in tables and let_go.has_over(connection, over, by_index=by_index) else {}
    if released or over or ends:
        if views.is_migrated(connection) and not has_terms:
            connection.execute("PRAGMA temp_store = MEMORY")  # it would delete what `name_as_now` has made
        connection.execute("BEGIN")
        if ends:
            for table in () if has_terms else _SWITCHED:
                _make(connection, "TABLE", table, _columns(connection, table))
            agreements.end(connection, now)
        if over:
            _hide_words(connection, over)
        _show_views(connection, released_by)
        connection.execute("COMMIT")
    return released_by


def is_as_stored(connection: SQLiteConnection) -> bool:
    """Whether nothing has taken the place of a table or view of the file."""
    return connection.execute("SELECT 1 FROM temp.sqlite_schema").fetchone() is None and views.is_migrated(connection)


def _sql_of(connection: SQLiteConnection, kind: str) -> dict[str, str]:
    rows = connection.execute("SELECT name, sql FROM main.sqlite_schema WHERE type = ? AND sql IS NOT NULL", (kind,))
    return dict(rows.fetchall())


def _columns(connection: SQLiteConnection, table: str) -> dict[str, str]:
    """What a table of the file holds as SQL, by the names of this version."""
    new = {} if views.has_new_names(connection) else RENAMED.get(table, {})
    rows = connection.execute("SELECT name FROM pragma_table_xinfo(?, 'main') WHERE hidden <> 1", (table,))
    columns = {new.get(name, name): f'"{name}"' for (name,) in rows.fetchall()}
    if new and table == "changes":
        columns["change_kind"] = _KIND
    return columns


def _make(connection: SQLiteConnection, kind: str, table: str, columns: Mapping[str, str], where: str = "TRUE") -> None:
    """A temporary table or view in the place of a table of the file, of the rows for which `where`, SQL, holds."""
    name = "pending_revisions" if table == "held_words" else table
    connection.execute(f"DROP VIEW IF EXISTS temp.{name}")
    shown = ", ".join(f'{value} AS "{column}"' for column, value in columns.items())
    connection.execute(f"CREATE TEMP {kind} {name} AS SELECT {shown} FROM main.{table} AS t WHERE {where}")  # noqa: S608  (names of ours)


def _show_views(connection: SQLiteConnection, released_by: str | None) -> None:
    """Views over temporary tables. Embargoes are over until `released_by`; None: those that were ended."""
    shown = _sql_of(connection, "view")
    if not views.has_new_names(connection):
        shown |= dict(views.of_this_version(health.VIEW))
        if _READ_BY_HEALTH - _sql_of(connection, "table").keys():
            columns = {_HEALTH.get(name, name): value for name, value in _columns(connection, "health").items()}
            _make(connection, "VIEW", "health", columns)
            del shown["health"]
    for name, sql in shown.items():
        if sql.startswith("CREATE VIEW "):
            made = _INDEXED_BY.sub("", sql.replace("CREATE VIEW ", "CREATE TEMP VIEW ", 1))  # a view has no index
            if released_by is not None:
                ended = f"({views.NOT_UNDER_EMBARGO} OR a.embargoed_until <= '{released_by}')"
                made = made.replace(views.NOT_UNDER_EMBARGO, ended)
            quoted = name.replace('"', '""')
            connection.execute(f'DROP VIEW IF EXISTS temp."{quoted}"')
            connection.execute(made)


def _hide_words(connection: SQLiteConnection, over: let_go.Over) -> None:
    """Of reports whose words may be held no longer, there is what `let_go` will leave."""
    tables = _sql_of(connection, "table")
    for table, (changed, where) in let_go.shown(over).items():
        if table in tables:
            columns = _columns(connection, table)
            others = {name: _by_old_names(sql, columns) for name, sql in changed.items()}
            _make(connection, "VIEW", table, columns | others, _by_old_names(where, columns))


def _by_old_names(sql: str, columns: Mapping[str, str]) -> str:
    return re.sub(r"\bt\.(\w+)", lambda found: f"t.{columns.get(found[1], found[1])}", sql)
