"""SQLite as an engine of the store: see `store.engine`."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from aggregator.model import PublisherTerms
from aggregator.model.errors import StoreError
from aggregator.store import private
from aggregator.store.queries import health, let_go, views
from aggregator.store.sqlite import (
    as_of,
    backups,
    new_database,
    opening,
    planner,
    search,
    sqlite_errors,
    vacuum,
)
from aggregator.store.sqlite import bulk as bulk
from aggregator.store.sqlite import (
    connection as connections,
)
from aggregator.store.sqlite import query as queries
from aggregator.store.sqlite.connection import SQLiteConnection
from aggregator.store.sqlite.lock import Program
from aggregator.store.sqlite.lock import only_daemon as only_daemon
from aggregator.store.sqlite.lock import running_daemon as running_daemon
from aggregator.store.sqlite.lock import without_daemon as without_daemon
from aggregator.store.sqlite.sqlite_errors import explained

log = logging.getLogger("aggregator.store")

COPIED_WITH = "`aggregator backup create`"


def to_write(path: Path, busy_seconds: float) -> SQLiteConnection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        said = f"{path.parent}: cannot make this folder ({error.strerror}); choose another place with --db"
        raise StoreError(said) from error
    opening.refuse_no_file(path)
    private.create(path)
    with explained(path):
        connection = connections.to_write(path, busy_seconds)
        try:
            opening.refuse_foreign(connection, path, views.MIGRATIONS)
            _keep_from_others(connection, path)
            opening.set_up(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def as_worker(path: Path) -> AbstractContextManager[None]:
    raise StoreError(f"{path}: workers share a database of PostgreSQL; for this one there is `aggregator run`")


def exists(path: Path) -> bool:
    return path.exists()


def identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _keep_from_others(connection: SQLiteConnection, path: Path) -> None:
    """Takes a file from other users that an older version made, which let everybody read it; once."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != opening.APPLICATION_ID and (mode := private.narrow(path)):
        log.warning(
            "%s: other users of this machine could open this file (mode %o), which holds complaints and words that are"
            " held back; now only its owner can (600). To let a group read it: chmod 640",
            path,
            mode,
        )


def to_read(path: Path, busy_seconds: float) -> SQLiteConnection:
    opening.refuse_no_file(path)
    if not path.exists():
        nowhere = "" if path.parent.exists() else f", and no folder {path.parent}"
        said = f"there is no database yet{nowhere}; `aggregator fetch` makes it; or name one: --db, AGGREGATOR_DB"
        raise StoreError(f"{path}: {said}")
    with explained(path):
        connection = connections.to_read(path, busy_seconds)
        try:
            opening.refuse_foreign(connection, path, views.MIGRATIONS)
            connection.execute("SELECT 1 FROM articles LIMIT 1")
            as_of.name_as_now(connection)
            connection.execute("PRAGMA query_only = ON")
        except BaseException:
            connection.close()
            raise
    return connection


def has_tables(connection: SQLiteConnection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'settings'").fetchone() is not None


def prepare(connection: SQLiteConnection) -> int:
    new_database.fill(connection)
    if not views.is_migrated(connection):
        from aggregator.store.sqlite.schema.migrations import (
            migrate,  # sqlite_utils takes a fifth of a second to import
        )

        migrate(connection)
    replace_views(connection)
    planner.set_figures(connection)
    return search.renew(connection)


def replace_views(connection: sqlite3.Connection) -> None:
    """Puts the views of this version in place, unless they are there already; raises sqlite3.Error."""
    stored = dict(connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'view'").fetchall())
    for name, sql in views.of_this_version(health.VIEW):
        if stored.get(name) != sql:
            connection.execute(f'DROP VIEW IF EXISTS "{name}"')
            connection.execute(sql)


def show_terms(connection: SQLiteConnection, configured: Sequence[PublisherTerms]) -> None:
    connection.execute("PRAGMA query_only = OFF")
    as_of.show_terms(connection, configured)
    connection.execute("PRAGMA query_only = ON")


def show_as_of(connection: SQLiteConnection, now: datetime, believed: datetime, over: let_go.Over) -> str | None:
    connection.execute("PRAGMA query_only = OFF")
    released_by = as_of.show(connection, now, believed, over)
    connection.execute("PRAGMA query_only = ON")
    return released_by


is_current = views.is_migrated
is_as_stored = as_of.is_as_stored
begin_program = Program.begin


def shared_limits(*_: object) -> None:
    """A file beside the database does it: see `fetch.shared`."""


def task_state(connection: SQLiteConnection) -> None:
    """No workers share a file."""


def tasks(path: Path) -> NoReturn:
    raise StoreError(
        f"{path}: workers share a database of PostgreSQL, and this is a file of SQLite, into which `aggregator run`"
        " alone polls; give --db postgresql://..., or move the wire there by `aggregator copy-store`"
    )


index_batch = search.index_batch
merge_index = search.merge
set_figures = planner.set_figures
empty_log = vacuum.empty_log
parts = backups.parts
query = queries.run
load_backup = backups.load


def renew_index(connection: SQLiteConnection) -> None:
    search.renew(connection, always=True)


def try_writing(connection: SQLiteConnection, transaction: Callable[[], AbstractContextManager[None]]) -> None:
    sqlite_errors.try_writing(connection, transaction)


def rewriting(connection: SQLiteConnection) -> vacuum.Rewriting:
    return vacuum.reckon(connection, connection.path)


def rewrite(connection: SQLiteConnection) -> None:
    vacuum.rewrite(connection, connection.path)


def back_up(connection: SQLiteConnection, to: Path, *, replace: bool, moved: Callable[[], None]) -> backups.Facts:
    return backups.create(connection, connection.path, to, replace=replace, moved=moved)
