"""PostgreSQL as an engine of the store: see `store.engine`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from types import ModuleType

from aggregator import __version__
from aggregator.model.errors import StoreError
from aggregator.model.place import PostgresPlace
from aggregator.store.postgres import as_of, lock, migrations, opening, search
from aggregator.store.postgres import bulk as bulk
from aggregator.store.postgres import query as queries
from aggregator.store.postgres import tasks as shared_tasks
from aggregator.store.postgres.connecting import connected
from aggregator.store.postgres.connection import PostgresConnection
from aggregator.store.postgres.errors import explained
from aggregator.store.postgres.shared_limits import PostgresLimits
from aggregator.store.postgres.task_state import task_state as task_state
from aggregator.store.queries import settings
from aggregator.store.sqlite.backups import Facts, Loaded
from aggregator.store.sqlite.vacuum import Rewriting
from aggregator.text.printable import argument

COPIED_WITH = "pg_dump and pg_restore"


def to_write(place: PostgresPlace, busy_seconds: float) -> PostgresConnection:
    with explained(place):
        connection = PostgresConnection(place, busy_seconds, reads_only=False)
        try:
            if not opening.refuse_foreign(connection, migrations.known()):
                opening.refuse_without_rights(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def to_read(place: PostgresPlace, busy_seconds: float) -> PostgresConnection:
    with explained(place):
        connection = PostgresConnection(place, busy_seconds, reads_only=True)
        try:
            has = opening.refuse_foreign(connection, migrations.known())
            opening.refuse_older(connection, has, migrations.known())
        except BaseException:
            connection.close()
            raise
    return connection


def prepare(connection: PostgresConnection) -> int:
    return search.renew(connection) if migrations.bring_up_to_date(connection, migrations.known()) else 0


def has_tables(connection: PostgresConnection) -> bool:
    return bool(connection.execute("SELECT to_regclass('settings') IS NOT NULL").fetchone() == (True,))


def is_current(connection: PostgresConnection) -> bool:
    return migrations.is_current(migrations.applied(connection), migrations.known())


def is_as_stored(connection: PostgresConnection) -> bool:
    return not connection.has_own_views


show_terms = as_of.show_terms
show_as_of = as_of.show


begin_program = lock.Program.begin


def shared_limits(
    connection: PostgresConnection,
    transaction: Callable[[], AbstractContextManager[None]],
    per_domain: int,
    lost_after: float,
    doing: Callable[[], Mapping[str, int]],
) -> PostgresLimits:
    with transaction():
        tasks(connection.place).prepare(connection)
    return PostgresLimits(connection.place, per_domain, lost_after, __version__, doing)


def tasks(place: PostgresPlace) -> ModuleType:
    return shared_tasks


only_daemon = lock.only_daemon
without_daemon = lock.without_daemon
as_worker = lock.as_worker
running_daemon = lock.running_daemon


def exists(place: PostgresPlace) -> bool:
    with explained(place), connected(place) as connection:
        return connection.execute("SELECT to_regclass('articles') IS NOT NULL").fetchone() == (True,)


def identity(place: PostgresPlace) -> tuple[int, int]:
    """No other database takes its place while programs are connected to it."""
    return 0, 0


def try_writing(connection: PostgresConnection, transaction: Callable[[], AbstractContextManager[None]]) -> None:
    """Whether the disk has room the server alone knows: it is told to write a megabyte that cannot be compressed."""
    with transaction():
        settings.write(connection, "room", os.urandom(1 << 19).hex())
    with transaction():
        settings.write(connection, "room", None)


index_batch = search.index_batch


def merge_index(connection: PostgresConnection, now: datetime) -> bool:
    """PostgreSQL takes what was deleted out of its files by itself (autovacuum)."""
    return False


def renew_index(connection: PostgresConnection) -> None:
    search.renew(connection, always=True)


def set_figures(connection: PostgresConnection) -> None:
    """PostgreSQL counts for itself (autovacuum)."""


def empty_log(connection: PostgresConnection, *, wait: bool = False) -> object:
    return None


def rewriting(connection: PostgresConnection) -> Rewriting:
    raise StoreError(
        f"{connection.place}: PostgreSQL uses the room of deleted rows again by itself (autovacuum). So that nothing"
        " deleted is left in its files: stop all programs of the wire, run `VACUUM FULL` in psql as the owner of the"
        " tables, and delete archives of its log and older backups"
    )


def rewrite(connection: PostgresConnection) -> None:
    rewriting(connection)


def parts(connection: PostgresConnection) -> int:
    return 0


def back_up(connection: PostgresConnection, to: Path, *, replace: bool, moved: Callable[[], None]) -> Facts:
    raise StoreError(
        f"{connection.place}: a database of PostgreSQL is copied by its own program:"
        f" pg_dump --format=custom --file={argument(str(to))} {argument(str(connection.place))}"
    )


query = queries.run


def load_backup(file: Path, place: PostgresPlace, now: datetime, moved: Callable[[], None]) -> Loaded:
    raise StoreError(
        f"{place}: a database of PostgreSQL is loaded by its own program, into a new database:"
        f" createdb NAME, then pg_restore --no-owner --dbname=NAME {argument(str(file))}; or, from a file of SQLite:"
        f" aggregator copy-store {argument(str(file))} {argument(str(place))}"
    )
