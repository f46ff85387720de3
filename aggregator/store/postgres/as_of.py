"""What holds at a time, for a connection that only reads: temporary tables and views in the place of those of the wire,
which PostgreSQL looks for first (https://www.postgresql.org/docs/15/runtime-config-client.html, `search_path`).

A view is of the tables that were there when it was made, so all views are made anew over the temporary ones. Whoever
uses such a connection may make temporary tables, as everybody may where nobody has taken that right away; and the
server is no standby.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from aggregator.model import PublisherTerms
from aggregator.store.postgres.connection import PostgresConnection
from aggregator.store.queries import agreements, configured, health, let_go, views
from aggregator.text.dates import to_iso

_SWITCHED = ("publishers", "terms", "agreements")  # what an agreement's end changes, of what views read
_CONFIGURED = (*_SWITCHED, "settings")  # what a configuration changes


def show_terms(connection: PostgresConnection, configured_terms: Sequence[PublisherTerms]) -> None:
    """As `store.sqlite.as_of.show_terms`."""
    stored = connection.stored
    with _making(connection):
        for table in _CONFIGURED:
            _copy(connection, table, "name <> 'config_kept'" if table == "settings" else "TRUE")  # which is large
        known = {key for (key,) in connection.execute(f"SELECT publisher FROM {stored}publishers").fetchall()}  # noqa: S608
        configured.put_terms(connection, [each for each in configured_terms if each.publisher.key in known])
        connection.execute(
            f"""
            UPDATE pg_temp.terms SET text_scope = 'none'
            WHERE (publisher, class) IN (SELECT publisher, class FROM {stored}terms WHERE text_scope = 'none')
            """  # noqa: S608  (names)
        )
        _show_views(connection, None)


def show(connection: PostgresConnection, now: datetime, believed: datetime, over: let_go.Over) -> str | None:
    """As `store.sqlite.as_of.show`."""
    released_by = to_iso(believed)
    released = connection.execute(
        "SELECT 1 FROM articles WHERE embargoed_until <= ? LIMIT 1", (released_by,)
    ).fetchone()
    ends = agreements.are_over(connection, now)
    over = over if let_go.has_over(connection, over, by_index=True) else {}
    if released or over or ends:
        with _making(connection):
            if ends:
                for table in () if connection.shows_instead("terms") else _SWITCHED:
                    _copy(connection, table)
                agreements.end(connection, now)
            for table, (changed, where) in let_go.shown(over).items() if over else ():
                columns = [f'{changed.get(name, f"t.{name}")} AS "{name}"' for name in connection.columns_of(table)]
                view = f"VIEW {table} AS SELECT {', '.join(columns)} FROM {connection.stored}{table} AS t WHERE {where}"  # noqa: S608
                _make(connection, view)
            _show_views(connection, released_by)
    return released_by


@contextmanager
def _making(connection: PostgresConnection) -> Iterator[None]:
    """One transaction, in which temporary tables and views are made. Of statements that were prepared before, none is
    used any more: they would read what those stand for.
    """
    connection.begin_temporary()
    try:
        for name, _ in reversed(views.of_this_version(health.VIEW)):
            connection.execute(f"DROP VIEW IF EXISTS pg_temp.{name}")
        yield
        connection.execute("DISCARD PLANS")
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    connection.has_own_views = True


def _copy(connection: PostgresConnection, table: str, where: str = "TRUE") -> None:
    stored = f"{connection.stored}{table}"
    _make(connection, f"TABLE {table} (LIKE {stored} INCLUDING INDEXES INCLUDING DEFAULTS)")
    connection.execute(f"INSERT INTO pg_temp.{table} SELECT * FROM {stored} WHERE {where}")  # noqa: S608  (names)


def _make(connection: PostgresConnection, what: str) -> None:
    connection.execute(f"CREATE TEMP {what}")


def _show_views(connection: PostgresConnection, released_by: str | None) -> None:
    """Embargoes are over until `released_by`; None: those that were ended."""
    ended = f"({views.NOT_UNDER_EMBARGO} OR a.embargoed_until <= '{released_by}')"
    for _, sql in views.of_this_version(health.VIEW):
        _make(
            connection,
            (sql if released_by is None else sql.replace(views.NOT_UNDER_EMBARGO, ended)).removeprefix("CREATE "),
        )
